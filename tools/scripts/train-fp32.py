#!/usr/bin/python3
# ===- train-fp32.py - train as slp-sim does, by PyTorch in FP32 -----------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Usage: train-fp32.py NETWORK [--seeds=N,...] [--data=DIR] [--out=FILE.csv]
#          [--experiments=FILE.json] [--again]
#
# Trains a network of precision/experiments.json (digits, vgg7, linear) with the
# initial weights, the order of the samples and the hyper-parameters that
# measure-precision and the demo use on the simulated chips. Prints, for each
# seed and epoch, the mean loss over the batches of the epoch and the accuracy on
# all test images after it, and adds them to the file of curves that
# experiments.json names (test/data/digits/fp32-curves.csv). Seeds that the file
# has are not trained again without --again.
#
# One thread, one order of additions: a second run on the same machine makes the
# same bytes. Needs python3-torch and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).with_name("precision")))
import experiment  # noqa: E402
import networks  # noqa: E402
import training  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="train a network in FP32 as slp-sim trains it")
    parser.add_argument("network")
    parser.add_argument("--experiments", type=pathlib.Path, default=experiment.FILE)
    parser.add_argument("--seeds", default="0,1,2,3,4")
    parser.add_argument("--data", type=pathlib.Path, help="CIFAR-10 instead of the drawn images; needs --out")
    parser.add_argument("--out", type=pathlib.Path, help="file of curves")
    parser.add_argument("--again", action="store_true", help="train seeds anew that the file has")
    arguments = parser.parse_args()
    known, _ = experiment.load(arguments.experiments)
    if arguments.network not in known:
        parser.error(f"no network '{arguments.network}', expected {', '.join(known)}")
    network = known[arguments.network]
    if arguments.data:
        if not arguments.out or "generator" not in network:
            parser.error("--data is for networks whose images are drawn, and needs --out")
        experiment.use_data(network, arguments.data, arguments.out)
    if arguments.out:
        network["fp32"] = arguments.out.resolve()
    torch.set_num_threads(1)
    data = experiment.ensure_data(network)
    train_set, test_set = training.read_split(data, False), training.read_split(data, True)
    assert network["batch"] == networks.BATCH

    for seed in (int(s) for s in arguments.seeds.split(",")):
        if seed in experiment.read_fp32(network) and not arguments.again:
            continue
        curve = []
        for loss, accuracy in training.train(
                networks.MAKERS[arguments.network](seed), seed, train_set, test_set,
                network["epochs"], network["batch"], network["lr"], network["momentum"],
                network["schedule"], network.get("warmup", 0)):
            curve.append((loss, accuracy))
            print(f"seed {seed}, epoch {len(curve)}: loss {loss:.4f}, test accuracy {100 * accuracy:.2f} %",
                  flush=True)
        # Read again: another run may have added its seeds meanwhile.
        experiment.write_fp32(network, {**experiment.read_fp32(network), seed: curve})
    final = [curve[-1][1] for curve in experiment.read_fp32(network).values()]
    print(f"mean test accuracy {100 * sum(final) / len(final):.2f} %, lowest {100 * min(final):.2f} %")


if __name__ == "__main__":
    main()
