//===- Rows.cpp - softmax and losses by definition --------------------------------------------===//
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

namespace {
/// m, e_i and s of a row of logits.
struct Exponentials {
  float max;
  std::vector<float> e;
  float sum;

  explicit Exponentials(llvm::ArrayRef<float> x) : max(x[0]) {
    for (float value : x)
      max = value > max ? value : max;
    for (float value : x)
      e.push_back(expOf(value - max));
    sum = rowSum(e);
  }
};
} // namespace

/// Row n of a matrix.
static llvm::ArrayRef<float> row(const Tensor &t, int64_t n) {
  return llvm::ArrayRef<float>(t.values).slice(n * t.dim(1), t.dim(1));
}

static LogicalResult evaluateSoftmax(Call &call) {
  const Tensor &x = *call.operands[0];
  Tensor &y = call.results[0];
  Store store = call.store(0);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Exponentials r(row(x, n));
    for (int64_t i = 0; i < x.dim(1); ++i)
      y[n * x.dim(1) + i] = store(r.e[i] / r.sum);
  }
  return success();
}

static LogicalResult evaluateSoftmaxGrad(Call &call) {
  const Tensor &dy = *call.operands[0], &y = *call.operands[1];
  Tensor &dx = call.results[0];
  Store store = call.store(0);
  int64_t classes = y.dim(1);
  for (int64_t n = 0; n < y.dim(0); ++n) {
    std::vector<float> products;
    for (auto [a, b] : llvm::zip(row(y, n), row(dy, n)))
      products.push_back(a * b);
    float t = rowSum(products);
    for (int64_t i = 0; i < classes; ++i) {
      float difference = dy[n * classes + i] - t;
      dx[n * classes + i] = store(y[n * classes + i] * difference);
    }
  }
  return success();
}

static LogicalResult evaluateCrossEntropy(Call &call) {
  const Tensor &x = *call.operands[0], &labels = *call.operands[1];
  Tensor &loss = call.results[0], &losses = call.results[1];
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Exponentials r(row(x, n));
    float logSum = logOf(r.sum), label = labels[n];
    // A label that is no class leaves out x_label.
    bool known = label >= 0 && label < static_cast<float>(x.dim(1));
    float own = known ? row(x, n)[static_cast<int64_t>(label)] - r.max : -r.max;
    losses[n] = positiveZero(logSum - own);
  }
  float sum = rowSum(losses.values);
  loss[0] = positiveZero(sum / static_cast<float>(x.dim(0)));
  return success();
}

static LogicalResult evaluateCrossEntropyGrad(Call &call) {
  auto op = cast<train::CrossEntropyGradOp>(call.op);
  const Tensor &x = *call.operands[0], &labels = *call.operands[1];
  Tensor &dx = call.results[0];
  Store store = call.store(0);
  float k = op.getLossScale().convertToFloat() / static_cast<float>(x.dim(0));
  for (int64_t n = 0; n < x.dim(0); ++n) {
    Exponentials r(row(x, n));
    for (int64_t i = 0; i < x.dim(1); ++i) {
      float probability = r.e[i] / r.sum;
      float target = labels[n] == static_cast<float>(i) ? 1.0f : 0.0f;
      float difference = probability - target;
      dx[n * x.dim(1) + i] = store(difference * k);
    }
  }
  return success();
}

void reference::addRowKernels(KernelTable &table) {
  table["train.softmax"] = evaluateSoftmax;
  table["train.softmax_grad"] = evaluateSoftmaxGrad;
  table["train.cross_entropy"] = evaluateCrossEntropy;
  table["train.cross_entropy_grad"] = evaluateCrossEntropyGrad;
}
