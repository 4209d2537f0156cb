//===- Record.h - what a simulation found out -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Plain numbers that runtime/api gathers and the views print: the JSON file (Stats.h) and the table
// for people (Table.h). Nothing here is computed from a view.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_VIEWS_RECORD_H
#define RUNTIME_VIEWS_RECORD_H

#include "runtime/chips/Chip.h"
#include "runtime/energy/Energy.h"
#include "runtime/timing/Groups.h"
#include "runtime/timing/Report.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace slp::views {

/// Where the cycles, work and energy of some groups went.
struct Totals {
  timing::GroupCycles cycles;
  energy::Activity activity;

  int64_t wallCycles() const { return cycles.wallTotal(); }
  uint64_t dramBytes() const;
  /// MACs over what the arrays of all cores could have done in the wall cycles, each at the rate of
  /// its format; 0 if there are no cycles.
  double utilisation(const chip::Chip &chip) const;
  energy::Breakdown energy(const chip::Chip &chip) const;
};

/// Cycles and counts of one or more runs of an entry point, by group.
struct Measurement {
  timing::Report report;
  std::vector<energy::Activity> activity;

  Measurement &operator+=(const Measurement &other);
  /// Sum over the groups that `keep` accepts.
  Totals totals(const timing::Groups &groups,
                const std::function<bool(const timing::Group &)> &keep) const;
  Totals totals(const timing::Groups &groups) const;
};

/// One run of `step`, or of `eval`.
struct StepRecord {
  int64_t epoch = 0; // from 1, those before --load included
  int64_t step = 0;  // from 1 over all epochs, those before --load included
  std::optional<double> loss, learningRate;
  std::optional<Totals> totals; // absent if time was not simulated
  /// Images of it whose gradient was skipped; absent where the image skips none.
  std::optional<int64_t> skipped;
};

struct EpochRecord {
  int64_t epoch = 0;              // from 1
  double loss = 0;                // mean over its steps
  std::optional<double> accuracy; // share of the test split, 0 to 1
  std::optional<double> testLoss; // mean over the test split
  /// Images of its steps whose gradient was skipped; absent where the image skips none.
  std::optional<int64_t> skipped;
};

/// Values and numeric events of one named tensor.
struct TensorRecord {
  std::string name;
  std::string role; // input, output, state, temp, constant, or empty if only events are known
  std::vector<int64_t> shape;
  uint64_t elements = 0,
           zeros = 0;           // at the end of the run; elements is 0 if the values are not known
  std::string format;           // of the instruction set; empty if the values are not known
  std::optional<uint64_t> fp16; // FP16 elements of a mixed tensor, at the end of the run
  uint64_t saturated = 0, underflowed = 0, invalid = 0, outside = 0; // over the run
};

/// What dynamic loss scaling did in a run.
struct LossScaleRecord {
  double first = 0, last = 0; // before the first step and after the last
  int64_t skipped = 0;        // steps whose update was held
};

/// Weight groups (docs/numerics.md section 13): what the host chose, and what has become of them.
struct WeightGroupsRecord {
  double lasso = 0, share = 0;                  // factor of the penalty; closed groups of all
  int64_t periodSteps = 1;                      // training steps from one closing to the next
  std::string lassoFrom, shareFrom, periodFrom; // "given", or the provenance in the description
  int64_t groups = 0, closed = 0;               // of all layers, after the last step
  double threshold = 0;                         // of the mean magnitude
};

/// The first sign that a training leaves its numbers (docs/slp-sim.md).
struct Divergence {
  int64_t step = 0;         // as in StepRecord
  std::string tensor, what; // the first tensor; all of it in words
};

/// How a run was asked for.
struct Settings {
  std::string entry = "step"; // or "eval"
  std::string data;           // directory; empty: synthetic
  std::string order;          // "file" or "shuffled"
  uint32_t seed = 0;
  std::string optimizer; // "sgd", ...; empty if the image does not say
  std::vector<std::pair<std::string, double>> numbers; // of the optimizer: name of the flag, value
  std::string schedule = "constant";                   // of the learning rate
  int64_t warmup = 0;                                  // steps
  int64_t samples = 0, dropped = 0; // of the split, and of those left out of each epoch
  bool functionalOnly = false;
};

struct Record {
  chip::Chip chip;
  timing::Groups groups;
  std::string image, model; // file names
  int64_t batch = 0;
  Settings settings;
  std::vector<StepRecord> steps;
  std::vector<EpochRecord> epochs;
  std::optional<Measurement> measurement; // over all steps
  std::vector<TensorRecord> tensors;
  std::optional<double> loss;                     // of the last epoch
  std::optional<double> accuracy;                 // after the last epoch
  std::optional<double> testLoss;                 // the same
  std::optional<LossScaleRecord> lossScale;       // absent without dynamic loss scaling
  std::optional<WeightGroupsRecord> weightGroups; // absent without
  std::optional<Divergence> divergence;
  bool isStopped = false; // because of it, as was asked for

  double seconds(int64_t cycles) const { return double(cycles) / chip.rates.clockHz; }
};

} // namespace slp::views

#endif // RUNTIME_VIEWS_RECORD_H
