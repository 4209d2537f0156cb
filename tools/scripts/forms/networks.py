# ===- networks.py - the networks that are written in four forms --------- ===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Small networks as lists of forward nodes, with seeded parameters. The writers
# beside this file turn one into a forward graph, a TrainingInfoProto, ONNX
# Runtime's artifacts and a step in ordinary operators. Called by make-forms.py.
#
# ===-----------------------------------------------------------------------===#
import zlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET = 15  # of all but networks with operators that came later
LEARNING_RATE = 0.125  # exact in FP32, as is all that is made of it
STEPS = 3


class Network:
    """Forward nodes from `image` to `logits`; every Conv, Gemm and so on has one output."""

    def __init__(self, name, image_shape, classes):
        self.name = name
        self.image_shape = image_shape
        self.classes = classes
        self.opset = OPSET
        self.loss_attributes = {"reduction": "mean"}
        self.class_weights = None  # of the loss
        self.nodes = []
        self.parameters = {}  # trained, in order
        self.running = {}  # statistics that no gradient trains
        self.shapes = {"image": list(image_shape)}
        self.random = np.random.default_rng(zlib.crc32(name.encode()))

    @property
    def batch(self):
        return self.image_shape[0]

    def parameter(self, name, shape, scale=0.4, offset=0.0):
        values = self.random.standard_normal(shape) * scale + offset
        self.parameters[name] = values.astype(np.float32)
        return name

    def add(self, op, inputs, output, shape, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        self.shapes[output] = list(shape)
        return output

    def conv(self, x, output, channels, kernel, stride=1, pad=0, group=1, bias=True):
        n, c, h, w = self.shapes[x]
        inputs = [x, self.parameter(output + ".weight", [channels, c // group, kernel, kernel])]
        if bias:
            inputs.append(self.parameter(output + ".bias", [channels], 0.1))
        size = [(extent + 2 * pad - kernel) // stride + 1 for extent in (h, w)]
        return self.add("Conv", inputs, output, [n, channels, *size],
                        kernel_shape=[kernel, kernel], strides=[stride, stride],
                        pads=[pad] * 4, dilations=[1, 1], group=group)

    def conv1d(self, x, output, channels, kernel, stride=1, pads=(0, 0), dilation=1):
        n, c, length = self.shapes[x]
        inputs = [x, self.parameter(output + ".weight", [channels, c, kernel]),
                  self.parameter(output + ".bias", [channels], 0.1)]
        size = (length + sum(pads) - dilation * (kernel - 1) - 1) // stride + 1
        return self.add("Conv", inputs, output, [n, channels, size], kernel_shape=[kernel],
                        strides=[stride], pads=list(pads), dilations=[dilation], group=1)

    def conv3d(self, x, output, channels, kernel, strides=(1, 1, 1), pads=(0, 0, 0),
               dilations=(1, 1, 1), group=1, bias=True):
        n, c, *extents = self.shapes[x]
        inputs = [x, self.parameter(output + ".weight", [channels, c // group, *kernel])]
        if bias:
            inputs.append(self.parameter(output + ".bias", [channels], 0.1))
        size = [(extent + 2 * pad - dilation * (k - 1) - 1) // stride + 1
                for extent, k, stride, pad, dilation
                in zip(extents, kernel, strides, pads, dilations)]
        return self.add("Conv", inputs, output, [n, channels, *size], kernel_shape=list(kernel),
                        strides=list(strides), pads=[*pads, *pads], dilations=list(dilations),
                        group=group)

    def softmax(self, x, output, axis, op="Softmax"):
        return self.add(op, [x], output, self.shapes[x], axis=axis)

    def flatten(self, x, output):
        n, *rest = self.shapes[x]
        return self.add("Flatten", [x], output, [n, int(np.prod(rest))], axis=1)

    def gemm(self, x, output, features):
        n, inner = self.shapes[x]
        return self.add("Gemm", [x, self.parameter(output + ".weight", [features, inner]),
                                 self.parameter(output + ".bias", [features], 0.1)],
                        output, [n, features], transB=1)

    def relu(self, x, output):
        return self.add("Relu", [x], output, self.shapes[x])

    def norm(self, x, output):
        """BatchNormalization with batch statistics."""
        c = self.shapes[x][1]
        inputs = [x, self.parameter(output + ".weight", [c], 0.2, 1.0),
                  self.parameter(output + ".bias", [c], 0.1)]
        self.running[output + ".running_mean"] = np.zeros(c, np.float32)
        self.running[output + ".running_var"] = np.ones(c, np.float32)
        inputs += [output + ".running_mean", output + ".running_var"]
        return self.add("BatchNormalization", inputs, output, self.shapes[x],
                        epsilon=2.0**-16, momentum=0.875, training_mode=1)

    def max_pool(self, x, output, size):
        n, c, h, w = self.shapes[x]
        return self.add("MaxPool", [x], output, [n, c, h // size, w // size],
                        kernel_shape=[size, size], strides=[size, size])

    def average_pool(self, x, output, size, stride, pad, counts_pad):
        n, c, h, w = self.shapes[x]
        shape = [(extent + 2 * pad - size) // stride + 1 for extent in (h, w)]
        return self.add("AveragePool", [x], output, [n, c, *shape], kernel_shape=[size, size],
                        strides=[stride, stride], pads=[pad] * 4,
                        count_include_pad=int(counts_pad))

    def layer_norm(self, x, output):
        """LayerNormalization over the last dimension."""
        features = self.shapes[x][-1]
        inputs = [x, self.parameter(output + ".weight", [features], 0.2, 1.0),
                  self.parameter(output + ".bias", [features], 0.1)]
        self.opset = 17
        return self.add("LayerNormalization", inputs, output, self.shapes[x], axis=-1,
                        epsilon=2.0**-16)

    def head(self, x, features):
        """Global average, then a dense layer."""
        n, c = self.shapes[x][:2]
        self.add("GlobalAveragePool", [x], "pooled", [n, c, 1, 1])
        self.add("Flatten", ["pooled"], "flat", [n, c], axis=1)
        self.gemm("flat", "logits", features)

    def data(self, step):
        """(image, labels) of one step."""
        random = np.random.default_rng(zlib.crc32(f"{self.name}/{step}".encode()))
        image = random.standard_normal(self.image_shape).astype(np.float32)
        return image, random.integers(0, self.classes, self.batch)


def mlp():
    network = Network("mlp", (4, 6), 3)
    network.gemm("image", "hidden", 8)
    network.relu("hidden", "active")
    network.gemm("active", "logits", 3)
    return network


def cnn(name, is_normed):
    """A convolution, pooling, and a second convolution in a residual."""
    network = Network(name, (4, 2, 8, 8), 3)
    network.conv("image", "conv1", 4, 3, pad=1)
    network.relu("conv1", "relu1")
    network.max_pool("relu1", "pool1", 2)
    last = network.conv("pool1", "conv2", 4, 3, pad=1, bias=not is_normed)
    if is_normed:
        last = network.norm(last, "norm2")
    network.relu(last, "relu2")
    network.add("Add", ["relu2", "pool1"], "sum2", network.shapes["pool1"])
    network.head("sum2", 3)
    return network


def strided():
    """Convolutions that skip: the last rows and columns of their inputs meet fewer taps."""
    network = Network("strided", (3, 2, 8, 8), 4)
    network.conv("image", "conv1", 4, 3, stride=2, pad=1)
    network.relu("conv1", "relu1")
    network.conv("relu1", "conv2", 5, 3, stride=2, pad=1)
    network.relu("conv2", "relu2")
    network.head("relu2", 4)
    return network


def pooled():
    """Averages with and without padding, of two inputs but with results of one shape."""
    network = Network("pooled", (4, 2, 7, 7), 3)
    network.conv("image", "conv1", 4, 3, pad=1)
    network.relu("conv1", "relu1")
    network.average_pool("relu1", "pool1", 3, 2, 1, False)
    network.conv("pool1", "conv2", 4, 3, pad=1)
    network.relu("conv2", "relu2")
    network.average_pool("relu2", "pool2", 3, 1, 1, True)
    network.head("pool2", 3)
    return network


def layer():
    """LayerNormalization, and a loss with weights in which one label does not count."""
    network = Network("layer", (6, 5), 4)
    network.gemm("image", "hidden", 8)
    network.layer_norm("hidden", "norm1")
    network.relu("norm1", "active")
    network.gemm("active", "logits", 4)
    network.loss_attributes["ignore_index"] = 2
    network.class_weights = np.array([0.5, 1.25, 1.0, 2.0], np.float32)
    return network


def sequence():
    """Convolutions in one dimension."""
    network = Network("sequence", (4, 3, 11), 3)
    network.conv1d("image", "conv1", 4, 3, stride=2, pads=(1, 1))
    network.relu("conv1", "relu1")
    network.conv1d("relu1", "conv2", 5, 2, pads=(2, 2), dilation=2)
    network.relu("conv2", "relu2")
    n, channels, size = network.shapes["relu2"]
    network.add("Flatten", ["relu2"], "flat", [n, channels * size], axis=1)
    network.gemm("flat", "logits", 3)
    return network


def joined():
    """Two branches side by side, one of them a softmax."""
    network = Network("joined", (4, 6), 3)
    network.gemm("image", "left", 5)
    network.gemm("image", "right", 4)
    network.add("Softmax", ["left"], "shares", [4, 5], axis=1)
    network.relu("right", "active")
    network.add("Concat", ["shares", "active"], "both", [4, 9], axis=1)
    network.gemm("both", "logits", 3)
    return network


def volume():
    """Convolutions in three dimensions, the second with slices that no tap meets; then shares of
    the channels."""
    network = Network("volume", (4, 2, 6, 5, 4), 3)
    network.conv3d("image", "conv1", 4, (3, 2, 3), pads=(1, 0, 1))
    network.relu("conv1", "relu1")
    network.conv3d("relu1", "conv2", 6, (2, 3, 2), strides=(3, 1, 2), pads=(1, 1, 0),
                   dilations=(2, 1, 1), group=2)
    network.softmax("conv2", "shares", axis=1)
    network.flatten("shares", "flat")
    network.gemm("flat", "logits", 3)
    return network


def places():
    """Two convolutions of one volume, one without a bias, one of single slices of which some are
    padding; shares of the slices, as logarithms, then of the channels."""
    network = Network("places", (3, 2, 4, 4, 4), 3)
    network.conv3d("image", "conv1", 3, (2, 2, 2), strides=(2, 1, 1))
    network.relu("conv1", "relu1")
    network.conv3d("relu1", "conv2", 3, (2, 2, 3), pads=(1, 0, 0), bias=False)
    network.conv3d("relu1", "conv3", 3, (1, 1, 1), strides=(2, 2, 2), pads=(1, 0, 0))
    network.flatten("conv3", "flat3")
    network.softmax("conv2", "logs", axis=-3, op="LogSoftmax")
    network.softmax("logs", "shares", axis=1)
    network.flatten("shares", "flat2")
    network.add("Concat", ["flat2", "flat3"], "both",
                [3, network.shapes["flat2"][1] + network.shapes["flat3"][1]], axis=1)
    network.gemm("both", "logits", 3)
    return network


def networks():
    return [mlp(), cnn("cnn", False), cnn("norm", True), strided(), pooled(), layer(), sequence(),
            joined(), volume(), places()]


def has_plain_loss(network):
    """Whether --loss=softmax-cross-entropy says what the network's loss is."""
    return network.class_weights is None and "ignore_index" not in network.loss_attributes


def float_info(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def labels_info(network, batch=None):
    return helper.make_tensor_value_info("labels", TensorProto.INT64, [batch or network.batch])


def image_info(network, batch=None):
    return float_info("image", [batch or network.batch, *network.image_shape[1:]])


def logits_info(network, batch=None):
    return float_info("logits", [batch or network.batch, network.classes])


def initializers(network):
    """Of parameters and statistics; the weights of classes are the loss's (class_weights)."""
    return [numpy_helper.from_array(values, name)
            for name, values in {**network.parameters, **network.running}.items()]


def weights_node(network):
    """A Constant node with the weights of classes, if there are any: no parameter."""
    if network.class_weights is None:
        return []
    return [helper.make_node("Constant", [], ["class_weights"], name="class_weights",
                             value=numpy_helper.from_array(network.class_weights))]


def copy_of(node):
    result = type(node)()
    result.CopyFrom(node)
    return result


def forward_nodes(network):
    """The forward nodes; a normalisation names its new statistics NAME.new."""
    nodes = [copy_of(node) for node in network.nodes]
    for node in nodes:
        if node.op_type == "BatchNormalization":
            node.output.extend(name + ".new" for name in node.input[3:5])
    return nodes


def loss_inputs(network):
    """What a loss and its gradient read besides scores."""
    return ["labels"] if network.class_weights is None else ["labels", "class_weights"]


def loss_nodes(network, more=()):
    return weights_node(network) + [
        helper.make_node("SoftmaxCrossEntropyLoss", ["logits", *loss_inputs(network)],
                         ["loss", *more], name="loss", **network.loss_attributes)]


def make_model(graph, domains=(), functions=(), training_info=(), opset=OPSET):
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions,
                              producer_name="make-forms")
    model.training_info.extend(training_info)
    return model


def make_forward(network):
    """Form (a): the graph from image to logits."""
    return make_model(helper.make_graph(network.nodes, network.name, [image_info(network)],
                                        [logits_info(network)], initializers(network)),
                      opset=network.opset)


def make_loss(network):
    """Form (a) with the loss in the file."""
    return make_model(helper.make_graph(
        network.nodes + loss_nodes(network), network.name,
        [image_info(network), labels_info(network)],
        [float_info("loss", []), logits_info(network)], initializers(network)),
                      opset=network.opset)
