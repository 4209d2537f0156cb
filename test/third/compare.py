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

from .data import batch_of, draw_samples, write_samples
from .module_reader import read
from .program import NotCovered, Program
from .state_file import read_state

STEPS = 2


@dataclass
class Case:
    """A model, how it is compiled and what it is trained with."""
    model: object  # a path
    flags: tuple
    numbers: dict = field(default_factory=lambda: {"lr": 0.05, "momentum": 0.9})
    steps: int = STEPS
    below: dict = field(default_factory=dict)
    seed: int = 1

    def __str__(self):
        numbers = " ".join(f"--{name}={value}" for name, value in self.numbers.items())
        return f"{self.model.name} {' '.join(self.flags)} {numbers}"


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
    step = module.functions["step"]
    outcome.ops = {op.name for f in module.functions.values() for op in f.ops}
    try:
        program = Program(module, case.model.parent, case.numbers)
    except NotCovered as missing:
        outcome.not_covered = str(missing)
        return outcome
    call("slpc", printed, f"--params={case.model.parent}", "--quiet", "-o", image)

    runs = case.steps * program.micro_batches
    count = runs * step.argument_types[0].shape[0]
    samples = draw_samples(step, count, case.seed, case.below)
    write_samples(work / "data", count, samples)
    call("slp-sim", image, f"--data={work / 'data'}", "--order=file", f"--steps={case.steps}", "--threads=1",
         "--functional-only", "--quiet", f"--stats={work / 'stats.json'}", f"--save={work / 'state'}",
         *(f"--{name}={value}" for name, value in case.numbers.items()))
    stats = json.loads((work / "stats.json").read_text())

    losses = [program.run_step([batch_of(step, samples, i * program.micro_batches + j)
                                for j in range(program.micro_batches)]) for i in range(case.steps)]
    compare_losses(outcome, losses, stats)
    compare_states(outcome, program, work / "state")
    compare_events(outcome, program, stats)
    return outcome


def compare_losses(outcome, losses, stats):
    theirs = [s["loss"] for s in stats["steps"]]
    outcome.check("number of losses", len(losses), len(theirs))
    for i, (a, b) in enumerate(zip(losses, theirs)):
        a = None if a is None or not math.isfinite(a) else a  # JSON has no NaN
        outcome.check(f"loss of step {i + 1}", a, b)


def compare_states(outcome, program, path):
    steps, saved = read_state(path)
    outcome.check("steps in the state file", program.steps, steps)
    outcome.check("states", sorted(program.states), sorted(saved))
    for name, tensor in program.states.items():
        if name not in saved:
            continue
        outcome.check(f"shape of state {name}", tuple(tensor.shape), saved[name].shape)
        theirs = struct.unpack(f"<{len(saved[name].data) // 4}f", saved[name].data)
        outcome.elements += len(theirs)
        wrong = [i for i, (a, b) in enumerate(zip(tensor.data, theirs)) if bits(a) != bits(b)]
        if wrong:
            i = wrong[0]
            outcome.differences.append(f"state {name}: {len(wrong)} of {len(theirs)} elements, first element {i}: "
                                       f"third opinion {tensor.data[i]!r}, simulator {theirs[i]!r}")


def compare_events(outcome, program, stats):
    """Counts of saturated, underflowed and invalid roundings of every tensor that both know."""
    for tensor in stats["tensors"]:
        ours = program.host.events.get(tensor["name"])
        if ours is None:
            continue
        for kind in ("saturated", "underflowed", "invalid"):
            outcome.check(f"{kind} in {tensor['name']}", getattr(ours, kind), tensor[kind])
