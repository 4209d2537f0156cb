//===- Constants.cpp - tensors of known values ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/TrainStateOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

static LogicalResult evaluateConstant(Call &call) {
  auto dense = cast<DenseElementsAttr>(cast<train::ConstantOp>(call.op).getValue());
  std::vector<float> &values = call.results[0].values;
  if (dense.getElementType().isF32())
    llvm::transform(dense.getValues<float>(), values.begin(), positiveZero);
  else
    llvm::transform(dense.getValues<int32_t>(), values.begin(),
                    [](int32_t index) { return static_cast<float>(index); });
  return success();
}

void reference::addStateKernels(KernelTable &table) { table["train.constant"] = evaluateConstant; }
