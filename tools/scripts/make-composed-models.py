#!/usr/bin/python3
# ===- make-composed-models.py - operators that import as several ops -------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/ops/*.onnx for operators whose gradients are composed of
# other ops: what repeats elements, normalisations with a scale for each element,
# reductions, softmax over any axis. Each is a layer, the operator, and a dense
# layer that makes logits, as in make-elementwise-models.py; loss-*.onnx carry a
# loss of their own, over 5 classes. A second run makes the same bytes. make-gradients.py computes what autograd says of them.
# Needs python3-onnx.
#
# ===-----------------------------------------------------------------------===#
import argparse
import importlib.machinery
import pathlib

import numpy as np
import onnx
from onnx import helper, numpy_helper

HERE = pathlib.Path(__file__).resolve()
elementwise = importlib.machinery.SourceFileLoader(
    "elementwise", str(HERE.with_name("make-elementwise-models.py"))).load_module()


class Graph(elementwise.Graph):
    def constant(self, values, kind):
        name = f"constant{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.array(values, kind), name))
        return name

    def integers(self, *values):
        return self.constant(values, np.int64)

    def classify(self, x, width, image, opset):
        """Logits (N, 4) of x, which has `width` elements an image."""
        flat = self.node("Flatten", [x])
        weight, bias = self.parameter("fc2.weight", width, 4), self.parameter("fc2.bias", 4)
        self.nodes.append(helper.make_node("Gemm", [flat, weight, bias], ["logits"],
                                           name="logits"))

        def value(name, shape):
            return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.constants + self.nodes, self.name, [value("image", image)],
                                  [value("logits", [image[0], 4])], self.initializers)
        return helper.make_model(graph, producer_name="make-composed-models", ir_version=7,
                                 opset_imports=[helper.make_opsetid("", opset)])


def of_dense(body, width, opset=13):
    """Of (3, 8)."""
    def make(name):
        graph = Graph(name)
        return graph.classify(body(graph, graph.dense()), width, [3, 6], opset)
    return make


def of_conv(body, width, opset=13):
    """Of (2, 3, 4, 4)."""
    def make(name):
        graph = Graph(name)
        return graph.classify(body(graph, graph.conv()), width, [2, 2, 4, 4], opset)
    return make


def expand(graph, x):
    wide = graph.node("Unsqueeze", [x, graph.integers(1)])
    return graph.node("Expand", [wide, graph.integers(3, 5, 8)])


def expand_parameter(graph, x):
    row = graph.parameter("row", 1, 3, 1, 4)
    return graph.node("Mul", [x, graph.node("Expand", [row, graph.integers(2, 3, 4, 4)])])


def where_less(graph, x, by):
    """x where `by` is less than a number: a use of `by` that has no gradient."""
    less = graph.node("Less", [by, graph.constant(0.1, np.float32)])
    return graph.node("Mul", [x, graph.node("Cast", [less], to=onnx.TensorProto.FLOAT)])


def behind(graph, first, second, begin, end, axis):
    """Of the two side by side, the second: the loss does not see the first."""
    both = graph.node("Concat", [first, second], axis=axis)
    return graph.node("Slice", [both, graph.integers(begin), graph.integers(end),
                                graph.integers(axis)])


def concat_unseen(graph, x):
    first = graph.node("MatMul", [x, graph.parameter("first", 8, 8)])
    second = graph.node("MatMul", [x, graph.parameter("second", 8, 8)])
    return where_less(graph, behind(graph, first, second, 8, 16, 1), first)


def concat_unseen_reshaped(graph, x):
    first = graph.node("MatMul", [x, graph.parameter("first", 8, 8)])
    second = graph.node("MatMul", [x, graph.parameter("second", 8, 8)])
    rows = [graph.node("Reshape", [y, graph.integers(-1, 4)]) for y in (first, second)]
    seen = graph.node("Reshape", [behind(graph, *rows, 6, 12, 0), graph.integers(-1, 8)])
    return where_less(graph, seen, first)


def concat_unseen_parameter(graph, x):
    first, second = graph.parameter("first", 8, 8), graph.parameter("second", 8, 8)
    weight = where_less(graph, behind(graph, first, second, 8, 16, 0), first)
    return graph.node("MatMul", [x, weight])


def resize(graph, x):
    scales = graph.constant([1, 1, 2, 1.5], np.float32)
    return graph.node("Resize", [x, "", scales], mode="nearest", nearest_mode="floor",
                      coordinate_transformation_mode="asymmetric")


def layer_norm(axis, *shape, bias=True):
    def body(graph, x):
        inputs = [x, graph.parameter("ln.weight", *shape, low=0.5, high=1.5)]
        if bias:
            inputs.append(graph.parameter("ln.bias", *shape))
        return graph.node("LayerNormalization", inputs, axis=axis, epsilon=1e-3)
    return body


def group_norm(count):
    def body(graph, x):
        wide = graph.node("Concat", [x, graph.node("Mul", [x, x])], axis=1)
        return graph.node("GroupNormalization",
                          [wide, graph.parameter("gn.weight", count, low=0.5, high=1.5),
                           graph.parameter("gn.bias", count)], num_groups=2, epsilon=1e-3)
    return body


def dropout(graph, x):
    mode = graph.constant(True, np.bool_)
    return graph.node("Dropout", [x, graph.number(0.25), mode], seed=7)


def squared_distance(graph, x):
    """MSE's pieces, along one axis of an image."""
    return graph.node("ReduceSumSquare", [x], axes=[2], keepdims=0)


def reduce(op, axes, **attributes):
    return lambda graph, x: graph.node(op, [x], axes=axes, **attributes)


def prod_with_zeros(graph, x):
    """Rectified, so that many products have one zero or several."""
    return graph.node("ReduceProd", [graph.node("Relu", [x])], axes=[3], keepdims=0)


def max_of_equals(graph, x):
    """Rectified, so that many maxima are shared."""
    return graph.node("ReduceMax", [graph.node("Relu", [x])], axes=[2, 3], keepdims=1)


def log_sum(graph, x):
    return graph.node("ReduceLogSum", [elementwise.positive(graph, x)], axes=[1], keepdims=0)


def scaled(graph, x, by):
    return graph.node("Mul", [x, graph.number(by)])


def log_sigmoids(graph, x):
    """The two logarithms of a binary cross entropy, one of them between bounds."""
    p = graph.node("Sigmoid", [scaled(graph, x, 6)])
    rest = graph.node("Sub", [graph.number(1), p])
    bounded = graph.node("Clip", [p, graph.number(1e-2), graph.number(1 - 1e-2)])
    return graph.node("Sum", [graph.node("Log", [v]) for v in (p, rest, bounded)])


def log_epsilon(graph, x):
    """Without a stable form: in FP32."""
    p = graph.node("Sigmoid", [scaled(graph, x, 6)])
    return graph.node("Log", [graph.node("Add", [p, graph.number(1e-3)])])


def log_softmax_channels(graph, x):
    return graph.node("Log", [graph.node("Softmax", [scaled(graph, x, 4)], axis=1)])


def exp_over_sum(graph, x):
    """Over the channels; its own logarithm too."""
    powers = graph.node("Exp", [scaled(graph, x, 4)])
    total = graph.node("ReduceSum", [powers, graph.integers(1)], keepdims=1)
    p = graph.node("Div", [powers, total])
    return graph.node("Add", [p, graph.node("Log", [p])])


def log_sums(graph, x):
    """Of the sum and of the mean of exp."""
    powers = graph.node("Exp", [scaled(graph, x, 4)])
    total = graph.node("ReduceSum", [powers, graph.integers(2, 3)], keepdims=1)
    mean = graph.node("ReduceMean", [powers], axes=[1], keepdims=1)
    return graph.node("Add", [graph.node("Log", [total]), graph.node("Log", [mean])])


def squares(graph, x):
    """A sum, a mean, a mean of distances and the root of a square."""
    square = graph.node("Pow", [x, graph.number(2)])
    center = graph.node("Sub", [graph.parameter("center", 1, 3, 1, 4), x])
    distance = graph.node("ReduceMean", [graph.node("Mul", [center, center])], axes=[1])
    total = graph.node("ReduceSum", [square, graph.integers(1)])
    mean = graph.node("ReduceMean", [square], axes=[1])
    return graph.node("Sum", [distance, total, mean, graph.node("Sqrt", [square])])


def unit_rows(graph, x):
    """x / |x|, and x over a norm that is bounded."""
    norm = graph.node("ReduceL2", [x], axes=[3])
    bounded = graph.node("Clip", [norm, graph.number(0.25)])
    return graph.node("Add", [graph.node("Div", [x, norm]), graph.node("Div", [x, bounded])])


def of_loss(op, body, image, places=(), weights=False, opset=13, **attributes):
    """A model with its own loss of scores (N, 5, places)."""
    def make(name):
        graph = Graph(name)
        inputs = [body(graph), "labels"]
        if weights:
            inputs.append(graph.constant([0.5, 2, 1, 0.25, 1.5], np.float32))
        graph.nodes.append(helper.make_node(op, inputs, ["loss"], name="loss", **attributes))

        def value(name, kind, shape):
            return helper.make_tensor_value_info(name, kind, shape)
        number, integer = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
        inner = helper.make_graph(graph.constants + graph.nodes, name,
                                  [value("image", number, image),
                                   value("labels", integer, [image[0], *places])],
                                  [value("loss", number, [])], graph.initializers)
        return helper.make_model(inner, producer_name="make-composed-models", ir_version=7,
                                 opset_imports=[helper.make_opsetid("", opset)])
    return make


def scores(graph):
    """(6, 5) of an image of (6, 6)."""
    return graph.node("Gemm", ["image", graph.parameter("fc.weight", 6, 5),
                               graph.parameter("fc.bias", 5)])


def pixels(graph):
    """(2, 5, 3, 4) of an image of (2, 2, 3, 4)."""
    return graph.node("Conv", ["image", graph.parameter("conv.weight", 5, 2, 1, 1),
                               graph.parameter("conv.bias", 5)], kernel_shape=[1, 1])


def pixel_logarithms(graph):
    return graph.node("LogSoftmax", [pixels(graph)], axis=1)


def einsum(equation, *operands):
    """Of x, or of parameters by their shapes, in order."""
    def body(graph, x):
        inputs = [x if operand == "x" else graph.parameter(f"e{i}.weight", *operand)
                  for i, operand in enumerate(operands)]
        return graph.node("Einsum", inputs, equation=equation)
    return body


def einsum_attention(graph, x):
    """Two heads of the rows of an image, (2, 4, 3, 4) as (batch, place, head, channel)."""
    x = graph.node("Transpose", [x], perm=[0, 2, 1, 3])
    scores = graph.node("Einsum", [x, x], equation="bihd,bjhd->bhij")
    return graph.node("Einsum", [graph.node("Softmax", [scores], axis=-1), x],
                      equation="bhij,bjhd->bihd")


def resize_to(sizes=None, scales=None, **attributes):
    def body(graph, x):
        how = (["", "", graph.integers(2, 3, *sizes)] if sizes
               else ["", graph.constant([1, 1, *scales], np.float32)])
        return graph.node("Resize", [x, *how], **attributes)
    return body


def resize_rows(graph, x):
    """Of one dimension."""
    rows = graph.node("Reshape", [x, graph.integers(2, 12, 4)])
    return graph.node("Resize", [rows, "", graph.constant([1, 1, 1.75], np.float32)],
                      mode="linear", coordinate_transformation_mode="pytorch_half_pixel")


def cumulate(axis, **attributes):
    return lambda graph, x: graph.node("CumSum", [x, graph.constant(axis, np.int64)],
                                       **attributes)


def trilu(diagonal, **attributes):
    return lambda graph, x: graph.node("Trilu", [x, graph.constant(diagonal, np.int64)],
                                       **attributes)


def arg(op, **attributes):
    """Twice the elements that ArgMax or ArgMin names."""
    def body(graph, x):
        where = graph.node("Cast", [graph.node(op, [x], axis=1, **attributes)], to=7)
        if not attributes.get("keepdims", 1):
            where = graph.node("Unsqueeze", [where, graph.integers(1)])
        found = graph.node("Equal", [where, graph.integers(*range(8))])
        return graph.node("Where", [found, graph.node("Mul", [x, graph.number(2)]), x])
    return body


def gather_elements(axis, indices):
    return lambda graph, x: graph.node(
        "GatherElements", [x, graph.constant(indices, np.int64)], axis=axis)


def gather_nd(indices, **attributes):
    return lambda graph, x: graph.node("GatherND", [x, graph.constant(indices, np.int64)],
                                       **attributes)


def scatter(op, indices, *shape, **attributes):
    """Updates are a parameter."""
    return lambda graph, x: graph.node(
        op, [x, graph.constant(indices, np.int64), graph.parameter("updates", *shape)],
        **attributes)


def quantized(graph, x, scale, zero, **attributes):
    """As exporters write what quantization-aware training does."""
    inputs = [graph.constant(scale, np.float32), zero]
    q = graph.node("QuantizeLinear", [x, *inputs], **attributes)
    return graph.node("DequantizeLinear", [q, *inputs], **attributes)


def quantize(graph, x):
    """Some elements are clipped; the type has a zero point."""
    return quantized(graph, x, 0.003, graph.constant(100, np.uint8))


def quantize_weight(graph, x):
    """One scale a row of a weight, and 16 bits with one zero point a channel."""
    weight = quantized(graph, graph.parameter("q.weight", 3, 3, 1, 1),
                       [0.002, 0.004, 0.01], graph.constant([0, 0, 0], np.int8), axis=0)
    y = graph.node("Conv", [x, weight])
    return quantized(graph, y, [0.001, 0.00001, 0.01], graph.constant([5, -3, 0], np.int16))


def of_labels(body):
    """A model of scores (6, 5) and labels with its own loss of what `body` makes of both."""
    return lambda name: of_loss(ENTROPY, lambda graph: body(graph, scores(graph)), [6, 6],
                                opset=16)(name)


def column(graph):
    return graph.node("Unsqueeze", ["labels", graph.integers(1)])


def masked(graph, x):
    """What padding masks do: integers as numbers, the largest of which is FP32's least."""
    mask = graph.node("Cast", [column(graph)], to=1)
    less = graph.node("Sub", [graph.number(1), mask])
    least = graph.number(np.finfo(np.float32).min)
    hidden = graph.node("Mul", [graph.node("Relu", [less]), least])
    weights = graph.node("Softmax", [graph.node("Add", [x, hidden])], axis=0)
    return graph.node("Mul", [x, weights])


def compared(graph, x):
    """Comparison and arithmetic of integers."""
    next_one = graph.node("Sub", [graph.integers(4), column(graph)])
    same = graph.node("Equal", [next_one, graph.integers(*range(5))])
    few = graph.node("Not", [graph.node("Greater", [column(graph), graph.integers(2)])])
    x = graph.node("Where", [same, graph.node("Mul", [x, graph.number(3)]), x])
    return graph.node("Mul", [x, graph.node("Add", [graph.node("Cast", [few], to=1),
                                                    graph.number(0.5)])])


def moved(graph, x):
    """Integers that move: repeated, sliced, reversed, joined."""
    wide = graph.node("Expand", [column(graph), graph.integers(6, 3)])
    back = graph.node("Slice", [wide, graph.integers(-1), graph.integers(-7), graph.integers(0),
                                graph.integers(-1)])
    both = graph.node("Concat", [back, graph.constant([[1, 4]] * 6, np.int64)], axis=1)
    table = graph.parameter("table", 5)
    return graph.node("Mul", [x, graph.node("Gather", [table, both])])


def picked(graph, x):
    """The scores of the labels, as losses written out take them."""
    return graph.node("Mul", [x, graph.node("GatherElements", [x, column(graph)], axis=1)])


def picked_rows(graph, x):
    """Elements of a table of several rows, from the end too."""
    index = graph.node("Sub", [column(graph), graph.integers(5)])
    wide = graph.node("Concat", [column(graph), index], axis=1)
    table = graph.parameter("table", 5, 3, 5)
    taken = graph.node("GatherND", [table, graph.node("Concat", [column(graph), graph.constant(
        [[0], [1], [2], [0], [1], [2]], np.int64)], axis=1)])
    some = graph.node("GatherElements", [taken, wide], axis=1)
    return graph.node("Mul", [x, graph.node("ReduceSum", [some, graph.integers(1)])])


def picked_batch(graph, x):
    taken = graph.node("GatherND", [x, column(graph)], batch_dims=1)
    return graph.node("Mul", [x, graph.node("Unsqueeze", [taken, graph.integers(1)])])


def written(graph, x):
    """One element a row is replaced, another one added to."""
    updates = graph.node("ReduceMax", [x], axes=[1])
    x = graph.node("ScatterElements", [x, column(graph), updates], axis=1)
    back = graph.node("Sub", [graph.integers(4), column(graph)])
    return graph.node("ScatterElements", [x, back, graph.parameter("updates", 6, 1)], axis=1,
                      reduction="add")


def written_rows(graph, x):
    """Rows of several labels add up; one element a row is replaced."""
    sums = graph.node("ScatterND", [graph.parameter("table", 5, 5), column(graph), x],
                      reduction="add")
    rows = graph.constant([[0], [1], [2], [3], [4], [5]], np.int64)
    where = graph.node("Concat", [rows, column(graph)], axis=1)
    x = graph.node("ScatterND", [x, where, graph.parameter("updates", 6)])
    return graph.node("MatMul", [x, sums])


def of_targets(body, opset=13):
    """A model with its own loss, written out: `body` makes losses of predictions (3, 4) and targets, the mean of which it
    is."""
    def make(name):
        graph = Graph(name)
        hidden = graph.node("Relu", [graph.dense()])
        weight, bias = graph.parameter("fc2.weight", 8, 4), graph.parameter("fc2.bias", 4)
        graph.nodes.append(helper.make_node("Gemm", [hidden, weight, bias], ["predictions"], name="predictions"))
        losses = body(graph, "predictions")
        graph.nodes.append(helper.make_node("ReduceMean", [losses], ["loss"], name="loss", keepdims=0))

        def value(name, shape):
            return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        inner = helper.make_graph(graph.constants + graph.nodes, name, [value("image", [3, 6]), value("targets", [3, 4])],
                                  [value("loss", []), value("predictions", [3, 4])], graph.initializers)
        return helper.make_model(inner, producer_name="make-composed-models", ir_version=7,
                                 opset_imports=[helper.make_opsetid("", opset)])
    return make


def difference(graph, x):
    return graph.node("Sub", [x, "targets"])


def squares(graph, x):
    """MSELoss, as an exporter that knows no square writes it."""
    d = difference(graph, x)
    return graph.node("Mul", [d, d])


def magnitudes(graph, x):
    """L1Loss."""
    return graph.node("Abs", [difference(graph, x)])


def smooth_magnitudes(graph, x):
    """SmoothL1Loss, beta 0.5."""
    a = magnitudes(graph, x)
    square = scaled(graph, graph.node("Mul", [a, a]), 1)
    return graph.node("Where", [graph.node("Less", [a, graph.number(0.5)]), square,
                                graph.node("Sub", [a, graph.number(0.25)])])


def binary_entropies(graph, x):
    """BCELoss of a sigmoid; targets between 0 and 1."""
    p, t = graph.node("Sigmoid", [x]), graph.node("Sigmoid", ["targets"])
    one = graph.number(1)
    taken = graph.node("Mul", [t, graph.node("Log", [p])])
    rest = graph.node("Mul", [graph.node("Sub", [one, t]), graph.node("Log", [graph.node("Sub", [one, p])])])
    return graph.node("Neg", [graph.node("Add", [taken, rest])])


def binary_entropies_of_logits(graph, x):
    """BCEWithLogitsLoss: max(x, 0) - x t + log(1 + exp(-|x|))."""
    t = graph.node("Sigmoid", ["targets"])
    linear = graph.node("Sub", [graph.node("Relu", [x]), graph.node("Mul", [x, t])])
    return graph.node("Add", [linear, graph.node("Softplus", [graph.node("Neg", [graph.node("Abs", [x])])])])


def quantiles(graph, x):
    """A loss of one's own: the pinball loss, the root of it smoothed, and a penalty on the predictions."""
    d = difference(graph, x)
    pinball = graph.node("Max", [scaled(graph, d, 0.75), scaled(graph, d, -0.25)])
    root = graph.node("Sqrt", [graph.node("Add", [graph.node("Mul", [d, d]), graph.number(1)])])
    return graph.node("Sum", [pinball, root, scaled(graph, graph.node("Mul", [x, x]), 0.125)])


def logarithms(graph):
    """log softmax of scores (6, 5)."""
    return graph.node("LogSoftmax", [scores(graph)], axis=1)


ENTROPY, LIKELIHOOD = "SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"
MODELS = {
    "loss-weights": of_loss(ENTROPY, scores, [6, 6], weights=True),
    "loss-ignore": of_loss(ENTROPY, scores, [6, 6], ignore_index=2),
    "loss-ignore-negative": of_loss(ENTROPY, scores, [6, 6], weights=True, ignore_index=-3),
    "loss-sum": of_loss(ENTROPY, scores, [6, 6], weights=True, reduction="sum"),
    "loss-pixels": of_loss(ENTROPY, pixels, [2, 2, 3, 4], [3, 4]),
    "loss-pixels-weights": of_loss(ENTROPY, pixels, [2, 2, 3, 4], [3, 4], weights=True,
                                   ignore_index=1),
    "loss-likelihood-pixels": of_loss(LIKELIHOOD, pixel_logarithms, [2, 2, 3, 4], [3, 4],
                                      weights=True, ignore_index=-1),
    "loss-likelihood": of_loss(LIKELIHOOD, logarithms, [6, 6]),
    "loss-squares": of_targets(squares),
    "loss-magnitudes": of_targets(magnitudes),
    "loss-smooth-magnitudes": of_targets(smooth_magnitudes),
    "loss-binary": of_targets(binary_entropies),
    "loss-binary-logits": of_targets(binary_entropies_of_logits),
    "loss-quantiles": of_targets(quantiles),
    "loss-integers-masked": of_labels(masked),
    "loss-integers-compared": of_labels(compared),
    "loss-integers-moved": of_labels(moved),
    "loss-gather-elements": of_labels(picked),
    "loss-gather-nd": of_labels(picked_rows),
    "loss-gather-nd-batch": of_labels(picked_batch),
    "loss-scatter-elements": of_labels(written),
    "loss-scatter-nd": of_labels(written_rows),
    "einsum-attention": of_conv(einsum_attention, 48),
    "einsum-bilinear": of_dense(einsum("bi,oij,bj->bo", "x", (5, 8, 8), "x"), 5),
    "einsum-diagonal": of_conv(einsum("ncii,c->nic", "x", (3,)), 12),
    "einsum-ellipsis": of_conv(einsum("...hw,kw...->...kh", "x", (5, 4, 3)), 60),
    "einsum-implied": of_conv(einsum("bcjw, ckj", "x", (3, 5, 4)), 20),
    "einsum-product": of_conv(einsum("nchw,ch,cd->nwdch", "x", (3, 4), (3, 2)), 96),
    "resize-linear": of_conv(resize_to(scales=[1.5, 2], mode="linear"), 144),
    "resize-linear-down": of_conv(resize_to(sizes=[3, 7], mode="linear"), 63),
    "resize-linear-rows": of_conv(resize_rows, 84),
    "resize-align-corners": of_conv(resize_to(
        sizes=[7, 3], mode="linear", coordinate_transformation_mode="align_corners"), 63),
    "resize-antialias": of_conv(resize_to(
        sizes=[3, 2], mode="linear", antialias=1, exclude_outside=1), 18, opset=18),
    "resize-cubic": of_conv(resize_to(scales=[2, 1.25], mode="cubic"), 120),
    "upsample-linear": of_conv(lambda graph, x: graph.node(
        "Upsample", [x, graph.constant([1, 1, 2, 1.5], np.float32)], mode="linear"), 144,
        opset=9),
    "cumsum": of_conv(cumulate(-1), 48),
    "cumsum-reverse": of_conv(cumulate(1, exclusive=1, reverse=1), 48),
    "trilu-lower": of_conv(trilu(-1, upper=0), 48, opset=14),
    "trilu-upper": of_conv(trilu(1), 48, opset=14),
    "arg-max": of_dense(arg("ArgMax"), 8),
    "arg-min": of_dense(arg("ArgMin", keepdims=0, select_last_index=1), 8),
    "gather-elements": of_dense(gather_elements(1, [[7, 0, 0], [-1, 3, 2], [4, 4, 4]]), 3),
    "gather-elements-slice": of_conv(gather_elements(
        2, [[[[1] * 4, [3] * 4]] * 3] * 2), 24),
    "gather-nd": of_conv(gather_nd([[[0, 2], [1, 0]], [[1, 1], [0, -1]]]), 32),
    "gather-nd-slice": of_conv(gather_nd([[[n, c] for c in (0, 2)] for n in range(2)]), 32),
    "gather-nd-batch": of_conv(gather_nd([[[1, 0], [2, 3]], [[2, 0], [0, -2]]], batch_dims=1),
                               8),
    "scatter-elements": of_dense(scatter("ScatterElements", [[7, 0], [-1, 3], [4, 5]], 3, 2,
                                         axis=1), 8),
    "scatter-elements-add": of_dense(scatter(
        "ScatterElements", [[2, 0, 1, 1, 0], [1, 1, 1, 1, 1]], 2, 5, axis=0, reduction="add"), 8,
        opset=16),
    "scatter-nd": of_conv(scatter("ScatterND", [[0, 2], [1, 0], [1, 1]], 3, 4, 4), 48),
    "scatter-nd-slice": of_conv(scatter(
        "ScatterND", [[[[n, c, h] for h in (1, 2)] for c in (2, 0)] for n in range(2)],
        2, 2, 2, 4), 48),
    "scatter-nd-slice-add": of_conv(scatter(
        "ScatterND", [[[n, c] for c in (0, 1)] for n in range(2)], 2, 2, 4, 4,
        reduction="add"), 48, opset=16),
    "quantize": of_dense(quantize, 8),
    "quantize-weight": of_conv(quantize_weight, 48),
    "concat-unseen": of_dense(concat_unseen, 8),
    "concat-unseen-reshaped": of_dense(concat_unseen_reshaped, 8),
    "concat-unseen-parameter": of_dense(concat_unseen_parameter, 8),
    "expand": of_dense(expand, 40),
    "expand-parameter": of_conv(expand_parameter, 48),
    "tile": of_conv(lambda graph, x: graph.node("Tile", [x, graph.integers(1, 2, 1, 3)]), 288),
    "resize-nearest": of_conv(resize, 144),
    "upsample": of_conv(lambda graph, x: graph.node(
        "Upsample", [x, graph.constant([1, 1, 2, 3], np.float32)]), 288, opset=9),
    "pad-edge": of_conv(lambda graph, x: graph.node(
        "Pad", [x, graph.integers(0, 0, 1, 2, 0, 0, 0, 1)], mode="edge"), 105),
    "fn-mul-plane": of_conv(lambda graph, x: graph.node(
        "Mul", [x, graph.parameter("plane", 1, 3, 1, 4)]), 48),
    "norm-layer": of_dense(layer_norm(-1, 8), 8, opset=17),
    "norm-layer-image": of_conv(layer_norm(1, 3, 4, 4), 48, opset=17),
    "norm-layer-row": of_conv(layer_norm(2, 4, bias=False), 48, opset=17),
    "norm-group-18": of_conv(group_norm(2), 96, opset=18),
    "norm-group-21": of_conv(group_norm(6), 96, opset=21),
    "norm-mean-variance": of_conv(lambda graph, x: graph.node("MeanVarianceNormalization", [x]),
                                  48),
    "dropout": of_dense(dropout, 8),
    "reduce-l1": of_conv(reduce("ReduceL1", [1], keepdims=0), 16),
    "reduce-l2": of_conv(reduce("ReduceL2", [1, 3]), 4),
    "reduce-sum-square": of_conv(squared_distance, 12),
    "reduce-log-sum": of_conv(log_sum, 16),
    "reduce-log-sum-exp": of_conv(reduce("ReduceLogSumExp", [-1]), 12),
    "reduce-max": of_conv(max_of_equals, 3),
    "reduce-min": of_conv(reduce("ReduceMin", [1], keepdims=0), 16),
    "reduce-prod": of_conv(prod_with_zeros, 12),
    "softmax-channels": of_conv(lambda graph, x: graph.node("Softmax", [x], axis=1), 48),
    "stable-log-sigmoids": of_dense(log_sigmoids, 8),
    "stable-log-epsilon": of_dense(log_epsilon, 8),
    "stable-log-softmax": of_conv(log_softmax_channels, 48),
    "stable-exp-over-sum": of_conv(exp_over_sum, 48),
    "stable-log-sums": of_conv(log_sums, 48),
    "stable-squares": of_conv(squares, 48),
    "stable-unit-rows": of_conv(unit_rows, 48),
    "log-softmax-rows": of_conv(lambda graph, x: graph.node("LogSoftmax", [x], axis=-2), 48),
}


def main():
    parser = argparse.ArgumentParser(description="write the models of composed operators")
    parser.add_argument("--out", type=pathlib.Path,
                        default=HERE.parents[2] / "test" / "models" / "ops")
    out = parser.parse_args().out
    for name, make in MODELS.items():
        onnx.save(make(name), str(out / f"{name}.onnx"))
    print(f"{out}: {len(MODELS)} models")


if __name__ == "__main__":
    main()
