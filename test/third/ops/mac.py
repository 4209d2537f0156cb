# ===- mac.py - convolutions and matrix products ---------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 4: the order of the terms. A result is in the accumulator's
# format and is rounded no more.
#
# ===-----------------------------------------------------------------------===#
from dataclasses import dataclass

from ..accumulation import Accumulators, Rule, add_chains, groups
from ..mistakes import active
from .masks import open_outputs, open_weights, zeroed
from .registry import define


@dataclass
class Window:
    """strides, dilations and pads of a convolution, and its extents."""
    kernel: tuple
    strides: tuple
    pads: tuple
    dilations: tuple
    rows: int  # of the input of the convolution
    columns: int
    out_rows: int
    out_columns: int

    def pairs(self, kh, kw):
        """(output pixel, input pixel) of one tap, both row-major, padding left out, output pixels ascending."""
        result = []
        for oy in range(self.out_rows):
            iy = oy * self.strides[0] - self.pads[0] + kh * self.dilations[0]
            if not 0 <= iy < self.rows:
                continue
            for ox in range(self.out_columns):
                ix = ox * self.strides[1] - self.pads[1] + kw * self.dilations[1]
                if 0 <= ix < self.columns:
                    result.append((oy * self.out_columns + ox, iy * self.columns + ix))
        return result


def window_of(call, kernel, x_shape, y_shape):
    return Window(tuple(kernel), call["strides"], call["pads"], call["dilations"],
                  x_shape[2], x_shape[3], y_shape[2], y_shape[3])


def taps(kernel):
    return [(kh, kw) for kh in range(kernel[0]) for kw in range(kernel[1])]


def dot_groups(rule, channels, kernel):
    """The dot groups of conv and conv_bp in order, each the (kernel row, kernel column, channel) of its terms."""
    if channels < 8 and "packed" not in active:
        sequence = [(*tap, c) for tap in taps(kernel) for c in range(channels)]
        return [[sequence[i] for i in group] for group in groups(len(sequence), rule.dot)]
    return [[(*tap, block[i]) for i in group] for block in groups(channels, rule.block) for tap in taps(kernel)
            for group in groups(len(block), rule.dot)]


@define("conv", rounds_itself=True)
def conv(call):
    bias, init, gate, masks = call.optional(4)
    x, w = call.inputs[0], zeroed(call.inputs[1], open_weights(masks, call.inputs[1].shape))
    n, co, oh, ow = call.types[0].shape
    opened = open_outputs(gate, call.types[0].shape)
    ci, taps_h, taps_w = w.shape[1:]
    window = window_of(call, (taps_h, taps_w), x.shape, call.types[0].shape)
    rule = Rule(call["accumulate"])
    per_group = co // call["group"]
    plane, in_plane = oh * ow, x.shape[2] * x.shape[3]
    first = bias.data if bias else [0.0] * co
    first = init.data if init else [first[c] for _ in range(n) for c in range(co) for _ in range(plane)]
    chains = Accumulators(rule, first, call.events[0])
    for group in dot_groups(rule, ci, (taps_h, taps_w)):
        for kh, kw, c in reversed(group) if "order" in active else group:
            pairs = window.pairs(kh, kw)
            where = [y * plane + p for y in range(n * co) for p, _ in pairs]
            a, b = [], []
            for image in range(n):
                for g in range(call["group"]):
                    source = (image * x.shape[1] + g * ci + c) * in_plane
                    a += [x.data[source + q] for _, q in pairs] * per_group
                for o in range(co):
                    b += [w.data[((o * ci + c) * taps_h + kh) * taps_w + kw]] * len(pairs)
            if opened is not None:
                b = [v if opened[place] else 0.0 for v, place in zip(b, where)]
            chains.term(where, a, b)
        chains.end_group()
    return [chains.results()]


@define("conv_bp", rounds_itself=True)
def conv_bp(call):
    gate, masks = call.optional(2)
    dy = zeroed(call.inputs[0], open_outputs(gate, call.inputs[0].shape))
    w = zeroed(call.inputs[1], open_weights(masks, call.inputs[1].shape))
    n, channels, ih, iw = call.types[0].shape
    co = dy.shape[1]
    per_group, taps_h, taps_w = w.shape[1:]
    window = window_of(call, (taps_h, taps_w), call.types[0].shape, dy.shape)
    rule = Rule(call["accumulate"])
    out_per_group = co // call["group"]
    plane, out_plane = ih * iw, dy.shape[2] * dy.shape[3]
    chains = Accumulators(rule, [0.0] * call.types[0].count, call.events[0])
    for group in dot_groups(rule, out_per_group, (taps_h, taps_w)):
        for kh, kw, c in group:
            pairs = window.pairs(kh, kw)
            where = [x * plane + q for x in range(n * channels) for _, q in pairs]
            a, b = [], []
            for image in range(n):
                for g in range(call["group"]):
                    o = g * out_per_group + c
                    source = (image * co + o) * out_plane
                    a += [dy.data[source + p] for p, _ in pairs] * per_group
                    for i in range(per_group):
                        b += [w.data[((o * per_group + i) * taps_h + kh) * taps_w + kw]] * len(pairs)
            chains.term(where, a, b)
        chains.end_group()
    return [chains.results()]


@define("conv_wg", rounds_itself=True)
def conv_wg(call):
    gate, masks = call.optional(2)
    x, dy = call.inputs[0], zeroed(call.inputs[1], open_outputs(gate, call.inputs[1].shape))
    opened = open_weights(masks, call.types[0].shape)
    co, per_group, taps_h, taps_w = call.types[0].shape
    kernel = taps((taps_h, taps_w))
    window = window_of(call, (taps_h, taps_w), x.shape, dy.shape)
    rule = Rule(call["accumulate"])
    out_per_group = co // call["group"]
    in_plane, plane = x.shape[2] * x.shape[3], dy.shape[2] * dy.shape[3]
    size = per_group * len(kernel)  # of the weights of one output channel
    # For each output pixel: (channel in the group * taps + tap, where in the channel's input) of the taps inside.
    reads = [[] for _ in range(plane)]
    for c in range(per_group):
        for t, tap in enumerate(kernel):
            for p, q in window.pairs(*tap):
                reads[p].append((c * len(kernel) + t, c * in_plane + q))
    total = [0.0] * call.types[0].count
    chains = Accumulators(rule, total, call.events[0])
    for image in range(x.shape[0]):
        if rule.across:
            chains = Accumulators(rule, [0.0] * len(total), call.events[0])
        for group in groups(plane, rule.dot):
            for pixel in group:
                a, b = [], []
                for g in range(call["group"]):
                    source = (image * x.shape[1] + g * per_group) * in_plane
                    a += [x.data[source + q] for _, q in reads[pixel]] * out_per_group
                for o in range(co):
                    b += [dy.data[(image * co + o) * plane + pixel]] * len(reads[pixel])
                where = [o * size + r for o in range(co) for r, _ in reads[pixel]]
                if opened is not None:
                    b = [v if opened[place] else 0.0 for v, place in zip(b, where)]
                chains.term(where, a, b)
            chains.end_group()
        if rule.across:
            total = add_chains(rule, total, chains.results(), call.events[0])
    return [total if rule.across else chains.results()]


@define("matmul", rounds_itself=True)
def matmul(call):
    a, b = call.inputs[:2]
    *batch, m, n = call.types[0].shape
    batches = batch[0] if batch else 1
    k = a.shape[-2] if call.has("transpose_a") else a.shape[-1]
    a_row, a_k = (1, m) if call.has("transpose_a") else (k, 1)
    b_k, b_column = (1, k) if call.has("transpose_b") else (n, 1)
    rule = Rule(call["accumulate"])
    bias = call.inputs[2].data if len(call.inputs) > 2 else [0.0] * n
    chains = Accumulators(rule, bias * (m * batches), call.events[0])
    places = range(batches * m * n)
    lefts = [z * m * k + i * a_row for z in range(batches) for i in range(m) for _ in range(n)]
    rights = [z * k * n + j * b_column for z in range(batches) for _ in range(m) for j in range(n)]
    for group in groups(k, rule.dot):
        for term in group:
            chains.term(places, [a.data[i + term * a_k] for i in lefts], [b.data[j + term * b_k] for j in rights])
        chains.end_group()
    return [chains.results()]


