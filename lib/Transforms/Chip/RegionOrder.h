//===- RegionOrder.h - what tasks of one region wait for
//---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// No fence stands between the tasks of a region: a task may use bytes that an earlier one still
// uses. Which engine of which task has to wait for which, and what is known already from other
// waiting, is found here; chip-insert-semaphores makes semaphores of it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_REGIONORDER_H
#define LIB_TRANSFORMS_CHIP_REGIONORDER_H

#include "Footprint.h"
#include "HandOver.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>

namespace slp {

/// `taker` waits before the op `before`, which stands at the head of a task's block or in it, for
/// what `giver` has done in the task of that number and earlier ones, on all cores of the region.
/// Without a task it is what `giver` has waited for immediately before.
struct Link {
  chip_ir::Engine giver, taker;
  std::optional<size_t> task;
  mlir::Operation *before;
};

/// The engine in whose queue the cores of a region are waited for where neither of the two engines
/// that meet in DRAM has one queue: a core's own engines know nothing of other cores.
constexpr chip_ir::Engine meetingPlace = chip_ir::Engine::shared_store;

/// Links of the tasks of a region that have addresses, in the order in which they are to be made:
/// of one giver and taker, later ones speak of later tasks. `handOvers`: by task.
mlir::FailureOr<mlir::SmallVector<Link>>
linksOf(llvm::ArrayRef<chip_ir::TaskOp> tasks,
        llvm::ArrayRef<mlir::SmallVector<HandOver>> handOvers, const chip::Chip &chip);

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_REGIONORDER_H
