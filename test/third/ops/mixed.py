# ===- mixed.py - FP8 and FP16 element by element --------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5, "Mixed formats", and section 9: thresholds and their control.
#
# ===-----------------------------------------------------------------------===#
import math

from ..numbers import add, div, f32, fma, mul, sub
from ..random_numbers import rounding_number
from .registry import define

BINS = 128
LARGEST_COUNT = 1 << 24


def edge(b):
    return math.ldexp(1.0 + b % 4 / 4.0, b // 4 - 15)


def bin_of(magnitude):
    """The bin of a magnitude above zero."""
    if math.isinf(magnitude):
        return BINS - 1
    m, e = math.frexp(magnitude)
    b = 4 * (e - 1 + 15) + int((2.0 * m - 1.0) * 4.0)
    return max(0, min(b, BINS - 1))


@define("classify", rounds_itself=True)
def classify(call):
    x, threshold = call.inputs[0], call.inputs[1].item()
    format, low = call.types[0].format, call["low"]
    y, counts = [], [0] * BINS
    for i, v in enumerate(x.data):
        a = abs(v)
        chosen = format.hi if a >= threshold or a < low else format.lo
        random = None
        if call.rounding == "stochastic":
            random = rounding_number(call["train.streams"][0], i, call.host.run)
        y.append(chosen.round(v, call.rounding, call.events[0], random))
        if a > 0.0:
            counts[bin_of(a)] += 1
    return [y, [min(c, LARGEST_COUNT) for c in counts]]


@define("threshold")
def threshold(call):
    old, counts, target = call.inputs[0].item(), call.inputs[1].data, call.inputs[2].data[0]
    n = f32(float(sum(counts)))
    if n == 0.0:
        return [[old]]
    below = f32(float(sum(c for b, c in enumerate(counts) if edge(b + 1) <= call["low"])))
    room = max(sub(mul(n, target), below), 0.0)
    for b in reversed(range(BINS)):
        above = sum(counts[b + 1:])
        if f32(float(above + counts[b])) > room:
            share = div(sub(room, f32(float(above))), f32(float(counts[b])))
            return [[fma(-share, sub(edge(b + 1), edge(b)), edge(b + 1))]]
    return [[0.0]]


@define("share_target")
def share_target(call):
    (target, total, best, runs), loss = call.inputs[0].data, call.inputs[1].item()
    total, runs = add(total, loss), add(runs, 1.0)
    if runs >= float(call["period"]):
        mean = div(total, float(call["period"]))
        if best == 0.0 or mean < mul(best, sub(1.0, call["improvement"])):
            best = mean
        else:
            target = min(mul(target, call["growth"]), call["largest"])
        total = runs = 0.0
    return [[target, total, best, runs]]
