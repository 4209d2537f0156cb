# ===- program.py - runs the functions of a module -------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# numerics.md section 7 (runs), image.md (entry points): states live from run to run,
# a training step is `accumulate` for each micro-batch but the last, then `step`.
#
# ===-----------------------------------------------------------------------===#
import struct

from . import ops  # noqa: F401  (defines all operations)
from .formats import Events, Integer
from .host import Host
from .module_reader import Dense, Special
from .numbers import f32
from .ops.registry import OPS, Call, evaluate
from .random_numbers import initial_values
from .tensor import Tensor

# ONNX TensorProto data types of initial values: how struct reads one element.
FILE_TYPES = {1: "f", 2: "B", 3: "b", 4: "H", 5: "h", 6: "i", 7: "q", 9: "?", 10: "e", 11: "d", 12: "I", 13: "Q"}


# Run-time numbers that are no registers but states of their names.
STATES = ("gating-lambda", "gating-target")


class NotCovered(Exception):
    """The module has an op that this evaluator does not know."""


def file_values(init, folder):
    """What #train.file names: little-endian elements of the file `path` in `folder`."""
    (path,) = init.values
    with open(folder / path, "rb") as file:
        file.seek(init.named["offset"])
        data = file.read(init.named["length"])
    kind = init.named["type"]
    if kind == 16:  # bfloat16: the upper half of an FP32 number
        return [struct.unpack("<f", b"\0\0" + data[i:i + 2])[0] for i in range(0, len(data), 2)]
    code = FILE_TYPES[kind]
    return list(struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data))


def initial_value(state, folder):
    """The elements of a state before the first step: FP32 values, rounded once to its format (never at random)."""
    init, kind = state.init, state.type
    if init is None:
        values = [0] * kind.count
    elif isinstance(init, Dense):
        values = init.values
    elif isinstance(init, Special) and init.kind == "train.file":
        values = file_values(init, folder)
    elif isinstance(init, Special) and init.kind == "train.random":
        values = initial_values(init.values[0], init.named["seed"], init.named["fan_in"], kind.count)
    else:
        raise NotCovered(f"initial values {init}")
    if isinstance(kind.format, Integer):
        return [int(v) for v in values]
    rounding = "nearest_even" if state.rounding == "stochastic" else state.rounding
    return [kind.format.round(f32(float(v)), rounding, Events()) for v in values]


class Program:
    """A module with its states; `run_step` is a training step."""

    def __init__(self, module, folder, numbers):
        self.module = module
        training = module.attributes.get("train.training", {})
        self.trains = bool(training)  # the host gives a learning rate
        numbers = {**training.get("numbers", {}), **numbers}
        self.host = Host(numbers)
        # Numbers of the host that are states (section 12).
        self.given = {name: f32(float(v)) for name, v in numbers.items() if name in module.states and name in STATES}
        self.states = {name: Tensor(s.type, initial_value(s, folder)) for name, s in module.states.items() if not s.copy_of}
        for name, s in module.states.items():
            if s.copy_of:
                master = self.states[s.copy_of].data
                self.states[name] = Tensor(s.type, [s.type.format.round(v, s.rounding, Events()) for v in master])
        self.steps = 0
        self.runs = 0
        self.micro_batches = training.get("micro_batches", 1)
        self.scale_state = None
        self.trace = None  # a function of (function's name, tensor's name, Tensor) that sees every result

        unknown = {op.name for f in module.functions.values() for op in f.ops} - set(OPS) - {"train.read", "train.write"}
        if unknown:
            raise NotCovered("ops " + ", ".join(sorted(unknown)))

    def function(self, name):
        return self.module.functions[name]

    def run_step(self, batches):
        """batches: the inputs of each micro-batch, by name. The loss that the host reports: the mean in binary64."""
        losses = []
        held = self.held_steps()
        for i, inputs in enumerate(batches):
            self.runs += 1
            self.host.begin_run(self.runs, self.steps + 1 - held)
            entry = "step" if i + 1 == len(batches) else "accumulate"
            results = self.run(entry, inputs)
            losses += [r.item() for r, a in zip(results, self.function(entry).result_attributes)
                       if a.get("train.role") == "loss"]
        self.steps += 1
        return sum(losses) / len(losses) if losses else None

    def held_steps(self):
        """Steps whose update dynamic loss scaling held."""
        uses = any(op.name == "train.loss_scale_update" for op in self.function("step").ops)
        return int(self.states["loss_scale"].data[2]) if uses else 0

    def run_eval(self, inputs):
        """The results of `eval`, which changes no state. Its roundings have the number of the run that comes next."""
        self.host.run = self.runs + 1
        return self.run("eval", inputs)

    def run(self, entry, inputs):
        function = self.function(entry)
        values, written = {}, {}
        for name, value in self.given.items():
            self.states[name] = Tensor(self.states[name].type, [value])
        for name, kind, attributes in zip(function.arguments, function.argument_types, function.argument_attributes):
            elements = inputs[attributes["train.name"]]
            if not isinstance(kind.format, Integer):
                elements = [v + 0.0 for v in elements]  # -0 reads as +0
            values[name] = Tensor(kind, elements)
        for op in function.ops:
            if op.name == "train.read":
                values[op.results[0]] = self.states[op.attributes["state"].name]
            elif op.name == "train.write":
                written[op.attributes["state"].name] = values[op.operands[0]]
            else:
                self.evaluate(entry, op, values)
        self.states.update(written)
        return [values[name] for name in function.returned]

    def evaluate(self, entry, op, values):
        names = op.attributes.get("train.names", op.results)
        events = [self.host.events_of(name) for name in names]
        results = evaluate(Call(op, [values[name] for name in op.operands], self.host, events))
        for value, name, kind, data in zip(op.results, names, op.types, results):
            values[value] = Tensor(kind, data)
            if self.trace:
                self.trace(entry, name, values[value])


