//===- Divergence.h - says when a training leaves its numbers ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Nothing traps in the machine: a training that diverges goes on with the largest numbers of its
// formats, and one whose gradients vanish with none. The exact counters of the captures tell.
// docs/slp-sim.md has the criteria in words.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_DIVERGENCE_H
#define RUNTIME_API_DIVERGENCE_H

#include "runtime/api/Session.h"

#include <string>

namespace slp::api {

/// Watches the training steps, or the evaluation, of a session, which outlives it.
class DivergenceWatch {
public:
  explicit DivergenceWatch(const Session &session);

  /// Before the first run of a step.
  void beginStep();
  /// After the last run of a step, whose loss is given: the first sign of divergence, once.
  Result<std::optional<views::Divergence>> endStep(double loss);
  /// After the first step: what did not fit into the formats of its tensors, in one line; empty if
  /// all did. Masks are left out, and gradients that dynamic loss scaling looks after.
  std::string describeBeyond() const;
  /// The same after `runs` of `eval` since `beginStep`.
  std::string describeBeyondOfEval(uint64_t runs);
  /// What indices that name no place of their tables have done since the last call, in one line;
  /// empty for nothing, and after the first time.
  std::string describeOutside();

private:
  /// A captured tensor.
  struct Watched {
    std::string name;
    int8_t phase = -1;
    uint64_t roundings = 0;    // in a run: its elements; 0: not known
    uint64_t runs = 1;         // in a step
    bool isWeightGrad = false; // made by a MAC instruction of WG, and a tensor of the image
    bool beganBeyond = false;  // some of it saturated in the first step already
    image::Masking masking = image::Masking::none;
    bool isAccumulator = false; // rounded more than once
    bool isGather = false;      // of rows by index, else, if any, sums of such rows
    std::string node;           // that it is computed for
    num::Events before, during; // counted before the step, and in it
    uint64_t beyond() const { return during.saturation + during.invalid; }
  };
  void countEvents();
  /// How many elements of a tensor say something of the scale of numbers.
  uint64_t misfitsOf(const Watched &watched) const;
  std::string describeBeyond(uint64_t runs, bool leavesGradients) const;
  void watchRecords(bool onlyMacs);
  std::optional<views::Divergence> checkLoss(double loss) const;
  std::optional<views::Divergence> checkTensors(double loss) const;
  Result<std::optional<views::Divergence>> checkGradients(double loss);
  /// Whether all states have the values that they had when this was asked last.
  Result<bool> areStatesAsBefore();

  const Session &session;
  std::vector<Watched> captures;  // in the order of the program
  bool areGradientsStored = true; // of all weights, so that they can be looked at
  uint64_t stateHash = 0;         // of all states, when they were asked for last
  bool isFirst = true, isFound = false, isOutsideSaid = false, isScaled = false;
  double firstLoss = 0;
  int64_t vanishedSteps = 0;  // in a row, up to now
  views::Divergence vanished; // what the first of them says
};

} // namespace slp::api

#endif // RUNTIME_API_DIVERGENCE_H
