//===- OptimizerModel.cpp - ONNX Runtime's optimizer_model.onnx -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The second file of form (c), see docs/forms.md. Called by Import.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/OptimizerModel.h"

#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/Operators.h"

using namespace slp;
using namespace slp::import_onnx;

static Result<OptimizerSettings> settingsOf(const onnx::NodeProto &node) {
  // The defaults of the operators' schemas.
  float alpha = 0.9f, beta = 0.999f, epsilon = 1e-8f, weightDecay = 1e-2f;
  int64_t mode = 0, correctBias = 1;
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    const std::string &name = attribute.name();
    if (name == "alpha")
      alpha = attribute.f();
    else if (name == "beta")
      beta = attribute.f();
    else if (name == "epsilon")
      epsilon = attribute.f();
    else if (name == "weight_decay")
      weightDecay = attribute.f();
    else if (name == "adam_mode")
      mode = attribute.i();
    else if (name == "correct_bias")
      correctBias = attribute.i();
    else if (!hasNoMeaning(attribute))
      return Error{"node \"" + node.name() + "\": attribute " + name + " is not supported"};
  }
  if (node.op_type() == "SGDOptimizerV2")
    return OptimizerSettings{"sgd", {{"momentum", 0.0f}, {"weight-decay", 0.0f}}};
  if ((mode != 0 && mode != 1) || correctBias != 1)
    return Error{"node \"" + node.name() +
                 "\": expected adam_mode = 0 (decay before the update) or 1 (behind it) and "
                 "correct_bias = 1, found " +
                 std::to_string(mode) + " and " + std::to_string(correctBias) +
                 "; --optimizer=adamw comes before the file's"};
  return OptimizerSettings{
      mode == 1 ? "adamw_decay_last" : "adamw",
      {{"beta1", alpha}, {"beta2", beta}, {"epsilon", epsilon}, {"weight-decay", weightDecay}}};
}

Result<OptimizerSettings> slp::import_onnx::readOptimizerModel(const std::string &path) {
  Result<std::unique_ptr<ModelFile>> file = readBinaryModel(path);
  if (!file)
    return file.takeError();
  const onnx::NodeProto *optimizer = nullptr;
  for (const onnx::NodeProto &node : (*file)->model.graph().node()) {
    bool isKnown = node.domain() == "com.microsoft" &&
                   (node.op_type() == "SGDOptimizerV2" || node.op_type() == "AdamWOptimizer");
    if (!isKnown || optimizer)
      return Error{"expected an optimizer model: one SGDOptimizerV2 or AdamWOptimizer of domain "
                   "com.microsoft, found " +
                   (isKnown ? "a second one" : "node \"" + node.name() + "\", " + node.op_type())};
    optimizer = &node;
  }
  if (!optimizer)
    return Error{"expected an optimizer model, found a graph without nodes"};
  return settingsOf(*optimizer);
}
