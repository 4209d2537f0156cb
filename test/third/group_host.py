# ===- group_host.py - how the host leads weight groups --------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 13: when `refresh` runs, and by which threshold.
#
# ===-----------------------------------------------------------------------===#
import math

from .numbers import f32, next_above


class GroupHost:
    def __init__(self, program, numbers, epoch_steps):
        """numbers: by the names of slp-sim's flags."""
        self.program, self.share = program, float(numbers["group-share"])
        self.lasso = f32(float(numbers["group-lasso"]))
        text = numbers["group-period"]
        count = int(text.rstrip("epochstep"))
        self.period = count * epoch_steps if text.endswith(("epoch", "epochs")) else count
        self.threshold, self.steps = 0.0, 0

    def threshold_of_share(self):
        states = self.program.states
        means = sorted(m for name in states if name.endswith(".groups.means") for m in states[name].data)
        k = math.floor(self.share * len(means) + 1e-9)
        return means[k] if k < len(means) else next_above(means[-1])

    def write(self):
        self.program.states["weight_groups"].data[:] = [self.lasso, self.threshold, float(self.steps)]

    def refresh(self, threshold):
        self.threshold = threshold
        self.write()
        self.program.run("refresh", {})

    def before_step(self):
        if 0 < self.steps < self.period:
            return
        self.steps = 0
        self.refresh(0.0)
        self.threshold = self.threshold_of_share()
        self.write()

    def after_step(self):
        self.steps += 1
        if self.steps == 1:
            self.refresh(0.0)
            self.refresh(self.threshold_of_share())
        self.write()
