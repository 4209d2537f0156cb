//===- Accesses.h - what an instruction reads and writes --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Core parts note their accesses in one of these where a run checks the order (CheckOrder.h).
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_ACCESSES_H
#define RUNTIME_EXEC_ACCESSES_H

#include "runtime/exec/Tile.h"

#include <vector>

namespace slp::exec {

/// An access of one core part: the elements of a view.
struct Access {
  TileView view;
  unsigned core = 0; // whose scratchpad or accumulators, where the view lies there
  bool isWrite = false;
  /// The view is a tile of a compressed tensor in dram, which begins at `tensor`: its blocks.
  bool isBlocks = false;
  uint64_t tensor = 0;
};

/// The accesses of a core part, in its order.
using Accesses = std::vector<Access>;

} // namespace slp::exec

#endif // RUNTIME_EXEC_ACCESSES_H
