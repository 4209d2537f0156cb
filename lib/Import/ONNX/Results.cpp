//===- Results.cpp - what the step returns ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/Window.h"

#include "dialects/Train/TrainContract.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// The value that the step returns as `name`; a constant or parameter may be one. Null if there is
/// none of that name.
FailureOr<Value> Importer::resultOf(const std::string &name) {
  if (Value value = graph.values.lookup(name))
    return value;
  if (!graph.constants.count(name) && sources.contains(name) && failed(readInitializer(name)))
    return failure();
  if (Value value = graph.values.lookup(name))
    return value;
  auto constant = graph.constants.find(name);
  if (constant == graph.constants.end())
    return Value();
  if (std::string why = Graph::checkMaterial(*constant->second); !why.empty())
    return graph.error() << "output \"" << name << "\" " << why;
  return graph.materialize(name);
}

/// Every output is made by a node, with the shape that the file declares (the batch may differ).
LogicalResult Importer::checkOutputs() {
  if (proto.output_size() == 0 && plan.form == Form::forward)
    return graph.error() << "the graph has no output";
  bool isResized = options.batch && fileBatch && *fileBatch != options.batch;
  for (const onnx::ValueInfoProto &output : proto.output()) {
    auto error = [&] { return graph.error() << "output \"" << output.name() << "\": "; };
    FailureOr<Value> found = resultOf(output.name());
    if (failed(found))
      return failure();
    Value value = *found;
    if (!value)
      return error() << "not defined by any node, input or initializer";
    if (isWindowIndex(value))
      return error() << "Indices of a MaxPool are positions in its windows here, which only a "
                        "MaxUnpool can read";
    const onnx::TypeProto::Tensor &declared = output.type().tensor_type();
    if (!declared.has_shape())
      continue;
    ArrayRef<int64_t> shape = shapeOf(value);
    bool fits = shape.size() == size_t(declared.shape().dim_size());
    // The file's sizes were worked out for its own batch.
    for (size_t i = options.batch ? 1 : 0; fits && !isResized && i < shape.size(); ++i) {
      const onnx::TensorShapeProto::Dimension &dim = declared.shape().dim(i);
      fits = !dim.has_dim_value() || dim.dim_value() == shape[i];
    }
    if (fits)
      continue;
    SmallVector<std::string> sizes;
    for (const onnx::TensorShapeProto::Dimension &dim : declared.shape().dim())
      sizes.push_back(dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.dim_param());
    return error() << "expected the declared shape " << llvm::join(sizes, "x") << ", found "
                   << printShape(shape);
  }
  return success();
}

/// Says at arguments and results what they are for (TrainContract.h); the results are loss and
/// logits.
void Importer::setRoles() {
  Builder &b = graph.builder;
  auto role = train::getRoleAttrName();
  step.setResultAttr(0, role, b.getStringAttr("loss"));
  if (hasOwnLoss)
    step.setResultAttr(0, train::getEvaluatedAttrName(), b.getUnitAttr());
  if (logits.value) {
    step.setResultAttr(1, role, b.getStringAttr("logits"));
    if (classAxis)
      step.setResultAttr(1, train::getClassAxisAttrName(), b.getI64IntegerAttr(*classAxis));
  }
  if (labels)
    step.setArgAttr(labels.getArgNumber(), role, b.getStringAttr("labels"));
  if (targets)
    step.setArgAttr(targets.getArgNumber(), role, b.getStringAttr("targets"));
}

LogicalResult Importer::finish() {
  if (failed(checkOutputs()) || failed(options.loss.empty() ? findLoss() : addLoss()))
    return failure();
  if (plan.form != Form::forward && failed(finishUpdates()))
    return failure();

  SmallVector<NamedValue> results;
  if (loss.value) {
    results = {loss};
    if (logits.value)
      results.push_back(logits);
  } else {
    for (const onnx::ValueInfoProto &output : proto.output())
      results.push_back({output.name(), graph.values.lookup(output.name())});
  }
  OpBuilder &b = graph.builder;
  SmallVector<Value> values;
  for (const NamedValue &result : results)
    values.push_back(result.value);
  func::ReturnOp::create(b, step.getLoc(), values);
  step.setFunctionType(b.getFunctionType(step.getArgumentTypes(), ValueRange(values).getTypes()));
  for (auto [i, result] : llvm::enumerate(results))
    step.setResultAttr(i, train::getArgNameAttrName(), b.getStringAttr(result.name));
  if (loss.value)
    setRoles();
  return verify(module);
}
