//===- Passes.h - passes on the chip dialect --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_TRANSFORMS_CHIP_PASSES_H
#define SLP_TRANSFORMS_CHIP_PASSES_H

#include "runtime/chips/Chip.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace slp {

/// The chip a module is compiled for (attribute `slp.chip`); emits an error if it names none.
mlir::FailureOr<chip::Chip> chipOf(mlir::ModuleOp module);

#define GEN_PASS_DECL
#include "slp/Transforms/Chip/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "slp/Transforms/Chip/Passes.h.inc"

} // namespace slp

#endif // SLP_TRANSFORMS_CHIP_PASSES_H
