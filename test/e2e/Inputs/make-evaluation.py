# ===- make-evaluation.py - data of evaluation.test -------------------------------------------=== #
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes maps/ and few/ into the current folder: scores of 3 classes at 2 positions, and labels.
#
# ===----------------------------------------------------------------------------------------=== #
import itertools
import os
import struct

SCORES = [[[2, 0], [0, 0], [1, 0]], [[0, 1], [0, 3], [0, 0]], [[0, 0], [1, 0], [2, 4]], [[1, 0], [1, 2], [0, 0]]]
LABELS = [[0, 0], [1, 1], [2, 2], [1, 0]]


def write(path, kind, code, shape, values):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\0v\0" + header.encode() + struct.pack(f"<{len(values)}{code}", *values))


def split(folder, suffix, samples):
    rows = itertools.chain.from_iterable(SCORES[:samples])
    write(f"{folder}/x{suffix}.npy", "<f4", "f", (samples, 3, 2), list(itertools.chain.from_iterable(rows)))
    write(f"{folder}/labels{suffix}.npy", "<i4", "i", (samples, 2), list(itertools.chain.from_iterable(LABELS[:samples])))


for name in ("maps", "few"):
    os.makedirs(name)
    split(name, "", 3)
split("maps", ".test", 4)
split("few", ".test", 2)
