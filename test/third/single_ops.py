# ===- single_ops.py - modules of single ops, drawn at random --------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# A module of stage `precision` with many ops side by side: each reads numbers of
# drawn formats, rounds in a drawn way, and its result becomes a state, which can be
# compared. Inputs are the numbers that roundings are about: ties, zeros of both signs,
# the largest and the smallest.
#
# ===-----------------------------------------------------------------------===#
import inspect
import math
import random
from dataclasses import dataclass

from .numbers import f32
from .ops.elementwise import FUNCTIONS

CHIPS = {
    "lnpu": ("!num.float<5, 10, 15, reserved, gradual>", "!num.float<5, 2, 15, reserved, flush>",
             "dot = 8, format = f32, rounding = nearest_even, across = none"),
    "asu-fp8": ("!num.float<5, 10, 15, none, gradual>", "!num.float<5, 2, 15, none, gradual>",
                "dot = 8, format = !h, rounding = half_away, across = !h"),
}
ROUNDINGS = ("nearest_even", "half_away", "toward_zero", "stochastic")


def draw_wide(source):
    """Any number that a rounding may be asked about."""
    kind = source.randrange(10)
    sign = source.choice((-1.0, 1.0))
    if kind == 0:
        return sign * 0.0
    if kind <= 2:
        return float(source.randint(-4, 4))
    if kind <= 4:  # halfway between numbers of few bits, or nearly so
        return sign * math.ldexp(source.randint(1, 4096) + 0.5 * source.randint(0, 1), source.randint(-34, 8))
    if kind == 5:
        return sign * math.ldexp(1.0 + source.choice((-1, 0, 1)) * 2.0 ** -23, source.randint(-30, 20))
    if kind == 6:
        return sign * math.ldexp(source.getrandbits(24), source.randint(-149, 103))
    return sign * math.ldexp(source.getrandbits(24), source.randint(-36, -14))


def draw_mixture(source, count):
    """All wide, or all of one magnitude, whose sums show in which order they were added."""
    if source.random() < 0.4:
        return [draw_wide(source) for _ in range(count)]
    return [f32(source.uniform(-2.0, 2.0)) for _ in range(count)]


@dataclass
class Value:
    name: str
    shape: tuple
    format: str

    @property
    def type(self):
        return "tensor<" + "".join(f"{e}x" for e in self.shape) + self.format + ">"


def array(values):
    return "array<i64" + (": " if values else "") + ", ".join(map(str, values)) + ">"


class Writer:
    """Draws ops and writes them one below the other."""

    def __init__(self, seed, chip):
        self.random = random.Random(f"single ops {seed} {chip}")
        self.chip = chip
        self.arguments, self.states, self.body = [], [], []
        self.below = {}
        self.count = self.streams = 0

    # Values.

    def number(self):
        self.count += 1
        return self.count

    def floats(self, shape, format=None):
        """An input of floats in a drawn format, or the one given."""
        name = f"x{self.number()}"
        self.arguments.append(f"%{name}: {Value(name, (1, *shape), 'f32').type} {{train.name = \"{name}\"}}")
        x = self.op("reshape", [Value(f"%{name}", (1, *shape), "f32")], {}, [(shape, "f32")], rounds=False)[0]
        format = format or self.format()
        if format == "f32" and self.random.random() < 0.2:  # with infinite numbers and NaN
            y = self.op("floor", [x], {}, [(shape, "f32")])[0]
            x = self.op("div", [x, y], {}, [(shape, "f32")])[0]
        return x if format == "f32" else self.op("round", [x], {}, [(shape, format)])[0]

    def integers(self, count, below):
        """An input of integers from 0 to `below` - 1."""
        name = f"i{self.number()}"
        self.arguments.append(f"%{name}: tensor<1x{count}xi32> {{train.name = \"{name}\"}}")
        self.below[name] = below
        value = Value(f"%{name}", (1, count), "i32")
        return self.op("reshape", [value], {}, [((count,), "i32")], rounds=False)[0]

    def format(self, narrow=False):
        return self.random.choice(("!h", "!q") if narrow else ("f32", "!h", "!q"))

    def op(self, name, operands, attributes, results, rounds=True):
        """Writes an op; results: (extents, format) of each. `rounds`: a rounding is drawn."""
        attributes = dict(attributes)
        values = [Value(f"%v{self.number()}", tuple(shape), format) for shape, format in results]
        if rounds and any(v.format.startswith("!") for v in values):
            rounding = self.random.choice(ROUNDINGS)
            attributes["rounding"] = f"#num.rounding<{rounding}>"
            if rounding == "stochastic":
                attributes["train.streams"] = array([self.streams + i for i in range(len(values))])
                self.streams += len(values)
        names = [f"{name}{v.name[2:]}" for v in values]
        attributes["train.names"] = "[" + ", ".join(f'"{n}"' for n in names) + "]"
        text = ", ".join(key if value is True else f"{key} = {value}" for key, value in attributes.items())
        self.body.append(f"{', '.join(v.name for v in values)} = train.{name} {', '.join(v.name for v in operands)} "
                         f"{{{text}}} : ({', '.join(v.type for v in operands)}) -> "
                         f"({', '.join(v.type for v in values)})")
        return values

    def keep(self, *values):
        """Makes each value a state."""
        for value in values:
            if value.format == "!m":
                value = self.op("round", [value], {}, [(value.shape, "!h")])[0]
            elif value.format == "i32":
                value = self.op("to_float", [value], {}, [(value.shape, "f32")])[0]
            name = f"s{self.number()}"
            rounding = "" if value.format == "f32" else " {rounding = #num.rounding<nearest_even>}"
            self.states.append(f"train.state @{name} : {value.type}{rounding}")
            self.body.append(f"train.write @{name}, {value.name} : {value.type}")

    def state(self, values):
        """A state of FP32 numbers that the step reads; (its name, its value)."""
        name = f"s{self.number()}"
        value = Value(f"%v{self.number()}", (len(values),), "f32")
        listed = ", ".join(f"{v:.9e}" for v in values)
        self.states.append(f"train.state @{name} : {value.type} {{init = dense<[{listed}]> : {value.type}, statistic}}")
        self.body.append(f"{value.name} = train.read @{name} : {value.type}")
        return name, value

    def write(self, name, value):
        self.body.append(f"train.write @{name}, {value.name} : {value.type}")

    def shape(self, rank, most=5):
        return tuple(self.random.randint(1, most) for _ in range(rank))

    def attribute(self, *choices):
        return f"{self.random.choice(choices):.9e} : f32"

    # Families of ops.

    def elementwise(self, name):
        attributes, function = FUNCTIONS[name]
        operands = len(inspect.signature(function).parameters) - len(attributes) if attributes or name not in (
            "abs", "sqrt", "exp", "log", "tanh", "sigmoid", "erf", "sign", "gelu", "gelu_tanh") else 1
        shape = self.shape(self.random.randint(1, 4))
        shapes = [tuple(1 if operands > 1 and i and self.random.random() < 0.3 else e for e in shape)
                  for i in range(operands)]
        self.random.shuffle(shapes)
        values = {a: self.attribute(0.25, 0.5, 1.5, 2.0) for a in attributes}
        if name.startswith("power"):
            values["exponent"] = self.attribute(0.5, -0.5, 2.0, 3.0, -1.0, -2.0, 1.75, 0.0)
        if name in ("clip", "clip_grad"):
            values = {"min": self.attribute(-2.0, -0.5, 0.0), "max": self.attribute(0.5, 3.0)}
        self.keep(*self.op(name, [self.floats(s) for s in shapes], values, [(shape, self.format())]))

    def moves(self):
        shape = self.shape(self.random.randint(1, 4))
        x = self.floats(shape)
        kept = x.format if self.random.random() < 0.5 else self.format()
        kind = self.random.randrange(5)
        if kind == 0:
            order = list(range(len(shape)))
            self.random.shuffle(order)
            result = self.op("transpose", [x], {"perm": array(order)}, [([shape[d] for d in order], kept)])
        elif kind == 1:
            steps = [self.random.choice((1, 2, -1)) for _ in shape]
            sizes = [self.random.randint(1, (e - 1) // abs(s) + 1) for e, s in zip(shape, steps)]
            starts = []
            for e, s, n in zip(shape, steps, sizes):
                span = (n - 1) * abs(s)
                low = self.random.randint(0, e - 1 - span)
                starts.append(low if s > 0 else low + span)
            result = self.op("slice", [x], {"starts": array(starts), "sizes": array(sizes), "steps": array(steps)},
                             [(sizes, kept)])
        elif kind == 2:
            axis = self.random.randrange(len(shape))
            others = [self.floats((*shape[:axis], self.random.randint(1, 4), *shape[axis + 1:])) for _ in range(2)]
            total = shape[axis] + sum(o.shape[axis] for o in others)
            result = self.op("concat", [x, *others], {"axis": f"{axis} : i64"},
                             [((*shape[:axis], total, *shape[axis + 1:]), kept)])
        elif kind == 3:
            low = [self.random.randint(-1 if e > 2 else 0, 2) for e in shape]
            high = [self.random.randint(-1 if e > 2 else 0, 2) for e in shape]
            value = self.attribute(0.0, 1.0, 0.3, -70000.0)
            result = self.op("pad", [x], {"low": array(low), "high": array(high), "value": value},
                             [([e + a + b for e, a, b in zip(shape, low, high)], kept)])
        else:
            grown = [self.random.randint(2, 4) if e == 1 else e for e in shape]
            result = self.op("expand", [x], {"shape": array(grown)}, [(grown, kept)])
        self.keep(*result)

    def tables(self):
        outer, rows, inner = self.shape(3)
        picked = self.random.randint(1, 7)
        drawn = self.op("to_float", [self.integers(picked, 2 * rows + 3)], {}, [((picked,), "f32")])
        shifted = self.op("affine", drawn, {"scale": self.attribute(1.0), "offset": f"{-rows - 1.0:e} : f32"},
                          [((picked,), "f32")])
        indices = self.op("to_integer", shifted, {}, [((picked,), "i32")])[0]
        table = self.floats((outer, rows, inner))
        self.keep(*self.op("gather", [table, indices], {}, [((outer, picked, inner), self.format())]))
        dy = self.floats((outer, picked, inner))
        self.keep(*self.op("scatter_add", [dy, indices], {"rows": f"{rows} : i64"},
                           [((outer, rows, inner), self.format())]))
        shape = self.shape(2)
        whole = self.op("to_integer", [self.floats(shape)], {}, [(shape, "i32")])
        self.keep(*whole)

    def window(self):
        """(extents of x, extents of y, attributes) of a pool or a convolution but for channels."""
        while True:
            size, kernel, stride = self.shape(2, 9), self.shape(2, 3), self.shape(2, 3)
            dilation = self.shape(2, 2)
            pads = [self.random.randint(0, k // 2) for k in (*kernel, *kernel)]
            out = [(e + pads[d] + pads[d + 2] - (k - 1) * l - 1) // s + 1
                   for d, (e, k, s, l) in enumerate(zip(size, kernel, stride, dilation))]
            reached = all(any(0 <= o * s - pads[d] + t * l < e for t in range(k)) for d, (e, k, s, l) in
                          enumerate(zip(size, kernel, stride, dilation)) for o in range(out[d]))
            if min(out) > 0 and reached:  # no window lies wholly in the padding
                return size, kernel, tuple(out), {"strides": array(stride), "pads": array(pads),
                                                  "dilations": array(dilation)}

    def pools(self):
        size, kernel, out, attributes = self.window()
        n, c = self.shape(2, 3)
        attributes["kernel"] = array(kernel)
        x, small, whole = self.floats((n, c, *size)), (n, c, *out), (n, c, *size)
        y, index = self.op("max_pool", [x], attributes, [(small, self.format()), (small, "i8")])
        self.keep(y)
        self.keep(*self.op("max_pool_take", [self.floats(whole), index], attributes, [(small, self.format())]))
        inverse = {**attributes, "input_shape": array(whole)}
        self.keep(*self.op("max_pool_grad", [self.floats(small), index], inverse, [(whole, self.format())]))
        counted = {"count_include_pad": True} if self.random.random() < 0.5 else {}
        self.keep(*self.op("avg_pool", [self.floats(whole)], {**attributes, **counted}, [(small, self.format())]))
        self.keep(*self.op("avg_pool_grad", [self.floats(small)], {**inverse, **counted}, [(whole, self.format())]))

    def rows(self):
        n, c = self.random.randint(1, 5), self.random.choice((1, 2, 5, 17, 40, 100))
        shape = n, c
        for name, operands in (("softmax", 1), ("log_softmax", 1), ("softmax_grad", 2), ("log_softmax_grad", 2)):
            self.keep(*self.op(name, [self.floats(shape) for _ in range(operands)], {}, [(shape, self.format())]))
        labels = self.integers(n, c)
        if self.random.random() < 0.3:  # with some that are no class
            drawn = self.op("to_float", [labels], {}, [((n,), "f32")])
            moved = self.op("affine", drawn, {"scale": self.attribute(1.0, 2.0), "offset": self.attribute(-1.0)},
                            [((n,), "f32")])
            labels = self.op("to_integer", moved, {}, [((n,), "i32")])[0]
        scale = self.attribute(1.0, 128.0)
        self.keep(*self.op("cross_entropy", [self.floats(shape), labels], {}, [((), "f32"), ((n,), "f32")]))
        self.keep(*self.op("cross_entropy_grad", [self.floats(shape), labels], {"loss_scale": scale},
                           [(shape, self.format())]))
        ignored = {"ignore": "1 : i32"} if self.random.random() < 0.5 else {}
        weights = [self.floats((c,), "f32")] if self.random.random() < 0.5 else []
        self.keep(*self.op("nll", [self.floats(shape), labels, *weights], ignored, [((n,), "f32"), ((n,), "f32")]))
        self.keep(*self.op("nll_grad", [self.floats((n,)), labels, *weights], {**ignored, "classes": f"{c} : i64"},
                           [(shape, self.format())]))

    def reductions(self):
        shape = list(self.shape(self.random.randint(1, 4), 7))
        shape[-1] = self.random.choice((1, 5, 17, 40))
        axes = sorted(self.random.sample(range(len(shape)), self.random.randint(1, len(shape))))
        kept = tuple(1 if d in axes else e for d, e in enumerate(shape))
        for name in ("sum", "sum_square", "sum_abs", "mean", "max", "min", "prod"):
            self.keep(*self.op(f"reduce_{name}", [self.floats(shape)], {"axes": array(axes)}, [(kept, "f32")]))
        self.keep(*self.op("spread", [self.floats(kept)], {"shape": array(shape), "divisor": self.attribute(1.0, 7.0)},
                           [(shape, self.format())]))
        count = math.prod(shape[d] for d in axes)
        x, mean = self.floats(shape), self.floats(kept, "f32")
        self.keep(*self.op("variance", [x, mean], {"axes": array(axes)}, [(kept, "f32")]))
        dy = self.floats(kept, "f32")
        self.keep(*self.op("variance_grad", [dy, x, mean], {"count": f"{count} : i64"}, [(shape, self.format())]))

    def norms(self):
        shape = (*self.shape(3, 5), self.random.choice((1, 3, 7, 20)))
        self.statistics(shape)
        axes = self.random.choice(([0, 2, 3], sorted(self.random.sample(range(4), self.random.randint(1, 3)))))
        kept = tuple(1 if d in axes else e for d, e in enumerate(shape))
        x, mean = self.floats(shape), self.floats(kept, "f32")
        var = self.op("abs", [self.floats(kept, "f32")], {}, [(kept, "f32")])[0]
        scale, bias, dy = self.floats(kept), self.floats(kept), self.floats(shape)
        epsilon = {"epsilon": self.attribute(1e-5, 1e-3, 0.0)}
        self.keep(*self.op("normalize", [x, mean, var, scale, bias], epsilon, [(shape, self.format())]))
        sums = self.op("normalize_sums", [dy, x, mean, var], {**epsilon, "axes": array(axes)},
                       [(kept, "f32"), (kept, "f32")])
        self.keep(*sums)
        count = {"count": f"{math.prod(shape[d] for d in axes)} : i64"}
        more = [scale] if self.random.random() < 0.5 else []
        self.keep(*self.op("normalize_grad", [dy, x, mean, var, *sums, *more], {**epsilon, **count},
                           [(shape, self.format())]))
        self.keep(*self.op("normalize_fixed_grad", [dy, var, scale], epsilon, [(shape, self.format())]))

    def statistics(self, shape):
        n, c, h, w = shape
        shape = self.random.choice((shape, (n, c, w), (w, c), (n, c, 2, h, w)))
        kept = tuple(e if d == 1 else 1 for d, e in enumerate(shape))
        self.keep(*self.op("statistics", [self.floats(shape)], {}, [(kept, "f32"), (kept, "f32")]))

    def basics(self):
        shape = self.shape(4, 5)
        self.keep(*self.op("relu", [self.floats(shape)], {}, [(shape, self.format())]))
        self.keep(*self.op("relu_grad", [self.floats(shape), self.floats(shape)], {}, [(shape, self.format())]))
        channels = shape[1],
        rows = *shape[:3], self.random.choice((1, 3, 20, 50))
        self.keep(*self.op("bias_add", [self.floats(shape), self.floats(channels)], {}, [(shape, self.format())]))
        self.keep(*self.op("bias_grad", [self.floats(rows)], {}, [(channels, "f32")]))
        matrix = self.random.choice((1, 7, 8, 21)), *channels
        self.keep(*self.op("bias_grad", [self.floats(matrix)], {}, [(channels, "f32")]))
        ratio = {"ratio": self.attribute(0.25, 0.5, 0.1), "seed": f"{self.random.randrange(100)} : i32",
                 "stream": f"{-2 ** 31 + self.number()} : i32"}
        masked = {"mask": True} if self.random.random() < 0.3 else {}
        self.keep(*self.op("dropout", [self.floats(shape)], {**ratio, **masked}, [(shape, self.format())]))
        self.keep(*self.op("moving_average", [self.floats(channels, "f32"), self.floats(channels, "f32")],
                           {"momentum": self.attribute(0.9, 0.1)}, [(channels, "f32")]))
        for format in ("!h", "!q"):
            wide = self.shape(3, 7)
            self.keep(*self.op("round", [self.floats(wide, "f32")], {}, [(wide, format)]))

    def macs(self):
        accumulate = {"accumulate": f"#num.accumulate<{CHIPS[self.chip][2]}>"}
        sums = "f32" if self.chip == "lnpu" else "!h"
        operand = (lambda s: self.floats(s, self.format(narrow=True))) if self.chip == "lnpu" else (
            lambda s: self.floats(s, "!q"))
        size, kernel, out, attributes = self.window()
        n, group = self.random.randint(1, 3), self.random.choice((1, 1, 2))
        ci, co = (group * self.random.choice((1, 2, 3, 9, 11, 18)) for _ in range(2))
        attributes = {**attributes, **accumulate, "group": f"{group} : i64"}
        x, w, dy = (n, ci, *size), (co, ci // group, *kernel), (n, co, *out)
        bias = [self.floats((co,), sums)] if self.random.random() < 0.5 else []
        self.keep(*self.op("conv", [operand(x), operand(w), *bias], attributes, [(dy, sums)], rounds=False))
        self.keep(*self.op("conv_bp", [operand(dy), operand(w)], {**attributes, "input_shape": array(x)}, [(x, sums)],
                           rounds=False))
        self.keep(*self.op("conv_wg", [operand(x), operand(dy)], {**attributes, "kernel": array(kernel)}, [(w, sums)],
                           rounds=False))
        m, k, columns = self.random.randint(1, 6), self.random.choice((1, 7, 8, 9, 20, 50)), self.random.randint(1, 6)
        batch = self.shape(1, 3) if self.random.random() < 0.5 else ()
        left, right = self.random.random() < 0.5, self.random.random() < 0.5
        flags = {**accumulate, **({"transpose_a": True} if left else {}), **({"transpose_b": True} if right else {})}
        bias = [self.floats((columns,), sums)] if self.random.random() < 0.5 else []
        self.keep(*self.op("matmul", [operand((*batch, *((k, m) if left else (m, k)))),
                                      operand((*batch, *((columns, k) if right else (k, columns)))), *bias], flags,
                           [((*batch, m, columns), sums)], rounds=False))

    def mixed(self):
        shape = self.shape(3, 6)
        kept, threshold = self.state([self.random.choice((0.0, 0.1, 1.0, 100.0))])
        low = {"low": self.attribute(0.0, 6.103515625e-5)}
        y, histogram = self.op("classify", [self.floats(shape), threshold], low, [(shape, "!m"), ((128,), "i32")])
        self.keep(y, histogram)
        self.keep(*self.op("relu", [y], {}, [(shape, "!m")]))
        self.keep(*self.op("transpose", [y], {"perm": array([1, 0, 2])}, [((shape[1], shape[0], shape[2]), "!m")]))
        control, target = self.state([self.random.choice((0.0, 0.12, 0.5, 1.0)), self.random.uniform(-2.0, 2.0),
                                      self.random.choice((0.0, 1.0)), self.random.choice((0.0, 1.0))])
        self.write(kept, self.op("threshold", [threshold, histogram, target], low, [((1,), "f32")])[0])
        loss = self.op("reshape", [self.floats((1,), "f32")], {}, [((), "f32")], rounds=False)[0]
        self.write(control, *self.op("share_target", [target, loss],
                           {"period": f"{self.random.choice((1, 2))} : i64", "improvement": self.attribute(0.01),
                            "growth": self.attribute(1.25), "largest": self.attribute(0.4)}, [((4,), "f32")]))

    def previews(self):
        """The optimizers of ai.onnx.preview.training, whose states are new tensors."""
        shape, number = self.shape(2), self.attribute
        rate = self.op("reshape", [self.floats((1,), "f32")], {}, [((), "f32")], rounds=False)
        if self.random.random() < 0.6:
            rate += self.op("reshape", [self.integers(1, 9)], {}, [((), "i32")], rounds=False)
        norm = {"norm_coefficient": number(0.0, 0.1), "epsilon": number(1e-6, 0.1)}
        squares = self.op("abs", [self.floats(shape)], {}, [(shape, self.format())])
        x, v, dx = (self.floats(shape) for _ in range(3))
        new = [(shape, self.format()) for _ in range(3)]
        self.keep(*self.op("preview_adagrad", [x, *squares, dx, *rate], {**norm, "decay_factor": number(0.0, 0.25)},
                           new[:2]))
        nesterov = {"nesterov": True} if self.random.random() < 0.5 else {}
        self.keep(*self.op("preview_momentum", [x, v, dx, *rate],
                           {"norm_coefficient": norm["norm_coefficient"], "alpha": number(0.9, 0.5),
                            "beta": number(0.25, 1.0), **nesterov}, new[:2]))
        self.keep(*self.op("preview_adam", [x, v, *squares, dx, *rate],
                           {**norm, "alpha": number(0.9, 0.5), "beta": number(0.999, 0.75),
                            "norm_coefficient_post": number(0.0, 0.1)}, new))

    def module(self):
        """The text of the module. Its loss is the first input's sum, as something has to be."""
        first = self.floats((2,), "f32")
        total = self.op("reduce_sum", [first], {"axes": array([0])}, [((1,), "f32")])[0]
        loss = self.op("reshape", [total], {}, [((), "f32")], rounds=False)[0]
        wide, narrow, _ = CHIPS[self.chip]
        kept = "\n".join(self.states)
        body = "\n".join(self.body)
        return f"""!h = {wide}
!q = {narrow}
!m = !num.mixed<{narrow.removeprefix("!num.float")}, {wide.removeprefix("!num.float")}>
module attributes {{num.formats = {{fp16 = !h, fp8 = !q}}, slp.stage = "precision",
  slp.options = {{target = "{self.chip}", precision = "fp8"}}, train.model = "single.mlir",
  train.precision = {{batch = 1 : i64, chip = "{self.chip}", loss_scale = 1.0 : f32, master_weights = "fp16",
                     policy = "fp8"}}}} {{
{kept}
func.func @step({", ".join(self.arguments)}) -> (tensor<f32> {{train.name = "loss", train.role = "loss"}}) {{
{body}
return {loss.name} : tensor<f32>
}}
}}
"""


def draw_module(seed, chip):
    """(text of a module with some of all families, values of its inputs of integers)"""
    writer = Writer(seed, chip)
    names = sorted(FUNCTIONS)
    for name in names[seed % 3::3]:
        writer.elementwise(name)
    families = [writer.moves, writer.moves, writer.tables, writer.pools, writer.rows, writer.reductions, writer.norms,
                writer.basics, writer.macs, writer.previews]
    if chip == "lnpu":
        families.append(writer.mixed)
    for family in families:
        family()
    return writer.module(), writer.below
