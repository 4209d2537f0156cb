//===- HandOver.h - what the engines of a buffer hand to each other ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_HANDOVER_H
#define LIB_TRANSFORMS_CHIP_HANDOVER_H

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/ChipDialect.h"
#include "dialects/Chip/TaskOp.h"

namespace slp {

/// One engine's turn with a buffer: its first and last op in the buffer's block (or the loop around
/// them).
struct Turn {
  chip_ir::Engine engine;
  mlir::Operation *first, *last;
};

/// The turns of a buffer in program order, those of other names for it included; fails if engines
/// do not take turns.
mlir::FailureOr<mlir::SmallVector<Turn>> turnsOf(chip_ir::AllocOp alloc);

/// What one engine hands to another with a semaphore: `giver` has done `after`, and `taker` may do
/// `before`. Both are ops of one block. With `slots` it is free slots that are handed back, so many
/// of which there are at first.
struct HandOver {
  chip_ir::AllocOp alloc;
  chip_ir::Engine giver, taker;
  mlir::Operation *after, *before;
  int64_t slots;

  bool isBackwards() const { return slots != 0; }
  /// Engines that all have one queue need one semaphore, not one on each core.
  chip_ir::Bank bank() const {
    return isPerCore(giver) || isPerCore(taker) ? chip_ir::Bank::cores : chip_ir::Bank::shared;
  }
};

/// The hand-overs of a task's buffers that no other implies, in program order of the buffers.
mlir::FailureOr<mlir::SmallVector<HandOver>> handOversOf(chip_ir::TaskOp task);

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_HANDOVER_H
