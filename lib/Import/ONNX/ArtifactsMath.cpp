//===- ArtifactsMath.cpp - ONNX Runtime's other gradient operators ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Arithmetic, rows, normalisation and movement; Artifacts.cpp has the rest.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/DropoutOp.h"
#include "dialects/Train/GatherOp.h"
#include "dialects/Train/LogSoftmaxGradOp.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/NormalizeGradOp.h"
#include "dialects/Train/NormalizeOp.h"
#include "dialects/Train/NormalizeSumsOp.h"
#include "dialects/Train/PadOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/SoftmaxGradOp.h"
#include "dialects/Train/StatisticsOp.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOp.h"
#include "dialects/Train/VarianceOp.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using train::Phase;

/// Input `i` before reshapes.
static Value sourceOf(Node &node, unsigned i) { return train::beforeReshapes(node.tensor(i)); }

//===----------------------------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------------------------===//

/// x * number, or x / number.
static LogicalResult importScale(Node &node) {
  std::optional<SmallVector<double>> number = node.floats(1);
  if (!number || number->size() != 1 || number->front() == 0)
    return node.fail("expected input \"" + node.inputName(1) + "\" to be one constant number");
  bool isDown = node.integer("scale_down", 0) != 0;
  return node.setOutput(
      affine(node, node.tensor(0), isDown ? 1 / number->front() : number->front(), 0));
}

template <typename Op> static LogicalResult importUnaryGrad(Node &node) {
  return node.setOutput(build<Op>(node, {node.tensor(0), node.tensor(1)}));
}

/// (dY, X, B): gelu with tanh of X + B, a vector along the last dimension.
static LogicalResult importBiasFastGeluGrad(Node &node) {
  Value x = node.tensor(1);
  if (node.hasInput(2))
    x = buildBroadcast<train::AddOp>(node, x, node.tensor(2));
  return node.setOutput(build<train::GeluTanhGradOp>(node, {node.tensor(0), x}));
}

/// The axes along which each of two shapes was repeated to become that of both.
static LogicalResult importBroadcastAxes(Node &node) {
  SmallVector<int64_t> shapes[2] = {*node.constant(0), *node.constant(1)};
  size_t rank = std::max(shapes[0].size(), shapes[1].size());
  for (SmallVector<int64_t> &shape : shapes)
    shape.insert(shape.begin(), rank - shape.size(), 1);
  for (unsigned i : {0, 1}) {
    std::vector<int64_t> axes;
    size_t own = node.constant(i)->size();
    for (size_t d = 0; d < rank; ++d)
      if (d < rank - own || (shapes[i][d] == 1 && shapes[1 - i][d] != 1))
        axes.push_back(int64_t(d));
    int64_t count = int64_t(axes.size());
    if (failed(node.setConstant(i, Constant::ofIntegers(count, std::move(axes)))))
      return failure();
  }
  return success();
}

/// alpha * A x B, either perhaps transposed.
static LogicalResult importFusedMatMul(Node &node) {
  OpBuilder &b = node.builder;
  if (node.rank(0) < 2 || node.rank(0) > 3 || node.rank(1) != node.rank(0))
    return node.fail("expected two operands of rank 2 or 3, found " + printShape(node.shape(0)) +
                     " and " + printShape(node.shape(1)));
  SmallVector<NamedAttribute> attributes;
  if (node.integer("transA", 0))
    attributes.push_back(b.getNamedAttr("transpose_a", b.getUnitAttr()));
  if (node.integer("transB", 0))
    attributes.push_back(b.getNamedAttr("transpose_b", b.getUnitAttr()));
  auto product = node.create<train::MatMulOp>({node.tensor(0), node.tensor(1)}, attributes);
  double alpha = node.number("alpha", 1);
  if (!product || alpha == 1)
    return node.setOutput(product ? product.getY() : Value());
  return node.setOutput(affine(node, product.getY(), alpha, 0));
}

//===----------------------------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------------------------===//

/// Input `i` as rows along `axis`: those that a softmax had before it moved the dimension back.
static Value rowsBefore(Node &node, unsigned i, int64_t axis) {
  Value x = node.tensor(i);
  int64_t last = shapeOf(x).size() - 1;
  auto back = x.getDefiningOp<train::TransposeOp>();
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, last));
  perm.insert(perm.begin() + axis, last);
  if (!back || axis == last || back.getPerm() != ArrayRef<int64_t>(perm))
    return rowsAlong(node, x, axis);
  return rowsAlong(node, back.getX(), last);
}

/// The gradient of a softmax (dY, Y) over dimension `axis`, or, as softmax was until operator set
/// 12, over all from `axis` on.
template <typename Op, bool flattens> static LogicalResult importRowGrad(Node &node) {
  SmallVector<int64_t> shape(node.shape(0));
  int64_t rank = shape.size();
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", flattens ? 1 : -1), rank);
  if (failed(axis))
    return failure();
  if (node.shape(1) != ArrayRef<int64_t>(shape))
    return node.fail("expected two inputs of one shape, found " + printShape(shape) + " and " +
                     printShape(node.shape(1)));
  if (!flattens) {
    Value dx = build<Op>(node, {rowsBefore(node, 0, *axis), rowsBefore(node, 1, *axis)});
    return node.setOutput(fromRowsAlong(node, dx, shape, *axis));
  }
  SmallVector<int64_t> rows = {product(shape, 0, *axis), product(shape, *axis, rank)};
  Value dx =
      build<Op>(node, {node.reshape(node.tensor(0), rows), node.reshape(node.tensor(1), rows)});
  return dx ? node.setOutput(node.reshape(dx, shape)) : failure();
}

//===----------------------------------------------------------------------------------------===//
// Normalisation and dropout
//===----------------------------------------------------------------------------------------===//

/// The dimensions over which `mean` and `var` are those of `x`; none if they are something else.
static SmallVector<int64_t> axesOfStatistics(Value x, Value mean, Value var) {
  SmallVector<int64_t> axes;
  if (auto both = mean.getDefiningOp<train::StatisticsOp>()) {
    if (both.getX() == x && both.getMean() == mean && both.getVar() == var)
      for (int64_t d = 0, rank = shapeOf(x).size(); d < rank; ++d)
        if (d != 1)
          axes.push_back(d);
    return axes;
  }
  auto reduced = mean.getDefiningOp<train::ReduceMeanOp>();
  auto variance = var.getDefiningOp<train::VarianceOp>();
  if (reduced && variance && reduced.getX() == x && variance.getX() == x)
    llvm::append_range(axes, reduced.getAxes());
  return axes;
}

/// (dY, X, scale, saved mean, saved 1 / deviation) of BatchNormInternal: what was saved is found
/// through the mean, as the statistics that the forward operator computed.
static LogicalResult importBatchNormGrad(Node &node) {
  OpBuilder &b = node.builder;
  Value dy = node.tensor(0), x = node.tensor(1);
  Value m = sourceOf(node, 3), v = sourceOf(node, 4);
  SmallVector<int64_t> axes = axesOfStatistics(x, m, v);
  if (axes.empty())
    return node.fail("expected inputs \"" + node.inputName(3) + "\" and \"" + node.inputName(4) +
                     "\" to be what the BatchNormInternal of \"" + node.inputName(1) + "\" saved");
  auto epsilon = b.getNamedAttr("epsilon", b.getF32FloatAttr(float(node.number("epsilon", 1e-5))));
  SmallVector<Type> statistics(2, b.getF32Type());
  auto sums = node.create<train::NormalizeSumsOp>(
      {dy, x, m, v}, {epsilon, train::i64s(b, "axes", axes), phaseOf(b, Phase::wg)}, statistics);
  if (!sums)
    return failure();
  Value scale = node.reshape(node.tensor(2), shapeOf(m));
  int64_t count = product(shapeOf(x)) / product(shapeOf(m));
  SmallVector<Value> grads(3);
  if (node.hasOutput(0)) {
    auto dx = node.create<train::NormalizeGradOp>(
        {dy, x, m, v, sums.getSum(), sums.getProducts(), scale},
        {epsilon, b.getNamedAttr("count", b.getI64IntegerAttr(count)), phaseOf(b, Phase::bp)});
    if (!dx)
      return failure();
    grads[0] = dx.getDx();
  }
  grads[1] = node.reshape(sums.getProducts(), node.shape(2));
  grads[2] = node.reshape(sums.getSum(), node.shape(2));
  return node.setOutputs(grads);
}

/// (dY, X, scale, mean, 1 / deviation) of LayerNormalization: both are found as what it computed.
/// Rows are what one mean belongs to.
static LogicalResult importLayerNormGrad(Node &node) {
  OpBuilder &b = node.builder;
  Value x = node.tensor(1);
  auto mean = sourceOf(node, 3).getDefiningOp<train::ReduceMeanOp>();
  auto rstd = sourceOf(node, 4).getDefiningOp<train::NormalizeOp>();
  auto var = rstd ? rstd.getVar().getDefiningOp<train::VarianceOp>() : train::VarianceOp();
  if (!mean || !var || mean.getX() != x || var.getX() != x)
    return node.fail("expected inputs \"" + node.inputName(3) + "\" and \"" + node.inputName(4) +
                     "\" to be Mean and InvStdDev of the LayerNormalization of \"" +
                     node.inputName(1) + "\"");
  int64_t rows = product(shapeOf(mean.getY())), size = product(shapeOf(x)) / rows;
  if (product(node.shape(2)) != size)
    return node.fail("expected " + Twine(size) + " elements of input \"" + node.inputName(2) +
                     "\", found " + printShape(node.shape(2)));
  Value dy = node.reshape(node.tensor(0), {rows, size}), xs = node.reshape(x, {rows, size});
  Value m = node.reshape(mean.getY(), {rows, 1}), v = node.reshape(var.getY(), {rows, 1});
  NamedAttribute epsilon = b.getNamedAttr("epsilon", rstd.getEpsilonAttr());
  SmallVector<Type> statistics(2, b.getF32Type());
  auto sums = [&](Value error, int64_t axis, Phase phase) {
    return node.create<train::NormalizeSumsOp>(
        {error, xs, m, v}, {epsilon, train::i64s(b, "axes", {axis}), phaseOf(b, phase)},
        statistics);
  };
  SmallVector<Value> grads(3);
  if (node.hasOutput(0)) {
    Value error = build<train::MulOp>(node, {dy, node.reshape(node.tensor(2), {int64_t(1), size})});
    auto total = error ? sums(error, 1, Phase::bp) : train::NormalizeSumsOp();
    auto dx = total ? node.create<train::NormalizeGradOp>(
                          {error, xs, m, v, total.getSum(), total.getProducts()},
                          {epsilon, b.getNamedAttr("count", b.getI64IntegerAttr(size)),
                           phaseOf(b, Phase::bp)})
                    : train::NormalizeGradOp();
    if (!dx)
      return failure();
    grads[0] = node.reshape(dx.getDx(), shapeOf(x));
  }
  auto total = sums(dy, 0, Phase::wg);
  if (!total)
    return failure();
  grads[1] = node.reshape(total.getProducts(), node.shape(2));
  grads[2] = node.reshape(total.getSum(), node.shape(2));
  grads.resize(node.numOutputs());
  return node.setOutputs(grads);
}

/// (dY, mask): the same elements are dropped.
static LogicalResult importDropoutGrad(Node &node) {
  OpBuilder &b = node.builder;
  auto mask = node.tensor(1).getDefiningOp<train::DropoutOp>();
  if (!mask || !mask.getMask())
    return node.fail("expected input \"" + node.inputName(1) + "\" to be the mask of a Dropout");
  if (mask.getRatio().isZero())
    return node.setOutput(node.tensor(0));
  auto dx = node.create<train::DropoutOp>(
      node.tensor(0),
      {b.getNamedAttr("ratio", mask.getRatioAttr()), b.getNamedAttr("seed", mask.getSeedAttr()),
       b.getNamedAttr("stream", mask.getStreamAttr()), phaseOf(b, Phase::bp)});
  return node.setOutput(dx ? dx.getY() : Value());
}

//===----------------------------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------------------------===//

/// (dY, shape, starts, ends, axes, steps): dY in a tensor of zeros.
static LogicalResult importSliceGrad(Node &node) {
  SmallVector<int64_t> shape = *node.constant(1), starts = *node.constant(2);
  size_t rank = shape.size();
  SmallVector<int64_t> axes, steps(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i)
    axes.push_back(int64_t(i));
  if (node.hasInput(4))
    axes = *node.constant(4);
  if (node.hasInput(5))
    steps = *node.constant(5);
  if (axes.size() != starts.size() || node.shape(0).size() != rank ||
      llvm::any_of(steps, [](int64_t step) { return step != 1; }))
    return node.fail("expected steps of 1 and as many axes as starts");
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (auto [axis, start] : llvm::zip(axes, starts)) {
    FailureOr<int64_t> at = node.positiveAxis(axis, rank);
    if (failed(at))
      return failure();
    int64_t size = shape[*at];
    low[*at] = std::clamp<int64_t>(start < 0 ? start + size : start, 0, size);
  }
  for (size_t d = 0; d < rank; ++d)
    high[d] = shape[d] - low[d] - node.shape(0)[d];
  auto dx = node.create<train::PadOp>(node.tensor(0), {train::i64s(node.builder, "low", low),
                                                       train::i64s(node.builder, "high", high)});
  return node.setOutput(dx ? dx.getY() : Value());
}

/// Concat, and how long each input is along its axis.
static LogicalResult importConcatTraining(Node &node) {
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 0), node.rank(0));
  if (failed(axis))
    return failure();
  SmallVector<Value> parts;
  std::vector<int64_t> lengths;
  for (unsigned i = 0; i < node.numInputs(); ++i) {
    parts.push_back(node.tensor(i));
    lengths.push_back(shapeOf(parts.back())[*axis]);
  }
  if (failed(node.setOutput(concat(node, parts, *axis))))
    return failure();
  int64_t count = lengths.size();
  return node.setConstant(1, Constant::ofIntegers(count, std::move(lengths)));
}

/// One hot: a row of the identity, scaled, for each label.
static LogicalResult importOneHot(Node &node) {
  OpBuilder &b = node.builder;
  std::optional<SmallVector<int64_t>> depth = node.constant(1);
  std::optional<SmallVector<double>> values = node.floats(2);
  int64_t rank = node.rank(0);
  if (!depth || depth->size() != 1 || depth->front() < 1 || depth->front() > 1024)
    return node.fail("expected a constant depth of 1 to 1024");
  if (!values || values->size() != 2)
    return node.fail("expected two constant values, off and on");
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", -1), rank + 1);
  if (failed(axis))
    return failure();
  if (*axis != rank)
    return node.fail("expected the last dimension as axis, found " + Twine(*axis));
  int64_t classes = depth->front();
  if (classes * classes * 4 > 4096)
    return node.fail("expected a depth of at most 32, found " + Twine(classes));
  SmallVector<float> table(classes * classes, float((*values)[0]));
  for (int64_t i = 0; i < classes; ++i)
    table[i * classes + i] = float((*values)[1]);
  auto type = RankedTensorType::get({1, classes, classes}, b.getF32Type());
  Value identity =
      train::createConstant(b, node.loc, DenseElementsAttr::get(type, ArrayRef<float>(table)));
  Value labels = node.reshape(node.tensor(0), product(node.shape(0)));
  auto rows = node.create<train::GatherOp>({identity, labels});
  if (!rows)
    return failure();
  SmallVector<int64_t> shape(node.shape(0));
  shape.push_back(classes);
  return node.setOutput(node.reshape(rows.getY(), shape));
}

void slp::import_onnx::addArtifactMathOperators(OperatorTable &table) {
  const std::string domain = "com.microsoft.";
  const AttributeRule axis = {"axis", AttributeKind::integer, ""};
  auto add = [&](const std::string &name, const char *inputs, unsigned outputs,
                 std::vector<AttributeRule> attributes, LogicalResult (*import)(Node &),
                 const char *notes = "") {
    Operator op = {inputs, outputs, std::move(attributes), import, notes};
    op.hasGradient = false;
    op.forms = "c";
    table.try_emplace(name, std::move(op));
  };
  add(domain + "Scale", "fc", 1, {{"scale_down", AttributeKind::integer, ""}}, importScale,
      "by one constant number");
  add(domain + "SigmoidGrad", "ff", 1, {}, importUnaryGrad<train::SigmoidGradOp>);
  add(domain + "TanhGrad", "ff", 1, {}, importUnaryGrad<train::TanhGradOp>);
  add(domain + "GeluGrad", "ff", 1, {}, importUnaryGrad<train::GeluGradOp>);
  add(domain + "FastGeluGrad", "ff", 1, {}, importUnaryGrad<train::GeluTanhGradOp>);
  add(domain + "BiasFastGeluGrad_dX", "ff|f", 1, {}, importBiasFastGeluGrad);
  add(domain + "BroadcastGradientArgs", "cc", 2, {}, importBroadcastAxes, "of known shapes");
  add(domain + "FusedMatMul", "ff", 1,
      {{"alpha", AttributeKind::number, ""},
       {"transA", AttributeKind::integer, ""},
       {"transB", AttributeKind::integer, ""},
       {"transBatchA", AttributeKind::integer, "0"},
       {"transBatchB", AttributeKind::integer, "0"}},
      importFusedMatMul, "two operands of rank 2, or of rank 3 with one batch");
  add(domain + "SoftmaxGrad", "ff", 1, {axis}, importRowGrad<train::SoftmaxGradOp, true>);
  add(domain + "LogSoftmaxGrad", "ff", 1, {axis}, importRowGrad<train::LogSoftmaxGradOp, true>);
  add(domain + "SoftmaxGrad_13", "ff", 1, {axis}, importRowGrad<train::SoftmaxGradOp, false>);
  add(domain + "LogSoftmaxGrad_13", "ff", 1, {axis}, importRowGrad<train::LogSoftmaxGradOp, false>);
  add(domain + "BatchNormalizationGrad", "fffff", 3, {{"epsilon", AttributeKind::number, ""}},
      importBatchNormGrad, "of what BatchNormInternal saved");
  add(domain + "LayerNormalizationGrad", "fffff", 3,
      {axis, {"epsilon", AttributeKind::number, ""}, {"stash_type", AttributeKind::integer, "1"}},
      importLayerNormGrad, "of Mean and InvStdDev of LayerNormalization");
  add(domain + "DropoutGrad", "ff|cc", 1, {{"seed", AttributeKind::integer, ""}}, importDropoutGrad,
      "of a Dropout's mask");
  add(domain + "ConcatTraining", "f*", 2, {axis}, importConcatTraining,
      "lengths of the inputs are the second output");
  add(domain + "SliceGrad", "fccc|cc", 1, {}, importSliceGrad, "steps of 1");
  table["OneHot"] = {
      "icc", 1, {axis}, importOneHot, "at the last dimension, depth of at most 32", "9, 11", false};
  // The same operators under other names.
  auto alias = [&](const char *name, const char *of, unsigned outputs) {
    auto known = table.find(of);
    if (known == table.end())
      return;
    Operator op = known->second;
    op.maxOutputs = outputs;
    op.versions = "1";
    op.forms = "c";
    table[domain + name] = std::move(op);
  };
  alias("BatchNormInternal", "BatchNormalization", 5);
  alias("ReduceSumTraining", "ReduceSum", 1);
  alias("SplitTraining", "Split", 1 << 20);
  // The type of the loss.
  const AttributeRule type = {"output_type", AttributeKind::integer, "1"};
  for (const char *loss :
       {"SoftmaxCrossEntropyLossInternal", "SoftmaxCrossEntropyLossInternalGrad"})
    table[domain + loss].attributes.push_back(type);
}
