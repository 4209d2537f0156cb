# ===- simulate.py - compile a model, train it, compare the losses -------------------------=== #
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Shared by compare-losses.py and compare-forms.py.
#
# ===--------------------------------------------------------------------------------------=== #
import json
import math
import subprocess
import sys


def run(command):
    done = subprocess.run(command, capture_output=True, timeout=300)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace").strip()


def train(work, model, compiling, numbers, steps, write_data):
    """The losses that the simulator gets in the order of the data which write_data(folder) makes; or None, and why."""
    image, data, stats = work / "image.slp", work / "data", work / "stats.json"
    data.mkdir(parents=True, exist_ok=True)
    for file in data.iterdir():
        file.unlink()
    write_data(data)
    status, said = run(["slpc", model, *compiling, "-o", image])
    if status != 0:
        return None, said
    status, said = run(["slp-sim", image, f"--data={data}", "--order=file", f"--steps={steps}", *numbers, "--threads=1",
                        "--functional-only", f"--stats={stats}"])
    if status != 0 or "warning: step" in said:
        return None, said
    return [step["loss"] for step in json.loads(stats.read_text())["steps"]], said


def deviation(found, wanted):
    return abs(found - wanted) / (abs(wanted) + 0.1) if math.isfinite(found) else math.inf


class Comparison:
    """Counts what is not as PyTorch. `tolerance` times `slack` (one a step) is the largest deviation."""

    def __init__(self, tolerance):
        self.tolerance, self.count, self.failures, self.worst = tolerance, 0, 0, (0.0, "none")

    def check(self, name, found, said, wanted, slack=None):
        self.count += 1
        slack = slack or [1] * len(wanted)
        if found is None:
            print(f"{name}: {said}")
            self.failures += 1
        elif len(found) != len(wanted) or any(deviation(f, w) > self.tolerance * s
                                              for f, w, s in zip(found, wanted, slack)):
            print(f"{name}: losses {found}, PyTorch has {wanted}")
            self.failures += 1
        else:
            far = max(deviation(f, w) / s for f, w, s in zip(found, wanted, slack))
            self.worst = max(self.worst, (far, name))

    def finish(self):
        print(f"{self.count} trainings, {self.failures} not as PyTorch; the farthest of the others: "
              f"{self.worst[0]:.4f}, {self.worst[1]}")
        sys.exit(self.failures > 0 or not self.count)
