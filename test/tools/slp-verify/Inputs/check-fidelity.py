"""check-fidelity.py FILE...: every measure of slp-verify --fidelity is in its range, and each file is further from fp32 than the one before it."""
import json
import math
import sys


def tensors_of(path):
    with open(path) as file:
        report = json.load(file)
    assert report["schema"] == "slp-fidelity" and report["version"] == 1, path
    assert report["unmatched"] == [], report["unmatched"]
    assert [step["step"] for step in report["steps"]] == list(range(1, len(report["steps"]) + 1)), path
    return [(step["step"], t) for step in report["steps"] for t in step["tensors"]]


def mean_angle(tensors):
    """Of the gradients: small differences from a cosine of 1 show in angles."""
    angles = [math.acos(t["cosine"]) for _, t in tensors if t["phase"] in ("bp", "wg")]
    assert angles
    return sum(angles) / len(angles)


previous = None
for path in sys.argv[1:]:
    tensors = tensors_of(path)
    for step, t in tensors:
        where = f"{path}: step {step}, {t['tensor']}: {t}"
        assert 0 < t["cosine"] <= 1, where
        assert 0 <= t["relative_error"] < 1.5, where
        assert 0 <= t["underflow"] <= 1 and 0 <= t["overflow"] <= 1, where
        assert t["elements"] > 0 and t["phase"] in ("fp", "bp", "wg"), where
    names = [(step, t["tensor"]) for step, t in tensors]
    assert len(set(names)) == len(names), path
    angle = mean_angle(tensors)
    if previous is not None:
        assert names == previous[1], path
        assert angle > 1.05 * previous[0], f"{path}: {angle}, before it {previous[0]}"
    previous = (angle, names)
