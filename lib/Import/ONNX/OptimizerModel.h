//===- OptimizerModel.h - ONNX Runtime's optimizer_model.onnx ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_OPTIMIZERMODEL_H
#define LIB_IMPORT_ONNX_OPTIMIZERMODEL_H

#include "runtime/api/Result.h"

#include <map>
#include <string>

namespace slp::import_onnx {

/// What an optimizer model says. The learning rate is an input of such models.
struct OptimizerSettings {
  std::string optimizer;              // as --optimizer names it: sgd, adamw; or adamw_decay_last
  std::map<std::string, float> hyper; // by the names of slp-sim's options
};

/// Reads the model at `path`: one SGDOptimizerV2 or AdamWOptimizer over sequences of tensors.
/// Messages do not name the file.
Result<OptimizerSettings> readOptimizerModel(const std::string &path);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_OPTIMIZERMODEL_H
