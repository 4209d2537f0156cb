#!/usr/bin/python3
# ===- your-model.py - the example of docs/your-model.md --------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Usage: tools/scripts/your-model.py [--out=DIR]
#
# Writes test/docs/Inputs/your-model: model.onnx as docs/your-model.md exports it,
# folded.onnx as a plain torch.onnx.export writes it, and data/ in .npy files.
# Then trains the same network by PyTorch in FP32 on the same samples in the same
# order and prints the accuracy that the page compares with. Needs python3-torch.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional

ROOT = pathlib.Path(__file__).resolve().parents[2]
EPOCHS, BATCH, RATE, MOMENTUM, TRAIN, TEST = 4, 16, 0.02, 0.9, 512, 128


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8 * 16, 10)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.norm(self.conv(x))), 2)
        return self.fc(torch.flatten(x, 1))


def read_idx(path):
    raw = path.read_bytes()
    dims = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(dims)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape)


def batches(x, labels):
    for first in range(0, len(x), BATCH):
        yield (torch.from_numpy(x[first:first + BATCH].astype(np.float32) / 16),
               torch.from_numpy(labels[first:first + BATCH].astype(np.int64)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "test" / "docs" / "Inputs" / "your-model")
    out = parser.parse_args().out
    data = out / "data"
    data.mkdir(parents=True, exist_ok=True)
    digits = ROOT / "test" / "data" / "digits"
    split = {}
    for prefix, name, count in (("train", "", TRAIN), ("t10k", ".test", TEST)):
        x = read_idx(next(digits.glob(f"{prefix}-images*")))[:count].reshape(-1, 1, 8, 8)
        labels = read_idx(next(digits.glob(f"{prefix}-labels*")))[:count]
        np.save(data / f"x{name}.npy", x)
        np.save(data / f"labels{name}.npy", labels.astype(np.int32))
        split[name] = (x, labels)
    (data / "scale.txt").write_text("16\n")

    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = Net()
    example = torch.zeros(BATCH, 1, 8, 8)
    torch.onnx.export(net.train(), example, str(out / "model.onnx"), input_names=["x"], output_names=["logits"],
                      training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False,
                      dynamic_axes={"x": {0: "N"}})
    torch.onnx.export(net.eval(), example, str(out / "folded.onnx"), input_names=["x"], output_names=["logits"],
                      dynamic_axes={"x": {0: "N"}})

    optimizer = torch.optim.SGD(net.parameters(), RATE, MOMENTUM)
    for epoch in range(EPOCHS):
        net.train()
        losses = []
        for x, labels in batches(*split[""]):
            loss = functional.cross_entropy(net(x), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss))
        net.eval()
        with torch.no_grad():
            correct = sum(int((net(x).argmax(1) == labels).sum()) for x, labels in batches(*split[".test"]))
        print(f"epoch {epoch + 1}/{EPOCHS}  loss {np.mean(losses):.4f}  test accuracy {100 * correct / TEST:.1f} %")


if __name__ == "__main__":
    main()
