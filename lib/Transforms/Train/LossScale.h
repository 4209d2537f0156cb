//===- LossScale.h - whether a step divides the loss scale out --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by PrecisionPlan.cpp and ScaleLoss.cpp for graphs that bring their own gradients or
// updates, and where the scale is put in.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_LOSSSCALE_H
#define LIB_TRANSFORMS_TRAIN_LOSSSCALE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace slp {

/// Whether the loss scale comes into the step by `op`: a seed, or the gradient of a cross entropy
/// that is not multiplied by an error from behind.
bool beginsBackward(mlir::Operation *op);

/// Whether `step` computes the same for every loss scale, but for rounding: what is scaled reaches
/// update ops, which divide by it, through ops that are linear in it, and nothing else.
bool dividesLossScaleOut(mlir::func::FuncOp step);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_LOSSSCALE_H
