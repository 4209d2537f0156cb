//===- FindLoss.cpp - what a graph trains, and what it is judged by ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The loss is an output of one element, whatever the graph computes it of (docs/forms.md, "The
// loss"). Operators that are losses elsewhere in the graph are operators like others; they only
// tell which tensor holds classes, and which labels say what those should be.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/Names.h"

#include "dialects/Train/CrossEntropyOpKind.h"
#include "dialects/Train/LogSoftmaxOp.h"
#include "dialects/Train/NllOpKind.h"
#include "dialects/Train/ReshapeOpKind.h"
#include "dialects/Train/SliceOpKind.h"
#include "dialects/Train/SoftmaxOp.h"
#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOpKind.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static int64_t elementsOf(Value value) {
  return cast<ShapedType>(value.getType()).getNumElements();
}

static bool isFloat(Value value) {
  return cast<ShapedType>(value.getType()).getElementType().isF32();
}

/// Whether a parameter goes into `value`.
static bool isTrained(Value value) {
  llvm::SetVector<Operation *> ops;
  auto add = [&](Value operand) {
    if (Operation *op = operand.getDefiningOp())
      ops.insert(op);
  };
  add(value);
  for (size_t i = 0; i < ops.size(); ++i) {
    Operation *op = ops[i];
    if (auto read = train::stateReadBy(op))
      if (train::State state = train::findState(op, read.getValue()); state && !state.isFrozen)
        return true;
    for (Value operand : op->getOperands())
      add(operand);
  }
  return false;
}

/// The name that an op's result has from the model.
static std::string nameInGraph(Value value) {
  auto result = cast<OpResult>(value);
  auto names = result.getOwner()->getAttrOfType<ArrayAttr>(train::getNamesAttrName());
  return names ? cast<StringAttr>(names[result.getResultNumber()]).str() : "logits";
}

static SmallVector<std::string> namesOf(ArrayRef<Importer::NamedValue> values) {
  return llvm::map_to_vector(values, [](const Importer::NamedValue &v) { return v.name; });
}

/// An output of one element that a parameter goes into. In a batch of one image every output of one
/// number an image has one element: those are none that are as long as the batch, by the file's
/// word, or, with --loss, by the user's.
SmallVector<Importer::NamedValue> Importer::lossCandidates() {
  SmallVector<NamedValue> candidates;
  auto first = step.getNumArguments() ? dyn_cast<RankedTensorType>(step.getArgumentTypes().front())
                                      : RankedTensorType();
  bool isOneImage = first && first.getRank() != 0 && first.getDimSize(0) == 1;
  for (const onnx::ValueInfoProto &output : proto.output()) {
    Value value = graph.values.lookup(output.name());
    if (!isFloat(value) || elementsOf(value) != 1 || !isTrained(value))
      continue;
    bool isSymbolic = llvm::any_of(output.type().tensor_type().shape().dim(),
                                   [](auto &dim) { return !dim.dim_param().empty(); });
    bool isScalar = shapeOf(value).empty();
    if (isOneImage && !isScalar && (isSymbolic || !options.loss.empty()))
      continue;
    if (llvm::none_of(candidates, [&](const NamedValue &c) { return c.value == value; }))
      candidates.push_back({output.name(), value});
  }
  return candidates;
}

/// --loss-output.
LogicalResult Importer::findNamedLoss(ArrayRef<NamedValue> candidates) {
  const std::string &name = options.lossOutput;
  std::string known =
      candidates.empty() ? "there is none" : "there is " + quoteNames(namesOf(candidates));
  const onnx::ValueInfoProto *output = nullptr;
  for (const onnx::ValueInfoProto &other : proto.output())
    if (other.name() == name)
      output = &other;
  auto error = [&] { return graph.error() << "--loss-output=" << name << ": "; };
  if (!output)
    return error() << "the graph has no output of this name; of outputs of one element " << known;
  Value value = graph.values.lookup(name);
  if (!isFloat(value) || elementsOf(value) != 1)
    return error() << "expected an output of one FLOAT, found "
                   << (isFloat(value) ? printShape(shapeOf(value)) : "integers") << "; of these "
                   << known;
  if (!isTrained(value))
    return error() << "no parameter goes into this output, so that nothing could be trained";
  loss = {name, value};
  return success();
}

LogicalResult Importer::findLoss() {
  if (options.ignoreIndex)
    return graph.error() << "--ignore-index=" << *options.ignoreIndex
                         << " is for the loss that --loss adds; one of the graph says by its "
                            "attribute ignore_index which label does not count";
  SmallVector<NamedValue> candidates = lossCandidates();
  if (!options.lossOutput.empty()) {
    if (failed(findNamedLoss(candidates)))
      return failure();
  } else if (candidates.size() == 1) {
    loss = candidates.front();
  } else if (candidates.size() > 1) {
    return graph.error() << "expected one output of one element, the loss, found "
                         << candidates.size() << ": " << quoteNames(namesOf(candidates))
                         << "; give --loss-output=NAME";
  } else if (plan.form != Form::forward) {
    // The file says what is updated, and by what; the loss is only for showing.
    SmallVector<Value> inner;
    for (const ClassLoss &other : graph.classLosses)
      if (other.loss)
        inner.push_back(other.loss);
    if (inner.size() == 1)
      loss = {"loss", inner.front()};
    else
      return graph.error() << "training: expected a loss: an output of one element, or one cross "
                              "entropy that the step needs";
  }
  if (!loss.value) {
    if (!options.logits.empty() || options.classAxis)
      return graph.error() << (options.logits.empty()
                                   ? "--class-axis=" + std::to_string(*options.classAxis)
                                   : "--logits=" + options.logits)
                           << ": there is no loss: give a graph that ends in one, or --loss";
    return success();
  }
  hasOwnLoss = true;
  if (!shapeOf(loss.value).empty()) {
    OpBuilder &b = graph.builder;
    Location loc = NameLoc::get(b.getStringAttr(loss.name));
    loss.value = train::createReshape(b, loc, RankedTensorType::get({}, b.getF32Type()), loss.value,
                                      train::Phase::fp);
  }
  return findLogits();
}

FailureOr<Importer::NamedValue> Importer::chosenLogits(NamedValue otherwise) {
  const std::string &name = options.logits;
  bool isChosen = !name.empty();
  NamedValue chosen = isChosen ? NamedValue{name, graph.values.lookup(name)} : std::move(otherwise);
  auto error = [&] {
    InFlightDiagnostic d = graph.error();
    if (isChosen)
      d << "--logits=" << name << ": ";
    else
      d << "output \"" << chosen.name << "\": ";
    return d;
  };
  SmallVector<std::string> outputs;
  for (const onnx::ValueInfoProto &output : proto.output())
    outputs.push_back(output.name());
  if (!chosen.value && graph.constants.count(chosen.name))
    return error() << "expected a tensor that the step computes, found a constant";
  if (!chosen.value)
    return error() << "the step computes no tensor of this name; the outputs are "
                   << quoteNames(outputs);
  if (!isFloat(chosen.value))
    return error() << "expected a tensor of FLOAT, found integers";
  Operation *op = train::beforeReshapes(chosen.value).getDefiningOp();
  if (!op || train::isRead(op) || train::isConstant(op))
    return error() << "expected a tensor that the step computes, found "
                   << (op ? "a parameter or a constant" : "an input");
  if (shapeOf(chosen.value).empty())
    return error() << "expected a rank of at least 1, found a scalar";
  return chosen;
}

/// The logits of a graph that has its own loss: those that the user names, what its one cross
/// entropy is of, or its first other output.
LogicalResult Importer::findLogits() {
  NamedValue found;
  if (graph.classLosses.size() == 1)
    found = {"logits", graph.classLosses.front().scores};
  for (const onnx::ValueInfoProto &output : proto.output()) {
    Value value = graph.values.lookup(output.name());
    bool isOther = isFloat(value) && elementsOf(value) != 1;
    if (found.value ? value == found.value : isOther)
      found = {output.name(), value};
  }
  if (found.value || !options.logits.empty()) {
    FailureOr<NamedValue> chosen =
        options.logits.empty() ? FailureOr<NamedValue>(found) : chosenLogits(found);
    if (failed(chosen))
      return failure();
    Operation *op = train::beforeReshapes(chosen->value).getDefiningOp();
    bool isComputed = op && !train::isRead(op) && !train::isConstant(op);
    if (isComputed && train::beforeReshapes(chosen->value) != train::beforeReshapes(loss.value))
      logits = *chosen;
  }
  if (!logits.value) {
    if (options.classAxis)
      return graph.error() << "--class-axis=" << *options.classAxis
                           << ": the graph has no logits; --logits=NAME names some";
    return success();
  }
  // Another tensor of the graph may be called so.
  if (Value other = graph.values.lookup(logits.name); other && other != logits.value)
    logits.name = nameInGraph(logits.value);
  bool isOfClasses = llvm::any_of(
      graph.classLosses, [&](const ClassLoss &inner) { return inner.scores == logits.value; });
  if (options.classAxis || isOfClasses || shapeOf(logits.value).size() > 1) {
    FailureOr<int64_t> axis = classAxisOf(logits);
    if (failed(axis))
      return failure();
    if (shapeOf(logits.value)[*axis] > 1)
      classAxis = axis;
  }
  findJudge();
  return success();
}

/// The labels that say which class the logits should have: those of a cross entropy, best of the
/// one that is of these logits, or the only input of integers that has as many.
void Importer::findJudge() {
  if (!classAxis)
    return;
  int64_t positions = elementsOf(logits.value) / shapeOf(logits.value)[*classAxis];
  auto fits = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && !isFloat(argument) && elementsOf(argument) == positions;
  };
  for (bool isOther : {false, true})
    for (const ClassLoss &inner : graph.classLosses)
      if (!labels && (inner.scores != logits.value) == isOther &&
          fits(train::beforeReshapes(inner.labels)))
        labels = cast<BlockArgument>(train::beforeReshapes(inner.labels));
  if (labels || !graph.classLosses.empty())
    return;
  for (BlockArgument argument : step.getArguments())
    if (fits(argument)) {
      if (labels) {
        labels = nullptr;
        return;
      }
      labels = argument;
    }
  if (labels)
    step.setArgAttr(labels.getArgNumber(), train::getClassesAttrName(),
                    graph.builder.getI64IntegerAttr(shapeOf(logits.value)[*classAxis]));
}

/// The softmax whose result `value` is, moved or not; null if it is none.
static train::SoftmaxOp softmaxBehind(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto softmax = dyn_cast<train::SoftmaxOp>(op))
      return softmax;
    if (!isOneOf<train::ReshapeOp, train::TransposeOp, train::SliceOp>(op))
      break;
    value = op->getOperand(0);
  }
  return {};
}

/// Trains, but slowly and to another end: the loss cannot fall below that of a softmax of
/// probabilities.
void Importer::noteProbabilities() {
  for (Operation &op : step.getBody().front()) {
    bool isLikelihood = isOneOf<train::NllOp>(op);
    if (!isLikelihood && !isOneOf<train::CrossEntropyOp>(op))
      continue;
    Value scores = op.getOperand(0);
    train::SoftmaxOp direct = softmaxBehind(scores);
    auto logs = isLikelihood ? train::beforeReshapes(scores).getDefiningOp<train::LogSoftmaxOp>()
                             : train::LogSoftmaxOp();
    train::SoftmaxOp softmax = logs ? softmaxBehind(logs.getX()) : direct;
    if (!softmax)
      continue;
    Note note = graph.note();
    note << "node \"" << train::nodeNameOf(softmax.getLoc()) << "\" is a softmax, of which the ";
    if (isLikelihood && !logs)
      note << "negative log likelihood of node \"" << train::nodeNameOf(op.getLoc())
           << "\" expects the logarithm: a LogSoftmax";
    else
      note << "cross entropy "
           << (options.loss.empty() ? "of node \"" + train::nodeNameOf(op.getLoc()) + "\""
                                    : "that --loss adds")
           << " takes another softmax: give it what the first is of"
           << (options.loss.empty() ? "" : " (--logits=NAME)");
  }
}
