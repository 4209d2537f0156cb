# ===- plain.py - a case that has always worked -----------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(1)

CASES = [
    Case("mlp_cross_entropy", "two dense layers and the loss that a flag adds",
         lambda: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)),
         {"x": RANDOM.standard_normal((SAMPLES, 6)).astype(np.float32)},
         {"labels": RANDOM.integers(0, 3, SAMPLES)},
         lambda logits, labels: functional.cross_entropy(logits, labels),
         {"flags": ["--loss=softmax-cross-entropy"]}),
]
