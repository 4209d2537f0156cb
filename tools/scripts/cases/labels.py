# ===- labels.py - labels that do not count, and labels that cannot be -------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# ===-----------------------------------------------------------------------===#
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from case import SAMPLES, Case

RANDOM = np.random.default_rng(6)
CROSS_ENTROPY = {"flags": ["--loss=softmax-cross-entropy"]}


def floats(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def labels(shape, classes, ignored=None, share=0.3):
    """Classes, `share` of them replaced by `ignored`."""
    drawn = RANDOM.integers(0, classes, shape)
    return drawn if ignored is None else np.where(RANDOM.random(shape) < share, ignored, drawn)


def with_value(array, index, value):
    array[index] = value
    return array


class InGraph(nn.Module):
    """A network and its loss, as one module."""

    def __init__(self, network, ignored, weights=None):
        super().__init__()
        self.network, self.ignored = network, ignored
        self.register_buffer("weights", None if weights is None else torch.tensor(weights))

    def forward(self, x, labels):
        scores = self.network(x)
        if torch.onnx.is_in_onnx_export() or bool((labels != self.ignored).any()):
            return functional.cross_entropy(scores, labels, self.weights, ignore_index=self.ignored)
        return 0 * scores.sum()  # PyTorch has 0 / 0 here; this is what docs/numerics.md defines


def mlp(ignored, weights=None):
    return lambda: InGraph(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5)), ignored, weights)


def segmentation(ignored, weights=None):
    return lambda: InGraph(nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 4, 1)), ignored, weights)


def all_ignored():
    """The second batch has no label that counts, and neither have the first two samples of the third."""
    drawn = labels(SAMPLES, 5, -100)
    drawn[4:10] = -100
    drawn[10] = 2
    return drawn


CASES = [
    Case("ignore_255_map", "labels of pixels, 255 where a map does not say, as Cityscapes has them",
         segmentation(255), {"x": floats(SAMPLES, 3, 5, 4), "labels": labels((SAMPLES, 5, 4), 4, 255)}),
    Case("ignore_weights", "ignored labels, and classes of different weight",
         mlp(-100, [0.5, 2.0, 1.0, 0.25, 4.0]), {"x": floats(SAMPLES, 6), "labels": labels(SAMPLES, 5, -100)}),
    Case("ignore_weights_map", "both, of pixels", segmentation(255, [1.0, 3.0, 0.5, 2.0]),
         {"x": floats(SAMPLES, 3, 5, 4), "labels": labels((SAMPLES, 5, 4), 4, 255)}),
    Case("ignore_all_in_batch", "a batch without a label that counts has loss 0 and no gradient, and training goes on",
         mlp(-100), {"x": floats(SAMPLES, 6), "labels": all_ignored()},
         expect={"says": ["note: step 2: no label of 'labels' counts, all are -100: loss and gradient are 0"]}),
    Case("ignore_all_in_map", "the same, of pixels, with weights", segmentation(255, [1.0, 3.0, 0.5, 2.0]),
         {"x": floats(SAMPLES, 3, 3, 2),
          "labels": with_value(labels((SAMPLES, 3, 2), 4, 255), slice(8, 12), 255)},
         expect={"says": ["note: step 3: no label of 'labels' counts, all are 255: loss and gradient are 0"]}),
    Case("ignore_flag", "--ignore-index for the loss that a flag adds",
         lambda: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)),
         {"x": floats(SAMPLES, 6)}, {"labels": labels(SAMPLES, 3, -1)},
         lambda logits, labels: functional.cross_entropy(logits, labels, ignore_index=-1),
         {"flags": ["--loss=softmax-cross-entropy", "--ignore-index=-1"]}),
    Case("label_minus_one", "-1 is no class and no ignored label, unless somebody says so",
         lambda: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)),
         {"x": floats(SAMPLES, 6)}, {"labels": with_value(labels(SAMPLES, 3), 5, -1)},
         expect={**CROSS_ENTROPY, "expect": "refusal",
                 "says": [r"labels\.npy: label of sample 5 is -1, expected an integer in 0\.\.2 for input 'labels'"]}),
    Case("label_too_large", "a label beyond the classes, in the graph's own loss",
         mlp(-100), {"x": floats(SAMPLES, 6), "labels": with_value(labels(SAMPLES, 5, -100), 9, 5)},
         expect={"expect": "refusal",
                 "says": [r"labels\.npy: label of sample 9 is 5, expected an integer in 0\.\.4 or -100 for input 'labels'"]}),
    Case("label_of_a_pixel", "a label of a pixel that is neither a class nor the ignored one",
         segmentation(255), {"x": floats(SAMPLES, 3, 5, 4),
                             "labels": with_value(labels((SAMPLES, 5, 4), 4, 255), (7, 2, 3), 254)},
         expect={"expect": "refusal",
                 "says": [r"labels\.npy: label \[2, 3\] of sample 7 is 254, expected an integer in 0\.\.3 or 255 "
                          r"for input 'labels'"]}),
]
