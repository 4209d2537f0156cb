"""check-cores.py REMARKS MANY.json FEWER.json...: more cores take longer, and so do most of the layers that the remarks name."""

import json
import re
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        total = json.load(file)["total"]
    return total["cycles"], {(n["node"], n["op"]): n["cycles"] for n in total["nodes"] if n["macs"]["issued"]}


with open(sys.argv[1], encoding="utf-8") as file:
    named = set(re.findall(r'remark: tile: node "(.*?)": (\S+): \d+ cores take', file.read()))
cycles, nodes = read(sys.argv[2])
fewer = [read(path) for path in sys.argv[3:]]
for path, (other, _) in zip(sys.argv[3:], fewer):
    assert other < cycles, f"{path}: {other} cycles, not fewer than {cycles}"
right = [key for key in named if min(layers[key] for _, layers in fewer) < nodes[key]]
assert named <= set(nodes), named - set(nodes)
assert len(right) >= 0.75 * len(named) > 0, f"{len(right)} of {len(named)} are faster on fewer cores"
