# ===- ops - the operations of a train module, a file a family -------------===#
#
# Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
#
# Importing the package fills the table of registry.py.
#
# ===-----------------------------------------------------------------------===#
from . import (basic, channels, elementwise, losses, mac, mixed, moves, norms, reductions,  # noqa: F401
               scaling, skipping, updates, weight_groups, windows)
