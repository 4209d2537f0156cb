//===- TrainChannels.h - sums by channel ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Sums over all dimensions but 1, the channels, have an order of their own (docs/numerics.md
// section 5, "Sums by channel").
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINCHANNELS_H
#define DIALECTS_TRAIN_TRAINCHANNELS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"

namespace slp::train {

/// Whether `axes`, ascending, are all of `rank` dimensions but dimension 1.
inline bool areAllButChannels(llvm::ArrayRef<int64_t> axes, int64_t rank) {
  return rank >= 2 && int64_t(axes.size()) == rank - 1 && !llvm::is_contained(axes, 1);
}

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINCHANNELS_H
