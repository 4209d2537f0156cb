# ===- updates.py - optimizers ---------------------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 9. A new state is rounded to its own format and read as rounded,
# so that these functions round what they make.
#
# ===-----------------------------------------------------------------------===#
from ..mistakes import active
from ..numbers import add, div, fma, mul, row_sum, sqrt, sub
from .registry import define
from .weight_groups import group_of_weights


class Update:
    """What the updates share: u, the factor, and the numbers of the host."""

    def __init__(self, call, states):
        self.call, self.host = call, call.host
        self.unit = unit_of(call)
        self.inputs = call.inputs
        self.gradient = call.inputs[states].data
        factor, pull = call.optional(2)
        self.factor = factor and factor.item()
        # The number of the group of each weight, and whether what it updates stays as it is.
        self.pull = pull and [pull.data[g] for g in group_of_weights(call.types[0].shape)]
        self.stays = [c < 0.0 for c in self.pull] if pull else None
        if call.has("lr_scale"):
            self.rate = mul(self.host.lr, call["lr_scale"])
            self.decay = mul(self.host.weight_decay, call["decay_scale"])

    @property
    def held(self):
        return self.factor is not None and self.factor < 0.0 and "held" not in active

    def kept(self):
        """All states as they are."""
        return [x.data for x, _ in zip(self.inputs, self.call.types)]

    def g0(self):
        g = [mul(d, self.unit) for d in self.gradient]
        g = g if self.factor is None else [mul(v, self.factor) for v in g]
        return [fma(c, w, v) for c, w, v in zip(self.pull, self.inputs[0].data, g)] if self.pull else g

    def round(self, which, values):
        """New elements of a state; those that stay are no results, which are rounded and counted."""
        if not self.stays:
            return self.call.round(which, values)
        rounded = self.call.round(which, [0.0 if s else v for s, v in zip(self.stays, values)])
        return [old if s else v for s, old, v in zip(self.stays, self.inputs[which].data, rounded)]

    def with_decay(self, w):
        return [fma(self.decay, x, g) for x, g in zip(w, self.g0())]


def unit_of(call):
    """u = 1 / (loss_scale * micro_batches)"""
    return div(1.0, mul(call["loss_scale"], float(call["micro_batches"])))


@define("sgd", rounds_itself=True)
def sgd(call):
    update = Update(call, 2)
    if update.held:
        return update.kept()
    w, v = (x.data for x in call.inputs[:2])
    host = call.host
    g = update.with_decay(w)
    rest = sub(1.0, host.dampening)
    v_new = update.round(1, [fma(host.momentum, a, mul(rest, b)) for a, b in zip(v, g)])
    step = [fma(host.momentum, a, b) for a, b in zip(v_new, g)] if call.has("nesterov") else v_new
    return [update.round(0, [fma(-update.rate, s, x) for s, x in zip(step, w)]), v_new]


@define("adagrad", rounds_itself=True)
def adagrad(call):
    update = Update(call, 2)
    if update.held:
        return update.kept()
    w, h = (x.data for x in call.inputs[:2])
    g = update.with_decay(w)
    h_new = update.round(1, [fma(a, a, b) for a, b in zip(g, h)])
    epsilon = call.host.epsilon
    return [update.round(0, [fma(-update.rate, div(a, add(sqrt(b), epsilon)), x) for a, b, x in zip(g, h_new, w)]), h_new]


@define("adam", rounds_itself=True)
def adam(call):
    update = Update(call, 3)
    if update.held:
        return update.kept()
    w, m, v = (x.data for x in call.inputs[:3])
    host, rate = call.host, update.rate
    decay = mul(rate, update.decay)  # of decoupled ones
    g = update.g0() if call.has("decoupled") else update.with_decay(w)
    a, b = sub(1.0, host.beta1), sub(1.0, host.beta2)
    m_new = update.round(1, [fma(host.beta1, x, mul(a, y)) for x, y in zip(m, g)])
    v_new = update.round(2, [fma(host.beta2, x, mul(mul(b, y), y)) for x, y in zip(v, g)])
    if call.has("decay_last"):
        last = div(mul(rate, host.c1), sqrt(host.c2))
        r = [fma(-last, div(x, add(sqrt(y), host.epsilon)), z) for x, y, z in zip(m_new, v_new, w)]
        return [update.round(0, [fma(-decay, x, x) for x in r]), m_new, v_new]
    start = [fma(-decay, x, x) for x in w] if call.has("decoupled") else w
    w_new = [fma(-rate, div(mul(x, host.c1), add(sqrt(mul(y, host.c2)), host.epsilon)), s)
             for x, y, s in zip(m_new, v_new, start)]
    return [update.round(0, w_new), m_new, v_new]


@define("accumulate")
def accumulate(call):
    acc, dw = call.inputs
    return [[add(a, d) for a, d in zip(acc.data, dw.data)]]


@define("drain")
def drain(call):
    acc, dw = call.inputs
    return [[0.0] * len(acc.data), [add(a, d) for a, d in zip(acc.data, dw.data)]]


@define("square_sum")
def square_sum(call):
    dw = call.inputs[0].data
    total = call.inputs[1].item() if len(call.inputs) > 1 else 0.0
    unit = unit_of(call)
    for first in range(0, len(dw), 1024):
        scaled = [mul(d, unit) for d in dw[first:first + 1024]]
        total = add(total, row_sum([mul(g, g) for g in scaled]))
    return [[total]]


@define("clip_factor")
def clip_factor(call):
    norm = sqrt(call.inputs[0].item())
    small = float.fromhex("0x1.0c6f7ap-20")  # 1e-6 in FP32
    unscale = call.inputs[1].item() if len(call.inputs) > 1 else None
    if unscale is None:
        q = div(call.host.clip, add(norm, small))
        return [[q if q < 1.0 else 1.0]]
    if unscale < 0.0:
        return [[-1.0]]
    q = div(call.host.clip, add(mul(norm, unscale), small))
    return [[mul(q if q < 1.0 else 1.0, unscale)]]


def steps_before(call, operand):
    """t of the optimizers of ai.onnx.preview.training, as a whole number."""
    return int(call.inputs[operand].item()) if len(call.inputs) > operand else call.host.run - 1


def power_by_squaring(b, t):
    """p(b, t)"""
    p = 1.0
    while t:
        if t & 1:
            p = mul(p, b)
        b = mul(b, b)
        t >>= 1
    return p


@define("preview_adagrad", rounds_itself=True)
def preview_adagrad(call):
    x, h, dx = (i.data for i in call.inputs[:3])
    t = float(steps_before(call, 4))
    g = [fma(call["norm_coefficient"], a, b) for a, b in zip(x, dx)]
    h_new = call.round(1, [fma(a, a, b) for a, b in zip(g, h)])
    rate = div(call.inputs[3].item(), add(1.0, mul(t, call["decay_factor"])))
    x_new = [fma(-rate, div(a, add(sqrt(b), call["epsilon"])), c) for a, b, c in zip(g, h_new, x)]
    return [call.round(0, x_new), h_new]


@define("preview_momentum", rounds_itself=True)
def preview_momentum(call):
    x, v, dx = (i.data for i in call.inputs[:3])
    alpha, rate = call["alpha"], call.inputs[3].item()
    b = call["beta"] if steps_before(call, 4) > 0 else 1.0
    g = [fma(call["norm_coefficient"], p, q) for p, q in zip(x, dx)]
    v_new = call.round(1, [fma(alpha, p, mul(b, q)) for p, q in zip(v, g)])
    step = [fma(alpha, p, q) for p, q in zip(v_new, g)] if call.has("nesterov") else v_new
    return [call.round(0, [fma(-rate, p, q) for p, q in zip(step, x)]), v_new]


@define("preview_adam", rounds_itself=True)
def preview_adam(call):
    x, v, h, dx = (i.data for i in call.inputs[:4])
    alpha, beta, rate = call["alpha"], call["beta"], call.inputs[4].item()
    t = steps_before(call, 5)
    g = [fma(call["norm_coefficient"], p, q) for p, q in zip(x, dx)]
    a, b = sub(1.0, alpha), sub(1.0, beta)
    v_new = call.round(1, [fma(alpha, p, mul(a, q)) for p, q in zip(v, g)])
    h_new = call.round(2, [fma(beta, p, mul(mul(b, q), q)) for p, q in zip(h, g)])
    if t > 0:
        root = sqrt(sub(1.0, power_by_squaring(beta, t)))
        rate = div(mul(rate, root), sub(1.0, power_by_squaring(alpha, t)))
    post = sub(1.0, call["norm_coefficient_post"])
    x_new = [mul(post, fma(-rate, div(p, add(sqrt(q), call["epsilon"])), r)) for p, q, r in zip(v_new, h_new, x)]
    return [call.round(0, x_new), v_new, h_new]
