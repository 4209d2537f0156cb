//===- Reduction.cpp - reductions by definition -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5.
//
//===----------------------------------------------------------------------------------------===//

#include "Reduction.h"

#include "Broadcast.h"
#include "Kernel.h"

#include "dialects/Train/TrainReduceOps.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

static llvm::SmallVector<int64_t> reducedShape(const Tensor &x, llvm::ArrayRef<int64_t> axes) {
  llvm::SmallVector<int64_t> shape = x.shape;
  for (int64_t axis : axes)
    shape[axis] = 1;
  return shape;
}

Tensor reference::sumOver(const Tensor &terms, llvm::ArrayRef<int64_t> axes) {
  Tensor sums(reducedShape(terms, axes));
  int64_t last = terms.shape.size() - 1, width = terms.shape[last];
  int64_t piece = axes.back() == last ? std::min<int64_t>(width, 4096) : 1;
  llvm::ArrayRef<float> values(terms.values);
  // Rows of the last dimension one after the other; a piece never crosses their ends.
  for (int64_t row = 0; row < int64_t(values.size()); row += width)
    for (int64_t i = 0; i < width; i += piece) {
      float term = piece == 1 && axes.back() != last
                       ? values[row + i]
                       : rowSum(values.slice(row + i, std::min(piece, width - i)));
      float &sum = sums[servingIndex(sums.shape, coordinatesOf(row + i, terms.shape))];
      sum = sum + term;
    }
  return sums;
}

/// Stores results that are f32.
static void setResult(Call &call, unsigned i, const Tensor &values) {
  llvm::transform(values.values, call.results[i].values.begin(), positiveZero);
}

/// The number of elements that make one result.
static float countOf(const Tensor &x, const Tensor &y) {
  return static_cast<float>(x.values.size() / y.values.size());
}

template <typename Op, typename Term> static LogicalResult evaluateSum(Call &call, Term term) {
  Tensor terms = *call.operands[0];
  llvm::transform(terms.values, terms.values.begin(), term);
  setResult(call, 0, sumOver(terms, cast<Op>(call.op).getAxes()));
  return success();
}

static LogicalResult evaluateReduceSum(Call &call) {
  return evaluateSum<train::ReduceSumOp>(call, [](float x) { return x; });
}

static LogicalResult evaluateReduceSumSquare(Call &call) {
  return evaluateSum<train::ReduceSumSquareOp>(call, [](float x) { return x * x; });
}

static LogicalResult evaluateReduceSumAbs(Call &call) {
  return evaluateSum<train::ReduceSumAbsOp>(call, [](float x) { return std::fabs(x); });
}

static LogicalResult evaluateReduceMean(Call &call) {
  const Tensor &x = *call.operands[0];
  Tensor sums = sumOver(x, cast<train::ReduceMeanOp>(call.op).getAxes());
  float n = countOf(x, sums);
  for (float &value : sums.values)
    value = positiveZero(value) / n;
  setResult(call, 0, sums);
  return success();
}

/// y = f(y, x) from `start`, in row-major order of x.
template <typename F> static LogicalResult evaluateFold(Call &call, float start, F f) {
  const Tensor &x = *call.operands[0];
  Tensor &y = call.results[0];
  y.values.assign(y.values.size(), start);
  for (size_t i = 0; i < x.values.size(); ++i) {
    float &value = y[servingIndex(y.shape, coordinatesOf(i, x.shape))];
    value = f(value, x[i]);
  }
  llvm::transform(y.values, y.values.begin(), positiveZero);
  return success();
}

static LogicalResult evaluateReduceMax(Call &call) {
  return evaluateFold(call, -std::numeric_limits<float>::infinity(),
                      [](float y, float x) { return x > y ? x : y; });
}

static LogicalResult evaluateReduceMin(Call &call) {
  return evaluateFold(call, std::numeric_limits<float>::infinity(),
                      [](float y, float x) { return x < y ? x : y; });
}

static LogicalResult evaluateReduceProd(Call &call) {
  return evaluateFold(call, 1.0f, [](float y, float x) { return y * x; });
}

static LogicalResult evaluateVariance(Call &call) {
  const Tensor &x = *call.operands[0], &mean = *call.operands[1];
  Tensor terms(x.shape);
  for (size_t i = 0; i < x.values.size(); ++i) {
    float difference = x[i] - valueAt(mean, coordinatesOf(i, x.shape));
    terms[i] = difference * difference;
  }
  Tensor sums = sumOver(terms, cast<train::VarianceOp>(call.op).getAxes());
  float n = countOf(x, sums);
  for (float &value : sums.values)
    value = value / n;
  setResult(call, 0, sums);
  return success();
}

static LogicalResult evaluateVarianceGrad(Call &call) {
  const Tensor &dy = *call.operands[0], &x = *call.operands[1], &mean = *call.operands[2];
  Store store = call.store(0);
  float factor = 2.0f / static_cast<float>(cast<train::VarianceGradOp>(call.op).getCount());
  for (size_t i = 0; i < x.values.size(); ++i) {
    llvm::SmallVector<int64_t> at = coordinatesOf(i, x.shape);
    float difference = x[i] - valueAt(mean, at);
    call.results[0][i] = store((difference * factor) * valueAt(dy, at));
  }
  return success();
}

static LogicalResult evaluateSpread(Call &call) {
  const Tensor &x = *call.operands[0];
  Tensor &y = call.results[0];
  Store store = call.store(0);
  float divisor = cast<train::SpreadOp>(call.op).getDivisor().convertToFloat();
  for (size_t i = 0; i < y.values.size(); ++i)
    y[i] = store(valueAt(x, coordinatesOf(i, y.shape)) / divisor);
  return success();
}

void reference::addReductionKernels(KernelTable &table) {
  table["train.reduce_sum"] = evaluateReduceSum;
  table["train.reduce_sum_square"] = evaluateReduceSumSquare;
  table["train.reduce_sum_abs"] = evaluateReduceSumAbs;
  table["train.reduce_mean"] = evaluateReduceMean;
  table["train.reduce_max"] = evaluateReduceMax;
  table["train.reduce_min"] = evaluateReduceMin;
  table["train.reduce_prod"] = evaluateReduceProd;
  table["train.variance"] = evaluateVariance;
  table["train.variance_grad"] = evaluateVarianceGrad;
  table["train.spread"] = evaluateSpread;
}
