//===- Passes.h - stage differentiate ---------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_AUTODIFF_PASSES_H
#define SLP_AUTODIFF_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace slp {

/// Attaches DifferentiableInterface to every train op that has a gradient.
void registerGradients(mlir::DialectRegistry &registry);

/// Replaces every `train.derivative` of `function` by the ops that compute it. Fails, after an
/// error, for an op that has no gradient.
mlir::LogicalResult resolveDerivatives(mlir::func::FuncOp function);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "slp/Autodiff/Passes.h.inc"

} // namespace slp

#endif // SLP_AUTODIFF_PASSES_H
