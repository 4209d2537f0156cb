//===- Window.h - sliding windows as ONNX describes them --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernel, strides, pads and dilations of convolutions and pools, with defaults filled in and
// auto_pad resolved. Failure means that an error was reported.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_WINDOW_H
#define LIB_IMPORT_ONNX_WINDOW_H

#include "lib/Import/ONNX/Operators.h"

namespace slp::import_onnx {

/// One number per spatial dimension each.
struct SpatialWindow {
  llvm::SmallVector<int64_t> kernel, strides, dilations, before, after;
  /// The distance from the first to the last element of the window in dimension `d`, plus 1.
  int64_t span(size_t d) const { return (kernel[d] - 1) * dilations[d] + 1; }
  /// pads as train ops have them; a dimension is put before a single one.
  llvm::SmallVector<int64_t> pads() const;
};

/// `n` of the dimensions, from `first` on.
SpatialWindow partOf(const SpatialWindow &window, size_t first, size_t n);

enum class AutoPad { none, valid, sameUpper, sameLower };
AutoPad autoPadOf(const Node &node);
/// The rule for the attribute auto_pad.
AttributeRule autoPadRule();

/// Kernel, strides and dilations for `dimensions` spatial dimensions; pads as the attribute says.
mlir::FailureOr<SpatialWindow> readWindow(const Node &node, llvm::ArrayRef<int64_t> kernel);
/// Splits `total` padding: the odd element comes last, or first for SAME_LOWER.
void splitPadding(SpatialWindow &window, size_t d, int64_t total, bool extraFirst);
/// Sets the pads that auto_pad asks for; outputs of SAME are ceil(input / stride).
void applyAutoPad(const Node &node, llvm::ArrayRef<int64_t> input, SpatialWindow &window);

/// `values` of one or two spatial dimensions as two: a 1-D tensor has one row.
llvm::SmallVector<int64_t> asPlane(llvm::ArrayRef<int64_t> values, int64_t first = 1);
/// (N, C, L) as (N, C, 1, L); other shapes as they are.
llvm::SmallVector<int64_t> withRows(llvm::ArrayRef<int64_t> shape);

/// The attributes kernel (unless null), strides, pads and dilations of a train op.
llvm::SmallVector<mlir::NamedAttribute>
planeAttributes(mlir::OpBuilder &builder, const SpatialWindow &window, bool withKernel);

/// Whether `value` is the index of a max_pool: positions in windows, which mean nothing to others.
bool isWindowIndex(mlir::Value value);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_WINDOW_H
