# ===- case_format.py - one user's case as one lit test -------------------------------------=== #
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Compiles, verifies and trains a case as a user would, and compares what comes out with the case's
# expect.json (README.md beside this file explains its keys). Used by lit.local.cfg.
#
# ===----------------------------------------------------------------------------------------=== #
import json
import math
import os
import re
import subprocess

import lit.Test
from lit.formats.base import FileBasedTest

# Keys of expect.json and what they are if absent; None: must be there.
KEYS = {"why": None, "losses": None, "expect": "losses", "flags": [], "simflags": [], "optimizer": "sgd",
        "target": "lnpu", "precision": "fp16", "batch": 4, "steps": 4, "lr": 0.05, "tolerance": 0.01, "verify": True,
        "says": [], "silent": []}


class Shortfall(Exception):
    """What a case lacks, in one line."""


def run(command, cwd):
    done = subprocess.run(command, capture_output=True, timeout=300, cwd=cwd)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace").strip()


def deviation(found, expected):
    """Relative, but for losses near zero."""
    if not math.isfinite(found):
        return math.inf
    return abs(found - expected) / (abs(expected) + 0.1)


def check_case(tools, folder, scratch):
    with open(os.path.join(folder, "expect.json")) as file:
        expect = json.load(file)
    if unknown := sorted(set(expect) - set(KEYS)):
        raise Shortfall(f"expect.json: unknown key {unknown[0]}")
    expect = {**KEYS, **expect}
    os.makedirs(scratch, exist_ok=True)
    image, stats = os.path.join(scratch, "image.slp"), os.path.join(scratch, "stats.json")
    model = os.path.join(folder, "model.onnx")
    data = f"--data={folder}/data"
    compiling = [f"--target={expect['target']}", f"--precision={expect['precision']}", f"--batch={expect['batch']}",
                 f"--optimizer={expect['optimizer']}"] + expect["flags"]
    status, said = run([f"{tools}/slpc", model, *compiling, "-o", image], scratch)
    if status == 0:
        numbers = list(expect["simflags"])
        if not any(flag.startswith("--lr") for flag in numbers):
            numbers.append(f"--lr={expect['lr']}")
        if expect["optimizer"] == "sgd" and not any(flag.startswith("--momentum") for flag in numbers):
            numbers.append("--momentum=0.9")
        status, more = run([f"{tools}/slp-sim", image, data, "--order=file", f"--steps={expect['steps']}",
                            "--threads=1", f"--stats={stats}", *numbers], scratch)
        said += "\n" + more

    if expect["expect"] == "refusal":
        if status != 1:
            raise Shortfall(f"expected a refusal, found exit status {status}:\n{said}")
    elif status != 0:
        raise Shortfall(f"exit status {status}:\n{said}")
    else:
        with open(stats) as file:
            found = [step["loss"] for step in json.load(file)["steps"]]
        wanted = expect["losses"]
        if len(found) != len(wanted):
            raise Shortfall(f"{len(found)} steps, expected {len(wanted)}")
        if max(map(deviation, found, wanted)) > expect["tolerance"]:
            raise Shortfall(f"losses {found}, expected {wanted}:\n{said}")
    for pattern in expect["says"]:
        if not re.search(pattern, said):
            raise Shortfall(f"nothing matches /{pattern}/ in:\n{said}")
    for pattern in expect["silent"]:
        if re.search(pattern, said):
            raise Shortfall(f"/{pattern}/ matches in:\n{said}")
    if expect["verify"] and expect["expect"] == "losses":
        status, more = run([f"{tools}/slp-verify", model, *compiling, data], scratch)
        if status != 0:
            raise Shortfall(f"slp-verify: exit status {status}:\n{more}")


class CaseFormat(FileBasedTest):
    def __init__(self, tools):
        self.tools = tools

    def execute(self, test, lit_config):
        folder = os.path.dirname(test.getSourcePath())
        try:
            check_case(self.tools, folder, os.path.dirname(test.getExecPath()))
        except (Shortfall, OSError, ValueError, subprocess.TimeoutExpired) as shortfall:
            return lit.Test.FAIL, str(shortfall)
        return lit.Test.PASS, ""
