#!/usr/bin/env python3
# ===- check-lasso.py - a step with group Lasso in double precision ----------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Usage: check-lasso.py PLAIN LASSO FACTOR SHARE
#
# Two states after one step without a learning rate: the weights are the initial ones, the
# velocities their gradients. Their difference must be the gradient of FACTOR times the sum of
# the norms of the groups of 8 x 8 channels at one tap whose mean magnitude is among the smallest
# SHARE of all, as written here in double precision; and the smallest SHARE is closed.
#
# ===-----------------------------------------------------------------------===#
import math
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from third.state_file import read_state  # noqa: E402


def numbers(tensor):
    return struct.unpack(f"<{len(tensor.data) // 4}f", tensor.data)


def group_of(shape, i):
    _, ci, kh, kw = shape
    tap = i % (kh * kw)
    channel = i // (kh * kw)
    return channel // ci // 8, channel % ci // 8, tap


def main(plain_path, lasso_path, factor, share):
    factor, share = float(factor), float(share)
    _, plain = read_state(pathlib.Path(plain_path))
    _, lasso = read_state(pathlib.Path(lasso_path))
    layers = [name[:-len(".groups")] for name in plain if name.endswith(".groups")]
    groups = {}  # (layer, group) -> its weights
    for layer in layers:
        shape = plain[layer].shape
        for i, w in enumerate(numbers(plain[layer])):
            groups.setdefault((layer, group_of(shape, i)), []).append(w)
    means = {g: sum(map(abs, w)) / len(w) for g, w in groups.items()}
    norms = {g: math.sqrt(sum(x * x for x in w)) for g, w in groups.items()}
    order = sorted(means, key=means.get)
    pulled = set(order[:math.floor(share * len(order) + 1e-9)])
    assert 0 < len(pulled) < len(order), "nothing to see"
    worst = checked = 0
    for layer in layers:
        shape = plain[layer].shape
        before = numbers(plain[layer + ".velocity"])
        after = numbers(lasso[layer + ".velocity"])
        weights = numbers(plain[layer])
        assert weights == numbers(lasso[layer])
        for i, (a, b, w) in enumerate(zip(before, after, weights)):
            g = layer, group_of(shape, i)
            expected = factor * w / norms[g] if g in pulled and norms[g] else 0.0
            worst = max(worst, abs(b - a - expected) / (abs(a) + factor))
            checked += 1
        closed = [g == 0.0 for g in numbers(lasso[layer + ".groups"])]
        b, a, kh, kw = lasso[layer + ".groups"].shape
        for i, is_closed in enumerate(closed):
            g = layer, (i // (a * kh * kw), i // (kh * kw) % a, i % (kh * kw))
            assert is_closed == (g in pulled), g
    assert worst < 1e-6, worst
    print(f"{checked} gradients of {len(layers)} layers agree, {len(pulled)} of {len(order)} groups pulled and closed")


main(*sys.argv[1:])
