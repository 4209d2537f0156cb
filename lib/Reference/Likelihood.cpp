//===- Likelihood.cpp - log softmax and negative log likelihood by definition -----------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/NllGradOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/SeedOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

template <typename Real> static llvm::ArrayRef<Real> row(const TensorOf<Real> &t, int64_t n) {
  return llvm::ArrayRef<Real>(t.values).slice(n * t.dim(1), t.dim(1));
}

template <typename Real> static LogicalResult evaluateLogSoftmax(CallOf<Real> &call) {
  const auto &x = *call.operands[0];
  auto store = call.store(0);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Real max = row(x, n)[0];
    for (Real value : row(x, n))
      max = value > max ? value : max;
    std::vector<Real> e;
    for (Real value : row(x, n))
      e.push_back(expOf(value - max));
    Real logSum = logOf(rowSum(e));
    for (int64_t i = 0; i < x.dim(1); ++i) {
      Real shifted = row(x, n)[i] - max;
      int64_t index = n * x.dim(1) + i;
      call.results[0][index] = store(shifted - logSum, index);
    }
  }
  return success();
}

template <typename Real> static LogicalResult evaluateLogSoftmaxGrad(CallOf<Real> &call) {
  const auto &dy = *call.operands[0], &y = *call.operands[1];
  auto store = call.store(0);
  for (int64_t n = 0; n < y.dim(0); ++n) {
    Real sum = rowSum(row(dy, n));
    for (int64_t i = 0; i < y.dim(1); ++i) {
      Real share = expOf(row(y, n)[i]) * sum;
      int64_t index = n * y.dim(1) + i;
      call.results[0][index] = store(row(dy, n)[i] - share, index);
    }
  }
  return success();
}

/// Whether a label counts: a class, and not the one to ignore.
template <typename Real> static bool counts(Real label, int64_t classes, int32_t ignore) {
  return label >= 0 && label < static_cast<Real>(classes) && label != static_cast<Real>(ignore);
}

template <typename Real> static LogicalResult evaluateNll(CallOf<Real> &call) {
  auto op = cast<train::NllOp>(call.op);
  const auto &x = *call.operands[0], &labels = *call.operands[1];
  auto ignore = static_cast<int32_t>(op.getIgnore());
  for (int64_t n = 0; n < x.dim(0); ++n) {
    if (!counts(labels[n], x.dim(1), ignore))
      continue; // both results are +0
    auto label = static_cast<int64_t>(labels[n]);
    Real share = op.getWeights() ? (*call.operands[2])[label] : 1.0f;
    call.results[0][n] = positiveZero(-(share * row(x, n)[label]));
    call.results[1][n] = positiveZero(share);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateNllGrad(CallOf<Real> &call) {
  auto op = cast<train::NllGradOp>(call.op);
  const auto &dy = *call.operands[0], &labels = *call.operands[1];
  auto store = call.store(0);
  int64_t classes = op.getClasses();
  for (int64_t n = 0; n < dy.dim(0); ++n) {
    if (!counts(labels[n], classes, static_cast<int32_t>(op.getIgnore())))
      continue;
    auto label = static_cast<int64_t>(labels[n]);
    Real share = op.getWeights() ? (*call.operands[2])[label] : 1.0f;
    int64_t index = n * classes + label;
    call.results[0][index] = store(-(share * dy[n]), index);
  }
  return success();
}

template <typename Real> static LogicalResult evaluateSeed(CallOf<Real> &call) {
  call.results[0][0] = cast<train::SeedOp>(call.op).getLossScale().convertToFloat();
  return success();
}

template <typename Real> void reference::addLikelihoodKernels(KernelTableOf<Real> &table) {
  table["train.log_softmax"] = evaluateLogSoftmax<Real>;
  table["train.log_softmax_grad"] = evaluateLogSoftmaxGrad<Real>;
  table["train.nll"] = evaluateNll<Real>;
  table["train.nll_grad"] = evaluateNllGrad<Real>;
  table["train.seed"] = evaluateSeed<Real>;
}

template void reference::addLikelihoodKernels(KernelTableOf<float> &);
template void reference::addLikelihoodKernels(KernelTableOf<double> &);
