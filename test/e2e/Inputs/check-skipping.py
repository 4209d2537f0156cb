#!/usr/bin/env python3
# Of two statistics, a dense step and one without zeros: what is skipped. Of three, by the policies of the balancer: their order.
import json
import sys

totals = [json.load(open(path))["total"] for path in sys.argv[1:]]
if len(totals) == 2:
    dense, skip = ({p["phase"]: p for p in total["phases"]} for total in totals)
    for phase in ("fp", "bp", "wg"):
        assert dense[phase]["macs"]["skipped"] == 0 < skip[phase]["macs"]["skipped"] <= skip[phase]["macs"]["zero_operand"]
        assert dense[phase]["macs"]["issued"] == skip[phase]["macs"]["issued"]
        assert dense[phase]["lines"]["cycles"] == 0 < skip[phase]["lines"]["busy"]
        assert skip[phase]["engines"]["mac"]["busy"] < dense[phase]["engines"]["mac"]["busy"]
        assert skip[phase]["energy_pj"]["mac"] < dense[phase]["energy_pj"]["mac"]
        print(f"{phase} skipped, fewer MAC cycles")
else:
    none, greedy, ideal = (total["lines"] for total in totals)
    assert none["busy"] == greedy["busy"] == ideal["busy"]
    assert none["cycles"] >= greedy["cycles"] >= ideal["cycles"] >= ideal["busy"]
    assert none["cycles"] > greedy["cycles"]
    print("lines in order")
