//===- Training.h - trains and evaluates an image ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What `slp-sim` does, as functions: epochs over a data set, an evaluation of the test split after
// each (Evaluation.h), statistics. tools/slp-sim is a command line around `simulate`.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_API_TRAINING_H
#define RUNTIME_API_TRAINING_H

#include "runtime/api/Evaluation.h"
#include "runtime/api/WeightGroups.h"

namespace slp::api {

/// What to simulate. Numbers are checked by `simulate`.
struct SimulationOptions {
  std::string image;
  std::string chip; // description whose rates and energies replace the image's; may be empty
  std::string data; // directory; empty: synthetic samples
  data::Order order = data::Order::shuffled;
  int64_t epochs = 1;                // at least 1; not used if `steps` is given
  std::optional<int64_t> steps;      // training steps in all, at least 1
  std::vector<Number> numbers;       // learning rate and the like, in the place of the image's
  WeightGroupOptions weightGroups;   // refused if the image has none
  std::string schedule = "constant"; // of the learning rate, see Schedule.h
  int64_t warmup = 0;                // steps, at least 0
  uint32_t seed = 0;                 // of shuffling and synthetic samples
  int threads = 0;                   // host threads, 0: all
  int64_t maxInstructions = exec::defaultInstructions; // of one run of an entry point, at least 1
  bool checkOrder = false;   // each run fails at accesses that nothing orders (docs/check-order.md)
  bool evaluateOnly = false; // no training: the test split through `eval`
  bool functionalOnly = false;   // no cycles, no energy
  bool stopOnDivergence = false; // end after the first step that shows it, without saving
  std::string load, save;        // state files; may be empty
  std::string stats;             // statistics as JSON; may be empty
  std::string profile;           // what tensors would lose in each format; may be empty
  std::string record;            // the work of the last step, for `retime`; may be empty
  std::string masks;             // a folder: which elements are zero, for `retime`; may be empty
};

/// Runs a whole simulation. The record has everything the views print. Errors are one line; no file
/// is left behind half written.
Result<views::Record> simulate(const SimulationOptions &options, Watcher &watcher);

} // namespace slp::api

#endif // RUNTIME_API_TRAINING_H
