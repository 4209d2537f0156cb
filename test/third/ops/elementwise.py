# ===- elementwise.py - functions of single elements -----------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5, "Elementwise functions": a line of its tables is a line here.
#
# ===-----------------------------------------------------------------------===#
import math

from ..functions import erf, exp, expm1, log, log1p, pow, sigmoid, tanh
from ..numbers import add, div, fma, mul, rint, sqrt, sub
from ..tensor import broadcast_index
from .registry import define

ROOT_HALF, C0, C1, C2, THIRD, SIXTH = map(float.fromhex, (
    "0x1.6a09e6p-1", "0x1.988454p-1", "0x1.2444f2p-5", "0x1.b6676cp-4", "0x1.555556p-2", "0x1.555556p-3"))
ERF_SLOPE, GAUSS = map(float.fromhex, ("0x1.20dd76p+0", "0x1.988454p-2"))


def clipped(x, low, high):
    t = low if x < low else x
    return high if t > high else t


def sign(x):
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0


def whole(rounding, x):
    return float(rounding(x)) if math.isfinite(x) else x


def truth(condition):
    return 1.0 if condition else 0.0


def gelu_tanh(x):
    t = tanh(mul(x, fma(mul(x, x), C1, C0)))
    h = mul(0.5, x)
    return fma(h, t, h)


def gelu_grad(dy, x):
    c = fma(0.5, erf(mul(x, ROOT_HALF)), 0.5)
    q = mul(exp(mul(-0.5, mul(x, x))), GAUSS)
    return mul(dy, fma(x, q, c))


def gelu_tanh_grad(dy, x):
    z = mul(x, x)
    t = tanh(mul(x, fma(z, C1, C0)))
    h = mul(0.5, x)
    s = fma(-t, t, 1.0)
    d = fma(z, C2, C0)
    return mul(dy, fma(mul(h, s), d, fma(0.5, t, 0.5)))


def gelu(x):
    h = mul(0.5, x)
    return fma(h, erf(mul(x, ROOT_HALF)), h)


def hard_sigmoid_grad(a, b, dy, x):
    t = fma(a, x, b)
    return mul(a, dy) if 0.0 < t < 1.0 else 0.0


def softsign_grad(dy, x):
    t = add(1.0, abs(x))
    return div(dy, mul(t, t))


# Name: (attributes, function of their values and then of the operands).
FUNCTIONS = {
    "affine": (("scale", "offset"), lambda a, b, x: fma(a, x, b)),
    "power": (("exponent",), lambda a, x: pow(x, a)),
    "abs": ((), abs),
    "sign": ((), sign),
    "floor": ((), lambda x: whole(math.floor, x)),
    "ceil": ((), lambda x: whole(math.ceil, x)),
    "round_even": ((), lambda x: whole(rint, x)),
    "logical_not": ((), lambda x: truth(x == 0.0)),
    "sqrt": ((), sqrt),
    "reciprocal": ((), lambda x: div(1.0, x)),
    "exp": ((), exp),
    "log": ((), log),
    "tanh": ((), tanh),
    "sigmoid": ((), sigmoid),
    "erf": ((), erf),
    "gelu": ((), gelu),
    "gelu_tanh": ((), gelu_tanh),
    "hard_sigmoid": (("alpha", "beta"), lambda a, b, x: clipped(fma(a, x, b), 0.0, 1.0)),
    "hard_swish": ((), lambda x: mul(x, clipped(fma(x, SIXTH, 0.5), 0.0, 1.0))),
    "leaky_relu": (("alpha",), lambda a, x: x if x > 0.0 else mul(a, x)),
    "clip": (("min", "max"), lambda a, b, x: clipped(x, a, b)),
    "elu": (("alpha", "gamma"), lambda a, g, x: mul(g, x if x > 0.0 else mul(a, expm1(x)))),
    "celu": (("alpha",), lambda a, x: x if x > 0.0 else mul(a, expm1(div(x, a)))),
    "softplus": ((), lambda x: add(x if x > 0.0 else 0.0, log1p(exp(-abs(x))))),
    "softsign": ((), lambda x: div(x, add(1.0, abs(x)))),
    "thresholded_relu": (("alpha",), lambda a, x: x if x > a else 0.0),
    "shrink": (("lambda", "bias"), lambda a, b, x: add(x, b) if x < -a else sub(x, b) if x > a else 0.0),
    "add": ((), add),
    "sub": ((), sub),
    "mul": ((), mul),
    "div": ((), div),
    "pow": ((), pow),
    "max": ((), lambda a, b: a if a > b else b),
    "min": ((), lambda a, b: a if a < b else b),
    "prelu": ((), lambda x, slope: x if x > 0.0 else mul(slope, x)),
    "equal": ((), lambda a, b: truth(a == b)),
    "less": ((), lambda a, b: truth(a < b)),
    "less_equal": ((), lambda a, b: truth(a <= b)),
    "logical_and": ((), lambda a, b: truth(a != 0.0 and b != 0.0)),
    "logical_or": ((), lambda a, b: truth(a != 0.0 or b != 0.0)),
    "logical_xor": ((), lambda a, b: truth((a != 0.0) != (b != 0.0))),
    "select": ((), lambda condition, a, b: a if condition != 0.0 else b),
    "power_grad": (("exponent",),
                   lambda a, dy, x: 0.0 if x == 0.0 and a < 1.0 else mul(dy, mul(a, pow(x, sub(a, 1.0))))),
    "abs_grad": ((), lambda dy, x: mul(dy, sign(x))),
    "sqrt_grad": ((), lambda dy, y: div(mul(0.5, dy), y) if y > 0.0 else 0.0),
    "reciprocal_grad": ((), lambda dy, y: mul(-dy, mul(y, y))),
    "tanh_grad": ((), lambda dy, y: mul(dy, fma(-y, y, 1.0))),
    "sigmoid_grad": ((), lambda dy, y: mul(dy, fma(-y, y, y))),
    "erf_grad": ((), lambda dy, x: mul(dy, mul(ERF_SLOPE, exp(-mul(x, x))))),
    "gelu_grad": ((), gelu_grad),
    "gelu_tanh_grad": ((), gelu_tanh_grad),
    "hard_sigmoid_grad": (("alpha", "beta"), hard_sigmoid_grad),
    "hard_swish_grad": ((), lambda dy, x: 0.0 if x < -3.0 else mul(dy, fma(x, THIRD, 0.5)) if x <= 3.0 else dy),
    "leaky_relu_grad": (("alpha",), lambda a, dy, x: dy if x > 0.0 else mul(a, dy)),
    "clip_grad": (("min", "max"), lambda a, b, dy, x: dy if a <= x <= b else 0.0),
    "elu_grad": (("alpha", "gamma"), lambda a, g, dy, x: mul(dy, mul(g, 1.0 if x > 0.0 else mul(a, exp(x))))),
    "celu_grad": (("alpha",), lambda a, dy, x: dy if x > 0.0 else mul(dy, exp(div(x, a)))),
    "softplus_grad": ((), lambda dy, x: mul(dy, sigmoid(x))),
    "softsign_grad": ((), softsign_grad),
    "thresholded_relu_grad": (("alpha",), lambda a, dy, x: dy if x > a else 0.0),
    "shrink_grad": (("lambda", "bias"), lambda a, b, dy, x: dy if x < -a or x > a else 0.0),
    "max_share": ((), lambda a, b: 1.0 if a > b else 0.5 if a == b else 0.0),
    "prelu_slope": ((), lambda x, slope: 1.0 if x > 0.0 else slope),
    "prelu_grad": ((), lambda dy, x: 0.0 if x > 0.0 else mul(dy, x)),
}


def _define(name, attributes, function):
    @define(name)
    def elementwise(call):
        numbers = [call[a] for a in attributes]
        shape = call.types[0].shape
        operands = [[x.data[i] for i in broadcast_index(x.shape, shape)] for x in call.inputs]
        return [[function(*numbers, *elements) for elements in zip(*operands)]]


for _name, (_attributes, _function) in FUNCTIONS.items():
    _define(_name, _attributes, _function)
