# ===- networks.py - the two networks whose accuracy is measured -----------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# The demo's CNN for the digits and a VGG-7 with batch normalization for 32x32
# images, as PyTorch modules and as the ONNX files that slpc reads. Used by
# export-digits-cnn.py, train-fp32.py and measure-precision, or by itself:
#
# Usage: networks.py NETWORK SEED FILE.onnx
#
# Needs python3-torch.
#
# ===-----------------------------------------------------------------------===#
import collections
import sys
import warnings

import torch
from torch import nn

VGG7_WIDTHS = (32, 64, 128, 128, 256)


def digits(seed):
    """(N, 1, 8, 8) images to (N, 10) logits, 174 thousand multiply-accumulates per image. The
    weights depend on `seed` only."""
    torch.manual_seed(seed)
    return nn.Sequential(collections.OrderedDict(
        conv1=nn.Conv2d(1, 16, 3, padding=1), relu1=nn.ReLU(),
        conv2=nn.Conv2d(16, 16, 3, padding=1), relu2=nn.ReLU(),
        pool=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc1=nn.Linear(16 * 4 * 4, 64), relu3=nn.ReLU(),
        fc2=nn.Linear(64, 10)))


def vgg7(seed):
    """(N, 3, 32, 32) images to (N, 10) logits: five times convolution, batch normalization, ReLU
    and a pool that halves the image, down to 256 channels of one pixel, then a dense layer.
    13,863,424 multiply-accumulates per image and 537,952 weights of convolutions and dense layer.
    The weights depend on `seed` only."""
    torch.manual_seed(seed)
    layers = collections.OrderedDict()
    channels = 3
    for number, width in enumerate(VGG7_WIDTHS, start=1):
        # No bias: the normalization that follows would take it out again.
        layers[f"conv{number}"] = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        layers[f"norm{number}"] = nn.BatchNorm2d(width)
        layers[f"relu{number}"] = nn.ReLU()
        layers[f"pool{number}"] = nn.MaxPool2d(2)
        channels = width
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(channels, 10)
    return nn.Sequential(layers)


def linear(seed):
    """(N, 3, 32, 32) images to (N, 10) logits by one dense layer: what pixels tell without a
    convolution."""
    torch.manual_seed(seed)
    return nn.Sequential(collections.OrderedDict(
        flatten=nn.Flatten(), fc=nn.Linear(3 * 32 * 32, 10)))


MAKERS = {"digits": digits, "vgg7": vgg7, "linear": linear}
IMAGE_SHAPES = {"digits": (1, 8, 8), "vgg7": (3, 32, 32), "linear": (3, 32, 32)}
BATCH = 32


def export(network, seed, path):
    """Writes the network with its initial weights to the ONNX file `path`, in training mode, so
    that batch normalization keeps its running statistics. A second run makes the same bytes (same
    version of PyTorch)."""
    with warnings.catch_warnings():
        # That the counter of batches is left out, which no operator reads.
        warnings.filterwarnings("ignore", message="ONNX Preprocess - Removing mutation")
        torch.onnx.export(
            MAKERS[network](seed), torch.zeros(BATCH, *IMAGE_SHAPES[network]), str(path),
            training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False,
            opset_version=13 if network == "digits" else 14,
            input_names=["image"], output_names=["logits"])


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in MAKERS or not sys.argv[2].isdecimal():
        sys.exit(f"usage: networks.py {'|'.join(MAKERS)} SEED FILE.onnx")
    export(sys.argv[1], int(sys.argv[2]), sys.argv[3])
