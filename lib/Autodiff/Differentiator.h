//===- Differentiator.h - reverse mode over one block -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by train-differentiate: once for the loss of a forward graph, and once for each
// train.derivative that a graph asks for.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_AUTODIFF_DIFFERENTIATOR_H
#define LIB_AUTODIFF_DIFFERENTIATOR_H

#include "lib/Autodiff/Parts.h"

#include "dialects/Train/TrainDialect.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace slp::autodiff {

class Differentiator {
public:
  /// Gradients with respect to `sources`, values of one block: they count as independent variables
  /// even where one is computed from another, and `held` values as constants. New ops are inserted
  /// where `builder` stands, behind all ops that are differentiated.
  Differentiator(mlir::OpBuilder &builder, llvm::ArrayRef<mlir::Value> sources,
                 llvm::ArrayRef<mlir::Value> held);

  /// Builds the BP and WG ops that lead from `root`, the result of an op, to the sources. `seed` is
  /// the gradient of `root`; null for a loss, which starts with one by itself. Fails after an error
  /// on the op that has no gradient.
  mlir::LogicalResult run(mlir::Value root, mlir::Value seed);

  /// The gradient of a source; null if the root does not depend on it. `sources` may be several
  /// that are one variable: their gradients are added in the order of the uses.
  mlir::Value gradientOf(llvm::ArrayRef<mlir::Value> sources, mlir::Location loc);

private:
  mlir::Value sum(llvm::SmallVector<Contribution> &parts, mlir::Location loc, train::Phase phase,
                  bool keepsF32 = false);
  mlir::LogicalResult visit(mlir::Operation &op, unsigned position, bool isLoss);

  mlir::OpBuilder &builder;
  llvm::DenseSet<mlir::Value> sources, held;
  llvm::DenseSet<mlir::Value> needed; // a source is below
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Contribution>> contributions;
};

} // namespace slp::autodiff

#endif // LIB_AUTODIFF_DIFFERENTIATOR_H
