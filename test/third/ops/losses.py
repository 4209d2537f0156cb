# ===- losses.py - softmax, cross entropy, likelihood ----------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5. All of them go by rows of C elements.
#
# ===-----------------------------------------------------------------------===#
from ..functions import exp, log
from ..numbers import add, div, mul, row_sum, sub
from .reductions import sum_of
from .registry import define


def rows_of(tensor):
    c = tensor.shape[-1]
    return [tensor.data[i:i + c] for i in range(0, len(tensor.data), c)]


def exponentials(row):
    """(m, [e_i], s)"""
    m = max(row)
    e = [exp(sub(x, m)) for x in row]
    return m, e, row_sum(e)


@define("softmax")
def softmax(call):
    y = []
    for row in rows_of(call.inputs[0]):
        _, e, s = exponentials(row)
        y += [div(v, s) for v in e]
    return [y]


@define("softmax_grad")
def softmax_grad(call):
    dx = []
    for dy, y in zip(*map(rows_of, call.inputs)):
        t = row_sum([mul(a, b) for a, b in zip(y, dy)])
        dx += [mul(a, sub(b, t)) for a, b in zip(y, dy)]
    return [dx]


@define("cross_entropy")
def cross_entropy(call):
    x, labels = call.inputs
    losses = []
    for row, label in zip(rows_of(x), labels.data):
        m, _, s = exponentials(row)
        if 0 <= label < len(row):
            losses.append(sub(log(s), sub(row[label], m)))
        else:
            losses.append(add(log(s), m))
    return [[div(sum_of(losses), float(len(losses)))], losses]


@define("cross_entropy_grad")
def cross_entropy_grad(call):
    x, labels = call.inputs[:2]
    rows = rows_of(x)
    k = div(call["loss_scale"], float(len(rows)))
    if len(call.inputs) > 2:
        k = mul(call.inputs[2].item(), k)
    dx = []
    for row, label in zip(rows, labels.data):
        _, e, s = exponentials(row)
        dx += [mul(sub(div(v, s), 1.0 if i == label else 0.0), k) for i, v in enumerate(e)]
    return [dx]


@define("log_softmax")
def log_softmax(call):
    y = []
    for row in rows_of(call.inputs[0]):
        m, _, s = exponentials(row)
        log_s = log(s)
        y += [sub(sub(x, m), log_s) for x in row]
    return [y]


@define("log_softmax_grad")
def log_softmax_grad(call):
    dx = []
    for dy, y in zip(*map(rows_of, call.inputs)):
        total = row_sum(dy)
        dx += [sub(d, mul(exp(v), total)) for d, v in zip(dy, y)]
    return [dx]


def share_of(call, label, classes, weights):
    """What a row counts; None if its label is ignored or no class."""
    if not 0 <= label < classes or (call.has("ignore") and label == call["ignore"]):
        return None
    return weights.data[label] if weights else 1.0


@define("nll")
def nll(call):
    x, labels = call.inputs[:2]
    weights = call.inputs[2] if len(call.inputs) > 2 else None
    losses, shares = [], []
    for row, label in zip(rows_of(x), labels.data):
        share = share_of(call, label, len(row), weights)
        losses.append(0.0 if share is None else -mul(share, row[label]))
        shares.append(0.0 if share is None else share)
    return [losses, shares]


@define("nll_grad")
def nll_grad(call):
    dy, labels = call.inputs[:2]
    weights = call.inputs[2] if len(call.inputs) > 2 else None
    classes = call.types[0].shape[-1]
    dx = []
    for d, label in zip(dy.data, labels.data):
        row = [0.0] * classes
        share = share_of(call, label, classes, weights)
        if share is not None:
            row[label] = -mul(share, d)
        dx += row
    return [dx]
