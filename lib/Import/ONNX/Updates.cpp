//===- Updates.cpp - steps that are in the file -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the importer does for a model that says itself how its parameters change (Training.h).
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/OptimizerModel.h"

#include "dialects/Train/TrainState.h"
#include "dialects/Train/WriteOp.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

void Graph::noteHyper(ModuleOp module, StringRef name, float value) {
  NamedAttrList numbers(module->getAttrOfType<DictionaryAttr>(train::getHyperAttrName()));
  numbers.set(name, builder.getF32FloatAttr(value));
  module->setAttr(train::getHyperAttrName(), numbers.getDictionary(builder.getContext()));
}

LogicalResult Importer::readParameterInput(const onnx::ValueInfoProto &input) {
  if (sources.inParams(input.name()))
    return readAsState(input.name());
  if (!initSeed)
    return graph.error() << "parameter \"" << input.name()
                         << "\": an input without a value: give --params=FILE.onnx|DIR or "
                            "--init=kaiming,SEED";
  SmallVector<int64_t> shape;
  for (const onnx::TensorShapeProto::Dimension &dim : input.type().tensor_type().shape().dim())
    shape.push_back(dim.dim_value());
  if (input.type().tensor_type().elem_type() != onnx::TensorProto::FLOAT ||
      llvm::any_of(shape, [](int64_t size) { return size < 1; }))
    return graph.error() << "parameter \"" << input.name()
                         << "\": expected a tensor of FLOAT of known shape";
  auto type = RankedTensorType::get(shape, graph.builder.getF32Type());
  graph.makeState(input.name(), type, randomValueOf(input.name(), type), /*isFrozen=*/false);
  return success();
}

LogicalResult Importer::readAsComputed(StringRef name, RankedTensorType type, StringRef value) {
  auto error = [&] { return graph.error() << "training: initial value of \"" << name << "\": "; };
  auto it = graph.constants.find(value);
  if (it == graph.constants.end() || !it->second->isFloating())
    return error() << "expected a tensor of a floating type that can be computed at import";
  const Constant &constant = *it->second;
  if (ArrayRef<int64_t>(constant.shape) != type.getShape())
    return error() << "expected shape " << printShape(type.getShape()) << ", found "
                   << printShape(constant.shape);
  SmallVector<float> values(constant.numbers.begin(), constant.numbers.end());
  bool isSplat = llvm::all_equal(values);
  if (!isSplat && values.size() * sizeof(float) > 4096)
    return error() << "expected at most 1024 different elements, found " << values.size();
  auto init = isSplat ? DenseElementsAttr::get(type, values.front())
                      : DenseElementsAttr::get(type, ArrayRef<float>(values));
  graph.makeState(name, type, init, /*isFrozen=*/false);
  return success();
}

LogicalResult Importer::writeState(StringRef state, StringRef valueName) {
  auto error = [&] { return graph.error() << "training: \"" << state << "\": "; };
  if (!graph.values.count(state) && sources.contains(state) && failed(readAsState(state)))
    return failure();
  Value read = graph.values.lookup(state);
  auto from = read ? train::stateReadBy(read) : FlatSymbolRefAttr();
  if (!from)
    return error() << "expected an initializer or an input that is a parameter";
  Value value = graph.values.lookup(valueName);
  if (!value)
    value = graph.materialize(valueName);
  if (!value)
    return error() << "its next value \"" << valueName << "\" is no tensor of the graph";
  if (value.getType() != read.getType())
    return error() << "expected a next value of shape " << printShape(shapeOf(read)) << ", found \""
                   << valueName << "\" of " << printShape(shapeOf(value));
  // Running statistics are written by the operator that computes them.
  for (auto write : step.getOps<train::WriteOp>())
    if (write.getStateAttr() == from)
      return write.getValue() == value ? success() : error() << "is written by an operator already";
  train::WriteOp::create(graph.builder, read.getLoc(), from.getValue(), value);
  return success();
}

/// The optimizer of artifacts: --optimizer-model, or the file of the usual name beside the model.
LogicalResult Importer::readOptimizer() {
  if (!options.usesFileOptimizer)
    return success();
  std::string path = options.optimizerModel;
  if (path.empty()) {
    llvm::SmallString<128> beside(graph.path);
    llvm::sys::path::remove_filename(beside);
    llvm::sys::path::append(beside, "optimizer_model.onnx");
    if (!llvm::sys::fs::exists(beside))
      return success();
    path = beside.str().str();
  }
  Result<OptimizerSettings> settings = readOptimizerModel(path);
  if (!settings)
    return emitError(graph.builder.getUnknownLoc()) << path << ": " << settings.message();
  module->setAttr(train::getFileOptimizerAttrName(),
                  graph.builder.getStringAttr(settings->optimizer));
  for (auto &[name, value] : settings->hyper)
    graph.noteHyper(module, name, value);
  return success();
}

LogicalResult Importer::finishUpdates() {
  for (auto &[state, value] : plan.updates)
    if (failed(writeState(state, value)))
      return failure();
  if (plan.form == Form::artifacts && failed(readOptimizer()))
    return failure();
  module->setAttr(train::getOwnUpdatesAttrName(), graph.builder.getUnitAttr());
  return success();
}
