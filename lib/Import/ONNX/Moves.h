//===- Moves.h - data movement from which operators are put together --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each function builds train ops for a node and gives the result: `x` itself if nothing moves, null
// after an error or for a null operand, so that calls can be nested. Used by Move.cpp, Resize.cpp,
// Scatter.cpp and others.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_MOVES_H
#define LIB_IMPORT_ONNX_MOVES_H

#include "lib/Import/ONNX/ShapeRules.h"

namespace slp::import_onnx {

/// Dimension d of the result is dimension perm[d] of x.
mlir::Value transpose(Node &node, mlir::Value x, llvm::ArrayRef<int64_t> perm);
/// `x` with dimension `from` at place `to`.
mlir::Value moveAxis(Node &node, mlir::Value x, int64_t from, int64_t to);
/// x as rows (n, x[axis]) along dimension `axis`, which is moved behind the others unless those
/// behind it have one element.
mlir::Value rowsAlong(Node &node, mlir::Value x, int64_t axis);
/// What `rowsAlong` makes of a tensor of `shape`, as such a tensor again.
mlir::Value fromRowsAlong(Node &node, mlir::Value rows, llvm::ArrayRef<int64_t> shape,
                          int64_t axis);
/// One range per dimension. An empty one is an error.
mlir::Value slice(Node &node, mlir::Value x, llvm::ArrayRef<SliceRange> ranges);
/// The range of one dimension.
mlir::Value sliceAlong(Node &node, mlir::Value x, int64_t axis, SliceRange range);
mlir::Value concat(Node &node, mlir::ValueRange parts, int64_t axis);
/// `value` around x; negative pads leave elements out.
mlir::Value pad(Node &node, mlir::Value x, llvm::ArrayRef<int64_t> low,
                llvm::ArrayRef<int64_t> high, double value);
/// x repeated to `shape`, to which it broadcasts as NumPy says.
mlir::Value expand(Node &node, mlir::Value x, llvm::ArrayRef<int64_t> shape);
/// x repeated `times` along a dimension: as a whole, or (`each`) element by element.
mlir::Value repeat(Node &node, mlir::Value x, int64_t axis, int64_t times, bool each);
/// A tensor of known values of this shape.
mlir::Value constantOf(Node &node, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values);
/// The same of indices: at most 1024 of them.
mlir::Value indicesOf(Node &node, llvm::ArrayRef<int64_t> indices);
/// 0, step, 2 * step, ... along dimension `axis` of `rank`, all others of extent 1.
mlir::Value iota(Node &node, size_t rank, size_t axis, int64_t count, double step = 1,
                 double first = 0);
/// Elements `indices`, which lie in the dimension, of x along it.
mlir::Value pickAlong(Node &node, mlir::Value x, int64_t axis, llvm::ArrayRef<int64_t> indices);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_MOVES_H
