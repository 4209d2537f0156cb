# ===- basic.py - roundings, relu, biases, dropout -------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5.
#
# ===-----------------------------------------------------------------------===#
import math

from ..formats import Mixed
from ..numbers import add, div, fma, mul, sub
from ..random_numbers import MASK, philox
from ..tensor import spread_to
from .registry import define


def passed_on(call, values):
    """A result that passes on numbers of a mixed operand as they are, and is rounded otherwise."""
    mixed = isinstance(call.types[0].format, Mixed) and isinstance(call.inputs[0].format, Mixed)
    return call.round(0, values, only_moved=mixed)


@define("constant")
def constant(call):
    return [call["value"].values]


@define("seed")
def seed(call):
    return [[call["loss_scale"]]]


@define("round")
def round_(call):
    return [call.inputs[0].data]


@define("reshape", rounds_itself=True)
def reshape(call):
    return [call.inputs[0].data]


@define("relu", rounds_itself=True)
def relu(call):
    return [passed_on(call, [x if x > 0.0 else 0.0 for x in call.inputs[0].data])]


@define("relu_grad", rounds_itself=True)
def relu_grad(call):
    dy, y = (spread_to(x, call.types[0].shape) for x in call.inputs)
    return [passed_on(call, [d if v > 0.0 else 0.0 for d, v in zip(dy, y)])]


@define("bias_add")
def bias_add(call):
    x, bias = call.inputs
    channels, plane = x.shape[1], math.prod(x.shape[2:])
    return [[add(v, bias.data[i // plane % channels]) for i, v in enumerate(x.data)]]


@define("dropout")
def dropout(call):
    (x,) = call.inputs
    limit = math.floor(call["ratio"] * 2.0 ** 32)
    kept = 1.0 if call.has("mask") else div(1.0, sub(1.0, call["ratio"]))
    key = call["seed"] & MASK, call["stream"] & MASK
    drawn = (philox(key, i, call.host.run) for i in range(len(x.data)))
    return [[0.0 if p < limit else (1.0 if call.has("mask") else mul(v, kept)) for p, v in zip(drawn, x.data)]]


@define("moving_average")
def moving_average(call):
    old, value = call.inputs
    m = call["momentum"]
    rest = sub(1.0, m)
    return [[fma(o, m, mul(v, rest)) for o, v in zip(old.data, value.data)]]
