#!/usr/bin/python3
# ===- make-shapes.py - draw ten classes of shapes as CIFAR-10 batches -----===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Usage: make-shapes.py [--out DIR] [--check]       default: build/data/shapes
#
# Writes 5,000 training and 10,000 test images of 32x32 pixels in three colours,
# under the names and in the format of CIFAR-10's binary batches, which slp-sim
# --data=DIR reads. The class is the outline (disc, ring, square, frame,
# triangle, cross, pair of bars, half disc, corner, crescent); position, size,
# rotation, colours, stripes, a bar across it and noise are random and tell
# nothing of it. Every class is equally frequent.
#
# The result is the same to the byte on every host: random numbers are the raw
# words of PCG64, all else is integers and +, -, *, / and comparisons of
# binary64, one NumPy operation for each, so nothing is contracted or reordered;
# no function of the C library is called. --check compares the
# checksums with test/data/shapes/SHA256SUMS and fails if they differ.
#
# Needs python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import hashlib
import pathlib
import sys

import numpy as np

SEED = 20260731
SIZE = 32
FINE = 3  # each pixel is the mean of FINE x FINE points
FILES = {f"data_batch_{n}.bin": 1000 for n in range(1, 6)}
FILES["test_batch.bin"] = 10000
CLASSES = ("disc", "ring", "square", "frame", "triangle", "cross", "bars", "half disc", "corner",
           "crescent")

# How hard it is. Frozen: see test/data/shapes/README.md.
CONTRAST = 0.5  # least difference between shape and ground, in one colour at least
SCALE = (7.5, 12.0)  # radius in pixels
STRIPES = 0.12  # greatest amplitude; colours are 0 to 1
BARS = 1  # at most
NOISE = (0.0, 0.07)  # standard deviation


class Draw:
    """The random numbers of one image. They depend on (SEED, file, image) only."""

    def __init__(self, file, image):
        key = np.random.SeedSequence([SEED, file, image])
        self.words = np.random.PCG64(key)

    def unit(self):
        """Uniform in [0, 1), a multiple of 2^-53."""
        return int(self.words.random_raw() >> 11) / (1 << 53)

    def between(self, low, high):
        return low + (high - low) * self.unit()

    def below(self, count):
        return int(self.words.random_raw() % count)

    def colour(self):
        return np.array([self.unit(), self.unit(), self.unit()])

    def rotation(self):
        """(cosine, sine) of an angle in all four quadrants, from rational functions alone: the
        half angle's tangent is uniform, then a quarter turn is drawn."""
        t = self.between(-0.41421356, 0.41421356)
        c, s = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
        return ((c, s), (-s, c), (-c, -s), (s, -c))[self.below(4)]

    def noise(self, count):
        """`count` integers, the sum of four uniform bytes less its mean: nearly normal, standard
        deviation 148."""
        words = np.asarray(self.words.random_raw((count + 1) // 2), dtype=np.uint64)
        octets = np.frombuffer(words.astype("<u8").tobytes(), np.uint8).astype(np.int64)
        return octets[:4 * count].reshape(count, 4).sum(axis=1) - 510


# Coordinates of the fine points in pixels, from the image's centre.
AXIS = (np.arange(SIZE * FINE) + 0.5) / FINE - SIZE / 2
X, Y = np.meshgrid(AXIS, AXIS)


def outline(name, u, v):
    """Whether the points (u, v) lie in the shape, which fills about the unit disc."""
    square = u * u + v * v
    big = np.maximum(np.abs(u), np.abs(v))
    if name == "disc":
        return square < 0.81
    if name == "ring":
        return (square < 1.0) & (square > 0.3)
    if name == "square":
        return big < 0.8
    if name == "frame":
        return (big < 0.9) & (big > 0.5)
    if name == "triangle":
        return (v > -0.6) & (0.866 * u + 0.5 * v < 0.6) & (-0.866 * u + 0.5 * v < 0.6)
    if name == "cross":
        return (np.minimum(np.abs(u), np.abs(v)) < 0.33) & (big < 1.0)
    if name == "bars":
        return (np.abs(u) < 0.95) & (np.abs(v) > 0.25) & (np.abs(v) < 0.75)
    if name == "half disc":
        return (square < 1.1) & (v > 0.05)
    if name == "corner":
        return (big < 0.9) & ((u < -0.2) | (v < -0.2))
    assert name == "crescent"
    return (square < 1.0) & ((u - 0.5) * (u - 0.5) + v * v > 0.5)


def coverage(inside):
    """Of each pixel the number of fine points inside, 0 to FINE^2, as (SIZE, SIZE) of float."""
    blocks = inside.reshape(SIZE, FINE, SIZE, FINE).astype(np.int64)
    return blocks.sum(axis=(1, 3)).astype(np.float64)


def stripes(draw):
    """A triangle wave over the image, in [-1, 1], of random direction, period and phase."""
    c, s = draw.rotation()
    period, phase = draw.between(4, 14), draw.unit()
    x, y = X[::FINE, ::FINE], Y[::FINE, ::FINE]
    t = (x * c + y * s) / period + phase
    return 4 * np.abs(t - np.floor(t) - 0.5) - 1


def image_of(draw, name):
    """One image as (3, SIZE, SIZE) bytes."""
    # Two colours with a distance: the shape may be the lighter or the darker one.
    back, front = draw.colour(), draw.colour()
    while np.abs(back - front).max() < CONTRAST:
        front = draw.colour()
    scale = draw.between(*SCALE)
    reach = SIZE / 2 - scale - 1
    cx, cy = draw.between(-reach, reach), draw.between(-reach, reach)
    c, s = draw.rotation()
    x, y = X - cx, Y - cy
    mask = coverage(outline(name, (x * c + y * s) / scale, (y * c - x * s) / scale)) / FINE ** 2

    ground = back[:, None, None] + draw.between(0, STRIPES) * stripes(draw)
    shape = front[:, None, None] + draw.between(0, STRIPES) * stripes(draw)
    picture = ground * (1 - mask) + shape * mask

    for _ in range(draw.below(BARS + 1)):  # bars across everything
        c, s = draw.rotation()
        offset, half = draw.between(-14, 14), draw.between(0.4, 1.2)
        along, length = draw.between(-12, 12), draw.between(3, 10)
        near = np.abs(X * c + Y * s - offset) < half
        near &= np.abs(Y * c - X * s - along) < length
        bar = coverage(near) / FINE ** 2
        picture = picture * (1 - bar) + draw.colour()[:, None, None] * bar

    level = draw.between(*NOISE)
    noise = draw.noise(3 * SIZE * SIZE).reshape(3, SIZE, SIZE)
    picture = picture + noise * (level / 148)
    return np.floor(np.minimum(np.maximum(picture, 0.0), 1.0) * 255 + 0.5).astype(np.uint8)


def batch(file, count):
    """The bytes of one file: `count` records of a label and an image. Labels go round, so that
    each class is equally frequent in order; slp-sim shuffles."""
    records = []
    for image in range(count):
        label = image % len(CLASSES)
        records.append(bytes([label]) + image_of(Draw(file, image), CLASSES[label]).tobytes())
    return b"".join(records)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="draw ten classes of shapes as CIFAR-10 batches")
    parser.add_argument("--out", type=pathlib.Path, default=root / "build" / "data" / "shapes")
    parser.add_argument("--check", action="store_true", help="compare with test/data/shapes/SHA256SUMS")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, (name, count) in enumerate(FILES.items()):
        content = batch(number, count)
        part = arguments.out / (name + ".part")
        part.write_bytes(content)
        part.replace(arguments.out / name)
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}")
        print(lines[-1])
    if arguments.check:
        expected = (root / "test" / "data" / "shapes" / "SHA256SUMS").read_text().splitlines()
        if lines != expected:
            sys.exit("make-shapes: the files are not those of test/data/shapes/SHA256SUMS")


if __name__ == "__main__":
    main()
