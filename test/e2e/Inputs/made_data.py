# ===- made_data.py - data for the models of the tests ------------------------------------=== #
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# The same numbers for tools/scripts/make-losses.py, which asks PyTorch for the losses, and for
# compare-losses.py, which asks the simulator: nothing but the standard library, whose
# random() gives the same numbers in every version.
#
# ===--------------------------------------------------------------------------------------=== #
import math
import random
import struct

STEPS = 3
MOMENTUM = 0.9


def values(model, entry, name):
    """The elements of input `name` for STEPS steps, row-major: whole numbers below `below` (one in four `ignored`, if
    the entry has that), or multiples of 1/64 in [-1, 1], which FP16 holds exactly."""
    spec = entry["inputs"][name]
    count = STEPS * math.prod(spec["shape"])
    source = random.Random(f"{model}/{name}")
    draws = [source.random() for _ in range(count)]
    if "below" not in spec:
        return [(int(draw * 129) - 64) / 64 for draw in draws]
    whole = [int(draw * spec["below"]) for draw in draws]
    if "ignored" in spec:
        whole = [spec["ignored"] if source.random() < 0.25 else value for value in whole]
    return whole


def write_npy(path, shape, elements, is_whole):
    """A NumPy file of FP32 or INT64, version 1.0 of the format."""
    extents = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    header = f"{{'descr': '{'<i8' if is_whole else '<f4'}', 'fortran_order': False, 'shape': ({extents})}}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(elements)}{'q' if is_whole else 'f'}", *elements))


def write_inputs(folder, model, entry):
    for name, spec in entry["inputs"].items():
        shape = [STEPS * spec["shape"][0]] + spec["shape"][1:]
        write_npy(folder / f"{name}.npy", shape, values(model, entry, name), "below" in spec)
