"""check-gating.py STATS.json NODE...: of statistics of slp-sim, the share of closed gates of each node, what its
multiplications and cycles are by phase, and the accuracy of the last epoch."""

import json
import sys

path, *nodes = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    stats = json.load(file)
tensors = {tensor["name"]: tensor for tensor in stats["tensors"]}
for node in nodes:
    closed = tensors[f"{node}/gate"]["sparsity"]
    print(f"{node}: {closed:.3f} of the gates are closed")
    for phase in ("fp", "bp", "wg"):
        parts = [p for p in stats["total"]["nodes"] if p["node"] == node and p["phase"] == phase and p["macs"]["issued"]]
        issued, gated, skipped = (sum(p["macs"][key] for p in parts) for key in ("issued", "gated", "skipped"))
        saved = sum(p["lines"]["saved"] for p in parts)
        # Both paths issue every multiplication of the layer; groups close each for one of them, gates are of the other.
        assert skipped >= issued // 2 and gated <= issued // 2, (phase, issued, gated, skipped)
        print(f"  {phase}: of the layer's multiplications {2 - 2 * skipped / issued:.3f} are computed, {saved} cycles saved")
if stats["epochs"]:
    print(f"accuracy {stats['epochs'][-1]['accuracy']:.4f}")
