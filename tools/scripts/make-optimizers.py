#!/usr/bin/python3
# ===- make-optimizers.py - PyTorch's word on optimizers -------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Five steps of each optimizer on two seeded parameters with seeded gradients,
# in FP32: test/data/optimizers.json. Our update ops are checked against it in
# the reference. The file is committed; a second run makes the same bytes (same
# version of PyTorch).
#
# Needs python3-torch and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import json
import pathlib

import numpy as np
import torch

SHAPES = [(3, 4), (5,)]
STEPS = 5

# name, class, its arguments, largest norm of the gradients (None: not clipped)
CASES = [
    ("sgd-plain", "SGD", {"lr": 0.1}, None),
    ("sgd-momentum", "SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}, None),
    ("sgd-dampening", "SGD", {"lr": 0.1, "momentum": 0.75, "dampening": 0.5}, None),
    ("sgd-dampening-without-momentum", "SGD", {"lr": 0.1, "dampening": 0.5}, None),
    ("sgd-nesterov", "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True,
                             "weight_decay": 0.01}, None),
    ("sgd-clipped", "SGD", {"lr": 0.1, "momentum": 0.9}, 0.5),
    ("sgd-not-clipped", "SGD", {"lr": 0.1, "momentum": 0.9}, 1e4),
    ("adagrad", "Adagrad", {"lr": 0.05, "weight_decay": 0.01}, None),
    ("adam", "Adam", {"lr": 0.01}, None),
    ("adam-decay", "Adam", {"lr": 0.01, "betas": [0.8, 0.95], "eps": 1e-3,
                            "weight_decay": 0.1}, None),
    ("adamw", "AdamW", {"lr": 0.01, "weight_decay": 0.1}, None),
    ("adamw-clipped", "AdamW", {"lr": 0.01, "weight_decay": 0.1}, 0.25),
]


def flat(tensor):
    return [float(value) for value in tensor.detach().reshape(-1)]


def run(name, kind, arguments, limit):
    random = np.random.default_rng(len(name))
    parameters = [torch.nn.Parameter(torch.from_numpy(
        random.standard_normal(shape).astype(np.float32))) for shape in SHAPES]
    start = [flat(p) for p in parameters]
    optimizer = getattr(torch.optim, kind)(parameters, **arguments)
    steps = []
    for _ in range(STEPS):
        for p in parameters:
            p.grad = torch.from_numpy(random.standard_normal(tuple(p.shape)).astype(np.float32))
        step = {"gradients": [flat(p.grad) for p in parameters]}
        if limit is not None:
            torch.nn.utils.clip_grad_norm_(parameters, limit)
        optimizer.step()
        step["parameters"] = [flat(p) for p in parameters]
        steps.append(step)
    return {"name": name, "optimizer": kind, "arguments": arguments, "clip": limit,
            "start": start, "steps": steps}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path,
                        default=root / "test" / "data" / "optimizers.json")
    out = parser.parse_args().out
    data = {"torch": torch.__version__, "shapes": SHAPES, "cases": [run(*c) for c in CASES]}
    out.write_text(json.dumps(data, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
