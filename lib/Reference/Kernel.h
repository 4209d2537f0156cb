//===- Kernel.h - what a kernel of the reference is given -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One kernel an op, one file a family of ops; Kernels.cpp is the table. Adding an op means one
// function here or in a new file, and one line in that table.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_REFERENCE_KERNEL_H
#define LIB_REFERENCE_KERNEL_H

#include "slp/Reference/Arithmetic.h"
#include "slp/Reference/Evaluator.h"

namespace slp::reference {

/// One op under evaluation.
struct Call {
  mlir::Operation *op;
  llvm::ArrayRef<const Tensor *> operands; // in the order of the op's operands
  llvm::MutableArrayRef<Tensor> results;   // of the right shapes, all +0
  const Hyper &hyper;

  /// How result `i` is stored: in its element type, by the op's `rounding`.
  Store store(unsigned i) const;
};

/// Fills `call.results`; has reported an error on the op if it fails.
using Kernel = mlir::LogicalResult (*)(Call &call);

/// The kernel of an op by its name ("train.conv"), or null.
Kernel findKernel(llvm::StringRef opName);

// Convolution.cpp
mlir::LogicalResult evaluateConv(Call &call);
mlir::LogicalResult evaluateConvBp(Call &call);
mlir::LogicalResult evaluateConvWg(Call &call);
// MatMul.cpp
mlir::LogicalResult evaluateMatMul(Call &call);
// Elementwise.cpp
mlir::LogicalResult evaluateRound(Call &call);
mlir::LogicalResult evaluateRelu(Call &call);
mlir::LogicalResult evaluateReluGrad(Call &call);
mlir::LogicalResult evaluateAdd(Call &call);
mlir::LogicalResult evaluateBiasAdd(Call &call);
mlir::LogicalResult evaluateBiasGrad(Call &call);
mlir::LogicalResult evaluateReshape(Call &call);
// Pooling.cpp
mlir::LogicalResult evaluateMaxPool(Call &call);
mlir::LogicalResult evaluateMaxPoolGrad(Call &call);
mlir::LogicalResult evaluateAvgPool(Call &call);
mlir::LogicalResult evaluateAvgPoolGrad(Call &call);
// Rows.cpp
mlir::LogicalResult evaluateSoftmax(Call &call);
mlir::LogicalResult evaluateSoftmaxGrad(Call &call);
mlir::LogicalResult evaluateCrossEntropy(Call &call);
mlir::LogicalResult evaluateCrossEntropyGrad(Call &call);
// Update.cpp
mlir::LogicalResult evaluateSgd(Call &call);

} // namespace slp::reference

#endif // LIB_REFERENCE_KERNEL_H
