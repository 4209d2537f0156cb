//===- TrainValues.h - where a value comes from -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What many files ask of the ops that everyone meets, without their classes: an edit of these ops
// then rebuilds few files.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINVALUES_H
#define DIALECTS_TRAIN_TRAINVALUES_H

#include "dialects/Train/TrainDialect.h"

namespace slp::train {

/// Whether the op is a `train.reshape`, `train.read` or `train.constant`; false for null.
bool isReshape(mlir::Operation *op);
bool isRead(mlir::Operation *op);
bool isConstant(mlir::Operation *op);

/// The value as it was before changes of shape.
mlir::Value beforeReshapes(mlir::Value value);

/// Builds a `train.reshape` of `x` to `type`, which has as many elements.
mlir::Value createReshape(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                          mlir::Value x, Phase phase);

/// Builds a `train.constant` of these values.
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::ElementsAttr values);

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINVALUES_H
