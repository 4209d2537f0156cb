//===- LowerNorm.cpp - normalisation, running averages, dropout -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/TrainChannels.h"
#include "dialects/Train/TrainNormOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

/// A nest over all elements of the result; extents of 1 of operands serve all coordinates.
static Nest lowerServed(Operation *op, StringRef instruction, ArrayRef<float> scalars,
                        const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op->getResult(0)));
  SmallVector<unsigned> ins;
  for (Value operand : op->getOperands())
    ins.push_back(addServingBuffer(nest, tensors, operand, dims));
  unsigned out = addBuffer(nest, tensors, op->getResult(0), Space::shared, dims, false, true);
  addRun(nest, op, instruction, {out}, ins).scalars.assign(scalars.begin(), scalars.end());
  return nest;
}

unsigned slp::addOfStatistic(Nest &nest, Operation *op, unsigned source, StringRef instruction,
                             float scalar) {
  NestBuffer buffer;
  buffer.space = Space::shared;
  buffer.element = Float32Type::get(op->getContext());
  buffer.dims = nest.buffers[source].dims;
  NestRun run;
  run.instruction = instruction.str();
  run.ins = {source};
  run.outs = {unsigned(nest.buffers.size())};
  run.scalars = {scalar};
  run.loops.emplace();
  for (const NestDim &dim : buffer.dims)
    if (dim.loop >= 0)
      run.loops->push_back(dim.loop);
  run.inFront = true;
  nest.runs.push_back(std::move(run));
  nest.buffers.push_back(std::move(buffer));
  return nest.buffers.size() - 1;
}

/// A nest over all elements of the result. Operand `var` is a variance, which the instruction reads
/// as 1 / deviation, operands `sums` are sums, which it reads divided by `count`.
template <typename Op>
static Nest lowerNormalization(Op op, StringRef instruction, unsigned var, const TensorMap &tensors,
                               ArrayRef<unsigned> sums = {}, int64_t count = 1) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op->getResult(0)));
  SmallVector<unsigned> ins;
  for (Value operand : op->getOperands())
    ins.push_back(addServingBuffer(nest, tensors, operand, dims));
  ins[var] =
      addOfStatistic(nest, op, ins[var], "v.inverse.deviation", op.getEpsilon().convertToFloat());
  for (unsigned sum : sums)
    ins[sum] = addOfStatistic(nest, op, ins[sum], "v.spread", float(count));
  unsigned out = addBuffer(nest, tensors, op->getResult(0), Space::shared, dims, false, true);
  addRun(nest, op, instruction, {out}, ins);
  return nest;
}

static Nest lowerNormalize(NormalizeOp op, const TensorMap &tensors) {
  return lowerNormalization(op, "v.normalize", 2, tensors);
}

static Nest lowerNormalizeSums(NormalizeSumsOp op, const TensorMap &tensors) {
  if (areAllButChannels(op.getAxes(), shapeOf(op.getX()).size()))
    return lowerNormalizeChannelSums(op, tensors);
  Nest nest = startNest(op, false);
  SmallVector<NestDim> out;
  SmallVector<NestDim> dims = loopOverReduction(nest, shapeOf(op.getX()), op.getAxes(), out);
  SmallVector<unsigned> ins, outs;
  for (Value operand : op->getOperands())
    ins.push_back(addServingBuffer(nest, tensors, operand, dims));
  for (Value result : op->getResults())
    outs.push_back(addBuffer(nest, tensors, result, Space::shared, out, false, true));
  ins[3] =
      addOfStatistic(nest, op, ins[3], "v.inverse.deviation", op.getEpsilon().convertToFloat());
  NestRun &run = addRun(nest, op, "v.normalize.sums", outs, ins);
  run.mode = "zero";
  setField(run, op, "axes", axesMask(op.getAxes()));
  return nest;
}

static Nest lowerNormalizeGrad(NormalizeGradOp op, const TensorMap &tensors) {
  Nest nest = lowerNormalization(op, "v.normalize.grad", 3, tensors, {4, 5}, op.getCount());
  setField(nest.runs.back(), op, "scaled", op.getScale() ? 1 : 0);
  return nest;
}

static Nest lowerNormalizeFixedGrad(NormalizeFixedGradOp op, const TensorMap &tensors) {
  return lowerNormalization(op, "v.normalize.fixed.grad", 1, tensors);
}

static Nest lowerMovingAverage(MovingAverageOp op, const TensorMap &tensors) {
  float keep = op.getMomentum().convertToFloat();
  if (tensors.symbolOf(op.getOld()) != tensors.symbolOf(op.getY()))
    return lowerServed(op, "v.moving.average", {keep, 1.0f - keep}, tensors);
  // A state is updated in place.
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op.getY()));
  unsigned average = addBuffer(nest, tensors, op.getOld(), Space::shared, dims, true, true);
  unsigned value = addBuffer(nest, tensors, op.getValue(), Space::shared, dims, true, false);
  addRun(nest, op, "v.moving.average", {average}, {average, value}).scalars = {keep, 1.0f - keep};
  return nest;
}

static Nest lowerDropout(DropoutOp op, const TensorMap &tensors) {
  float ratio = op.getRatio().convertToFloat();
  Nest nest = lowerServed(op, "v.dropout", {1.0f / (1.0f - ratio)}, tensors);
  NestRun &run = nest.runs.back();
  setField(run, op, "seed", int64_t(uint32_t(op.getSeed())));
  setField(run, op, "stream", int64_t(uint32_t(op.getStream())));
  setField(run, op, "threshold", int64_t(uint32_t(ratio * 0x1p32f)));
  setField(run, op, "ones", op.getMask() ? 1 : 0);
  return nest;
}

void slp::addNormLowerings(LoweringTable &table) {
  table.add<NormalizeOp>(lowerNormalize);
  table.add<NormalizeSumsOp>(lowerNormalizeSums);
  table.add<NormalizeGradOp>(lowerNormalizeGrad);
  table.add<NormalizeFixedGradOp>(lowerNormalizeFixedGrad);
  table.add<MovingAverageOp>(lowerMovingAverage);
  table.add<DropoutOp>(lowerDropout);
}
