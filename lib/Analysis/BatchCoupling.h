//===- BatchCoupling.h - what a step of micro-batches is
//----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Gradients of micro-batches are averaged. That is the gradient of the whole batch if the loss is a
// mean over images, each of which contributes by itself; here that is proved of a graph, or the op
// found at which it ends. Called by lib/Pipeline.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_BATCHCOUPLING_H
#define LIB_ANALYSIS_BATCHCOUPLING_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace slp {

struct BatchVerdict {
  enum Kind {
    mean,    // the value of the batch is the mean of those of its parts
    sum,     // it is their sum
    coupled, // it is neither: `op` brings images together, `why` says how
    unknown  // neither was shown: `op` is the first of which nothing is known, or null
  };
  Kind kind;
  mlir::Operation *op = nullptr; // in `part`
  std::string why = {};
};

/// What the loss of `part`, its first result, and the gradients that it computes itself
/// (train.gradient) are for a larger batch. `part` and `whole` are one graph, imported with two
/// batches; `factor` times as many images in `whole`. What is proportional to the batch shows by
/// the two: sizes, and numbers that the graph computes from them.
BatchVerdict compareBatches(mlir::func::FuncOp part, mlir::func::FuncOp whole, int64_t factor);

} // namespace slp

#endif // LIB_ANALYSIS_BATCHCOUPLING_H
