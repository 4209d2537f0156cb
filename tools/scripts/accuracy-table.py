#!/usr/bin/env python3
"""Mean accuracy over seeds: usage accuracy-table.py FP32-CURVES.csv OUT.csv FOLDER

FOLDER holds CHIP-PRECISION-SEED.json, the statistics of each run. Writes the accuracy after every epoch to OUT.csv
(run,seed,epoch,loss,accuracy), prints a Markdown table, exits 1 if a mean misses its mark. Called by measure-accuracy.

Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
"""
import csv
import glob
import json
import math
import os
import sys

T_95 = {4: 2.776}  # Student's t, two-sided 95 %, by degrees of freedom
LEAST_MEAN = 96.0
MOST_BELOW = 1.0


def summary(values):
    """Mean and half-width of the 95 % interval, in points."""
    n = len(values)
    mean = sum(values) / n
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    return mean, T_95[n - 1] * deviation / math.sqrt(n)


def main():
    curves, out, folder = sys.argv[1:4]
    fp32 = {}
    with open(curves) as f:
        for row in csv.DictReader(f):
            fp32[int(row["seed"]), int(row["epoch"])] = 100 * float(row["accuracy"])
    runs = {}
    rows = []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        name, seed = os.path.basename(path)[:-5].rsplit("-", 1)
        with open(path) as f:
            epochs = json.load(f)["epochs"]
        for e in epochs:
            rows.append((name, seed, e["epoch"], f"{e['loss']:.6f}", f"{e['accuracy']:.6f}"))
        runs.setdefault(name, {})[int(seed)] = 100 * epochs[-1]["accuracy"]
        last = epochs[-1]["epoch"]
    with open(out + ".part", "w", newline="") as f:
        writer = csv.writer(f, lineterminator="\n")
        writer.writerow(("run", "seed", "epoch", "loss", "accuracy"))
        writer.writerows(rows)
    os.replace(out + ".part", out)

    reference = [fp32[seed, last] for seed in sorted(runs[next(iter(runs))])]
    fp32_mean, fp32_half = summary(reference)
    print("| run | seeds 0 to 4 | mean, 95 % interval | difference from FP32, paired, 95 % interval |")
    print("|---|---|---|---|")
    cells = " ".join(f"{v:.2f}" for v in reference)
    print(f"| FP32, PyTorch | {cells} | {fp32_mean:.2f} ± {fp32_half:.2f} % | |")
    bad = []
    for name in sorted(runs):
        values = [runs[name][seed] for seed in sorted(runs[name])]
        mean, half = summary(values)
        difference, width = summary([v - r for v, r in zip(values, reference)])
        cells = " ".join(f"{v:.2f}" for v in values)
        print(f"| {name} | {cells} | {mean:.2f} ± {half:.2f} % | {difference:+.2f} ± {width:.2f} |")
        if mean < LEAST_MEAN:
            bad.append(f"{name}: mean {mean:.2f} %, expected at least {LEAST_MEAN} %")
        if mean < fp32_mean - MOST_BELOW:
            bad.append(f"{name}: {fp32_mean - mean:.2f} points below FP32, expected at most {MOST_BELOW}")
    for line in bad:
        print("accuracy-table: " + line, file=sys.stderr)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
