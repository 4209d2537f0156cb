//===- Session.h - one image on one chip ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Joins what the simulator consists of: the machine computes values, timing and energy listen. Used
// by the training loop (Training.h), and directly by slp-verify, which steps by itself.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_SESSION_H
#define RUNTIME_API_SESSION_H

#include "runtime/api/Hyper.h"
#include "runtime/data/Dataset.h"
#include "runtime/energy/Activity.h"
#include "runtime/exec/Machine.h"
#include "runtime/timing/Model.h"
#include "runtime/views/Record.h"

#include <memory>
#include <optional>

namespace slp::api {

struct SessionOptions {
  int threads = 0;                                      // host threads, 0: all
  exec::Capturer *capturer = nullptr;                   // sees the values of every run
  uint64_t maxInstructions = exec::defaultInstructions; // of one run, which fails beyond them
  exec::Observer *recorder = nullptr;                   // sees the events of timed runs
  bool checkOrder = false;                              // see exec::Options
};

/// What one run of an entry point did.
struct RunResult {
  std::optional<views::Measurement> measurement; // if time was asked for
};

/// What data may be given to an input of the image, by its format, its name and the contract: the
/// same for all who read data.
data::InputSpec inputSpecOf(const image::Image &image, const image::Tensor &tensor);

class Session {
public:
  /// Reads the image, whose chip is the one it carries unless `chipFile` names a description with
  /// other rates and energies; features, numerics and structure must be the same.
  static Result<std::unique_ptr<Session>>
  open(const std::string &imagePath, const std::string &chipFile, const SessionOptions &options);
  static Result<std::unique_ptr<Session>> create(image::Image image, chip::Chip chip,
                                                 const SessionOptions &options);

  /// Puts initial values into the state: runs `init`, if the image has one.
  Status initialize();
  /// Sees the values of every run from now on; null: nobody does.
  void setCapturer(exec::Capturer *capturer) { options.capturer = capturer; }
  /// Sees the events of timed runs from now on; null: nobody does.
  void setRecorder(exec::Observer *recorder) { options.recorder = recorder; }
  /// For all runs from now on; the defaults are the image's.
  void setHyper(const Hyper &numbers) { hyper = numbers; }
  /// Training steps that the state has been through: runs of `step`, here and before it was saved.
  int64_t stepsDone() const { return steps; }
  void setStepsDone(int64_t count) { steps = count, accumulated = 0; }

  /// Inputs of the graph in the order of their addresses, without the batch.
  const std::vector<data::InputSpec> &inputs() const { return specs; }
  /// Index among the inputs of the classes that the logits are judged by, or -1.
  int labels() const { return labelInput; }
  /// Index among the inputs of the numbers that the logits should be, or -1.
  int targets() const { return targetInput; }
  int64_t batch() const { return program.batch; }
  /// Runs that make up one training step: `accumulate` for all but the last, which is `step`.
  int64_t microBatches() const { return program.microBatches; }
  bool has(std::string_view entry) const { return program.findEntry(entry) != nullptr; }
  /// The scalar output that loss() reads; null if there is none.
  const image::Tensor *lossOutput() const { return program.findTensor(program.contract.loss); }

  /// Writes one batch of an input, row-major.
  Status write(size_t input, const std::vector<float> &values);
  /// Runs an entry point; `timed` also simulates time and counts work.
  Result<RunResult> run(std::string_view entry, bool timed);
  /// The state of dynamic loss scaling: scale, good steps, held steps, whether the last step was
  /// held. Empty if the image has none.
  Result<std::vector<float>> lossScale() const;
  /// The loss of the last run of `step` or `accumulate`.
  Result<float> loss() const;
  /// The loss of the last run of `eval`, where the image has one (`hasEvalLoss`).
  Result<float> evalLoss() const;
  bool hasEvalLoss() const { return !program.contract.evalLoss.empty(); }

  exec::Machine &machine() { return *processor; }
  const exec::Machine &machine() const { return *processor; }
  const image::Image &image() const { return program; }
  const chip::Chip &chip() const { return description; }
  const timing::Groups &groups() const { return groupNumbers; }
  /// What the other description that `open` was given replaced, one line; empty without one.
  const std::string &replaced() const { return replacedText; }

private:
  Session(image::Image image, chip::Chip chip, const SessionOptions &options);
  void findInputs();
  Result<float> readLoss(const std::string &name, const char *entry) const;

  const image::Image program;
  const chip::Chip description;
  SessionOptions options;
  const timing::Groups groupNumbers;
  std::string replacedText;
  std::unique_ptr<exec::Machine> processor;
  timing::Model model;
  energy::ActivityCounter counter;
  std::vector<data::InputSpec> specs;
  std::vector<const image::Tensor *> inputTensors;
  int labelInput = -1, targetInput = -1;
  Hyper hyper;
  int64_t steps = 0, accumulated = 0; // training steps, and runs of `accumulate` since
};

} // namespace slp::api

#endif // RUNTIME_API_SESSION_H
