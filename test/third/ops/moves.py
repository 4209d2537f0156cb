# ===- moves.py - data movement --------------------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5: elements change places; one that is a value of the result's
# format stays as it is.
#
# ===-----------------------------------------------------------------------===#
import math

from ..formats import Integer
from ..numbers import add, f32
from ..tensor import broadcast_index, coordinates, steps_of
from .registry import define


def moved(call, values):
    return [call.round(0, values, only_moved=True)]


def at(coordinate, steps):
    return sum(i * s for i, s in zip(coordinate, steps))


@define("transpose", rounds_itself=True)
def transpose(call):
    (x,) = call.inputs
    steps = steps_of(x.shape)
    steps = [steps[d] for d in call["perm"]]
    return moved(call, [x.data[at(c, steps)] for c in coordinates(call.types[0].shape)])


@define("slice", rounds_itself=True)
def slice_(call):
    (x,) = call.inputs
    steps = steps_of(x.shape)
    first = at(call["starts"], steps)
    strides = [a * s for a, s in zip(call["steps"], steps)]
    return moved(call, [x.data[first + at(c, strides)] for c in coordinates(call.types[0].shape)])


@define("concat", rounds_itself=True)
def concat(call):
    axis = call["axis"]
    outer = math.prod(call.types[0].shape[:axis])
    result = []
    for o in range(outer):
        for x in call.inputs:
            size = math.prod(x.shape[axis:])
            result += x.data[o * size:(o + 1) * size]
    return moved(call, result)


@define("pad", rounds_itself=True)
def pad(call):
    (x,) = call.inputs
    steps = steps_of(x.shape)
    result = []
    for c in coordinates(call.types[0].shape):
        c = [i - low for i, low in zip(c, call["low"])]
        inside = all(0 <= i < extent for i, extent in zip(c, x.shape))
        result.append(x.data[at(c, steps)] if inside else call["value"])
    return moved(call, result)


@define("expand", rounds_itself=True)
def expand(call):
    (x,) = call.inputs
    return moved(call, [x.data[i] for i in broadcast_index(x.shape, call.types[0].shape)])


def row_of(index, rows):
    """The row that an index names, None if there is none."""
    row = index + rows if index < 0 else index
    return row if 0 <= row < rows else None


@define("gather", rounds_itself=True)
def gather(call):
    table, indices = call.inputs
    outer, rows, inner = table.shape
    result = []
    for o in range(outer):
        for index in indices.data:
            row = row_of(index, rows)
            if row is None:
                result += [0] * inner if isinstance(table.format, Integer) else [0.0] * inner
                call.events[0].invalid += inner
            else:
                first = (o * rows + row) * inner
                result += table.data[first:first + inner]
    return moved(call, result)


@define("scatter_add")
def scatter_add(call):
    dy, indices = call.inputs
    outer, rows, inner = call.types[0].shape
    dt = [0.0] * (outer * rows * inner)
    for o in range(outer):
        for i, index in enumerate(indices.data):
            row = row_of(index, rows)
            if row is None:
                continue
            for r in range(inner):
                to = (o * rows + row) * inner + r
                dt[to] = add(dt[to], dy.data[(o * len(indices.data) + i) * inner + r])
    return [dt]


@define("to_float")
def to_float(call):
    return [[f32(float(v)) for v in call.inputs[0].data]]


@define("to_integer")
def to_integer(call):
    limit = 2.0 ** 24
    return [[0 if math.isnan(v) else int(max(-limit, min(limit, v))) for v in call.inputs[0].data]]
