//===- LowerRow.cpp - functions of whole rows -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/LogSoftmaxGradOp.h"
#include "dialects/Train/LogSoftmaxOp.h"
#include "dialects/Train/SoftmaxGradOp.h"
#include "dialects/Train/SoftmaxOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

static Nest lowerRows(Operation *op, StringRef instruction, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = rowDims(nest, shapeOf(op->getResult(0)));
  SmallVector<unsigned> ins;
  for (Value operand : op->getOperands())
    ins.push_back(addBuffer(nest, tensors, operand, Space::shared, dims, true, false));
  unsigned out = addBuffer(nest, tensors, op->getResult(0), Space::shared, dims, false, true);
  addRun(nest, op, instruction, {out}, ins);
  return nest;
}

void slp::addRowLowerings(LoweringTable &table) {
  table.add<SoftmaxOp>(
      +[](SoftmaxOp op, const TensorMap &t) { return lowerRows(op, "v.softmax", t); });
  table.add<SoftmaxGradOp>(
      +[](SoftmaxGradOp op, const TensorMap &t) { return lowerRows(op, "v.softmax.grad", t); });
  table.add<LogSoftmaxOp>(
      +[](LogSoftmaxOp op, const TensorMap &t) { return lowerRows(op, "v.log.softmax", t); });
  table.add<LogSoftmaxGradOp>(+[](LogSoftmaxGradOp op, const TensorMap &t) {
    return lowerRows(op, "v.log.softmax.grad", t);
  });
}
