# ===- written.py - form (d): a whole step in ordinary operators ---------- ===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# What graph-level gradient tools write: the gradient of a convolution with
# respect to its input is a ConvTranspose, with respect to its weights a Conv
# whose weight is computed; a Relu's is a comparison; a pool's is a MaxUnpool.
# The new value of parameter P is the output P.new.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
from onnx import helper, numpy_helper

import networks
from reverse import Reverse, attributes_of

TOOLS = "training.tools"


class Written(Reverse):
    def __init__(self, network):
        super().__init__(network)
        self.zero = self.constant("zero", np.array(0, np.float32))  # of rank 0
        self.is_terse = network.name == "mlp"

    def sum_to_channels(self, dy, output):
        rank = len(self.network.shapes["image"])
        axes = [0] if self.is_terse or output.startswith("logits") else [0] + list(range(2, rank))
        name = self.constant("axes_" + "_".join(map(str, axes)), np.array(axes, np.int64))
        return self.emit("ReduceSum", [dy, name], output, keepdims=0)

    def loss(self):
        """(softmax - one hot) / N."""
        n, classes = self.network.batch, self.network.classes
        self.emit("Softmax", ["logits"], "probabilities", axis=-1)
        self.constant("classes", np.array(classes, np.int64))
        self.constant("off_on", np.array([0, 1], np.float32))
        self.emit("OneHot", ["labels", "classes", "off_on"], "one_hot", axis=-1)
        self.emit("Sub", ["probabilities", "one_hot"], "difference")
        self.constant("batch", np.array(n, np.float32))
        return self.emit("Div", ["difference", "batch"], "logits_grad")

    def grad_Gemm(self, node, dy):
        x, w, b = node.input
        if self.is_terse:
            if self.wants(x):
                self.give(x, self.emit("Gemm", [dy, w], self.name_for(x)))
            self.give(w, self.emit("Gemm", [dy, x], w + "_grad", transA=1))
        else:
            if self.wants(x):
                self.give(x, self.emit("MatMul", [dy, w], self.name_for(x)))
            turned = self.emit("Transpose", [dy], dy + "_turned", perm=[1, 0])
            self.give(w, self.emit("MatMul", [turned, x], w + "_grad"))
        self.give(b, self.sum_to_channels(dy, b + "_grad"))

    def grad_Relu(self, node, dy):
        x, y = node.input[0], node.output[0]
        if self.is_terse or y == "relu2":
            mask = self.emit("Greater", [y, self.zero], y + "_positive")
            self.give(x, self.emit("Where", [mask, dy, self.zero], self.name_for(x)))
        else:
            mask = self.emit("Greater", [x, self.zero], y + "_positive")
            mask = self.emit("Cast", [mask], y + "_mask", to=1)
            self.give(x, self.emit("Mul", [dy, mask], self.name_for(x)))

    def grad_Conv(self, node, dy):
        x, w = node.input[:2]
        attributes = attributes_of(node)
        strides, pads = attributes["strides"], attributes["pads"]
        kernel = attributes["kernel_shape"]
        left = [(self.network.shapes[x][2 + i] + 2 * pads[i] - kernel[i]) % strides[i]
                for i in range(2)]
        if self.wants(x):
            self.give(x, self.emit("ConvTranspose", [dy, w], self.name_for(x), strides=strides,
                                   pads=pads, kernel_shape=kernel, output_padding=left))
        swap = [1, 0, 2, 3]
        turned = [self.emit("Transpose", [v], f"{v}_turned_for_{node.output[0]}", perm=swap)
                  for v in (x, dy)]
        dw = self.emit("Conv", turned, w + "_grad_turned", pads=pads, dilations=strides)
        if any(left):  # windows that no tap of the forward kernel has
            self.constant("from_0", np.array([0, 0], np.int64))
            self.constant(w + "_to", np.array(kernel, np.int64))
            self.constant("axes_2_3", np.array([2, 3], np.int64))
            dw = self.emit("Slice", [dw, "from_0", w + "_to", "axes_2_3"], w + "_grad_cut")
        self.give(w, self.emit("Transpose", [dw], w + "_grad", perm=swap))
        if len(node.input) > 2:
            self.give(node.input[2], self.sum_to_channels(dy, node.input[2] + "_grad"))

    def grad_MaxPool(self, node, dy):
        x = node.input[0]
        shape = self.constant(x + "_extents", np.array(self.network.shapes[x], np.int64))
        attributes = attributes_of(node)
        self.give(x, self.emit("MaxUnpool", [dy, node.output[0] + "_indices", shape],
                               self.name_for(x), kernel_shape=attributes["kernel_shape"],
                               strides=attributes["strides"]))

    def grad_BatchNormalization(self, node, dy):
        """With x' = (x - mean) / sqrt(var + eps): the sums of dy and of dy x', then dx."""
        x, weight, bias = node.input[:3]
        y = node.output[0]
        n, c, h, w = self.network.shapes[x]
        epsilon = self.constant(y + "_epsilon", np.array(attributes_of(node)["epsilon"], np.float32))
        mean = self.emit("ReduceMean", [x], y + "_mean", axes=[0, 2, 3], keepdims=1)
        centred = self.emit("Sub", [x, mean], y + "_centred")
        squared = self.emit("Mul", [centred, centred], y + "_squared")
        variance = self.emit("ReduceMean", [squared], y + "_variance", axes=[0, 2, 3], keepdims=1)
        root = self.emit("Sqrt", [self.emit("Add", [variance, epsilon], y + "_shifted")], y + "_root")
        unit = self.emit("Div", [centred, root], y + "_unit")
        self.give(bias, self.sum_to_channels(dy, bias + "_grad"))
        product = self.emit("Mul", [dy, unit], y + "_product")
        self.give(weight, self.sum_to_channels(product, weight + "_grad"))
        shape = self.constant(y + "_channels", np.array([1, c, 1, 1], np.int64))
        count = self.constant(y + "_count", np.array(n * h * w, np.float32))
        db = self.emit("Reshape", [bias + "_grad", shape], y + "_db")
        dw = self.emit("Reshape", [weight + "_grad", shape], y + "_dw")
        gamma = self.emit("Reshape", [weight, shape], y + "_gamma")
        total = self.emit("Add", [db, self.emit("Mul", [unit, dw], y + "_along")], y + "_shared")
        inner = self.emit("Sub", [dy, self.emit("Div", [total, count], y + "_share")], y + "_rest")
        scale = self.emit("Div", [gamma, root], y + "_scale")
        self.give(x, self.emit("Mul", [inner, scale], self.name_for(x)))

    def grad_Add(self, node, dy):
        for value in node.input:
            self.give(value, dy)

    def grad_GlobalAveragePool(self, node, dy):
        x = node.input[0]
        pixels = int(np.prod(self.network.shapes[x][2:]))
        share = self.constant(x + "_share", np.array(1 / pixels, np.float32))
        scaled = self.emit("Mul", [dy, share], x + "_scaled")
        self.give(x, self.emit("Expand", [scaled, self.emit("Shape", [x], x + "_shape")],
                               self.name_for(x)))

    def grad_Flatten(self, node, dy):
        x = node.input[0]
        self.give(x, self.emit("Reshape", [dy, self.emit("Shape", [x], x + "_shape")],
                               self.name_for(x)))


def can_write(network):
    """Whether there is a rule for each operator of the network, and for its loss; those of Conv are for images."""
    return networks.has_plain_loss(network) and len(network.image_shape) in (2, 4) and all(
        hasattr(Written, "grad_" + node.op_type) for node in network.nodes)


def sgd_function():
    """w - rate * dw, as a function of the model."""
    return helper.make_function(
        TOOLS, "SgdStep", ["w", "dw", "rate"], ["next"],
        [helper.make_node("Mul", ["rate", "dw"], ["scaled"], name="scale"),
         helper.make_node("Sub", ["w", "scaled"], ["next"], name="subtract")],
        [helper.make_opsetid("", networks.OPSET)])


def make_model(network):
    reverse = Written(network)
    reverse.run(reverse.loss())
    nodes = networks.forward_nodes(network)
    for node in nodes:
        if node.op_type == "MaxPool":
            node.output.append(node.output[0] + "_indices")
    nodes += networks.loss_nodes(network) + reverse.nodes
    outputs = [networks.float_info("loss", []), networks.logits_info(network)]
    rate = reverse.constant("rate", np.array(networks.LEARNING_RATE, np.float32))
    has_function = reverse.is_terse
    for name, values in network.parameters.items():
        grad = reverse.gradients[name]
        if has_function:
            nodes.append(helper.make_node("SgdStep", [name, grad, rate], [name + ".new"],
                                          name=f"update/{name}", domain=TOOLS))
        else:
            nodes.append(helper.make_node("Mul", [grad, rate], [name + "_step"],
                                          name=f"step/{name}"))
            nodes.append(helper.make_node("Sub", [name, name + "_step"], [name + ".new"],
                                          name=f"update/{name}"))
    for name, values in {**network.parameters, **network.running}.items():
        outputs.append(networks.float_info(name + ".new", values.shape))
    tensors = networks.initializers(network)
    tensors += [numpy_helper.from_array(v, n) for n, v in reverse.initializers.items()]
    graph = helper.make_graph(nodes, network.name,
                              [networks.image_info(network), networks.labels_info(network)],
                              outputs, tensors)
    if has_function:
        return networks.make_model(graph, [TOOLS], [sgd_function()])
    return networks.make_model(graph)
