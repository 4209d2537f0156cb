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
    top, left, bottom, right = pads
    return (left, right, top, bottom)


def run_conv(attributes, x, weight, bias=None):
    padded = functional.pad(x, split_pads(attributes.get("pads", [0, 0, 0, 0])))
    return functional.conv2d(padded, weight, bias, stride=attributes.get("strides", [1, 1]),
                             dilation=attributes.get("dilations", [1, 1]),
                             groups=attributes.get("group", 1))


def run_max_pool(attributes, x):
    padded = functional.pad(x, split_pads(attributes.get("pads", [0, 0, 0, 0])),
                            value=float("-inf"))
    return functional.max_pool2d(padded, attributes["kernel_shape"],
                                 attributes.get("strides", [1, 1]))


def run_avg_pool(attributes, x):
    """Sum over the window, divided by what ONNX counts."""
    pads = split_pads(attributes.get("pads", [0, 0, 0, 0]))
    kernel, strides = attributes["kernel_shape"], attributes.get("strides", [1, 1])
    present = functional.pad(torch.ones_like(x), pads,
                             value=float(attributes.get("count_include_pad", 0)))
    total = functional.avg_pool2d(functional.pad(x, pads), kernel, strides)
    return total / functional.avg_pool2d(present, kernel, strides)


def run_gemm(attributes, a, b, c=None):
    a = a.t() if attributes.get("transA", 0) else a
    b = b.t() if attributes.get("transB", 0) else b
    product = attributes.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + attributes.get("beta", 1.0) * c


def run_reshape(attributes, x, shape):
    assert not attributes.get("allowzero", 0)
    return x.reshape([x.shape[i] if extent == 0 else int(extent)
                      for i, extent in enumerate(shape)])


def run_pad(attributes, x, pads):
    assert attributes.get("mode", b"constant") == b"constant" and not any(pads[:2] + pads[4:6])
    return functional.pad(x, split_pads([int(pads[i]) for i in (2, 3, 6, 7)]))


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


def total(*tensors):
    return functools.reduce(torch.add, tensors)


# Operators computed element by element.
ELEMENTWISE = {
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
    "Tanh": lambda _, x: x.tanh(),
    "ThresholdedRelu": run_threshold,
    "Where": lambda _, cond, a, b: torch.where(cond, a, b),
    "Xor": lambda _, a, b: a ^ b,
}

OPERATORS = {
    **ELEMENTWISE,
    "Conv": run_conv,
    "MaxPool": run_max_pool,
    "AveragePool": run_avg_pool,
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdim=True),
    "Flatten": lambda attributes, x: x.flatten(attributes.get("axis", 1)),
    "Reshape": run_reshape,
    "Pad": run_pad,
    "Gemm": run_gemm,
    "MatMul": lambda _, a, b: a @ b,
    "Softmax": lambda attributes, x: functional.softmax(x, attributes.get("axis", -1)),
    "Constant": lambda attributes: from_onnx(attributes["value"]),
    "SoftmaxCrossEntropyLoss": lambda _, x, labels: functional.cross_entropy(x, labels),
}


def evaluate(graph, values):
    """Runs the nodes in order on `values` (name -> tensor), which it extends."""
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        inputs = [values[name] if name else None for name in node.input]
        values[node.output[0]] = OPERATORS[node.op_type](attributes, *inputs)
    return values[graph.output[0].name]


def as_json(tensor):
    data = tensor.detach().numpy().astype(np.float32)
    # the shortest decimal that reads back as the same FP32 number
    return {"shape": list(data.shape), "data": [float(str(v)) for v in data.ravel()]}


def gradients(name, model):
    graph = model.graph
    random = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    values = {t.name: from_onnx(t) for t in graph.initializer}
    parameters = {}
    for key, value in values.items():
        if value.is_floating_point() and (value.numel() > 1 or key == "slope"):
            values[key] = parameters[key] = value.double().requires_grad_()
    image = graph.input[0]
    shape = [d.dim_value or SYMBOLIC_BATCH for d in image.type.tensor_type.shape.dim]
    pixels = random.randint(-64, 65, shape) / 64.0  # exact in FP16 too
    values[image.name] = torch.from_numpy(pixels)
    result = {"model": name, "inputs": {image.name: as_json(values[image.name])}}
    if len(graph.input) == 2:  # the graph carries its loss
        labels = torch.from_numpy(random.randint(0, 5, shape[0]))
        values[graph.input[1].name] = labels
        loss = evaluate(graph, values)
        logits = values[graph.node[-1].input[0]]
    else:
        logits = evaluate(graph, values)
        labels = torch.from_numpy(random.randint(0, logits.shape[1], shape[0]))
        loss = functional.cross_entropy(logits, labels)
    loss.backward()
    result.update(labels=labels.tolist(), logits=as_json(logits), loss=as_json(loss)["data"][0])
    result["gradients"] = {key: as_json(p.grad) for key, p in parameters.items()
                           if p.numel() <= LARGEST and p.grad is not None}
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
        result = gradients(path.name, model)
        lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in result.items()]
        (out / f"{path.stem}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{out}: {len(paths)} files")


if __name__ == "__main__":
    main()
