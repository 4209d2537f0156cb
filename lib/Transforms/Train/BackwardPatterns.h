//===- BackwardPatterns.h - gradients written in ordinary ops ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The patterns of train-recognize-backward. Called by RecognizeBackward.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_BACKWARDPATTERNS_H
#define LIB_TRANSFORMS_TRAIN_BACKWARDPATTERNS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace slp {

/// Replaces what is provably a gradient or an update by the op of its own. Ops that lose their
/// users stay.
void recognizeBackward(mlir::ModuleOp module, mlir::func::FuncOp step);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_BACKWARDPATTERNS_H
