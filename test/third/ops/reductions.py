# ===- reductions.py - sums, means, extremes over dimensions ---------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5.
#
# ===-----------------------------------------------------------------------===#
import math

from ..numbers import INFINITY, add, div, mul, row_sum, sub
from ..tensor import broadcast_index, coordinates, steps_of
from .registry import define

PIECE = 4096


def rows_along(shape, axes):
    """For each element of a result whose extent is 1 in `axes`, row-major: the reduced elements in row-major order, as
    rows: lists of indices, whole ones along the last dimension if that is reduced, else of one element."""
    steps = steps_of(shape)
    kept = [1 if d in axes else extent for d, extent in enumerate(shape)]
    last = len(shape) - 1
    reduced = [extent if d in axes and d != last else 1 for d, extent in enumerate(shape)]
    offsets = [sum(i * s for i, s in zip(c, steps)) for c in coordinates(reduced)]
    length = shape[last] if shape and last in axes else 1
    for c in coordinates(kept):
        base = sum(i * s for i, s in zip(c, steps))
        yield [range(base + offset, base + offset + length) for offset in offsets]


def sum_rows(rows):
    """reduce_sum of one result: rows of elements."""
    total = 0.0
    for row in rows:
        for first in range(0, len(row), PIECE):
            piece = row[first:first + PIECE]
            total = add(total, piece[0] if len(row) == 1 else row_sum(piece))
    return total


def sum_of(values):
    """reduce_sum over all of a one-dimensional tensor."""
    return sum_rows([values])


def reduce_sum(values, shape, axes):
    return [sum_rows([[values[i] for i in row] for row in rows]) for rows in rows_along(shape, axes)]


def counted(shape, axes):
    return float(math.prod(shape[d] for d in axes))


@define("reduce_sum")
def sum_(call):
    (x,) = call.inputs
    return [reduce_sum(x.data, x.shape, call["axes"])]


@define("reduce_sum_square")
def sum_square(call):
    (x,) = call.inputs
    return [reduce_sum([mul(v, v) for v in x.data], x.shape, call["axes"])]


@define("reduce_sum_abs")
def sum_abs(call):
    (x,) = call.inputs
    return [reduce_sum([abs(v) for v in x.data], x.shape, call["axes"])]


@define("reduce_mean")
def mean(call):
    (x,) = call.inputs
    n = counted(x.shape, call["axes"])
    return [[div(v, n) for v in reduce_sum(x.data, x.shape, call["axes"])]]


def folded(call, start, step):
    (x,) = call.inputs
    result = []
    for rows in rows_along(x.shape, call["axes"]):
        y = start
        for row in rows:
            for i in row:
                y = step(y, x.data[i])
        result.append(y)
    return [result]


@define("reduce_max")
def max_(call):
    return folded(call, -INFINITY, lambda y, x: x if x > y else y)


@define("reduce_min")
def min_(call):
    return folded(call, INFINITY, lambda y, x: x if x < y else y)


@define("reduce_prod")
def prod(call):
    return folded(call, 1.0, mul)


@define("variance")
def variance(call):
    x, about = call.inputs
    places = broadcast_index(about.shape, x.shape)
    d = [sub(v, about.data[p]) for v, p in zip(x.data, places)]
    n = counted(x.shape, call["axes"])
    return [[div(v, n) for v in reduce_sum([mul(v, v) for v in d], x.shape, call["axes"])]]


@define("variance_grad")
def variance_grad(call):
    dy, x, about = call.inputs
    f = div(2.0, float(call["count"]))
    of_mean, of_dy = broadcast_index(about.shape, x.shape), broadcast_index(dy.shape, x.shape)
    return [[mul(mul(sub(v, about.data[m]), f), dy.data[e]) for v, m, e in zip(x.data, of_mean, of_dy)]]


@define("spread")
def spread(call):
    (x,) = call.inputs
    places = broadcast_index(x.shape, call.types[0].shape)
    return [[div(x.data[p], call["divisor"]) for p in places]]
