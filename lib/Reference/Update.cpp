//===- Update.cpp - optimizers by definition --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/TrainUpdateOps.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

static LogicalResult evaluateSgd(Call &call) {
  auto op = cast<train::SgdOp>(call.op);
  const Tensor &w = *call.operands[0], &v = *call.operands[1], &dw = *call.operands[2];
  Tensor &newW = call.results[0], &newV = call.results[1];
  Store storeW = call.store(0), storeV = call.store(1);
  const Hyper &hyper = call.hyper;
  float u = 1.0f / op.getLossScale().convertToFloat();
  for (size_t i = 0; i < w.values.size(); ++i) {
    float g = dw[i] * u;
    g = std::fma(hyper.weightDecay, w[i], g);
    newV[i] = storeV(std::fma(hyper.momentum, v[i], g));
    newW[i] = storeW(std::fma(-hyper.learningRate, newV[i], w[i]));
  }
  return success();
}

void reference::addUpdateKernels(KernelTable &table) { table["train.sgd"] = evaluateSgd; }
