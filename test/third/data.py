# ===- data.py - inputs drawn at random ------------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import math
import random
import re
import struct

from .formats import Integer
from .numbers import f32


def draw_float(source):
    """Mostly near 1; one in eight zero, one in sixteen small or large, so that formats underflow and saturate."""
    kind = source.random()
    if kind < 0.125:
        return 0.0
    value = source.uniform(-2.0, 2.0)
    if kind < 0.1875:
        value *= 2.0 ** source.randint(-12, 6)
    return f32(value)


def draw_floats(source, count):
    return [draw_float(source) for _ in range(count)]


def draw_samples(function, count, seed, below, draw=draw_floats):
    """name -> (extents of a sample, elements of `count` samples) for the arguments of a function. below: how many
    values an input of integers has, or which, where its attributes do not say; draw: gives floats."""
    samples = {}
    for kind, attributes in zip(function.argument_types, function.argument_attributes):
        name = attributes["train.name"]
        source = random.Random(f"{seed}/{name}")
        size = math.prod(kind.shape[1:])
        if isinstance(kind.format, Integer):
            values = below.get(name) or attributes.get("train.classes", 2)
            values = range(values) if isinstance(values, int) else values
            drawn = [values[int(source.random() * len(values))] for _ in range(count * size)]
        else:
            drawn = draw(source, count * size)
        samples[name] = kind.shape[1:], drawn
    return samples


def take(function, samples, chosen):
    """The inputs of a run, by name: the samples with the numbers in `chosen`."""
    inputs = {}
    for attributes in function.argument_attributes:
        name = attributes["train.name"]
        extents, elements = samples[name]
        size = math.prod(extents)
        inputs[name] = [v for s in chosen for v in elements[s * size:(s + 1) * size]]
    return inputs


def integers_of_npy(path):
    """The different values in a NumPy file, ascending; None if they are no integers."""
    data = path.read_bytes()
    start = 10 + struct.unpack_from("<H", data, 8)[0]
    order, kind, size = re.search(rb"'descr': '([<>|])(\w)(\d+)'", data[:start]).groups()
    if kind != b"i":
        return None
    code = {1: "b", 2: "h", 4: "i", 8: "q"}[int(size)]
    elements = struct.unpack_from(f"{order.decode().replace('|', '<')}{(len(data) - start) // int(size)}{code}", data, start)
    return sorted(set(elements))


def write_npy(path, shape, elements, is_whole):
    """A NumPy file of FP32 or INT64, version 1.0 of the format."""
    extents = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    header = f"{{'descr': '{'<i8' if is_whole else '<f4'}', 'fortran_order': False, 'shape': ({extents})}}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(elements)}{'q' if is_whole else 'f'}", *elements))


def write_samples(folder, count, samples, suffix):
    """A file for each input; a "/" in its name is "_"."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (shape, elements) in samples.items():
        path = folder / (name.replace("/", "_") + suffix)
        write_npy(path, (count, *shape), elements, isinstance(elements[0], int))
