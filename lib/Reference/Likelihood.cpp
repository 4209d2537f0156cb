//===- Likelihood.cpp - log softmax and negative log likelihood by definition -----------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/TrainLossOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

static llvm::ArrayRef<float> row(const Tensor &t, int64_t n) {
  return llvm::ArrayRef<float>(t.values).slice(n * t.dim(1), t.dim(1));
}

static LogicalResult evaluateLogSoftmax(Call &call) {
  const Tensor &x = *call.operands[0];
  Store store = call.store(0);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    float max = row(x, n)[0];
    for (float value : row(x, n))
      max = value > max ? value : max;
    std::vector<float> e;
    for (float value : row(x, n))
      e.push_back(expOf(value - max));
    float logSum = logOf(rowSum(e));
    for (int64_t i = 0; i < x.dim(1); ++i) {
      float shifted = row(x, n)[i] - max;
      call.results[0][n * x.dim(1) + i] = store(shifted - logSum);
    }
  }
  return success();
}

static LogicalResult evaluateLogSoftmaxGrad(Call &call) {
  const Tensor &dy = *call.operands[0], &y = *call.operands[1];
  Store store = call.store(0);
  for (int64_t n = 0; n < y.dim(0); ++n) {
    float sum = rowSum(row(dy, n));
    for (int64_t i = 0; i < y.dim(1); ++i) {
      float share = expOf(row(y, n)[i]) * sum;
      call.results[0][n * y.dim(1) + i] = store(row(dy, n)[i] - share);
    }
  }
  return success();
}

/// Whether a label counts: a class, and not the one to ignore.
static bool counts(float label, int64_t classes, int32_t ignore) {
  return label >= 0 && label < static_cast<float>(classes) && label != static_cast<float>(ignore);
}

static LogicalResult evaluateNll(Call &call) {
  auto op = cast<train::NllOp>(call.op);
  const Tensor &x = *call.operands[0], &labels = *call.operands[1];
  auto ignore = static_cast<int32_t>(op.getIgnore());
  for (int64_t n = 0; n < x.dim(0); ++n) {
    if (!counts(labels[n], x.dim(1), ignore))
      continue; // both results are +0
    auto label = static_cast<int64_t>(labels[n]);
    float share = op.getWeights() ? (*call.operands[2])[label] : 1.0f;
    call.results[0][n] = positiveZero(-(share * row(x, n)[label]));
    call.results[1][n] = positiveZero(share);
  }
  return success();
}

static LogicalResult evaluateNllGrad(Call &call) {
  auto op = cast<train::NllGradOp>(call.op);
  const Tensor &dy = *call.operands[0], &labels = *call.operands[1];
  Store store = call.store(0);
  int64_t classes = op.getClasses();
  for (int64_t n = 0; n < dy.dim(0); ++n) {
    if (!counts(labels[n], classes, static_cast<int32_t>(op.getIgnore())))
      continue;
    auto label = static_cast<int64_t>(labels[n]);
    float share = op.getWeights() ? (*call.operands[2])[label] : 1.0f;
    call.results[0][n * classes + label] = store(-(share * dy[n]));
  }
  return success();
}

static LogicalResult evaluateSeed(Call &call) {
  call.results[0][0] = cast<train::SeedOp>(call.op).getLossScale().convertToFloat();
  return success();
}

void reference::addLikelihoodKernels(KernelTable &table) {
  table["train.log_softmax"] = evaluateLogSoftmax;
  table["train.log_softmax_grad"] = evaluateLogSoftmaxGrad;
  table["train.nll"] = evaluateNll;
  table["train.nll_grad"] = evaluateNllGrad;
  table["train.seed"] = evaluateSeed;
}
