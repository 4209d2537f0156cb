//===- NestTiming.h - cycles of a nest by the machine's timing model --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Runs a plan on runtime/timing's model: the instructions that the nest would become, with the
// semaphores that chip-insert-semaphores would put between them. The cores are taken for one, which
// loads what all of them load and multiplies as long as the slowest. Of long nests the first
// iterations run, and the rest follows from them. Part of the cost model.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_NESTTIMING_H
#define LIB_ANALYSIS_NESTTIMING_H

#include "lib/Analysis/NestPlan.h"
#include "runtime/chips/Chip.h"

#include <optional>

namespace slp {

/// Cycles from the first instruction to the end of the last store, on a chip with one core.
/// `bound`: those that the busiest engine or bus needs, in the whole nest. Nothing if a nest needs
/// more semaphores than there are.
std::optional<double> cyclesByModel(const chip_ir::NestView &nest, const NestPlan &plan,
                                    const chip_ir::Tiling &tiling, const chip::Chip &oneCore,
                                    double bound);

} // namespace slp

#endif // LIB_ANALYSIS_NESTTIMING_H
