#!/usr/bin/python3
# ===- make-cases.py - user cases with PyTorch's losses ---------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Usage: tools/scripts/make-cases.py [NAME...]
#
# Writes test/cases/NAME/ (test/cases/README.md) for every case, or those named,
# that a module of tools/scripts/cases/ lists in its CASES. A second run makes
# the same bytes. Needs python3-torch and python3-onnx.
#
# ===-----------------------------------------------------------------------===#
import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "cases"))
import case as case_module  # noqa: E402


def main():
    root = HERE.parents[1] / "test" / "cases"
    cases = {}
    for path in sorted((HERE / "cases").glob("*.py")):
        if path.stem == "case":
            continue
        for case in importlib.import_module(path.stem).CASES:
            if case.name in cases:
                raise SystemExit(f"{path}: case {case.name} is defined twice")
            cases[case.name] = case
    names = sys.argv[1:] or sorted(cases)
    for name in names:
        if name not in cases:
            raise SystemExit(f"make-cases: no case {name}")
        case_module.write(cases[name], root)
        print(name)


if __name__ == "__main__":
    main()
