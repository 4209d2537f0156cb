# ===- channels.py - sums and statistics by channel ------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5, "Sums by channel" and `statistics`.
#
# ===-----------------------------------------------------------------------===#
import math

from ..mistakes import active
from ..numbers import add, div, f32, fma, mul, sub
from .registry import define


def strip_rows(shape):
    """For each channel, the strips in the order of channel_sum: lists of rows, which are lists of indices."""
    width = 4 if "strips" in active else 8
    if len(shape) == 2:
        columns, channels = shape
        return [[[[i * channels + c for i in range(s, min(s + width, columns))]] for s in range(0, columns, width)]
                for c in range(channels)]
    images, channels, columns = shape[0], shape[1], shape[-1]
    rows = math.prod(shape[2:-1])
    return [[[[((n * channels + c) * rows + row) * columns + i for i in range(s, min(s + width, columns))]
              for row in range(rows)]
             for n in range(images) for s in range(0, columns, width)]
            for c in range(channels)]


def tree8(v):
    v = list(v) + [0.0] * (8 - len(v))
    p = [add(v[j], v[j + 4]) for j in range(4)]
    q = [add(p[j], p[j + 2]) for j in range(2)]
    return add(q[0], q[1])


def partial(rows):
    """The sum of a strip, given by its rows of numbers."""
    p = 0.0
    for row in rows:
        p = add(p, tree8(row))
    return p


def channel_sum(values, shape):
    result = []
    for strips in strip_rows(shape):
        t = 0.0
        for rows in strips:
            t = add(t, partial([[values[i] for i in row] for row in rows]))
        result.append(t)
    return result


@define("bias_grad")
def bias_grad(call):
    (dy,) = call.inputs
    return [channel_sum(dy.data, dy.shape)]


def part_of(x, rows):
    k = x[rows[0][0]]
    d = [[sub(x[i], k) for i in row] for row in rows]
    s1, s2 = partial(d), partial([[mul(v, v) for v in row] for row in d])
    count = sum(len(row) for row in rows)
    q = div(s1, f32(count))
    return count, add(k, q), fma(-s1, q, s2)


@define("statistics")
def statistics(call):
    (x,) = call.inputs
    means, variances = [], []
    for strips in strip_rows(x.shape):
        n, m, big_m = part_of(x.data, strips[0])
        for rows in strips[1:]:
            n_b, m_b, big_m_b = part_of(x.data, rows)
            n_a, n = n, n + n_b
            delta = sub(m_b, m)
            f = div(f32(n_b), f32(n))
            m = fma(delta, f, m)
            big_m = add(add(big_m, big_m_b), mul(mul(delta, delta), mul(f32(n_a), f)))
        means.append(m)
        variances.append(div(big_m if big_m > 0.0 else 0.0, f32(n)))
    return [means, variances]
