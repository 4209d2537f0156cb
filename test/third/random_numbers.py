# ===- random_numbers.py - Philox, and what is drawn from it ---------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 7.
#
# ===-----------------------------------------------------------------------===#
import math
from functools import lru_cache

from .hashes import xxh3_64
from .numbers import f32

MASK = 0xFFFFFFFF


@lru_cache(maxsize=1 << 16)
def philox(key, index, run=0):
    """The first output word of Philox-4x32-10 with key (k0, k1) and counter (index low, index high, run, 0)."""
    k0, k1 = key
    c0, c1, c2, c3 = index & MASK, index >> 32 & MASK, run & MASK, 0
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0


def rounding_number(stream, index, run):
    """Of the element `index` of the tensor whose train.streams is `stream`."""
    return philox((0, (2 + stream) & MASK), index, run)


def initial_values(name, seed, fan_in, count):
    """Kaiming initialisation of the tensor `name`, from stream 1."""
    bound = math.sqrt(6.0 / fan_in)
    tensor = xxh3_64(name.encode()) & MASK
    values = []
    for i in range(count):
        r = philox((seed, 1), tensor << 32 | i)
        values.append(f32(bound * ((r - (2.0 ** 31 - 0.5)) * 2.0 ** -31)))
    return values


def shuffled(samples, seed, epoch):
    """The order of the samples in an epoch, counted from 0."""
    return sorted(range(samples), key=lambda s: (philox((seed, 0), epoch << 32 | s), s))
