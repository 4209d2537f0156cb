#!/usr/bin/env python3
# Pairs of statistics: a training's, with values, and its last step's by masks. Without --mixed every number of the step is the
# same, and of a training of one step every total; with it multiplications are, and bytes nearly.
import json
import sys

mixed = sys.argv[1] == "--mixed"
paths = sys.argv[1 + mixed:]
for with_values, with_masks in zip(paths[::2], paths[1::2]):
    run, masks = json.load(open(with_values)), json.load(open(with_masks))
    last, step = run["steps"][-1], masks["steps"][-1]
    assert masks["total"]["macs"]["skipped"] > 0
    if mixed:
        assert last["macs"] == step["macs"]
        if len(run["steps"]) == 1:
            assert run["total"]["macs"] == masks["total"]["macs"] and run["total"]["lines"] == masks["total"]["lines"]
            print(f"{with_values}: MACs as with values")
        else: # an earlier step has left something in every block
            assert abs(step["dram_bytes"] / last["dram_bytes"] - 1) < 0.02
            print(f"{with_values}: MACs as with values, bytes within 2 %")
        continue
    for key in ("cycles", "utilisation", "macs", "dram_bytes", "energy_chip_pj", "energy_dram_pj"):
        assert last[key] == step[key], (key, last[key], step[key])
    if len(run["steps"]) == 1:
        for key in ("loss", "accuracy", "test_loss"):  # need values
            del run["total"][key]
            masks["total"].pop(key, None)
        assert run["total"] == masks["total"]
    print(f"{with_values}: as with values, cycles skipped")
