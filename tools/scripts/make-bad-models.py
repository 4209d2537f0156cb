#!/usr/bin/python3
# ===- make-bad-models.py - models that the compiler must refuse -----------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/bad/: damaged files, unsupported operators and attributes,
# and graphs that make no sense. Each is one small step away from a model that
# compiles, so that a test sees the refusal it asks for and no other. What is
# wrong with each file is said in test/models/README.md. The files are committed,
# and a second run makes the same bytes.
#
# Needs python3-onnx and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def values(name, *shape, dtype=np.float32):
    """An initializer; its values matter to nobody."""
    count = int(np.prod(shape))
    return numpy_helper.from_array((np.arange(count) % 7 - 3).astype(dtype).reshape(shape), name)


def info(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, inputs, output, **attributes):
    domain = attributes.pop("domain", None)
    made = helper.make_node(op, inputs, [output], name=f"the_{op}", **attributes)
    if domain:
        made.domain = domain
    return made


def model(nodes, image, logits, initializers, opset=13, image_type=TensorProto.FLOAT):
    graph = helper.make_graph(nodes, "bad", [info("image", image, image_type)],
                              [info("logits", logits)], initializers)
    return helper.make_model(graph, producer_name="make-bad-models", ir_version=7,
                             opset_imports=[helper.make_opsetid("", opset)])


def cnn(conv=None, pool=None, gemm=None, conv_weight=(4, 2, 3, 3), fc_weight=(36, 5), fc_bias=(5,),
        image=(2, 2, 6, 6), classes=5, **keywords):
    """The good model that most bad ones start from: conv, relu, pool, flatten,
    gemm. The dictionaries override attributes of a node; None removes one."""
    nodes = [
        node("Conv", ["image", "conv.weight"], "hidden",
             **{"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], **(conv or {})}),
        node("Relu", ["hidden"], "active"),
        node("MaxPool", ["active"], "pooled",
             **{"kernel_shape": [2, 2], "strides": [2, 2], **(pool or {})}),
        node("Flatten", ["pooled"], "flat"),
        node("Gemm", ["flat", "fc.weight", "fc.bias"], "logits", **(gemm or {}))]
    return model(nodes, image, (2, classes),
                 [values("conv.weight", *conv_weight), values("fc.weight", *fc_weight),
                  values("fc.bias", *fc_bias)], **keywords)


def dense(nodes, initializers=(), image=(4, 6), logits=(4, 3)):
    return model(nodes, image, logits, [values("weight", 6, 3), *initializers])


def unsupported_operators():
    return dense([node("Hardmax", ["image"], "erf"), node("Bernoulli", ["erf"], "swish"),
                  node("MatMul", ["swish", "weight"], "logits")])


def lstm(steps=5, gates=12, lengths=None, **attributes):
    """A layer of three units; `lengths` are those of the four sequences."""
    inputs, initializers = ["image", "w", "r"], [values("w", 1, gates, 6), values("r", 1, 12, 3)]
    if lengths:
        inputs += ["", "lengths"]
        initializers.append(numpy_helper.from_array(np.array(lengths, np.int32), "lengths"))
    return model([node("LSTM", inputs, "logits", **{"hidden_size": 3, **attributes})],
                 (steps, 4, 6), (steps, 1, 4, 3), initializers)


def custom_domain():
    made = dense([node("Relu", ["image"], "hidden", domain="com.example"),
                  node("MatMul", ["hidden", "weight"], "logits")])
    made.opset_import.append(helper.make_opsetid("com.example", 1))
    return made


def dangling_input():
    return dense([node("Relu", ["imaeg"], "hidden"),
                  node("MatMul", ["hidden", "weight"], "logits")])


def dangling_output():
    return dense([node("MatMul", ["image", "weight"], "result")])


def duplicate_value():
    return dense([node("Relu", ["image"], "hidden"), node("Relu", ["hidden"], "hidden"),
                  node("MatMul", ["hidden", "weight"], "logits")])


def duplicate_initializer():
    return dense([node("MatMul", ["image", "weight"], "logits")], [values("weight", 6, 3)])


def cycle():
    return dense([node("Add", ["image", "back"], "hidden"), node("Relu", ["hidden"], "back"),
                  node("MatMul", ["back", "weight"], "logits")])


def add_mismatch():
    return dense([node("MatMul", ["image", "weight"], "product"),
                  node("Add", ["product", "bias"], "logits")], [values("bias", 4)])


def reshape_mismatch():
    shape = numpy_helper.from_array(np.array([4, 7], np.int64), "shape")
    return dense([node("Reshape", ["image", "shape"], "hidden"),
                  node("MatMul", ["hidden", "weight"], "logits")], [shape])


def reshape_computed():
    """The shape is no constant, so that no extent is known."""
    made = dense([node("Reshape", ["image", "shape"], "hidden"),
                  node("MatMul", ["hidden", "weight"], "logits")])
    made.graph.input.append(info("shape", (2,), TensorProto.INT64))
    return made


def short_initializer():
    made = dense([node("MatMul", ["image", "weight"], "logits")])
    weight = made.graph.initializer[0]
    weight.raw_data = weight.raw_data[:-4]
    return made


def long_initializer():
    made = dense([node("MatMul", ["image", "weight"], "logits")])
    made.graph.initializer[0].raw_data += b"\0\0\0\0"
    return made


def initializer_dims(*dims):
    """The data are as they were."""
    made = dense([node("MatMul", ["image", "weight"], "logits")])
    weight = made.graph.initializer[0]
    del weight.dims[:]
    weight.dims.extend(dims)
    return made


def duplicate_input():
    made = dense([node("MatMul", ["image", "weight"], "logits")])
    made.graph.input.append(info("image", (4, 6)))
    return made


def complex_weight():
    return model([node("MatMul", ["image", "weight"], "logits")], (4, 6), (4, 3),
                 [values("weight", 6, 3, dtype=np.complex64)])


def missing_external_data():
    made = dense([node("MatMul", ["image", "weight"], "logits")])
    weight = made.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "no-such-file.bin"), ("offset", "0"), ("length", "72")):
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    return made


def output_shape_differs():
    return dense([node("MatMul", ["image", "weight"], "logits")], logits=(4, 5))


def missing_attribute():
    made = cnn()
    del made.graph.node[2].attribute[:]
    return made


def wrong_attribute_type():
    made = cnn()
    made.graph.node[0].attribute[0].CopyFrom(helper.make_attribute("kernel_shape", "3x3"))
    return made


def pool_indices():
    """Indices leave the graph."""
    pool = helper.make_node("MaxPool", ["image"], ["pooled", "logits"], name="the_MaxPool",
                            kernel_shape=[2, 2], strides=[2, 2])
    return model([pool], (2, 2, 6, 6), (2, 2, 3, 3), [])


def unpool_labels():
    """Indices that no MaxPool made."""
    indices = values("indices", 2, 2, 3, 3, dtype=np.int64)
    return model([node("MaxUnpool", ["image", "indices"], "logits", kernel_shape=[2, 2],
                       strides=[2, 2])], (2, 2, 3, 3), (2, 2, 6, 6), [indices])


def dense_of(op, *inputs, **attributes):
    """The operator on the image and initializers, (4, 6) like the image."""
    made = [values(f"input{i}", *shape, dtype=kind) for i, (shape, kind) in enumerate(inputs)]
    nodes = [node(op, ["image", *(t.name for t in made)], "hidden", **attributes),
             node("MatMul", ["hidden", "weight"], "logits")]
    return dense(nodes, made)


def resize_crop():
    made = dense_of("Resize", ((4,), np.float32), ((2,), np.float32), mode="linear",
                    coordinate_transformation_mode="tf_crop_and_resize")
    scales = numpy_helper.from_array(np.array([1, 2], np.float32), "input1")
    made.graph.initializer[2].CopyFrom(scales)
    return made


def gather_outside():
    made = dense_of("GatherElements", ((4, 6), np.int64), axis=1)
    made.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.full((4, 6), 6), "input0"))
    return made


MODELS = {
    "einsum-terms": lambda: dense_of("Einsum", equation="ij,jk->ik"),
    "einsum-rank": lambda: dense_of("Einsum", ((6, 6), np.float32), equation="ij,jkl->ik"),
    "einsum-sizes": lambda: dense_of("Einsum", ((5, 6), np.float32), equation="ij,jk->ik"),
    "einsum-result": lambda: dense_of("Einsum", ((6, 6), np.float32), equation="ij,jk->iik"),
    "resize-crop": resize_crop,
    "gather-elements-outside": gather_outside,
    "scatter-reduction": lambda: dense_of("ScatterElements", ((4, 1), np.int64),
                                          ((4, 1), np.float32), axis=1, reduction="mul"),
    "quantize-scale": lambda: dense_of("QuantizeLinear", ((6,), np.float32), axis=1),
    "operators-unsupported": unsupported_operators,
    "operator-custom-domain": custom_domain,
    "conv-auto-pad": lambda: cnn(conv={"auto_pad": "SAME_MIDDLE", "pads": None}),
    "conv-kernel-shape": lambda: cnn(conv={"kernel_shape": [5, 5]}),
    "conv-channels": lambda: cnn(conv_weight=(4, 3, 3, 3)),
    "conv-group": lambda: cnn(conv={"group": 3}),
    "conv-stride-zero": lambda: cnn(conv={"strides": [0, 1]}),
    "conv-kernel-too-large": lambda: cnn(conv={"pads": [0, 0, 0, 0], "kernel_shape": [7, 7]},
                                         conv_weight=(4, 2, 7, 7)),
    "conv-3d-depth": lambda: model([node("Conv", ["image", "w"], "logits")], (2, 2, 2, 6, 6),
                                   (2, 4, 1, 4, 4), [values("w", 4, 2, 3, 3, 3)]),
    "conv-4d": lambda: model([node("Conv", ["image", "w"], "logits")], (2, 2, 3, 3, 3, 3),
                             (2, 4, 1, 1, 1, 1), [values("w", 4, 2, 3, 3, 3, 3)]),
    "recurrent-activation": lambda: lstm(activations=["Sigmoid", "Tanh", "Cosine"]),
    "recurrent-activations": lambda: lstm(activations=["Sigmoid", "Tanh"]),
    "recurrent-direction": lambda: lstm(direction="backward"),
    "recurrent-hidden-size": lambda: lstm(hidden_size=4),
    "recurrent-lengths": lambda: lstm(lengths=[5, 5, 3, 5]),
    "recurrent-steps": lambda: lstm(steps=5000),
    "recurrent-weights": lambda: lstm(gates=9),
    "max-pool-dilation-zero": lambda: cnn(pool={"dilations": [0, 1]}),
    "max-pool-indices": pool_indices,
    "max-unpool-labels": unpool_labels,
    "gemm-inner": lambda: cnn(fc_weight=(35, 5)),
    "gemm-bias": lambda: cnn(fc_bias=(4,)),
    "gemm-rank": lambda: model([node("Gemm", ["image", "w"], "logits")], (2, 3, 4), (2, 3, 5),
                               [values("w", 4, 5)]),
    "attribute-missing": missing_attribute,
    "attribute-type": wrong_attribute_type,
    "add-shapes": add_mismatch,
    "reshape-count": reshape_mismatch,
    "reshape-computed": reshape_computed,
    "output-shape": output_shape_differs,
    "input-integer": lambda: cnn(image_type=TensorProto.INT32),
    "initializer-short": short_initializer,
    "initializer-long": long_initializer,
    "initializer-dims-negative": lambda: initializer_dims(6, -3),
    "initializer-dims-overflow": lambda: initializer_dims(1 << 32, 1 << 32),
    "initializer-complex": complex_weight,
    "initializer-external": missing_external_data,
    "name-dangling-input": dangling_input,
    "name-dangling-output": dangling_output,
    "name-duplicate-value": duplicate_value,
    "input-dims-negative": lambda: dense([node("MatMul", ["image", "weight"], "logits")],
                                         image=(-4, 6)),
    "input-dims-overflow": lambda: model([node("Relu", ["image"], "logits")],
                                         (1 << 40, 1 << 40), (1 << 40, 1 << 40), []),
    "name-duplicate-input": duplicate_input,
    "name-duplicate-initializer": duplicate_initializer,
    "name-cycle": cycle,
    "opset-old": lambda: cnn(opset=0),
}

FILES = {
    "not-onnx.onnx": b"This is no ONNX model.\n",
    "empty.onnx": b"",
    "text-syntax.onnxtxt": b'<ir_version: 7, opset_import: [ "" : 13 ]>\n'
                           b"bad (float[4, 3] image) => (float[4, 3] logits) {\n"
                           b"  logits = Relu(image\n}\n",
    "text-operator.onnxtxt": b'<ir_version: 7, opset_import: [ "" : 13 ]>\n'
                             b"bad (float[4, 3] image) => (float[4, 3] logits) {\n"
                             b"  hidden = Hardmax(image)\n  logits = Relu(hidden)\n}\n",
    "text-nested.onnxtxt": b'<ir_version: 7, opset_import: [ "" : 13 ]>\n'
                           b"bad (float[4, 3] image) => (float[4, 3] logits) {\n"
                           + b"  y = If <then_branch = g () => () {\n" * 100,
}


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="write the models that must be refused")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "models" / "bad")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    onnx.checker.check_model(cnn(), full_check=True)  # what the bad ones start from is good
    for name, maker in MODELS.items():
        (out / f"{name}.onnx").write_bytes(maker().SerializeToString())
    whole = cnn().SerializeToString()
    FILES["truncated.onnx"] = whole[:len(whole) // 2]
    graphless = cnn()
    graphless.ClearField("graph")
    FILES["no-graph.onnx"] = graphless.SerializeToString()
    for name, data in FILES.items():
        (out / name).write_bytes(data)
    print(f"{out}: {len(MODELS) + len(FILES)} files")


if __name__ == "__main__":
    main()
