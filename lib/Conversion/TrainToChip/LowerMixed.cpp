//===- LowerMixed.cpp - element-wise mixing of FP8 and FP16 -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// chip-fuse-nests lets a classification that is alone in reading its operand be done where that is
// made (FuseClassify.cpp).
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

/// Classes of the tiles, and, where somebody reads it, a histogram that gathers from all of them.
static Nest lowerClassify(ClassifyOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverElements(nest, shapeOf(op.getX()));
  unsigned source = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  unsigned threshold = addOperand(nest, tensors, op.getThreshold(), Space::shared);
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, dims, false, true);
  NestRun &round = addRun(nest, op, "v.classify", {y}, {source, threshold});
  round.scalars = {op.getLow().convertToFloat()};
  Value histogram = op.getHistogram();
  if (histogram.use_empty())
    return nest;

  unsigned counts = addBuffer(nest, tensors, histogram, Space::shared,
                              {NestDim::whole(shapeOf(histogram)[0])}, false, true);
  nest.buffers[counts].total = true;
  NestRun &count = addRun(nest, op, "v.histogram", {counts}, {source});
  count.mode = "zero";
  count.results = {histogram};
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
