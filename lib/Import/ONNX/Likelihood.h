//===- Likelihood.h - means over the labels that count ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For losses that are nodes of the graph, their gradients, and losses that --loss adds.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_LIKELIHOOD_H
#define LIB_IMPORT_ONNX_LIKELIHOOD_H

#include "mlir/IR/Builders.h"

namespace slp::train {
class NllOp;
} // namespace slp::train

namespace slp::import_onnx {

/// What the labels that count weigh together, of shape (1), by which a mean divides: 1 if none
/// counts, so that the mean and its gradient are 0. `shares` (N) are those of an `nll`.
mlir::Value divisorOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value shares);

/// The mean of a likelihood over the labels that count, of shape (1).
mlir::Value meanOf(mlir::OpBuilder &b, mlir::Location loc, train::NllOp likelihood);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_LIKELIHOOD_H
