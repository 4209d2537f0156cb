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
    ("adamw-decay-last", "DecayLast", {"lr": 0.01, "eps": 1e-3, "weight_decay": 0.1}, None),
    ("adamw-decay-last-betas", "DecayLast", {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-6,
                                             "weight_decay": 0.3}, 0.5),
]


class DecayLast(torch.optim.Optimizer):
    """AdamW in the order of Hugging Face, mode 1 of ONNX Runtime's AdamWOptimizer: the bias corrections are part of the
    rate, and the weights decay behind the step."""

    def __init__(self, parameters, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                state = self.state[p]
                t = state["t"] = state.get("t", 0) + 1
                mean = state.setdefault("mean", torch.zeros_like(p))
                square = state.setdefault("square", torch.zeros_like(p))
                mean.mul_(beta1).add_(p.grad, alpha=1 - beta1)
                square.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                rate = group["lr"] * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
                p.addcdiv_(mean, square.sqrt().add_(group["eps"]), value=-rate)
                p.add_(p, alpha=-group["lr"] * group["weight_decay"])


def flat(tensor):
    return [float(value) for value in tensor.detach().reshape(-1)]


def run(name, kind, arguments, limit):
    random = np.random.default_rng(len(name))
    parameters = [torch.nn.Parameter(torch.from_numpy(
        random.standard_normal(shape).astype(np.float32))) for shape in SHAPES]
    start = [flat(p) for p in parameters]
    make = DecayLast if kind == "DecayLast" else getattr(torch.optim, kind)
    optimizer = make(parameters, **arguments)
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
