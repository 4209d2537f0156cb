# ===- norms.py - normalization --------------------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 5, the `normalize` family.
#
# ===-----------------------------------------------------------------------===#
from ..numbers import add, div, fma, mul, sqrt, sub
from ..tensor import broadcast_index, spread_to
from .channels import channel_sum
from .reductions import reduce_sum
from .registry import define


def reciprocal_root(var, epsilon, shape):
    """r for each coordinate of `shape`."""
    r = [div(1.0, sqrt(add(v, epsilon))) for v in var.data]
    return [r[i] for i in broadcast_index(var.shape, shape)]


def normalized(x, mean, r):
    """h = (x - mean) * r"""
    return [mul(sub(v, m), s) for v, m, s in zip(x.data, spread_to(mean, x.shape), r)]


@define("normalize")
def normalize(call):
    x, mean, var, scale, bias = call.inputs
    h = normalized(x, mean, reciprocal_root(var, call["epsilon"], x.shape))
    return [[fma(v, s, b) for v, s, b in zip(h, spread_to(scale, x.shape), spread_to(bias, x.shape))]]


@define("normalize_sums")
def normalize_sums(call):
    dy, x, mean, var = call.inputs
    h = normalized(x, mean, reciprocal_root(var, call["epsilon"], x.shape))
    products = [mul(d, v) for d, v in zip(dy.data, h)]
    if len(x.shape) > 1 and set(call["axes"]) == set(range(len(x.shape))) - {1}:
        return [channel_sum(dy.data, x.shape), channel_sum(products, x.shape)]
    return [reduce_sum(dy.data, x.shape, call["axes"]), reduce_sum(products, x.shape, call["axes"])]


@define("normalize_grad")
def normalize_grad(call):
    dy, x, mean, var, total, products = call.inputs[:6]
    n = float(call["count"])
    r = reciprocal_root(var, call["epsilon"], x.shape)
    h = normalized(x, mean, r)
    dx = [mul(fma(-v, div(p, n), sub(d, div(t, n))), s)
          for v, p, d, t, s in zip(h, spread_to(products, x.shape), dy.data, spread_to(total, x.shape), r)]
    if len(call.inputs) > 6:
        dx = [mul(v, s) for v, s in zip(dx, spread_to(call.inputs[6], x.shape))]
    return [dx]


@define("normalize_fixed_grad")
def normalize_fixed_grad(call):
    dy, var, scale = call.inputs
    r = reciprocal_root(var, call["epsilon"], dy.shape)
    return [[mul(mul(d, s), v) for d, s, v in zip(dy.data, spread_to(scale, dy.shape), r)]]
