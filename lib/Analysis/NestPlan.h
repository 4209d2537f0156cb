//===- NestPlan.h - what engines do for a nest, tile by tile ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A nest with a tiling, as chip-expand-nests makes loops of it, and the mean work of each of its
// instructions. CostModel.h makes one; cycles are made of it there and in NestTiming.h.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_NESTPLAN_H
#define LIB_ANALYSIS_NESTPLAN_H

#include "dialects/Chip/ChipNest.h"

#include <cstdint>
#include <vector>

namespace slp {

/// One transfer or run, for all cores together. What differs from one execution to the next, at the
/// edges of tensors and of bursts, is a mean.
struct PlannedWork {
  enum class Kind : uint8_t { none, load, store, run };
  Kind kind = Kind::none;
  unsigned index = 0; // of the buffer, or of the run
  chip_ir::Engine engine{};
  unsigned depth = 0; // loops around it
  double times = 0;   // executions in the whole nest
  // Transfers: bytes of DRAM bursts, and those that cross the transport to or from the cores.
  double dramBytes = 0, coreBytes = 0;
  double macCycles = 0; // mac: of the core that takes longest
  // vector: lane operations, and bytes between the vector unit and the cores.
  double operations = 0, bytesFromCores = 0, bytesToCores = 0;
  bool isWide = false; // mac: an operand is FP16
  mach::Opcode opcode{};
};

struct NestPlan {
  mlir::SmallVector<unsigned> loops; // that take more than one step, outermost first
  mlir::SmallVector<int64_t> trips;  // of these
  unsigned parallelDepth = 0;        // how many of them are parallel
  std::vector<unsigned> depthOfBuffer;
  std::vector<PlannedWork> loads, stores, runs; // by buffer, by run

  /// Iterations of the innermost of the first `depth` loops.
  double iterations(unsigned depth) const {
    double all = 1;
    for (unsigned i = 0; i < depth; ++i)
      all *= double(trips[i]);
    return all;
  }
};

} // namespace slp

#endif // LIB_ANALYSIS_NESTPLAN_H
