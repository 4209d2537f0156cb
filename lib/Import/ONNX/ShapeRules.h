//===- ShapeRules.h - what nodes that move data ask for ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Target shapes, axes and ranges of Reshape, Slice, Squeeze, ... in every version of the operator
// set, whether an attribute or a constant input gives them. Shared by the operators, which build
// train ops, and by the folds, which compute. Failure means that an error was reported.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_SHAPERULES_H
#define LIB_IMPORT_ONNX_SHAPERULES_H

#include "lib/Import/ONNX/Node.h"

namespace slp::import_onnx {

using Sizes = llvm::SmallVector<int64_t>;

/// The common shape of `shapes`, as NumPy broadcasts.
mlir::FailureOr<Sizes> broadcastShape(const Node &node, llvm::ArrayRef<Sizes> shapes);
/// The shapes of inputs [0, n) of an elementwise node as NumPy would have them to broadcast.
/// Operator sets before 7 align the second operand at `axis` if `broadcast` is 1: its shape then
/// has 1s appended.
mlir::FailureOr<llvm::SmallVector<Sizes>> operandShapes(const Node &node, unsigned n);

mlir::FailureOr<Sizes> reshapedShape(const Node &node);   // Reshape
mlir::FailureOr<Sizes> flattenedShape(const Node &node);  // Flatten
mlir::FailureOr<Sizes> squeezedShape(const Node &node);   // Squeeze
mlir::FailureOr<Sizes> unsqueezedShape(const Node &node); // Unsqueeze
mlir::FailureOr<Sizes> expandedShape(const Node &node);   // Expand
mlir::FailureOr<Sizes> permutationOf(const Node &node);   // Transpose: source of each dimension

/// `count` elements from `start` on, `step` apart (never 0, perhaps negative).
struct SliceRange {
  int64_t start, step, count;
};
/// One range per dimension of input 0 of a Slice.
mlir::FailureOr<llvm::SmallVector<SliceRange>> sliceRanges(const Node &node);

/// The axis of a Split, and the sizes of its outputs along it.
struct SplitSizes {
  int64_t axis;
  Sizes sizes;
};
mlir::FailureOr<SplitSizes> splitSizes(const Node &node);

/// The axes that a Reduce* node sums over, sorted, and whether they stay as 1s. Without axes: all,
/// or none if `noop_with_empty_axes` is 1.
struct ReducedAxes {
  Sizes axes;
  bool keeps;
};
mlir::FailureOr<ReducedAxes> reducedAxes(const Node &node);
/// The shape of `x` reduced so.
Sizes reducedShape(llvm::ArrayRef<int64_t> x, const ReducedAxes &reduced);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_SHAPERULES_H
