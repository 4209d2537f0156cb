//===- ScheduleRules.h - rules that hold whatever order engines work in ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_SCHEDULERULES_H
#define LIB_TRANSFORMS_CHIP_SCHEDULERULES_H

#include "dialects/Chip/TaskOp.h"
#include "runtime/chips/Chip.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace slp {

/// V6, and V7 within the task.
mlir::LogicalResult verifyTaskRules(chip_ir::TaskOp task, const chip::Chip &chip);

/// The most iterations of a loop: its trip count, or what its chip.count allows; -1 for another.
int64_t mostTripsOf(mlir::scf::ForOp loop);

/// Whether a buffer or view holds a compressed format.
bool isCompressed(mlir::Value buffer);

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_SCHEDULERULES_H
