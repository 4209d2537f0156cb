#!/usr/bin/env python3
"""The table of the demo: usage demo-table.py FP32-CURVES.csv STATS.json...

One row per training run: loss and accuracy after the last epoch beside FP32 training of the same network by PyTorch (same
seed, order and hyper-parameters), cycles and utilisation of a step per phase, energy of a step. Markdown.

Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
"""
import csv
import json
import sys


def fp32_at(path, seed, epoch):
    """Loss and accuracy of the FP32 run of `seed` after `epoch`."""
    with open(path) as f:
        for row in csv.DictReader(f):
            if int(row["seed"]) == seed and int(row["epoch"]) == epoch:
                return float(row["loss"]), float(row["accuracy"])
    sys.exit(f"demo-table: {path} has no row for seed {seed}, epoch {epoch}")


def main():
    if len(sys.argv) < 3:
        sys.exit("demo-table: usage: demo-table.py FP32-CURVES.csv STATS.json...")
    print("| run | loss | test accuracy | FP32 accuracy | difference |"
          " cycles a step: FP / BP / WG / UP | utilisation: FP / BP / WG | energy a step: chip / DRAM |")
    print("|---|---|---|---|---|---|---|---|")
    for path in sys.argv[2:]:
        with open(path) as f:
            stats = json.load(f)
        last = stats["epochs"][-1]
        steps = stats["total"]["steps"]
        _, reference = fp32_at(sys.argv[1], stats["run"]["seed"], last["epoch"])
        phases = {p["phase"]: p for p in stats["total"]["phases"]}
        cycles = " / ".join(f"{phases[p]['cycles'] // steps:,}" for p in ("fp", "bp", "wg", "up"))
        use = " / ".join(f"{100 * phases[p]['utilisation']:.1f} %" for p in ("fp", "bp", "wg"))
        energy = stats["total"]["energy_pj"]
        name = stats["image"]["file"].removeprefix("digits-").removesuffix(".slp")
        print(f"| {name} | {last['loss']:.4f} | {100 * last['accuracy']:.2f} % | {100 * reference:.2f} % |"
              f" {100 * (last['accuracy'] - reference):+.2f} | {cycles} | {use} |"
              f" {energy['chip'] / steps / 1e6:.1f} / {energy['dram'] / steps / 1e6:.1f} µJ |")
    print("\nCycles and energy rest on assumed numbers: slp-sim --assumptions lists them, and so do the statistics.")


if __name__ == "__main__":
    main()
