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
    run = functional.conv1d if x.dim() == 3 else functional.conv2d
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
    run = functional.conv_transpose1d if n == 1 else functional.conv_transpose2d
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
    run = functional.avg_pool1d if n == 1 else functional.avg_pool2d
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


def run_reshape(attributes, x, shape):
    assert not attributes.get("allowzero", 0)
    return x.reshape([x.shape[i] if extent == 0 else int(extent)
                      for i, extent in enumerate(shape)])


def run_pad(attributes, x, pads):
    assert attributes.get("mode", b"constant") == b"constant"
    if len(pads) == 6:
        return functional.pad(x, split_pads([int(pads[i]) for i in (2, 5)]))
    assert not any(pads[:2] + pads[4:6])
    return functional.pad(x, split_pads([int(pads[i]) for i in (2, 3, 6, 7)]))


OPERATORS = {
    "Conv": run_conv,
    "Relu": lambda _, x: functional.relu(x),
    "ConvTranspose": run_conv_transpose,
    "MaxPool": run_max_pool,
    "MaxUnpool": run_max_unpool,
    "AveragePool": run_avg_pool,
    "GlobalMaxPool": lambda _, x: x.amax((2, 3), keepdim=True),
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdim=True),
    "Flatten": lambda attributes, x: x.flatten(attributes.get("axis", 1)),
    "Reshape": run_reshape,
    "Pad": run_pad,
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
