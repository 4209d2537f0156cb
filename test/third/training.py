# ===- training.py - the samples of a case, step by step -------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Which samples a step gets (numerics.md section 7, slp-sim.md), and what the host
# makes of losses and logits.
#
# ===-----------------------------------------------------------------------===#
import math

from .data import draw_samples, take, write_samples
from .group_host import GroupHost
from .numbers import f32
from .random_numbers import shuffled


class Training:
    def __init__(self, case, program):
        self.case, self.program = case, program
        self.step = program.function("step")
        self.batch = self.step.argument_types[0].shape[0]  # of a run
        self.per_step = self.batch * program.micro_batches
        self.epoch_steps = case.epoch or case.steps
        self.count = self.epoch_steps * self.per_step + case.spare
        self.samples = draw_samples(self.step, self.count, case.seed, case.below, case.draw)
        self.test = draw_samples(self.step, case.test_samples, case.seed + 1000, case.below, case.draw)
        self.evaluated = []  # (accuracy, loss) after each epoch

    def write_data(self, folder):
        write_samples(folder, self.count, self.samples, ".npy")
        if self.case.test_samples:
            write_samples(folder, self.case.test_samples, self.test, ".test.npy")

    def order(self, epoch):
        """The samples of an epoch, counted from 0."""
        if self.case.shuffled is None:
            return range(self.count)
        return shuffled(self.count, self.case.shuffled, epoch)

    def groups(self):
        """Who leads weight groups, if the program has them."""
        if "refresh" not in self.program.module.functions:
            return None
        return GroupHost(self.program, self.case.numbers, self.epoch_steps)

    def run(self, outcome, reported):
        """All steps, and `eval` after each epoch and each end of a run. reported: what slp-sim says of each step."""
        case, groups = self.case, self.groups()
        outcome.check("number of steps", case.steps, len(reported))
        for i, report in enumerate(reported):
            if case.schedule:
                self.program.host.numbers["lr"] = report["lr"]
            if self.program.trains:
                outcome.check(f"learning rate of step {i + 1}", self.program.host.lr, report["lr"])
            epoch, place = divmod(i, self.epoch_steps)
            if groups:
                groups.before_step()
            order = self.order(epoch)[place * self.per_step:(place + 1) * self.per_step]
            loss = self.program.run_step([take(self.step, self.samples, order[first:first + self.batch])
                                          for first in range(0, self.per_step, self.batch)])
            if groups:
                groups.after_step()
            loss = None if loss is None or not math.isfinite(loss) else loss  # JSON has no NaN
            outcome.check(f"loss of step {i + 1}", loss, report["loss"])
            if place + 1 == self.epoch_steps or i + 1 in (case.steps, case.save_after):
                self.evaluated.append(self.run_eval())

    def run_eval(self):
        """(accuracy, mean loss) of the test split, None for what there is not."""
        count = self.case.test_samples
        function = self.program.module.functions.get("eval")
        if not count or function is None:
            return None, None
        right = judged = 0
        losses = []
        for first in range(0, count, self.batch):
            chosen = [(first + i) % count for i in range(self.batch)]
            real = min(self.batch, count - first)
            results = self.program.run_eval(take(function, self.test, chosen))
            for result, attributes in zip(results, function.result_attributes):
                role = attributes.get("train.role")
                if role == "logits" and "train.class_axis" in attributes and self.labels():
                    r, j = self.judge(result, attributes["train.class_axis"], chosen, real)
                    right, judged = right + r, judged + j
                elif role == "loss" and (real == self.batch or count < self.batch):
                    losses.append(result.item())
        return right / judged if judged else None, sum(losses) / len(losses) if losses else None

    def labels(self):
        """(name, attributes) of the labels of the logits; None if there are none."""
        for attributes in self.step.argument_attributes:
            if attributes.get("train.role") == "labels":
                return attributes["train.name"], attributes
        return None

    def judge(self, logits, axis, chosen, real):
        """(positions whose first greatest logit is the label's, positions that count) of the first `real` samples."""
        name, attributes = self.labels()
        shape = logits.shape
        outer, classes = math.prod(shape[:axis]), shape[axis]
        inner = math.prod(shape[axis + 1:])
        extents, labels = self.test[name]
        size = math.prod(extents)
        wanted = [label for s in chosen for label in labels[s * size:(s + 1) * size]]
        right = judged = 0
        for position in range(outer * inner * real // shape[0]):
            o, i = divmod(position, inner)
            row = [logits.data[(o * classes + c) * inner + i] for c in range(classes)]
            if wanted[position] == attributes.get("train.ignore"):
                continue
            judged += 1
            right += row.index(max(row)) == wanted[position]
        return right, judged

    def evaluate(self, outcome, reported):
        """Compares what slp-sim says of the epochs."""
        if not self.case.test_samples:
            return
        outcome.check("evaluations", len(self.evaluated), len(reported))
        for i, ((accuracy, loss), report) in enumerate(zip(self.evaluated, reported)):
            outcome.check(f"accuracy of evaluation {i + 1}", accuracy, report["accuracy"])
            if loss is not None:
                outcome.check(f"test loss of evaluation {i + 1}", f32(loss), f32(report["test_loss"] or 0.0))
