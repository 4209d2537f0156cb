# ===- standard.py - form (b): a network with a TrainingInfoProto --------- ===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# The ONNX standard's own training form: the model's graph is the forward part;
# the algorithm, which follows it, has the loss, a Gradient node and the update;
# bindings say which output is the next value of which initializer.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
from onnx import helper, numpy_helper

import networks

PREVIEW = "ai.onnx.preview.training"
RATE = networks.LEARNING_RATE
OPTIMIZERS = {
    "momentum": ("Momentum", {"alpha": 0.75, "beta": 1.0, "norm_coefficient": 2.0**-7,
                              "mode": "standard"}, 1),
    "nesterov": ("Momentum", {"alpha": 0.75, "beta": 1.0, "norm_coefficient": 0.0,
                              "mode": "nesterov"}, 1),
    "adagrad": ("Adagrad", {"decay_factor": 0.0, "epsilon": 2.0**-10,
                            "norm_coefficient": 0.0}, 1),
    "adam": ("Adam", {"alpha": 0.875, "beta": 0.96875, "epsilon": 2.0**-10,
                      "norm_coefficient": 0.0, "norm_coefficient_post": 0.0}, 2),
}


def gradient_node(names):
    """d loss / d `names`, with image and labels held."""
    return helper.make_node("Gradient", [*names, "image"], [f"d.{n}" for n in names],
                            name="gradient", domain=PREVIEW, xs=list(names), zs=["image"],
                            y="loss")


def written_update(names):
    nodes = []
    for n in names:
        nodes.append(helper.make_node("Mul", ["R", f"d.{n}"], [f"scaled.{n}"], name=f"scale/{n}"))
        nodes.append(helper.make_node("Sub", [n, f"scaled.{n}"], [f"{n}.next"], name=f"sub/{n}"))
    return nodes, {n: f"{n}.next" for n in names}, []


def optimizer_update(names, optimizer, network):
    """One node for all parameters; T counts the steps."""
    op, attributes, count = OPTIMIZERS[optimizer]
    states = [[f"{n}.{kind}" for n in names] for kind in ("first", "second")[:count]]
    nexts = [[f"{n}.next" for n in row] for row in [names, *states]]
    inputs = ["R", "T", *names, *(f"d.{n}" for n in names), *sum(states, [])]
    nodes = [helper.make_node(op, inputs, sum(nexts, []), name=optimizer, domain=PREVIEW,
                              **attributes),
             helper.make_node("Add", ["T", "one"], ["T.next"], name="count")]
    binding = {old: new for row, next_row in zip([names, *states], nexts)
               for old, new in zip(row, next_row)}
    binding["T"] = "T.next"
    tensors = [numpy_helper.from_array(np.zeros_like(network.parameters[n]), state)
               for row in states for n, state in zip(names, row)]
    tensors += [numpy_helper.from_array(np.array(0, np.int64), "T"),
                numpy_helper.from_array(np.array(1, np.int64), "one")]
    return nodes, binding, tensors


def training_info(network, names, optimizer, has_loss, initialization=None, bindings=None):
    """A TrainingInfoProto that trains `names`; `has_loss`: the loss is computed here."""
    nodes, binding, tensors = (written_update(names) if optimizer == "sgd" else
                               optimizer_update(names, optimizer, network))
    if has_loss:
        tensors.append(numpy_helper.from_array(np.array(RATE, np.float32), "R"))
        for name in network.running:
            binding[name] = name + ".new"
    nodes = (networks.loss_nodes(network) if has_loss else []) + [gradient_node(names)] + nodes
    algorithm = helper.make_graph(
        nodes, "algorithm", [networks.labels_info(network)] if has_loss else [],
        [networks.float_info("loss", [])] if has_loss else
        [networks.float_info(new, network.parameters[old].shape) for old, new in binding.items()],
        tensors)
    return helper.make_training_info(algorithm, list(binding.items()), initialization,
                                     bindings)


def make_initialization(network, constants, shaped):
    """A graph without inputs: `constants` by Constant, `shaped` by ConstantOfShape and Mul."""
    nodes, bindings, outputs = [], [], []
    for name in constants:
        value = numpy_helper.from_array(network.parameters[name], name)
        nodes.append(helper.make_node("Constant", [], [f"init.{name}"], value=value))
    for name in shaped:
        shape = network.parameters[name].shape
        nodes += [helper.make_node("Constant", [], [f"shape.{name}"], value=numpy_helper.from_array(
                      np.array(shape, np.int64), "shape")),
                  helper.make_node("ConstantOfShape", [f"shape.{name}"], [f"half.{name}"],
                                   value=numpy_helper.from_array(np.array([0.5], np.float32))),
                  helper.make_node("Mul", [f"half.{name}", f"half.{name}"], [f"init.{name}"])]
    for name in [*constants, *shaped]:
        bindings.append((name, f"init.{name}"))
        outputs.append(networks.float_info(f"init.{name}", network.parameters[name].shape))
    return helper.make_graph(nodes, "initialization", [], outputs), bindings


def make_model(network, optimizer, parts=1, initialized=()):
    """Form (b). `parts` TrainingInfoProtos share the parameters; the values of `initialized`
    are in the initialization graph, and the initializers themselves are zero."""
    names = list(network.parameters)
    first = helper.make_graph(
        networks.forward_nodes(network), network.name, [networks.image_info(network)],
        [networks.logits_info(network)], networks.initializers(network))
    for tensor in first.initializer:
        if tensor.name in initialized:
            zeros = np.zeros_like(network.parameters[tensor.name])
            tensor.CopyFrom(numpy_helper.from_array(zeros, tensor.name))
    graph, bindings = make_initialization(network, initialized, []) if initialized else (None, None)
    size = -(-len(names) // parts)
    infos = [training_info(network, names[i:i + size], optimizer, i == 0,
                           graph if i == 0 else None, bindings if i == 0 else None)
             for i in range(0, len(names), size)]
    return networks.make_model(first, [PREVIEW], training_info=infos, opset=network.opset)
