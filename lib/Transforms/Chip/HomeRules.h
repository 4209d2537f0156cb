//===- HomeRules.h - what stays on the chip is left alone -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_HOMERULES_H
#define LIB_TRANSFORMS_CHIP_HOMERULES_H

#include "mlir/IR/BuiltinOps.h"

namespace slp {

/// Rule V11 of chip-verify-schedule, of a module whose buffers have addresses.
mlir::LogicalResult verifyHomes(mlir::ModuleOp module);

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_HOMERULES_H
