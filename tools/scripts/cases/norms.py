# ===- norms.py - normalisations and activations of newer networks ----------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(12)


class RmsNorm(nn.Module):
    """As transformers write it."""

    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(features) + 0.5)

    def forward(self, x):
        variance = x.pow(2).mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(variance + 1e-6))


def rms():
    return nn.Sequential(nn.Linear(6, 8), RmsNorm(8), nn.ReLU(), nn.Linear(8, 3))


def mish():
    return nn.Sequential(nn.Linear(6, 8), nn.Mish(), nn.Linear(8, 8), nn.Hardswish(),
                         nn.Linear(8, 3))


def case(name, why, make, scale=1):
    x = RANDOM.standard_normal((SAMPLES, 6)).astype(np.float32) * np.float32(scale)
    return Case(name, why, make, {"x": x}, {"labels": RANDOM.integers(0, 3, SAMPLES)},
                lambda logits, labels: functional.cross_entropy(logits, labels),
                {"flags": ["--loss=softmax-cross-entropy"]}, opset=14)


CASES = [
    case("rms_norm", "x * rsqrt(mean(x^2) + epsilon) * w, written out", rms),
    case("rms_norm_large", "the same where squares are no fp16 numbers", rms, 2000),
    case("mish_network", "Mish and Hardswish as PyTorch exports them", mish),
]
