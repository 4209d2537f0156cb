//===- ImageLosses.h - what the loss of an image is -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 11. Called by train-skip-gradients.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_IMAGELOSSES_H
#define LIB_TRANSFORMS_TRAIN_IMAGELOSSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace slp {

/// Images in a batch of `fn`: the first dimension of its first argument; 0 if it has none.
int64_t imagesOf(mlir::func::FuncOp fn);

/// The losses (N, f32) of the images of `fn`, whose first result is the loss: those that its mean
/// or sum goes through. Ops that it takes are created behind what they read, in phase FP. Has
/// reported an error, one line, if the loss is no mean or sum over images.
mlir::FailureOr<mlir::Value> findImageLosses(mlir::func::FuncOp fn);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_IMAGELOSSES_H
