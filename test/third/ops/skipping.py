# ===- skipping.py - images whose gradient is skipped ----------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 11.
#
# ===-----------------------------------------------------------------------===#
from ..mistakes import active
from .registry import define


@define("keep")
def keep(call):
    losses, theta = call.inputs[0].data, call.host.skip_below
    if "dropped" in active:
        theta = 0.0
    mask = [0.0 if theta > 0.0 and loss < theta else 1.0 for loss in losses]
    kept = [n for n, kept in enumerate(mask) if kept]
    return [mask, kept + [0] * (len(losses) - len(kept)), [len(kept)]]


@define("drop")
def drop(call):
    dx, mask = call.inputs
    of_image = len(dx.data) // len(mask.data)
    return [[0.0 if mask.data[i // of_image] == 0.0 else v for i, v in enumerate(dx.data)]]
