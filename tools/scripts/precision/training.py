# ===- training.py - training in FP32 as slp-sim trains --------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# The same samples in the same order, the same optimizer and the same moments of
# evaluation as slp-sim, by PyTorch in FP32. Used by train-fp32.py and
# measure-precision.
#
# One thread, one order of additions: a second run on the same machine gives the
# same numbers. Needs python3-torch and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import struct

import numpy as np
import torch
from torch.nn import functional


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


# A known answer of Random123: all-zero counter and key.
assert philox(0, 0, 0) == 0x6627E8D5


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


def read_bytes(directory, test):
    """(images as bytes (N, C, H, W), labels as bytes (N)) of IDX files with MNIST's names, of one
    channel, or of CIFAR-10's binary batches."""
    if (directory / "test_batch.bin").exists():
        names = ["test_batch.bin"] if test else [f"data_batch_{n}.bin" for n in range(1, 6)]
        records = np.concatenate([np.fromfile(directory / name, np.uint8) for name in names])
        records = records.reshape(-1, 1 + 3 * 32 * 32)
        return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]
    prefix = "t10k" if test else "train"
    images = read_idx(directory / f"{prefix}-images-idx3-ubyte")
    return images[:, None], read_idx(directory / f"{prefix}-labels-idx1-ubyte")


def read_split(directory, test):
    """(images as FP32 (N, C, H, W) in 0..1, labels as int64 (N))."""
    scale = directory / "scale.txt"
    divisor = int(scale.read_text()) if scale.exists() else 255
    images, labels = read_bytes(directory, test)
    return (torch.from_numpy(images.astype(np.float32) / np.float32(divisor)),
            torch.from_numpy(labels.astype(np.int64)))


def rate(step, steps, schedule, warmup):
    """The factor of the learning rate in a step counted from 0, of `steps` in all."""
    if step < warmup:
        return (step + 1) / warmup
    return 1 - (step - warmup) / (steps - warmup) if schedule == "linear" else 1.0


def train(network, seed, train_set, test_set, epochs, batch, lr, momentum, schedule,
          warmup):
    """Yields (loss, accuracy) after each epoch; loss is the mean over the
    epoch's batches, accuracy is over the whole test set, in 0..1. the
    learning rate rises in the first `warmup` steps and then follows `schedule`:
    "constant", or "linear" down to 0 after the last step (docs/slp-sim.md)."""
    images, labels = train_set
    optimizer = torch.optim.SGD(network.parameters(), lr=lr, momentum=momentum)
    batches = len(labels) // batch  # samples that do not fill the last batch are dropped
    for epoch in range(epochs):
        order = epoch_order(seed, epoch, len(labels))
        total = 0.0
        network.train()
        for number in range(batches):
            chosen = torch.from_numpy(order[number * batch:(number + 1) * batch])
            optimizer.param_groups[0]["lr"] = lr * rate(
                epoch * batches + number, epochs * batches, schedule, warmup)
            optimizer.zero_grad()
            loss = functional.cross_entropy(network(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            total += loss.item()
        network.eval()  # normalizations by their running statistics
        right = 0
        with torch.no_grad():
            for first in range(0, len(test_set[1]), 1000):
                logits = network(test_set[0][first:first + 1000])
                right += (logits.argmax(1) == test_set[1][first:first + 1000]).sum().item()
        yield total / batches, right / len(test_set[1])
