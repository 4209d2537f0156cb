#!/usr/bin/python3
# ===- make-losses.py - PyTorch's losses over the first steps ---------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Usage: tools/scripts/make-losses.py
#
# Trains every model of test/models, test/models/ops and test/models/networks
# for three steps with PyTorch, node by node (make-gradients.py), by SGD with
# momentum, and writes the losses to test/data/losses.json. The data are made
# up by test/e2e/Inputs/made_data.py; dropped elements are those that
# docs/numerics.md section 7 says. FP64 on FP32 parameters. The end-to-end test
# compiles and simulates the same. A second run makes the same bytes.
#
# Needs python3-torch, python3-onnx and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import importlib.util
import json
import pathlib
import sys

import numpy as np
import onnx
import torch
from onnx import parser as onnx_parser
from torch.nn import functional

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "test" / "e2e" / "Inputs"))
import made_data  # noqa: E402


def load_gradients():
    spec = importlib.util.spec_from_file_location("make_gradients", HERE / "make-gradients.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


torch_run = load_gradients()
CROSS_ENTROPY, SQUARES = "--loss=softmax-cross-entropy", "--loss=mse"
SYMBOLIC_BATCH = 4
# Of two samples batch normalization makes +1 and -1, whatever they are: errors of the precision grow without bound.
BATCH_WITH_STATISTICS = 8
RATE, RATE_WITH_STATISTICS = 0.02, 0.005
RATE_OF_STEEP = 1e-5  # models of stable forms have gradients of thousands, to show that they survive
# Networks that end in batch normalizations of one pixel: errors of the precision grow in each, and with each step.
SMALL_STATISTICS = ["networks/densenet121.onnx", "networks/resnet18.onnx", "networks/resnet50.onnx",
                    "networks/vgg16-bn.onnx"]
SLACK = [2, 10, 30]  # times the tolerance, a step
SLACK_OF = {**dict.fromkeys(SMALL_STATISTICS, SLACK),
            # A second step from a gradient that is nearly without bound at 0; 8 bits of an exponential's operand.
            "ops/stable-squares.onnx": [1, 1, 60], "ops/stable-exp-over-sum.onnx": [1, 1, 2]}
CLASSES = 5  # of the losses that are nodes of a graph
# Those that are trained by the square distance, too.
WITH_SQUARES = ["ops/gemm.onnx", "ops/cnn.onnx", "ops/conv-logits.onnx", "ops/norm-layer.onnx", "ops/fn-tanh.onnx",
                "ops/symbolic-batch.onnx", "networks/lenet.onnx", "digits-cnn.onnx"]


def philox(key, counters):
    """The first output word of Philox-4x32-10 for each row of counters."""
    c = [counters[:, i].astype(np.uint64) for i in range(4)]
    k = [np.uint64(word) for word in key]
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> np.uint64(32)) ^ c[1] ^ k[0], b & low, (a >> np.uint64(32)) ^ c[3] ^ k[1], a & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return c[0]


class Dropout:
    """Of one run of a step, counted from 1: what is dropped depends on its number and on the element."""

    def __init__(self, run):
        self.run, self.count = run, 0

    def __call__(self, attributes, x, ratio=None, training=None):
        ratio = 0.5 if ratio is None else float(ratio)
        if not ratio or training is None or not bool(training):
            return x
        stream = 2**31 + self.count
        self.count += 1
        counters = np.zeros((x.numel(), 4), np.uint64)
        counters[:, 0] = np.arange(x.numel())
        counters[:, 2] = self.run
        kept = philox((attributes.get("seed", 0), stream), counters) >= np.uint64(np.floor(np.float32(ratio) * 2.0**32))
        return x * torch.from_numpy(kept.astype(np.float64)).reshape(x.shape) / (1 - ratio)


def has_statistics(model):
    return any(map(torch_run.trains, model.graph.node))


def batch_of(model):
    """The batch to compile for, or None for the file's."""
    if any(d.dim_param for d in model.graph.input[0].type.tensor_type.shape.dim):
        return SYMBOLIC_BATCH
    few = model.graph.input[0].type.tensor_type.shape.dim[0].dim_value < BATCH_WITH_STATISTICS
    return BATCH_WITH_STATISTICS if few and has_statistics(model) else None


def describe(model):
    """The inputs of one step."""
    graph, inputs, batch = model.graph, {}, batch_of(model)
    sizes = {t.name: list(t.dims) for t in graph.initializer}
    for value in graph.input:
        tensor = value.type.tensor_type
        shape = [d.dim_value for d in tensor.shape.dim]
        spec = {"shape": [batch or shape[0]] + shape[1:]}
        if tensor.elem_type != onnx.TensorProto.FLOAT:
            tables = [sizes[n.input[0]][0] for n in graph.node if n.op_type == "Gather" and n.input[1] == value.name]
            spec["below"] = min(tables + [CLASSES] * (value.name == "labels"))
            if value.name == "labels" and torch_run.ignored_label(graph) is not None:
                spec["ignored"] = torch_run.ignored_label(graph)
        inputs[value.name] = spec
    return inputs


def losses_of(name, model, entry):
    graph, loss_flag = model.graph, next((f for f in entry["flags"] if f.startswith("--loss=")), None)
    values = {t.name: torch_run.from_onnx(t) for t in graph.initializer}
    parameters = {key: values[key].double().requires_grad_() for key in torch_run.parameters_of(values)}
    data = {}
    for key, spec in entry["inputs"].items():
        shape = [made_data.STEPS] + spec["shape"]
        kind = torch.int64 if "below" in spec else torch.float64
        data[key] = torch.tensor(made_data.values(name, entry, key), dtype=kind).reshape(shape)
    optimizer = torch.optim.SGD(parameters.values(), entry["rate"], made_data.MOMENTUM)
    losses = []
    for step in range(made_data.STEPS):
        torch_run.OPERATORS["Dropout"] = Dropout(step + 1)
        inputs = {key: array[step] for key, array in data.items()}
        result = torch_run.evaluate(graph, {**values, **parameters, **inputs})
        if loss_flag == CROSS_ENTROPY:
            result = functional.cross_entropy(result, inputs["labels"])
        elif loss_flag == SQUARES:
            result = functional.mse_loss(result, inputs["targets"])
        optimizer.zero_grad()
        result.sum().backward()
        optimizer.step()
        losses.append(float(f"{result.item():.7g}"))
    return losses


def entries_of(model):
    """What to compile and train a model with: the flags and inputs of each way."""
    inputs = describe(model)
    flags = [f"--batch={batch_of(model)}"] if batch_of(model) else []
    shape = [d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    if not shape:
        return {"": {"flags": flags, "inputs": inputs}}
    shape[0] = next(iter(inputs.values()))["shape"][0]  # some outputs do not say
    return {"cross-entropy": {"flags": flags + [CROSS_ENTROPY],
                              "inputs": {**inputs, "labels": {"shape": shape[:1], "below": shape[1]}}},
            "mse": {"flags": flags + [SQUARES], "inputs": {**inputs, "targets": {"shape": shape}}}}


def main():
    torch.set_num_threads(1)
    models = ROOT / "test" / "models"
    result = {}
    for folder in ["", "ops", "networks"]:
        for path in sorted((models / folder).glob("*.onnx*")):
            name = str(path.relative_to(models))
            model = (onnx_parser.parse_model(path.read_text()) if path.suffix == ".onnxtxt"
                     else onnx.load(str(path)))
            for loss, entry in entries_of(model).items():
                if loss == "mse" and name not in WITH_SQUARES:
                    continue
                entry["rate"] = RATE_WITH_STATISTICS if has_statistics(model) else RATE
                if name.startswith("ops/stable-"):
                    entry["rate"] = RATE_OF_STEEP
                if name in SLACK_OF:
                    entry["slack"] = SLACK_OF[name]
                entry["losses"] = losses_of(name, model, entry)
                result[f"{name} {loss}".strip()] = entry
    lines = [f" {json.dumps(key)}: {json.dumps(entry)}" for key, entry in result.items()]
    (ROOT / "test" / "data" / "losses.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} trainings")


if __name__ == "__main__":
    main()
