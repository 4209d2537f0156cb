# ===- case.py - one case of test/cases, and its losses by PyTorch ----------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# What the modules beside this file describe; make-cases.py writes it.
#
# ===-----------------------------------------------------------------------===#
import dataclasses
import io
import json
import typing
import warnings
import zlib

import numpy as np
import onnx
import torch

SAMPLES, BATCH, STEPS = 16, 4, 4


def seed_of(name):
    return zlib.crc32(name.encode())


@dataclasses.dataclass
class Case:
    """`module` gets the arrays of `inputs` in order. If it returns one element, that is the loss; else
    `loss(outputs, **targets)` is, and `targets` are data too, under their names (`labels`, `targets`) for
    --loss. `expect` holds further keys of expect.json, `stored` the arrays that files have in the place
    of those, as other types or orders of the same numbers."""

    name: str
    why: str
    make: typing.Callable[[], torch.nn.Module]  # called with the seed set
    inputs: dict
    targets: dict = dataclasses.field(default_factory=dict)
    loss: typing.Callable = None
    expect: dict = dataclasses.field(default_factory=dict)
    edit: typing.Callable = None  # of the exported onnx.ModelProto, in place
    model: typing.Callable = None  # makes the onnx.ModelProto of the module, instead of the exporter
    opset: int = 13
    stored: dict = dataclasses.field(default_factory=dict)


def tensors(arrays, first, count):
    return {name: torch.from_numpy(array[first:first + count]) for name, array in arrays.items()}


def export(case, module):
    example = tensors(case.inputs, 0, BATCH)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, tuple(example.values()), file, input_names=list(example), opset_version=case.opset,
                          training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False,
                          dynamic_axes={name: {0: "N"} for name in example})
    return onnx.load_from_string(file.getvalue())


def train(case, module, expect):
    """The losses of STEPS steps in the order of the samples."""
    rate = expect.get("lr", 0.05)
    parameters = [p for p in module.parameters() if p.requires_grad]
    make = {"sgd": lambda: torch.optim.SGD(parameters, rate, momentum=0.9),
            "adam": lambda: torch.optim.Adam(parameters, rate),
            "adamw": lambda: torch.optim.AdamW(parameters, rate)}
    optimizer = make[expect.get("optimizer", "sgd")]()
    losses = []
    for step in range(expect.get("steps", STEPS)):
        first = step * BATCH % SAMPLES
        outputs = module(*tensors(case.inputs, first, BATCH).values())
        loss = case.loss(outputs, **tensors(case.targets, first, BATCH)) if case.loss else outputs
        optimizer.zero_grad()
        loss.sum().backward()
        optimizer.step()
        losses.append(float(loss.sum()))
    return losses


def write(case, root):
    folder = root / case.name
    (folder / "data").mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed_of(case.name))
    module = case.make().train()
    proto = case.model(module) if case.model else export(case, module)
    if case.edit:
        case.edit(proto)
    (folder / "model.onnx").write_bytes(proto.SerializeToString())
    for name, array in {**case.inputs, **case.targets, **case.stored}.items():
        np.save(folder / "data" / f"{name}.npy", array)
    expect = {"why": case.why, **case.expect}
    if "losses" not in expect:
        refused = expect.get("expect") == "refusal"
        expect["losses"] = None if refused else train(case, module, expect)
    (folder / "expect.json").write_text(json.dumps(expect, indent=1) + "\n")
