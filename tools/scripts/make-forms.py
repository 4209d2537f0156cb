#!/usr/bin/python3
# ===- make-forms.py - networks in four forms of ONNX training graphs ------ ===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Writes test/models/forms/NETWORK.FORM.onnx, the same small networks with the
# same parameters in every form that slpc reads (docs/forms.md), and what
# PyTorch says of their training: test/data/forms/NETWORK.json. The writers are
# in tools/scripts/forms; none uses our compiler. All values are seeded; a
# second run makes the same bytes (same versions of onnx and PyTorch).
#
# Needs python3-torch, python3-onnx and python3-numpy.
#
# ===-----------------------------------------------------------------------===#
import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "forms"))

import artifacts  # noqa: E402
import networks  # noqa: E402
import standard  # noqa: E402
import values  # noqa: E402
import written  # noqa: E402


def models_of(network):
    """(suffix, model) of each file."""
    if networks.has_plain_loss(network):
        yield "forward", networks.make_forward(network)
    else:
        yield "loss", networks.make_loss(network)
    yield "standard", standard.make_model(network, "sgd")
    yield "training_model", artifacts.make_training_model(network)
    if written.can_write(network):
        yield "step", written.make_model(network)
    if network.name == "mlp":
        for optimizer in standard.OPTIMIZERS:
            yield f"standard-{optimizer}", standard.make_model(network, optimizer)
        yield "standard-parts", standard.make_model(network, "sgd", parts=2)
        yield "standard-initialized", standard.make_model(
            network, "sgd", initialized=("hidden.weight", "logits.bias"))


def main():
    test = pathlib.Path(__file__).resolve().parents[2] / "test"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=test)
    test = parser.parse_args().output
    models, data = test / "models" / "forms", test / "data" / "forms"
    models.mkdir(parents=True, exist_ok=True)
    data.mkdir(parents=True, exist_ok=True)
    for network in networks.networks():
        for suffix, model in models_of(network):
            (models / f"{network.name}.{suffix}.onnx").write_bytes(model.SerializeToString())
        optimizers = ["sgd"]
        if network.name == "mlp":
            optimizers += [*standard.OPTIMIZERS, "adamw", "adamw-mode-1"]
        text = json.dumps(values.make_values(network, optimizers))
        (data / f"{network.name}.json").write_text(text + "\n")
    for optimizer in ("sgd", "adamw", "adamw-mode-1"):
        model = artifacts.make_optimizer_model(optimizer)
        (models / f"optimizer_model-{optimizer}.onnx").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
