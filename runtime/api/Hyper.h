//===- Hyper.h - numbers that the host gives at run time --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Learning rate, momentum and the like are not compiled in: before every run of an entry point the
// host puts them into the registers h0 to h9 and h15, or into the states that have their names. Set
// by Session, and by slp-verify for both of its sides.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_HYPER_H
#define RUNTIME_API_HYPER_H

#include "runtime/exec/Machine.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace slp::api {

/// What a user chooses. Which of them count depends on the optimizer.
struct Hyper {
  float learningRate = 0.05f;
  float momentum = 0.9f; // beta1 of Adam
  float weightDecay = 0, dampening = 0;
  float beta2 = 0.999f, epsilon = 1e-8f;
  float clipNorm = 1;
  float skipBelow = 0;                      // of gradient skipping
  float gatingLambda = 0, gatingTarget = 0; // of the thresholds of channel gating
};

/// A number by the name of its flag ("lr"), as a user gave it.
using Number = std::pair<std::string, double>;

/// One flag: `--lr`.
struct NumberInfo {
  const char *name;
  const char *description;
  float Hyper::*member;
  const char *expected; // the range in words, for messages
  bool (*isValid)(double value);
  bool isState = false; // held by the state of this name, of one FP32 element, and no register
};

/// All numbers that some optimizer takes, in the order of their registers; then those in states.
const std::vector<NumberInfo> &knownNumbers();

/// The defaults of the image's optimizer, replaced by what is given. An image that says nothing of
/// its optimizer takes every number. Refuses by name a number that the optimizer does not use, or
/// that is out of its range.
Result<Hyper> hyperOf(const image::Image &image, const std::vector<Number> &given);

/// Sets h15: the loss below which an image's gradient is skipped, in all runs to come.
inline void setSkipBelow(exec::Machine &machine, const Hyper &hyper) {
  machine.setHyper(15, hyper.skipBelow);
}

/// The states that hold numbers of the image, with their values for all runs.
std::vector<std::pair<std::string, float>> statesOf(const image::Image &image, const Hyper &hyper);

/// The values of h0 to h9 for a run within training step `step` (from 1, not counting steps that
/// dynamic loss scaling held), where `run` counts the
/// runs of `accumulate` and `step` (from 1): learning rate, momentum, weight decay, dampening,
/// beta2, epsilon, 1 / (1 - momentum^step), 1 / (1 - beta2^step), run, clip norm. The two
/// corrections are computed in double from the FP32 betas, and rounded once. Dampening is 0 in
/// step 1 and without momentum, as the velocity is then the gradient itself.
std::array<float, exec::hostNumbers> registersOf(const Hyper &hyper, int64_t step, int64_t run);

} // namespace slp::api

#endif // RUNTIME_API_HYPER_H
