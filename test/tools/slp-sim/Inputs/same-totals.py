#!/usr/bin/env python3
# Whether two statistics have the same numbers of time, work and energy, in all, by phase and by node.
import json
import sys

run, replayed = (json.load(open(path))["total"] for path in sys.argv[1:])
for total in (run, replayed):
    for key in ("loss", "accuracy", "test_loss"):
        total.pop(key)
different = [key for key in run if run[key] != replayed[key]]
assert run["cycles"] > 0 and run["macs"]["issued"] > 0
print("different: " + ", ".join(different) if different else "the same totals")
