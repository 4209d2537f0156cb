#!/usr/bin/python3
# ===- make-volume-models.py - operators over depth, height and width -------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/ops/volume-*.onnx: convolutions, pools and normalisations of
# (N, C, D, H, W), and a dense layer that makes logits. A second run makes the
# same bytes. make-gradients.py computes what autograd says of them.
# Needs python3-onnx.
#
# ===-----------------------------------------------------------------------===#
import argparse
import importlib.machinery
import pathlib

import onnx

HERE = pathlib.Path(__file__).resolve()
composed = importlib.machinery.SourceFileLoader(
    "composed", str(HERE.with_name("make-composed-models.py"))).load_module()


def volume(body, features, image, opset=13):
    """`body` makes `features` numbers of each image (channels, depth, height, width)."""
    def make(name):
        graph = composed.Graph(name)
        return graph.classify(body(graph, "image"), features, [2, *image], opset)
    return make


def conv(graph, x, channels, inputs, kernel, bias=True, op="Conv", name="conv", **attributes):
    shape = [channels, inputs] if op == "Conv" else [inputs, channels]
    shape[1] //= attributes.get("group", 1)
    tensors = [x, graph.parameter(f"{name}.weight", *shape, *kernel)]
    if bias:
        tensors.append(graph.parameter(f"{name}.bias", channels))
    return graph.node(op, tensors, kernel_shape=kernel, **attributes)


def padded(graph, x):
    return conv(graph, x, 3, 2, [3, 2, 3], pads=[1, 0, 1, 1, 1, 1], strides=[2, 1, 2])


def dilated(graph, x):
    return conv(graph, x, 4, 2, [2, 3, 1], bias=False, dilations=[2, 1, 1], group=2)


def same(graph, x):
    return conv(graph, x, 2, 1, [4, 3, 3], auto_pad="SAME_LOWER", strides=[2, 2, 1])


def flat_kernel(graph, x):
    """A depth of one tap, as the (2+1)-D networks have it, and one of depth alone."""
    space = graph.node("Relu", [conv(graph, x, 3, 1, [1, 3, 3], name="space")])
    return conv(graph, space, 2, 3, [3, 1, 1], pads=[1, 0, 0, 1, 0, 0], name="time")


def transpose(graph, x):
    hidden = conv(graph, x, 3, 2, [1, 1, 1], name="first")
    return conv(graph, hidden, 2, 3, [3, 2, 3], op="ConvTranspose", strides=[2, 1, 2],
                pads=[1, 0, 1, 1, 1, 0], output_padding=[1, 0, 0])


def transpose_group(graph, x):
    hidden = conv(graph, x, 4, 1, [2, 2, 2], bias=False, name="first")
    return conv(graph, hidden, 4, 4, [2, 2, 2], op="ConvTranspose", strides=[2, 2, 2], group=2,
                bias=False)


def pools(graph, x):
    hidden = conv(graph, x, 2, 1, [2, 2, 2])
    least = graph.node("MaxPool", [hidden], kernel_shape=[2, 2, 3], strides=[1, 2, 1],
                       pads=[1, 0, 1, 0, 0, 1])
    return graph.node("AveragePool", [least], kernel_shape=[2, 2, 2], pads=[1, 0, 1, 0, 1, 0])


def average_counted(graph, x):
    hidden = conv(graph, x, 2, 1, [2, 2, 2])
    return graph.node("AveragePool", [hidden], kernel_shape=[3, 2, 2], strides=[2, 1, 2],
                      pads=[1, 0, 1, 1, 0, 1], count_include_pad=1)


def norm(op, **attributes):
    def body(graph, x):
        hidden = conv(graph, x, 4, 1, [2, 2, 2])
        scale, bias = graph.parameter("scale", 4, low=0.5, high=1.5), graph.parameter("bias", 4)
        normal = graph.node(op, [hidden, scale, bias], epsilon=1e-3, **attributes)
        return graph.node("GlobalAveragePool", [graph.node("Relu", [normal])])
    return body


def batch_norm(graph, x):
    hidden = conv(graph, x, 3, 1, [2, 2, 2])
    names = [graph.parameter("bn.weight", 3, low=0.5, high=1.5), graph.parameter("bn.bias", 3),
             graph.parameter("bn.mean", 3), graph.parameter("bn.var", 3, low=0.5, high=1.5)]
    graph.nodes.append(onnx.helper.make_node(
        "BatchNormalization", [hidden, *names], ["normal", "mean", "var"], name="bn",
        training_mode=1))
    return graph.node("GlobalMaxPool", [graph.node("Relu", ["normal"])])


MODELS = {
    "volume-conv": volume(padded, 108, [2, 5, 4, 6]),
    "volume-conv-dilated": volume(dilated, 96, [2, 4, 5, 4]),
    "volume-conv-same": volume(same, 48, [1, 5, 4, 4]),
    "volume-conv-apart": volume(flat_kernel, 48, [1, 4, 4, 5]),
    "volume-conv-transpose": volume(transpose, 216, [2, 3, 3, 3]),
    "volume-conv-transpose-group": volume(transpose_group, 512, [1, 3, 3, 5]),
    "volume-pools": volume(pools, 90, [1, 4, 7, 6]),
    "volume-average-counted": volume(average_counted, 36, [1, 4, 5, 6]),
    "volume-instance-norm": volume(norm("InstanceNormalization"), 4, [1, 4, 4, 3]),
    "volume-group-norm": volume(norm("GroupNormalization", num_groups=2), 4, [1, 4, 4, 3], 21),
    "volume-batch-norm": volume(batch_norm, 3, [1, 4, 4, 3], 15),
}


def main():
    parser = argparse.ArgumentParser(description="write the models of three dimensions")
    parser.add_argument("--out", type=pathlib.Path,
                        default=HERE.parents[2] / "test" / "models" / "ops")
    out = parser.parse_args().out
    for name, make in MODELS.items():
        onnx.save(make(name), str(out / f"{name}.onnx"))
    print(f"{out}: {len(MODELS)} models")


if __name__ == "__main__":
    main()
