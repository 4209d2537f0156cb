# ===- experiment.py - what is trained, and where results lie --------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Reads experiments.json and the curves of FP32. Used by train-fp32.py and
# measure-precision; needs nothing but Python.
#
# ===-----------------------------------------------------------------------===#
import csv
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
FILE = pathlib.Path(__file__).with_name("experiments.json")
FP32 = "fp32"  # the configuration that PyTorch trains


def load(path=FILE):
    """(networks, configurations) of experiments.json, each a dictionary by name."""
    content = json.loads(path.read_text())
    return content["networks"], {c["name"]: c for c in content["configurations"]}


def use_data(network, folder, fp32):
    """Trains the network on the files in `folder`, say the real CIFAR-10, instead of those that a
    script draws. FP32's curves are then in the file `fp32`, and the mark set for the drawn images
    does not hold."""
    network.update(data=str(folder.resolve()), fp32=str(fp32), fp32_between=[0, 100])
    network["train-fp32"] = [f"--data={network['data']}"]
    del network["generator"]


def write_whole(path, text):
    """The file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    os.replace(part, path)


def ensure_data(network):
    """The folder with the network's data, drawn first if it is not there."""
    folder = ROOT / network["data"]
    if "generator" in network and not (folder / "test_batch.bin").exists():  # written last
        subprocess.run([str(ROOT / network["generator"]), "--check", "--out", str(folder)], check=True,
                       stdout=sys.stderr)
    return folder


def read_fp32(network):
    """{seed: [(loss, accuracy) of each epoch]} of the file that train-fp32.py wrote; empty if it is
    not there. A seed whose epochs are not complete is left out."""
    path = ROOT / network["fp32"]
    curves = {}
    if path.exists():
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                curves.setdefault(int(row["seed"]), []).append(
                    (float(row["loss"]), float(row["accuracy"])))
    return {seed: rows for seed, rows in curves.items() if len(rows) == network["epochs"]}


def write_fp32(network, curves, path=None):
    lines = ["seed,epoch,loss,accuracy"]
    for seed in sorted(curves):
        for epoch, (loss, accuracy) in enumerate(curves[seed], start=1):
            lines.append(f"{seed},{epoch},{loss:.6f},{accuracy:.6f}")
    write_whole(path or ROOT / network["fp32"], "\n".join(lines) + "\n")


def samples(folder):
    """How many training samples the folder has: IDX with MNIST's names or CIFAR-10's batches."""
    batches = [folder / f"data_batch_{n}.bin" for n in range(1, 6)]
    if batches[0].exists():
        return sum(path.stat().st_size for path in batches) // (1 + 3 * 32 * 32)
    header = (folder / "train-labels-idx1-ubyte").read_bytes()[:8]
    return int.from_bytes(header[4:], "big")
