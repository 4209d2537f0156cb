#!/usr/bin/python3
# ===- train-digits-fp32.py - the demo network trained by PyTorch in FP32 --===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Trains the network of export-digits-cnn.py on test/data/digits in FP32 with
# the order of the samples and the hyper-parameters that the demo uses on the
# simulated chips, and writes test/data/digits/fp32-curves.csv: for each seed
# and epoch the mean loss over the batches of the epoch and the accuracy on all
# 360 test images after it. The demo prints how far a chip is from this file.
#
# One thread, one order of additions: a second run on the same machine makes the
# same bytes. Needs python3-torch and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import importlib.util
import pathlib
import struct

import numpy as np
import torch
from torch.nn import functional

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATCH = 32
EPOCHS = 15
LEARNING_RATE = 0.03
MOMENTUM = 0.9
WEIGHT_DECAY = 0.0


def philox(seed, stream, index):
    """First output word of Philox-4x32-10, key (seed, stream), counter (index
    low, index high, 0, 0), for an array of 64-bit indices (docs/numerics.md,
    section 7)."""
    index = np.asarray(index, dtype=np.uint64)
    low32 = np.uint64(0xFFFFFFFF)
    counter = [index & low32, index >> np.uint64(32), np.zeros_like(index), np.zeros_like(index)]
    key = [seed & 0xFFFFFFFF, stream & 0xFFFFFFFF]
    for _ in range(10):
        product0 = counter[0] * np.uint64(0xD2511F53)
        product1 = counter[2] * np.uint64(0xCD9E8D57)
        counter = [(product1 >> np.uint64(32)) ^ counter[1] ^ np.uint64(key[0]), product1 & low32,
                   (product0 >> np.uint64(32)) ^ counter[3] ^ np.uint64(key[1]), product0 & low32]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter[0].astype(np.uint32)


def epoch_order(seed, epoch, samples):
    """The sample numbers of an epoch (counted from 0) in the order they are
    trained on."""
    first = np.uint64(epoch) << np.uint64(32)
    words = philox(seed, 0, first + np.arange(samples, dtype=np.uint64))
    return np.argsort(words, kind="stable")  # stable: equal words keep the order of the samples


def read_idx(path):
    data = path.read_bytes()
    zero, kind, rank = struct.unpack(">HBB", data[:4])
    if zero != 0 or kind != 8:
        raise SystemExit(f"{path}: not an IDX file of bytes")
    shape = struct.unpack(f">{rank}I", data[4:4 + 4 * rank])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def read_split(directory, prefix):
    """(images as FP32 (N, 1, H, W) in 0..1, labels as int64 (N))."""
    scale = int((directory / "scale.txt").read_text())
    images = read_idx(directory / f"{prefix}-images-idx3-ubyte").astype(np.float32) / scale
    labels = read_idx(directory / f"{prefix}-labels-idx1-ubyte").astype(np.int64)
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels)


def load_exporter():
    """The script that defines the network; its name is no Python identifier."""
    path = pathlib.Path(__file__).with_name("export-digits-cnn.py")
    spec = importlib.util.spec_from_file_location("export_digits_cnn", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def train(network, seed, train_set, test_set):
    """Yields (loss, accuracy) after each epoch; loss is the mean over the
    epoch's batches, accuracy is over the whole test set, in 0..1."""
    images, labels = train_set
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM,
                                weight_decay=WEIGHT_DECAY)
    batches = len(labels) // BATCH  # samples that do not fill the last batch are dropped
    for epoch in range(EPOCHS):
        order = epoch_order(seed, epoch, len(labels))
        total = 0.0
        for batch in range(batches):
            chosen = torch.from_numpy(order[batch * BATCH:(batch + 1) * BATCH])
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            total += loss.item()
        with torch.no_grad():
            right = (network(test_set[0]).argmax(1) == test_set[1]).sum().item()
        yield total / batches, right / len(test_set[1])


def main():
    digits = ROOT / "test" / "data" / "digits"
    parser = argparse.ArgumentParser(description="train the demo network in FP32")
    parser.add_argument("--out", type=pathlib.Path, default=digits / "fp32-curves.csv")
    out = parser.parse_args().out
    # Known answers of Random123: all-zero and all-one counter and key.
    assert philox(0, 0, 0) == 0x6627E8D5
    torch.set_num_threads(1)
    exporter = load_exporter()
    assert exporter.BATCH == BATCH
    train_set, test_set = read_split(digits, "train"), read_split(digits, "t10k")
    lines = ["seed,epoch,loss,accuracy"]
    final = []
    for seed in exporter.SEEDS:
        for epoch, (loss, accuracy) in enumerate(
                train(exporter.make_network(seed), seed, train_set, test_set), start=1):
            lines.append(f"{seed},{epoch},{loss:.6f},{accuracy:.6f}")
        final.append(accuracy)
        print(f"seed {seed}: loss {loss:.4f}, test accuracy {100 * accuracy:.2f} %")
    out.write_text("\n".join(lines) + "\n")
    print(f"mean test accuracy {100 * np.mean(final):.2f} %, lowest {100 * min(final):.2f} %")


if __name__ == "__main__":
    main()
