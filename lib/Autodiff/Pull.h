//===- Pull.h - the gradient of what pulls a parameter to a target ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A regulariser that no loss shows: lambda * (p - target)^2 of each element of a parameter that has
// the attribute `train.pull`. Called by Differentiate.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_AUTODIFF_PULL_H
#define LIB_AUTODIFF_PULL_H

#include "dialects/Train/TrainDialect.h"

namespace slp::train {
struct State;
}

namespace slp::autodiff {

/// `gradient` of a state, of rank 1, and what the pull adds to it: 2 * lambda * (state - target)
/// times `seed`, the scale of all gradients. The gradient itself without the attribute. Fails with
/// an error on the state if the attribute does not name two numbers.
mlir::FailureOr<mlir::Value> addPull(mlir::OpBuilder &builder, const train::State &state,
                                     mlir::Value gradient, mlir::Value seed);

} // namespace slp::autodiff

#endif // LIB_AUTODIFF_PULL_H
