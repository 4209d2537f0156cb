# ===- state_file.py - what slp-sim --save writes --------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# slp-sim.md, "State files".
#
# ===-----------------------------------------------------------------------===#
import math
import struct
from dataclasses import dataclass

from .hashes import fnv1a_64


@dataclass
class SavedTensor:
    shape: tuple
    data: bytes  # FP32, little endian, row-major


def read_state(path):
    """(training steps, name -> SavedTensor)"""
    data = path.read_bytes()
    assert data[:8] == b"SLPSTATE", path
    assert fnv1a_64(data[:-8]) == int.from_bytes(data[-8:], "little"), f"{path}: checksum"
    at = 8

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    version, steps = take("IQ")
    assert version == 3, f"{path}: version {version}"
    take("QQQQII")  # the position in the data
    (count,) = take("I")
    tensors = {}
    for _ in range(count):
        (length,) = take("I")
        name = data[at:at + length].decode()
        at += length
        (rank,) = take("I")
        shape = take(f"{rank}Q")
        size = 4 * math.prod(shape)
        tensors[name] = SavedTensor(shape, data[at:at + size])
        at += size
    assert at + 8 == len(data), f"{path}: bytes after the last tensor"
    return steps, tensors
