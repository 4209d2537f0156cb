//===- RmsNormalization.cpp - ONNX normalisations by the mean of squares ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The mean of squares is a variance about zero, and the result a train.normalize whose mean is
// zero; both are computed in FP32 whatever the precision. Also what ONNX Runtime fuses: a
// normalisation of the sum of its input and a residual ("skip").
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Normalization.h"

#include "dialects/Train/ReduceSumAbsOp.h"
#include "dialects/Train/VarianceOp.h"

#include "llvm/ADT/Sequence.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// x / sqrt(mean of squares over `axes` + epsilon) * scale; null after an error.
static Value normalizeSquares(Node &node, Value x, ArrayRef<int64_t> axes, double epsilon,
                              Value scale, Statistics &statistics) {
  if (!x || !scale)
    return nullptr;
  SmallVector<int64_t> kept(shapeOf(x));
  for (int64_t axis : axes)
    kept[axis] = 1;
  statistics.mean = constantOf(node, "zero", 0, kept);
  if (!statistics.mean)
    return nullptr;
  auto var =
      node.create<train::VarianceOp>({x, statistics.mean}, train::i64s(node.builder, "axes", axes));
  if (!var)
    return nullptr;
  statistics.var = var.getY();
  Value bias = constantOf(node, "bias", 0, SmallVector<int64_t>(kept.size(), 1));
  return normalizeBy(node, x, statistics, axes, epsilon, scale, bias);
}

/// RMSNormalization of the standard, SimplifiedLayerNormalization of ONNX Runtime.
static LogicalResult importRms(Node &node) {
  Value x = operand(node, 0);
  if (!x)
    return failure();
  int64_t rank = shapeOf(x).size();
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", -1), rank);
  if (failed(axis))
    return failure();
  double epsilon = node.number("epsilon", 1e-5);
  Statistics statistics;
  SmallVector<Value> outputs = {
      normalizeSquares(node, x, llvm::to_vector(llvm::seq<int64_t>(*axis, rank)), epsilon,
                       alignedParameter(node, 1, rank), statistics)};
  if (outputs[0] && node.hasOutput(1))
    outputs.push_back(inverseDeviation(node, statistics.var, epsilon));
  return llvm::is_contained(outputs, Value()) ? failure() : node.setOutputs(outputs);
}

/// (input, skip, gamma, beta if `isCentered`, bias): the sum of input, skip and bias, normalised
/// over the last dimension. Output 3 is the sum.
static LogicalResult importSkip(Node &node, bool isCentered) {
  Value x = operand(node, 0), skip = operand(node, 1);
  if (!x || !skip)
    return failure();
  SmallVector<int64_t> shape(shapeOf(x));
  int64_t rank = shape.size();
  if (rank < 2 || product(node.shape(1)) > product(shape))
    return node.fail("expected an input of rank 2 or more and a skip that fits it, found " +
                     printShape(shape) + " and " + printShape(node.shape(1)));
  Value sum = buildBroadcast<train::AddOp>(node, x, skip);
  unsigned bias = isCentered ? 4 : 3;
  if (node.hasInput(bias))
    sum = buildBroadcast<train::AddOp>(node, sum, operand(node, bias));
  if (!sum)
    return failure();
  double epsilon = node.number("epsilon", isCentered ? 1e-12 : 1e-5);
  Statistics statistics;
  Value scale = alignedParameter(node, 2, rank), y;
  if (isCentered)
    y = normalize(node, sum, {rank - 1}, epsilon, scale,
                  node.hasInput(3) ? alignedParameter(node, 3, rank)
                                   : constantOf(node, "bias", 0, SmallVector<int64_t>(rank, 1)),
                  statistics);
  else
    y = normalizeSquares(node, sum, {rank - 1}, epsilon, scale, statistics);
  if (!y)
    return failure();
  // Outputs 1 and 2 are the mean and 1 / deviation; the latter alone without a mean.
  SmallVector<Value> outputs = {y, Value(), Value(), sum};
  if (node.hasOutput(1))
    outputs[1] = statistics.mean;
  if (node.hasOutput(2)) {
    outputs[2] = inverseDeviation(node, statistics.var, epsilon);
    if (!outputs[2])
      return failure();
  }
  return node.setOutputs(outputs);
}

static LogicalResult importSkipLayer(Node &node) { return importSkip(node, true); }
static LogicalResult importSkipRms(Node &node) { return importSkip(node, false); }

/// Norms below it count as it: F.normalize of PyTorch does the same.
static constexpr double smallest = 1e-12;

/// x / |x| along an axis; where all is zero, so is the result.
static LogicalResult importLp(Node &node) {
  Value x = operand(node, 0);
  if (!x)
    return failure();
  SmallVector<int64_t> kept(shapeOf(x));
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", -1), kept.size());
  if (failed(axis))
    return failure();
  int64_t p = node.integer("p", 2), count = kept[*axis];
  if (p == 1) {
    auto sum = node.create<train::ReduceSumAbsOp>(x, train::i64s(node.builder, "axes", {*axis}));
    return node.setOutput(buildBroadcast<train::DivOp>(
        node, x, sum ? clip(node, sum.getY(), smallest, maxFloat) : Value()));
  }
  if (p != 2)
    return node.fail("expected p of 1 or 2, found " + Twine(p));
  // |x| is the root of the mean of squares times that of their number.
  SmallVector<int64_t> ones(kept.size(), 1);
  Statistics statistics;
  return node.setOutput(
      normalizeSquares(node, x, {*axis}, smallest * smallest / double(count),
                       constantOf(node, "scale", 1 / std::sqrt(double(count)), ones), statistics));
}

void slp::import_onnx::addRmsNormalizationOperators(OperatorTable &table) {
  AttributeRule axis = {"axis", AttributeKind::integer, ""};
  AttributeRule epsilon = {"epsilon", AttributeKind::number, ""};
  AttributeRule stash = {"stash_type", AttributeKind::integer, "1"};
  table["RMSNormalization"] = {"fw", 1, {axis, epsilon, stash}, importRms, "", "23"};
  table["SimplifiedLayerNormalization"] = {
      "fw", 2, {axis, epsilon, stash}, importRms, "ONNX Runtime's, of the standard's domain", "1"};
  table["com.microsoft.SkipLayerNormalization"] = {"ffw|wf", 4, {epsilon}, importSkipLayer, ""};
  table["com.microsoft.SkipSimplifiedLayerNormalization"] = {
      "ffw|f", 4, {epsilon}, importSkipRms, ""};
  table["LpNormalization"] = {
      "f", 1, {axis, {"p", AttributeKind::integer, ""}}, importLp, "p of 1 or 2", "1, 22"};
}
