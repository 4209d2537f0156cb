#!/usr/bin/python3
# ===- export-digits-cnn.py - export the demo network from PyTorch ---------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/digits-cnn.onnx (seed 0) and digits-cnn-seed1.onnx to
# digits-cnn-seed4.onnx: the same network from five random initialisations. The
# files are committed; train-fp32.py trains from the very same initialisations.
# A second run makes the same bytes (same version of PyTorch).
#
# Needs python3-torch.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).with_name("precision")))
import networks  # noqa: E402

SEEDS = range(5)


def file_name(seed):
    return "digits-cnn.onnx" if seed == 0 else f"digits-cnn-seed{seed}.onnx"


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="export the demo network")
    parser.add_argument("--out", type=pathlib.Path, default=root / "test" / "models")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        path = out / file_name(seed)
        networks.export("digits", seed, path)
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
