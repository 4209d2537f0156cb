//===- Normalization.h - what normalisations are put together from ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Statistics of x over some of its dimensions, which they keep with extent 1, and train.normalize.
// Every function gives null after an error. Used by Normalization.cpp and RmsNormalization.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_NORMALIZATION_H
#define LIB_IMPORT_ONNX_NORMALIZATION_H

#include "lib/Import/ONNX/Operators.h"

namespace slp::import_onnx {

/// Mean and variance of a tensor over axes, which they keep with extent 1.
struct Statistics {
  mlir::Value mean, var;
};

/// A tensor of equal elements, called `what` after the node's first output.
mlir::Value constantOf(Node &node, llvm::StringRef what, float value,
                       llvm::ArrayRef<int64_t> shape);

/// (x - mean) / sqrt(var + epsilon) * scale + bias by statistics of x over `axes`.
mlir::Value normalizeBy(Node &node, mlir::Value x, const Statistics &statistics,
                        llvm::ArrayRef<int64_t> axes, double epsilon, mlir::Value scale,
                        mlir::Value bias);

/// The same by mean and variance, which are computed and given back in `statistics`.
mlir::Value normalize(Node &node, mlir::Value x, llvm::ArrayRef<int64_t> axes, double epsilon,
                      mlir::Value scale, mlir::Value bias, Statistics &statistics);

/// 1 / sqrt(var + epsilon).
mlir::Value inverseDeviation(Node &node, mlir::Value var, double epsilon);

/// Input `i` with dimensions of 1 in front, so that it has `rank`; null if it is absent.
mlir::Value alignedParameter(Node &node, unsigned i, int64_t rank);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_NORMALIZATION_H
