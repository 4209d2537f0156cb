# ===- functions.py - exp, log and their like ------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 6, one function each. Arguments and results are FP32, every
# operation is one of numbers.py.
#
# ===-----------------------------------------------------------------------===#
import math

from .numbers import INFINITY, NAN, SMALLEST_NORMAL, add, div, fma, mul, rint, sub


def _hex(text):
    return [float.fromhex(word) for word in text.split()]


def _horner(r, constants):
    """p starts at the first constant, then p <- fma(p, r, c) for each other one."""
    p = constants[0]
    for c in constants[1:]:
        p = fma(p, r, c)
    return p


LOG2_E, LN2_HIGH, LN2_LOW = _hex("0x1.715476p+0 0x1.62e4p-1 0x1.7f7d1cp-20")
EXP = _hex("0x1.6c16c2p-10 0x1.111112p-7 0x1.555556p-5 0x1.555556p-3") + [0.5, 1.0, 1.0]


def exp(x):
    if math.isnan(x):
        return NAN
    if x < -87.0:
        return 0.0
    x = min(x, 88.0)
    k = rint(mul(x, LOG2_E))
    r = fma(-k, LN2_HIGH, x)
    r = fma(-k, LN2_LOW, r)
    return math.ldexp(_horner(r, EXP), int(k))


ROOT_HALF, LN2 = _hex("0x1.6a09e6p-1 0x1.62e430p-1")
LOG = _hex("0x1.c71c72p-4 0x1.24924ap-3 0x1.99999ap-3 0x1.555556p-2") + [1.0]


def log(x):
    if math.isnan(x):
        return NAN
    if x < SMALLEST_NORMAL:
        return -88.0
    if x == INFINITY:
        return x
    m, k = math.frexp(x)  # m in [1/2, 1)
    if m < ROOT_HALF:
        m, k = 2.0 * m, k - 1
    f = sub(m, 1.0)
    s = div(f, add(2.0, f))
    z = mul(s, s)
    p = mul(mul(2.0, s), _horner(z, LOG))
    return fma(float(k), LN2, p)


TANH = _hex("-0x1.79b288p-8 0x1.531926p-6 -0x1.b86686p-5 0x1.1108a2p-3 -0x1.55553cp-2")


def tanh(x):
    if math.isnan(x):
        return NAN
    a = abs(x)
    if a < 0.625:
        z = mul(a, a)
        t = fma(mul(a, z), _horner(z, TANH), a)
    else:
        e = exp(mul(-2.0, a))
        t = div(sub(1.0, e), add(1.0, e))
    return -t if x < 0.0 else t


def sigmoid(x):
    if math.isnan(x):
        return NAN
    e = exp(-abs(x))
    return div(e, add(1.0, e)) if x < 0.0 else div(1.0, add(1.0, e))


ERF_NEAR = _hex("0x1.4ae4c2p-14 -0x1.a485e6p-11 0x1.5419f4p-8 -0x1.b7fbb4p-6 0x1.ce2d2p-4 "
                "-0x1.81273ep-2 0x1.20dd74p+0")
ERF_FAR = _hex("0x1.61f122p-16 -0x1.c7844p-12 0x1.115106p-8 -0x1.9b83cap-6 0x1.bb7df2p-4 "
               "0x1.4446f2p-1 0x1.21279cp+0 -0x1.6bfed2p-13")


def erf(x):
    if math.isnan(x):
        return NAN
    a = abs(x)
    if a < 1.0:
        t = mul(a, _horner(mul(a, a), ERF_NEAR))
    elif a >= 4.0:
        t = 1.0
    else:
        t = sub(1.0, exp(-_horner(a, ERF_FAR)))
    return -t if x < 0.0 else t


def expm1(x):
    """For x <= 0."""
    t = tanh(mul(0.5, x))
    return div(add(t, t), sub(1.0, t))


LOG1P = _hex("0x1.3b13b2p-4 0x1.745d18p-4 0x1.c71c72p-4 0x1.24924ap-3 0x1.99999ap-3 "
             "0x1.555556p-2") + [1.0]


def log1p(e):
    """For 0 <= e <= 1."""
    s = div(e, add(2.0, e))
    return mul(mul(2.0, s), _horner(mul(s, s), LOG1P))


def pow(a, b):
    if math.isnan(a) or math.isnan(b):
        return NAN
    whole = math.isinf(b) or b == math.floor(b)  # an infinite one is even
    if whole and abs(b) <= 64.0:
        bits, r = int(abs(b)), 1.0
        while bits:
            if bits & 1:
                r = mul(r, a)
            bits >>= 1
            if bits:
                a = mul(a, a)
        return div(1.0, r) if b < 0.0 else r
    if a == 0.0:
        return 0.0 if b > 0.0 else INFINITY
    if a < 0.0 and not whole:
        return NAN
    m = exp(mul(b, log(abs(a))))
    return -m if a < 0.0 and math.isfinite(b) and int(b) & 1 else m
