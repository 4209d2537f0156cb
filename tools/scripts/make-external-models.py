#!/usr/bin/env python3
# ===- make-external-models.py - models with values beside them --------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes the models of test/Import/Inputs whose weights lie elsewhere: external
# data, --params. Needs python3-onnx and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def info(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def external(name, shape, **entries):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return tensor


def dense(weight):
    """image (4, 6) by weight (6, 3); the weight is an input if there is none."""
    inputs = [info("image", 4, 6)] + ([] if weight else [info("weight", 6, 3)])
    graph = helper.make_graph([helper.make_node("MatMul", ["image", "weight"], ["logits"], name="product")], "dense",
                              inputs, [info("logits", 4, 3)], [weight] if weight else [])
    return helper.make_model(graph, ir_version=7, opset_imports=[helper.make_opsetid("", 13)])


def absent():
    """A convolution of which nothing is there."""
    nodes = [helper.make_node("Conv", ["image", "conv.weight", "conv.bias"], ["hidden"], name="conv"),
             helper.make_node("Flatten", ["hidden"], ["logits"], name="flat")]
    weights = [external("conv.weight", (2, 1, 3, 3), location="gone.bin", offset=0, length=72),
               external("conv.bias", (2,), location="gone.bin", offset=72, length=8)]
    graph = helper.make_graph(nodes, "absent", [info("image", 2, 1, 4, 4)], [info("logits", 2, 8)], weights)
    return helper.make_model(graph, ir_version=7, opset_imports=[helper.make_opsetid("", 13)])


def large():
    """A parameter of more than 2^23 elements, no multiple of 1024, and a small one; a mean of squares is the loss."""
    nodes = [helper.make_node("MatMul", ["image", "weight"], ["product"], name="product"),
             helper.make_node("Add", ["product", "bias"], ["sum"], name="sum"),
             helper.make_node("Mul", ["sum", "sum"], ["squares"], name="squares"),
             helper.make_node("ReduceMean", ["squares"], ["loss"], name="loss", keepdims=0)]
    weights = [external("weight", (2897, 2899), location="gone.bin"), external("bias", (2899,), location="gone.bin")]
    graph = helper.make_graph(nodes, "large", [info("image", 1, 2897)], [info("loss")], weights)
    return helper.make_model(graph, ir_version=7, opset_imports=[helper.make_opsetid("", 13)])


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="write the models whose weights lie elsewhere")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "Import" / "Inputs")
    out = parser.parse_args().out
    (out / "values").mkdir(parents=True, exist_ok=True)
    weight = (np.arange(18, dtype=np.float32) / 8 - 1).reshape(6, 3)
    models = {
        "external": dense(external("weight", (6, 3), location="values/weight.bin", offset=8, length=72)),
        "external-escape": dense(external("weight", (6, 3), location="../options.test", offset=0, length=72)),
        "external-absolute": dense(external("weight", (6, 3), location="/dev/zero", offset=0, length=72)),
        "external-short": dense(external("weight", (6, 3), location="values/weight.bin", offset=12, length=72)),
        "external-length": dense(external("weight", (6, 3), location="values/weight.bin", offset=8, length=71)),
        "absent": absent(),
        "large": large(),
        "weight-is-input": dense(None),
        "values/params": dense(numpy_helper.from_array(weight, "weight")),
        "half": dense(numpy_helper.from_array(weight.astype(np.float16), "weight")),
    }
    for name, model in models.items():
        (out / f"{name}.onnx").write_bytes(model.SerializeToString())
    (out / "values" / "weight.bin").write_bytes(b"unused! " + weight.astype("<f4").tobytes())
    np.save(out / "values" / "weight.npy", weight.astype(np.float64))
    np.save(out / "values" / "axis.npy", np.array([2], np.int64))
    np.save(out / "values" / "axis-big-endian.npy", np.array([2], ">i8"))
    # The same weights in Fortran order, most significant byte first, and as the upper halves of
    # FP32 numbers, which is how packages with a type bfloat16 save one.
    for folder, array in (("turned", np.asfortranarray(weight.astype(">f4"))),
                          ("bfloat16", np.asfortranarray((weight.view(np.uint32) >> 16)
                                                         .astype(np.uint16).view("V2")))):
        (out / "values" / folder).mkdir(exist_ok=True)
        np.save(out / "values" / folder / "weight.npy", array)
    (out / "values" / "axis.pb").write_bytes(numpy_helper.from_array(np.array([2], np.int64)).SerializeToString())
    print(f"{out}: {len(models)} models")


if __name__ == "__main__":
    main()
