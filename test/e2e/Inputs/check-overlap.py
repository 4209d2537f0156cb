"""Usage: check-overlap.py STATS.json NODE [--less-than=STATS.json]

Fails unless every core multiplies most of the time and the forward convolution NODE takes clearly less time than its
transfers and its computation would take one after the other; or, with --less-than, unless every core multiplies and NODE takes at
most three quarters of the cycles that it takes there.
"""
import json
import sys


def read(path):
    with open(path) as f:
        total = json.load(f)["total"]
    (node,) = [n for n in total["nodes"] if n["node"] == sys.argv[2] and n["phase"] == "fp"]
    return total, node


total, node = read(sys.argv[1])
cores = [e for e in total["cores"] if e["engine"] == "mac"]
busy = node["engines"]
# load, store and mac have one queue per core, the others one.
serial = sum(busy[e]["busy"] / (len(cores) if e in ("load", "store", "mac") else 1) for e in busy if e != "seq")
idle = [e["core"] for e in cores if not e["cycles"]["busy"]]
multiplies = busy["mac"]["busy"] / len(cores) / node["cycles"]
print(f"{node['cycles']} cycles, {serial:.0f} one after the other, multiplies {multiplies:.3f} of them")
if idle:
    sys.exit(f"check-overlap: cores {idle} never multiply")
if len(sys.argv) > 3:
    cycles = read(sys.argv[3].removeprefix("--less-than="))[1]["cycles"]
    sys.exit(None if node["cycles"] < 0.75 * cycles else f"check-overlap: expected at most three quarters of {cycles} cycles")
if node["cycles"] > 0.8 * serial:
    sys.exit("check-overlap: expected at most 0.8 of the serial time")
if multiplies < 0.8: # whether its PEs all have an output is the geometry's business (docs/timing.md, T7)
    sys.exit("check-overlap: expected the cores to multiply 0.8 of the time")
