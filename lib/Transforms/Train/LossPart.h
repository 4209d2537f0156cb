//===- LossPart.h - which values are of the loss, and not of the network ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 8: what is `of the loss` has the policy's format of the loss, however
// the loss is written. AssignPrecision.cpp asks.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_LOSSPART_H
#define LIB_TRANSFORMS_TRAIN_LOSSPART_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"

namespace slp {

/// The part of a function that makes the loss of what the network says: everything on the way to
/// the loss behind the last op that multiplies matrices, normalizes, pools, drops or reads a
/// parameter, the results of those ops included; and the errors inside that part.
class LossPart {
public:
  explicit LossPart(mlir::func::FuncOp fn);
  /// Whether a value of the forward pass is the loss's, or an error does not leave it.
  bool holds(mlir::Value value) const { return values.contains(value); }

private:
  void addForward(mlir::Block &block);
  void addErrors(mlir::Block &block);

  mlir::func::FuncOp fn;
  llvm::DenseSet<mlir::Value> values;
};

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_LOSSPART_H
