//===- Schedule.h - the learning rate over the steps ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `slp-sim --schedule --warmup`. The rate is a number of the host, so that nothing is compiled
// again. Computed in double without the host's libm: the same bits everywhere.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_SCHEDULE_H
#define RUNTIME_API_SCHEDULE_H

#include "runtime/api/Result.h"

#include <cstdint>
#include <string>

namespace slp::api {

/// What multiplies or replaces the learning rate lr in step t, counted from 0 behind the warm-up.
class Schedule {
public:
  /// lr in every step.
  Schedule() = default;
  /// constant              lr
  /// step:EVERY:FACTOR     lr * FACTOR^floor(t / EVERY)
  /// exponential:FACTOR    lr * FACTOR^t
  /// linear:STEPS[:FACTOR] from lr in step 0 to lr * FACTOR (0) in step STEPS, which stays
  /// cosine:STEPS[:MIN]    MIN + (lr - MIN) * (1 + cos(pi * t / STEPS)) / 2, then MIN (0), absolute
  /// During the first `warmup` steps the rate is lr * (t + 1) / warmup.
  static Result<Schedule> parse(const std::string &text, int64_t warmup);

  /// The rate of the step before which `stepsDone` steps were done, rounded to FP32 once.
  float rateAt(float learningRate, int64_t stepsDone) const;

private:
  enum class Kind { constant, step, exponential, linear, cosine };
  Kind kind = Kind::constant;
  int64_t steps = 1;
  double number = 0; // factor or minimum
  int64_t warmup = 0;
};

} // namespace slp::api

#endif // RUNTIME_API_SCHEDULE_H
