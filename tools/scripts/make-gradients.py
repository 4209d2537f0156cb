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
    rows = x.index_select(axis, indices.reshape(-1))
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


OPERATORS = {
    "Conv": run_conv,
    "Relu": lambda _, x: functional.relu(x),
    "MaxPool": run_max_pool,
    "AveragePool": run_avg_pool,
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdim=True),
    "Flatten": lambda attributes, x: x.flatten(attributes.get("axis", 1)),
    "Reshape": run_reshape,
    "Pad": run_pad,
    "Slice": run_slice,
    "Split": run_split,
    "Gather": run_gather,
    "Concat": lambda attributes, *parts: torch.cat(parts, attributes["axis"]),
    "Transpose": lambda attributes, x: x.permute(attributes["perm"]),
    "DepthToSpace": run_depth_to_space,
    "SpaceToDepth": run_space_to_depth,
    "Squeeze": run_squeeze,
    "Unsqueeze": run_unsqueeze,
    "Identity": lambda _, x: x,
    # the shape arithmetic that PyTorch writes before a Pad
    "Shape": lambda _, x: torch.tensor(x.shape),
    "Mul": lambda _, a, b: a * b,
    "Sub": lambda _, a, b: a - b,
    "Cast": lambda attributes, x: x,
    "ConstantOfShape": lambda attributes, shape: torch.full(
        shape.tolist(), int(from_onnx(attributes["value"])), dtype=torch.int64),
    "Gemm": run_gemm,
    "MatMul": lambda _, a, b: a @ b,
    "Add": lambda _, a, b: a + b,
    "Softmax": lambda attributes, x: functional.softmax(x, attributes.get("axis", -1)),
    "Constant": lambda attributes: from_onnx(attributes["value"]),
    "SoftmaxCrossEntropyLoss": lambda _, x, labels: functional.cross_entropy(x, labels),
}


def evaluate(graph, values):
    """Runs the nodes in order on `values` (name -> tensor), which it extends."""
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        inputs = [values[name] if name else None for name in node.input]
        results = OPERATORS[node.op_type](attributes, *inputs)
        values.update(zip(node.output, results if isinstance(results, tuple) else (results,)))
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
        if value.is_floating_point():
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
                           if p.numel() <= LARGEST}
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
