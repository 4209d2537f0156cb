//===- Evaluation.h - judges a split of the data by an image ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Passes samples through the entry point `eval` and compares what comes out as the image's contract
// says (docs/image.md). Called by the training loop (Training.h) and by slp-sim --eval.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_EVALUATION_H
#define RUNTIME_API_EVALUATION_H

#include "runtime/api/Samples.h"
#include "runtime/api/Session.h"

#include <functional>

namespace slp::api {

/// Hears what happens during a run. All calls come from the caller's thread.
class Watcher {
public:
  virtual ~Watcher() = default;
  /// One line worth telling the user.
  virtual void note(const std::string &text) { (void)text; }
  /// One line that the user should act on.
  virtual void warning(const std::string &text) { (void)text; }
  /// After each run of `step` or `eval`: `done` of `total`.
  virtual void progressed(const views::StepRecord &step, int64_t done, int64_t total) {
    (void)step, (void)done, (void)total;
  }
  /// After each epoch, evaluated if there is something to evaluate with.
  virtual void epochEnded(const views::EpochRecord &epoch, int64_t epochs) {
    (void)epoch, (void)epochs;
  }
};

/// Result of passing a split through `eval`.
struct Evaluation {
  uint32_t samples = 0;
  /// Labels that the logits were compared with, and those that were right: one a sample, or one a
  /// position of it. A label that does not count is not compared.
  uint64_t labels = 0, correct = 0;
  /// The graph's own loss as `eval` gives it, mean over whole batches; otherwise the mean cross
  /// entropy against labels or square distance from targets. Absent if there is nothing to judge
  /// by.
  std::optional<double> loss;
  bool hasClasses = true; // whether `correct` means anything
  std::vector<views::StepRecord> steps;
  std::optional<views::Measurement> measurement;
  std::optional<double> accuracy() const {
    if (!hasClasses)
      return std::nullopt;
    return labels ? double(correct) / double(labels) : 0;
  }
};

/// Whether a split can be judged: an entry point `eval` with a loss, or with logits and what they
/// should be. Without that `eval` may run all the same, for its cycles.
bool canEvaluate(const Session &session);

/// One line that tells what of `samples` test samples is judged other than all of them by accuracy
/// or distance; empty if there is nothing to tell.
std::string describeEvaluation(const Session &session, uint32_t samples);

/// Runs all samples in file order, and judges them. A last batch that is not full is padded with
/// samples from the start, which do not count; the graph's own loss is of whole batches, so that it
/// leaves such a batch out unless it is the only one. A class is predicted by the first greatest
/// logit.
Result<Evaluation> evaluate(Session &session, const Samples &samples, bool timed, Watcher &watcher);

} // namespace slp::api

#endif // RUNTIME_API_EVALUATION_H
