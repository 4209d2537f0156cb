# ===- data_files.py - NumPy files as people have them ----------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import onnx
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(13)


def network():
    return nn.Sequential(nn.Flatten(), nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


def as_bfloat16(x):
    """The upper halves of FP32 numbers, as bytes without a type: so packages with the type save it."""
    return (x.view(np.uint32) >> 16).astype(np.uint16).view("V2")


def with_half_input(proto):
    """The input in FLOAT16, which a Cast makes FLOAT."""
    x = proto.graph.input[0]
    for node in proto.graph.node:
        node.input[:] = ["wide" if name == x.name else name for name in node.input]
    proto.graph.node.insert(0, onnx.helper.make_node("Cast", [x.name], ["wide"], name="widen",
                                                     to=onnx.TensorProto.FLOAT))
    x.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16


def case(name, why, x, stored, labels=None, **more):
    y = RANDOM.integers(0, 3, SAMPLES)
    return Case(name, why, network, {"x": x}, {"labels": y},
                lambda logits, labels: functional.cross_entropy(logits, labels),
                {"flags": ["--loss=softmax-cross-entropy"]},
                stored={"x": stored, **({"labels": y.astype(labels)} if labels else {})}, **more)


def samples():
    """Numbers that bfloat16 has."""
    return (RANDOM.integers(-64, 65, (SAMPLES, 2, 3)) / 32).astype(np.float32)


BFLOAT, FORTRAN, HALF = samples(), samples(), samples()
CASES = [
    case("npy_bfloat16", "inputs in bfloat16, labels as unsigned integers of 16 bits", BFLOAT,
         as_bfloat16(BFLOAT), np.uint16),
    case("npy_fortran_big_endian", "an array in Fortran order and another machine's byte order",
         FORTRAN, np.asfortranarray(FORTRAN.astype(">f8")), ">i4"),
    case("input_float16", "an input that the model declares as FLOAT16", HALF,
         HALF.astype(np.float16), edit=with_half_input),
]
