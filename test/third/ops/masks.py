# ===- masks.py - gates and groups of convolutions -------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 4, "Masks": terms that an entry of zero leaves out. As a term
# with a zero operand is absent, too, zeros take the place of operands.
#
# ===-----------------------------------------------------------------------===#
from ..mistakes import active
from ..tensor import Tensor

CHANNELS = 8  # of an entry


def open_outputs(gate, shape):
    """For each element of a tensor (n, co, oy, ox), row-major, whether its gate is open; None without a gate."""
    if gate is None:
        return None
    n, co, *plane = shape
    size = plane[0] * plane[1]
    blocks = gate.shape[1]
    opened = []
    for image in range(n):
        for c in range(co):
            first = (image * blocks + min(c // CHANNELS, blocks - 1)) * size
            opened += [v != 0.0 for v in gate.data[first:first + size]]
    return [not o for o in opened] if "gates" in active else opened


def open_weights(groups, shape):
    """The same of weights (co, ci, kh, kw) and their groups."""
    if groups is None:
        return None
    co, ci, kh, kw = shape
    blocks, taps = groups.shape[1], kh * kw
    opened = []
    for o in range(co):
        for i in range(ci):
            first = (o // CHANNELS * blocks + i // CHANNELS) * taps
            opened += [v != 0.0 for v in groups.data[first:first + taps]]
    return opened


def zeroed(tensor, opened):
    """The tensor with +0 where `opened` says no."""
    return tensor if opened is None else Tensor(tensor.type, [v if o else 0.0 for v, o in zip(tensor.data, opened)])
