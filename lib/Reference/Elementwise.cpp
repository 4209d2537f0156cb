//===- Elementwise.cpp - ops on single elements and channels by definition --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

static LogicalResult evaluateRound(Call &call) {
  Store store = call.store(0);
  llvm::transform(call.operands[0]->values, call.results[0].values.begin(), store);
  return success();
}

static LogicalResult evaluateRelu(Call &call) {
  Store store = call.store(0);
  llvm::transform(call.operands[0]->values, call.results[0].values.begin(),
                  [&](float x) { return store(x > 0 ? x : 0.0f); });
  return success();
}

/// y[i] = f(a[i], b[i]), rounded.
template <typename F> static LogicalResult evaluateBinary(Call &call, F f) {
  const Tensor &a = *call.operands[0], &b = *call.operands[1];
  Tensor &y = call.results[0];
  Store store = call.store(0);
  for (size_t i = 0; i < y.values.size(); ++i)
    y[i] = store(f(a[i], b[i]));
  return success();
}

static LogicalResult evaluateReluGrad(Call &call) {
  return evaluateBinary(call, [](float dy, float y) { return y > 0 ? dy : 0.0f; });
}

static LogicalResult evaluateAdd(Call &call) {
  return evaluateBinary(call, [](float a, float b) { return a + b; });
}

/// Elements of one channel of one image.
static int64_t channelSize(const Tensor &t) {
  int64_t size = 1;
  for (int64_t extent : llvm::drop_begin(t.shape, 2))
    size *= extent;
  return size;
}

static LogicalResult evaluateBiasAdd(Call &call) {
  const Tensor &x = *call.operands[0], &bias = *call.operands[1];
  Tensor &y = call.results[0];
  Store store = call.store(0);
  int64_t size = channelSize(x), channels = x.dim(1);
  for (size_t i = 0; i < y.values.size(); ++i)
    y[i] = store(x[i] + bias[i / size % channels]);
  return success();
}

static LogicalResult evaluateBiasGrad(Call &call) {
  const Tensor &dy = *call.operands[0];
  Tensor &db = call.results[0];
  Store store = call.store(0);
  // A row of a rank 2 error is a single element.
  int64_t width = dy.shape.size() == 4 ? dy.dim(3) : 1;
  int64_t rows = channelSize(dy) / width, channels = dy.dim(1);
  llvm::ArrayRef<float> values(dy.values);
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0.0f;
    for (int64_t n = 0; n < dy.dim(0); ++n)
      for (int64_t h = 0; h < rows; ++h)
        sum = sum + rowSum(values.slice(((n * channels + c) * rows + h) * width, width));
    db[c] = store(sum);
  }
  return success();
}

void reference::addElementwiseKernels(KernelTable &table) {
  table["train.round"] = evaluateRound;
  table["train.relu"] = evaluateRelu;
  table["train.relu_grad"] = evaluateReluGrad;
  table["train.add"] = evaluateAdd;
  table["train.bias_add"] = evaluateBiasAdd;
  table["train.bias_grad"] = evaluateBiasGrad;
}
