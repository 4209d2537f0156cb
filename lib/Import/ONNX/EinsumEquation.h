//===- EinsumEquation.h - what an Einsum sums over --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// "bid,bjd->bij" with the shapes of its operands: Einsum.cpp builds train ops of it, and computes
// it where the operands are known.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_EINSUMEQUATION_H
#define LIB_IMPORT_ONNX_EINSUMEQUATION_H

#include "lib/Import/ONNX/ShapeRules.h"

namespace slp::import_onnx {

/// The name of an index: the letter, or, for dimension i from the end of an ellipsis, -1 - i.
using IndexLabel = int64_t;
using IndexLabels = llvm::SmallVector<IndexLabel>;

struct EinsumEquation {
  llvm::SmallVector<IndexLabels> operands; // one label a dimension
  IndexLabels result;
  std::map<IndexLabel, int64_t> sizes; // 1 in an operand serves all values of its index

  int64_t sizeOf(IndexLabel label) const { return sizes.at(label); }
  Sizes shapeOf(llvm::ArrayRef<IndexLabel> labels) const;
};

/// The equation of an Einsum whose inputs have shapes; fails after an error.
mlir::FailureOr<EinsumEquation> parseEinsum(const Node &node);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_EINSUMEQUATION_H
