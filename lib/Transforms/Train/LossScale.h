//===- LossScale.h - whether a step divides the loss scale out --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by AssignPrecision.cpp for graphs that bring their own gradients or updates.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_LOSSSCALE_H
#define LIB_TRANSFORMS_TRAIN_LOSSSCALE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace slp {

/// Whether `step` computes the same for every loss scale, but for rounding: what is scaled reaches
/// update ops, which divide by it, through ops that are linear in it, and nothing else.
bool dividesLossScaleOut(mlir::func::FuncOp step);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_LOSSSCALE_H
