# ===- scaling.py - dynamic loss scaling -----------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 10.
#
# ===-----------------------------------------------------------------------===#
from ..numbers import add, div, f32, mul
from .registry import define


@define("clear_saturations")
def clear_saturations(call):
    call.host.clear_saturations()
    return []


@define("saturations")
def saturations(call):
    return [[f32(float(call.host.saturations()))]]


@define("loss_scale_update")
def loss_scale_update(call):
    (scale, good, skipped, _), count = call.inputs[0].data, call.inputs[1].item()
    if count > 0.0:
        return [[max(mul(scale, call["backoff"]), call["least"]), 0.0, add(skipped, 1.0), 1.0], [-1.0]]
    n = add(good, 1.0)
    if n >= float(call["interval"]):
        state = [min(mul(scale, call["growth"]), call["most"]), 0.0, skipped, 0.0]
    else:
        state = [scale, n, skipped, 0.0]
    return [state, [div(1.0, scale)]]
