# ===- hashes.py - XXH3 and FNV-1a -----------------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# XXH3 with 64 bits and seed 0, as its public specification says, for the names
# of tensors (numerics.md section 7): at most 240 bytes. FNV-1a closes a state file
# (slp-sim.md).
#
# ===-----------------------------------------------------------------------===#
MASK = (1 << 64) - 1

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8"
    "fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364ea"
    "c5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b"
    "16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")

P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
MX1, MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25


def _read(data, at, count):
    return int.from_bytes(data[at:at + count], "little")


def _fold(a, b):
    product = a * b
    return (product & MASK) ^ (product >> 64)


def _avalanche64(h):
    h ^= h >> 33
    h = h * P64_2 & MASK
    h ^= h >> 29
    h = h * P64_3 & MASK
    return h ^ h >> 32


def _avalanche(h):
    h ^= h >> 37
    h = h * MX1 & MASK
    return h ^ h >> 32


def _rotate(h, by):
    return (h << by | h >> (64 - by)) & MASK


def _mix16(data, at, secret):
    return _fold(_read(data, at, 8) ^ _read(SECRET, secret, 8),
                 _read(data, at + 8, 8) ^ _read(SECRET, secret + 8, 8))


def xxh3_64(data):
    """XXH3 64 of at most 240 bytes."""
    n = len(data)
    if n == 0:
        return _avalanche64(_read(SECRET, 56, 8) ^ _read(SECRET, 64, 8))
    if n <= 3:
        word = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        return _avalanche64(word ^ _read(SECRET, 0, 4) ^ _read(SECRET, 4, 4))
    if n <= 8:
        flip = _read(SECRET, 8, 8) ^ _read(SECRET, 16, 8)
        h = flip ^ (_read(data, n - 4, 4) + (_read(data, 0, 4) << 32) & MASK)
        h ^= _rotate(h, 49) ^ _rotate(h, 24)
        h = h * MX2 & MASK
        h ^= (h >> 35) + n
        h = h * MX2 & MASK
        return h ^ h >> 28
    if n <= 16:
        low = _read(data, 0, 8) ^ _read(SECRET, 24, 8) ^ _read(SECRET, 32, 8)
        high = _read(data, n - 8, 8) ^ _read(SECRET, 40, 8) ^ _read(SECRET, 48, 8)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return _avalanche(n + swapped + high + _fold(low, high) & MASK)
    acc = n * P64_1 & MASK
    if n <= 128:
        for i in reversed(range((n - 1) // 32 + 1)):
            acc += _mix16(data, 16 * i, 32 * i) + _mix16(data, n - 16 * (i + 1), 32 * i + 16)
        return _avalanche(acc & MASK)
    if n <= 240:
        for i in range(8):
            acc += _mix16(data, 16 * i, 16 * i)
        acc = _avalanche(acc & MASK)
        last = _mix16(data, n - 16, 136 - 17)
        for i in range(8, n // 16):
            acc += _mix16(data, 16 * i, 16 * (i - 8) + 3)
        return _avalanche(acc + last & MASK)
    raise ValueError("XXH3 of more than 240 bytes")


def fnv1a_64(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & MASK
    return h
