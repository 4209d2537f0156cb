#!/usr/bin/env python3
# ===- make-fold-cases.py - operators on constants, by NumPy -----------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/data/folds/cases.json. Each case is one node: operator, operator
# set, attributes, inputs and outputs (type, shape, values).
# test/unit/Import/FoldTest.cpp folds them. Needs python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import json
import pathlib

import numpy as np

TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float16": 10, "float64": 11}
CASES = []


def tensor(array):
    array = np.asarray(array)
    values = array.ravel().tolist()
    if array.dtype == bool:
        values = [int(v) for v in values]
    return {"type": TYPES[array.dtype.name], "shape": list(array.shape), "values": values}


def case(op, inputs, outputs, opset=13, **attributes):
    """One case; an input of None is absent."""
    if not isinstance(outputs, (list, tuple)):
        outputs = [outputs]
    CASES.append({
        "op": op, "opset": opset, "attributes": attributes,
        "inputs": [None if i is None else tensor(i) for i in inputs],
        "outputs": [tensor(o) for o in outputs]})


def ints(*values):
    return np.array(values, np.int64)


def movement(rng):
    x = np.arange(24, dtype=np.int64).reshape(2, 3, 4)
    f = rng.standard_normal((3, 4)).astype(np.float32)
    case("Identity", [f], f)
    for axis in (0, 1, -1):
        index = ints(2, -1, 0).reshape(3, 1) % x.shape[axis]
        case("Gather", [x, index], np.take(x, index, axis), axis=axis)
    case("Gather", [ints(4, 5, 6), np.array(-1, np.int64)], np.array(6, np.int64), opset=1)
    where = rng.integers(0, 3, (2, 2, 4))
    case("GatherElements", [x, where], np.take_along_axis(x, where, 1), axis=1)
    case("Concat", [x, x[:, :1]], np.concatenate([x, x[:, :1]], 1), axis=1)
    case("Concat", [f, f, f], np.concatenate([f, f, f], -1), axis=-1)
    case("Slice", [x, ints(1, 0), ints(3, 100), ints(1, 2), ints(1, 3)], x[:, 1:3, 0:100:3], opset=10)
    case("Slice", [x, ints(-1), ints(-100), ints(2), ints(-2)], x[:, :, -1:-100:-2])
    case("Slice", [x, ints(5), ints(2 ** 63 - 1), ints(0)], x[5:])
    case("Slice", [x, ints(0), ints(-(2 ** 63)), ints(1), ints(-(2 ** 63))], x[:, 0:-100:-1])
    case("Slice", [x], x[0:1, :, 1:-1], opset=1, starts=[0, 1], ends=[1, -1], axes=[0, 2])
    case("Squeeze", [x.reshape(2, 1, 12, 1), ints(1, -1)], x.reshape(2, 12))
    case("Squeeze", [x.reshape(2, 1, 12, 1)], x.reshape(2, 12))
    case("Squeeze", [x.reshape(1, 24)], x.reshape(24), opset=1, axes=[0])
    case("Unsqueeze", [x, ints(0, -1)], x.reshape(1, 2, 3, 4, 1))
    case("Unsqueeze", [x], x.reshape(2, 3, 1, 4), opset=1, axes=[2])
    case("Reshape", [x, ints(0, -1)], x.reshape(2, 12))
    case("Reshape", [x], x.reshape(4, 6), opset=1, shape=[4, 6])
    case("Reshape", [np.zeros((0, 3), np.int64), ints(3, 0)], np.zeros((3, 0), np.int64), opset=14, allowzero=1)
    case("Flatten", [x], x.reshape(6, 4), axis=2)
    case("Transpose", [x], x.transpose())
    case("Transpose", [x], x.transpose(1, 2, 0), perm=[1, 2, 0])
    case("Expand", [f[:, :1], ints(2, 1, 4)], np.broadcast_to(f[:, :1], (2, 3, 4)))
    case("Tile", [f, ints(2, 3)], np.tile(f, (2, 3)))
    case("Split", [x], np.split(x, 2, 2), opset=2, axis=2)
    case("Split", [x, ints(1, 2)], np.split(x, [1], 1), axis=1)
    case("Split", [x], [x[:, :, :2], x[:, :, 2:]], opset=18, axis=-1, num_outputs=2)
    case("Trilu", [x, np.array(1, np.int64)], np.triu(x, 1))
    case("Trilu", [f], np.tril(f), upper=0)
    case("Cast", [f * 10], (f * 10).astype(np.int32), to=TYPES["int32"])
    case("Cast", [f], f.astype(np.float16), to=TYPES["float16"])
    case("Cast", [x - 3], (x - 3).astype(bool), to=TYPES["bool"])
    case("Cast", [ints(1 << 60, 3)], ints(1 << 60, 3).astype(np.float32), to=TYPES["float32"])
    case("CastLike", [x, f], x.astype(np.float32), opset=15)


def sources(rng):
    x = np.zeros((2, 3, 4), np.float32)
    case("Shape", [x], ints(2, 3, 4))
    case("Shape", [x], ints(3), opset=15, start=1, end=-1)
    case("Shape", [x], ints(), opset=15, start=2, end=1)
    case("Size", [x], np.array(24, np.int64))
    case("ConstantOfShape", [ints(2, 3)], np.zeros((2, 3), np.float32))
    case("ConstantOfShape", [ints()], np.zeros((), np.float32))
    case("Range", [np.int64(10), np.int64(-5), np.int64(-4)], np.arange(10, -5, -4))
    case("Range", [np.float32(1), np.float32(3), np.float32(0.25)], np.arange(1, 3, 0.25, np.float32))
    case("Range", [np.int64(3), np.int64(3), np.int64(1)], ints())
    case("EyeLike", [np.zeros((3, 4), np.float32)], np.eye(3, 4, -1, np.float32), k=-1)


def arithmetic(rng):
    a, b = (rng.standard_normal((3, 4)).astype(np.float32) for _ in range(2))
    p, q = np.abs(a) + 1, np.abs(b[0]) + 1
    i, j = ints(-7, 7, -7, 7, 0), ints(3, 3, -3, -3, 5)
    for op, function in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Div", np.divide)):
        case(op, [a, q], function(a, q))
        case(op, [a.astype(np.float16), q.astype(np.float16)], function(a.astype(np.float16), q.astype(np.float16)))
        case(op, [a.astype(np.float64), q.astype(np.float64)], function(a.astype(np.float64), q.astype(np.float64)))
        case(op, [i, j], np.trunc(i / j).astype(np.int64) if op == "Div" else function(i, j))
    # before operator set 7: aligned at an axis
    case("Add", [a, b[:, 0]], a + b[:, :1], opset=6, broadcast=1, axis=0)
    case("Mod", [i, j], np.mod(i, j))
    case("Mod", [i, j], np.fmod(i, j), fmod=1)
    case("Mod", [a, q], np.fmod(a, q), fmod=1)
    case("Neg", [a], -a)
    case("Abs", [i], np.abs(i))
    case("Min", [a, b], np.minimum(a, b))
    case("Max", [i, j, ints(1, 9, 1, 9, 1)], np.maximum(np.maximum(i, j), ints(1, 9, 1, 9, 1)))
    case("Floor", [a * 3], np.floor(a * 3))
    case("Ceil", [a * 3], np.ceil(a * 3))
    case("Sqrt", [p], np.sqrt(p))
    case("Reciprocal", [p], (1 / p).astype(np.float32))
    case("Pow", [p, np.float32(2)], p * p)
    case("Pow", [p, np.float32(0.5)], np.sqrt(p))
    case("Pow", [i, ints(3)], i ** 3)
    case("Sum", [a, b, a], a + b + a)
    for op, function in (("Equal", np.equal), ("Less", np.less), ("Greater", np.greater),
                         ("LessOrEqual", np.less_equal), ("GreaterOrEqual", np.greater_equal)):
        case(op, [i, ints(7)], function(i, 7))
        case(op, [a, b], function(a, b))
    t, u = i > 0, j > 0
    for op, function in (("And", np.logical_and), ("Or", np.logical_or), ("Xor", np.logical_xor)):
        case(op, [t, u], function(t, u))
    case("Not", [t], ~t)
    case("Where", [t[:3].reshape(3, 1), a, b[0]], np.where(t[:3].reshape(3, 1), a, b[0]))


def sums(rng):
    """Integers, and floats whose sums are exact."""
    x, y = rng.integers(-5, 6, (2, 3, 3)), rng.integers(-5, 6, (3, 4))
    f, g = x.astype(np.float32) / 4, y.astype(np.float32) / 2
    for equation in ("nij,jk->nik", "nii->n", "nij,jk", "...j,jk->k..."):
        operands = ([x], [f]) if equation == "nii->n" else ([x, y], [f, g])
        for inputs in operands:
            case("Einsum", inputs, np.einsum(equation, *inputs).astype(inputs[0].dtype),
                 equation=equation)
    case("Einsum", [f, g, g], np.einsum("nij,jk,lk->il", f, g, g), equation="nij,jk,lk->il")
    for a in (x, f):
        case("CumSum", [a, ints(1)], np.cumsum(a, 1))
        case("CumSum", [a, np.int64(-1)], np.cumsum(a[..., ::-1], -1)[..., ::-1], reverse=1)
        shifted = np.concatenate([np.zeros_like(a[:1]), a[:1]])
        case("CumSum", [a, np.int32(0)], np.cumsum(shifted, 0), exclusive=1)
    q, scales, zeros = np.int8([[1, -128], [127, 0]]), np.float32([0.5, 0.125]), np.int8([3, -4])
    case("DequantizeLinear", [q, scales, zeros],
         (q - zeros.astype(np.float32)) * scales, axis=1)
    case("DequantizeLinear", [q, np.float32(0.25)], q * np.float32(0.25), opset=10)


def reductions(rng):
    x = rng.integers(-5, 6, (2, 3, 4))
    f = x.astype(np.float32) / 4
    for op, function in (("ReduceSum", np.sum), ("ReduceProd", np.prod), ("ReduceMax", np.max), ("ReduceMin", np.min)):
        case(op, [x], function(x, (0, 2), keepdims=True), opset=11, axes=[0, -1])
        case(op, [f], np.asarray(function(f.astype(np.float64)), np.float32), opset=11, keepdims=0)
    case("ReduceSum", [x, ints(1)], np.sum(x, 1), keepdims=0)
    case("ReduceSum", [x, ints()], x, noop_with_empty_axes=1)
    case("ReduceMax", [x, ints(1)], np.max(x, 1, keepdims=True), opset=18)
    case("NonZero", [x], np.array(np.nonzero(x)))


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="write what NumPy gives for operators on constants")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "data" / "folds" / "cases.json")
    out = parser.parse_args().out
    rng = np.random.default_rng(1)
    for family in (movement, sources, arithmetic, reductions, sums):
        family(rng)
    out.write_text("[\n" + ",\n".join(json.dumps(c) for c in CASES) + "\n]\n")
    print(f"{out}: {len(CASES)} cases")


if __name__ == "__main__":
    main()
