//===- LowerMixed.cpp - element-wise mixing of FP8 and FP16 -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A classification is done where its operand is made: on the tiles of a MAC op while they drain, or
// behind the instruction of a vector op. Only where it is not alone in reading the operand it has a
// nest of its own.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/ClassifyOp.h"
#include "dialects/Train/ShareTargetOp.h"
#include "dialects/Train/ThresholdOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

/// A state of a few numbers that is read and written in place.
static unsigned addState(Nest &nest, const TensorMap &tensors, Value old) {
  return addBuffer(nest, tensors, old, Space::shared, {NestDim::whole(shapeOf(old)[0])}, true,
                   true);
}

static unsigned addOperand(Nest &nest, const TensorMap &tensors, Value value, Space space) {
  SmallVector<NestDim> dims;
  for (int64_t size : shapeOf(value))
    dims.push_back(NestDim::whole(size));
  return addBuffer(nest, tensors, value, space, dims, true, false);
}

unsigned slp::addClassification(Nest &nest, const TensorMap &tensors, ClassifyOp classify,
                                unsigned source, ArrayRef<NestDim> dims, bool store,
                                bool behindReductions) {
  Space space = nest.onCores ? Space::spm : Space::shared;
  unsigned threshold = addOperand(nest, tensors, classify.getThreshold(), space);
  unsigned out = addBuffer(nest, tensors, classify.getY(), space, dims, false, store);
  if (!store)
    nest.buffers[out].tensor.clear();
  NestRun round;
  round.instruction = "v.classify";
  round.outs = {out};
  round.ins = {source, threshold};
  round.scalars = {classify.getLow().convertToFloat()};
  round.results = {classify.getY()};
  if (behindReductions)
    round.loops = nest.parallelLoops();
  nest.runs.push_back(std::move(round));
  Value histogram = classify.getHistogram();
  if (histogram.use_empty())
    return out;

  unsigned counts = addBuffer(nest, tensors, histogram, Space::shared,
                              {NestDim::whole(shapeOf(histogram)[0])}, false, true);
  nest.buffers[counts].total = true;
  NestRun count;
  count.instruction = "v.histogram";
  count.outs = {counts};
  count.ins = {source};
  count.mode = "zero";
  count.results = {histogram};
  if (behindReductions)
    count.loops = nest.parallelLoops();
  nest.runs.push_back(std::move(count));
  return out;
}

void slp::fuseClassification(Nest &nest, const TensorMap &tensors, ClassifyOp classify) {
  unsigned source = nest.runs.back().outs.front();
  nest.buffers[source].tensor.clear();
  nest.buffers[source].store = false;
  SmallVector<NestDim> dims = nest.buffers[source].dims;
  addClassification(nest, tensors, classify, source, dims, /*store=*/true,
                    !nest.runs.back().iteratesAll());
}

/// An operand that others read too: classified from DRAM.
static Nest lowerClassify(ClassifyOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op.getX()));
  unsigned source = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  addClassification(nest, tensors, op, source, dims, /*store=*/true, /*behindReductions=*/false);
  return nest;
}

static Nest lowerThreshold(ThresholdOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  unsigned threshold = addState(nest, tensors, op.getOld());
  unsigned histogram = addOperand(nest, tensors, op.getHistogram(), Space::shared);
  unsigned control = addOperand(nest, tensors, op.getControl(), Space::shared);
  addRun(nest, op, "v.threshold", {threshold}, {histogram, control}).scalars = {
      op.getLow().convertToFloat()};
  return nest;
}

static Nest lowerShareTarget(ShareTargetOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  unsigned control = addState(nest, tensors, op.getOld());
  unsigned loss = addOperand(nest, tensors, op.getLoss(), Space::shared);
  addRun(nest, op, "v.share.target", {control}, {loss}).scalars = {
      float(op.getPeriod()), op.getImprovement().convertToFloat(), op.getGrowth().convertToFloat(),
      op.getLargest().convertToFloat()};
  return nest;
}

void slp::addMixedLowerings(LoweringTable &table) {
  table.add<ClassifyOp>(lowerClassify);
  table.add<ThresholdOp>(lowerThreshold);
  table.add<ShareTargetOp>(lowerShareTarget);
}
