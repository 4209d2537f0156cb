//===- TrainKept.h - which ops run over the images that are kept ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Discardable attributes of ops, docs/numerics.md section 11. train-choose-kept sets them;
// convert-train-to-chip and slp-verify read them.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINKEPT_H
#define DIALECTS_TRAIN_TRAINKEPT_H

#include "llvm/ADT/StringRef.h"

namespace slp::train {

/// Unit: the op runs over the images of `train.keep` alone.
inline llvm::StringRef getOverKeptAttrName() { return "train.over_kept"; }
/// Unit, beside it: the results have these images alone. Without it they are sums over images, and
/// whole.
inline llvm::StringRef getKeptOnlyAttrName() { return "train.kept_only"; }

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINKEPT_H
