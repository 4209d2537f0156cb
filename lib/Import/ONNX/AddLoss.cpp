//===- AddLoss.cpp - --loss -------------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A loss behind an output of a graph that has none.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Importer.h"
#include "lib/Import/ONNX/Likelihood.h"

#include "dialects/Train/CrossEntropyOp.h"
#include "dialects/Train/LogSoftmaxOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOp.h"
#include "dialects/Train/VarianceOp.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static Value named(OpBuilder &b, Operation *op, ArrayRef<StringRef> names) {
  op->setAttr(train::getNamesAttrName(), b.getStrArrayAttr(names));
  return op->getResult(0);
}

FailureOr<int64_t> Importer::classAxisOf(const NamedValue &logits) {
  int64_t rank = shapeOf(logits.value).size(), axis = options.classAxis.value_or(1);
  if (rank < 2)
    return graph.error() << "\"" << logits.name << "\": expected logits of rank 2 or more, found "
                         << printShape(shapeOf(logits.value));
  int64_t positive = axis < 0 ? axis + rank : axis;
  if (positive >= 1 && positive < rank)
    return positive;
  return graph.error() << "--class-axis=" << axis << ": the logits \"" << logits.name << "\" are "
                       << printShape(shapeOf(logits.value)) << ", expected a dimension from 1 to "
                       << rank - 1;
}

/// The mean cross entropy of rows over the labels that count; null after an error.
Value Importer::addLikelihood(Value rows, Value labelsOfRows) {
  OpBuilder &b = graph.builder;
  int64_t ignored = *options.ignoreIndex;
  if (ignored != int64_t(int32_t(ignored))) {
    graph.error() << "--ignore-index=" << ignored << ": expected a label of 32 bits";
    return nullptr;
  }
  IntegerAttr ignore = b.getI32IntegerAttr(int32_t(ignored));
  step.setArgAttr(labels.getArgNumber(), train::getIgnoreAttrName(), ignore);
  Location loc = NameLoc::get(b.getStringAttr("loss"));
  Value logs = named(b, train::createInferred<train::LogSoftmaxOp>(b, loc, rows), {"loss/logs"});
  auto likelihood = train::createInferred<train::NllOp>(b, loc, {logs, labelsOfRows},
                                                        b.getNamedAttr("ignore", ignore),
                                                        {b.getF32Type(), b.getF32Type()});
  named(b, likelihood, {"loss/losses", "loss/shares"});
  Value mean = meanOf(b, loc, likelihood);
  named(b, mean.getDefiningOp(), {"loss/mean"});
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  return named(b, train::createReshape(b, loc, scalar, mean, train::Phase::fp).getDefiningOp(),
               {"loss"});
}

/// The mean cross entropy of `logits` against an argument `labels`, which has their shape without
/// the dimension of the classes; null after an error.
Value Importer::addCrossEntropy(const NamedValue &logits) {
  OpBuilder &b = graph.builder;
  FailureOr<int64_t> axis = classAxisOf(logits);
  if (failed(axis))
    return nullptr;
  classAxis = axis;
  Location loc = NameLoc::get(b.getStringAttr("loss"));
  SmallVector<int64_t> shape(shapeOf(logits.value));
  int64_t classes = shape[*axis], rank = shape.size();
  SmallVector<int64_t> positions(shape);
  positions.erase(positions.begin() + *axis);
  Value given = addArgument(RankedTensorType::get(positions, b.getI32Type()), "labels");
  labels = cast<BlockArgument>(given);
  step.setArgAttr(labels.getArgNumber(), train::getClassesAttrName(), b.getI64IntegerAttr(classes));

  Value rows = logits.value, labelsOfRows = given;
  if (*axis != rank - 1) {
    SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    perm.erase(perm.begin() + *axis);
    perm.push_back(*axis);
    rows = named(
        b, train::createInferred<train::TransposeOp>(b, loc, rows, train::i64s(b, "perm", perm)),
        {"loss/classes_last"});
  }
  if (rank != 2) {
    int64_t count = product(positions);
    auto reshape = [&](Value x, RankedTensorType type, StringRef name) {
      return named(b, train::createReshape(b, loc, type, x, train::Phase::fp).getDefiningOp(),
                   {name});
    };
    rows = reshape(rows, RankedTensorType::get({count, classes}, b.getF32Type()), "loss/rows");
    labelsOfRows = reshape(given, RankedTensorType::get({count}, b.getI32Type()), "loss/labels");
  }
  if (options.ignoreIndex)
    return addLikelihood(rows, labelsOfRows);
  auto loss = train::createInferred<train::CrossEntropyOp>(b, loc, {rows, labelsOfRows}, {},
                                                           {b.getF32Type(), b.getF32Type()});
  return named(b, loss, {"loss", "loss/losses"});
}

/// The mean square distance of `output` from an argument `targets` of its shape.
Value Importer::addMeanSquaredError(const NamedValue &output) {
  OpBuilder &b = graph.builder;
  if (options.classAxis) {
    graph.error() << "--class-axis=" << *options.classAxis << ": --loss=mse has no classes";
    return nullptr;
  }
  if (options.ignoreIndex) {
    graph.error() << "--ignore-index=" << *options.ignoreIndex << ": --loss=mse has no labels";
    return nullptr;
  }
  Value given = addArgument(output.value.getType(), "targets");
  targets = cast<BlockArgument>(given);
  Location loc = NameLoc::get(b.getStringAttr("loss"));
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, shapeOf(output.value).size()));
  auto error = train::createInferred<train::VarianceOp>(b, loc, {output.value, given},
                                                        train::i64s(b, "axes", axes));
  named(b, error, {"loss/mse"});
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  return named(b,
               train::createReshape(b, loc, scalar, error.getY(), train::Phase::fp).getDefiningOp(),
               {"loss"});
}

/// `--loss`: a loss behind the output that --logits names, or the first.
LogicalResult Importer::addLoss() {
  bool isCrossEntropy = options.loss == "softmax-cross-entropy";
  auto error = [&] { return graph.error() << "--loss=" << options.loss << ": "; };
  if (!isCrossEntropy && options.loss != "mse")
    return graph.error() << "loss " << options.loss
                         << " is not supported, expected softmax-cross-entropy or mse";
  if (!options.lossOutput.empty())
    return error() << "adds a loss, so that --loss-output=" << options.lossOutput
                   << " cannot name one";
  SmallVector<std::string> names;
  for (const NamedValue &candidate : lossCandidates())
    names.push_back("\"" + candidate.name + "\"");
  if (!names.empty())
    return error() << "the graph has a loss of its own, "
                   << (names.size() == 1
                           ? "the output " + names.front() + ", which is trained without --loss"
                           : "one of the outputs " + llvm::join(names, ", ") +
                                 ": give --loss-output=NAME in the place of --loss");
  StringRef input = isCrossEntropy ? "labels" : "targets";
  if (graph.values.count(input))
    return error() << "adds an input \"" << input << "\", which the graph has already";
  if (proto.output_size() == 0 && !plan.updates.empty())
    return error() << "every output of the graph is the next value of a parameter, as \""
                   << plan.updates.front().second << "\" is that of \""
                   << plan.updates.front().first
                   << "\", and none is left that a loss could be added to";
  if (proto.output_size() == 0)
    return error() << "the graph has no output";
  const std::string &first = proto.output(0).name();
  FailureOr<NamedValue> chosen = chosenLogits({first, graph.values.lookup(first)});
  if (failed(chosen))
    return failure();
  logits = *chosen;
  if (failed(checkBatchOf(logits)))
    return failure();
  Value added = isCrossEntropy ? addCrossEntropy(logits) : addMeanSquaredError(logits);
  loss = {"loss", added};
  if (added && proto.output_size() > 1 && options.logits.empty())
    graph.note() << "--loss=" << options.loss << " is of \"" << logits.name << "\", the first of "
                 << proto.output_size() << " outputs; --logits=NAME takes another";
  return success(bool(added));
}
