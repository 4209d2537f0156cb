# ===- random_networks.py - networks and trainings drawn at random ---------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Train IR of stage `import`: layers one after the other, then a cross entropy; the
# compiler makes the gradients and the updates of it. Initial values are Kaiming's.
#
# ===-----------------------------------------------------------------------===#
import math
import random

from .single_ops import Value, array

MOST = 600  # elements of a tensor of one image


class Network:
    def __init__(self, seed):
        self.seed = seed
        self.random = random.Random(f"network {seed}")
        self.states, self.body = [], []
        self.count = 0
        self.batch = self.random.randint(1, 4)
        self.image = Value("%image", (self.batch, self.random.choice((1, 2, 3, 8, 9)), self.random.randint(3, 9),
                                      self.random.randint(3, 9)), "f32")
        self.current = self.image
        self.classes = self.random.randint(2, 9)

    def chance(self, share):
        return self.random.random() < share

    def op(self, name, operands, shapes, **attributes):
        """Writes an op whose results have these shapes; the first becomes the current value."""
        self.count += 1
        node = f"{name}{self.count}"
        values = [Value(f"%{node}_{i}", tuple(shape), "f32") for i, shape in enumerate(shapes)]
        if name == "max_pool":
            values[1].format = "i8"
        attributes["train.names"] = "[" + ", ".join(f'"{node}.{i}"' for i in range(len(values))) + "]"
        text = ", ".join(key if value is True else f"{key} = {value}" for key, value in attributes.items())
        self.body.append(f"{', '.join(v.name for v in values)} = train.{name} {', '.join(o.name for o in operands)} "
                         f"{{{text}}} : ({', '.join(o.type for o in operands)}) -> "
                         f"({', '.join(v.type for v in values)}) loc(\"{node}\")")
        self.current = values[0]
        return values

    def parameter(self, shape, fan_in):
        self.count += 1
        value = Value(f"%p{self.count}", tuple(shape), "f32")
        self.states.append(f"train.state @p{self.count} : {value.type} {{init = #train.random<\"p{self.count}\", "
                           f"seed = {self.seed}, fan_in = {max(1, fan_in)}>}}")
        self.body.append(f"{value.name} = train.read @p{self.count} : {value.type}")
        return value

    def running(self, batch, shape, start):
        """A running statistic that follows `batch`; its name."""
        self.count += 1
        name = f"r{self.count}"
        old = Value(f"%{name}", shape, "f32")
        self.states.append(f"train.state @{name} : {old.type} {{init = dense<{start}> : {old.type}, statistic}}")
        self.body.append(f"{old.name} = train.read @{name} : {old.type}")
        self.op("reshape", [batch], [shape])
        new = self.op("moving_average", [old, self.current], [shape], momentum="7.5e-1 : f32",
                      phase="#train.phase<up>")[0]
        self.body.append(f"train.write @{name}, {new.name} : {new.type}")
        return name

    # Layers: False where nothing fits.

    def conv(self):
        n, ci, *size = self.current.shape
        group = self.random.choice([g for g in (1, 1, 2, ci) if ci % g == 0])
        co = group * self.random.randint(1, 9 // group if group < 9 else 1)
        kernel = [self.random.randint(1, 3) for _ in size]
        strides, dilations = ([self.random.choice((1, 1, 2)) for _ in size] for _ in range(2))
        pads = [self.random.randint(0, 2) for _ in range(4)]
        out = [(e + pads[d] + pads[d + 2] - (kernel[d] - 1) * dilations[d] - 1) // strides[d] + 1
               for d, e in enumerate(size)]
        if min(out) < 1 or co * math.prod(out) > MOST:
            return False
        fan_in = ci // group * math.prod(kernel)
        x = self.current
        operands = [x, self.parameter((co, ci // group, *kernel), fan_in)]
        if self.chance(0.6):
            operands.append(self.parameter((co,), 4 * fan_in))
        self.op("conv", operands, [(n, co, *out)], strides=array(strides), pads=array(pads), dilations=array(dilations),
                group=f"{group} : i64")
        return True

    def transposed(self):
        n, ci, *size = self.current.shape
        kernel, strides = ([self.random.randint(1, 3) for _ in size] for _ in range(2))
        out = [(e - 1) * s + k for e, s, k in zip(size, strides, kernel)]
        co = self.random.randint(1, 3)
        if co * math.prod(out) > MOST:
            return False
        x = self.current
        weight = self.parameter((ci, co, *kernel), ci * kernel[0])
        self.op("conv_bp", [x, weight], [(n, co, *out)], strides=array(strides), pads=array([0, 0, 0, 0]),
                group="1 : i64", input_shape=array((n, co, *out)))
        return True

    def pool(self):
        n, c, *size = self.current.shape
        kernel = [self.random.randint(1, min(3, e)) for e in size]
        strides = [self.random.randint(1, 3) for _ in size]
        pads = [self.random.randint(0, k - 1) // 2 for k in kernel] * 2
        out = [(e + 2 * pads[d] - kernel[d]) // strides[d] + 1 for d, e in enumerate(size)]
        shape = (n, c, *out)
        window = {"kernel": array(kernel), "strides": array(strides), "pads": array(pads)}
        if self.chance(0.5):
            self.op("max_pool", [self.current], [shape, shape], **window)
        else:
            counted = {"count_include_pad": True} if self.chance(0.5) else {}
            self.op("avg_pool", [self.current], [shape], **window, **counted)
        return True

    def function(self):
        x = self.current
        name, attributes = self.random.choice((
            ("relu", {}), ("relu", {}), ("tanh", {}), ("sigmoid", {}), ("gelu", {}), ("gelu_tanh", {}), ("softplus", {}),
            ("softsign", {}), ("hard_swish", {}), ("erf", {}), ("abs", {}),
            ("leaky_relu", {"alpha": "1.0e-1 : f32"}), ("elu", {"alpha": "1.5 : f32", "gamma": "1.05 : f32"}),
            ("celu", {"alpha": "7.5e-1 : f32"}), ("clip", {"min": "-5.0e-1 : f32", "max": "1.5 : f32"}),
            ("hard_sigmoid", {"alpha": "2.0e-1 : f32", "beta": "5.0e-1 : f32"}),
            ("thresholded_relu", {"alpha": "2.5e-1 : f32"}), ("power", {"exponent": "2.0 : f32"}),
            ("shrink", {"lambda": "2.5e-1 : f32", "bias": "1.25e-1 : f32"}),
            ("affine", {"scale": "7.5e-1 : f32", "offset": "1.25e-1 : f32"}),
            ("dropout", {"ratio": "2.5e-1 : f32", "seed": f"{self.random.randint(0, 9)} : i32",
                         "stream": f"{self.random.randint(1, 99)} : i32"})))
        self.op(name, [x], [x.shape], **attributes)
        return True

    def binary(self):
        """With a parameter that is broadcast."""
        x = self.current
        shape = tuple(e if self.chance(0.5) else 1 for e in x.shape[1:])
        p = self.parameter((1, *shape), 4)
        name = self.random.choice(("add", "sub", "mul", "max", "min", "prelu"))
        pair = [p, x] if name != "prelu" and self.chance(0.5) else [x, p]
        self.op(name, pair, [x.shape])
        return True

    def residual(self):
        x = self.current
        c = x.shape[1]
        self.op("conv", [x, self.parameter((c, c, 1, 1), c)], [x.shape])
        self.function()
        self.op(self.random.choice(("add", "mul", "sub")), [x, self.current], [x.shape])
        return True

    def normalization(self):
        x = self.current
        n, c = x.shape[:2]
        is_batch = self.chance(0.6)
        axes = [0, 2, 3] if is_batch else [1, 2, 3] if self.chance(0.5) else [2, 3]
        kept = tuple(1 if d in axes else e for d, e in enumerate(x.shape))
        over = {"axes": array(axes)}
        if is_batch and self.chance(0.8):
            mean, var = self.op("statistics", [x], [kept, kept])
        else:
            mean = self.op("reduce_mean", [x], [kept], **over)[0]
            var = self.op("variance", [x, mean], [kept], **over)[0]
        if is_batch:
            names = self.running(mean, (c,), 0.125), self.running(var, (c,), 0.75)
            over["running"] = f"[@{names[0]}, @{names[1]}]"
        affine = []
        for _ in range(2):
            self.op("reshape", [self.parameter((c,), 4)], [(1, c, 1, 1)])
            affine.append(self.current)
        self.op("normalize", [x, mean, var, *affine], [x.shape], epsilon="1.0e-3 : f32", **over)
        return True

    def move(self):
        x = self.current
        kind = self.random.randrange(4)
        if kind == 0:
            order = [0] + self.random.sample((1, 2, 3), 3)
            self.op("transpose", [x], [[x.shape[d] for d in order]], perm=array(order))
        elif kind == 1:
            starts = [0] + [self.random.randint(0, e // 2) for e in x.shape[1:]]
            sizes = [e - s for e, s in zip(x.shape, starts)]
            self.op("slice", [x], [sizes], starts=array(starts), sizes=array(sizes), steps=array([1] * 4))
        elif kind == 2:
            low, high = ([0, 0] + [self.random.randint(0, 1) for _ in range(2)] for _ in range(2))
            self.op("pad", [x], [[e + a + b for e, a, b in zip(x.shape, low, high)]], low=array(low), high=array(high),
                    value="5.0e-1 : f32")
        else:
            if 2 * math.prod(x.shape[1:]) > MOST:
                return False
            self.function()
            y = self.current
            self.op("concat", [x, y], [(x.shape[0], 2 * x.shape[1], *x.shape[2:])], axis="1 : i64")
        return True

    def attention(self):
        """softmax(x x^T) x over the pixels of each image."""
        n, c, *size = self.current.shape
        x, pixels = self.current, math.prod(size)
        if pixels > 20:
            return False
        rows = self.op("reshape", [x], [(n, c, pixels)])[0]
        self.op("matmul", [rows, rows], [(n, c, c)], transpose_b=True)
        self.op("reshape", [self.current], [(n * c, c)])
        self.op(self.random.choice(("softmax", "log_softmax")), [self.current], [(n * c, c)])
        shares = self.op("reshape", [self.current], [(n, c, c)])[0]
        self.op("matmul", [shares, rows], [(n, c, pixels)])
        self.op("reshape", [self.current], [x.shape])
        return True

    def dense(self, outputs):
        n, depth = self.current.shape
        transposed = self.chance(0.5)
        x = self.current
        operands = [x, self.parameter((outputs, depth) if transposed else (depth, outputs), depth)]
        if self.chance(0.6):
            operands.append(self.parameter((outputs,), 4 * depth))
        self.op("matmul", operands, [(n, outputs)], **({"transpose_b": True} if transposed else {}))

    def likelihood(self, logits, labels):
        n = self.batch
        self.op("log_softmax", [logits], [logits.shape])
        losses, _ = self.op("nll", [self.current, labels], [(n,), (n,)])
        self.op("reduce_mean", [losses], [(1,)], axes=array([0]))
        return self.op("reshape", [self.current], [()])[0]

    def module(self):
        layers = ((self.conv, 8), (self.pool, 3), (self.function, 5), (self.binary, 3), (self.residual, 2),
                  (self.normalization, 3), (self.move, 3), (self.attention, 1), (self.transposed, 1))
        while not self.conv():
            pass
        for _ in range(self.random.randint(1, 6)):
            self.random.choices([l for l, _ in layers], [w for _, w in layers])[0]()
        x = self.current
        self.op("reshape", [x], [(self.batch, math.prod(x.shape[1:]))])
        if self.chance(0.5):
            self.dense(self.random.randint(1, 20))
            self.function()
        self.dense(self.classes)
        logits = self.current
        labels = Value("%labels", (self.batch,), "i32")
        if self.chance(0.25):
            loss = self.likelihood(logits, labels)
        else:
            loss = self.op("cross_entropy", [logits, labels], [(), (self.batch,)])[0]
        states, body = "\n".join(self.states), "\n".join(self.body)
        return f"""module attributes {{slp.stage = "import", train.model = "network.mlir"}} {{
{states}
func.func @step(%image: {self.image.type} {{train.name = "image"}}, %labels: {labels.type} {{train.name = "labels",
  train.role = "labels", train.classes = {self.classes} : i64}}) -> (tensor<f32> {{train.name = "loss", train.role = "loss"}},
  {logits.type} {{train.name = "logits", train.role = "logits", train.class_axis = 1 : i64}}) {{
{body}
return {loss.name}, {logits.name} : tensor<f32>, {logits.type}
}}
}}
"""


def draw_training(seed):
    """(flags of slpc, numbers of slp-sim) of a training."""
    source = random.Random(f"training {seed}")
    flags, numbers = [], {"lr": source.choice((0.01, 0.05))}
    optimizer = source.choice(("sgd", "sgd", "adagrad", "adam", "adamw"))
    flags.append(f"--optimizer={optimizer}")
    if optimizer == "sgd":
        numbers["momentum"] = source.choice((0.0, 0.9))
        if source.random() < 0.3:
            flags.append("--nesterov")
        else:
            numbers["dampening"] = source.choice((0.0, 0.5))
    else:
        numbers["epsilon"] = source.choice((1e-8, 1e-4))
    numbers["weight-decay"] = source.choice((0.0, 0.01))
    if source.random() < 0.25:
        flags.append("--clip-norm")
        numbers["clip-norm"] = source.choice((0.1, 1.0))
    if source.random() < 0.3:
        flags.append("--loss-scale=" + source.choice(("dynamic:1024:1", "dynamic:1048576:2", "1", "4096")))
    if source.random() < 0.2:
        flags.append("--master-weights=" + source.choice(("fp8", "fp32")))
    return tuple(flags), numbers
