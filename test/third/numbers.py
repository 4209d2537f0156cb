# ===- numbers.py - FP32 arithmetic on Python floats -----------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# An FP32 number is a Python float (binary64) with an FP32 value. Every function
# here takes such numbers and gives one: one IEEE operation, rounded once, to
# nearest even.
#
# A sum, product, quotient or root of FP32 numbers may be rounded to binary64
# first: 53 bits are more than 2 * 24 + 1, so the second rounding gives what one
# rounding gives. This is not so for a fused multiply-add, which has its own
# care below.
#
# ===-----------------------------------------------------------------------===#
import itertools
import math
import operator
import struct
from array import array

from .mistakes import active

INFINITY = math.inf
NAN = math.nan
SMALLEST_NORMAL = 2.0 ** -126

_FLOAT = struct.Struct("f")
_pack, _unpack = _FLOAT.pack, _FLOAT.unpack


def f32(x):
    """The FP32 number nearest to a binary64 number, ties to even."""
    try:
        return _unpack(_pack(x))[0]
    except OverflowError:
        return math.copysign(INFINITY, x)


def next_above(x):
    """The smallest FP32 number above a finite one that is not negative."""
    return _FLOAT.unpack((int.from_bytes(_FLOAT.pack(x + 0.0), "little") + 1).to_bytes(4, "little"))[0]


def f32_all(values):
    """f32 of each, as a list."""
    return array("f", values).tolist()


def add(a, b):
    return f32(a + b)


def sub(a, b):
    return f32(a - b)


def mul(a, b):
    return f32(a * b)


def div(a, b):
    """IEEE division: x / 0 is infinite, 0 / 0 NaN."""
    if b == 0.0:
        if a == 0.0 or math.isnan(a):
            return NAN
        return math.copysign(INFINITY, a) * math.copysign(1.0, b)
    return f32(a / b)


def sqrt(a):
    """IEEE square root: NaN below zero."""
    if a < 0.0:
        return NAN
    return f32(math.sqrt(a))


def fma(a, b, c):
    """a * b + c with one rounding. The product is exact in binary64 (48 bits)."""
    return exact_add(f32(a * b) if "fused" in active else a * b, c)


def exact_add(p, c):
    """p + c, both binary64, rounded once to FP32.

    Where the binary64 sum is not exact, its last bit is made odd ("sticky"): then it
    is no midpoint of FP32 and lies on the right side of the nearest one, so that the
    second rounding is the only one.
    """
    s = p + c
    r = f32(s)
    if r == s or s != s or s - s != 0.0:  # an FP32 number, NaN, infinite
        return r
    back = s - p
    lost = (p - (s - back)) + (c - back)  # s + lost is the exact sum
    if lost == 0.0:
        return r
    if struct.unpack("q", struct.pack("d", s))[0] & 1 == 0:
        s = math.nextafter(s, INFINITY if lost > 0.0 else -INFINITY)
    return f32(s)


def exact_add_all(p, c):
    """exact_add of each (p, c) of two lists, as a list.

    The detour of exact_add changes a result only where the binary64 sum is a midpoint
    of two FP32 numbers (the 29 bits that FP32 lacks are 1000...), or below FP32's
    normal numbers, where the midpoints are others. Only those are computed again.
    """
    sums = array("d", map(operator.add, p, c))
    result = array("f", sums).tolist()
    bits = memoryview(sums).cast("B").cast("Q")
    for i in itertools.compress(range(len(result)), map(operator.ne, sums, result)):
        if bits[i] & 0x1FFFFFFF == 0x10000000 or abs(sums[i]) < SMALLEST_NORMAL:
            result[i] = exact_add(p[i], c[i])
    return result


def rint(x):
    """The integer nearest to x, ties to even, as a number."""
    return float(round(x))


def positive_zero(x):
    """x, but +0 for -0."""
    return 0.0 if x == 0.0 else x


def row_sum(v):
    """numerics.md section 5: 16 lanes, then a tree."""
    width = 8 if "lanes" in active else 16
    lanes = [0.0] * 16
    for i in range(0, len(v), width):
        piece = v[i:i + width]
        lanes[:len(piece)] = f32_all([a + b for a, b in zip(lanes, piece)])
    for h in (8, 4, 2, 1):
        for j in range(h):
            lanes[j] = add(lanes[j], lanes[j + h])
    return lanes[0]
