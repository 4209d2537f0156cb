# ===- accumulation.py - chains of multiply-accumulates --------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 3. Accumulators are many at a time: the elements of a tensor
# have chains of their own, and each step adds one term to some of them.
#
# ===-----------------------------------------------------------------------===#
import itertools
import operator

from .formats import F32
from .mistakes import active
from .numbers import exact_add_all, f32, f32_all, positive_zero


class Rule:
    """#num.accumulate<dot, format, rounding, across>"""

    def __init__(self, attribute):
        values = attribute.named
        self.dot = values["dot"]
        self.format = self._accumulator(values["format"])
        rounding = values["rounding"]
        self.rounding = "nearest_even" if rounding == "stochastic" else rounding
        # None: one chain of conv_wg goes through all images.
        self.across = None if values["across"] == "none" else self._accumulator(values["across"])

    @staticmethod
    def _accumulator(format):
        return format if isinstance(format, F32) else format.for_accumulator()

    @property
    def block(self):
        """Channels in a block (section 4)."""
        return max(8, self.dot)


class Accumulators:
    def __init__(self, rule, start, events):
        """start: the first values, biases or +0."""
        self.rule = rule
        self.values = list(start)
        self.events = events
        self.touched = set()

    def term(self, where, a, b):
        """Adds a[i] * b[i] to accumulator where[i], fused. A term with a zero operand is absent."""
        products = list(map(operator.mul, a, b))
        if "fused" in active:
            products = f32_all(products)
        if not all(products):  # no product of two FP32 numbers is too small for binary64
            where = list(itertools.compress(where, products))
            products = list(filter(None, products))
        values = self.values
        for w, v in zip(where, exact_add_all(products, [values[w] for w in where])):
            values[w] = v
        if not isinstance(self.rule.format, F32):
            self.touched.update(where)

    def end_group(self):
        """Rounds the accumulators that got a term in the dot group that ends here."""
        rule = self.rule
        for w in self.touched:
            self.values[w] = rule.format.round(self.values[w], rule.rounding, self.events)
        self.touched.clear()

    def results(self):
        return [positive_zero(v) for v in self.values]


def add_chains(rule, total, chain, events):
    """total + chain, element by element: the sum over images of conv_wg."""
    return [rule.across.round(f32(t + c), rule.rounding, events) for t, c in zip(total, chain)]


def groups(count, size):
    """range(count) in pieces of `size`."""
    for first in range(0, count, size):
        yield range(first, min(first + size, count))


