//===- Loss.cpp - ONNX softmax operators and losses -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Likelihood.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/CrossEntropyOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/LogSoftmaxGradOp.h"
#include "dialects/Train/LogSoftmaxOp.h"
#include "dialects/Train/NllGradOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/SeedOp.h"
#include "dialects/Train/SoftmaxOp.h"
#include "dialects/Train/SpreadOp.h"
#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainValues.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "onnx/onnx_pb.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using train::Phase;

//===----------------------------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------------------------===//

template <typename Op> static LogicalResult importSoftmax(Node &node) {
  SmallVector<int64_t> x(node.shape(0));
  int64_t rank = x.size();
  // Until operator set 12, softmax ran over all dimensions from `axis` on.
  bool flattens = node.version() < 13;
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", flattens ? 1 : -1), rank);
  if (failed(axis))
    return failure();
  if (!flattens) {
    Value rows = rowsAlong(node, node.tensor(0), *axis);
    auto softmax = rows ? node.create<Op>(rows) : Op();
    return softmax ? node.setOutput(fromRowsAlong(node, softmax.getY(), x, *axis)) : failure();
  }
  Value rows = node.reshape(node.tensor(0), {product(x, 0, *axis), product(x, *axis, rank)});
  auto softmax = node.create<Op>(rows);
  return softmax ? node.setOutput(node.reshape(softmax.getY(), x)) : failure();
}

//===----------------------------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------------------------===//

/// Scores (N, C, d1, ...) of a loss as rows (N * d1 * ..., C), and back.
static Value rowsOf(Node &node, Value scores) { return rowsAlong(node, scores, 1); }

static Value scoresOf(Node &node, Value rows, ArrayRef<int64_t> shape) {
  return fromRowsAlong(node, rows, shape, 1);
}

/// Fails unless scores are (N, C, d1, ...) and labels (N, d1, ...).
static LogicalResult checkScores(Node &node) {
  SmallVector<int64_t> labels(node.shape(0));
  if (labels.size() < 2)
    return node.fail("expected scores of rank 2 or more, found " + printShape(labels));
  int64_t classes = labels[1];
  labels.erase(labels.begin() + 1);
  if (node.shape(1) != ArrayRef<int64_t>(labels))
    return node.fail("expected labels of shape " + printShape(labels) + ", found " +
                     printShape(node.shape(1)));
  if (node.hasInput(2) && node.shape(2) != ArrayRef<int64_t>(classes))
    return node.fail("expected " + Twine(classes) + " weights of classes, found " +
                     printShape(node.shape(2)));
  return success();
}

/// The label that does not count: the attribute, or the input that ONNX Runtime's internal loss
/// has instead. -1 is no class, which is left out anyway.
static int32_t ignoredLabel(Node &node, unsigned input) {
  int64_t label = node.integer("ignore_index", -1);
  if (std::optional<SmallVector<int64_t>> given = node.constant(input))
    label = given->size() == 1 ? given->front() : -1;
  return label == int64_t(int32_t(label)) ? int32_t(label) : -1; // labels are i32
}

/// Whether every label counts, and as much as any other.
static bool countsAll(Node &node) {
  return !node.hasInput(2) && !node.hasInput(3) && !node.hasAttribute("ignore_index");
}

/// Notes a loss of `scores`, and at the argument that its labels are, if they are one, what labels
/// there may be: those that every loss which reads it has classes for.
static void noteClassLoss(Node &node, Value loss, Value scores) {
  Value labels = node.tensor(1);
  node.graph.classLosses.push_back({loss, scores, labels});
  auto argument = dyn_cast<BlockArgument>(train::beforeReshapes(labels));
  if (!argument)
    return;
  auto step = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  unsigned i = argument.getArgNumber();
  OpBuilder &b = node.builder;
  int64_t classes = shapeOf(scores)[1];
  Attribute ignore;
  if (node.hasAttribute("ignore_index") || node.hasInput(3))
    ignore = b.getI32IntegerAttr(ignoredLabel(node, 3));
  if (auto known = step.getArgAttrOfType<IntegerAttr>(i, train::getClassesAttrName())) {
    classes = std::min(classes, known.getInt());
    if (step.getArgAttr(i, train::getIgnoreAttrName()) != ignore)
      ignore = nullptr;
  }
  step.setArgAttr(i, train::getClassesAttrName(), b.getI64IntegerAttr(classes));
  step.removeArgAttr(i, train::getIgnoreAttrName());
  if (ignore)
    step.setArgAttr(i, train::getIgnoreAttrName(), ignore);
}

/// The negative log likelihood of rows `logs`, reduced as the node says.
static LogicalResult importLikelihood(Node &node, Value logs, Value logits, Value logProbability) {
  OpBuilder &b = node.builder;
  SmallVector<int64_t> labels(node.shape(1));
  SmallVector<Value> operands = {logs, node.reshape(node.tensor(1), {product(labels)})};
  if (node.hasInput(2))
    operands.push_back(node.tensor(2));
  auto nll = node.create<train::NllOp>(
      operands, b.getNamedAttr("ignore", b.getI32IntegerAttr(ignoredLabel(node, 3))),
      {b.getF32Type(), b.getF32Type()});
  if (!nll)
    return failure();
  Value result = nll.getLosses();
  std::string reduction = node.string("reduction", "mean");
  if (reduction == "none") {
    result = node.reshape(result, labels);
  } else {
    NamedAttribute all = train::i64s(b, "axes", {0});
    Value reduced;
    if (reduction == "mean" && !countsAll(node)) {
      reduced = meanOf(b, node.loc, nll);
    } else if (reduction == "mean") {
      if (auto mean = node.create<train::ReduceMeanOp>(result, all))
        reduced = mean.getY();
    } else if (auto sum = node.create<train::ReduceSumOp>(result, all)) {
      reduced = sum.getY();
    }
    if (!reduced)
      return failure();
    result = node.reshape(reduced, {});
  }
  noteClassLoss(node, reduction == "none" ? Value() : result, logits);
  SmallVector<Value> outputs = {result};
  if (node.numOutputs() > 1)
    outputs.push_back(logProbability);
  return node.setOutputs(outputs);
}

static LogicalResult importNll(Node &node) {
  if (failed(checkScores(node)))
    return failure();
  Value rows = rowsOf(node, node.tensor(0));
  return rows ? importLikelihood(node, rows, node.tensor(0), Value()) : failure();
}

static LogicalResult importCrossEntropy(Node &node) {
  OpBuilder &b = node.builder;
  if (failed(checkScores(node)))
    return failure();
  bool hasProbability = node.numOutputs() > 1 && node.hasOutput(1);
  bool isPlain = node.string("reduction", "mean") == "mean" && countsAll(node);
  Value logits = node.tensor(0), rows = rowsOf(node, logits), logs, logProbability;
  if (!rows)
    return failure();
  if (!isPlain || hasProbability) {
    auto logarithms = node.create<train::LogSoftmaxOp>(rows);
    if (!logarithms)
      return failure();
    logs = logarithms.getY();
  }
  if (hasProbability)
    logProbability = scoresOf(node, logs, node.shape(0));
  if (hasProbability && !logProbability)
    return failure();
  // The gradient operators of artifacts read it.
  if (hasProbability)
    node.graph.logitsOf[node.outputName(1)] = logits;
  if (!isPlain)
    return importLikelihood(node, logs, logits, logProbability);
  Value labels = node.reshape(node.tensor(1), {product(node.shape(1))});
  auto loss =
      node.create<train::CrossEntropyOp>({rows, labels}, {}, {b.getF32Type(), b.getF32Type()});
  if (!loss)
    return failure();
  noteClassLoss(node, loss.getLoss(), logits);
  if (hasProbability)
    node.graph.values[node.outputName(1)] = logProbability;
  return node.setOutput(loss.getLoss(), "losses");
}

//===----------------------------------------------------------------------------------------===//
// ONNX Runtime's gradients of losses
//===----------------------------------------------------------------------------------------===//

/// The divisor of the mean: by the shares of the loss whose gradient this is, or computed again.
/// Null after an error.
static Value divisorAgain(Node &node, Value logs, ArrayRef<Value> labelsAndWeights,
                          NamedAttribute ignore) {
  OpBuilder &b = node.builder;
  SmallVector<Value> operands = {logs};
  llvm::append_range(operands, labelsAndWeights);
  Value shares;
  for (auto op : b.getInsertionBlock()->getOps<train::NllOp>())
    if (llvm::equal(op->getOperands(), operands) && op.getIgnoreAttr() == ignore.getValue())
      shares = op.getShares();
  if (!shares) {
    auto op = node.create<train::NllOp>(operands, ignore, {b.getF32Type(), b.getF32Type()});
    if (!op)
      return nullptr;
    shares = op.getShares();
  }
  return divisorOf(b, node.loc, shares);
}

/// (dY, log_prob, labels, weights, ignored label) of a mean or a sum, with dY = 1.
static LogicalResult importLossGrad(Node &node) {
  OpBuilder &b = node.builder;
  std::optional<SmallVector<double>> seed = node.floats(0);
  if (!seed || seed->size() != 1 || seed->front() != 1)
    return node.fail("expected input \"" + node.inputName(0) +
                     "\", the gradient of the loss, to be the constant 1");
  Value logits = node.graph.logitsOf.lookup(node.inputName(1));
  if (!logits)
    return node.fail("expected input \"" + node.inputName(1) +
                     "\" to be the log_prob of a SoftmaxCrossEntropyLoss");
  bool isMean = node.string("reduction", "mean") == "mean";
  bool countsAll = !node.hasInput(3) && !node.hasInput(4) && !node.hasAttribute("ignore_index");
  if (isMean && countsAll && node.rank(1) == 2) {
    auto dx =
        node.create<train::CrossEntropyGradOp>({logits, node.tensor(2)}, phaseOf(b, Phase::bp));
    return node.setOutput(dx ? dx.getDx() : Value());
  }

  SmallVector<int64_t> shape(node.shape(1));
  int64_t classes = shape[1], rows = product(shape) / classes;
  Value logs = rowsOf(node, node.tensor(1));
  if (!logs)
    return failure();
  SmallVector<Value> labels = {node.reshape(node.tensor(2), {product(node.shape(2))})};
  if (node.hasInput(3))
    labels.push_back(node.tensor(3));
  NamedAttribute ignore = b.getNamedAttr("ignore", b.getI32IntegerAttr(ignoredLabel(node, 4)));
  auto one = node.create<train::SeedOp>({}, phaseOf(b, Phase::bp));
  Value each = one ? node.reshape(one.getY(), {1}) : Value();
  if (each && isMean) {
    Value divisor = divisorAgain(node, logs, labels, ignore);
    auto share = divisor ? node.create<train::DivOp>({each, divisor}) : train::DivOp();
    each = share ? share.getY() : Value();
  }
  auto dlosses = each ? node.create<train::SpreadOp>(each, train::i64s(b, "shape", {rows}))
                      : train::SpreadOp();
  if (!dlosses)
    return failure();
  SmallVector<Value> operands = {dlosses.getY()};
  operands.append(labels);
  auto dlogs = node.create<train::NllGradOp>(
      operands, {ignore, b.getNamedAttr("classes", b.getI64IntegerAttr(classes))});
  auto dx = dlogs ? node.create<train::LogSoftmaxGradOp>({dlogs.getDx(), logs})
                  : train::LogSoftmaxGradOp();
  return node.setOutput(dx ? scoresOf(node, dx.getDx(), shape) : Value());
}

static void addLossGradients(OperatorTable &table) {
  Operator loss = table["SoftmaxCrossEntropyLoss"];
  loss.inputs = "fl|fc";
  loss.versions = "1";
  loss.forms = "c";
  table["com.microsoft.SoftmaxCrossEntropyLossInternal"] = loss;
  Operator grad = {"fnl|f",
                   1,
                   {{"ignore_index", AttributeKind::integer, ""},
                    {"reduction", AttributeKind::string, "mean or sum",
                     [](const onnx::AttributeProto &attribute) {
                       return attribute.s() == "mean" || attribute.s() == "sum";
                     }}},
                   importLossGrad,
                   "of a loss whose gradient is 1"};
  grad.hasGradient = false;
  grad.forms = "c";
  table["com.microsoft.SoftmaxCrossEntropyLossGrad"] = grad;
  grad.inputs = "fnl|fc";
  table["com.microsoft.SoftmaxCrossEntropyLossInternalGrad"] = grad;
}

void slp::import_onnx::addLossOperators(OperatorTable &table) {
  std::vector<AttributeRule> axis = {{"axis", AttributeKind::integer, ""}};
  table["Softmax"] = {"f", 1, axis, importSoftmax<train::SoftmaxOp>, "", "1, 11, 13"};
  table["LogSoftmax"] = {"f", 1, axis, importSoftmax<train::LogSoftmaxOp>, "", "1, 11, 13"};
  std::vector<AttributeRule> loss = {{"ignore_index", AttributeKind::integer, ""},
                                     {"reduction", AttributeKind::string, "none, mean or sum",
                                      [](const onnx::AttributeProto &attribute) {
                                        return attribute.s() == "none" || attribute.s() == "mean" ||
                                               attribute.s() == "sum";
                                      }}};
  const char *zeroLoss = "a mean over no label that counts is 0";
  table["SoftmaxCrossEntropyLoss"] = {"fl|b", 2, loss, importCrossEntropy, zeroLoss, "12, 13"};
  table["NegativeLogLikelihoodLoss"] = {"fl|b", 1, loss, importNll, zeroLoss, "12, 13"};
  addLossGradients(table);
}
