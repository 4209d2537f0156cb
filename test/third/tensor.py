# ===- tensor.py - tensors and coordinates ---------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import itertools
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Type:
    """Extents and the format of the elements (formats.py)."""
    shape: tuple
    format: object

    @property
    def count(self):
        return math.prod(self.shape)


@dataclass
class Tensor:
    """Elements in row-major order: Python floats with FP32 values, or ints."""
    type: Type
    data: list

    @property
    def shape(self):
        return self.type.shape

    @property
    def format(self):
        return self.type.format

    def item(self):
        """The only element."""
        assert len(self.data) == 1
        return self.data[0]


def steps_of(shape):
    """How far apart neighbours of each dimension are, in elements."""
    steps, step = [], 1
    for extent in reversed(shape):
        steps.append(step)
        step *= extent
    return tuple(reversed(steps))


def coordinates(shape):
    """All coordinates in row-major order."""
    return itertools.product(*(range(extent) for extent in shape))


def broadcast_index(shape, result_shape):
    """For each element of a tensor of result_shape, row-major, the index of the element of one of `shape` that serves
    it: where the extent is 1, all coordinates have the same."""
    if tuple(shape) == tuple(result_shape):
        return range(math.prod(shape))
    assert len(shape) == len(result_shape), (shape, result_shape)
    indices = [0]
    for extent, step, result in zip(shape, steps_of(shape), result_shape):
        assert extent in (1, result), (shape, result_shape)
        moves = [0] * result if extent == 1 else [i * step for i in range(result)]
        indices = [base + move for base in indices for move in moves]
    return indices


def spread_to(tensor, shape):
    """The elements of a tensor that serve the coordinates of `shape`, row-major."""
    return [tensor.data[i] for i in broadcast_index(tensor.shape, shape)]
