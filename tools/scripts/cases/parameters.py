# ===- parameters.py - what is trained, and what an import leaves out -------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import io
import warnings

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(19)
SCORES = {"flags": ["--loss=softmax-cross-entropy"]}


def normal(*shape):
    return RANDOM.standard_normal((SAMPLES, *shape)).astype(np.float32)


def labels(classes):
    return {"labels": RANDOM.integers(0, classes, SAMPLES)}


def cross_entropy(logits, labels):
    return functional.cross_entropy(logits, labels)


def expecting(**keys):
    return {**SCORES, **keys}


# ===- Parameters of one element ------------------------------------------===#


class Gated(nn.Module):
    """A gate and a slope of one element each, and a bias that is a scalar."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 3)
        self.act = nn.PReLU()
        self.gate, self.shift = nn.Parameter(torch.tensor([0.5])), nn.Parameter(torch.tensor(-0.25))

    def forward(self, x):
        y = self.first(x)
        return self.second(self.act(y) * torch.sigmoid(self.gate) + self.shift)


class LogitShift(nn.Module):
    """A scalar in the logits, times an input, so that it does not cancel."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.shift = nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return self.head(x) + self.shift * x[:, :1] * torch.tensor([[1.0, 0.0, 0.0]])


class PowerMean(nn.Module):
    """Pooling with a trained exponent, as image retrieval has it."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(2, 4, 3), nn.Linear(4, 3)
        self.p = nn.Parameter(torch.tensor([2.0]))

    def forward(self, x):
        y = torch.relu(self.conv(x)) + 0.125
        y = y.pow(self.p).mean((2, 3)).pow(1 / self.p)
        return self.head(y)


class OneChannel(nn.Module):
    """Layers of one channel: their weights, biases and statistics have one element."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)
        self.norm = nn.BatchNorm2d(1)
        self.back = nn.ConvTranspose2d(1, 1, 1)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.back(torch.relu(self.norm(self.conv(x)))).flatten(1))


# ===- Constants ----------------------------------------------------------===#


class Halved(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x):
        return self.second(torch.clamp(torch.relu(self.first(x)) * 0.5 + 0.125, max=1.0))


def move_constants(proto):
    """As onnx-simplifier does: every Constant node becomes an initializer of the same name."""
    graph = proto.graph
    for node in [n for n in graph.node if n.op_type == "Constant"]:
        tensor = node.attribute[0].t
        tensor.name = node.output[0]
        graph.initializer.append(tensor)
        graph.node.remove(node)


def rename_constants(proto):
    """The same under the names of PyTorch's constant folding; bounds get one of their own."""
    move_constants(proto)
    graph = proto.graph
    for i, tensor in enumerate(graph.initializer):
        readers = [n for n in graph.node if tensor.name in n.input]
        if "Constant" not in tensor.name or not readers:
            continue
        op = readers[0].op_type  # of the bound: a Cast before the Clip
        name = "limit" if op == "Cast" else f"onnx::{op}_{40 + i}"
        for node in readers:
            node.input[:] = [name if value == tensor.name else value for value in node.input]
        tensor.name = name


# ===- Parts that are left out --------------------------------------------===#


def add_dead_parts(proto):
    graph = proto.graph
    graph.node.insert(0, helper.make_node("Relu", ["x"], ["forgotten"], name="forgotten_relu"))
    graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "never_read"))


class TwoResults(nn.Module):
    """Its loss is written out; the second head is in no loss."""

    def __init__(self):
        super().__init__()
        self.body, self.head, self.side = nn.Linear(6, 8), nn.Linear(8, 3), nn.Linear(8, 2)

    def forward(self, x, goal):
        y = torch.relu(self.body(x))
        scores = self.head(y)
        return ((scores - goal) ** 2).mean(), scores, self.side(y)


class LossOnly(nn.Module):
    """What PyTorch trains of TwoResults."""

    def __init__(self):
        super().__init__()
        self.inner = TwoResults()

    def forward(self, x, goal):
        return self.inner(x, goal)[0]


def export_inner(module):
    example = (torch.zeros(4, 6), torch.zeros(4, 3))
    return exported(module.inner, example, ["x", "goal"], {"x": {0: "N"}, "goal": {0: "N"}},
                    ["loss", "scores", "side"])


class Stepped(nn.Module):
    """A parameter behind a function whose slope is 0 everywhere, and one in a comparison."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 3)
        self.offset, self.threshold = nn.Parameter(torch.randn(3)), nn.Parameter(torch.randn(3))

    def forward(self, x):
        y = self.head(x)
        return torch.where(y > self.threshold, y, y * 0.25) + torch.floor(self.offset)


# ===- Parameters that are merged -----------------------------------------===#


class TwoNorms(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.na = nn.Linear(6, 8), nn.LayerNorm(8)
        self.b, self.nb = nn.Linear(8, 8), nn.LayerNorm(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(torch.relu(self.nb(self.b(torch.relu(self.na(self.a(x)))))))


class BatchNormed(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.norm, self.head = nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.body(x))))


def merge(pairs):
    """As PyTorch's exporter merges equal initializers: the second becomes an Identity of the first. Statistics, which
    the export itself has moved, need not be equal: training does not read them."""

    def edit(proto):
        graph = proto.graph
        for kept, gone in pairs:
            tensors = {t.name: t for t in graph.initializer}
            if gone not in tensors:
                continue  # the exporter has done it
            assert "running" in gone or tensors[kept].raw_data == tensors[gone].raw_data
            graph.initializer.remove(tensors[gone])
            graph.node.insert(0, helper.make_node("Identity", [kept], [gone]))

    return edit


# ===- A batch in the file ------------------------------------------------===#


def exported(module, example, names, axes, outputs=None):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, example, file, input_names=names, output_names=outputs,
                          opset_version=13, training=torch.onnx.TrainingMode.TRAINING,
                          do_constant_folding=False, dynamic_axes=axes)
    return onnx.load_from_string(file.getvalue())


def with_batch(count, *shape):
    """An export whose batch is the number `count`."""
    return lambda module: exported(module, (torch.zeros(count, *shape),), ["x"], None)


class ClassToken(nn.Module):
    """A token before the sequence, repeated for each image: Expand."""

    def __init__(self):
        super().__init__()
        self.token, self.head = nn.Parameter(torch.randn(1, 1, 4)), nn.Linear(12, 3)

    def forward(self, x):
        return self.head(torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1).flatten(1))


class ZeroState(nn.Module):
    """A first state of zeros beside the input: ConstantOfShape, or a constant."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(torch.cat([x, torch.zeros(x.shape[0], 2)], 1))


def write_zeros(proto):
    """The zeros as ConstantOfShape of a written shape, as older exporters have it."""
    graph = proto.graph
    concat = next(n for n in graph.node if n.op_type == "Concat")
    shape = numpy_helper.from_array(np.array([1, 2], np.int64), "state_shape")
    graph.initializer.append(shape)
    graph.node.insert(0, helper.make_node("ConstantOfShape", ["state_shape"], ["state"], name="first_state"))
    concat.input[1] = "state"


class Merged(nn.Module):
    """Reshape to [batch, -1] with the batch as a number: takes any number of elements."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(12, 3)

    def forward(self, x):
        return self.head(x.reshape(x.shape[0], 3, -1).transpose(1, 2).reshape(x.shape[0], 12))


class Cut(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        return self.head(x[:int(x.shape[0])])


def write_slice(proto):
    """A Slice of the whole batch in front."""
    graph = proto.graph
    for name, value in (("starts", 0), ("ends", 1), ("axes", 0)):
        graph.initializer.append(numpy_helper.from_array(np.array([value], np.int64), name))
    for node in graph.node:
        node.input[:] = ["cut" if name == "x" else name for name in node.input]
    graph.node.insert(0, helper.make_node("Slice", ["x", "starts", "ends", "axes"], ["cut"], name="cut_batch"))


def refused(**keys):
    return expecting(expect="refusal", **keys)


CASES = [
    Case("gate_and_slope", "a gate and a PReLU slope of one element, a bias that is a scalar", Gated,
         {"x": normal(6)}, labels(3), cross_entropy, SCORES),
    Case("logit_shift", "a trained scalar in the logits", LogitShift, {"x": normal(6)}, labels(3), cross_entropy,
         SCORES),
    Case("power_mean", "a trained exponent of one element", PowerMean, {"x": normal(2, 6, 6)}, labels(3), cross_entropy,
         SCORES),
    Case("one_channel", "layers of one channel", OneChannel, {"x": normal(1, 4, 4)}, labels(3), cross_entropy, SCORES),
    Case("constant_scale", "numbers in Constant nodes stay what they are", Halved, {"x": normal(6)}, labels(3),
         cross_entropy, expecting(silent=["not trained"])),
    Case("constants_simplified", "the same after a tool has moved them into initializers", Halved, {"x": normal(6)},
         labels(3), cross_entropy,
         expecting(says=[r'note: .*not trained, as their names are those of constants: ".*Constant_output_0"']),
         edit=move_constants),
    Case("constants_renamed", "the same under the names of folded nodes, and a bound under a name of its own", Halved,
         {"x": normal(6)}, labels(3), cross_entropy,
         expecting(says=[r'note: .*not trained, as their names are those of constants: "onnx::Mul_\d+"'],
                   silent=["limit"]), edit=rename_constants),
    Case("dead_parts", "a node and an initializer that nothing reads", Halved, {"x": normal(6)}, labels(3),
         cross_entropy, expecting(says=[r'note: .*left out.*node "forgotten_relu"; initializer "never_read"']),
         edit=add_dead_parts),
    Case("second_head", "an output that is in no loss, with its parameters", LossOnly,
         {"x": normal(6), "goal": normal(3)},
         expect={"says": [r'note: .*left out.*node ".*side.*"; output "side"']}, model=export_inner),
    Case("no_slope", "parameters that get no gradient", Stepped, {"x": normal(6)}, labels(3), cross_entropy,
         expecting(says=['warning: .*"offset" gets no gradient',
                         'note: .*not trained, as they reach no operand that has a gradient: "threshold"'])),
    Case("untied_norms", "equal parameters that an exporter has merged, trained apart", TwoNorms, {"x": normal(6)},
         labels(3), cross_entropy,
         expecting(flags=[*SCORES["flags"], "--untie=nb.*"], silent=["exporter has merged"]),
         edit=merge([("na.weight", "nb.weight"), ("na.bias", "nb.bias")]), opset=13),
    Case("merged_statistics", "running statistics merged with a scale and a bias of equal values", BatchNormed,
         {"x": normal(6)}, labels(3), cross_entropy, expecting(silent=["exporter has merged"]),
         edit=merge([("norm.bias", "norm.running_mean"), ("norm.weight", "norm.running_var")])),
    Case("untie_unknown", "--untie of a name that is not merged", TwoNorms, {"x": normal(6)}, labels(3), cross_entropy,
         refused(flags=[*SCORES["flags"], "--untie=head.*"],
                 says=[r'--untie=head\.\*: matches no parameter that the exporter has merged, expected one of "nb']),
         edit=merge([("na.weight", "nb.weight"), ("na.bias", "nb.bias")])),
    Case("batch_in_expand", "a batch of 1 in an Expand, which fits nowhere else", ClassToken, {"x": normal(2, 4)},
         labels(3), cross_entropy,
         refused(says=['batch of 1 may be baked into node ".*Expand.*", its shape .*dynamic batch']),
         model=with_batch(1, 2, 4)),
    Case("batch_in_zeros", "a batch of 1 in a ConstantOfShape", ZeroState, {"x": normal(6)}, labels(3), cross_entropy,
         refused(says=[r'batch of 1 may be baked into node "first_state", its shape \[1, 2\].*dynamic batch']),
         model=with_batch(1, 6), edit=write_zeros),
    Case("batch_in_slice", "a Slice of the file's one image", Cut, {"x": normal(6)}, labels(3), cross_entropy,
         refused(says=['node "cut_batch": Slice: a batch of 1 is baked into its ends.*dynamic batch']),
         model=with_batch(1, 6), edit=write_slice),
    Case("batch_in_open_reshape", "a Reshape to [2, 3, -1], which any number of images fits", Merged,
         {"x": normal(12)}, labels(3), cross_entropy,
         refused(says=[r'Reshape: a batch of 2 is baked into its shape \[2, 3, -1\].*--batch=4.*dynamic batch']),
         model=with_batch(2, 12)),
]
