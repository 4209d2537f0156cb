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

#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/ReduceSumAbsOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/ReduceSumSquareOp.h"
#include "dialects/Train/SpreadOp.h"
#include "dialects/Train/VarianceGradOp.h"
#include "dialects/Train/VarianceOp.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

template <typename Real>
static llvm::SmallVector<int64_t> reducedShape(const TensorOf<Real> &x,
                                               llvm::ArrayRef<int64_t> axes) {
  llvm::SmallVector<int64_t> shape = x.shape;
  for (int64_t axis : axes)
    shape[axis] = 1;
  return shape;
}

template <typename Real>
TensorOf<Real> reference::sumOver(const TensorOf<Real> &terms, llvm::ArrayRef<int64_t> axes) {
  TensorOf<Real> sums(reducedShape(terms, axes));
  int64_t last = terms.shape.size() - 1, width = terms.shape[last];
  int64_t piece = axes.back() == last ? std::min<int64_t>(width, 4096) : 1;
  llvm::ArrayRef<Real> values(terms.values);
  // Rows of the last dimension one after the other; a piece never crosses their ends.
  for (int64_t row = 0; row < int64_t(values.size()); row += width)
    for (int64_t i = 0; i < width; i += piece) {
      Real term = piece == 1 && axes.back() != last
                      ? values[row + i]
                      : rowSum(values.slice(row + i, std::min(piece, width - i)));
      Real &sum = sums[servingIndex(sums.shape, coordinatesOf(row + i, terms.shape))];
      sum = sum + term;
    }
  return sums;
}

template Tensor reference::sumOver(const Tensor &, llvm::ArrayRef<int64_t>);
template TensorOf<double> reference::sumOver(const TensorOf<double> &, llvm::ArrayRef<int64_t>);

/// Stores results that are f32.
template <typename Real>
static void setResult(CallOf<Real> &call, unsigned i, const TensorOf<Real> &values) {
  llvm::transform(values.values, call.results[i].values.begin(), positiveZero<Real>);
}

/// The number of elements that make one result.
template <typename Real> static Real countOf(const TensorOf<Real> &x, const TensorOf<Real> &y) {
  size_t count = x.values.size() / y.values.size();
  return static_cast<Real>(count);
}

template <typename Op, typename Real, typename Term>
static LogicalResult evaluateSum(CallOf<Real> &call, Term term) {
  TensorOf<Real> terms = *call.operands[0];
  llvm::transform(terms.values, terms.values.begin(), term);
  setResult(call, 0, sumOver(terms, cast<Op>(call.op).getAxes()));
  return success();
}

template <typename Real> static LogicalResult evaluateReduceSum(CallOf<Real> &call) {
  return evaluateSum<train::ReduceSumOp>(call, [](Real x) { return x; });
}

template <typename Real> static LogicalResult evaluateReduceSumSquare(CallOf<Real> &call) {
  return evaluateSum<train::ReduceSumSquareOp>(call, [](Real x) { return x * x; });
}

template <typename Real> static LogicalResult evaluateReduceSumAbs(CallOf<Real> &call) {
  return evaluateSum<train::ReduceSumAbsOp>(call, [](Real x) { return std::fabs(x); });
}

template <typename Real> static LogicalResult evaluateReduceMean(CallOf<Real> &call) {
  const auto &x = *call.operands[0];
  TensorOf<Real> sums = sumOver(x, cast<train::ReduceMeanOp>(call.op).getAxes());
  Real n = countOf(x, sums);
  for (Real &value : sums.values)
    value = positiveZero(value) / n;
  setResult(call, 0, sums);
  return success();
}

/// y = f(y, x) from `start`, in row-major order of x.
template <typename Real, typename F>
static LogicalResult evaluateFold(CallOf<Real> &call, Real start, F f) {
  const auto &x = *call.operands[0];
  auto &y = call.results[0];
  y.values.assign(y.values.size(), start);
  for (size_t i = 0; i < x.values.size(); ++i) {
    Real &value = y[servingIndex(y.shape, coordinatesOf(i, x.shape))];
    value = f(value, x[i]);
  }
  llvm::transform(y.values, y.values.begin(), positiveZero<Real>);
  return success();
}

template <typename Real> static LogicalResult evaluateReduceMax(CallOf<Real> &call) {
  return evaluateFold(call, -std::numeric_limits<Real>::infinity(),
                      [](Real y, Real x) { return x > y ? x : y; });
}

template <typename Real> static LogicalResult evaluateReduceMin(CallOf<Real> &call) {
  return evaluateFold(call, std::numeric_limits<Real>::infinity(),
                      [](Real y, Real x) { return x < y ? x : y; });
}

template <typename Real> static LogicalResult evaluateReduceProd(CallOf<Real> &call) {
  return evaluateFold(call, Real(1), [](Real y, Real x) { return y * x; });
}

template <typename Real> static LogicalResult evaluateVariance(CallOf<Real> &call) {
  const auto &x = *call.operands[0], &mean = *call.operands[1];
  TensorOf<Real> terms(x.shape);
  for (size_t i = 0; i < x.values.size(); ++i) {
    Real difference = x[i] - valueAt(mean, coordinatesOf(i, x.shape));
    terms[i] = difference * difference;
  }
  TensorOf<Real> sums = sumOver(terms, cast<train::VarianceOp>(call.op).getAxes());
  Real n = countOf(x, sums);
  for (Real &value : sums.values)
    value = value / n;
  setResult(call, 0, sums);
  return success();
}

template <typename Real> static LogicalResult evaluateVarianceGrad(CallOf<Real> &call) {
  const auto &dy = *call.operands[0], &x = *call.operands[1], &mean = *call.operands[2];
  auto store = call.store(0);
  Real factor = 2.0f / static_cast<Real>(cast<train::VarianceGradOp>(call.op).getCount());
  for (size_t i = 0; i < x.values.size(); ++i) {
    llvm::SmallVector<int64_t> at = coordinatesOf(i, x.shape);
    Real difference = x[i] - valueAt(mean, at);
    call.results[0][i] = store((difference * factor) * valueAt(dy, at), i);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateSpread(CallOf<Real> &call) {
  const auto &x = *call.operands[0];
  auto &y = call.results[0];
  auto store = call.store(0);
  Real divisor = cast<train::SpreadOp>(call.op).getDivisor().convertToFloat();
  for (size_t i = 0; i < y.values.size(); ++i)
    y[i] = store(valueAt(x, coordinatesOf(i, y.shape)) / divisor, i);
  return success();
}

template <typename Real> void reference::addReductionKernels(KernelTableOf<Real> &table) {
  table["train.reduce_sum"] = evaluateReduceSum<Real>;
  table["train.reduce_sum_square"] = evaluateReduceSumSquare<Real>;
  table["train.reduce_sum_abs"] = evaluateReduceSumAbs<Real>;
  table["train.reduce_mean"] = evaluateReduceMean<Real>;
  table["train.reduce_max"] = evaluateReduceMax<Real>;
  table["train.reduce_min"] = evaluateReduceMin<Real>;
  table["train.reduce_prod"] = evaluateReduceProd<Real>;
  table["train.variance"] = evaluateVariance<Real>;
  table["train.variance_grad"] = evaluateVarianceGrad<Real>;
  table["train.spread"] = evaluateSpread<Real>;
}

template void reference::addReductionKernels(KernelTableOf<float> &);
template void reference::addReductionKernels(KernelTableOf<double> &);
