#!/usr/bin/env python3
# Of a training with all of ASU-FP8's mechanisms: each has left something out in each phase that it is for.
import json
import sys

stats = json.load(open(sys.argv[1]))
phases = {p["phase"]: p for p in stats["total"]["phases"]}
for phase in ("fp", "bp", "wg"):
    macs = phases[phase]["macs"]
    assert 0 < macs["gated"] and 0 < macs["grouped"], (phase, macs)
    assert 0 < macs["skipped"] < macs["issued"], (phase, macs)
assert sum(step.get("skipped_images", 0) for step in stats["steps"]) > 0
print("gated, grouped and skipped in each phase")
