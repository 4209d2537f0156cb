# ===- mistakes.py - deliberate ones ---------------------------------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# A comparison that cannot fail says nothing. With --break=NAME this evaluator is
# wrong in one way, which must be noticed (test/e2e/third-opinion.test).
#
# ===-----------------------------------------------------------------------===#
KINDS = {
    "ties": "roundings of ties go the other way",
    "fused": "products are rounded before they are added",
    "order": "the channels of a convolution's block come in descending order",
    "packed": "a dot group of few channels ends with its tap",
    "strips": "sums by channel have strips of 4 columns",
    "lanes": "row sums have 8 lanes",
    "runs": "random numbers have the number of the run before",
    "dropped": "no image is dropped",
    "gates": "closed gates are open, and open ones closed",
    "ragged": "means of weight groups are of 64 weights where there are fewer",
    "held": "updates are not held where gradients saturate",
}

active = set()
