# ===- runs.py - one training on the simulator ------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Compiles a network of an experiments' file and trains it with slp-sim, unless the very
# same was trained before. Used by measure-precision and measure-training; exporting a
# network whose ONNX file is not committed needs python3-torch.
#
# ===-----------------------------------------------------------------------===#
import hashlib
import json
import os
import subprocess
import sys
import threading

import experiment
from experiment import ROOT

PYTHON = sys.executable
LOCK = threading.Lock()  # the curves of FP32 and stdout belong to one thread at a time


class Failure(Exception):
    """A run that did not succeed; the text is one line."""


def command(arguments, what):
    """Runs a tool from the root of the repository. A failure has its last line of errors."""
    try:
        done = subprocess.run([str(a) for a in arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError as error:
        raise Failure(f"{what}: {arguments[0]}: {error.strerror}") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        errors = [line for line in lines if "error:" in line] or lines
        raise Failure(errors[-1] if errors[-1].startswith(f"{what}: ") else f"{what}: {errors[-1]}")


class Run:
    """One network, configuration and seed on the simulator."""

    def __init__(self, name, network, configuration, seed, tools, work, functional=True):
        """functional: accuracy alone, without what the chip does for it."""
        self.functional = functional
        self.tools, self.work = tools, work
        self.name, self.network, self.configuration, self.seed = name, network, configuration, seed
        self.title = f"{name} {configuration['name']} seed {seed}"
        stem = f"{name}-{configuration['name']}-seed{seed}"
        self.image = work / "runs" / f"{stem}.slp"
        self.stats = work / "runs" / f"{stem}.json"
        self.key = work / "runs" / f"{stem}.key"

    def model(self):
        """The ONNX file with the initial weights of the seed: the committed one, or exported."""
        committed = self.network.get("models", [])
        if self.seed < len(committed):
            return ROOT / committed[self.seed]
        path = self.work / "models" / f"{self.name}-seed{self.seed}.onnx"
        with LOCK:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_suffix(".part")
                command([PYTHON, ROOT / "tools/scripts/precision/networks.py", self.name, self.seed, part],
                        "networks.py")
                os.replace(part, path)
        return path

    def simulator(self):
        """The arguments of slp-sim that determine the result."""
        network = self.network
        arguments = [f"--data={network['data']}", f"--epochs={network['epochs']}", f"--lr={network['lr']}",
                     f"--momentum={network['momentum']}", f"--seed={self.seed}"]
        if self.functional:
            arguments.append("--functional-only")
        warmup = network.get("warmup", 0)
        if network["schedule"] == "linear":
            steps = network["epochs"] * (network["samples"] // network["batch"]) - warmup
            arguments.append(f"--schedule=linear:{steps}")
        if warmup:
            arguments.append(f"--warmup={warmup}")
        return arguments + self.configuration.get("slp-sim", [])

    def compiler(self):
        """slpc and its arguments, but for what it makes of the model."""
        return [self.tools / "slpc", os.path.relpath(self.model(), ROOT), "--loss=softmax-cross-entropy",
                *self.configuration["slpc"]]

    def make(self, again):
        """Compiles, and trains unless this very image was trained with these arguments before.
        Returns whether it trained."""
        self.image.parent.mkdir(parents=True, exist_ok=True)
        command([*self.compiler(), "-o", self.image], "slpc")
        key = json.dumps({"image": hashlib.sha256(self.image.read_bytes()).hexdigest(),
                          "slp-sim": self.simulator()}, indent=1) + "\n"
        if not again and self.stats.exists() and self.key.exists() and self.key.read_text() == key:
            return False
        self.key.unlink(missing_ok=True)
        command([self.tools / "slp-sim", self.image, *self.simulator(), "--threads=1",
                 f"--stats={self.stats}"], "slp-sim")
        experiment.write_whole(self.key, key)
        return True

    def curve(self):
        """[(loss, accuracy) of each epoch], or None if it is not finished."""
        if not (self.stats.exists() and self.key.exists()):
            return None
        epochs = json.loads(self.stats.read_text())["epochs"]
        return [(e["loss"], e["accuracy"]) for e in epochs]
