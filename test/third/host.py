# ===- host.py - what the host gives a run ---------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 9: the numbers in registers h0 to h9, and h15 of section 11, all FP32, and the counter of
# saturations of section 10, which belongs to the machine.
#
# ===-----------------------------------------------------------------------===#
from .formats import Events
from .mistakes import active
from .numbers import f32

NAMES = ("lr", "momentum", "weight-decay", "dampening", "beta1", "beta2", "epsilon", "clip-norm",
         "skip-below")


def power(base, exponent):
    """base ^ exponent in binary64, by squaring."""
    result = 1.0
    while exponent:
        if exponent & 1:
            result *= base
        base *= base
        exponent >>= 1
    return result


class Host:
    def __init__(self, numbers):
        """numbers: by the names of slp-sim's flags."""
        self.numbers = {name: f32(float(numbers.get(name, 0.0))) for name in NAMES}
        self.events = {}  # name of a tensor -> Events, over all runs
        self.run = 0  # of accumulate and step, counted together from 1
        self.cleared = 0

    lr = property(lambda self: self.numbers["lr"])
    momentum = property(lambda self: self.numbers["momentum"])
    weight_decay = property(lambda self: self.numbers["weight-decay"])
    beta1 = property(lambda self: self.numbers["beta1"])
    beta2 = property(lambda self: self.numbers["beta2"])
    epsilon = property(lambda self: self.numbers["epsilon"])
    clip = property(lambda self: self.numbers["clip-norm"])
    skip_below = property(lambda self: self.numbers["skip-below"])

    def begin_run(self, run, step):
        """step: the training step t, from 1, without those before it whose update was held."""
        self.run, self.step = run - ("runs" in active), step

    @property
    def dampening(self):
        """0 where the velocity begins as the gradient itself."""
        return 0.0 if self.step == 1 or self.momentum == 0.0 else self.numbers["dampening"]

    @property
    def c1(self):
        return f32(1.0 / (1.0 - power(self.beta1, self.step)))

    @property
    def c2(self):
        return f32(1.0 / (1.0 - power(self.beta2, self.step)))

    def events_of(self, name):
        return self.events.setdefault(name, Events())

    def _saturations(self):
        return sum(e.saturated + e.invalid for e in self.events.values())

    def clear_saturations(self):
        self.cleared = self._saturations()

    def saturations(self):
        return self._saturations() - self.cleared
