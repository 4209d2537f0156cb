#!/usr/bin/python3
# ===- export-digits-cnn.py - export the demo network from PyTorch ---------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/digits-cnn.onnx (seed 0) and digits-cnn-seed1.onnx to
# digits-cnn-seed4.onnx: the same network from five random initialisations. The
# files are committed; train-digits-fp32.py trains from the very same
# initialisations and imports this file for that. A second run makes the same
# bytes (same version of PyTorch).
#
# Needs python3-torch.
#
# ===-----------------------------------------------------------------------===#
import argparse
import collections
import pathlib

import torch
from torch import nn

SEEDS = range(5)
BATCH = 32


def make_network(seed):
    """The demo network: (N, 1, 8, 8) images to (N, 10) logits, 174 thousand
    multiply-accumulates per image. The weights depend on `seed` only."""
    torch.manual_seed(seed)
    return nn.Sequential(collections.OrderedDict(
        conv1=nn.Conv2d(1, 16, 3, padding=1), relu1=nn.ReLU(),
        conv2=nn.Conv2d(16, 16, 3, padding=1), relu2=nn.ReLU(),
        pool=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc1=nn.Linear(16 * 4 * 4, 64), relu3=nn.ReLU(),
        fc2=nn.Linear(64, 10)))


def file_name(seed):
    return "digits-cnn.onnx" if seed == 0 else f"digits-cnn-seed{seed}.onnx"


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="export the demo network")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "models")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        path = out / file_name(seed)
        torch.onnx.export(
            make_network(seed), torch.zeros(BATCH, 1, 8, 8), str(path),
            training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False,
            opset_version=13, input_names=["image"], output_names=["logits"])
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
