#!/usr/bin/python3
# ===- export-test-models.py - small ONNX files for the tests --------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/ops/*.onnx (one supported feature each), and
# test/models/ops/mid-*.onnx (layers larger than a core's scratchpad). What
# PyTorch can express is exported by torch.onnx.export, as a user would do it;
# the rest is built node by node with onnx.helper. All weights are seeded by the
# model's name; the files are committed, and a second run makes the same bytes.
#
# make-gradients.py computes what PyTorch's autograd says about these files.
# Needs python3-torch and python3-onnx.
#
# ===-----------------------------------------------------------------------===#
import argparse
import collections
import pathlib
import zlib

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper, parser as onnx_parser
from torch import nn
from torch.nn import functional

OPSET = 13


def seed_of(name):
    return zlib.crc32(name.encode())


# --- exported by PyTorch ------------------------------------------------------


def classifier(body, features, classes=5):
    """`body` and the dense layer that makes logits of it."""
    return nn.Sequential(collections.OrderedDict(
        body=body, flatten=nn.Flatten(), fc=nn.Linear(features, classes)))


class Residual(nn.Module):
    """relu(conv(x) + shortcut(x)), averaged, then a dense layer."""

    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        same = stride == 1 and channels_in == channels_out
        self.shortcut = None if same else nn.Conv2d(channels_in, channels_out, 1, stride=stride,
                                                    bias=False)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels_out, 4)

    def forward(self, image):
        inner = self.conv2(functional.relu(self.conv1(image)))
        outer = image if self.shortcut is None else self.shortcut(image)
        return self.fc(torch.flatten(self.pool(functional.relu(inner + outer)), 1))


class Reshaped(nn.Module):
    """Uses a Reshape with a constant shape that names all extents, or -1."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.conv = nn.Conv2d(2, 3, 3, padding=1)
        self.fc = nn.Linear(48, 4)

    def forward(self, image):
        return self.fc(functional.relu(self.conv(image)).reshape(self.shape))


class MatMulLayers(nn.Module):
    """x @ W (+ b): exported as MatMul and Add, not Gemm."""

    def __init__(self, bias):
        super().__init__()
        self.weight1 = nn.Parameter(torch.randn(12, 9) * 0.3)
        self.weight2 = nn.Parameter(torch.randn(9, 4) * 0.3)
        self.bias1 = nn.Parameter(torch.randn(9) * 0.1) if bias else None
        self.bias2 = nn.Parameter(torch.randn(4) * 0.1) if bias else None

    def forward(self, image):
        hidden = image @ self.weight1
        hidden = functional.relu(hidden if self.bias1 is None else hidden + self.bias1)
        logits = hidden @ self.weight2
        return logits if self.bias2 is None else logits + self.bias2


class SharedWeight(nn.Module):
    """One weight used by two convolutions: its gradient is a sum of two."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(64, 4)

    def forward(self, image):
        hidden = functional.relu(self.conv(image))
        return self.fc(torch.flatten(functional.relu(self.conv(hidden)), 1))


class WithLoss(nn.Module):
    """A graph that carries its own SoftmaxCrossEntropyLoss."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 5))

    def forward(self, image, labels):
        return functional.cross_entropy(self.net(image), labels)


class Moved(nn.Module):
    """A convolution, `move` on what it makes, then a dense layer."""

    def __init__(self, features, move, channels=4):
        super().__init__()
        self.conv = nn.Conv2d(2, channels, 3, padding=1)
        self.move = move
        self.fc = nn.Linear(features, 4)

    def forward(self, image):
        return self.fc(torch.flatten(self.move(functional.relu(self.conv(image))), 1))


class TransposedWeight(nn.Module):
    """x @ W.t(), once with W read elsewhere too."""

    def __init__(self):
        super().__init__()
        self.weight1 = nn.Parameter(torch.randn(9, 12) * 0.3)
        self.weight2 = nn.Parameter(torch.randn(9, 9) * 0.3)
        self.fc = nn.Linear(9, 4)

    def forward(self, image):
        hidden = functional.relu(image @ self.weight1.t())
        return self.fc(hidden @ self.weight2.t() + hidden @ self.weight2)


def conv(*args, **kwargs):
    return nn.Sequential(nn.Conv2d(*args, **kwargs), nn.ReLU())


def small_cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 6, 3, padding=1), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(54, 5))


# name -> (module maker, input shape). The first extent is the batch.
TORCH_MODELS = {
    "conv-basic": (lambda: classifier(conv(2, 4, 3), 64), (2, 2, 6, 6)),
    "conv-logits": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()), (2, 3, 4, 4)),
    "conv-no-bias": (lambda: classifier(conv(2, 4, 3, padding=1, bias=False), 100), (2, 2, 5, 5)),
    "conv-1x1": (lambda: classifier(conv(5, 6, 1), 54), (3, 5, 3, 3)),
    "conv-1x1-stride2": (lambda: classifier(conv(5, 6, 1, stride=2), 54), (2, 5, 5, 5)),
    "conv-5x5": (lambda: classifier(conv(2, 4, 5, padding=2), 100), (2, 2, 5, 5)),
    "conv-stride2": (lambda: classifier(conv(3, 4, 3, stride=2, padding=1), 64), (2, 3, 8, 8)),
    "conv-stride2-odd": (lambda: classifier(conv(3, 4, 3, stride=2), 36), (2, 3, 7, 8)),
    "conv-stride3-5x5": (lambda: classifier(conv(2, 4, 5, stride=3, padding=1), 36), (2, 2, 9, 10)),
    "conv-stride-rect": (lambda: classifier(
        conv(2, 3, (3, 1), stride=(2, 1), padding=(1, 0)), 60), (2, 2, 7, 5)),
    "conv-dilation2": (lambda: classifier(conv(2, 4, 3, padding=2, dilation=2), 144), (2, 2, 6, 6)),
    "conv-dilation2-stride2": (lambda: classifier(
        conv(2, 4, 3, stride=2, padding=2, dilation=2), 64), (2, 2, 8, 8)),
    "conv-group2": (lambda: classifier(conv(4, 6, 3, padding=1, groups=2), 96), (2, 4, 4, 4)),
    "conv-group2-stride2": (lambda: classifier(
        conv(6, 4, 3, stride=2, padding=1, groups=2), 36), (2, 6, 6, 6)),
    "conv-depthwise": (lambda: classifier(
        nn.Sequential(nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.ReLU(), nn.Conv2d(6, 4, 1)), 64),
        (2, 6, 4, 4)),
    "conv-depthwise-x2": (lambda: classifier(conv(3, 6, 3, padding=1, groups=3), 96), (2, 3, 4, 4)),
    # 11 and 13 are no multiples of the channel block of 8
    "conv-channels-odd": (lambda: classifier(
        nn.Sequential(conv(3, 11, 3, padding=1), conv(11, 13, 3)), 52), (2, 3, 4, 4)),
    "max-pool": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(2)), 36), (2, 2, 6, 6)),
    "max-pool-k3-s2-p1": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(3, 2, 1)), 64), (2, 2, 7, 8)),
    "max-pool-uncovered": (lambda: classifier(  # the last row and column are in no window
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(2)), 36), (2, 2, 7, 7)),
    "avg-pool-exclude-pad": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1),
                      nn.AvgPool2d(3, 2, 1, count_include_pad=False)), 36), (2, 2, 6, 6)),
    "avg-pool-rect": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1),
                      nn.AvgPool2d((2, 3), (2, 1), count_include_pad=False)), 48), (2, 2, 6, 6)),
    # PyTorch writes nn.AvgPool2d with its default, count_include_pad=True, as a Pad of
    # zeros and an AveragePool without pads, even when there is nothing to pad.
    "avg-pool-torch": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.AvgPool2d(2)), 36), (2, 2, 6, 6)),
    "avg-pool-torch-pad": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.AvgPool2d(3, 2, 1)), 36), (2, 2, 6, 6)),
    "global-avg-pool": (lambda: classifier(
        nn.Sequential(conv(2, 6, 3, padding=1), nn.AdaptiveAvgPool2d(1)), 6), (2, 2, 5, 7)),
    "global-max-pool": (lambda: classifier(
        nn.Sequential(conv(2, 6, 3, padding=1), nn.AdaptiveMaxPool2d(1)), 6), (2, 2, 5, 7)),
    "conv-1d": (lambda: classifier(
        nn.Sequential(nn.Conv1d(3, 5, 3, stride=2, padding=1), nn.ReLU(),
                      nn.Conv1d(5, 4, 3, dilation=2)), 12), (2, 3, 13)),
    "conv-transpose": (lambda: classifier(
        nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1), 144), (2, 3, 3, 3)),
    "conv-transpose-1d": (lambda: classifier(
        nn.Sequential(nn.Conv1d(2, 3, 3), nn.ConvTranspose1d(3, 4, 4, stride=3)), 52), (2, 2, 6)),
    "conv-transpose-group-dilation": (lambda: classifier(nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ConvTranspose2d(4, 6, (3, 2), stride=(3, 1), padding=(1, 0),
                                               output_padding=(2, 0), groups=2, dilation=(1, 2),
                                               bias=False)), 270), (2, 2, 5, 5)),
    "max-pool-1d": (lambda: classifier(
        nn.Sequential(nn.Conv1d(2, 4, 3), nn.MaxPool1d(3, 2, 1)), 16), (2, 2, 9)),
    "max-pool-ceil": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(3, 2, 1, ceil_mode=True)), 80),
        (2, 2, 8, 7)),
    "max-pool-dilation": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(2, (2, 1), dilation=(2, 3))), 24),
        (2, 2, 6, 6)),
    "max-pool-large-kernel": (lambda: classifier(  # an index of 8 bits is not enough
        nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d((17, 16), 1)), 4), (2, 1, 18, 16)),
    "avg-pool-1d": (lambda: classifier(
        nn.Sequential(nn.Conv1d(2, 4, 3), nn.AvgPool1d(2)), 16), (2, 2, 10)),
    "avg-pool-ceil": (lambda: classifier(
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1),
                      nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False)), 80),
        (2, 2, 8, 7)),
    "residual-add": (lambda: Residual(4, 4, 1), (2, 4, 5, 5)),
    "residual-downsample": (lambda: Residual(4, 8, 2), (2, 4, 6, 6)),
    "shared-weight": (SharedWeight, (2, 4, 4, 4)),
    "reshape": (lambda: Reshaped((2, 48)), (2, 2, 4, 4)),
    "reshape-infer": (lambda: Reshaped((2, -1)), (2, 2, 4, 4)),
    "gemm-trans-b": (lambda: nn.Sequential(
        nn.Linear(13, 11), nn.ReLU(), nn.Linear(11, 4)), (4, 13)),
    "matmul": (lambda: MatMulLayers(bias=False), (4, 12)),
    "matmul-add-bias": (lambda: MatMulLayers(bias=True), (4, 12)),
    "softmax-middle": (lambda: nn.Sequential(
        nn.Linear(7, 19), nn.Softmax(dim=1), nn.Linear(19, 4)), (4, 7)),
    # data movement
    "transpose": (lambda: Moved(120, lambda x: x.permute(0, 2, 3, 1)), (2, 2, 5, 6)),
    "transpose-images": (lambda: Moved(
        60, lambda x: x.permute(3, 1, 0, 2)[:, 1:].permute(2, 3, 0, 1)), (3, 2, 5, 4)),
    "transpose-weight": (TransposedWeight, (4, 12)),
    "concat": (lambda: Moved(180, lambda x: torch.cat((x, x[:, :1], x[:, 2:3]), 1)), (2, 2, 5, 6)),
    "concat-columns": (lambda: Moved(140, lambda x: torch.cat((x[..., 5:], x), 3)), (2, 2, 5, 6)),
    "slice": (lambda: Moved(36, lambda x: x[:, 1:, ::2, 1:-1]), (2, 2, 5, 6)),
    "slice-reverse": (lambda: Moved(120, lambda x: torch.flip(x, (1, 3))), (2, 2, 5, 6)),
    "split": (lambda: Moved(60, lambda x: torch.add(*x.split(2, 1))), (2, 2, 5, 6)),
    "pad-constant": (lambda: Moved(224, lambda x: functional.pad(x, (2, 0, 1, 1), value=0.5)),
                     (2, 2, 5, 6)),
    "pad-crop": (lambda: Moved(96, lambda x: functional.pad(x, (-1, 1, 0, -1))), (2, 2, 5, 6)),
    "pad-reflect": (lambda: Moved(288, lambda x: functional.pad(x, (2, 1, 1, 2), "reflect")),
                    (2, 2, 5, 6)),
    "pixel-shuffle": (lambda: Moved(120, nn.PixelShuffle(2)), (2, 2, 5, 6)),
    "pick-channels": (lambda: Moved(120, lambda x: x[:, [2, 0, 3, 1]]), (2, 2, 5, 6)),
    "squeeze": (lambda: Moved(120, lambda x: x.unsqueeze(2).squeeze(2)), (2, 2, 5, 6)),
    "cnn": (small_cnn, (3, 1, 6, 6)),
    # 3 -> 32 -> 64 channels on 32 x 32: neither weights nor activations of the
    # second layer fit into 16 KiB, in whatever format
    "mid-conv": (lambda: nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)), (2, 3, 32, 32)),
    "mid-dense": (lambda: nn.Sequential(
        nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10)), (4, 512)),
}


def export(path, module, arguments, names, symbolic=()):
    torch.onnx.export(
        module, arguments, str(path), training=torch.onnx.TrainingMode.TRAINING,
        do_constant_folding=False, opset_version=OPSET, input_names=names[:-1],
        output_names=names[-1:], dynamic_axes={name: {0: "batch"} for name in symbolic})


def export_torch_models(out):
    for name, (maker, shape) in TORCH_MODELS.items():
        torch.manual_seed(seed_of(name))
        export(out / f"{name}.onnx", maker(), torch.zeros(shape), ["image", "logits"])
    torch.manual_seed(seed_of("symbolic-batch"))
    export(out / "symbolic-batch.onnx", small_cnn(), torch.zeros(1, 1, 6, 6), ["image", "logits"],
           symbolic=["image", "logits"])
    torch.manual_seed(seed_of("loss-in-graph"))
    export(out / "loss-in-graph.onnx", WithLoss(),
           (torch.zeros(3, 2, 6, 6), torch.zeros(3, dtype=torch.int64)),
           ["image", "labels", "loss"])


# --- built node by node -------------------------------------------------------


class Graph:
    """Collects nodes and seeded initializers of a model that PyTorch does not
    export."""

    def __init__(self, name):
        self.name = name
        self.random = np.random.RandomState(seed_of(name) & 0x7FFFFFFF)
        self.nodes = []
        self.initializers = []

    def parameter(self, name, *shape):
        values = self.random.uniform(-0.4, 0.4, shape).astype(np.float32)
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def node(self, op, inputs, output, **attributes):
        """`output` may name several, with blanks between."""
        outputs = output.split()
        self.nodes.append(helper.make_node(op, inputs, outputs, name=f"{op}_{outputs[0]}",
                                           **attributes))
        return output

    def shape(self, name, *extents):
        self.initializers.append(numpy_helper.from_array(np.array(extents, np.int64), name))
        return name

    def model(self, image, logits):
        def value(name, shape):
            return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, self.name, [value("image", image)],
                                  [value("logits", logits)], self.initializers)
        return helper.make_model(graph, producer_name="export-test-models", ir_version=7,
                                 opset_imports=[helper.make_opsetid("", OPSET)])


def conv_asymmetric_pads(strides):
    graph = Graph(f"conv-asymmetric-pads-{strides}")
    weight, bias = graph.parameter("conv.weight", 4, 2, 3, 3), graph.parameter("conv.bias", 4)
    height, width = ((5 + 0 + 2 - 3) // strides + 1, (5 + 1 + 1 + 1 - 3) // strides + 1)
    graph.node("Conv", ["image", weight, bias], "hidden", kernel_shape=[3, 3],
               pads=[0, 1, 2, 2], strides=[strides, strides])
    graph.node("Relu", ["hidden"], "active")
    graph.node("Flatten", ["active"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 4 * height * width, 5)], "logits")
    return graph.model([2, 2, 5, 5], [2, 5])


def avg_pool_include_pad():
    """Windows of 3 x 3 with a border of 1 that counts as elements."""
    graph = Graph("avg-pool-include-pad")
    weight, bias = graph.parameter("conv.weight", 4, 2, 3, 3), graph.parameter("conv.bias", 4)
    graph.node("Conv", ["image", weight, bias], "hidden", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.node("AveragePool", ["hidden"], "pooled", kernel_shape=[3, 3], pads=[1, 1, 1, 1],
               strides=[2, 2], count_include_pad=1)
    graph.node("Flatten", ["pooled"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 36, 5)], "logits")
    return graph.model([2, 2, 6, 6], [2, 5])


def gemm(name, bias):
    """Weights as (K, M): no transposition, with or without C."""
    graph = Graph(name)
    inputs = ["image", graph.parameter("fc1.weight", 12, 9)]
    graph.node("Gemm", inputs + ([graph.parameter("fc1.bias", 9)] if bias else []), "hidden")
    graph.node("Relu", ["hidden"], "active")
    inputs = ["active", graph.parameter("fc2.weight", 9, 4)]
    graph.node("Gemm", inputs + ([graph.parameter("fc2.bias", 4)] if bias else []), "logits")
    return graph.model([4, 12], [4, 4])


def gemm_trans_b_no_c():
    graph = Graph("gemm-trans-b-no-c")
    graph.node("Gemm", ["image", graph.parameter("fc1.weight", 9, 12)], "hidden", transB=1)
    graph.node("Relu", ["hidden"], "active")
    graph.node("Gemm", ["active", graph.parameter("fc2.weight", 4, 9)], "logits", transB=1)
    return graph.model([4, 12], [4, 4])


def gemm_trans_a(bias):
    """hidden = W1^T image^T, logits = hidden^T W2: both transposed forms of A,
    once with a parameter, once with an activation."""
    graph = Graph("gemm-trans-a" if bias else "gemm-trans-a-no-c")
    weight = graph.parameter("fc1.weight", 12, 9)
    graph.node("Gemm", [weight, "image"], "hidden", transA=1, transB=1)
    graph.node("Relu", ["hidden"], "active")
    inputs = ["active", graph.parameter("fc2.weight", 9, 4)]
    graph.node("Gemm", inputs + ([graph.parameter("fc2.bias", 4)] if bias else []), "logits",
               transA=1)
    return graph.model([4, 12], [4, 4])


def flatten_axis():
    """Flatten with the default axis left out, and a second one that is an
    identity."""
    graph = Graph("flatten")
    graph.node("Flatten", ["image"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc1.weight", 18, 7)], "hidden")
    graph.node("Flatten", ["hidden"], "same", axis=1)
    graph.node("Gemm", ["same", graph.parameter("fc2.weight", 7, 4)], "logits")
    return graph.model([3, 2, 3, 3], [3, 4])


def reshape_back():
    """(N, 8) to (N, 2, 2, 2) for a convolution, 0 meaning "as in the input"."""
    graph = Graph("reshape-to-image")
    shape = numpy_helper.from_array(np.array([0, 2, 2, -1], np.int64), "shape")
    flat = numpy_helper.from_array(np.array([0, -1], np.int64), "flat_shape")
    graph.initializers += [shape, flat]
    graph.node("Gemm", ["image", graph.parameter("fc1.weight", 6, 8)], "hidden")
    graph.node("Reshape", ["hidden", "shape"], "picture")
    graph.node("Conv", ["picture", graph.parameter("conv.weight", 3, 2, 3, 3)], "filtered",
               kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.node("Reshape", ["filtered", "flat_shape"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc2.weight", 12, 4)], "logits")
    return graph.model([3, 6], [3, 4])


def conv_auto_pad():
    """ceil(7 / 2) = 4 rows padded by 1 and 1 or 0 and 1, then an even kernel whose
    odd row goes before, then no padding."""
    graph = Graph("conv-auto-pad")
    graph.node("Conv", ["image", graph.parameter("conv1.weight", 4, 2, 3, 4)], "upper",
               kernel_shape=[3, 4], strides=[2, 2], auto_pad="SAME_UPPER")
    graph.node("MaxPool", ["upper"], "pooled", kernel_shape=[2, 2], auto_pad="SAME_LOWER")
    graph.node("Conv", ["pooled", graph.parameter("conv2.weight", 3, 4, 2, 2)], "lower",
               kernel_shape=[2, 2], auto_pad="SAME_LOWER")
    graph.node("Conv", ["lower", graph.parameter("conv3.weight", 3, 3, 2, 2)], "valid",
               auto_pad="VALID")
    graph.node("Flatten", ["valid"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 27, 5)], "logits")
    return graph.model([2, 2, 7, 8], [2, 5])


def conv_transpose_auto_pad():
    """The result is twice as large, then exactly what output_shape says."""
    graph = Graph("conv-transpose-auto-pad")
    graph.node("ConvTranspose", ["image", graph.parameter("conv1.weight", 2, 3, 3, 4),
                                 graph.parameter("conv1.bias", 3)], "same",
               strides=[2, 2], auto_pad="SAME_UPPER")
    graph.node("ConvTranspose", ["same", graph.parameter("conv2.weight", 3, 2, 2, 2)], "shaped",
               output_shape=[7, 11], strides=[1, 2])
    graph.node("Flatten", ["shaped"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 154, 4)], "logits")
    return graph.model([2, 2, 3, 3], [2, 4])


def conv_computed_weight():
    """Weights and bias of the convolution are products of parameters."""
    graph = Graph("conv-computed-weight")
    graph.node("MatMul", [graph.parameter("left", 4, 3), graph.parameter("right", 3, 18)], "low")
    graph.node("Reshape", ["low", graph.shape("weight_shape", 4, 2, 3, 3)], "weight")
    graph.node("MatMul", [graph.parameter("bias_left", 2, 3), graph.parameter("bias_right", 3, 2)],
               "both")
    graph.node("Reshape", ["both", graph.shape("bias_shape", 4)], "bias")
    graph.node("Conv", ["image", "weight", "bias"], "hidden", pads=[1, 1, 1, 1])
    graph.node("Relu", ["hidden"], "active")
    graph.node("Flatten", ["active"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 100, 5)], "logits")
    return graph.model([2, 2, 5, 5], [2, 5])


def avg_pool_ceil_include_pad():
    """The last windows begin in the input and end beyond the padding: a count of
    what lies within it."""
    graph = Graph("avg-pool-ceil-include-pad")
    graph.node("Conv", ["image", graph.parameter("conv.weight", 4, 2, 3, 3)], "hidden",
               kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.node("AveragePool", ["hidden"], "pooled", kernel_shape=[3, 2], pads=[1, 0, 1, 0],
               strides=[3, 2], count_include_pad=1, ceil_mode=1)
    graph.node("Flatten", ["pooled"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 48, 5)], "logits")
    return graph.model([2, 2, 6, 7], [2, 5])


def max_pool_3d():
    graph = Graph("max-pool-3d")
    graph.node("Conv", ["image", graph.parameter("conv.weight", 8, 2, 3, 3)], "hidden",
               kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.node("Reshape", ["hidden", graph.shape("volume_shape", 2, 2, 4, 5, 6)], "volume")
    graph.node("MaxPool", ["volume"], "pooled", kernel_shape=[2, 3, 2], strides=[1, 2, 2],
               pads=[1, 0, 0, 0, 1, 1])
    graph.node("Flatten", ["pooled"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 48, 4)], "logits")
    return graph.model([2, 2, 5, 6], [2, 4])


def max_unpool():
    """What a convolution makes of the maxima, put back where they were."""
    graph = Graph("max-unpool")
    graph.node("Conv", ["image", graph.parameter("conv1.weight", 4, 2, 3, 3)], "hidden",
               kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.node("MaxPool", ["hidden"], "pooled places", kernel_shape=[2, 3], strides=[2, 3])
    graph.node("Conv", ["pooled", graph.parameter("conv2.weight", 4, 4, 3, 3)], "mixed",
               kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.node("MaxUnpool", ["mixed", "places"], "spread", kernel_shape=[2, 3], strides=[2, 3])
    graph.node("Flatten", ["spread"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 96, 4)], "logits")
    return graph.model([2, 2, 4, 6], [2, 4])


def gemm_matrix_c():
    """One number of C for each element."""
    graph = Graph("gemm-matrix-c")
    graph.node("Gemm", ["image", graph.parameter("fc1.weight", 12, 9),
                        graph.parameter("fc1.bias", 4, 9)], "hidden")
    graph.node("Relu", ["hidden"], "active")
    graph.node("Gemm", ["active", graph.parameter("fc2.weight", 9, 4)], "logits")
    return graph.model([4, 12], [4, 4])


def matmul_batched():
    """Products of activations, one for each image: (N, 4, 5) by (N, 5, 4)."""
    graph = Graph("matmul-batched")
    graph.node("MatMul", ["image", graph.parameter("left.weight", 6, 5)], "left")
    graph.node("MatMul", ["image", graph.parameter("right.weight", 6, 5)], "mixed")
    graph.node("Reshape", ["mixed", graph.shape("right_shape", 3, 5, 4)], "right")
    graph.node("MatMul", ["left", "right"], "product")
    graph.node("Flatten", ["product"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 16, 4)], "logits")
    return graph.model([3, 4, 6], [3, 4])


def space_to_depth():
    """Blocks of 2 x 2 to channels, and back in the other order."""
    graph = Graph("space-to-depth")
    weight, bias = graph.parameter("conv.weight", 3, 2, 3, 3), graph.parameter("conv.bias", 3)
    graph.node("Conv", ["image", weight, bias], "hidden", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.node("SpaceToDepth", ["hidden"], "deep", blocksize=2)
    graph.node("Relu", ["deep"], "active")
    graph.node("DepthToSpace", ["active"], "flat_again", blocksize=2, mode="DCR")
    graph.node("Flatten", ["flat_again"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 72, 5)], "logits")
    return graph.model([2, 2, 4, 6], [2, 5])


def embedding():
    """Adds a row of a table that the label chooses: rows at run time."""
    graph = Graph("embedding")
    graph.node("Gemm", ["image", graph.parameter("fc1.weight", 6, 8)], "dense")
    graph.node("Gather", [graph.parameter("table", 7, 8), "labels"], "row")
    graph.node("Add", ["dense", "row"], "hidden")
    graph.node("Relu", ["hidden"], "active")
    graph.node("Gemm", ["active", graph.parameter("fc2.weight", 8, 5)], "logits")
    graph.node("SoftmaxCrossEntropyLoss", ["logits", "labels"], "loss")
    model = graph.model([6, 6], [])
    model.graph.output[0].name = "loss"
    model.graph.input.append(
        helper.make_tensor_value_info("labels", onnx.TensorProto.INT64, [6]))
    return model


def gemm_scaled():
    """alpha and beta; C is a column, then a row."""
    graph = Graph("gemm-scaled")
    graph.node("Gemm", ["image", graph.parameter("fc1.weight", 12, 9),
                        graph.parameter("fc1.bias", 4, 1)], "hidden", alpha=0.75, beta=1.5)
    graph.node("Relu", ["hidden"], "active")
    graph.node("Gemm", ["active", graph.parameter("fc2.weight", 4, 9),
                        graph.parameter("fc2.bias", 4)], "logits", alpha=1.25, transB=1)
    return graph.model([4, 12], [4, 4])


def matmul_broadcast():
    """(N, 1, 4, 6) by (3, 6, 5): each image meets each of three matrices."""
    graph = Graph("matmul-broadcast")
    graph.node("MatMul", ["image", graph.parameter("weights", 3, 6, 5)], "each")
    graph.node("MatMul", ["each", graph.parameter("vector", 5)], "sums")
    graph.node("Flatten", ["sums"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 12, 4)], "logits")
    return graph.model([2, 1, 4, 6], [2, 4])


def lrn():
    graph = Graph("lrn")
    graph.node("Conv", ["image", graph.parameter("conv.weight", 6, 2, 3, 3)], "hidden",
               kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.node("LRN", ["hidden"], "normal", size=4, alpha=0.5, beta=0.75, bias=2.0)
    graph.node("Flatten", ["normal"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 96, 4)], "logits")
    return graph.model([2, 2, 4, 4], [2, 4])


HELPER_MODELS = {
    "gemm-scaled": gemm_scaled,
    "lrn": lrn,
    "matmul-broadcast": matmul_broadcast,
    "avg-pool-ceil-include-pad": avg_pool_ceil_include_pad,
    "conv-auto-pad": conv_auto_pad,
    "conv-computed-weight": conv_computed_weight,
    "conv-transpose-auto-pad": conv_transpose_auto_pad,
    "gemm-matrix-c": gemm_matrix_c,
    "matmul-batched": matmul_batched,
    "max-pool-3d": max_pool_3d,
    "max-unpool": max_unpool,
    "embedding": embedding,
    "space-to-depth": space_to_depth,
    "avg-pool-include-pad": avg_pool_include_pad,
    "conv-asymmetric-pads": lambda: conv_asymmetric_pads(1),
    "conv-asymmetric-pads-stride2": lambda: conv_asymmetric_pads(2),
    "gemm": lambda: gemm("gemm", bias=True),
    "gemm-no-c": lambda: gemm("gemm-no-c", bias=False),
    "gemm-trans-b-no-c": gemm_trans_b_no_c,
    "gemm-trans-a": lambda: gemm_trans_a(bias=True),
    "gemm-trans-a-no-c": lambda: gemm_trans_a(bias=False),
    "flatten": flatten_axis,
    "reshape-to-image": reshape_back,
}

# The text form, weights included; each model is checked before it is written.
TEXT_MODELS = {
    "text-dense": """<
  ir_version: 7,
  opset_import: [ "" : 13 ]
>
dense (float[4, 3] image) => (float[4, 2] logits)
<
  float[3, 2] weight = {0.5, -0.25, 1.0, 0.125, -1.5, 2.0},
  float[2] bias = {0.0, 0.5}
>
{
  product = MatMul(image, weight)
  logits = Add(product, bias)
}
""",
    "text-conv": """<
  ir_version: 7,
  opset_import: [ "" : 13 ]
>
conv (float[2, 1, 4, 4] image) => (float[2, 3] logits)
<
  float[2, 1, 3, 3] filter = {0.5, -0.25, 1.0, 0.125, -0.5, 0.75, 0.25, -1.0, 0.5,
                              -0.75, 0.5, 0.25, 1.0, 0.125, -0.5, 0.5, -0.25, 0.375},
  float[8, 3] weight = {0.5, -0.25, 1.0, 0.125, -0.5, 0.75, 0.25, -1.0, 0.5, -0.75, 0.5, 0.25,
                        1.0, 0.125, -0.5, 0.5, -0.25, 0.375, 0.25, 0.5, -0.125, 0.75, -0.5, 1.0},
  float[3] bias = {0.0, 0.5, -0.5}
>
{
  filtered = Conv <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (image, filter)
  active = Relu (filtered)
  pooled = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (active)
  flat = Flatten <axis = 1> (pooled)
  logits = Gemm <transB = 0> (flat, weight, bias)
}
""",
}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="write the small test models")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "models" / "ops")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    export_torch_models(out)
    for name, maker in HELPER_MODELS.items():
        onnx.save(maker(), str(out / f"{name}.onnx"))
    for name, text in TEXT_MODELS.items():
        onnx.checker.check_model(onnx_parser.parse_model(text), full_check=True)
        (out / f"{name}.onnxtxt").write_text(text)
    for path in sorted(out.glob("*.onnx")):
        onnx.checker.check_model(onnx.load(str(path)), full_check=True)
        limit = 160 if path.name.startswith("mid-") else 20
        if path.stat().st_size > limit * 1024:
            raise SystemExit(f"{path}: {path.stat().st_size} bytes, more than {limit} KiB")
    print(f"{out}: {len(list(out.iterdir()))} models")


if __name__ == "__main__":
    main()
