//===- LowerScale.cpp - dynamic loss scaling ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The fence between tasks (docs/decisions/0004) puts the counter's instructions behind the work
// that they count.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/ClearSaturationsOp.h"
#include "dialects/Train/LossScaleUpdateOp.h"
#include "dialects/Train/SaturationsOp.h"
#include "dialects/Train/TrainScaleOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

static Nest lowerClearSaturations(ClearSaturationsOp op, const TensorMap &) {
  Nest nest = startNest(op, false);
  addRun(nest, op, "v.clear.saturations", {}, {});
  return nest;
}

static Nest lowerSaturations(SaturationsOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  unsigned count =
      addBuffer(nest, tensors, op.getCount(), Space::shared, {NestDim::whole(1)}, false, true);
  addRun(nest, op, "v.saturations", {count}, {});
  return nest;
}

static Nest lowerLossScaleUpdate(LossScaleUpdateOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  unsigned state = addBuffer(nest, tensors, op.getState(), Space::shared,
                             {NestDim::whole(scaleElements)}, true, true);
  unsigned factor = addBuffer(nest, tensors, op.getFactor(), Space::shared, {}, false, true);
  unsigned count =
      addBuffer(nest, tensors, op.getCount(), Space::shared, {NestDim::whole(1)}, true, false);
  addRun(nest, op, "v.loss.scale", {state, factor}, {count}).scalars = {
      op.getGrowth().convertToFloat(), op.getBackoff().convertToFloat(), float(op.getInterval()),
      op.getLeast().convertToFloat(), op.getMost().convertToFloat()};
  return nest;
}

void slp::addScaleLowerings(LoweringTable &table) {
  table.add<ClearSaturationsOp>(lowerClearSaturations);
  table.add<SaturationsOp>(lowerSaturations);
  table.add<LossScaleUpdateOp>(lowerLossScaleUpdate);
}
