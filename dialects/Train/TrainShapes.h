//===- TrainShapes.h - what inferShapes and verifiers of all families share -------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For the Train<Family>Ops.cpp only.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSHAPES_H
#define DIALECTS_TRAIN_TRAINSHAPES_H

#include "dialects/Train/TrainDialect.h"

#include "mlir/IR/TypeUtilities.h"

namespace slp::train {

/// One shape per result, in order.
using Shapes = llvm::SmallVectorImpl<llvm::SmallVector<int64_t>>;

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value v) {
  return mlir::cast<mlir::RankedTensorType>(v.getType()).getShape();
}

/// Appends the shape of `like`.
inline void push(Shapes &shapes, mlir::Value like) { shapes.emplace_back(shapeOf(like)); }

/// Whether `values` are `n` numbers of at least `least`; at most 2^31, so that no size overflows.
bool areAll(llvm::ArrayRef<int64_t> values, size_t n, int64_t least);

/// Fails with an error on `op` unless `v`, called `what`, has this rank.
mlir::LogicalResult expectRank(mlir::Operation *op, mlir::Value v, unsigned rank,
                               llvm::StringRef what);

/// Fails with an error on `op` unless `a` and `b` have one shape.
mlir::LogicalResult expectSameShape(mlir::Operation *op, mlir::Value a, mlir::Value b);

/// Whether `extents`, of `shape`'s rank, are 1 or those of `shape`.
bool serves(llvm::ArrayRef<int64_t> extents, llvm::ArrayRef<int64_t> shape);

/// inferShapes of ops computed element by element: the shape to which the operands broadcast.
mlir::LogicalResult inferElementwise(mlir::Operation *op, Shapes &shapes);

/// `shape` with extent 1 in `axes`. Fails with an error on `op` unless those are dimensions of it,
/// at least one, in ascending order.
mlir::LogicalResult reduceShape(mlir::Operation *op, llvm::ArrayRef<int64_t> shape,
                                llvm::ArrayRef<int64_t> axes, llvm::SmallVector<int64_t> &reduced);

/// Fails with an error on `op` unless `scale` is a power of two: docs/numerics.md section 8,
/// multiplying by it and dividing it out are exact.
mlir::LogicalResult verifyLossScale(mlir::Operation *op, const llvm::APFloat &scale);

/// Whether the element type is a !num.float.
bool isNarrow(mlir::Type type);

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINSHAPES_H
