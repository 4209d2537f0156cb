//===- Training.h - which of the four forms a file has ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A file may hold a forward graph only, or say itself how its parameters change. This reads the
// latter from the messages (docs/forms.md), before any node is imported. Called by Import.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_TRAINING_H
#define LIB_IMPORT_ONNX_TRAINING_H

#include "lib/Import/ONNX/ModelFile.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <string>
#include <utility>
#include <vector>

namespace slp::import_onnx {

enum class Form {
  forward,   // no update: --loss and --optimizer make a step of it
  standard,  // TrainingInfoProto
  artifacts, // ONNX Runtime's training_model.onnx
  written    // a step in ordinary operators
};

/// What is known of a step that is in the file.
struct TrainingPlan {
  Form form = Form::forward;
  /// A state and the tensor that is its value after the step, in the order of the file.
  std::vector<std::pair<std::string, std::string>> updates;
  /// A state and the tensor of the initialization graph that is its first value.
  llvm::StringMap<std::string> initial;
  /// Further tensors that the step must compute, though nothing reads them.
  std::vector<std::string> results;
  /// Integer states that grow by one a step: only optimizers may read them.
  llvm::StringSet<> counters;
  /// Inputs of the graph that are states.
  llvm::StringSet<> parameters;
  /// Inputs of the graph that the step does without: accumulation buffers and their reset.
  llvm::StringSet<> absent;

  bool hasUpdate(llvm::StringRef state) const;
};

/// Finds the form of `file`. TrainingInfoProtos are merged into its graph: initialization first
/// (its names prefixed with "initialization:"), then the graph, then the algorithms in their order.
/// `given` are (parameter, output) pairs that name updates which no convention shows. Messages do
/// not name the file.
Result<TrainingPlan> planTraining(ModelFile &file,
                                  const std::vector<std::pair<std::string, std::string>> &given);

/// The name of the parameter whose gradient goes into the accumulation buffer `input`; empty if it
/// is no such buffer.
llvm::StringRef parameterOfBuffer(llvm::StringRef input);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_TRAINING_H
