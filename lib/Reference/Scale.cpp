//===- Scale.cpp - dynamic loss scaling by definition -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §10. Whoever rounds counts: Store and Accumulator.
//
//===----------------------------------------------------------------------------------------===//

#include "Kernel.h"

#include "dialects/Train/LossScaleUpdateOp.h"
#include "dialects/Train/TrainScaleOps.h"

#include <algorithm>

using namespace mlir;
using namespace slp;
using namespace slp::reference;

static LogicalResult evaluateClearSaturations(Call &call) {
  *call.saturations = 0;
  return success();
}

static LogicalResult evaluateSaturations(Call &call) {
  call.results[0][0] = static_cast<float>(*call.saturations);
  return success();
}

static LogicalResult evaluateLossScaleUpdate(Call &call) {
  auto op = cast<train::LossScaleUpdateOp>(call.op);
  const Tensor &old = *call.operands[0];
  float scale = old[train::scaleElement], good = old[train::goodElement] + 1;
  bool isHeld = (*call.operands[1])[0] > 0;
  Tensor &state = call.results[0];
  state = old;
  if (isHeld) {
    state[train::scaleElement] =
        std::max(scale * op.getBackoff().convertToFloat(), op.getLeast().convertToFloat());
    state[train::goodElement] = 0;
    state[train::skippedElement] = old[train::skippedElement] + 1;
  } else if (good >= static_cast<float>(op.getInterval())) {
    state[train::scaleElement] =
        std::min(scale * op.getGrowth().convertToFloat(), op.getMost().convertToFloat());
    state[train::goodElement] = 0;
  } else {
    state[train::goodElement] = good;
  }
  state[train::heldElement] = isHeld ? 1 : 0;
  call.results[1][0] = isHeld ? -1 : 1 / scale;
  return success();
}

void reference::addScaleKernels(KernelTable &table) {
  table["train.clear_saturations"] = evaluateClearSaturations;
  table["train.saturations"] = evaluateSaturations;
  table["train.loss_scale_update"] = evaluateLossScaleUpdate;
}
