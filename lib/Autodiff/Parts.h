//===- Parts.h - gradients of parts of a tensor -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A tensor that is read part by part (the gates of a recurrent layer, its steps) has a gradient of
// many parts, each with zeros around it. Their sum is one concatenation, to the bit, as x + 0 is x;
// a thousand sums of whole tensors would take a thousand times as long. Called by
// Differentiator.cpp and Move.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_AUTODIFF_PARTS_H
#define LIB_AUTODIFF_PARTS_H

#include "dialects/Train/TrainDialect.h"

#include "mlir/IR/Builders.h"

namespace slp::autodiff {

/// A gradient that the `operand`-th use of a value by the `position`-th op contributes.
struct Contribution {
  unsigned position, operand;
  mlir::Value grad;
};

/// Makes one of those contributions, in the order in which they are summed, that are parts side by
/// side along a dimension, with zeros elsewhere. Fails after an error.
mlir::LogicalResult joinParts(mlir::OpBuilder &b, mlir::Location loc,
                              llvm::SmallVectorImpl<Contribution> &contributions);

/// Leaves out the zeros that come from parts which the loss does not see of a concatenation: of a
/// sequence those are most of its steps. Where nothing else comes, one of them is the gradient.
void dropZeroParts(llvm::SmallVectorImpl<Contribution> &contributions);

} // namespace slp::autodiff

#endif // LIB_AUTODIFF_PARTS_H
