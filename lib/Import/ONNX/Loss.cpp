//===- Loss.cpp - ONNX softmax operators and losses -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainLossOps.h"
#include "dialects/Train/TrainReduceOps.h"
#include "dialects/Train/TrainRowOps.h"

#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

//===----------------------------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------------------------===//

template <typename Op> static LogicalResult importSoftmax(Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  int64_t rank = x.size();
  // Until operator set 12, softmax ran over all dimensions from `axis` on.
  bool flattens = node.version() < 13;
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", flattens ? 1 : -1), rank);
  if (failed(axis))
    return failure();
  if (!flattens && product(x, *axis + 1, rank) != 1)
    return node.fail("attribute axis = " + Twine(*axis) +
                     " is not supported, expected the last dimension");
  Value rows = node.reshape(node.tensor(0), {product(x, 0, *axis), product(x, *axis, rank)});
  auto softmax = node.create<Op>(rows);
  return softmax ? node.setOutput(node.reshape(softmax.getY(), x)) : failure();
}

//===----------------------------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------------------------===//

/// The negative log likelihood of `logs` (N, C), reduced as the node says; sets the loss of the
/// graph if it is one number.
static LogicalResult importLikelihood(Node &node, Value logs, Value logits, Value logProbability) {
  OpBuilder &b = node.builder;
  SmallVector<Value> operands = {logs, node.tensor(1)};
  if (node.hasInput(2))
    operands.push_back(node.tensor(2));
  int64_t ignore = node.integer("ignore_index", -1);
  auto nll = node.create<train::NllOp>(
      operands, b.getNamedAttr("ignore", b.getI32IntegerAttr(int32_t(ignore))),
      {b.getF32Type(), b.getF32Type()});
  if (!nll)
    return failure();
  Value result = nll.getLosses();
  std::string reduction = node.string("reduction", "mean");
  if (reduction != "none") {
    NamedAttribute all = train::i64s(b, "axes", {0});
    bool isPlainMean = reduction == "mean" && !node.hasInput(2) && ignore < 0;
    if (reduction == "mean" && !isPlainMean)
      return node.fail("reduction = mean with weights or ignore_index is not supported, expected "
                       "sum or none");
    Value reduced;
    if (isPlainMean) {
      if (auto mean = node.create<train::ReduceMeanOp>(result, all))
        reduced = mean.getY();
    } else if (auto sum = node.create<train::ReduceSumOp>(result, all)) {
      reduced = sum.getY();
    }
    if (!reduced)
      return failure();
    result = node.reshape(reduced, {});
    if (!node.graph.loss) {
      node.graph.loss = result;
      node.graph.logits = logits;
    }
  }
  SmallVector<Value> outputs = {result};
  if (node.numOutputs() > 1)
    outputs.push_back(logProbability);
  return node.setOutputs(outputs);
}

static LogicalResult importNll(Node &node) {
  if (node.rank(0) != 2)
    return node.fail("expected an input of rank 2, found " + printShape(node.shape(0)));
  return importLikelihood(node, node.tensor(0), node.tensor(0), Value());
}

static LogicalResult importCrossEntropy(Node &node) {
  OpBuilder &b = node.builder;
  if (node.rank(0) != 2)
    return node.fail("expected scores of rank 2, found " + printShape(node.shape(0)));
  bool hasProbability = node.numOutputs() > 1 && node.hasOutput(1);
  bool isPlain = node.string("reduction", "mean") == "mean" && !node.hasInput(2) &&
                 node.integer("ignore_index", -1) < 0;
  Value logits = node.tensor(0), logProbability;
  if (!isPlain || hasProbability) {
    auto logs = node.create<train::LogSoftmaxOp>(logits);
    if (!logs)
      return failure();
    logProbability = logs.getY();
  }
  if (!isPlain)
    return importLikelihood(node, logProbability, logits, logProbability);
  auto loss = node.create<train::CrossEntropyOp>({logits, node.tensor(1)}, {},
                                                 {b.getF32Type(), b.getF32Type()});
  if (!loss)
    return failure();
  if (!node.graph.loss) {
    node.graph.loss = loss.getLoss();
    node.graph.logits = logits;
  }
  if (node.hasOutput(1)) // the gradient operators of artifacts read it
    node.graph.logitsOf[node.outputName(1)] = logits;
  if (hasProbability)
    node.graph.values[node.outputName(1)] = logProbability;
  return node.setOutput(loss.getLoss(), "losses");
}

void slp::import_onnx::addLossOperators(OperatorTable &table) {
  std::vector<AttributeRule> axis = {{"axis", AttributeKind::integer, ""}};
  table["Softmax"] = {
      "f", 1, axis, importSoftmax<train::SoftmaxOp>, "over the last dimension", "1, 11, 13"};
  table["LogSoftmax"] = {
      "f", 1, axis, importSoftmax<train::LogSoftmaxOp>, "over the last dimension", "1, 11, 13"};
  std::vector<AttributeRule> loss = {{"ignore_index", AttributeKind::integer, ""},
                                     {"reduction", AttributeKind::string, "none, mean or sum",
                                      [](const onnx::AttributeProto &attribute) {
                                        return attribute.s() == "none" || attribute.s() == "mean" ||
                                               attribute.s() == "sum";
                                      }}};
  table["SoftmaxCrossEntropyLoss"] = {"fl|f",  2, loss, importCrossEntropy, "scores of rank 2",
                                      "12, 13"};
  table["NegativeLogLikelihoodLoss"] = {"fl|f", 1, loss, importNll, "input of rank 2", "12, 13"};
}
