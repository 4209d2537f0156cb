//===- Skip.cpp - gradient skipping by definition ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §11. All images are computed, those that are dropped too.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;

template <typename Real> static LogicalResult evaluateKeep(CallOf<Real> &call) {
  const TensorOf<Real> &losses = *call.operands[0];
  Real below = call.hyper.skipBelow;
  size_t count = 0;
  for (size_t n = 0; n < losses.values.size(); ++n) {
    bool isDropped = below > 0 && losses[n] < below;
    call.results[0][n] = isDropped ? 0 : 1;
    if (!isDropped)
      call.results[1][count++] = static_cast<Real>(n);
  }
  call.results[2][0] = static_cast<Real>(count);
  return success();
}

template <typename Real> static LogicalResult evaluateDrop(CallOf<Real> &call) {
  const TensorOf<Real> &dx = *call.operands[0], &mask = *call.operands[1];
  size_t elementsOfImage = dx.values.size() / mask.values.size();
  auto store = call.store(0);
  for (size_t i = 0; i < dx.values.size(); ++i)
    call.results[0][i] = store(mask[i / elementsOfImage] == 0 ? Real(0) : dx[i], i);
  return success();
}

template <typename Real> void reference::addSkipKernels(KernelTableOf<Real> &table) {
  table["train.keep"] = evaluateKeep<Real>;
  table["train.drop"] = evaluateDrop<Real>;
}

template void reference::addSkipKernels(KernelTableOf<float> &);
template void reference::addSkipKernels(KernelTableOf<double> &);
