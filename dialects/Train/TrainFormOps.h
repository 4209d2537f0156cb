//===- TrainFormOps.h - what a file says of its own training ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINFORMOPS_H
#define DIALECTS_TRAIN_TRAINFORMOPS_H

#include "dialects/Train/TrainDialect.h"

#define GET_OP_CLASSES
#include "dialects/Train/TrainFormOps.h.inc"

namespace slp::train {

/// Attribute of a module of stage `import`: gradients and updates are in the graph, and
/// `differentiate` adds those of `train.gradient` and `train.derivative` alone.
inline llvm::StringRef getOwnUpdatesAttrName() { return "train.own_updates"; }

/// Attribute of a module: numbers of the optimizer that the file gives, as a dictionary of f32 by
/// the names of slp-sim's options.
inline llvm::StringRef getHyperAttrName() { return "train.hyper"; }

/// Attribute of a module: the optimizer that the file gives, as --optimizer names it.
inline llvm::StringRef getFileOptimizerAttrName() { return "train.file_optimizer"; }

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINFORMOPS_H
