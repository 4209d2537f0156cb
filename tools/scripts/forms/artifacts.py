# ===- artifacts.py - form (c): a network as ONNX Runtime's artifacts ----- ===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# training_model: parameters are inputs, gradients are com.microsoft operators
# (those of MaxPool and AveragePool are not: they have no domain) and end in accumulation buffers.
# optimizer_model: one node over sequences of tensors. From the description of
# such files, operator by operator; no code of ONNX Runtime is involved.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
from onnx import TensorProto, helper, numpy_helper

import networks
from reverse import Reverse, attributes_of

MICROSOFT = "com.microsoft"
BATCH = "batch_size"
# What generate_artifacts writes; a larger epsilon and decay, so that tests can tell the order.
MODE_1 = {"alpha": 0.9, "beta": 0.999, "epsilon": 2.0**-10, "weight_decay": 0.25, "adam_mode": 1,
          "correct_bias": 1}


class Artifacts(Reverse):
    def microsoft(self, op, inputs, outputs, **attributes):
        return self.emit(op, inputs, outputs, domain=MICROSOFT, **attributes)

    def grad_Gemm(self, node, dy):
        x, w, b = node.input
        if self.wants(x):
            self.give(x, self.emit("Gemm", [dy, w], self.name_for(x), transA=0, transB=0))
        self.give(w, self.emit("Gemm", [dy, x], w + "_grad", transA=1, transB=0))
        self.constant("ReduceAxes_0", np.array([0], np.int64))
        self.give(b, self.emit("ReduceSum", [dy, "ReduceAxes_0"], b + "_grad", keepdims=0))

    def grad_Relu(self, node, dy):
        x, y = node.input[0], node.output[0]
        # The second input may be Relu's output or its input: both kinds of files exist.
        self.give(x, self.microsoft("ReluGrad", [dy, x if y == "relu2" else y], self.name_for(x)))

    def grad_Conv(self, node, dy):
        x, w = node.input[:2]
        dx = self.name_for(x) if self.wants(x) else ""
        outputs = [dx, w + "_grad"] + [b + "_grad" for b in node.input[2:]]
        self.microsoft("ConvGrad", [dy, x, w], outputs, **attributes_of(node))
        for value, grad in zip(node.input, outputs):
            self.give(value, grad)

    def grad_MaxPool(self, node, dy):
        x = node.input[0]
        self.give(x, self.emit("MaxPoolGrad", [dy, node.output[0] + "_mask"], self.name_for(x),
                               **attributes_of(node)))

    def grad_AveragePool(self, node, dy):
        # The operator is told nothing of its input's shape.
        x = node.input[0]
        self.give(x, self.emit("AveragePoolGrad", [dy], self.name_for(x), **attributes_of(node)))

    def grad_LayerNormalization(self, node, dy):
        x, weight, bias = node.input
        y = node.output[0]
        outputs = [self.name_for(x), weight + "_grad", bias + "_grad"]
        self.microsoft("LayerNormalizationGrad", [dy, x, weight, y + "_mean", y + "_inv_std_var"],
                       outputs, **attributes_of(node))
        for value, grad in zip(node.input, outputs):
            self.give(value, grad)

    def grad_BatchNormalization(self, node, dy):
        x, weight, bias = node.input[:3]
        y = node.output[0]
        outputs = [self.name_for(x), weight + "_grad", bias + "_grad"]
        self.microsoft("BatchNormalizationGrad",
                       [dy, x, weight, y + "_saved_mean", y + "_saved_inv_std"], outputs,
                       epsilon=attributes_of(node)["epsilon"])
        for value, grad in zip(node.input, outputs):
            self.give(value, grad)

    def grad_Add(self, node, dy):
        for value in node.input:
            self.give(value, self.emit("Identity", [dy], self.name_for(value)))

    def grad_GlobalAveragePool(self, node, dy):
        x = node.input[0]
        pixels = int(np.prod(self.network.shapes[x][2:]))
        shape = self.emit("Shape", [x], x + "_shape")
        scale = self.constant(x + "_pixels", np.array(pixels, np.float32))
        scaled = self.microsoft("Scale", [dy, scale], x + "_scaled", scale_down=1)
        self.give(x, self.emit("Expand", [scaled, shape], self.name_for(x)))

    def grad_Flatten(self, node, dy):
        x = node.input[0]
        shape = self.emit("Shape", [x], x + "_shape")
        self.give(x, self.emit("Reshape", [dy, shape], self.name_for(x)))

    def grad_Softmax(self, node, dy):
        # The operator for softmax of operator set 13 has a name of its own, but both kinds of files
        # exist; of rows they are the same.
        x, y = node.input[0], node.output[0]
        axis = attributes_of(node)["axis"]
        is_rows = len(self.network.shapes[x]) == 2
        name = node.op_type + ("Grad" if is_rows else "Grad_13")
        more = {"__backwardpass": 1} if is_rows else {}
        self.give(x, self.microsoft(name, [dy, y], self.name_for(x), axis=axis, **more))

    grad_LogSoftmax = grad_Softmax

    def grad_Concat(self, node, dy):
        names = [self.name_for(x) for x in node.input]
        self.microsoft("SplitTraining", [dy, node.output[0] + "_lengths"], names,
                       **attributes_of(node))
        for value, grad in zip(node.input, names):
            self.give(value, grad)


def training_forward(network):
    """The forward nodes with the outputs and operators that gradients need."""
    nodes = [networks.copy_of(node) for node in network.nodes]
    for node in nodes:
        y = node.output[0]
        if node.op_type == "MaxPool":
            node.output.append(y + "_mask")
        elif node.op_type == "Concat":
            node.op_type, node.domain = "ConcatTraining", MICROSOFT
            node.output.append(y + "_lengths")
        elif node.op_type == "LayerNormalization":
            node.output.extend([y + "_mean", y + "_inv_std_var"])
        elif node.op_type == "BatchNormalization":
            node.op_type, node.domain = "BatchNormInternal", MICROSOFT
            node.output.extend([y + "_running_mean_new", y + "_running_var_new",
                                y + "_saved_mean", y + "_saved_inv_std"])
    return nodes


def make_training_model(network):
    reverse = Artifacts(network)
    seed = reverse.constant("loss_grad", np.array(1, np.float32))
    start = reverse.microsoft("SoftmaxCrossEntropyLossGrad",
                              [seed, "log_prob", *networks.loss_inputs(network)], "logits_grad",
                              **network.loss_attributes)
    reverse.run(start)
    inputs = [networks.image_info(network, BATCH), networks.labels_info(network, BATCH)]
    inputs += [networks.float_info(name, values.shape)
               for name, values in {**network.parameters, **network.running}.items()]
    inputs += [networks.float_info(name + "_grad.accumulation.buffer", values.shape)
               for name, values in network.parameters.items()]
    inputs.append(helper.make_tensor_value_info("lazy_reset_grad", TensorProto.BOOL, [1]))
    outputs = [networks.float_info("loss", []), networks.logits_info(network, BATCH)]
    for name in network.parameters:
        # The schema calls the output a flag; it is the new sum.
        out = f"{name}_grad.accumulation.out"
        reverse.microsoft("InPlaceAccumulatorV2",
                          [f"{name}_grad.accumulation.buffer", reverse.gradients[name],
                           "lazy_reset_grad"], out)
        outputs.append(helper.make_tensor_value_info(out, TensorProto.BOOL, [1]))
    nodes = (training_forward(network) + networks.loss_nodes(network, ["log_prob"])
             + reverse.nodes)
    constants = [numpy_helper.from_array(v, n) for n, v in reverse.initializers.items()]
    graph = helper.make_graph(nodes, network.name, inputs, outputs, constants)
    return networks.make_model(graph, [MICROSOFT, "ai.onnx.ml", "ai.onnx.preview.training"],
                               opset=network.opset)


def make_optimizer_model(optimizer):
    """`sgd`, `adamw` (of mode 0) or `adamw-mode-1`."""
    tensors = helper.make_tensor_sequence_value_info

    def of(name, kind=TensorProto.FLOAT, shape=None):
        return tensors(name, kind, shape)

    inputs = [networks.float_info("learning_rate", [1])]
    sequences = ["params", "gradients"]
    attributes = {}
    if optimizer != "sgd":
        inputs.append(helper.make_tensor_value_info("step", TensorProto.INT64, [1]))
        sequences += ["first_order_moments", "second_order_moments"]
        attributes = {"alpha": 0.9, "beta": 0.999, "epsilon": 1e-8, "weight_decay": 0.01,
                      "adam_mode": 0, "correct_bias": 1}
    if optimizer == "adamw-mode-1":
        attributes = {**MODE_1, "description": "says nothing"}
    inputs += [of(name) for name in sequences]
    outputs = [helper.make_tensor_value_info("update_completed", TensorProto.BOOL, [1])]
    op = "SGDOptimizerV2" if optimizer == "sgd" else "AdamWOptimizer"
    node = helper.make_node(op, [i.name for i in inputs], [outputs[0].name], name=op,
                            domain=MICROSOFT, **attributes)
    graph = helper.make_graph([node], "optimizer", inputs, outputs)
    return networks.make_model(graph, [MICROSOFT])
