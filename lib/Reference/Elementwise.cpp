//===- Elementwise.cpp - ops on single elements and channels by definition --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5.
//
//===----------------------------------------------------------------------------------------===//

#include "ElementFunctions.h"
#include "Kernel.h"

#include "dialects/Train/TrainDialect.h"

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

/// The function of the op's name, element by element, with broadcasting.
static LogicalResult evaluateFunction(Call &call) {
  ElementFunction function = findElementFunction(call.op->getName().stripDialect());
  llvm::SmallVector<float> numbers = cast<train::ElementwiseInterface>(call.op).getNumbers();
  Tensor &y = call.results[0];
  Store store = call.store(0);
  llvm::SmallVector<int64_t> at(y.shape.size(), 0); // coordinates of element i
  for (size_t i = 0; i < y.values.size(); ++i) {
    float elements[3];
    for (size_t o = 0; o < call.operands.size(); ++o) {
      const Tensor &operand = *call.operands[o];
      int64_t linear = 0;
      for (size_t d = 0; d < at.size(); ++d)
        linear = linear * operand.shape[d] + (operand.shape[d] == 1 ? 0 : at[d]);
      elements[o] = operand[linear];
    }
    y[i] = store(function(elements, numbers.data()));
    for (size_t d = at.size(); d-- > 0;) {
      if (++at[d] < y.shape[d])
        break;
      at[d] = 0;
    }
  }
  return success();
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
  table["train.bias_add"] = evaluateBiasAdd;
  table["train.bias_grad"] = evaluateBiasGrad;
  for (llvm::StringRef name : elementFunctionNames())
    table[("train." + name).str()] = evaluateFunction;
}
