#!/usr/bin/python3
# ===- make-gradients.py - autograd's word on the test models --------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Evaluates each test/models/ops/*.onnx (and .onnxtxt) with PyTorch, node by
# node, and writes test/data/gradients/<model>.json: seeded inputs and labels,
# and the logits, the loss (softmax cross-entropy, mean over the batch) and the
# gradient of every parameter that autograd finds. Our own evaluation in FP32 is
# checked against these files.
#
# Autograd runs in FP64 on the FP32 parameters, and the results are rounded to
# FP32 once, so that all of the error in a comparison is ours. The files are
# committed; a second run makes the same bytes (same version of PyTorch).
#
# Needs python3-torch, python3-onnx and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import functools
import json
import pathlib
import zlib

import numpy as np
import onnx
import torch
from onnx import numpy_helper, parser as onnx_parser
from torch.nn import functional

SYMBOLIC_BATCH = 3
LARGEST = 2000  # elements; larger gradients are left out, to keep the files small


def from_onnx(tensor):
    return torch.from_numpy(numpy_helper.to_array(tensor).copy())


def split_pads(pads):
    """ONNX's (top, left, bottom, right) in the order of functional.pad."""
    half = len(pads) // 2
    return [pad for i in reversed(range(half)) for pad in (pads[i], pads[half + i])]


def window_of(attributes, sizes, kernel):
    """Strides, dilations and pads of a node whose input has these spatial sizes."""
    n = len(sizes)
    strides = attributes.get("strides", [1] * n)
    dilations = attributes.get("dilations", [1] * n)
    mode = attributes.get("auto_pad", b"NOTSET")
    if not mode.startswith(b"SAME"):
        return strides, dilations, attributes.get("pads", [0] * 2 * n)
    before, after = [], []
    for size, stride, dilation, k in zip(sizes, strides, dilations, kernel):
        total = max(((size + stride - 1) // stride - 1) * stride + (k - 1) * dilation + 1 - size, 0)
        first = total // 2 if mode == b"SAME_UPPER" else total - total // 2
        before.append(first)
        after.append(total - first)
    return strides, dilations, before + after


def run_conv(attributes, x, weight, bias=None):
    strides, dilations, pads = window_of(attributes, x.shape[2:], weight.shape[2:])
    run = [functional.conv1d, functional.conv2d, functional.conv3d][x.dim() - 3]
    return run(functional.pad(x, split_pads(pads)), weight, bias, stride=strides,
               dilation=dilations, groups=attributes.get("group", 1))


def run_conv_transpose(attributes, x, weight, bias=None):
    """Without padding, then cut to what pads, auto_pad or output_shape leave."""
    n = x.dim() - 2
    strides, dilations = attributes.get("strides", [1] * n), attributes.get("dilations", [1] * n)
    more = attributes.get("output_padding", [0] * n)
    pads = list(attributes.get("pads", [0] * 2 * n))
    wanted = attributes.get("output_shape")
    mode = attributes.get("auto_pad", b"NOTSET")
    if mode.startswith(b"SAME") and not wanted:
        wanted = [size * stride for size, stride in zip(x.shape[2:], strides)]
    run = [functional.conv_transpose1d, functional.conv_transpose2d,
           functional.conv_transpose3d][n - 1]
    y = run(x, weight, stride=strides, dilation=dilations, groups=attributes.get("group", 1))
    y = functional.pad(y, split_pads([0] * n + list(more)))
    for d in range(n):
        if wanted:
            total = y.shape[2 + d] - wanted[d]
            pads[d] = total // 2 if mode == b"SAME_UPPER" else total - total // 2
            pads[n + d] = total - pads[d]
        y = y.narrow(2 + d, pads[d], y.shape[2 + d] - pads[d] - pads[n + d])
    return y if bias is None else y + bias.reshape([-1] + [1] * n)


def run_max_pool(attributes, x):
    """The maxima, and where they are."""
    kernel = attributes["kernel_shape"]
    strides, dilations, pads = window_of(attributes, x.shape[2:], kernel)
    n = len(kernel)
    run = [functional.max_pool1d, functional.max_pool2d, functional.max_pool3d][n - 1]
    same = pads[:n] == pads[n:]
    assert same or not attributes.get("ceil_mode", 0)
    padded = x if same else functional.pad(x, split_pads(pads), value=float("-inf"))
    return run(padded, kernel, strides, pads[:n] if same else 0, dilations,
               bool(attributes.get("ceil_mode", 0)), return_indices=True)


def run_max_unpool(attributes, x, places):
    return functional.max_unpool2d(x, places, attributes["kernel_shape"], attributes["strides"])


def run_avg_pool(attributes, x):
    """Sum over the window, divided by what ONNX counts."""
    kernel = attributes["kernel_shape"]
    strides, _, pads = window_of(attributes, x.shape[2:], kernel)
    n = len(kernel)
    run = [functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d][n - 1]
    counts = bool(attributes.get("count_include_pad", 0))
    if attributes.get("ceil_mode", 0):
        assert pads[:n] == pads[n:]
        return run(x, kernel, strides, pads[:n], True, counts)
    present = functional.pad(torch.ones_like(x), split_pads(pads), value=float(counts))
    total = run(functional.pad(x, split_pads(pads)), kernel, strides)
    return total / run(present, kernel, strides)


def run_gemm(attributes, a, b, c=None):
    a = a.t() if attributes.get("transA", 0) else a
    b = b.t() if attributes.get("transB", 0) else b
    product = attributes.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + attributes.get("beta", 1.0) * c


def run_lrn(attributes, x):
    """The mean of squares over channels c - (size - 1) // 2 to c + size // 2."""
    size = attributes["size"]
    before = (size - 1) // 2
    squares = functional.pad(x * x, (0, 0, 0, 0, before, size - 1 - before))
    mean = sum(squares[:, i:i + x.shape[1]] for i in range(size)) / size
    base = attributes.get("bias", 1.0) + attributes.get("alpha", 1e-4) * mean
    return x * base ** -attributes.get("beta", 0.75)


def run_reshape(attributes, x, shape):
    assert not attributes.get("allowzero", 0)
    return x.reshape([x.shape[i] if extent == 0 else int(extent)
                      for i, extent in enumerate(shape)])


def run_pad(attributes, x, pads, value=None):
    mode = attributes.get("mode", b"constant").decode()
    pads = [int(pad) for pad in pads]
    # ONNX's (all before, all behind) in the order of functional.pad: last dimension first
    pairs = [pads[d + half * x.dim()] for d in reversed(range(x.dim())) for half in (0, 1)]
    if mode == "constant":
        return functional.pad(x, pairs, value=0.0 if value is None else float(value))
    assert not any(pairs[2 * (x.dim() - 2):])
    return functional.pad(x, pairs[:2 * (x.dim() - 2)],
                          {"reflect": "reflect", "edge": "replicate"}[mode])


def run_slice(_, x, starts, ends, axes=None, steps=None):
    axes = range(len(starts)) if axes is None else axes.tolist()
    steps = [1] * len(starts) if steps is None else steps.tolist()
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes, steps):
        # torch has no negative steps
        chosen = torch.tensor(list(range(x.shape[axis]))[start:end:step])
        x = x.index_select(axis, chosen)
    return x


def run_split(attributes, x, sizes):
    return x.split(sizes.tolist(), attributes.get("axis", 0))


def run_gather(attributes, x, indices):
    axis = attributes.get("axis", 0)
    rows = x.index_select(axis, indices.reshape(-1) % x.shape[axis])
    return rows.reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1:])


def run_depth_to_space(attributes, x):
    n, c, h, w = x.shape
    b = attributes["blocksize"]
    if attributes.get("mode", b"DCR") == b"CRD":
        return functional.pixel_shuffle(x, b)
    return (x.reshape(n, b, b, c // b ** 2, h, w).permute(0, 3, 4, 1, 5, 2)
            .reshape(n, c // b ** 2, h * b, w * b))


def run_space_to_depth(attributes, x):
    n, c, h, w = x.shape
    b = attributes["blocksize"]
    return (x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4)
            .reshape(n, c * b ** 2, h // b, w // b))


def run_squeeze(_, x, axes):
    for axis in sorted(axes.tolist(), reverse=True):
        x = x.squeeze(axis)
    return x


def run_unsqueeze(_, x, axes):
    for axis in sorted(axes.tolist()):
        x = x.unsqueeze(axis)
    return x


def run_batch_norm(attributes, x, scale, bias, mean, var):
    """The result and, in training, the running statistics after the step: ONNX
    moves them towards the population variance."""
    epsilon, momentum = attributes.get("epsilon", 1e-5), attributes.get("momentum", 0.9)
    if not attributes["training"]:
        return functional.batch_norm(x, mean.detach(), var.detach(), scale, bias, eps=epsilon)
    axes = [0] + list(range(2, x.dim()))
    y = functional.batch_norm(x, None, None, scale, bias, training=True, eps=epsilon)
    return (y, mean * momentum + x.mean(axes) * (1 - momentum),
            var * momentum + x.var(axes, unbiased=False) * (1 - momentum))


def run_reduce(function):
    def run(attributes, x, axes=None):
        axes = attributes.get("axes") if axes is None else axes.tolist()
        return function(x, axes or list(range(x.dim())),
                        keepdim=bool(attributes.get("keepdims", 1)))
    return run


def run_resize(attributes, x, *sizes):
    """PyTorch's own interpolation, or two neighbours (asymmetric), or one (rounded down)."""
    mode = attributes.get("mode", b"nearest").decode()
    scales = sizes[-1]
    if scales.is_floating_point():
        sizes = [int(extent * scale) for extent, scale in zip(x.shape, scales.tolist())]
    else:
        sizes = scales.tolist()
        scales = torch.tensor(sizes) / torch.tensor(x.shape)
    transform = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
    if mode == "nearest":
        return run_resize_nearest(x, scales)
    if transform != "asymmetric":
        names = {("linear", 3): "linear", ("linear", 4): "bilinear", ("cubic", 4): "bicubic"}
        if transform == "pytorch_half_pixel":
            assert all(size > 1 for size in sizes[2:])
        return functional.interpolate(x, size=sizes[2:], mode=names[mode, x.dim()],
                                      align_corners=transform == "align_corners",
                                      antialias=bool(attributes.get("antialias", 0)))
    for axis, scale in enumerate(scales.tolist()):
        source = torch.arange(sizes[axis], dtype=torch.float64) / scale
        first = source.floor().long().clamp(max=x.shape[axis] - 1)
        second = (first + 1).clamp(max=x.shape[axis] - 1)
        share = (source - source.floor()).reshape([-1] + [1] * (x.dim() - 1 - axis))
        x = x.index_select(axis, first) * (1 - share) + x.index_select(axis, second) * share
    return x


def run_resize_nearest(x, *scales):
    """Asymmetric, rounded down."""
    for axis, scale in enumerate(scales[-1].tolist()):
        indices = (torch.arange(int(x.shape[axis] * scale)) / scale).floor().long()
        x = x.index_select(axis, indices)
    return x


def run_layer_norm(attributes, x, scale, bias=None):
    axis = attributes.get("axis", -1) % x.dim()
    y = functional.layer_norm(x, x.shape[axis:], eps=attributes.get("epsilon", 1e-5)) * scale
    return y if bias is None else y + bias


def run_rms_norm(attributes, x, scale):
    axes = tuple(range(attributes.get("axis", -1) % x.dim(), x.dim()))
    squares = x.square().mean(axes, keepdim=True)
    return x * torch.rsqrt(squares + attributes.get("epsilon", 1e-5)) * scale


def run_skip(norm, hasBeta):
    """(normal, mean, inverse deviation, sum); the two in the middle are read by nobody."""
    def run(attributes, x, skip, *parameters):
        first = 2 if hasBeta else 1
        total = x + skip + sum(parameters[first:])
        return norm(attributes, total, *parameters[:first]), None, None, total
    return run


def run_group_norm(attributes, x, scale, bias):
    """Until operator set 20 a scale was that of a group."""
    groups, channels = attributes["num_groups"], x.shape[1]
    scale, bias = (p.repeat_interleave(channels // p.numel()) for p in (scale, bias))
    return functional.group_norm(x, groups, scale, bias, attributes.get("epsilon", 1e-5))


def run_mean_variance(attributes, x):
    axes = attributes.get("axes", [0, 2, 3])
    return (x - x.mean(axes, True)) / (x.var(axes, False, keepdim=True) + 1e-9).sqrt()


def run_prod(x, axes, keepdim):
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim=keepdim)
    return x


RECURRENT = {"RNN": 1, "GRU": 3, "LSTM": 4}  # gates
FUNCTIONS = {
    "Affine": lambda x, alpha, beta: alpha * x + beta,
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: (alpha * x + beta).clamp(0, 1),
    "Relu": torch.relu,
    "ScaledTanh": lambda x, alpha, beta: alpha * torch.tanh(beta * x),
    "Sigmoid": torch.sigmoid,
    "Softsign": functional.softsign,
    "Tanh": torch.tanh,
}
# how many numbers of activation_alpha and activation_beta they take
NUMBERS = {"Affine": (1, 1), "HardSigmoid": (1, 1), "ScaledTanh": (1, 1)}


def functions_of(attributes, default, directions):
    """The functions of each direction, with the numbers that they take."""
    names = [name.decode() for name in attributes.get("activations", [])] or default * directions
    lists = list(attributes.get("activation_alpha", [])), list(attributes.get("activation_beta", []))
    chosen = []
    for name in names:
        numbers = {key: values.pop(0) for key, values, count
                   in zip(("alpha", "beta"), lists, NUMBERS.get(name, (0, 0))) if count and values}
        chosen.append(functools.partial(FUNCTIONS[name], **numbers))
    return [chosen[d * len(default):(d + 1) * len(default)] for d in range(directions)]


def by_torch(op, x, w, r, b, h, c):
    """Layers whose formula is PyTorch's, with gates in its order; all results of one direction."""
    order = {"RNN": [0], "GRU": [1, 0, 2], "LSTM": [0, 2, 3, 1]}[op]

    def ordered(tensor):
        gates = tensor.chunk(len(order))
        return torch.cat([gates[i] for i in order])
    weights = [ordered(w), ordered(r)] + [ordered(part) for part in b.chunk(2)]
    states = (h[None], c[None]) if op == "LSTM" else h[None]
    run = {"RNN": torch._VF.rnn_tanh, "GRU": torch._VF.gru, "LSTM": torch._VF.lstm}[op]
    y, *last = run(x, states, weights, True, 1, 0.0, True, False, False)
    return (y, *[state[0] for state in last])


def by_steps(op, attributes, functions, x, w, r, b, h, c, p):
    """The standard's equations, one step after the other."""
    of_w, of_r = b.chunk(2)
    bound = attributes.get("clip")
    f, g, *rest = functions + [None]

    def act(function, value):
        return function(value if bound is None else value.clamp(-bound, bound))
    rows = []
    for at in x:
        a = at @ w.t() + of_w
        if op == "RNN":
            h = act(f, a + h @ r.t() + of_r)
        elif op == "GRU":
            (xz, xr, xh), (rz, rr, rh) = a.chunk(3, 1), r.chunk(3)
            bz, br, bh = of_r.chunk(3)
            z, reset = act(f, xz + h @ rz.t() + bz), act(f, xr + h @ rr.t() + br)
            if attributes.get("linear_before_reset", 0):
                fresh = act(g, xh + reset * (h @ rh.t() + bh))
            else:
                fresh = act(g, xh + (reset * h) @ rh.t() + bh)
            h = (1 - z) * fresh + z * h
        else:
            i, o, forget, fresh = (a + h @ r.t() + of_r).chunk(4, 1)
            pi, po, pf = p.chunk(3)
            i = act(f, i + pi * c)
            forget = 1 - i if attributes.get("input_forget", 0) else act(f, forget + pf * c)
            c = forget * c + i * act(g, fresh)
            h = act(f, o + po * c) * act(rest[0], c)
        rows.append(h)
    return (torch.stack(rows), h) + ((c,) if op == "LSTM" else ())


def run_recurrent(op):
    gates, default = RECURRENT[op], {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"],
                                     "LSTM": ["Sigmoid", "Tanh", "Tanh"]}[op]

    def run(attributes, x, w, r, b=None, lengths=None, h=None, c=None, p=None):
        isBatchFirst = attributes.get("layout", 0)
        swap = (lambda t: t.transpose(0, 1)) if isBatchFirst else (lambda t: t)
        x, directions, hidden = swap(x), w.shape[0], r.shape[2]
        assert lengths is None or (lengths == x.shape[0]).all()
        zero = x.new_zeros(directions, x.shape[1], hidden)
        h, c = (zero if state is None else swap(state).to(x.dtype) for state in (h, c))
        b = x.new_zeros(directions, 2 * gates * hidden) if b is None else b
        functions = functions_of(attributes, default, directions)
        isPlain = (p is None and "activations" not in attributes and "clip" not in attributes
                   and not attributes.get("input_forget", 0)
                   and (op != "GRU" or attributes.get("linear_before_reset", 0)))
        p = x.new_zeros(directions, 3 * hidden) if p is None else p
        results = []
        for d in range(directions):
            isBackward = d == 1 or attributes.get("direction") == b"reverse"
            at = x.flip(0) if isBackward else x
            own = (w[d], r[d], b[d], h[d], c[d])
            y, *last = (by_torch(op, at, *own) if isPlain
                        else by_steps(op, attributes, functions[d], at, *own, p[d]))
            results.append([y.flip(0) if isBackward else y, *last])
        y, *last = [torch.stack(parts) for parts in zip(*results)]  # (D, T, N, H), (D, N, H)
        y = y.permute(2, 1, 0, 3) if isBatchFirst else y.transpose(0, 1)
        return (y, *map(swap, last))
    return run


def run_loss(function):
    def run(attributes, x, labels, weights=None):
        return function(x, labels, None if weights is None else weights.to(x.dtype),
                        ignore_index=attributes.get("ignore_index", -100),
                        reduction=attributes.get("reduction", b"mean").decode())
    return run


def ignored_label(graph):
    """The label that the loss of a graph leaves out, unless it is PyTorch's default."""
    labels = [a.i for a in graph.node[-1].attribute if a.name == "ignore_index" and a.i != -100]
    return labels[0] if labels else None


def broadcast(function):
    """A function of two tensors, as operator sets before 7 broadcast them too."""
    def run(attributes, a, b):
        if "axis" in attributes:
            b = b.reshape(b.shape + (1,) * (a.dim() - attributes["axis"] - b.dim()))
        return function(a, b)
    return run


def run_clip(attributes, x, low=None, high=None):
    low = attributes.get("min") if low is None else low
    high = attributes.get("max") if high is None else high
    return x.clamp(None if low is None else float(low), None if high is None else float(high))


def run_shrink(attributes, x):
    bound, bias = attributes.get("lambd", 0.5), attributes.get("bias", 0.0)
    return torch.where(x < -bound, x + bias, torch.where(x > bound, x - bias, 0 * x))


def run_prelu(_, x, slope):
    return torch.where(x > 0, x, slope * x)


def run_threshold(attributes, x):
    return functional.threshold(x, attributes.get("alpha", 1.0), 0.0)


def run_hard_sigmoid(attributes, x):
    return (attributes.get("alpha", 0.2) * x + attributes.get("beta", 0.5)).clamp(0, 1)


def from_front(indices, size):
    return torch.where(indices < 0, indices + size, indices)


def run_gather_nd(attributes, x, indices):
    if attributes.get("batch_dims", 0):
        attributes = {**attributes, "batch_dims": attributes["batch_dims"] - 1}
        return torch.stack([run_gather_nd(attributes, *pair) for pair in zip(x, indices)])
    return x[tuple(indices.unbind(-1))]


def run_scatter_elements(attributes, x, indices, updates):
    axis = attributes.get("axis", 0)
    indices = from_front(indices, x.shape[axis])
    if attributes.get("reduction", b"none") == b"add":
        return x.scatter_add(axis, indices, updates)
    return x.scatter(axis, indices, updates)


def run_scatter_nd(attributes, x, indices, updates):
    return x.index_put(tuple(indices.unbind(-1)), updates,
                       attributes.get("reduction", b"none") == b"add")


def run_cumsum(attributes, x, axis):
    axis = int(axis)
    if attributes.get("reverse", 0):
        x = x.flip(axis)
    y = x.cumsum(axis)
    y = y - x if attributes.get("exclusive", 0) else y
    return y.flip(axis) if attributes.get("reverse", 0) else y


def run_trilu(attributes, x, diagonal=None):
    k = 0 if diagonal is None else int(diagonal)
    return x.triu(k) if attributes.get("upper", 1) else x.tril(k)


def run_arg(sign):
    def run(attributes, x):
        axis, x = attributes.get("axis", 0), sign * x
        last = attributes.get("select_last_index", 0)
        index = (x.flip(axis) if last else x).max(axis, keepdim=True).indices
        index = x.shape[axis] - 1 - index if last else index
        return index if attributes.get("keepdims", 1) else index.squeeze(axis)
    return run


def quantization_of(attributes, x, scale, zero):
    """Scale and zero point in FP64, and the least and largest number of the type."""
    limits = torch.iinfo(torch.uint8 if zero is None else zero.dtype)
    shape = [1] * x.dim()
    if scale.numel() > 1:
        shape[attributes.get("axis", 1)] = -1
    zero = torch.zeros_like(scale) if zero is None else zero
    return scale.double().reshape(shape), zero.double().reshape(shape), limits.min, limits.max


def run_quantize(attributes, x, scale, zero=None):
    """Rounding passes the gradient on, clipping does not."""
    scale, zero, least, most = quantization_of(attributes, x, scale, zero)
    x = x / scale
    return (x + (x.round() - x).detach() + zero).clamp(least, most)


def run_dequantize(attributes, x, scale, zero=None):
    scale, zero, _, _ = quantization_of(attributes, x, scale, zero)
    return (x - zero) * scale


def run_cast(attributes, x):
    kind = attributes["to"]
    if kind in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE):
        return x.double()
    return x != 0 if kind == onnx.TensorProto.BOOL else x.long()


def total(*tensors):
    return functools.reduce(torch.add, tensors)


# Operators computed element by element.
ELEMENTWISE = {
    "Equal": lambda _, a, b: a == b,
    "Abs": lambda _, x: x.abs(),
    "Add": broadcast(torch.add),
    "And": lambda _, a, b: a & b,
    "Ceil": lambda _, x: x.ceil(),
    "Celu": lambda attributes, x: functional.celu(x, attributes.get("alpha", 1.0)),
    "Clip": run_clip,
    "Div": broadcast(torch.div),
    "Elu": lambda attributes, x: functional.elu(x, attributes.get("alpha", 1.0)),
    "Erf": lambda _, x: x.erf(),
    "Exp": lambda _, x: x.exp(),
    "BiasGelu": lambda _, x, bias: functional.gelu(x + bias),
    "FastGelu": lambda _, x, bias=0: functional.gelu(x + bias, approximate="tanh"),
    "Gelu": lambda attributes, x: functional.gelu(
        x, approximate=attributes.get("approximate", b"none").decode()),
    "QuickGelu": lambda attributes, x: x * torch.sigmoid(attributes.get("alpha", 1.702) * x),
    "Floor": lambda _, x: x.floor(),
    "Greater": lambda _, a, b: a > b,
    "GreaterOrEqual": lambda _, a, b: a >= b,
    "HardSigmoid": run_hard_sigmoid,
    "HardSwish": lambda _, x: functional.hardswish(x),
    "LeakyRelu": lambda attributes, x: functional.leaky_relu(x, attributes.get("alpha", 0.01)),
    "Less": lambda _, a, b: a < b,
    "LessOrEqual": lambda _, a, b: a <= b,
    "Log": lambda _, x: x.log(),
    "Max": lambda _, a, b: torch.maximum(a, b),
    "Mean": lambda _, *xs: total(*xs) / len(xs),
    "Min": lambda _, a, b: torch.minimum(a, b),
    "Mish": lambda _, x: functional.mish(x),
    "Mul": broadcast(torch.mul),
    "Neg": lambda _, x: -x,
    "Not": lambda _, x: ~x,
    "Or": lambda _, a, b: a | b,
    "PRelu": run_prelu,
    "Pow": broadcast(torch.pow),
    "Reciprocal": lambda _, x: x.reciprocal(),
    "Relu": lambda _, x: functional.relu(x),
    "Round": lambda _, x: x.round(),
    "Selu": lambda _, x: functional.selu(x),
    "Shrink": run_shrink,
    "Sigmoid": lambda _, x: x.sigmoid(),
    "Sign": lambda _, x: x.sign(),
    "Softplus": lambda _, x: functional.softplus(x),
    "Softsign": lambda _, x: functional.softsign(x),
    "Sqrt": lambda _, x: x.sqrt(),
    "Sub": broadcast(torch.sub),
    "Sum": lambda _, *xs: total(*xs),
    "Swish": lambda attributes, x: x * torch.sigmoid(attributes.get("alpha", 1.0) * x),
    "Tanh": lambda _, x: x.tanh(),
    "ThresholdedRelu": run_threshold,
    "Where": lambda _, cond, a, b: torch.where(cond, a, b),
    "Xor": lambda _, a, b: a ^ b,
}

OPERATORS = {
    **ELEMENTWISE,
    "Conv": run_conv,
    "BatchNormalization": run_batch_norm,
    "InstanceNormalization": lambda attributes, x, scale, bias: functional.instance_norm(
        x, weight=scale, bias=bias, eps=attributes.get("epsilon", 1e-5)),
    "ReduceMean": run_reduce(torch.mean),
    "ReduceSum": run_reduce(torch.sum),
    "ReduceL1": run_reduce(lambda x, *axes, **keep: x.abs().sum(*axes, **keep)),
    "ReduceL2": run_reduce(lambda x, *axes, **keep: x.square().sum(*axes, **keep).sqrt()),
    "ReduceSumSquare": run_reduce(lambda x, *axes, **keep: x.square().sum(*axes, **keep)),
    "ReduceLogSum": run_reduce(lambda x, *axes, **keep: x.sum(*axes, **keep).log()),
    "ReduceLogSumExp": run_reduce(torch.logsumexp),
    "ReduceMax": run_reduce(torch.amax),
    "ReduceMin": run_reduce(torch.amin),
    "ReduceProd": run_reduce(run_prod),
    "LayerNormalization": run_layer_norm,
    "LpNormalization": lambda attributes, x: functional.normalize(
        x, attributes.get("p", 2), attributes.get("axis", -1)),
    "RMSNormalization": run_rms_norm,
    "SimplifiedLayerNormalization": run_rms_norm,
    "SkipLayerNormalization": run_skip(run_layer_norm, True),
    "SkipSimplifiedLayerNormalization": run_skip(run_rms_norm, False),
    "GroupNormalization": run_group_norm,
    "MeanVarianceNormalization": run_mean_variance,
    "Expand": lambda _, x, shape: x.broadcast_to(torch.broadcast_shapes(x.shape, shape.tolist())),
    "Tile": lambda _, x, repeats: x.repeat(repeats.tolist()),
    "Resize": run_resize,
    "Upsample": lambda attributes, *inputs: run_resize(
        {**attributes, "coordinate_transformation_mode": b"asymmetric"}, *inputs),
    "ConvTranspose": run_conv_transpose,
    "MaxPool": run_max_pool,
    "MaxUnpool": run_max_unpool,
    "AveragePool": run_avg_pool,
    "GlobalMaxPool": lambda _, x: x.amax(tuple(range(2, x.dim())), keepdim=True),
    "GlobalAveragePool": lambda _, x: x.mean(tuple(range(2, x.dim())), keepdim=True),
    "Flatten": lambda attributes, x: x.flatten(attributes.get("axis", 1)),
    "Reshape": run_reshape,
    "Pad": run_pad,
    "Slice": run_slice,
    "Split": run_split,
    "Gather": run_gather,
    "GatherElements": lambda attributes, x, indices: x.gather(
        attributes.get("axis", 0), from_front(indices, x.shape[attributes.get("axis", 0)])),
    "GatherND": run_gather_nd,
    "ScatterElements": run_scatter_elements,
    "ScatterND": run_scatter_nd,
    "Einsum": lambda attributes, *xs: torch.einsum(attributes["equation"].decode(), *xs),
    "CumSum": run_cumsum,
    "Trilu": run_trilu,
    "ArgMax": run_arg(1),
    "ArgMin": run_arg(-1),
    "QuantizeLinear": run_quantize,
    "DequantizeLinear": run_dequantize,
    "Concat": lambda attributes, *parts: torch.cat(parts, attributes["axis"]),
    "Transpose": lambda attributes, x: x.permute(attributes["perm"]),
    "DepthToSpace": run_depth_to_space,
    "SpaceToDepth": run_space_to_depth,
    "Squeeze": run_squeeze,
    "Unsqueeze": run_unsqueeze,
    "Identity": lambda _, x: x,
    # the shape arithmetic that PyTorch writes before a Pad
    "Shape": lambda _, x: torch.tensor(x.shape),
    "Cast": run_cast,
    "ConstantOfShape": lambda attributes, shape: torch.full(
        shape.tolist(), int(from_onnx(attributes["value"])), dtype=torch.int64),
    "Gemm": run_gemm,
    "LRN": run_lrn,
    **{op: run_recurrent(op) for op in RECURRENT},
    "MatMul": lambda _, a, b: a @ b,
    "Softmax": lambda attributes, x: functional.softmax(x, attributes.get("axis", -1)),
    "LogSoftmax": lambda attributes, x: functional.log_softmax(x, attributes.get("axis", -1)),
    "Constant": lambda attributes: from_onnx(attributes["value"]),
    "SoftmaxCrossEntropyLoss": run_loss(functional.cross_entropy),
    "NegativeLogLikelihoodLoss": run_loss(functional.nll_loss),
}


def trains(node):
    """Whether a node normalises by the batch: each version of ONNX says it otherwise."""
    modes = [a.i for a in node.attribute if a.name == "training_mode"]
    return node.op_type == "BatchNormalization" and (bool(modes[0]) if modes
                                                     else len(node.output) > 1)


def evaluate(graph, values, running=None):
    """Runs the nodes in order on `values` (name -> tensor), which it extends;
    with `running`, the values of a step, by its running statistics."""
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        attributes["training"] = trains(node) and running is None
        inputs = [values[name] if name else None for name in node.input]
        if trains(node) and running is not None:
            inputs[3:] = [running[name] for name in node.output[1:3]]
        results = OPERATORS[node.op_type](attributes, *inputs)
        for name, result in zip(node.output, results if isinstance(results, tuple) else [results]):
            values[name] = result
    return values[graph.output[0].name]


def as_json(tensor):
    data = tensor.detach().numpy().astype(np.float32)
    # the shortest decimal that reads back as the same FP32 number
    return {"shape": list(data.shape), "data": [float(str(v)) for v in data.ravel()]}


def parameters_of(values):
    """Names of the initializers that are trained."""
    return [key for key, value in values.items()
            if value.is_floating_point() and not key.startswith("constant")
            and (value.numel() > 1 or key == "slope")]


def gradients(name, model):
    graph = model.graph
    random = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    values = {t.name: from_onnx(t) for t in graph.initializer}
    parameters = {key: values[key].double().requires_grad_() for key in parameters_of(values)}
    values.update(parameters)
    image = graph.input[0]
    shape = [d.dim_value or SYMBOLIC_BATCH for d in image.type.tensor_type.shape.dim]
    pixels = random.randint(-64, 65, shape) / 64.0  # exact in FP16 too
    values[image.name] = torch.from_numpy(pixels)
    result = {"model": name, "inputs": {image.name: as_json(values[image.name])}}
    labels = None
    second = graph.input[1] if len(graph.input) == 2 else None  # then the graph carries its loss
    if second and second.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
        shape = [d.dim_value for d in second.type.tensor_type.shape.dim]
        values[second.name] = torch.from_numpy(random.randint(-64, 65, shape) / 64.0)
        result["inputs"][second.name] = as_json(values[second.name])
        loss = evaluate(graph, values)
        logits = values[graph.output[1].name]
    elif second:
        places = [d.dim_value for d in second.type.tensor_type.shape.dim[1:]]
        labels = torch.from_numpy(random.randint(0, 5, [shape[0]] + places))
        if ignored_label(graph) is not None:
            labels[torch.from_numpy(random.rand(*labels.shape) < 0.3)] = ignored_label(graph)
        values[second.name] = labels
        loss = evaluate(graph, values)
        logits = values[graph.node[-1].input[0]]
    else:
        logits = evaluate(graph, values)
        labels = torch.from_numpy(random.randint(0, logits.shape[1], shape[0]))
        loss = functional.cross_entropy(logits, labels)
    loss.backward()
    result.update({} if labels is None else {"labels": labels.tolist()})
    result.update(logits=as_json(logits), loss=as_json(loss)["data"][0])
    result["gradients"] = {key: as_json(p.grad) for key, p in parameters.items()
                           if p.grad is not None and p.numel() <= LARGEST}
    if any(trains(node) for node in graph.node):
        result["eval"] = as_json(evaluate(graph, dict(values), running=values))
    return result


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="write autograd's gradients of the test models")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "data" / "gradients")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    paths = sorted((root / "test" / "models" / "ops").glob("*.onnx*"))
    for path in paths:
        model = (onnx_parser.parse_model(path.read_text()) if path.suffix == ".onnxtxt"
                 else onnx.load(str(path)))
        if any(node.op_type == "Dropout" for node in model.graph.node):
            continue  # the mask is ours
        result = gradients(path.name, model)
        lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in result.items()]
        (out / f"{path.stem}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{out}: {len(paths)} files")


if __name__ == "__main__":
    main()
