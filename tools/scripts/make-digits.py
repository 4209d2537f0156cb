#!/usr/bin/python3
# ===- make-digits.py - write the UCI digits as IDX files ------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/data/digits/ from the copy of the UCI optical handwritten digits
# that scikit-learn ships (1,797 images, 8x8, values 0..16). Run by hand; the
# files are committed, and a second run makes the same bytes. Tests and demo
# read only the files.
#
# Needs python3-sklearn and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib
import struct

import numpy as np
from sklearn.datasets import load_digits

TRAIN = 1437  # 80 % of 1,797; the other 360 are the test split


def idx(array):
    """The IDX form of a u8 array: magic 0x0000, type 0x08, rank, extents (big
    endian), then the bytes in row-major order."""
    assert array.dtype == np.uint8
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def split(labels):
    """Sample numbers of (train, test), each ascending, so that file order is
    the order of the source.

    Stratified without a random number: samples are listed class by class, in
    the order of the source within a class, and test image k (k = 0..359) is
    entry floor((k + 1/2) * 1797 / 360) of that list. Each class is then
    represented to within one image, and each part of the source as well.
    """
    by_class = np.argsort(labels, kind="stable")
    count = len(labels)
    tests = count - TRAIN
    picks = [(2 * k + 1) * count // (2 * tests) for k in range(tests)]
    test = np.sort(by_class[picks])
    train = np.setdiff1d(np.arange(count), test)
    return train, test


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="write the UCI digits as IDX files")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "data" / "digits")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    images = digits.images.astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    assert np.array_equal(images, digits.images) and images.max() == 16
    train, test = split(labels)
    assert len(train) == TRAIN and len(np.intersect1d(train, test)) == 0
    for prefix, samples in (("train", train), ("t10k", test)):
        (out / f"{prefix}-images-idx3-ubyte").write_bytes(idx(images[samples]))
        (out / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(labels[samples]))
        print(f"{prefix}: {len(samples)} images, per class {np.bincount(labels[samples]).tolist()}")
    (out / "scale.txt").write_text("16\n")


if __name__ == "__main__":
    main()
