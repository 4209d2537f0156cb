//===- Updates.h - from gradients to new parameters -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What train-differentiate does around the backward pass: which states are trained, and how.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_AUTODIFF_UPDATES_H
#define LIB_AUTODIFF_UPDATES_H

#include "dialects/Train/TrainDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

#include <string>

namespace slp::train {
struct State;
}

namespace slp::autodiff {

/// What the user chooses. Globs are over the names of states.
struct UpdateOptions {
  std::string optimizer = "sgd"; // sgd, adagrad, adam, adamw
  bool nesterov = false;         // of sgd
  bool decayLast = false;        // of adamw: the weight decay acts behind the step
  bool clipNorm = false;         // clip gradients to a norm given at run time
  int64_t microBatches = 1;      // that make up one step
  llvm::SmallVector<std::string> freeze, noDecay;
  llvm::SmallVector<std::string> lrScale; // GLOB:X
};

/// Fails with an error for options that no module can meet.
mlir::LogicalResult checkUpdateOptions(mlir::ModuleOp module, const UpdateOptions &options);

/// The names of the states that may be trained: no statistics, not frozen. Fails with an error for
/// a glob that is none or that matches nothing.
mlir::FailureOr<llvm::StringSet<>> findTrainable(mlir::ModuleOp module,
                                                 const UpdateOptions &options);

/// At the end of @step: for each state that has a gradient, in the order of the states, its update,
/// and states for what the optimizer keeps. With several micro-batches a copy of @step as it is,
/// @accumulate, adds up the gradients instead. Notes the optimizer and its run-time numbers in the
/// module (`train.training`).
mlir::LogicalResult buildUpdates(mlir::ModuleOp module, mlir::func::FuncOp step,
                                 const UpdateOptions &options,
                                 llvm::function_ref<mlir::Value(const train::State &)> gradientOf);

} // namespace slp::autodiff

#endif // LIB_AUTODIFF_UPDATES_H
