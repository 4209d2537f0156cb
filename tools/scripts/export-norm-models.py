#!/usr/bin/python3
# ===- export-norm-models.py - small ONNX files that normalise -------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/ops/norm-*.onnx: normalisations and reductions, in the
# operator sets that define them differently. BatchNormalization in training mode
# is exported by PyTorch as users do it; the rest is built node by node, because
# this version of PyTorch knows older operators only. Weights are seeded by the
# model's name; a second run makes the same bytes.
#
# make-gradients.py computes what PyTorch's autograd says about these files.
# Needs python3-torch and python3-onnx.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib
import zlib

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn


def seed_of(name):
    return zlib.crc32(name.encode())


def batch_network():
    return nn.Sequential(nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, 6), nn.BatchNorm1d(6),
                         nn.ReLU(), nn.Linear(6, 5))


class Graph:
    def __init__(self, name, opset):
        self.name, self.opset = name, opset
        self.random = np.random.RandomState(seed_of(name) & 0x7FFFFFFF)
        self.nodes, self.initializers = [], []

    def parameter(self, name, *shape, low=-0.4, high=0.4):
        values = self.random.uniform(low, high, shape).astype(np.float32)
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def integers(self, name, values):
        self.initializers.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{op}_{output}",
                                           **attributes))
        return output

    def conv(self, channels=4):
        weight = self.parameter("conv.weight", channels, 2, 3, 3)
        return self.node("Conv", ["image", weight, self.parameter("conv.bias", channels)],
                         "hidden", kernel_shape=[3, 3])

    def classify(self, x, features):
        self.node("Relu", [x], "active")
        self.node("Flatten", ["active"], "flat")
        self.node("Gemm", ["flat", self.parameter("fc.weight", features, 5)], "logits")

    def model(self, image, classes=5):
        def value(name, shape):
            return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, self.name, [value("image", image)],
                                  [value("logits", [image[0], classes])], self.initializers)
        sets = [helper.make_opsetid("", self.opset)]
        if any(node.domain for node in self.nodes):
            sets.append(helper.make_opsetid("com.microsoft", 1))
        return helper.make_model(graph, producer_name="export-norm-models", ir_version=7,
                                 opset_imports=sets)


def batch_fixed():
    """Statistics that are constants: a network exported for inference, tuned on."""
    graph = Graph("norm-batch-fixed", 13)
    graph.conv()
    inputs = ["hidden", graph.parameter("bn.weight", 4, low=0.5, high=1.5),
              graph.parameter("bn.bias", 4), graph.parameter("bn.running_mean", 4),
              graph.parameter("bn.running_var", 4, low=0.5, high=1.5)]
    graph.node("BatchNormalization", inputs, "normal", epsilon=1e-3)
    graph.classify("normal", 64)
    return graph.model([3, 2, 6, 6])


def instance():
    graph = Graph("norm-instance", 13)
    graph.conv()
    graph.node("InstanceNormalization", ["hidden", graph.parameter("in.weight", 4),
                                         graph.parameter("in.bias", 4)], "normal")
    graph.classify("normal", 64)
    return graph.model([3, 2, 6, 6])


def reduce_mean():
    """The spatial mean as a reduction, with and without the dimensions kept."""
    graph = Graph("norm-reduce-mean", 13)
    graph.conv(6)
    graph.node("ReduceMean", ["hidden"], "rows", axes=[-1], keepdims=1)
    graph.node("ReduceMean", ["rows"], "pooled", axes=[2, 3], keepdims=0)
    graph.node("Gemm", ["pooled", graph.parameter("fc.weight", 6, 5)], "logits")
    return graph.model([3, 2, 6, 7])


def reduce_sum():
    """Sums over the first of the kept dimensions, with axes as an input."""
    graph = Graph("norm-reduce-sum", 13)
    graph.conv(6)
    graph.node("Relu", ["hidden"], "active")
    graph.node("ReduceSum", ["active", graph.integers("axes", [2])], "columns", keepdims=0)
    graph.node("Flatten", ["columns"], "flat")
    graph.node("Gemm", ["flat", graph.parameter("fc.weight", 30, 5)], "logits")
    return graph.model([3, 2, 6, 7])


def rms(name, op, opset, *shape, **attributes):
    """By the mean of squares over the dimensions of `shape`."""
    graph = Graph(name, opset)
    graph.conv()
    scale = graph.parameter("rms.weight", *shape, low=0.5, high=1.5)
    graph.node(op, ["hidden", scale], "normal", epsilon=1e-3, **attributes)
    graph.classify("normal", 64)
    return graph.model([3, 2, 6, 6])


def rms_written():
    """As Llama's and T5's modules are exported: w * (x * rsqrt(mean(x^2) + epsilon))."""
    graph = Graph("norm-rms-written", 13)
    graph.conv()
    for name, value in (("two", 2), ("epsilon", 1e-3)):  # no initializers: those would be trained
        tensor = numpy_helper.from_array(np.array(value, np.float32), name)
        graph.nodes.append(helper.make_node("Constant", [], [name], name=name, value=tensor))
    graph.node("Pow", ["hidden", "two"], "squares")
    graph.node("ReduceMean", ["squares"], "mean", axes=[-1], keepdims=1)
    graph.node("Add", ["mean", "epsilon"], "shifted")
    graph.node("Reciprocal", [graph.node("Sqrt", ["shifted"], "root")], "inverse")
    graph.node("Mul", ["hidden", "inverse"], "scaled")
    graph.node("Mul", [graph.parameter("rms.weight", 4, low=0.5, high=1.5), "scaled"], "normal")
    graph.classify("normal", 64)
    return graph.model([3, 2, 6, 6])


def skip(name, op, *parameters):
    """ONNX Runtime's, of the sum of two tensors, which is read again."""
    graph = Graph(name, 17)
    rows = graph.node("Reshape", [graph.conv(), graph.integers("rows", [0, 16, 4])], "tokens")
    residual = graph.node("Tanh", [rows], "residual")
    inputs = [rows, residual] + [graph.parameter(parameter, 4, low=0.5, high=1.5)
                                 for parameter in parameters]
    graph.nodes.append(helper.make_node(op, inputs, ["normal", "", "", "sum"], name="skip",
                                        domain="com.microsoft", epsilon=1e-3))
    graph.classify(graph.node("Add", ["normal", "sum"], "both"), 64)
    return graph.model([3, 2, 6, 6])


def lp(p, axis):
    graph = Graph(f"norm-lp-{p}", 13)
    graph.conv()
    graph.node("LpNormalization", ["hidden"], "normal", p=p, axis=axis)
    graph.classify("normal", 64)
    return graph.model([3, 2, 6, 6])


# Operators that the checker of this version of ONNX does not know.
NEWER_MODELS = {
    "norm-rms": lambda: rms("norm-rms", "RMSNormalization", 23, 4),
    "norm-rms-image": lambda: rms("norm-rms-image", "RMSNormalization", 23, 4, 4, 4, axis=1),
    "norm-rms-simplified": lambda: rms("norm-rms-simplified", "SimplifiedLayerNormalization", 17,
                                       4, axis=-1, stash_type=1),
    "norm-rms-skip": lambda: skip("norm-rms-skip", "SkipSimplifiedLayerNormalization",
                                  "gamma", "bias"),
    "norm-layer-skip": lambda: skip("norm-layer-skip", "SkipLayerNormalization", "gamma", "beta",
                                    "bias"),
}
HELPER_MODELS = {
    "norm-batch-fixed": batch_fixed,
    "norm-instance": instance,
    "norm-lp-1": lambda: lp(1, 1),
    "norm-lp-2": lambda: lp(2, -1),
    "norm-rms-written": rms_written,
    "norm-reduce-mean": reduce_mean,
    "norm-reduce-sum": reduce_sum,
}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="write the models that normalise")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "models" / "ops")
    out = parser.parse_args().out
    for name, opset in (("norm-batch-13", 13), ("norm-batch-15", 15)):
        torch.manual_seed(seed_of(name))
        torch.onnx.export(batch_network(), torch.zeros(4, 2, 6, 6), str(out / f"{name}.onnx"),
                          training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False,
                          opset_version=opset, input_names=["image"], output_names=["logits"])
    for name, maker in HELPER_MODELS.items():
        onnx.checker.check_model(maker(), full_check=True)
        onnx.save(maker(), str(out / f"{name}.onnx"))
    for name, maker in NEWER_MODELS.items():
        onnx.save(maker(), str(out / f"{name}.onnx"))


if __name__ == "__main__":
    main()
