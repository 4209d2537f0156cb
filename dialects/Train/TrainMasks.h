//===- TrainMasks.h - what leaves terms of convolutions out -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 4, "Masks".
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINMASKS_H
#define DIALECTS_TRAIN_TRAINMASKS_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace slp::train {

/// Neighbouring channels that an entry of a mask is for; the last are fewer where they are no
/// multiple of it.
constexpr int64_t maskChannels = 8;

/// Discardable unit attribute of an op behind convolutions: it reads their sums as the accumulators
/// hold them, not as they are rounded for others.
inline llvm::StringRef getAccumulatorsAttrName() { return "train.accumulators"; }

/// Whether the operand is the gate or the groups of a convolution.
bool isMask(mlir::OpOperand &operand);

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINMASKS_H
