#!/usr/bin/python3
# ===- export-networks.py - the networks people train, as ONNX files -------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Usage: export-networks.py [--full] DIR [NAME...]
#
# Writes DIR/NAME.onnx for each network, as torch.onnx.export writes it in
# training mode: batch normalization with running statistics, dropout on.
# Without --full they are reduced (small images and widths, the same operators
# in the same order), batch 2; test/models/networks is made this way. With
# --full they have their published sizes, a symbolic batch and random weights
# (VGG-16: 553 MB); tools/scripts/compile-networks uses those. Weights are
# seeded by the network's name; a second run makes the same bytes.
#
# Needs python3-torch, python3-torchvision and python3-onnx.
#
# ===-----------------------------------------------------------------------===#
import argparse
import pathlib
import warnings
import zlib

import torch
from torch import nn
from torch.nn import functional
from torchvision.models import densenet, mobilenetv2, resnet, squeezenet, vgg
import torchvision

OPSET = 15


class LeNet(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120 * wide // 8)
        self.fc2 = nn.Linear(120 * wide // 8, 84 * wide // 8)
        self.fc3 = nn.Linear(84 * wide // 8, 10)

    def forward(self, image):
        x = functional.avg_pool2d(torch.tanh(self.conv1(image)), 2)
        x = functional.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.fc1(torch.flatten(x, 1)))
        return self.fc3(torch.tanh(self.fc2(x)))


def mlp(*sizes):
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *layers[:-1])


class Cnn1d(nn.Module):
    """Keyword spotting on a waveform: one-dimensional convolutions, batch normalization and pools."""

    def __init__(self, wide):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(1, wide, 9, stride=4, padding=4), nn.BatchNorm1d(wide), nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(wide, 2 * wide, 3, padding=1), nn.BatchNorm1d(2 * wide), nn.ReLU(),
            nn.AvgPool1d(2), nn.Conv1d(2 * wide, 2 * wide, 3, padding=2, dilation=2), nn.LeakyReLU(0.1),
            nn.AdaptiveAvgPool1d(1), nn.Flatten())
        self.fc = nn.Linear(2 * wide, 10)

    def forward(self, wave):
        return self.fc(self.body(wave))


class ReducedAlexNet(nn.Module):
    """AlexNet's layers with a sixteenth of the channels."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(4, 12, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 16, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(16, 32), nn.ReLU(), nn.Dropout(),
                                        nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, image):
        return self.classifier(torch.flatten(self.avgpool(self.features(image)), 1))


class ReducedVgg(nn.Module):
    def __init__(self, batch_norm):
        super().__init__()
        layers = [4, 4, "M", 4, 4, "M", 8, 8, 8, "M", 8, 8, 8, "M", 8, 8, 8, "M"]
        self.features = vgg.make_layers(layers, batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(8, 16), nn.ReLU(True), nn.Dropout(),
                                        nn.Linear(16, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, 10))

    def forward(self, image):
        return self.classifier(torch.flatten(self.avgpool(self.features(image)), 1))


class ResNet(resnet.ResNet):
    """torchvision's ResNet with other widths, and, for CIFAR, its stem of one 3x3 convolution."""

    def __init__(self, block, layers, widths, cifar):
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = widths[0], 1, 1, 64
        self.conv1 = (nn.Conv2d(3, widths[0], 3, padding=1, bias=False) if cifar else
                      nn.Conv2d(3, widths[0], 7, stride=2, padding=3, bias=False))
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.Identity() if cifar else nn.MaxPool2d(3, stride=2, padding=1)
        stages = [self._make_layer(block, w, n, stride=1 if i == 0 else 2)
                  for i, (w, n) in enumerate(zip(widths, layers))]
        self.stages = nn.Sequential(*stages)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(widths[-1] * block.expansion, 10)

    def forward(self, image):
        x = self.stages(self.maxpool(self.relu(self.bn1(self.conv1(image)))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class ReducedSqueezeNet(nn.Module):
    def __init__(self):
        super().__init__()
        fire = squeezenet.Fire
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True),
            fire(8, 4, 8, 8), fire(16, 4, 8, 8), nn.MaxPool2d(3, 2, ceil_mode=True),
            fire(16, 4, 8, 8), fire(16, 4, 8, 8))
        self.classifier = nn.Sequential(nn.Dropout(p=0.5), nn.Conv2d(16, 10, 1), nn.ReLU(inplace=True),
                                        nn.AdaptiveAvgPool2d((1, 1)))

    def forward(self, image):
        return torch.flatten(self.classifier(self.features(image)), 1)


class Transformer(nn.Module):
    """Embedding and position, `depth` blocks of attention and a Gelu layer, a classifier over the mean."""

    def __init__(self, words, length, width, heads, depth):
        super().__init__()
        self.heads = heads
        self.embedding = nn.Embedding(words, width)
        self.position = nn.Parameter(torch.randn(length, width) * 0.1)
        self.blocks = nn.ModuleList([nn.ModuleDict(dict(
            norm1=nn.LayerNorm(width), qkv=nn.Linear(width, 3 * width), proj=nn.Linear(width, width),
            norm2=nn.LayerNorm(width), up=nn.Linear(width, 4 * width), down=nn.Linear(4 * width, width),
            drop=nn.Dropout(0.1))) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.fc = nn.Linear(width, 10)

    def attend(self, block, x):
        batch, length, width = x.shape
        split = block["qkv"](x).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = split.permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5
        mixed = block["drop"](torch.softmax(scores, -1)) @ v
        return block["proj"](mixed.transpose(1, 2).reshape(batch, length, width))

    def forward(self, tokens):
        x = self.embedding(tokens) + self.position
        for block in self.blocks:
            x = x + block["drop"](self.attend(block, block["norm1"](x)))
            x = x + block["drop"](block["down"](functional.gelu(block["up"](block["norm2"](x)))))
        return self.fc(self.norm(x).mean(1))


def image(channels, size):
    return lambda batch: torch.randn(batch, channels, size, size)


def tokens(words, length):
    return lambda batch: torch.randint(0, words, (batch, length))


def reduced_mobilenet():
    return mobilenetv2.MobileNetV2(num_classes=10, width_mult=0.125, round_nearest=4, inverted_residual_setting=[
        [1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 2, 2], [6, 64, 1, 1]])


def reduced_densenet():
    return densenet.DenseNet(growth_rate=4, block_config=(2, 2, 2, 2), num_init_features=8, bn_size=2,
                             drop_rate=0.1, num_classes=10)


tv = torchvision.models
# name: ((reduced network, inputs), (full network, inputs)); inputs are a function of the batch.
NETWORKS = {
    "alexnet": ((ReducedAlexNet, image(3, 96)), (tv.alexnet, image(3, 224))),
    "vgg16": ((lambda: ReducedVgg(False), image(3, 32)), (tv.vgg16, image(3, 224))),
    "vgg16-bn": ((lambda: ReducedVgg(True), image(3, 32)), (tv.vgg16_bn, image(3, 224))),
    "resnet18": ((lambda: ResNet(resnet.BasicBlock, [2, 2, 2, 2], [4, 8, 8, 16], False), image(3, 32)),
                 (tv.resnet18, image(3, 224))),
    "resnet20": ((lambda: ResNet(resnet.BasicBlock, [3, 3, 3], [4, 8, 8], True), image(3, 12)),
                 (lambda: ResNet(resnet.BasicBlock, [3, 3, 3], [16, 32, 64], True), image(3, 32))),
    "resnet50": ((lambda: ResNet(resnet.Bottleneck, [3, 4, 6, 3], [4, 4, 8, 8], False), image(3, 32)),
                 (tv.resnet50, image(3, 224))),
    "squeezenet": ((ReducedSqueezeNet, image(3, 35)), (tv.squeezenet1_1, image(3, 224))),
    "mobilenetv2": ((reduced_mobilenet, image(3, 32)), (tv.mobilenet_v2, image(3, 224))),
    "densenet121": ((reduced_densenet, image(3, 32)), (tv.densenet121, image(3, 224))),
    "lenet": ((lambda: LeNet(2), image(1, 28)), (lambda: LeNet(8), image(1, 28))),
    "mlp": ((lambda: mlp(64, 32, 16, 10), image(1, 8)), (lambda: mlp(784, 512, 256, 10), image(1, 28))),
    "cnn1d": ((lambda: Cnn1d(8), lambda batch: torch.randn(batch, 1, 256)),
              (lambda: Cnn1d(64), lambda batch: torch.randn(batch, 1, 16000))),
    "transformer": ((lambda: Transformer(50, 8, 16, 2, 1), tokens(50, 8)),
                    (lambda: Transformer(8192, 128, 256, 8, 4), tokens(8192, 128))),
}


def export(name, full, path):
    make, inputs = NETWORKS[name][1 if full else 0]
    torch.manual_seed(zlib.crc32(name.encode()))
    model = make().train()
    sample = inputs(2)
    what = "tokens" if sample.dtype == torch.int64 else "image" if sample.dim() == 4 else "wave"
    axes = {what: {0: "batch"}, "logits": {0: "batch"}} if full else None
    torch.onnx.export(model, sample, path, opset_version=OPSET, input_names=[what], output_names=["logits"],
                      dynamic_axes=axes, training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False)


def main():
    parser = argparse.ArgumentParser(description="Writes ONNX files of the networks people train.")
    parser.add_argument("--full", action="store_true", help="published sizes, symbolic batch")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NETWORKS))
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in NETWORKS]
    if unknown:
        parser.error(f"unknown network {unknown[0]}, expected one of {', '.join(NETWORKS)}")
    arguments.directory.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore")  # the exporter's remarks on its own passes
    for name in arguments.names or NETWORKS:
        export(name, arguments.full, str(arguments.directory / f"{name}.onnx"))


if __name__ == "__main__":
    main()
