# ===- volumes.py - networks over depth, height and width -------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(11)
CLIPS = {"clip": RANDOM.standard_normal((SAMPLES, 2, 5, 6, 6)).astype(np.float32)}


def video():
    return nn.Sequential(nn.Conv3d(2, 4, 3, padding=1), nn.BatchNorm3d(4), nn.ReLU(),
                         nn.MaxPool3d((1, 2, 2)), nn.Conv3d(4, 4, (3, 1, 1), stride=(2, 1, 1)),
                         nn.ReLU(), nn.AvgPool3d(2, stride=1), nn.AdaptiveAvgPool3d(1),
                         nn.Flatten(), nn.Linear(4, 3))


def upsampling():
    return nn.Sequential(nn.Conv3d(2, 3, 2, stride=(1, 2, 2)), nn.GroupNorm(3, 3), nn.SiLU(),
                         nn.ConvTranspose3d(3, 2, 2, stride=(1, 2, 2)), nn.ReLU(),
                         nn.MaxPool3d(3, stride=2, padding=1), nn.Flatten(), nn.Linear(54, 3))


def case(name, why, make):
    return Case(name, why, make, CLIPS, {"labels": RANDOM.integers(0, 3, SAMPLES)},
                lambda logits, labels: functional.cross_entropy(logits, labels),
                {"flags": ["--loss=softmax-cross-entropy"]})


CASES = [
    case("video_network", "3-D convolutions, batch normalization and pools", video),
    case("volume_upsampling", "a 3-D convolution and a transposed one, as U-Nets have them", upsampling),
]
