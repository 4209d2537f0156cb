//===- Position.h - where training stands in its data -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The order of the samples belongs to the epoch (data::epochOrder). A state file keeps the position
// beside the values, so that training in several runs sees the samples of training in one.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_POSITION_H
#define RUNTIME_API_POSITION_H

#include "runtime/data/Dataset.h"

#include <string>

namespace slp::api {

struct Position {
  int64_t epochs = 0; ///< finished
  int64_t steps = 0;  ///< done of the epoch that has begun; 0 between epochs
  // What the order follows from.
  int64_t samples = 0; ///< of the training split
  int64_t batch = 0;   ///< samples a step
  uint32_t seed = 0;
  data::Order order = data::Order::shuffled;

  /// One more step of an epoch of `perEpoch` steps; the last one finishes the epoch.
  void advance(int64_t perEpoch) {
    if (++steps == perEpoch)
      ++epochs, steps = 0;
  }
};

/// What a run of these samples, batch, seed and order goes on with after `saved`: the next sample
/// of the epoch that has begun if they are the same, the beginning of the next epoch otherwise.
/// `note` becomes one line if the samples' order is not that of training in one run, else empty.
Position resume(const Position &saved, const Position &now, std::string &note);

} // namespace slp::api

#endif // RUNTIME_API_POSITION_H
