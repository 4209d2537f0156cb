//===- Rows.cpp - softmax and losses by definition --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"
#include "Reduction.h"

#include "dialects/Train/CrossEntropyGradOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

namespace {
/// m, e_i and s of a row of logits.
template <typename Real> struct Exponentials {
  Real max;
  std::vector<Real> e;
  Real sum;

  explicit Exponentials(llvm::ArrayRef<Real> x) : max(x[0]) {
    for (Real value : x)
      max = value > max ? value : max;
    for (Real value : x)
      e.push_back(expOf(value - max));
    sum = rowSum(e);
  }
};
} // namespace

/// Row n of a matrix.
template <typename Real> static llvm::ArrayRef<Real> row(const TensorOf<Real> &t, int64_t n) {
  return llvm::ArrayRef<Real>(t.values).slice(n * t.dim(1), t.dim(1));
}

template <typename Real> static LogicalResult evaluateSoftmax(CallOf<Real> &call) {
  const auto &x = *call.operands[0];
  auto &y = call.results[0];
  auto store = call.store(0);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Exponentials<Real> r(row(x, n));
    for (int64_t i = 0; i < x.dim(1); ++i)
      y[n * x.dim(1) + i] = store(r.e[i] / r.sum, n * x.dim(1) + i);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateSoftmaxGrad(CallOf<Real> &call) {
  const auto &dy = *call.operands[0], &y = *call.operands[1];
  auto &dx = call.results[0];
  auto store = call.store(0);
  int64_t classes = y.dim(1);
  for (int64_t n = 0; n < y.dim(0); ++n) {
    std::vector<Real> products;
    for (auto [a, b] : llvm::zip(row(y, n), row(dy, n)))
      products.push_back(a * b);
    Real t = rowSum(products);
    for (int64_t i = 0; i < classes; ++i) {
      Real difference = dy[n * classes + i] - t;
      dx[n * classes + i] = store(y[n * classes + i] * difference, n * classes + i);
    }
  }
  return success();
}

template <typename Real> static LogicalResult evaluateCrossEntropy(CallOf<Real> &call) {
  const auto &x = *call.operands[0], &labels = *call.operands[1];
  auto &loss = call.results[0], &losses = call.results[1];
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Exponentials<Real> r(row(x, n));
    Real logSum = logOf(r.sum), label = labels[n];
    // A label that is no class leaves out x_label.
    bool known = label >= 0 && label < static_cast<Real>(x.dim(1));
    Real own = known ? row(x, n)[static_cast<int64_t>(label)] - r.max : -r.max;
    losses[n] = positiveZero(logSum - own);
  }
  Real sum = sumOver(losses, {0})[0];
  loss[0] = positiveZero(sum / static_cast<Real>(x.dim(0)));
  return success();
}

template <typename Real> static LogicalResult evaluateCrossEntropyGrad(CallOf<Real> &call) {
  auto op = cast<train::CrossEntropyGradOp>(call.op);
  const auto &x = *call.operands[0], &labels = *call.operands[1];
  auto &dx = call.results[0];
  auto store = call.store(0);
  Real k = op.getLossScale().convertToFloat() / static_cast<Real>(x.dim(0));
  if (op.getScale())
    k = call.operands[2]->values[0] * k;
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Exponentials<Real> r(row(x, n));
    for (int64_t i = 0; i < x.dim(1); ++i) {
      Real probability = r.e[i] / r.sum;
      Real target = labels[n] == static_cast<Real>(i) ? 1.0f : 0.0f;
      Real difference = probability - target;
      dx[n * x.dim(1) + i] = store(difference * k, n * x.dim(1) + i);
    }
  }
  return success();
}

template <typename Real> void reference::addRowKernels(KernelTableOf<Real> &table) {
  table["train.softmax"] = evaluateSoftmax<Real>;
  table["train.softmax_grad"] = evaluateSoftmaxGrad<Real>;
  table["train.cross_entropy"] = evaluateCrossEntropy<Real>;
  table["train.cross_entropy_grad"] = evaluateCrossEntropyGrad<Real>;
}

template void reference::addRowKernels(KernelTableOf<float> &);
template void reference::addRowKernels(KernelTableOf<double> &);
