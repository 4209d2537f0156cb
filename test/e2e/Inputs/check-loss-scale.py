"""check-loss-scale.py FILE STEPS: a run that began with too great a loss scale held updates, and learnt afterwards."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    stats = json.load(file)
steps = int(sys.argv[2])
scale = stats["total"]["loss_scale"]
losses = [step["loss"] for step in stats["steps"]]
assert len(losses) == steps, len(losses)
assert scale["initial"] == 2.0**40, scale
# It halves in each held step, and has grown at most once in 16 good ones.
assert 10 <= scale["skipped"] < steps / 2, scale
assert scale["final"] <= 2.0 ** (40 - scale["skipped"] + (steps - scale["skipped"]) // 16), scale
assert scale["final"] < 2.0**30, scale
assert sum(losses[-8:]) < 0.75 * sum(losses[:8]), losses
