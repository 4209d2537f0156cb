#!/usr/bin/python3
# ===- make-elementwise-models.py - one small model an elementwise operator -===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/ops/fn-*.onnx: a dense layer or a convolution, an
# elementwise operator with or without broadcasting, and a dense layer that makes
# logits. Weights are seeded by the model's name; the files are committed, and a
# second run makes the same bytes. make-gradients.py computes what autograd says
# of them. Needs python3-onnx.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

# operator -> (operator set, attributes)
UNARY = {
    "Abs": (13, {}), "Celu": (13, {"alpha": 0.75}), "Elu": (13, {"alpha": 1.25}), "Erf": (13, {}),
    "Exp": (13, {}), "HardSigmoid": (13, {"alpha": 0.3, "beta": 0.4}), "HardSwish": (14, {}),
    "LeakyRelu": (13, {"alpha": 0.2}), "Mish": (18, {}), "Neg": (13, {}), "Selu": (13, {}), "Sigmoid": (13, {}),
    "Shrink": (13, {"lambd": 0.125, "bias": 0.0625}), "Softplus": (13, {}), "Softsign": (13, {}),
    "Swish": (24, {"alpha": 1.25}),
    "Tanh": (13, {}), "ThresholdedRelu": (13, {"alpha": 0.125}),
}


class Graph:
    """Collects nodes and seeded initializers."""

    def __init__(self, name):
        self.name = name
        self.random = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
        self.constants, self.nodes, self.initializers = [], [], []

    def parameter(self, name, *shape, low=-0.4, high=0.4):
        values = self.random.uniform(low, high, shape).astype(np.float32)
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def number(self, value):
        """A Constant node: an initializer would be trained."""
        name = f"number{len(self.initializers) + len(self.constants)}"
        value = numpy_helper.from_array(np.array(value, np.float32), name)
        self.constants.append(helper.make_node("Constant", [], [name], name=name, value=value))
        return name

    def node(self, op, inputs, **attributes):
        output = f"{op.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"{op}_{len(self.nodes)}",
                                           **attributes))
        return output

    def dense(self):
        """(3, 8) of an image of (3, 6)."""
        return self.node("Gemm", ["image", self.parameter("fc1.weight", 6, 8),
                                  self.parameter("fc1.bias", 8)])

    def conv(self):
        """(2, 3, 4, 4) of an image of (2, 2, 4, 4)."""
        return self.node("Conv", ["image", self.parameter("conv.weight", 3, 2, 3, 3),
                                  self.parameter("conv.bias", 3)],
                         kernel_shape=[3, 3], pads=[1, 1, 1, 1])

    def finish(self, x, image, opset):
        width = 8
        if len(image) == 4:
            x, width = self.node("Flatten", [x]), 48
        self.nodes.append(helper.make_node("Gemm", [x, self.parameter("fc2.weight", width, 4),
                                                    self.parameter("fc2.bias", 4)], ["logits"],
                                           name="logits"))

        def value(name, shape):
            return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.constants + self.nodes, self.name, [value("image", image)],
                                  [value("logits", [image[0], 4])], self.initializers)
        sets = [helper.make_opsetid("", opset)]
        if any(node.domain for node in self.nodes):
            sets.append(helper.make_opsetid("com.microsoft", 1))
        return helper.make_model(graph, producer_name="make-elementwise-models", ir_version=7,
                                 opset_imports=sets)


def unary(op):
    opset, attributes = UNARY[op]
    graph = Graph(f"fn-{op.lower()}")
    return graph.finish(graph.node(op, [graph.dense()], **attributes), [3, 6], opset)


def of_dense(name, body, opset=13):
    graph = Graph(f"fn-{name}")
    return graph.finish(body(graph, graph.dense()), [3, 6], opset)


def of_conv(name, body, opset=13):
    graph = Graph(f"fn-{name}")
    return graph.finish(body(graph, graph.conv()), [2, 2, 4, 4], opset)


def positive(graph, x):
    """At least 1, smooth."""
    return graph.node("Add", [graph.node("Mul", [x, x]), graph.number(1)])


def gelu(graph, x):
    """As PyTorch 1.13 writes it."""
    inner = graph.node("Erf", [graph.node("Div", [x, graph.number(np.sqrt(2))])])
    outer = graph.node("Mul", [x, graph.node("Add", [inner, graph.number(1)])])
    return graph.node("Mul", [outer, graph.number(0.5)])


def gelu_tanh(graph, x):
    """As PyTorch 1.13 writes it."""
    cube = graph.node("Mul", [graph.number(0.044715), graph.node("Pow", [x, graph.number(3)])])
    inner = graph.node("Mul", [graph.number(np.sqrt(2 / np.pi)), graph.node("Add", [x, cube])])
    outer = graph.node("Add", [graph.number(1), graph.node("Tanh", [inner])])
    return graph.node("Mul", [graph.node("Mul", [graph.number(0.5), x]), outer])


def fused_gelus(graph, x):
    """ONNX Runtime's: each with or without a bias, which is added first."""
    def node(op, *inputs, **attributes):
        return graph.node(op, list(inputs), domain="com.microsoft", **attributes)
    x = node("BiasGelu", x, graph.parameter("bias1", 8))
    x = node("FastGelu", x, graph.parameter("bias2", 8))
    x = node("QuickGelu", node("FastGelu", x), alpha=1.25)
    return node("Gelu", x)


def gelus(graph, x):
    return graph.node("Gelu", [graph.node("Gelu", [x], approximate="tanh")], approximate="none")


def numbers(graph, x):
    """Every place a number can take in arithmetic."""
    x = graph.node("Mul", [x, graph.number(0.75)])
    x = graph.node("Add", [graph.number(1.5), x])
    x = graph.node("Sub", [x, graph.number(0.25)])
    x = graph.node("Sub", [graph.number([[2.0]]), x])
    x = graph.node("Div", [x, graph.number(np.sqrt(8))])
    return graph.node("Div", [graph.number(3), positive(graph, x)])


def select(graph, x):
    low, high = graph.parameter("low", 3, 1, 1), graph.parameter("high", 1, 4)
    inside = graph.node("And", [graph.node("Less", [low, x]),
                                graph.node("Not", [graph.node("Greater", [x, high])])])
    odd = graph.node("Xor", [inside, graph.node("Or", [graph.node("LessOrEqual", [x, low]),
                                                       graph.node("GreaterOrEqual", [x, high])])])
    return graph.node("Where", [graph.node("And", [odd, inside]), graph.node("Mul", [x, x]), high])


def steps(graph, x):
    """Nothing flows back through the steps, but beside them."""
    scaled = graph.node("Mul", [x, graph.number(4)])
    parts = [graph.node(op, [scaled]) for op in ("Floor", "Ceil", "Round", "Sign")]
    return graph.node("Mean", parts + [x])


DENSE = {
    "reciprocal": lambda g, x: g.node("Reciprocal", [positive(g, x)]),
    "sqrt": lambda g, x: g.node("Sqrt", [positive(g, x)]),
    "log": lambda g, x: g.node("Log", [positive(g, x)]),
    "pow-cube": lambda g, x: g.node("Pow", [x, g.number(3)]),
    "pow-root": lambda g, x: g.node("Pow", [positive(g, x), g.number(0.5)]),
    "pow-fraction": lambda g, x: g.node("Pow", [positive(g, x), g.number(-1.5)]),
    "pow-tensor": lambda g, x: g.node("Pow", [positive(g, x), g.parameter("exponent", 3, 1)]),
    "numbers": numbers,
    "silu": lambda g, x: g.node("Mul", [x, g.node("Sigmoid", [x])]),
    "gelu": gelu,
    "gelu-tanh": gelu_tanh,
    "steps": steps,
    "sum": lambda g, x: g.node("Sum", [x, g.parameter("row", 8), g.parameter("column", 3, 1)]),
    "max": lambda g, x: g.node("Max", [x, g.parameter("bound", 8)]),
    "min": lambda g, x: g.node("Min", [x, g.parameter("bound", 3, 1)]),
    "clip": lambda g, x: g.node("Clip", [x, g.number(-0.125), g.number(0.25)]),
    "clip-low": lambda g, x: g.node("Clip", [x, g.number(0)]),
    "clip-high": lambda g, x: g.node("Clip", [x, "", g.number(0.125)]),
}
CONV = {
    "add-channel": lambda g, x: g.node("Add", [x, g.parameter("shift", 3, 1, 1)]),
    "add-image": lambda g, x: g.node("Add", [g.parameter("shift", 2, 1, 1, 1), x]),
    "sub-row": lambda g, x: g.node("Sub", [g.parameter("row", 4), x]),
    "sub-plane": lambda g, x: g.node("Sub", [x, g.parameter("plane", 4, 4)]),
    "mul-channel": lambda g, x: g.node("Mul", [x, g.parameter("scale", 3, 1, 1)]),
    "mul-all": lambda g, x: g.node("Mul", [x, g.parameter("scale", 2, 3, 4, 4)]),
    "div-channel": lambda g, x: g.node("Div", [x, g.parameter("scale", 3, 1, 1, low=1, high=2)]),
    "div-parameter": lambda g, x: g.node("Div", [g.parameter("scale", 3, 1, 1), positive(g, x)]),
    "prelu": lambda g, x: g.node("PRelu", [x, g.parameter("slope", 3, 1, 1)]),
    "prelu-one": lambda g, x: g.node("PRelu", [x, g.parameter("slope", 1)]),
    "where": select,
}


def models():
    for op in UNARY:
        yield unary(op)
    for name, body in DENSE.items():
        yield of_dense(name, body)
    for name, body in CONV.items():
        yield of_conv(name, body)
    yield of_dense("clip-attributes",
                   lambda g, x: g.node("Clip", [x], min=-0.125, max=0.25), opset=10)
    yield of_dense("gelu-20", gelus, opset=20)
    yield of_dense("gelu-fused", fused_gelus)
    yield of_conv("add-axis", lambda g, x: g.node(
        "Add", [x, g.parameter("shift", 3)], axis=1, broadcast=1), opset=6)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="write one small model an elementwise operator")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "models" / "ops")
    out = parser.parse_args().out
    for model in models():
        onnx.save(model, str(out / f"{model.graph.name}.onnx"))


if __name__ == "__main__":
    main()
