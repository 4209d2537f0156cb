//===- CoreCounts.h - which layers are faster on fewer cores ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Nothing is estimated: the MAC tasks of a step are compiled for each number of cores and timed by
// runtime/timing, on a machine that runs without values.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_MEASURE_CORECOUNTS_H
#define SLP_MEASURE_CORECOUNTS_H

#include "runtime/chips/Chip.h"
#include "runtime/timing/Report.h"
#include "slp/Pipeline/Pipeline.h"

#include <string>
#include <vector>

namespace slp::measure {

/// What the MAC tasks of a layer take on a number of cores.
struct LayerTime {
  int64_t cores = 0;
  timing::WallCycles wall{};
  uint64_t dramBytes = 0; // in whole bursts
  uint64_t transfers = 0;
  uint64_t instructions = 0; // all, the sequencer's and semaphores included
  timing::Cycle cycles() const;
};

/// A train op of an ONNX node in one phase of @step that is slower on all cores than on fewer.
struct SlowLayer {
  std::string node, op, phase;
  LayerTime given, fewer; // on the cores that the options give; on the best of the fewer
};

struct CoreCounts {
  std::vector<SlowLayer> slow; // in the order of the program
  int64_t cores = 0;           // that the options give
  int64_t compared = 0;        // layers with MAC tasks
  int64_t leftOut = 0; // layers whose cycles depend on values: compressed tensors, zeros skipped
};

/// A layer is slow if fewer cores take less than this share of its cycles.
constexpr double slowShare = 0.95;

/// Times each layer with MAC tasks of `module`, of stage `precision`, on the cores that `options`
/// give, on half as many, a quarter, and so on to one. What does not fit on fewer is no candidate.
/// Fails if the program on the given cores cannot be timed, or has more than `mostSteps` transfers
/// and instructions of engines, each counted for each core. `module` is not changed, and nothing is
/// reported through its context.
Result<CoreCounts> compareCoreCounts(mlir::ModuleOp module, const CompileOptions &options,
                                     const chip::Chip &chip, int64_t mostSteps);

/// What makes a layer slow: the part of the wall clock that grows most, and counts. "the most,
/// 1,232, for loads: 26,048 bytes of DRAM traffic in 34 transfers, not 19,904 in 22; 310
/// instructions, not 250".
std::string reasonOf(const SlowLayer &layer);

} // namespace slp::measure

#endif // SLP_MEASURE_CORECOUNTS_H
