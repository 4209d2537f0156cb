"""check-stats.py FILE NODE...: what slp-sim --stats wrote adds up (docs/stats-schema.md), and names each NODE."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    stats = json.load(file)
total = stats["total"]


def numbers(value, path=()):
    """Every number below `value` that parts add up to, with its path: shares do not add up."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key != "utilisation":
                yield from numbers(below, path + (key,))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, value


def at(value, path):
    for key in path:
        value = value[key]
    return value


def close(a, b):
    return a == b if isinstance(a, int) and isinstance(b, int) else abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def check(what, found, expected):
    if not close(found, expected):
        sys.exit(f"{sys.argv[1]}: {what}: the parts give {found}, the whole is {expected}")


assert total["cycles"] > 0 and total["macs"]["issued"] > 0 and total["energy_pj"]["chip"] > 0
for part in [total] + total["phases"] + total["nodes"]:
    name = " ".join([part.get("node", ""), part.get("op", ""), part.get("phase", "total")])
    check(f"{name}: split", sum(part["split"].values()), part["cycles"])
    energy = dict(part["energy_pj"])
    whole, chip, dram = energy.pop("total"), energy.pop("chip"), energy.pop("dram")
    check(f"{name}: energy of the chip", sum(energy.values()), chip)
    check(f"{name}: energy", chip + dram, whole)
    assert part["macs"]["zero_operand"] <= part["macs"]["issued"] <= part["macs"]["slots"], name
    macs = part["macs"]
    check(f"{name}: macs", macs["fp8"] + macs["fp16"] + macs["skipped"], macs["issued"])
    assert part["lines"]["scanning"] <= part["lines"]["busy"] <= part["lines"]["cycles"], name
    assert 0 <= part["utilisation"] <= 1, name

for kind in ("phases", "nodes"):
    shared = {key: value for key, value in total[kind][0].items() if key not in ("node", "op", "phase")}
    for path, _ in numbers(shared):
        check(f"{kind}: {'.'.join(path)}", sum(at(part, path) for part in total[kind]), at(total, path))
for phase in total["phases"]:
    ours = [node for node in total["nodes"] if node["phase"] == phase["phase"]]
    check(f"nodes of {phase['phase']}", sum(node["cycles"] for node in ours), phase["cycles"])
for key in ("cycles", "macs"):
    whole = total["cycles"] if key == "cycles" else total["macs"]["issued"]
    check(f"steps: {key}", sum(step[key] for step in stats["steps"]), whole)
# An entry is found by its node, op and phase.
names = [(node["node"], node["op"], node["phase"]) for node in total["nodes"]]
for name in set(names):
    if names.count(name) != 1:
        sys.exit(f"{sys.argv[1]}: {names.count(name)} entries of node {name}")
# Each engine accounts for every cycle.
for core in total["cores"]:
    check(f"{core['engine']} {core['core']}", sum(core["cycles"].values()), total["cycles"])

missing = set(sys.argv[2:]) - {node["node"] for node in total["nodes"]}
if missing:
    sys.exit(f"{sys.argv[1]}: no node {', '.join(sorted(missing))}")
