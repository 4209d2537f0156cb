#!/usr/bin/python3
# ===- make-recurrent-models.py - RNN, GRU and LSTM -------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/ops/{rnn,gru,lstm}-*.onnx: a recurrent layer in its variants
# (directions, layouts, functions, first states, peepholes) over an image of
# (batch, steps, inputs), and a dense layer that makes logits of all its results;
# gru-layers is what PyTorch exports for two layers. A second run
# makes the same bytes. make-gradients.py computes what autograd says of them.
# Needs python3-onnx and python3-torch.
#
# ===-----------------------------------------------------------------------===#
import argparse
import importlib.machinery
import pathlib
import warnings

import numpy as np
import onnx
import torch

HERE = pathlib.Path(__file__).resolve()
composed = importlib.machinery.SourceFileLoader(
    "composed", str(HERE.with_name("make-composed-models.py"))).load_module()

BATCH, STEPS, INPUTS, HIDDEN = 3, 4, 5, 6
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def recurrent(op, bias=True, first=False, peepholes=False, lengths=False, outputs=("y", "h"),
              opset=14, **attributes):
    """`first`: states to begin with are parameters. All of `outputs` (y, h, c) become logits."""
    def make(name):
        graph = composed.Graph(name)
        directions = 2 if attributes.get("direction") == "bidirectional" else 1
        isBatchFirst = attributes.get("layout", 0)
        width = GATES[op] * HIDDEN
        x = "image" if isBatchFirst else graph.node("Transpose", ["image"], perm=[1, 0, 2])
        state = [directions, BATCH, HIDDEN]
        if isBatchFirst:
            state[:2] = state[1::-1]
        inputs = [x, graph.parameter("w", directions, width, INPUTS),
                  graph.parameter("r", directions, width, HIDDEN),
                  graph.parameter("b", directions, 2 * width) if bias else "",
                  graph.constant([STEPS] * BATCH, np.int32) if lengths else "",
                  graph.parameter("h0", *state) if first else ""]
        if op == "LSTM":
            inputs += [graph.parameter("c0", *state) if first else "",
                       graph.parameter("p", directions, 3 * HIDDEN) if peepholes else ""]
        names = [name if name in outputs else "" for name in ("y", "h", "c")[:3 if op == "LSTM" else 2]]
        graph.nodes.append(onnx.helper.make_node(op, inputs, names, name="layer",
                                                 hidden_size=HIDDEN, **attributes))
        parts, features = [], 0
        for output in outputs:
            perm = [1, 0, 2, 3] if output == "y" else [1, 0, 2]
            if output == "y" and not isBatchFirst:
                perm = [2, 0, 1, 3]
            rows = output if isBatchFirst else graph.node("Transpose", [output], perm=perm)
            parts.append(graph.node("Flatten", [rows]))
            features += directions * HIDDEN * (STEPS if output == "y" else 1)
        all_parts = parts[0] if len(parts) == 1 else graph.node("Concat", parts, axis=1)
        return graph.classify(all_parts, features, [BATCH, STEPS, INPUTS], opset)
    return make


class Layers(torch.nn.Module):
    """Two layers; the classifier sees the last step."""

    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(INPUTS, 4, num_layers=2, batch_first=True)
        self.fc = torch.nn.Linear(4, 4)

    def forward(self, image):
        return self.fc(self.gru(image)[0][:, -1])


MODELS = {
    "rnn-defaults": recurrent("RNN", outputs=("h",), bias=False),
    "rnn-reverse": recurrent("RNN", direction="reverse", activations=["Relu"], first=True),
    "rnn-functions": recurrent("RNN", direction="bidirectional", clip=0.5, lengths=True,
                               activations=["Affine", "ScaledTanh"], activation_alpha=[0.5, 1.5],
                               activation_beta=[0.25, 0.75]),
    "gru-reset-after": recurrent("GRU", linear_before_reset=1),
    "gru-reset-after-both": recurrent("GRU", linear_before_reset=1, direction="bidirectional",
                                      first=True, outputs=("y",)),
    "gru-reset-before": recurrent("GRU", first=True),
    "gru-reset-before-both": recurrent("GRU", direction="bidirectional", layout=1),
    "gru-functions": recurrent("GRU", activations=["HardSigmoid", "Softsign"],
                               activation_alpha=[0.3], direction="reverse", bias=False),
    "lstm-forward": recurrent("LSTM", outputs=("y", "h", "c")),
    "lstm-both": recurrent("LSTM", direction="bidirectional", first=True, layout=1,
                           outputs=("y", "h", "c")),
    "lstm-peepholes": recurrent("LSTM", peepholes=True, first=True, direction="reverse",
                                outputs=("h", "c")),
    "lstm-coupled": recurrent("LSTM", input_forget=1, clip=0.75, outputs=("h",)),
}


def main():
    parser = argparse.ArgumentParser(description="write the models of recurrent layers")
    parser.add_argument("--out", type=pathlib.Path,
                        default=HERE.parents[2] / "test" / "models" / "ops")
    out = parser.parse_args().out
    for name, make in MODELS.items():
        model = make(name)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, str(out / f"{name}.onnx"))
    torch.manual_seed(composed.elementwise.zlib.crc32(b"gru-layers"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Layers(), torch.zeros(BATCH, STEPS, INPUTS), str(out / "gru-layers.onnx"),
                          training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False,
                          opset_version=13, input_names=["image"], output_names=["logits"])
    print(f"{out}: {len(MODELS) + 1} models")


if __name__ == "__main__":
    main()
