"""compare-cores.py MODEL TARGET PRECISION CORES [BATCH]: does --remarks=cores name exactly the layers that slp-sim finds slow?

Compiles the model, with a softmax cross entropy, for all CORES of the chip, for half as many, a quarter, and so on, and simulates a
step of each with values. A layer, that is a node's op in a phase, is slow if some fewer cores take less than 95 % of its cycles.
Prints how many are slow, how many the remarks name, and fails unless these are the same, cycles included. Images and statistics
are written to the working directory."""

import json
import re
import subprocess
import sys

SLOW_SHARE = 0.95
PATTERN = re.compile(r'remark: cores: node "(.*?)": (\S+), (\w\w): ([\d,]+) cycles on (\d+) cores?, ([\d,]+) cycles on (\d+) cores? '
                     r"by simulation, the most, [\d,]+, for [^:]+: [\d,]+ bytes of DRAM traffic")


def number(text):
    return int(text.replace(",", ""))


def compile_model(*flags):
    model, target, precision = sys.argv[1:4]
    batch = [f"--batch={size}" for size in sys.argv[5:]]
    command = ["slpc", model, "--regions=single", "--homes=dram", "--loss=softmax-cross-entropy", f"--target={target}", f"--precision={precision}", *batch, *flags]
    return subprocess.run(command, check=True, stderr=subprocess.PIPE, encoding="utf-8").stderr


def simulate(cores):
    """Cores and cycles by layer, MAC layers alone, of one step on so many cores; 0: all."""
    compile_model("--quiet", f"--cores={cores}", "-o", "cores.slp")
    subprocess.run(["slp-sim", "cores.slp", "--steps=1", "--quiet", "--stats=cores.json"], check=True, stdout=subprocess.DEVNULL)
    with open("cores.json", encoding="utf-8") as file:
        nodes = json.load(file)["total"]["nodes"]
    return {(n["node"], n["op"], n["phase"]): n["cycles"] for n in nodes if n["macs"]["issued"]}


remarks = compile_model("--remarks=cores", "-o", "remarks.slp")
named = {}
for line in remarks.splitlines():
    if "remark: cores:" not in line:
        continue
    node, op, phase, many, of_many, few, of_few = PATTERN.search(line).groups()
    named[(node, op, phase)] = (number(many), number(few), int(of_few))
    assert of_many == sys.argv[4], line

cores, given, fewer = int(sys.argv[4]), simulate(0), {}
while cores > 1:
    cores //= 2
    fewer[cores] = simulate(cores)
slow = {}
for layer, cycles in given.items():
    best = min(fewer, key=lambda count: (fewer[count][layer], -count))
    if fewer[best][layer] < SLOW_SHARE * cycles:
        slow[layer] = (cycles, fewer[best][layer], best)
wrong = {layer: (said, slow.get(layer)) for layer, said in named.items() if slow.get(layer) != said}
missed = {layer: cycles for layer, cycles in slow.items() if layer not in named}
print(f"{len(given)} layers, {len(slow)} slow, {len(named)} named, {len(wrong)} of them wrong, {len(missed)} missed")
assert not wrong and not missed, f"wrong: {wrong}; missed: {missed}"
