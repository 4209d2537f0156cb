//===- LowerReduce.cpp - sums over dimensions -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/TrainReduceOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

/// A reduction of operand 0 over `axes`; a divisor other than 0 divides the result.
template <typename Op>
static Nest lowerReduction(Op op, StringRef function, float divisor, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> out;
  SmallVector<NestDim> dims = loopOverReduction(nest, shapeOf(op.getX()), op.getAxes(), out);
  SmallVector<unsigned> ins = {
      addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false)};
  for (Value other : op->getOperands().drop_front())
    ins.push_back(addServingBuffer(nest, tensors, other, dims));
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, out, false, true);
  NestRun &run = addRun(nest, op, "v.reduce", {y}, ins);
  run.mode = "zero";
  setField(run, op, "fn", function);
  setField(run, op, "axes", axesMask(op.getAxes()));
  if (divisor == 0)
    return nest;
  run.results.clear(); // the quotient is what the op gives
  NestRun &divide = addRun(nest, op, "v.spread", {y}, {y});
  divide.scalars = {divisor};
  divide.loops = nest.parallelLoops();
  return nest;
}

/// How many elements of x make one of y.
template <typename Op> static float countOf(Op op) {
  int64_t count = op.getX().getType().getNumElements() / op.getY().getType().getNumElements();
  return float(count);
}

static Nest lowerVarianceGrad(VarianceGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op.getDx()));
  SmallVector<unsigned> ins;
  for (Value operand : op->getOperands())
    ins.push_back(addServingBuffer(nest, tensors, operand, dims));
  unsigned dx = addBuffer(nest, tensors, op.getDx(), Space::shared, dims, false, true);
  addRun(nest, op, "v.variance.grad", {dx}, ins).scalars = {2.0f / float(op.getCount())};
  return nest;
}

static Nest lowerSpread(SpreadOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op.getY()));
  unsigned x = addServingBuffer(nest, tensors, op.getX(), dims);
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, dims, false, true);
  addRun(nest, op, "v.spread", {y}, {x}).scalars = {op.getDivisor().convertToFloat()};
  return nest;
}

void slp::addReduceLowerings(LoweringTable &table) {
  table.add<ReduceSumOp>(
      +[](ReduceSumOp op, const TensorMap &t) { return lowerReduction(op, "sum", 0, t); });
  table.add<ReduceMeanOp>(+[](ReduceMeanOp op, const TensorMap &t) {
    return lowerReduction(op, "sum", countOf(op), t);
  });
  table.add<ReduceSumSquareOp>(+[](ReduceSumSquareOp op, const TensorMap &t) {
    return lowerReduction(op, "sum_square", 0, t);
  });
  table.add<ReduceSumAbsOp>(
      +[](ReduceSumAbsOp op, const TensorMap &t) { return lowerReduction(op, "sum_abs", 0, t); });
  table.add<ReduceMaxOp>(
      +[](ReduceMaxOp op, const TensorMap &t) { return lowerReduction(op, "max", 0, t); });
  table.add<ReduceMinOp>(
      +[](ReduceMinOp op, const TensorMap &t) { return lowerReduction(op, "min", 0, t); });
  table.add<ReduceProdOp>(
      +[](ReduceProdOp op, const TensorMap &t) { return lowerReduction(op, "prod", 0, t); });
  table.add<VarianceOp>(+[](VarianceOp op, const TensorMap &t) {
    return lowerReduction(op, "variance", countOf(op), t);
  });
  table.add<VarianceGradOp>(lowerVarianceGrad);
  table.add<SpreadOp>(lowerSpread);
}
