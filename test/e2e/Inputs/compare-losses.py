"""compare-losses.py MODELS LOSSES.json DIR TARGET PRECISION TOLERANCE [PREFIX]: compiles and simulates every training of
LOSSES.json (tools/scripts/make-losses.py) whose name begins with PREFIX, and compares the losses with PyTorch's.

A training that does not compile, does not run, or is taken for one that diverges, is a failure at any TOLERANCE, and so is a
model that LOSSES.json does not know."""

import json
import pathlib
import sys

import made_data
import simulate

models, expected, work = map(pathlib.Path, sys.argv[1:4])
target, precision, tolerance = sys.argv[4], sys.argv[5], float(sys.argv[6])
prefix = sys.argv[7] if len(sys.argv) > 7 else ""

comparison = simulate.Comparison(tolerance)
trainings = json.loads(expected.read_text())
known = {key.split()[0] for key in trainings}
for folder in ("", "ops", "networks"):
    for path in sorted((models / folder).glob("*.onnx*")):
        if (name := str(path.relative_to(models))) not in known:
            comparison.check(name, None, f"not in {expected.name}: run tools/scripts/make-losses.py", [])
for key, entry in trainings.items():
    if not key.startswith(prefix):
        continue
    model = key.split()[0]
    found, said = simulate.train(
        work, models / model, [*entry["flags"], f"--target={target}", f"--precision={precision}"],
        [f"--lr={entry['rate']}", f"--momentum={made_data.MOMENTUM}"], made_data.STEPS,
        lambda folder: made_data.write_inputs(folder, model, entry))
    comparison.check(key, found, said, entry["losses"], entry.get("slack"))
comparison.finish()
