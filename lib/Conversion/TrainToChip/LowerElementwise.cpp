//===- LowerElementwise.cpp - element by element ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/TrainElementwiseOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

static Nest lowerBiasAdd(BiasAddOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op.getX()));
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  unsigned bias = addBuffer(nest, tensors, op.getBias(), Space::shared, {dims[1]}, true, false);
  unsigned out = addBuffer(nest, tensors, op.getY(), Space::shared, dims, false, true);
  addRun(nest, op, "v.bias.add", {out}, {x, bias});
  return nest;
}

void slp::addElementwiseLowerings(LoweringTable &table) {
  table.add<RoundOp>(
      +[](RoundOp op, const TensorMap &t) { return lowerElementwise(op, "v.round", t); });
  table.add<ReluOp>(
      +[](ReluOp op, const TensorMap &t) { return lowerElementwise(op, "v.relu", t); });
  table.add<ReluGradOp>(
      +[](ReluGradOp op, const TensorMap &t) { return lowerElementwise(op, "v.relu.grad", t); });
  table.add<AddOp>(+[](AddOp op, const TensorMap &t) { return lowerElementwise(op, "v.add", t); });
  table.add<BiasAddOp>(lowerBiasAdd);
}
