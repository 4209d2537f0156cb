//===- TrainStreams.h - random streams of tensors -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Set by train-name-tensors, read by the reference and by the lowering to the chip.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSTREAMS_H
#define DIALECTS_TRAIN_TRAINSTREAMS_H

#include "llvm/ADT/StringRef.h"

namespace slp::train {

/// On ops that round stochastically: an array of integers, one per result, the number t of the
/// result's random stream (docs/numerics.md section 7).
inline llvm::StringRef getStreamsAttrName() { return "train.streams"; }

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINSTREAMS_H
