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

template <typename Real> static LogicalResult evaluateRound(CallOf<Real> &call) {
  auto store = call.store(0);
  for (size_t i = 0; i < call.results[0].values.size(); ++i)
    call.results[0][i] = store((*call.operands[0])[i], i);
  return success();
}

template <typename Real> static LogicalResult evaluateRelu(CallOf<Real> &call) {
  auto store = call.store(0);
  for (size_t i = 0; i < call.results[0].values.size(); ++i) {
    Real x = (*call.operands[0])[i];
    call.results[0][i] = store(x > 0 ? x : 0.0f, i);
  }
  return success();
}

/// The function of the op's name, element by element, with broadcasting.
template <typename Real> static LogicalResult evaluateFunction(CallOf<Real> &call) {
  ElementFunction<Real> function = findElementFunction<Real>(call.op->getName().stripDialect());
  llvm::SmallVector<float> given = cast<train::ElementwiseInterface>(call.op).getNumbers();
  llvm::SmallVector<Real> numbers(given.begin(), given.end());
  auto &y = call.results[0];
  auto store = call.store(0);
  llvm::SmallVector<int64_t> at(y.shape.size(), 0); // coordinates of element i
  for (size_t i = 0; i < y.values.size(); ++i) {
    Real elements[3];
    for (size_t o = 0; o < call.operands.size(); ++o) {
      const auto &operand = *call.operands[o];
      int64_t linear = 0;
      for (size_t d = 0; d < at.size(); ++d)
        linear = linear * operand.shape[d] + (operand.shape[d] == 1 ? 0 : at[d]);
      elements[o] = operand[linear];
    }
    y[i] = store(function(elements, numbers.data()), i);
    for (size_t d = at.size(); d-- > 0;) {
      if (++at[d] < y.shape[d])
        break;
      at[d] = 0;
    }
  }
  return success();
}

/// Elements of one channel of one image.
template <typename Real> static int64_t channelSize(const TensorOf<Real> &t) {
  int64_t size = 1;
  for (int64_t extent : llvm::drop_begin(t.shape, 2))
    size *= extent;
  return size;
}

template <typename Real> static LogicalResult evaluateBiasAdd(CallOf<Real> &call) {
  const auto &x = *call.operands[0], &bias = *call.operands[1];
  auto &y = call.results[0];
  auto store = call.store(0);
  int64_t size = channelSize(x), channels = x.dim(1);
  for (size_t i = 0; i < y.values.size(); ++i)
    y[i] = store(x[i] + bias[i / size % channels], i);
  return success();
}

template <typename Real> void reference::addElementwiseKernels(KernelTableOf<Real> &table) {
  table["train.round"] = evaluateRound<Real>;
  table["train.relu"] = evaluateRelu<Real>;
  table["train.bias_add"] = evaluateBiasAdd<Real>;
  for (llvm::StringRef name : elementFunctionNames())
    table[("train." + name).str()] = evaluateFunction<Real>;
}

template void reference::addElementwiseKernels(KernelTableOf<float> &);
template void reference::addElementwiseKernels(KernelTableOf<double> &);
