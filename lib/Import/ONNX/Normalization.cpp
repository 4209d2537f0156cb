//===- Normalization.cpp - ONNX normalisations and Dropout ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// All are statistics of x (statistics; reduce_mean and variance over other dimensions than those
// of batch normalization) and one normalize.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Normalization.h"

#include "dialects/Train/DropoutOp.h"
#include "dialects/Train/MovingAverageOp.h"
#include "dialects/Train/NormalizeOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/SpreadOp.h"
#include "dialects/Train/StatisticsOp.h"
#include "dialects/Train/TrainChannels.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/VarianceOp.h"
#include "dialects/Train/WriteOp.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static NamedAttribute number(Node &node, StringRef name, double value) {
  return node.builder.getNamedAttr(name, node.builder.getF32FloatAttr(float(value)));
}

Value slp::import_onnx::constantOf(Node &node, StringRef what, float value,
                                   ArrayRef<int64_t> shape) {
  constexpr int64_t most = int64_t(1) << 24; // all of them are held
  int64_t count = product(shape);
  if (count > most) {
    (void)node.fail("needs a constant of " + Twine(count) + " elements, expected at most " +
                    Twine(most));
    return nullptr;
  }
  std::vector<double> values(size_t(count), value);
  std::string name = (node.outputName(0) + "/" + what).str();
  node.graph.constants[name] =
      std::make_shared<const Constant>(Constant::ofNumbers(shape, std::move(values)));
  return node.graph.materialize(name);
}

/// A tensor of one value, of shape (1, 1, ...), that serves all coordinates of a rank.
static Value splat(Node &node, StringRef what, float value, int64_t rank) {
  return constantOf(node, what, value, SmallVector<int64_t>(rank, 1));
}

static FailureOr<Statistics> statisticsOf(Node &node, Value x, ArrayRef<int64_t> axes) {
  if (train::areAllButChannels(axes, shapeOf(x).size())) {
    auto both =
        node.create<train::StatisticsOp>(x, {}, SmallVector<Type>(2, node.builder.getF32Type()));
    if (!both)
      return failure();
    return Statistics{both.getMean(), both.getVar()};
  }
  NamedAttribute over = train::i64s(node.builder, "axes", axes);
  auto mean = node.create<train::ReduceMeanOp>(x, over);
  if (!mean)
    return failure();
  auto var = node.create<train::VarianceOp>({x, mean.getY()}, over);
  if (!var)
    return failure();
  return Statistics{mean.getY(), var.getY()};
}

Value slp::import_onnx::normalizeBy(Node &node, Value x, const Statistics &statistics,
                                    ArrayRef<int64_t> axes, double epsilon, Value scale,
                                    Value bias) {
  auto y = node.create<train::NormalizeOp>(
      {x, statistics.mean, statistics.var, scale, bias},
      {number(node, "epsilon", epsilon), train::i64s(node.builder, "axes", axes)});
  return y ? y.getY() : Value();
}

Value slp::import_onnx::normalize(Node &node, Value x, ArrayRef<int64_t> axes, double epsilon,
                                  Value scale, Value bias, Statistics &statistics) {
  FailureOr<Statistics> own = statisticsOf(node, x, axes);
  if (failed(own))
    return nullptr;
  statistics = *own;
  return normalizeBy(node, x, *own, axes, epsilon, scale, bias);
}

Value slp::import_onnx::inverseDeviation(Node &node, Value var, double epsilon) {
  int64_t rank = shapeOf(var).size();
  // One, normalised by the variance alone.
  Value one = splat(node, "one", 1, rank), none = splat(node, "none", 0, rank);
  auto ones = node.create<train::SpreadOp>(
      one, train::i64s(node.builder, "shape", SmallVector<int64_t>(shapeOf(var))));
  auto inverse = ones ? node.create<train::NormalizeOp>({ones.getY(), none, var, one, none},
                                                        number(node, "epsilon", epsilon))
                      : train::NormalizeOp();
  return inverse ? inverse.getY() : Value();
}

Value slp::import_onnx::alignedParameter(Node &node, unsigned i, int64_t rank) {
  Value value = node.tensor(i);
  SmallVector<int64_t> padded(std::max<int64_t>(0, rank - node.rank(i)), 1);
  padded.append(node.shape(i).begin(), node.shape(i).end());
  return value ? node.reshape(value, padded) : value;
}

/// (C) as (1, C, 1, ...) of `rank` dimensions.
static Value alongChannels(Node &node, Value vector, int64_t rank) {
  SmallVector<int64_t> shape(rank, 1);
  shape[1] = product(shapeOf(vector));
  return node.reshape(vector, shape);
}

//===----------------------------------------------------------------------------------------===//
// BatchNormalization
//===----------------------------------------------------------------------------------------===//

/// Whether the statistics are those of the batch; each group of versions says it otherwise.
static bool trainsBatchNormalization(Node &node) {
  if (node.version() < 7)
    return node.integer("is_test", 0) == 0;
  if (node.version() >= 14)
    return node.integer("training_mode", 0) != 0;
  return llvm::any_of(llvm::seq(1u, node.numOutputs()),
                      [&](unsigned i) { return node.hasOutput(i); });
}

/// The state that a tensor is the value of, or null.
static train::State stateOf(Value value) {
  auto read = train::stateReadBy(value);
  return read ? train::findState(value.getDefiningOp(), read.getValue()) : train::State();
}

/// Moves the running statistic `old` towards `batch`, which has as many elements; writes it back
/// if it is a state. Null after an error.
static Value updateRunning(Node &node, Value old, Value batch) {
  OpBuilder &b = node.builder;
  auto updated =
      node.create<train::MovingAverageOp>({old, node.reshape(batch, shapeOf(old))},
                                          {number(node, "momentum", node.number("momentum", 0.9)),
                                           train::phaseOf(b, train::Phase::up)});
  if (!updated)
    return nullptr;
  if (train::State state = stateOf(old)) {
    for (auto write : b.getInsertionBlock()->getOps<train::WriteOp>())
      if (write.getState() == state.name()) {
        (void)node.fail("running statistic \"" + Twine(state.name()) +
                        "\" is updated by two nodes, expected one");
        return nullptr;
      }
    train::WriteOp::create(b, node.loc, state.name(), updated.getY());
  }
  return updated.getY();
}

static LogicalResult importBatchNormalization(Node &node) {
  OpBuilder &b = node.builder;
  Value x = node.tensor(0);
  ArrayRef<int64_t> shape = shapeOf(x);
  int64_t rank = shape.size();
  if (rank < 2)
    return node.fail("expected an input of rank 2 or more, found " + printShape(shape));
  // Without `spatial`, which old versions had, every element of an image has its own statistics.
  bool isSpatial = node.integer("spatial", 1) != 0;
  SmallVector<int64_t> served(shape.drop_front()), axes = {0};
  if (isSpatial) {
    served = {shape[1]};
    axes.append(llvm::to_vector(llvm::seq<int64_t>(2, rank)));
  }
  SmallVector<int64_t> kept(shape);
  for (int64_t axis : axes)
    kept[axis] = 1;
  SmallVector<Value> parameters;
  for (unsigned i = 1; i <= 4; ++i) {
    if (product(node.shape(i)) != product(served))
      return node.fail("expected " + Twine(product(served)) + " elements of input \"" +
                       node.inputName(i) + "\", found " + printShape(node.shape(i)));
    parameters.push_back(node.tensor(i));
    if (train::State state = i >= 3 ? stateOf(parameters.back()) : train::State())
      train::setStatistic(state);
  }
  Value scale = node.reshape(parameters[0], kept), bias = node.reshape(parameters[1], kept);
  NamedAttribute epsilon = number(node, "epsilon", node.number("epsilon", 1e-5));
  if (!trainsBatchNormalization(node)) {
    auto y = node.create<train::NormalizeOp>(
        {x, node.reshape(parameters[2], kept), node.reshape(parameters[3], kept), scale, bias},
        epsilon);
    return node.setOutput(y ? y.getY() : Value());
  }
  FailureOr<Statistics> batch = statisticsOf(node, x, axes);
  if (failed(batch))
    return failure();
  SmallVector<NamedAttribute> attributes = {epsilon, train::i64s(b, "axes", axes)};
  train::State mean = stateOf(parameters[2]), var = stateOf(parameters[3]);
  if (mean && var)
    attributes.push_back(b.getNamedAttr(
        "running",
        b.getArrayAttr({FlatSymbolRefAttr::get(mean.symbol), FlatSymbolRefAttr::get(var.symbol)})));
  auto y = node.create<train::NormalizeOp>({x, batch->mean, batch->var, scale, bias}, attributes);
  Value nextMean = updateRunning(node, parameters[2], batch->mean);
  Value nextVar = updateRunning(node, parameters[3], batch->var);
  if (!y || !nextMean || !nextVar)
    return failure();
  SmallVector<Value> outputs = {y.getY(), nextMean, nextVar};
  for (Value saved : {batch->mean, batch->var})
    if (outputs.size() < node.numOutputs())
      outputs.push_back(node.hasOutput(outputs.size()) ? node.reshape(saved, shapeOf(parameters[2]))
                                                       : saved);
  outputs.resize(std::min<size_t>(outputs.size(), node.numOutputs()));
  return node.setOutputs(outputs);
}

//===----------------------------------------------------------------------------------------===//
// Statistics of one image
//===----------------------------------------------------------------------------------------===//

static LogicalResult importInstanceNormalization(Node &node) {
  Value x = node.tensor(0);
  int64_t rank = shapeOf(x).size();
  if (rank < 3)
    return node.fail("expected an input of rank 3 or more, found " + printShape(shapeOf(x)));
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  Statistics statistics;
  return node.setOutput(normalize(node, x, axes, node.number("epsilon", 1e-5),
                                  alongChannels(node, node.tensor(1), rank),
                                  alongChannels(node, node.tensor(2), rank), statistics));
}

static LogicalResult importGroupNormalization(Node &node) {
  Value x = node.tensor(0);
  SmallVector<int64_t> shape(shapeOf(x));
  int64_t groups = node.integer("num_groups", 0);
  if (shape.size() < 2 || groups < 1 || shape[1] % groups)
    return node.fail("expected num_groups that divides the channels, found " + Twine(groups) +
                     " for input " + printShape(shape));
  int64_t depth = shape[1] / groups;
  // Until version 20 scale and bias were given by group, from then on by channel.
  SmallVector<int64_t> parameter = {1, groups, node.version() < 21 ? 1 : depth, 1};
  Value parameters[2];
  for (unsigned i : {1, 2}) {
    if (product(node.shape(i)) != product(parameter))
      return node.fail("expected " + Twine(product(parameter)) + " elements of input \"" +
                       node.inputName(i) + "\", found " + printShape(node.shape(i)));
    parameters[i - 1] = node.reshape(node.tensor(i), parameter);
  }
  Value grouped = node.reshape(x, {shape[0], groups, depth, product(shape, 2, shape.size())});
  Statistics statistics;
  Value y = normalize(node, grouped, {2, 3}, node.number("epsilon", 1e-5), parameters[0],
                      parameters[1], statistics);
  return y ? node.setOutput(node.reshape(y, shape)) : failure();
}

static LogicalResult importLayerNormalization(Node &node) {
  Value x = node.tensor(0);
  SmallVector<int64_t> shape(shapeOf(x));
  int64_t rank = shape.size();
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", -1), rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(*axis, rank));
  Value scale = alignedParameter(node, 1, rank);
  Value bias = node.hasInput(2) ? alignedParameter(node, 2, rank) : splat(node, "zero", 0, rank);
  double epsilon = node.number("epsilon", 1e-5);
  Statistics statistics;
  Value y = normalize(node, x, axes, epsilon, scale, bias, statistics);
  if (!y)
    return failure();
  SmallVector<Value> outputs = {y, statistics.mean, statistics.var};
  if (node.numOutputs() > 2 && node.hasOutput(2)) {
    outputs[2] = inverseDeviation(node, statistics.var, epsilon);
    if (!outputs[2])
      return failure();
  }
  outputs.resize(std::min<size_t>(outputs.size(), node.numOutputs()));
  return node.setOutputs(outputs);
}

static LogicalResult importMeanVarianceNormalization(Node &node) {
  Value x = node.tensor(0);
  int64_t rank = shapeOf(x).size();
  FailureOr<SmallVector<int64_t>> axes = node.positiveAxes(node.integers("axes", {0, 2, 3}), rank);
  if (failed(axes))
    return failure();
  Value one = splat(node, "one", 1, rank), zero = splat(node, "zero", 0, rank);
  Statistics statistics;
  return node.setOutput(normalize(node, x, *axes, 1e-9, one, zero, statistics));
}

//===----------------------------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------------------------===//

static LogicalResult importDropout(Node &node) {
  OpBuilder &b = node.builder;
  Value x = node.tensor(0);
  bool hasMode = node.version() >= 12; // before, a Dropout meant training, or nothing to a reader
  double ratio = 0.5;
  bool trains = !hasMode && node.integer("is_test", 0) == 0;
  if (std::optional<double> given = node.numberAt("ratio", 1))
    ratio = *given;
  else if (hasMode && node.hasInput(1))
    return node.fail("expected a constant ratio, found input \"" + node.inputName(1) + "\"");
  if (hasMode && node.hasInput(2)) {
    std::optional<SmallVector<int64_t>> mode = node.constant(2);
    if (!mode || mode->size() != 1)
      return node.fail("expected a constant training_mode, found input \"" + node.inputName(2) +
                       "\"");
    trains = mode->front() != 0;
  }
  unsigned stream = 0; // dropouts before this one; a mask is no other dropout
  for (auto op : b.getInsertionBlock()->getOps<train::DropoutOp>())
    stream += !op.getMask();
  auto dropped = [&](bool isMask, double share) -> Value {
    SmallVector<NamedAttribute> attributes = {
        number(node, "ratio", share),
        b.getNamedAttr("seed", b.getI32IntegerAttr(int32_t(node.integer("seed", 0)))),
        b.getNamedAttr("stream", b.getI32IntegerAttr(int32_t(0x80000000u + stream)))};
    if (isMask)
      attributes.push_back(b.getNamedAttr("mask", b.getUnitAttr()));
    if (!hasMode)
      attributes.push_back(b.getNamedAttr("train_only", b.getUnitAttr()));
    auto op = node.create<train::DropoutOp>(x, attributes);
    return op ? op.getY() : Value();
  };
  SmallVector<Value> outputs = {trains && ratio != 0 ? dropped(false, ratio) : x};
  if (node.numOutputs() > 1 && node.hasOutput(1))
    outputs.push_back(dropped(true, trains ? ratio : 0));
  if (llvm::is_contained(outputs, Value()))
    return failure();
  return node.setOutputs(outputs);
}

void slp::import_onnx::addNormalizationOperators(OperatorTable &table) {
  AttributeRule epsilon = {"epsilon", AttributeKind::number, ""};
  AttributeRule stash = {"stash_type", AttributeKind::integer, "1"};
  table["BatchNormalization"] = {
      "fwwss",
      5,
      {{"consumed_inputs", AttributeKind::integers, ""},
       epsilon,
       {"is_test", AttributeKind::integer, ""},
       {"momentum", AttributeKind::number, ""},
       {"spatial", AttributeKind::integer, ""},
       {"training_mode", AttributeKind::integer, ""}},
      importBatchNormalization,
      "running statistics that are initializers are updated by the step and used by eval",
      "1, 6, 7, 9, 14, 15"};
  table["InstanceNormalization"] = {"fww",
                                    1,
                                    {{"consumed_inputs", AttributeKind::integers, ""}, epsilon},
                                    importInstanceNormalization,
                                    "",
                                    "1, 6"};
  table["GroupNormalization"] = {"fww",
                                 1,
                                 {epsilon, {"num_groups", AttributeKind::integer, ""}, stash},
                                 importGroupNormalization,
                                 "",
                                 "18, 21"};
  table["LayerNormalization"] = {
      "fw|w", 3,   {{"axis", AttributeKind::integer, ""}, epsilon, stash}, importLayerNormalization,
      "",     "17"};
  table["MeanVarianceNormalization"] = {
      "f", 1,      {{"axes", AttributeKind::integers, ""}}, importMeanVarianceNormalization,
      "",  "9, 13"};
  table["Dropout"] = {"f|ac",
                      2,
                      {{"consumed_inputs", AttributeKind::integers, ""},
                       {"is_test", AttributeKind::integer, ""},
                       {"ratio", AttributeKind::number, ""},
                       {"seed", AttributeKind::integer, ""}},
                      importDropout,
                      "masks follow from seed, node and step; eval passes its input on",
                      "1, 6, 7, 10, 12, 13"};
}
