# ===- skipping.py - images without a gradient ------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from case import BATCH, SAMPLES, STEPS, Case

BELOW = 1.0  # losses of less have no gradient
MARGIN, TOLERANCE = 0.12, 0.1  # of losses from BELOW, in FP32; FP8 alone, without skipping, comes to 0.09


class FrozenNorm(nn.Module):
    """Batch normalization by running statistics, in training too."""

    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.rand(channels) + 0.5), nn.Parameter(torch.randn(channels) / 4)
        self.register_buffer("mean", torch.randn(channels) / 4)
        self.register_buffer("variance", torch.rand(channels) + 0.5)

    def forward(self, x):
        return functional.batch_norm(x, self.mean, self.variance, self.weight, self.bias, training=False)


def network(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), FrozenNorm(16), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(16, 16, 3, padding=1), FrozenNorm(16), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 16, 3))


def skipping(logits, labels, below=BELOW, seen=None):
    """The mean of all losses, with the gradient of those that are not below; divided by all images."""
    losses = functional.cross_entropy(logits, labels, reduction="none")
    kept = (losses * (losses >= below).detach()).mean()
    if seen is not None:
        seen.append(losses.detach())
    return kept + (losses.mean() - kept).detach()


def losses_of(module, x, labels, below):
    seen, found = [], []
    optimizer = torch.optim.SGD(module.parameters(), 0.05, momentum=0.9)
    for step in range(STEPS):
        at = slice(step * BATCH % SAMPLES, step * BATCH % SAMPLES + BATCH)
        loss = skipping(module(torch.from_numpy(x[at])), torch.from_numpy(labels[at]), below, seen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(loss))
    return np.array(found), torch.stack(seen).numpy()


def case():
    """The first seed whose losses lie so far from the bound that FP8 skips the same images, some in each of two steps
    or more, and whose later losses tell whether images were skipped."""
    for seed in range(10000):
        random = np.random.default_rng(seed)
        x = random.standard_normal((SAMPLES, 3, 8, 8)).astype(np.float32)
        labels = random.integers(0, 3, SAMPLES)
        found, seen = losses_of(network(seed), x, labels, BELOW)
        plain, _ = losses_of(network(seed), x, labels, -np.inf)
        mixed = ((seen >= BELOW).any(1) & (seen < BELOW).any(1)).sum()
        tells = (np.abs(plain - found) / (found + 0.1)).max() > 3 * TOLERANCE
        if np.abs(seen - BELOW).min() > MARGIN and mixed >= 2 and tells:
            break
    return Case("skip_below_frozen_norm",
                "images with a loss below 1 have no gradient: their loss has weight 0, and sums are divided by all images",
                lambda: network(seed), {"x": x}, {"labels": labels}, skipping,
                {"flags": ["--loss=softmax-cross-entropy", "--sparsity=gradient-skip"], "simflags": [f"--skip-below={BELOW}"],
                 "target": "asu-fp8", "precision": "fp8", "tolerance": TOLERANCE})


CASES = [case()]
