//===- RmsPattern.h - a normalisation by the mean of squares that was taken apart -------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by FusePatterns.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_RMSPATTERN_H
#define LIB_TRANSFORMS_TRAIN_RMSPATTERN_H

#include "dialects/Train/ReduceMeanOp.h"

#include <optional>

namespace slp {

/// x / sqrt(mean of squares + epsilon) * scale.
struct RmsNormalization {
  mlir::Value x;
  train::ReduceMeanOp squares;
  mlir::Value scale; ///< null for 1
  llvm::APFloat epsilon = llvm::APFloat(0.0f);
};

/// Whether `square` is x * x, as a product or a power.
bool isSquareOf(mlir::Value square, mlir::Value x);

/// Matches from the last multiplication or division on, which may be that by the scale.
std::optional<RmsNormalization> matchRmsNormalization(mlir::Operation &op);

/// Builds variance about 0 and normalize in front of `op`, which it does not touch. Null after an
/// error.
mlir::Value buildRmsNormalization(mlir::Operation &op, const RmsNormalization &found);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_RMSPATTERN_H
