//===- Results.cpp - what the step returns ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/Window.h"

#include "dialects/Train/TrainLossOps.h"
#include "dialects/Train/TrainMoveOps.h"
#include "dialects/Train/TrainReduceOps.h"
#include "dialects/Train/TrainStateOps.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// `--loss=softmax-cross-entropy` of `logits` against an argument `labels`; null after an error.
Value Importer::appendCrossEntropy(Value logits) {
  OpBuilder &b = graph.builder;
  if (shapeOf(logits).size() != 2) {
    graph.error() << "output \"" << proto.output(0).name()
                  << "\": expected logits of rank 2, found " << printShape(shapeOf(logits));
    return nullptr;
  }
  Value labels =
      addArgument(RankedTensorType::get(shapeOf(logits).front(), b.getI32Type()), "labels");
  Location loc = NameLoc::get(b.getStringAttr("loss"));
  auto loss = train::createInferred<train::CrossEntropyOp>(b, loc, {logits, labels}, {},
                                                           {b.getF32Type(), b.getF32Type()});
  loss->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({"loss", "loss/losses"}));
  return loss.getLoss();
}

/// `--loss=mse`: the mean square distance of `output` from an argument `targets`.
Value Importer::appendMeanSquaredError(Value output) {
  OpBuilder &b = graph.builder;
  if (shapeOf(output).empty()) {
    graph.error() << "output \"" << proto.output(0).name()
                  << "\": expected a rank of at least 1, found a scalar";
    return nullptr;
  }
  Value targets = addArgument(output.getType(), "targets");
  Location loc = NameLoc::get(b.getStringAttr("loss"));
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, shapeOf(output).size()));
  auto error = train::createInferred<train::VarianceOp>(b, loc, {output, targets},
                                                        train::i64s(b, "axes", axes));
  error->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({"loss/mse"}));
  auto loss = train::ReshapeOp::create(b, loc, RankedTensorType::get({}, b.getF32Type()),
                                       error.getY(), train::Phase::fp);
  loss->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({"loss"}));
  return loss.getY();
}

/// `--loss`: a loss after the graph's one output.
LogicalResult Importer::appendLoss() {
  bool isCrossEntropy = options.loss == "softmax-cross-entropy";
  if (!isCrossEntropy && options.loss != "mse")
    return graph.error() << "loss " << options.loss
                         << " is not supported, expected softmax-cross-entropy or mse";
  if (graph.loss)
    return graph.error() << "the graph has a loss of its own, so that --loss=" << options.loss
                         << " does not fit";
  if (proto.output_size() != 1)
    return graph.error() << "--loss=" << options.loss << " expects a graph of one output, found "
                         << proto.output_size();
  StringRef input = isCrossEntropy ? "labels" : "targets";
  if (graph.values.count(input))
    return graph.error() << "--loss=" << options.loss << " adds an input \"" << input
                         << "\", which the graph has already";
  Value output = graph.values.lookup(proto.output(0).name());
  if (!cast<ShapedType>(output.getType()).getElementType().isF32())
    return graph.error() << "output \"" << proto.output(0).name()
                         << "\": expected a tensor of FLOAT before --loss=" << options.loss;
  graph.loss = isCrossEntropy ? appendCrossEntropy(output) : appendMeanSquaredError(output);
  graph.logits = output;
  return success(bool(graph.loss));
}

/// A graph may write its loss out in ordinary operators: its one output that is a scalar, or the
/// one of them called "loss". A graph without parameters has nothing to train.
void Importer::findLoss() {
  SmallVector<Value> scalars, others;
  Value named;
  for (const onnx::ValueInfoProto &output : proto.output()) {
    Value value = graph.values.lookup(output.name());
    auto type = cast<RankedTensorType>(value.getType());
    bool isScalar = type.getRank() == 0 && type.getElementType().isF32();
    (isScalar ? scalars : others).push_back(value);
    if (isScalar && output.name() == "loss")
      named = value;
  }
  Value loss = named ? named : scalars.size() == 1 ? scalars.front() : Value();
  if (!loss || !loss.getDefiningOp() || step.getOps<train::ReadOp>().empty())
    return;
  graph.loss = loss;
  graph.logits = others.empty() ? Value() : others.front();
}

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

LogicalResult Importer::finish() {
  if (failed(checkOutputs()))
    return failure();
  if (!options.loss.empty() && failed(appendLoss()))
    return failure();
  if (plan.form != Form::forward && failed(finishUpdates()))
    return failure();

  if (!graph.loss)
    findLoss();

  // (loss, logits), or what the graph says; a result is named as the graph names it.
  SmallVector<std::pair<std::string, Value>> results;
  auto nameOf = [&](Value value, StringRef otherwise) -> std::string {
    for (const onnx::ValueInfoProto &output : proto.output())
      if (graph.values.lookup(output.name()) == value)
        return output.name();
    return otherwise.str();
  };
  if (graph.loss) {
    results = {{nameOf(graph.loss, "loss"), graph.loss}};
    if (graph.logits)
      results.push_back({nameOf(graph.logits, "logits"), graph.logits});
  } else {
    for (const onnx::ValueInfoProto &output : proto.output())
      results.push_back({output.name(), graph.values.lookup(output.name())});
  }
  OpBuilder &b = graph.builder;
  SmallVector<Value> values = llvm::to_vector(llvm::make_second_range(results));
  func::ReturnOp::create(b, step.getLoc(), values);
  step.setFunctionType(b.getFunctionType(step.getArgumentTypes(), ValueRange(values).getTypes()));
  for (auto [i, result] : llvm::enumerate(results))
    step.setResultAttr(i, train::getArgNameAttrName(), b.getStringAttr(result.first));
  return verify(module);
}
