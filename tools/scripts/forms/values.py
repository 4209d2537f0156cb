# ===- values.py - what PyTorch says of the networks ---------------------- ===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# A few steps of each network and optimizer in FP64: autograd for gradients, the
# optimizers as ONNX defines them. Our evaluation of every form is compared
# with this.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import torch
from torch.nn import functional

import networks
from artifacts import MODE_1
from reverse import attributes_of
from standard import OPTIMIZERS, RATE


def run_forward(network, image, values, running):
    """Logits; updates `running`."""
    known = {"image": image, **values}
    for node in network.nodes:
        a = attributes_of(node)
        x = [known.get(name) for name in node.input]
        if node.op_type == "Conv":
            dims = len(a["strides"])
            conv = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}[dims]
            y = conv(x[0], x[1], x[2] if len(x) > 2 else None, a["strides"], a["pads"][:dims],
                     a["dilations"], a["group"])
        elif node.op_type == "Gemm":
            y = functional.linear(*x)
        elif node.op_type == "Relu":
            y = functional.relu(x[0])
        elif node.op_type == "MaxPool":
            y = functional.max_pool2d(x[0], a["kernel_shape"], a["strides"])
        elif node.op_type == "AveragePool":
            y = functional.avg_pool2d(x[0], a["kernel_shape"], a["strides"], a["pads"][:2],
                                      count_include_pad=bool(a["count_include_pad"]))
        elif node.op_type == "LayerNormalization":
            y = functional.layer_norm(x[0], x[0].shape[-1:], x[1], x[2], a["epsilon"])
        elif node.op_type == "BatchNormalization":
            y = functional.batch_norm(x[0], None, None, x[1], x[2], True, 0.0, a["epsilon"])
            # ONNX: the variance of the population, and momentum is the old value's share.
            mean, var = x[0].mean((0, 2, 3)), x[0].var((0, 2, 3), unbiased=False)
            for name, new in zip(node.input[3:5], (mean, var)):
                running[name] = (running[name] * a["momentum"]
                                 + new.detach() * (1 - a["momentum"]))
        elif node.op_type == "Softmax":
            y = functional.softmax(x[0], a["axis"])
        elif node.op_type == "LogSoftmax":
            y = functional.log_softmax(x[0], a["axis"])
        elif node.op_type == "Concat":
            y = torch.cat(x, a["axis"])
        elif node.op_type == "Add":
            y = x[0] + x[1]
        elif node.op_type == "GlobalAveragePool":
            y = x[0].mean((2, 3), keepdim=True)
        elif node.op_type == "Flatten":
            y = x[0].flatten(1)
        known[node.output[0]] = y
    return known["logits"]


def update(optimizer, step, w, g, state):
    """One parameter, as onnx's Operators document defines the four optimizers."""
    if optimizer == "sgd":
        return w - RATE * g
    if optimizer in ("adamw", "adamw-mode-1"):
        first, second = state.setdefault("m", torch.zeros_like(w)), state.setdefault(
            "v", torch.zeros_like(w))
        state["m"] = 0.9 * first + 0.1 * g
        state["v"] = 0.999 * second + 0.001 * g * g
        t = step + 1
        if optimizer == "adamw-mode-1":  # the order of Hugging Face's AdamW
            rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            w = w - rate * state["m"] / (state["v"].sqrt() + MODE_1["epsilon"])
            return w - RATE * MODE_1["weight_decay"] * w
        w = w * (1 - RATE * 0.01)
        hat = state["v"] / (1 - 0.999**t)
        return w - RATE * (state["m"] / (1 - 0.9**t)) / (hat.sqrt() + 1e-8)
    _, a, _ = OPTIMIZERS[optimizer]
    g = g + a["norm_coefficient"] * w
    if optimizer in ("momentum", "nesterov"):
        share = a["beta"] if step > 0 else 1.0
        v = state["v"] = a["alpha"] * state.get("v", torch.zeros_like(w)) + share * g
        return w - RATE * (v if optimizer == "momentum" else g + a["alpha"] * v)
    if optimizer == "adagrad":
        h = state["h"] = state.get("h", torch.zeros_like(w)) + g * g
        return w - RATE / (1 + step * a["decay_factor"]) * g / (h.sqrt() + a["epsilon"])
    v = state["v"] = a["alpha"] * state.get("v", torch.zeros_like(w)) + (1 - a["alpha"]) * g
    h = state["h"] = a["beta"] * state.get("h", torch.zeros_like(w)) + (1 - a["beta"]) * g * g
    rate = RATE * np.sqrt(1 - a["beta"]**step) / (1 - a["alpha"]**step) if step > 0 else RATE
    return w - rate * v / (h.sqrt() + a["epsilon"])


def to_json(tensor):
    values = np.asarray(tensor, np.float32)
    return {"shape": list(values.shape), "data": [float(v) for v in values.flatten()]}


def run_steps(network, optimizer):
    values = {n: torch.tensor(v, dtype=torch.float64) for n, v in network.parameters.items()}
    running = {n: torch.tensor(v, dtype=torch.float64) for n, v in network.running.items()}
    states = {n: {} for n in values}
    steps = []
    for step in range(networks.STEPS):
        image, labels = network.data(step)
        for v in values.values():
            v.requires_grad_(True)
        logits = run_forward(network, torch.tensor(image, dtype=torch.float64), values, running)
        weights = network.class_weights
        loss = functional.cross_entropy(
            logits, torch.tensor(labels),
            None if weights is None else torch.tensor(weights, dtype=torch.float64),
            ignore_index=network.loss_attributes.get("ignore_index", -100))
        grads = dict(zip(values, torch.autograd.grad(loss, list(values.values()))))
        with torch.no_grad():
            values = {n: update(optimizer, step, v, grads[n], states[n])
                      for n, v in values.items()}
        steps.append({"loss": float(np.float32(loss.item())),
                      "parameters": {n: to_json(v) for n, v in {**values, **running}.items()}})
    return steps


def make_values(network, optimizers):
    data = [network.data(step) for step in range(networks.STEPS)]
    return {"learning_rate": RATE,
            "inputs": [{"image": to_json(image), "labels": to_json(labels)}
                       for image, labels in data],
            "optimizers": {name: run_steps(network, name) for name in optimizers}}
