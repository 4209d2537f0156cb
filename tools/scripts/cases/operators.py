# ===- operators.py - operators that put tensors together -------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Einsum, integers that a step computes, linear Resize, CumSum and Trilu,
# gathers and scatters, quantization-aware training.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(2)


def numbers(*shape):
    return RANDOM.standard_normal((SAMPLES, *shape)).astype(np.float32)


def integers(high, *shape):
    return RANDOM.integers(0, high, (SAMPLES, *shape))


class Layers(nn.Module):
    """`body(self, *inputs)` with parts by name."""

    def __init__(self, body, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.body = body

    def forward(self, *inputs):
        return self.body(self, *inputs)


def classes(name, why, body, make, inputs, **keys):
    """A case of three classes under a loss that a flag adds."""
    return Case(name, why, lambda: Layers(body, **make()), inputs, {"labels": integers(3)},
                lambda logits, labels: functional.cross_entropy(logits, labels),
                {"flags": ["--loss=softmax-cross-entropy"]}, **keys)


def heads(self, x):
    """Attention of two heads."""
    q, k, v = self.qkv(x).reshape(-1, 5, 3, 2, 4).unbind(2)
    weights = functional.softmax(torch.einsum("bihd,bjhd->bhij", q, k) * 0.5, -1)
    return self.fc(torch.einsum("bhij,bjhd->bihd", weights, v).reshape(-1, 40))


def bilinear(self, x):
    """Three operands, one of them twice."""
    h = torch.tanh(self.inner(x))
    return torch.einsum("bi,oij,bj->bo", h, self.core, h) + self.fc(h)


def tokens(self, ids):
    """Padding found by comparison; the mean over what is left."""
    mask = (ids != 0).to(torch.float32).unsqueeze(-1)
    total = (self.table(ids) * mask).sum(1)
    return self.fc(total / mask.sum(1).clamp(min=1))


def lengths(self, x, length):
    """Rows beyond each sample's length are hidden with FP32's least number."""
    h = torch.tanh(self.inner(x))
    hidden = torch.arange(6) >= 2 * length.unsqueeze(1) + 1
    scores = self.score(h).squeeze(-1).masked_fill(hidden, torch.finfo(torch.float32).min)
    return self.fc((functional.softmax(scores, -1).unsqueeze(-1) * h).sum(1))


def positions(self, ids):
    """Places counted from the padding, as RoBERTa has them."""
    mask = (ids != 1).to(torch.int32)
    place = (torch.cumsum(mask, 1).to(torch.int32) * mask).long() + 1
    return self.fc(torch.tanh(self.table(ids) + self.places(place)).mean(1))


def shifted(self, ids):
    """Each token predicts the next one: inputs and labels are slices of one tensor of integers."""
    h = torch.tanh(self.table(ids[:, :-1]))
    logits = self.fc(torch.cumsum(h, 1))
    return functional.cross_entropy(logits.reshape(-1, 9), ids[:, 1:].reshape(-1))


def causal(self, x):
    q, k = self.qk(x).chunk(2, -1)
    scores = torch.tril(torch.matmul(q, k.transpose(1, 2))) + self.hidden
    return self.fc(torch.matmul(functional.softmax(scores, -1), x).mean(1))


def running(self, x):
    """A running mean along a sequence."""
    h = torch.tanh(self.inner(x))
    return self.fc((torch.cumsum(h, 1) / self.counts).reshape(-1, 48))


def likelihood(self, x, labels):
    rows = functional.log_softmax(self.fc(torch.tanh(self.inner(x))), 1)
    return -rows.gather(1, labels.unsqueeze(1)).mean()


def written(self, x):
    """Two columns of an image are overwritten, a block is added to."""
    h = self.conv(x)
    h = h.clone()
    h[:, :, :, [0, 3]] = self.column.expand(h.shape[0], -1, -1, -1)
    h[:, 1:3, 2:] += self.block
    return self.fc(torch.relu(h).flatten(1))


def segments(self, x, groups):
    """Rows of a sequence summed by group, as in a graph network."""
    h = torch.tanh(self.inner(x))
    index = groups.unsqueeze(-1).expand(-1, -1, 8)
    sums = torch.zeros(4, 3, 8).scatter_add(1, index, h)
    return self.fc(torch.relu(sums).flatten(1))


def fake(x, scale, zero, least, most):
    return torch.fake_quantize_per_tensor_affine(x, scale, zero, least, most)


def quantized(self, x):
    """Activations of 8 bits with a zero point, weights of 8 bits a row."""
    weight = torch.fake_quantize_per_channel_affine(self.inner.weight, self.scales, self.zeros, 0,
                                                    -128, 127)
    h = functional.relu(functional.linear(fake(x, 0.03, 110, 0, 255), weight, self.inner.bias))
    return self.fc(fake(h, 0.008, 0, 0, 255))


def quantized_image(self, x):
    h = functional.max_pool2d(fake(self.conv(x), 0.01, 0, -128, 127), 2)
    return self.fc(torch.relu(h).flatten(1))


class Buffers(nn.Module):
    def __init__(self, body, parts, **buffers):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        for name, buffer in buffers.items():
            self.register_buffer(name, buffer)
        self.body = body

    def forward(self, *inputs):
        return self.body(self, *inputs)


def images(name, why, *resize, width, **how):
    """A convolution, interpolation, and a dense layer."""
    return classes(name, why, lambda self, x: self.fc(
        functional.interpolate(torch.relu(self.conv(x)), *resize, **how).flatten(1)),
                   lambda: {"conv": nn.Conv2d(2, 2, 3, padding=1), "fc": nn.Linear(2 * width, 3)},
                   {"x": numbers(2, 6, 5)})


def labelled(name, why, body, make, inputs):
    """A case that brings its loss and its labels."""
    return Case(name, why, lambda: Layers(body, **make()), inputs, expect={})


CASES = [
    classes("einsum_heads", "Einsum with two batch indices, one on each side of the rows", heads,
            lambda: {"qkv": nn.Linear(6, 24), "fc": nn.Linear(40, 3)}, {"x": numbers(5, 6)}),
    classes("einsum_bilinear", "Einsum of three operands, one of them a parameter", bilinear,
            lambda: {"inner": nn.Linear(6, 4), "core": nn.Parameter(torch.randn(3, 4, 4) * 0.3),
                     "fc": nn.Linear(4, 3)}, {"x": numbers(6)}),
    classes("integer_tokens", "token numbers are compared with the padding's and looked up",
            tokens, lambda: {"table": nn.Embedding(9, 6), "fc": nn.Linear(6, 3)},
            {"ids": integers(9, 7)}),
    classes("integer_lengths", "lengths compared with positions, masked_fill with finfo.min",
            lengths, lambda: {"inner": nn.Linear(4, 6), "score": nn.Linear(6, 1),
                              "fc": nn.Linear(6, 3)},
            {"x": numbers(6, 4), "length": integers(3)}),
    classes("integer_positions", "positions counted at run time, which look rows up", positions,
            lambda: {"table": nn.Embedding(9, 6), "places": nn.Embedding(9, 6),
                     "fc": nn.Linear(6, 3)}, {"ids": integers(9, 6)}),
    images("resize_align_corners", "bilinear with aligned corners, a factor that is no integer",
           (9, 7), mode="bilinear", align_corners=True, width=63),
    images("resize_smaller", "bilinear to fewer pixels", (4, 3), mode="bilinear",
           align_corners=False, width=12),
    images("resize_bicubic", "bicubic", (8, 10), mode="bicubic", align_corners=False,
           width=80),
    Case("trilu_causal", "tril of scores at run time",
         lambda: Buffers(causal, {"qk": nn.Linear(4, 8), "fc": nn.Linear(4, 3)},
                         hidden=torch.triu(torch.full((5, 5), -1e4), 1)),
         {"x": numbers(5, 4)}, {"labels": integers(3)},
         lambda logits, labels: functional.cross_entropy(logits, labels),
         {"flags": ["--loss=softmax-cross-entropy"]}, opset=14),
    Case("cumsum_mean", "running means by CumSum",
         lambda: Buffers(running, {"inner": nn.Linear(4, 8), "fc": nn.Linear(48, 3)},
                         counts=torch.arange(1.0, 7).reshape(1, 6, 1)),
         {"x": numbers(6, 4)}, {"labels": integers(3)},
         lambda logits, labels: functional.cross_entropy(logits, labels),
         {"flags": ["--loss=softmax-cross-entropy"]}),
    labelled("gather_likelihood", "log_probs.gather(1, labels), a loss written out", likelihood,
             lambda: {"inner": nn.Linear(6, 8), "fc": nn.Linear(8, 5)},
             {"x": numbers(6), "labels": integers(5)}),
    classes("scatter_written", "x[:, places] = v and x[:, a:b] += v", written,
            lambda: {"conv": nn.Conv2d(2, 3, 3, padding=1),
                     "column": nn.Parameter(torch.randn(3, 4, 2) * 0.3),
                     "block": nn.Parameter(torch.randn(2, 2, 4) * 0.3), "fc": nn.Linear(48, 3)},
            {"x": numbers(2, 4, 4)}),
    classes("scatter_segments", "scatter_add by groups that are an input", segments,
            lambda: {"inner": nn.Linear(4, 8), "fc": nn.Linear(24, 3)},
            {"x": numbers(5, 4), "groups": integers(3, 5)}, opset=16),
    Case("quantize_dense", "fake quantization of activations and of weights by row",
         lambda: Buffers(quantized, {"inner": nn.Linear(6, 8), "fc": nn.Linear(8, 3)},
                         scales=torch.linspace(0.002, 0.004, 8),
                         zeros=torch.zeros(8, dtype=torch.int32)),
         {"x": numbers(6)}, {"labels": integers(3)},
         lambda logits, labels: functional.cross_entropy(logits, labels),
         {"flags": ["--loss=softmax-cross-entropy"]}),
    classes("quantize_pool", "fake quantization, and a pool between quantized numbers",
            quantized_image, lambda: {"conv": nn.Conv2d(2, 4, 3, padding=1),
                                      "fc": nn.Linear(16, 3)}, {"x": numbers(2, 4, 4)}),
    labelled("integer_shifted", "the tokens of a language model, sliced into inputs and labels",
             shifted, lambda: {"table": nn.Embedding(9, 6), "fc": nn.Linear(6, 9)},
             {"ids": integers(9, 6)}),
]
