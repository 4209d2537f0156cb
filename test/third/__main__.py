# ===- __main__.py - the third opinion's command line ----------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Called by tools/scripts/third-opinion, which says what there is.
#
# ===-----------------------------------------------------------------------===#
import argparse
import concurrent.futures
import os
import pathlib
import re
import sys
import tempfile
import time

from . import matrix, mistakes
from .compare import Outcome, ToolFailed, compare
from .ops.registry import OPS

SHOWN = 5  # differences of one run


def arguments():
    parser = argparse.ArgumentParser(prog="third-opinion", description="Trains models by docs/numerics.md in plain "
                                     "Python and compares every bit with slp-sim.")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="part of the names of the runs; default: all")
    parser.add_argument("--quick", action="store_true", help="some of them, in seconds")
    parser.add_argument("--break", dest="broken", metavar="NAME", choices=sorted(mistakes.KINDS), action="append", default=[],
                        help="be wrong in one way, to see that it is noticed: " +
                        "; ".join(f"{name}: {what}" for name, what in mistakes.KINDS.items()))
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn at random: single ops, networks")
    parser.add_argument("--list", action="store_true", help="names of the runs, and nothing else")
    parser.add_argument("--verbose", action="store_true", help="a line for each run")
    return parser.parse_args()


def run(case, folder, broken):
    """The outcome of a case, in a folder of its own; called in a process of its own."""
    mistakes.active.update(broken)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        try:
            return compare(case, pathlib.Path(work))
        except ToolFailed as failure:
            return Outcome(differences=[str(failure).splitlines()[-1]])


def documented_ops():
    text = (matrix.TEST.parent / "docs" / "dialects" / "train.md").read_text()
    return set(re.findall(r"^### `(train\.\w+)`", text, re.M))


def uncovered(seen):
    """Lines about ops that no run has: those that this evaluator lacks, and those that no model needed."""
    structure = {"train.read", "train.write", "train.state"}
    gone = {"train.gradient", "train.derivative"}  # before stage `precision`
    missing = documented_ops() - set(OPS) - structure - gone
    unseen = set(OPS) - seen
    if missing:
        yield f"ops that the third opinion does not have ({len(missing)}): {' '.join(sorted(missing))}"
    if unseen:
        yield f"ops that no run had ({len(unseen)}): {' '.join(sorted(unseen))}"


def main():
    options = arguments()
    started = time.time()
    runs = elements = differ = 0
    refused, skipped, seen = [], [], set()
    with tempfile.TemporaryDirectory() as folder:
        cases = list((matrix.quick if options.quick else matrix.everything)(pathlib.Path(folder), options.seed))
        if options.models:
            cases = [c for c in cases if any(m in c.name for m in options.models)]
        if options.list:
            print("\n".join(c.name for c in cases))
            return 0
        with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
            outcomes = pool.map(run, cases, [folder] * len(cases), [options.broken] * len(cases))
            for case, outcome in zip(cases, outcomes):
                if outcome.refused:
                    refused.append(f"{case}: {outcome.refused}")
                    continue
                if outcome.not_covered:
                    skipped.append(f"{case}: {outcome.not_covered}")
                    continue
                runs += 1
                elements += outcome.elements
                seen |= outcome.ops
                differ += bool(outcome.differences)
                if options.verbose:
                    print(f"{case}: {outcome.elements} elements", flush=True)
                for line in outcome.differences[:SHOWN]:
                    print(f"third-opinion: {case}: {line}", flush=True)
    if options.verbose:
        print("\n".join(refused))
    for line in skipped:
        print(f"third-opinion: not covered: {line}")
    if not options.quick and not options.models:
        for line in uncovered(seen):
            print(f"third-opinion: {line}")
    print(f"third-opinion: {runs:,} runs, {elements:,} elements agree to the bit but in {differ} runs; "
          f"{len(seen & set(OPS))} of {len(OPS)} ops; {len(refused)} more refused by slpc, {len(skipped)} not covered; "
          f"{time.time() - started:.0f} s")
    if not runs:
        print("third-opinion: nothing was compared", file=sys.stderr)
    return 1 if differ or not runs else 0


sys.exit(main())
