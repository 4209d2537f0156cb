# ===- registry.py - how an operation is defined ---------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# A function of a Call gives the results of one op: a list with a list of elements
# for each result. Most are in FP32 and are rounded once, by `define`; those that
# round in a way of their own say so by `rounds_itself`.
#
# ===-----------------------------------------------------------------------===#
from dataclasses import dataclass

from ..formats import F32, Integer
from ..random_numbers import rounding_number

OPS = {}


@dataclass
class Call:
    """One evaluation of an op: what its function may know."""
    op: object  # module_reader.Op
    inputs: list  # Tensors
    host: object  # protocol.Host
    events: list  # of each result

    def __getitem__(self, attribute):
        return self.op.attributes[attribute]

    def has(self, attribute):
        return attribute in self.op.attributes

    def optional(self, count):
        """The last `count` kinds of operands, None where one is not there."""
        sizes = self.op.attributes["operandSegmentSizes"]
        places = [sum(sizes[:i]) for i in range(len(sizes))]
        return [self.inputs[place] if size else None for size, place in list(zip(sizes, places))[-count:]]

    @property
    def types(self):
        return self.op.types

    @property
    def rounding(self):
        a = self.op.attributes.get("rounding")
        return a.values[0] if a else "nearest_even"

    def round(self, which, values, only_moved=False):
        """Values in the format of result `which`. only_moved: a value of the format stays as it is (section 5)."""
        format, mode, events = self.types[which].format, self.rounding, self.events[which]
        if isinstance(format, Integer):
            return list(values)
        if isinstance(format, F32):
            return [v + 0.0 for v in values]  # +0 of -0
        if only_moved:
            return [v + 0.0 if format.holds(v) else self.round_one(which, i, v) for i, v in enumerate(values)]
        if mode == "stochastic":
            return [self.round_one(which, i, v) for i, v in enumerate(values)]
        return [format.round(v, mode, events) for v in values]

    def round_one(self, which, index, value):
        random = None
        if self.rounding == "stochastic":
            random = rounding_number(self["train.streams"][which], index, self.host.run)
        return self.types[which].format.round(value, self.rounding, self.events[which], random)


def define(*names, rounds_itself=False):
    """Decorates the function of the ops with these names."""

    def decorator(function):
        for name in names:
            assert name not in OPS, name
            OPS["train." + name] = function, rounds_itself
        return function

    return decorator


def evaluate(call):
    """The results of an op: lists of elements in the formats of the results."""
    function, rounds_itself = OPS[call.op.name]
    results = function(call)
    assert len(results) == len(call.types), call.op.name
    if not rounds_itself:
        results = [call.round(i, values) for i, values in enumerate(results)]
    for values, kind in zip(results, call.types):
        assert len(values) == kind.count, (call.op.name, len(values), kind)
    return results
