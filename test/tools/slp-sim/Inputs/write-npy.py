# ===- write-npy.py - a NumPy file of numbers that are given ----------------------------------=== #
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# write-npy.py FILE KIND SHAPE NUMBER...: KIND is f (FP32) or q (INT64), SHAPE is like 4x2. The numbers are repeated until
# there are enough.
#
# ===----------------------------------------------------------------------------------------=== #
import itertools
import math
import struct
import sys

path, kind, shape = sys.argv[1:4]
extents = [int(extent) for extent in shape.split("x")]
numbers = [float(text) if kind == "f" else int(text) for text in sys.argv[4:]]
elements = list(itertools.islice(itertools.cycle(numbers), math.prod(extents)))
header = f"{{'descr': '<{kind}{4 if kind == 'f' else 8}', 'fortran_order': False, 'shape': ({', '.join(map(str, extents))},)}}"
header = header.replace("<q8", "<i8")
header += " " * (-(len(header) + 11) % 64) + "\n"
with open(path, "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    file.write(struct.pack(f"<{len(elements)}{kind}", *elements))
