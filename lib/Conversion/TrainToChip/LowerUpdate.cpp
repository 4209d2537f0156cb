//===- LowerUpdate.cpp - optimizers -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/TrainUpdateOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

static Nest lowerSgd(SgdOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op.getW()));
  unsigned w = addBuffer(nest, tensors, op.getW(), Space::shared, dims, true, true);
  unsigned v = addBuffer(nest, tensors, op.getV(), Space::shared, dims, true, true);
  unsigned dw = addBuffer(nest, tensors, op.getDw(), Space::shared, dims, true, false);
  addRun(nest, op, "v.sgd", {w, v}, {dw}).scalars = {1.0f / op.getLossScale().convertToFloat()};
  return nest;
}

void slp::addUpdateLowerings(LoweringTable &table) { table.add<SgdOp>(lowerSgd); }
