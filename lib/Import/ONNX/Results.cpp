//===- Results.cpp - what the step returns ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"

#include "dialects/Train/TrainLossOps.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// `--loss`: a loss after the graph's one output, against an argument `labels`.
LogicalResult Importer::appendLoss() {
  if (options.loss != "softmax-cross-entropy")
    return graph.error() << "loss " << options.loss
                         << " is not supported, expected softmax-cross-entropy";
  if (graph.loss)
    return graph.error() << "the graph has a loss of its own, so that --loss=" << options.loss
                         << " does not fit";
  if (proto.output_size() != 1)
    return graph.error() << "--loss=" << options.loss << " expects a graph of one output, found "
                         << proto.output_size();
  if (graph.values.count("labels"))
    return graph.error() << "--loss=" << options.loss
                         << " adds an input \"labels\", which the graph has already";
  const std::string &name = proto.output(0).name();
  Value logits = graph.values.lookup(name);
  OpBuilder &b = graph.builder;
  if (shapeOf(logits).size() != 2 || !cast<ShapedType>(logits.getType()).getElementType().isF32())
    return graph.error() << "output \"" << name << "\": expected logits of rank 2, found "
                         << printShape(shapeOf(logits));
  Value labels =
      addArgument(RankedTensorType::get(shapeOf(logits).front(), b.getI32Type()), "labels");
  Location loc = NameLoc::get(b.getStringAttr("loss"));
  auto loss = train::createInferred<train::CrossEntropyOp>(b, loc, {logits, labels}, {},
                                                           {b.getF32Type(), b.getF32Type()});
  loss->setAttr(train::getNamesAttrName(), b.getStrArrayAttr({"loss", "loss/losses"}));
  graph.loss = loss.getLoss();
  graph.logits = logits;
  return success();
}

/// Every output is made by a node, with the shape that the file declares (the batch may differ).
LogicalResult Importer::checkOutputs() {
  if (proto.output_size() == 0 && plan.form == Form::forward)
    return graph.error() << "the graph has no output";
  for (const onnx::ValueInfoProto &output : proto.output()) {
    auto error = [&] { return graph.error() << "output \"" << output.name() << "\": "; };
    Value value = graph.values.lookup(output.name());
    if (!value)
      return error() << "not defined by any node, or not a tensor of FLOAT";
    if (cast<ShapedType>(value.getType()).getElementType().isInteger(8))
      return error() << "the indices of a MaxPool count within its window here: only a "
                        "MaxPoolGrad can read them";
    const onnx::TypeProto::Tensor &declared = output.type().tensor_type();
    if (!declared.has_shape())
      continue;
    ArrayRef<int64_t> shape = shapeOf(value);
    bool fits = shape.size() == size_t(declared.shape().dim_size());
    for (size_t i = options.batch ? 1 : 0; fits && i < shape.size(); ++i) {
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

  // (loss, logits), or what the graph says; a result is named as the graph names it.
  SmallVector<std::pair<std::string, Value>> results;
  auto nameOf = [&](Value value, StringRef otherwise) -> std::string {
    for (const onnx::ValueInfoProto &output : proto.output())
      if (graph.values.lookup(output.name()) == value)
        return output.name();
    return otherwise.str();
  };
  if (graph.loss) {
    results = {{nameOf(graph.loss, "loss"), graph.loss},
               {nameOf(graph.logits, "logits"), graph.logits}};
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
