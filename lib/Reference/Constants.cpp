//===- Constants.cpp - tensors of known values ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/ConstantOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

template <typename Real> static LogicalResult evaluateConstant(CallOf<Real> &call) {
  DenseElementsAttr dense = cast<DenseElementsAttr>(cast<train::ConstantOp>(call.op).getValue());
  std::vector<Real> &values = call.results[0].values;
  if (dense.getElementType().isF32())
    llvm::transform(dense.getValues<float>(), values.begin(),
                    [](float value) { return Real(positiveZero(value)); });
  else
    llvm::transform(dense.getValues<int32_t>(), values.begin(),
                    [](int32_t index) { return static_cast<Real>(index); });
  return success();
}

template <typename Real> void reference::addStateKernels(KernelTableOf<Real> &table) {
  table["train.constant"] = evaluateConstant<Real>;
}

template void reference::addStateKernels(KernelTableOf<float> &);
template void reference::addStateKernels(KernelTableOf<double> &);
