# ===- compare.py - our run against the simulator's ------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# One comparison: a model is compiled, the simulator trains the image and writes its
# losses, states and numeric events; the same steps are evaluated here.
#
# ===-----------------------------------------------------------------------===#
import json
import math
import shutil
import struct
import subprocess
from dataclasses import dataclass, field

from .data import draw_floats
from .module_reader import read
from .program import NotCovered, Program
from .state_file import read_state
from .training import Training



@dataclass
class Case:
    """A model, how it is compiled, and how it is trained."""
    name: str
    model: object  # a path
    flags: tuple  # of slpc
    numbers: dict = field(default_factory=lambda: {"lr": 0.05, "momentum": 0.9})  # of slp-sim, by flag
    steps: int = 2
    below: dict = field(default_factory=dict)  # how many values an input of integers has
    seed: int = 1  # of the data
    draw: object = draw_floats  # gives floats of the data: of (Random, number of them)
    epoch: int = 0  # steps in an epoch; 0: all steps are one
    spare: int = 0  # samples at the end of an epoch that fill no step
    shuffled: object = None  # the seed; None: the order of the files
    schedule: str = ""  # of the learning rate: what slp-sim reports is taken
    save_after: int = 0  # steps, then the run is saved and goes on from there
    test_samples: int = 0  # of the split that `eval` sees after each epoch

    def __str__(self):
        return self.name


@dataclass
class Outcome:
    """What became of a case."""
    elements: int = 0  # compared
    differences: list = field(default_factory=list)  # lines
    refused: str = ""  # why there is nothing to compare: the compiler refuses the case
    not_covered: str = ""
    ops: set = field(default_factory=set)

    def check(self, what, ours, theirs):
        self.elements += 1
        if ours != theirs:
            self.differences.append(f"{what}: third opinion {ours}, simulator {theirs}")


class ToolFailed(Exception):
    pass


def call(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, timeout=600)
    if done.returncode != 0:
        raise ToolFailed(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def bits(value):
    """The bits of an FP32 number; all NaNs are one."""
    if isinstance(value, int):
        value = float(value)
    return 0x7FC00000 if math.isnan(value) else int.from_bytes(struct.pack("<f", value), "little")


def compare(case, work):
    """Runs a case in the folder `work`, which is emptied."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    outcome = Outcome()
    printed, image = work / "model.mlir", work / "model.slp"
    try:
        call("slpc", case.model, *case.flags, "--quiet", "--stop-after=precision", "-o", printed)
    except ToolFailed as refusal:
        outcome.refused = str(refusal).splitlines()[-1]
        return outcome
    module = read(call("slp-opt", "--mlir-print-op-generic", printed))
    outcome.ops = {op.name for f in module.functions.values() for op in f.ops}
    try:
        program = Program(module, case.model.parent, case.numbers)
    except NotCovered as missing:
        outcome.not_covered = str(missing)
        return outcome
    call("slpc", printed, f"--params={case.model.parent}", "--quiet", "-o", image)
    training = Training(case, program)
    training.write_data(work / "data")
    reports = simulate(case, image, work)
    training.run(outcome, [step for report in reports for step in report["steps"]])
    training.evaluate(outcome, [epoch for report in reports for epoch in report["epochs"]])
    compare_states(outcome, program, work / "state")
    compare_events(outcome, program, reports)
    return outcome


def simulate(case, image, work):
    """What slp-sim reports of the case, in one run or two; its last state is in `work`/state."""
    options = [f"--data={work / 'data'}", "--threads=1", "--functional-only", "--quiet",
               *(f"--{name}={value}" for name, value in case.numbers.items())]
    options += ["--order=file"] if case.shuffled is None else ["--order=shuffled", f"--seed={case.shuffled}"]
    options += [f"--schedule={case.schedule}"] if case.schedule else []
    parts = [case.save_after, case.steps - case.save_after] if case.save_after else [case.steps]
    reports = []
    for i, steps in enumerate(parts):
        load = [f"--load={work / 'state'}"] if i else []
        call("slp-sim", image, *options, *load, f"--steps={steps}", f"--stats={work / 'stats.json'}",
             f"--save={work / 'state'}")
        reports.append(json.loads((work / "stats.json").read_text()))
    return reports


def compare_states(outcome, program, path):
    steps, saved = read_state(path)
    outcome.check("steps in the state file", program.steps, steps)
    kept = [name for name, state in program.module.states.items() if not state.copy_of]
    outcome.check("states", sorted(kept), sorted(saved))
    for name in kept:
        if name not in saved:
            continue
        tensor = program.states[name]
        outcome.check(f"shape of state {name}", tuple(tensor.shape), saved[name].shape)
        theirs = struct.unpack(f"<{len(saved[name].data) // 4}f", saved[name].data)
        outcome.elements += len(theirs)
        wrong = [i for i, (a, b) in enumerate(zip(tensor.data, theirs)) if bits(a) != bits(b)]
        if wrong:
            i = wrong[0]
            outcome.differences.append(f"state {name}: {len(wrong)} of {len(theirs)} elements, first element {i}: "
                                       f"third opinion {tensor.data[i]!r}, simulator {theirs[i]!r}")


def compare_events(outcome, program, reports):
    """Counts of saturated, underflowed and invalid roundings of every tensor that both know."""
    for name in (tensor["name"] for tensor in reports[0]["tensors"]):
        ours = program.host.events.get(name)
        if ours is None:
            continue
        for kind in ("saturated", "underflowed", "invalid"):
            theirs = sum(tensor[kind] for report in reports for tensor in report["tensors"] if tensor["name"] == name)
            outcome.check(f"{kind} in {name}", getattr(ours, kind), theirs)
