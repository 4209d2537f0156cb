"""check-profile.py PROFILE DOCUMENT: what slp-sim --profile wrote is what DOCUMENT lists, and adds up."""
import json
import re
import sys

with open(sys.argv[1]) as file:
    profile = json.load(file)
assert profile["schema"] == "slp-profile" and profile["version"] == 2

formats = set(profile["formats"])
written = set()


def collect(value, path):
    if isinstance(value, dict):
        for key, part in value.items():
            key = "FORMAT" if key in formats else key
            collect(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for part in value:
            collect(part, path + "[]")
    else:
        written.add(path)


collect(profile, "")
with open(sys.argv[2]) as file:
    section = file.read().split("## Fields of the profile")[1].split("\n## ")[0]
documented = set(re.findall(r"^\| `([A-Za-z_.\[\]]+)` \|", section, re.M))
assert written == documented, (written - documented, documented - written)

tensors = {t["tensor"]: t for t in profile["tensors"]}
assert len(tensors) == len(profile["tensors"])
for name, t in tensors.items():
    assert 0 <= t["zeros"] <= t["elements"], name
    assert t["smallest"] <= t["largest"], name
    assert (t["largest"] == 0) == (t["zeros"] == t["elements"]), name
    for loss in t["formats"].values():
        assert 0 <= loss["underflow"] <= 1 and 0 <= loss["overflow"] <= 1 and 0 <= loss["error"] <= 1, name

# Sums before their rounding are f32, and tell of fp16 too; what is stored as fp16 tells of fp8.
conv, relu = tensors["/conv2/Conv_output_0"], tensors["/relu2/Relu_output_0"]
assert conv["measured_in"] == "f32" and set(conv["formats"]) == formats
assert relu["measured_in"] == "fp16" and set(relu["formats"]) == {"fp8"}
assert 0.04 < conv["formats"]["fp8"]["error"] < 0.06, conv
assert 0 < conv["formats"]["fp16"]["error"] < 0.001, conv
assert (conv["node"], conv["phase"], conv["kind"]) == ("/conv2/Conv", "fp", "activation")
assert tensors["/conv2/Conv/dx"]["kind"] == "error" and tensors["/conv2/Conv/dw"]["kind"] == "gradient"
assert tensors["conv1.weight"]["kind"] == "state" and tensors["image"]["kind"] == "input"
assert not any(name.startswith("eval:") or name.endswith("/acc") for name in tensors)
assert profile["runs"] == 4 and relu["elements"] == 4 * 16 * 16 * 8 * 8, relu
