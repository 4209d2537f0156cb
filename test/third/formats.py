# ===- formats.py - storage formats and rounding ---------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md sections 1 and 2: what a format holds, and how an FP32 number
# becomes one of it.
#
# ===-----------------------------------------------------------------------===#
import functools
import math
from dataclasses import dataclass, field

from .mistakes import active
from .numbers import positive_zero


@dataclass
class Events:
    """What the roundings of a tensor met. Numbers are added up over all runs."""
    saturated: int = 0
    underflowed: int = 0
    invalid: int = 0


@dataclass(frozen=True)
class F32:
    """FP32, which results need no rounding for."""

    def round(self, x, mode, events, random=None):
        return positive_zero(x)

    def holds(self, x):
        return True


@dataclass(frozen=True)
class Integer:
    """Labels, indices and counts: no number is rounded to it."""
    bits: int


@dataclass(frozen=True)
class Format:
    """!num.float<exp, man, bias, specials, subnormals, flush_below>; flush_below is 0 where nothing is flushed."""
    exp: int
    man: int
    bias: int
    specials: str
    subnormals: str
    flush_below: float = 0.0
    _rounded: dict = field(default_factory=dict, compare=False, repr=False)

    @functools.cached_property
    def max_finite(self):
        exponent = (1 << self.exp) - 1 - self.bias
        if self.specials in ("ieee", "reserved"):
            exponent -= 1
        steps = (2 << self.man) - (2 if self.specials == "nan" else 1)
        return math.ldexp(steps, exponent - self.man)

    @functools.cached_property
    def min_normal(self):
        return math.ldexp(1.0, 1 - self.bias)

    def for_accumulator(self):
        """Section 3: an accumulator's format flushes at min_normal, if at all."""
        return Format(self.exp, self.man, self.bias, self.specials, self.subnormals,
                      self.min_normal if self.subnormals == "flush" else 0.0)

    def round(self, x, mode, events, random=None):
        """x in this format, section 2. random: the 32 bits of stochastic rounding. Adds to events."""
        if mode == "stochastic":
            y, what = self._round(x, mode, random)
        else:
            known = self._rounded.get((x, mode))
            if known is None:
                known = self._rounded[x, mode] = self._round(x, mode, None)
            y, what = known
        if what is not None:
            setattr(events, what, getattr(events, what) + 1)
        return y

    def _round(self, x, mode, random):
        """The number and the event, None if there is none."""
        if math.isnan(x):
            return 0.0, "invalid"
        if x == 0.0:
            return 0.0, None
        magnitude = abs(x)
        if magnitude < self.flush_below:
            return 0.0, "underflowed"
        if math.isinf(x):
            return math.copysign(self.max_finite, x), "saturated"
        log2 = math.frexp(magnitude)[1] - 1
        spacing = math.ldexp(1.0, max(log2, 1 - self.bias) - self.man)
        n, f = divmod(magnitude / spacing, 1.0)
        if self._goes_up(n, f, mode, random):
            n += 1.0
        y = n * spacing
        if y > self.max_finite:
            return math.copysign(self.max_finite, x), "saturated"
        if y == 0.0:
            return 0.0, "underflowed"
        return math.copysign(y, x), None

    @staticmethod
    def _goes_up(n, f, mode, random):
        if mode == "nearest_even":
            if "ties" in active:
                return f >= 0.5
            return f > 0.5 or (f == 0.5 and n % 2.0 == 1.0)
        if mode == "half_away":
            return f > 0.5 if "ties" in active else f >= 0.5
        if mode == "toward_zero":
            return False
        if mode == "stochastic":
            return f > random / 2.0 ** 32
        raise ValueError(f"unknown rounding {mode}")

    def holds(self, x):
        """Whether x is a value of the format, those below flush_below included (section 2)."""
        if x == 0.0:
            return True
        if not math.isfinite(x) or abs(x) > self.max_finite:
            return False
        if self.subnormals == "flush" and abs(x) < self.min_normal:
            return False
        log2 = math.frexp(abs(x))[1] - 1
        spacing = math.ldexp(1.0, max(log2, 1 - self.bias) - self.man)
        return (abs(x) / spacing) % 1.0 == 0.0


@dataclass(frozen=True)
class Mixed:
    """!num.mixed<lo, hi>: numbers of hi."""
    lo: Format
    hi: Format

    def round(self, x, mode, events, random=None):
        return self.hi.round(x, mode, events, random)

    def holds(self, x):
        return self.hi.holds(x)
