# ===- loss.py - losses as graphs end in them, and losses that a flag adds --===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(7)
CROSS_ENTROPY = "--loss=softmax-cross-entropy"


def normal(*shape):
    return RANDOM.standard_normal((SAMPLES, *shape)).astype(np.float32)


def classes(count, *shape):
    return RANDOM.integers(0, count, (SAMPLES, *shape))


class Ending(nn.Module):
    """A small network and, in its graph, a loss: `end(self, logits, *targets)`."""

    def __init__(self, end, outputs=3):
        super().__init__()
        self.hidden = nn.Linear(6, 8)
        self.out = nn.Linear(8, outputs)
        self.end = end

    def forward(self, x, *targets):
        return self.end(self, self.out(torch.relu(self.hidden(x))), *targets)


def label_smoothing(_, logits, labels):
    uniform = -functional.log_softmax(logits, 1).mean()
    return 0.9 * functional.cross_entropy(logits, labels) + 0.1 * uniform


def l2_penalty(module, logits, labels):
    return functional.cross_entropy(logits, labels) + 0.05 * (module.hidden.weight ** 2).sum()


def divergence(_, logits, targets):
    return functional.kl_div(functional.log_softmax(logits, 1), targets, reduction="batchmean", log_target=True)


def huber(_, outputs, targets):
    error = (outputs - targets).abs()
    return torch.where(error <= 0.5, 0.5 * error * error, 0.5 * (error - 0.25)).mean()


def weighted_binary(_, logits, targets):
    # binary_cross_entropy_with_logits(pos_weight=3), in the stable form that users write by hand.
    softplus = torch.relu(-logits) + torch.log1p(torch.exp(-logits.abs()))
    return ((1 - targets) * logits + (1 + 2 * targets) * softplus).mean()


def uncertainty(module, logits, labels):
    # A sum that weighs the same cross entropy twice, so that its error is no constant.
    loss = functional.cross_entropy(logits, labels)
    return loss * loss + 0.5 * loss


class Features(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(6, 5)
        self.out = nn.Linear(5, 3)

    def forward(self, x):
        features = torch.tanh(self.hidden(x))
        return features, self.out(features)


def rename_outputs(*names):
    def edit(proto):
        old = {output.name: name for output, name in zip(proto.graph.output, names)}
        for output in proto.graph.output:
            output.name = old[output.name]
        for node in proto.graph.node:
            node.input[:] = [old.get(name, name) for name in node.input]
            node.output[:] = [old.get(name, name) for name in node.output]

    return edit


def two_losses(_, logits, labels):
    return functional.cross_entropy(logits, labels), (logits * logits).mean()


def first_of(outputs):
    return outputs[0]


ROWS = {"x": normal(6)}
LABELS = {"labels": classes(3)}

CASES = [
    Case("loss_label_smoothing", "label smoothing: a cross entropy inside a sum", lambda: Ending(label_smoothing),
         {**ROWS, **LABELS}),
    Case("loss_l2_penalty", "a penalty on a weight, written in the graph", lambda: Ending(l2_penalty), {**ROWS, **LABELS}),
    Case("loss_of_itself", "a cross entropy whose error depends on its value", lambda: Ending(uncertainty),
         {**ROWS, **LABELS}),
    Case("loss_shape_1", "a graph that ends in shape [1]",
         lambda: Ending(lambda _, z, y: 2 * functional.cross_entropy(z, y).reshape(1)), {**ROWS, **LABELS}),
    Case("loss_shape_1_1", "a graph that ends in shape [1, 1]",
         lambda: Ending(lambda _, z, y: functional.cross_entropy(z, y).reshape(1, 1)), {**ROWS, **LABELS}),
    Case("loss_divergence", "Kullback-Leibler divergence from distributions",
         lambda: Ending(divergence),
         {**ROWS, "targets": np.log(RANDOM.dirichlet(np.ones(3), SAMPLES)).astype(np.float32)}),
    Case("loss_huber", "Huber's loss of half a unit", lambda: Ending(huber, 2), {**ROWS, "targets": normal(2)}),
    Case("loss_binary_weighted", "binary cross entropy with a weight of the positive class",
         lambda: Ending(weighted_binary, 4), {**ROWS, "targets": classes(2, 4).astype(np.float32)}),
    Case("loss_added_by_name", "--loss on the second of two outputs", Features, ROWS, LABELS,
         lambda outputs, labels: functional.cross_entropy(outputs[1], labels),
         {"flags": [CROSS_ENTROPY, "--logits=scores"], "silent": ["takes another"]},
         edit=rename_outputs("features", "scores")),
    Case("loss_added_to_first", "--loss on the first of two outputs, which a note names", Features, ROWS,
         {"targets": normal(5)}, lambda outputs, targets: functional.mse_loss(outputs[0], targets),
         {"flags": ["--loss=mse"],
          "says": ['note: .*model.onnx: --loss=mse is of "features", the first of 2 outputs; --logits=NAME takes']},
         edit=rename_outputs("features", "scores")),
    Case("loss_mse_maps", "mean square error of maps", lambda: nn.Conv2d(2, 3, 3, padding=1),
         {"x": normal(2, 5, 4)}, {"targets": normal(3, 5, 4)},
         lambda outputs, targets: functional.mse_loss(outputs, targets), {"flags": ["--loss=mse"]}),
    Case("loss_mse_sequence", "mean square error of sequences", lambda: nn.Linear(3, 2), {"x": normal(5, 3)},
         {"targets": normal(5, 2)}, lambda outputs, targets: functional.mse_loss(outputs, targets),
         {"flags": ["--loss=mse"]}),
    Case("loss_sequence_axis", "classes of every token, last in the logits", lambda: nn.Linear(3, 4),
         {"x": normal(5, 3)}, {"labels": classes(4, 5)},
         lambda logits, labels: functional.cross_entropy(logits.transpose(1, 2), labels),
         {"flags": [CROSS_ENTROPY, "--class-axis=2"]}),
    Case("loss_sequence_channels", "classes of every position of a 1-D convolution",
         lambda: nn.Conv1d(3, 4, 3, padding=1), {"x": normal(3, 7)}, {"labels": classes(4, 7)},
         lambda logits, labels: functional.cross_entropy(logits, labels), {"flags": [CROSS_ENTROPY]}),
    Case("loss_maps_last_axis", "classes of every pixel, last in the logits, counted from behind",
         lambda: nn.Linear(3, 4), {"x": normal(3, 2, 3)}, {"labels": classes(4, 3, 2)},
         lambda logits, labels: functional.cross_entropy(logits.permute(0, 3, 1, 2), labels),
         {"flags": [CROSS_ENTROPY, "--class-axis=-1"]}),
    Case("loss_output_named", "two outputs of one element, of which a flag names the loss", lambda: Ending(two_losses),
         {**ROWS, **LABELS}, {}, first_of, {"flags": ["--loss-output=entropy"]},
         edit=rename_outputs("entropy", "size")),
    Case("loss_outputs_unnamed", "two outputs of one element and no flag: refused, by name", lambda: Ending(two_losses),
         {**ROWS, **LABELS}, {}, first_of,
         {"expect": "refusal",
          "says": ['error: .*model.onnx: expected one output of one element, the loss, found 2: "entropy", "size"; '
                   "give --loss-output=NAME"]},
         edit=rename_outputs("entropy", "size")),
]
