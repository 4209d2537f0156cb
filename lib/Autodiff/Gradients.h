//===- Gradients.h - the gradients of train ops -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One file of this directory per family of ops; each attaches its models of
// DifferentiableInterface. To differentiate a new op, write its model beside its relatives and
// attach it there.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_AUTODIFF_GRADIENTS_H
#define LIB_AUTODIFF_GRADIENTS_H

#include "dialects/Train/TrainBuilders.h"

namespace slp::autodiff {

/// Base of a model: `Model` has a static function `gradient` with the op and the arguments of
/// buildGradient.
template <typename Model, typename Op>
struct GradientOf : train::DifferentiableInterface::ExternalModel<Model, Op> {
  mlir::LogicalResult buildGradient(mlir::Operation *op, mlir::OpBuilder &builder,
                                    mlir::ValueRange resultGrads, llvm::ArrayRef<bool> needed,
                                    llvm::SmallVectorImpl<mlir::Value> &operandGrads) const {
    return Model::gradient(mlir::cast<Op>(op), builder, resultGrads, needed, operandGrads);
  }
};

/// Whether `v` is a state, perhaps moved to other places: then its gradient is a weight gradient.
bool isWeight(mlir::Value v);

/// `grad` summed over the dimensions in which `shape`, of the same rank, has extent 1 and `grad`
/// has not; `grad` itself if there is none. Null after an error.
mlir::Value sumToShape(mlir::OpBuilder &b, mlir::Location loc, mlir::Value grad,
                       llvm::ArrayRef<int64_t> shape, train::Phase phase);

void attachBroadcastGradients(mlir::MLIRContext &context);
void attachConvGradients(mlir::MLIRContext &context);
void attachElementwiseGradients(mlir::MLIRContext &context);
void attachFunctionGradients(mlir::MLIRContext &context);
void attachLossGradients(mlir::MLIRContext &context);
void attachMatMulGradients(mlir::MLIRContext &context);
void attachNormGradients(mlir::MLIRContext &context);
void attachMoveGradients(mlir::MLIRContext &context);
void attachPoolGradients(mlir::MLIRContext &context);
void attachReduceGradients(mlir::MLIRContext &context);

} // namespace slp::autodiff

#endif // LIB_AUTODIFF_GRADIENTS_H
