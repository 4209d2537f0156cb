//===- Integers.h - integers that a step computes ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An integer of the step is i32: masks, labels, positions. What is computed of integers is computed
// in f32, which has all of them up to 2^24, and is f32 in every policy (train.f32): results become
// i32 again. Used by the files whose operators take integers.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_INTEGERS_H
#define LIB_IMPORT_ONNX_INTEGERS_H

#include "lib/Import/ONNX/Node.h"

namespace slp::import_onnx {

/// `x` as numbers: itself if it is f32. Null for null.
mlir::Value toFloat(Node &node, mlir::Value x);
/// `x` without fractions as i32: itself if it is i32. Null for null.
mlir::Value toInteger(Node &node, mlir::Value x);

/// Lets what `x` is computed by, an op of the vector unit that this node has built, keep it in f32
/// in every policy. Null for null.
mlir::Value keepF32(mlir::Value x);

/// FP32 has the number of each of `places`; fails with a message if it has not.
mlir::LogicalResult checkPlaces(Node &node, int64_t places);
/// Notes at the arguments that `indices` consist of, unchanged, what they may be: element e names
/// one of sizes[e mod number of sizes] places, counted from either end. An argument that is an
/// index in several places may be what fits all of them.
void noteIndices(mlir::Value indices, llvm::ArrayRef<int64_t> sizes);

/// Runs `import`, which reads its inputs by `operand` and so computes in f32. If input `at` is an
/// integer, so are the results.
mlir::LogicalResult importAsFloats(Node &node, unsigned at, mlir::LogicalResult (*import)(Node &));

/// An importing function of the table that does so.
template <mlir::LogicalResult (*import)(Node &), unsigned at = 0>
mlir::LogicalResult ofIntegersToo(Node &node) {
  return importAsFloats(node, at, import);
}

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_INTEGERS_H
