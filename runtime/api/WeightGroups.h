//===- WeightGroups.h - leads the opening and closing of weight groups ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 13: which groups of weights are closed follows from their means, by a
// threshold that the host computes over all layers between two runs of the entry point `refresh`.
// Called by the training loop, Training.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_WEIGHTGROUPS_H
#define RUNTIME_API_WEIGHTGROUPS_H

#include "runtime/api/Session.h"

#include <functional>
#include <memory>

namespace slp::api {

/// What a user chooses; absent: what the chip's description says.
struct WeightGroupOptions {
  std::optional<double> lasso, share; // at least 0; 0 to 1
  std::string period;                 // "100steps", "2epochs"; empty: absent
  bool isGiven() const { return lasso || share || !period.empty(); }
};

/// The threshold of a share of groups with these means, at least one: as many as ⌊share · n⌋ of
/// them, or fewer, are below it.
float thresholdOf(std::vector<float> means, double share);

class WeightGroups {
public:
  /// Whether programs have weight groups.
  static bool areIn(const image::Image &image);
  /// Of a session whose program has them. Fails, in one line, for a number out of range, and for a
  /// program that lacks a state.
  static Result<std::unique_ptr<WeightGroups>> create(Session &session,
                                                      const WeightGroupOptions &options);

  /// Runs `refresh` as the training loop runs entry points.
  using Refresh = std::function<Status()>;
  /// Before the first training step, with the states as loaded; an epoch has `stepsOfEpoch` steps.
  Status begin(int64_t stepsOfEpoch);
  /// Before each training step: opens all groups where a period begins.
  Status beginStep(const Refresh &refresh);
  /// Behind each training step: closes groups where a period has begun.
  Status endStep(const Refresh &refresh);
  /// Numbers of this run, and how many groups are closed now.
  Result<views::WeightGroupsRecord> describe() const;

private:
  explicit WeightGroups(Session &session) : session(session) {}
  Status choose(const WeightGroupOptions &options);
  Status findStates();
  Result<std::vector<float>> readAll(const std::vector<std::string> &tensors) const;
  Status writeNumbers();
  Status refreshBy(float threshold, const Refresh &refresh);
  /// The threshold of the share, of the means that the last `refresh` left.
  Result<float> threshold() const;

  Session &session;
  views::WeightGroupsRecord numbers; // what was chosen
  double period = 1;
  bool isPeriodOfEpochs = true;
  int64_t periodSteps = 1;
  std::vector<std::string> masks, means; // states, by layer
  float closing = 0;                     // the threshold
  int64_t steps = 0;                     // since the period began
};

} // namespace slp::api

#endif // RUNTIME_API_WEIGHTGROUPS_H
