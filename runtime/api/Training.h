//===- Training.h - trains and evaluates an image ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What `slp-sim` does, as functions: epochs over a data set, accuracy on the test split,
// statistics. tools/slp-sim is a command line around `simulate`.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_TRAINING_H
#define RUNTIME_API_TRAINING_H

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

/// What to simulate. Numbers are checked by `simulate`.
struct SimulationOptions {
  std::string image;
  std::string chip; // description whose rates and energies replace the image's; may be empty
  std::string data; // directory; empty: synthetic samples
  data::Order order = data::Order::shuffled;
  int64_t epochs = 1;                // at least 1; not used if `steps` is given
  std::optional<int64_t> steps;      // training steps in all, at least 1
  std::vector<Number> numbers;       // learning rate and the like, in the place of the image's
  std::string schedule = "constant"; // of the learning rate, see Schedule.h
  int64_t warmup = 0;                // steps, at least 0
  uint32_t seed = 0;                 // of shuffling and synthetic samples
  int threads = 0;                   // host threads, 0: all
  bool evaluateOnly = false;         // no training: the test split through `eval`
  bool functionalOnly = false;       // no cycles, no energy
  bool stopOnDivergence = false;     // end after the first step that shows it, without saving
  std::string load, save;            // state files; may be empty
  std::string stats;                 // statistics as JSON; may be empty
  std::string profile;               // what tensors would lose in each format; may be empty
};

/// Result of passing a split through `eval`.
struct Evaluation {
  uint32_t samples = 0, correct = 0;
  double loss = 0;        // mean over the samples of cross entropy or of the square distance
  bool hasClasses = true; // whether `correct` means anything
  std::vector<views::StepRecord> steps;
  std::optional<views::Measurement> measurement;
  std::optional<double> accuracy() const {
    if (!hasClasses)
      return std::nullopt;
    return samples ? double(correct) / samples : 0;
  }
};

/// Whether the test split can be judged: an entry point `eval`, and logits (batch, classes) with
/// labels, or logits with targets of their shape.
bool canEvaluate(const Session &session);

/// Judges all samples in file order. A last batch that is not full is padded with samples from
/// the start, which do not count. A class is predicted by the first greatest logit.
Result<Evaluation> evaluate(Session &session, const Samples &samples, bool timed, Watcher &watcher);

/// Runs a whole simulation. The record has everything the views print. Errors are one line; no file
/// is left behind half written.
Result<views::Record> simulate(const SimulationOptions &options, Watcher &watcher);

} // namespace slp::api

#endif // RUNTIME_API_TRAINING_H
