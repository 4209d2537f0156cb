# ===- weight_groups.py - means, norms and masks of weight groups -----------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 13.
#
# ===-----------------------------------------------------------------------===#
from ..mistakes import active
from ..numbers import add, div, f32, mul, sqrt
from .channels import tree8
from .registry import define


def sums_of(w, group):
    """(mean, norm) of the group (b, a, kh, kw) of weights."""
    b, a, kh, kw = group
    co, ci, rows, columns = w.shape
    magnitudes = squares = 0.0
    count = 0
    for o in range(8 * b, min(8 * b + 8, co)):
        row = [w.data[((o * ci + i) * rows + kh) * columns + kw] for i in range(8 * a, min(8 * a + 8, ci))]
        count += len(row)
        magnitudes = add(magnitudes, tree8([abs(v) for v in row]))
        squares = add(squares, tree8([mul(v, v) for v in row]))
    return div(magnitudes, f32(64 if "ragged" in active else count)), sqrt(squares)


def all_groups(shape):
    return [(b, a, kh, kw) for b in range(shape[0]) for a in range(shape[1]) for kh in range(shape[2])
            for kw in range(shape[3])]


def group_of_weights(shape):
    """For each weight, row-major, the place of its group."""
    co, ci, rows, columns = shape
    across = (ci + 7) // 8
    return [((o // 8 * across + i // 8) * rows + kh) * columns + kw
            for o in range(co) for i in range(ci) for kh in range(rows) for kw in range(columns)]


@define("group_pull")
def group_pull(call):
    groups, w, numbers = call.inputs
    lasso, threshold = numbers.data[:2]
    sums = [sums_of(w, group) for group in all_groups(groups.shape)]
    pulls = [-1.0 if closed else div(lasso, norm) if mean < threshold and norm > 0.0 else 0.0
             for closed, (mean, norm) in zip((g == 0.0 for g in groups.data), sums)]
    return [pulls, [mean for mean, _ in sums], [norm for _, norm in sums]]


@define("group_refresh")
def group_refresh(call):
    groups, _, w, numbers = call.inputs
    means = [sums_of(w, group)[0] for group in all_groups(groups.shape)]
    return [[0.0 if mean < numbers.data[1] else 1.0 for mean in means], means]
