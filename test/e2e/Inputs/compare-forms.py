"""compare-forms.py MODELS DATA DIR TARGET PRECISION TOLERANCE: compiles and simulates every file of MODELS, the four
forms of the same networks, and compares the losses with PyTorch's in DATA (tools/scripts/make-forms.py)."""

import json
import pathlib
import sys

import made_data
import simulate

models, data, work = map(pathlib.Path, sys.argv[1:4])
target, precision, tolerance = sys.argv[4], sys.argv[5], float(sys.argv[6])


def flags_of(path, rate, batch):
    """Flags of slpc and of slp-sim, and the optimizer, of every way to train a file."""
    network, form = path.name.split(".")[:2]
    plain = [f"--lr={rate}", "--momentum=0"]
    if form == "forward":
        yield ["--loss=softmax-cross-entropy"], plain, "sgd"
    elif form == "loss":
        yield [], plain, "sgd"
    elif form == "training_model":
        parameters = models / f"{network}.{'loss' if network == 'layer' else 'forward'}.onnx"
        for optimizer in ["sgd"] + ["adamw"] * (network == "mlp"):
            yield ([f"--params={parameters}", f"--optimizer-model={models}/optimizer_model-{optimizer}.onnx", f"--batch={batch}"],
                   [f"--lr={rate}"], optimizer)
    else:  # everything is in the file
        yield [], [], form.split("-")[-1] if form.split("-")[-1] in ("momentum", "nesterov", "adagrad", "adam") else "sgd"


def write_data(folder, steps):
    for name, first in steps[0].items():
        shape = [len(steps) * first["shape"][0]] + first["shape"][1:]
        elements = [value for step in steps for value in step[name]["data"]]
        is_whole = name == "labels"
        made_data.write_npy(folder / f"{name}.npy", shape, list(map(int, elements)) if is_whole else elements, is_whole)


comparison = simulate.Comparison(tolerance)
for path in sorted(models.glob("*.onnx")):
    if path.name.startswith("optimizer_model"):
        continue
    expected = json.loads((data / f"{path.name.split('.')[0]}.json").read_text())
    steps = expected["inputs"]
    for compiling, numbers, optimizer in flags_of(path, expected["learning_rate"], steps[0]["image"]["shape"][0]):
        found, said = simulate.train(work, path, [*compiling, f"--target={target}", f"--precision={precision}"], numbers,
                                     len(steps), lambda folder: write_data(folder, steps))
        wanted = [step["loss"] for step in expected["optimizers"][optimizer]]
        comparison.check(f"{path.name} {optimizer}", found, said, wanted)
comparison.finish()
