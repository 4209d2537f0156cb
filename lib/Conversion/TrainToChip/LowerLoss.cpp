//===- LowerLoss.cpp - losses -----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/CrossEntropyOp.h"
#include "dialects/Train/NllGradOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/SeedOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

/// The mean of all losses: one instruction where they are one piece of a sum, else piece by piece.
static Nest lowerMean(CrossEntropyOp op, const TensorMap &tensors) {
  constexpr int64_t piece = 4096; // docs/numerics.md section 5
  int64_t count = shapeOf(op.getLosses())[0];
  Nest mean = startNest(op, false);
  if (count <= piece) {
    unsigned all = addBuffer(mean, tensors, op.getLosses(), Space::shared, {NestDim::whole(count)},
                             true, false);
    unsigned loss = addBuffer(mean, tensors, op.getLoss(), Space::shared, {}, false, true);
    addRun(mean, op, "v.mean", {loss}, {all}).results = {op.getLoss()};
    return mean;
  }
  SmallVector<NestDim> out;
  SmallVector<NestDim> dims = loopOverReduction(mean, {count}, {0}, out);
  unsigned all = addBuffer(mean, tensors, op.getLosses(), Space::shared, dims, true, false);
  unsigned loss = addBuffer(mean, tensors, op.getLoss(), Space::shared, out, false, true);
  NestRun &sum = addRun(mean, op, "v.reduce", {loss}, {all});
  sum.mode = "zero";
  sum.results.clear();
  setField(sum, op, "fn", "sum");
  setField(sum, op, "axes", axesMask({0}));
  NestRun &divide = addRun(mean, op, "v.spread", {loss}, {loss});
  divide.scalars = {float(count)};
  divide.loops = mean.parallelLoops();
  divide.results = {op.getLoss()};
  return mean;
}

static void lowerCrossEntropy(CrossEntropyOp op, const TensorMap &tensors,
                              std::vector<Nest> &nests) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = rowDims(nest, shapeOf(op.getX()));
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  unsigned labels = addBuffer(nest, tensors, op.getLabels(), Space::shared, {dims[0]}, true, false);
  unsigned losses = addBuffer(nest, tensors, op.getLosses(), Space::shared, {dims[0]}, false, true);
  addRun(nest, op, "v.cross.entropy", {losses}, {x, labels}).results = {op.getLosses()};
  nests.push_back(std::move(nest));

  nests.push_back(lowerMean(op, tensors));
}

static Nest lowerCrossEntropyGrad(CrossEntropyGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = rowDims(nest, shapeOf(op.getX()));
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  unsigned labels = addBuffer(nest, tensors, op.getLabels(), Space::shared, {dims[0]}, true, false);
  unsigned dx = addBuffer(nest, tensors, op.getDx(), Space::shared, dims, false, true);
  float scale = op.getLossScale().convertToFloat() / float(shapeOf(op.getX())[0]);
  SmallVector<unsigned> ins = {x, labels};
  if (op.getScale())
    ins.push_back(addBuffer(nest, tensors, op.getScale(), Space::shared, {}, true, false));
  NestRun &run = addRun(nest, op, "v.cross.entropy.grad", {dx}, ins);
  run.scalars = {scale};
  if (op.getScale())
    run.mode = "present";
  return nest;
}

/// Adds the weights of all classes, if there are any, and what both of nll's instructions say.
template <typename Op>
static void addNllRun(Nest &nest, Op op, StringRef instruction, ArrayRef<unsigned> outs,
                      SmallVector<unsigned> ins, const TensorMap &tensors) {
  if (Value weights = op.getWeights())
    ins.push_back(addBuffer(nest, tensors, weights, Space::shared,
                            {NestDim::whole(shapeOf(weights)[0])}, true, false));
  NestRun &run = addRun(nest, op, instruction, outs, ins);
  setField(run, op, "weighted", op.getWeights() ? 1 : 0);
  setField(run, op, "ignore", int64_t(int32_t(op.getIgnore())));
}

static Nest lowerNll(NllOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = rowDims(nest, shapeOf(op.getX()));
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  unsigned labels = addBuffer(nest, tensors, op.getLabels(), Space::shared, {dims[0]}, true, false);
  unsigned losses = addBuffer(nest, tensors, op.getLosses(), Space::shared, {dims[0]}, false, true);
  unsigned shares = addBuffer(nest, tensors, op.getShares(), Space::shared, {dims[0]}, false, true);
  addNllRun(nest, op, "v.nll", {losses, shares}, {x, labels}, tensors);
  return nest;
}

static Nest lowerNllGrad(NllGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = rowDims(nest, shapeOf(op.getDx()));
  unsigned dy = addBuffer(nest, tensors, op.getDy(), Space::shared, {dims[0]}, true, false);
  unsigned labels = addBuffer(nest, tensors, op.getLabels(), Space::shared, {dims[0]}, true, false);
  unsigned dx = addBuffer(nest, tensors, op.getDx(), Space::shared, dims, false, true);
  addNllRun(nest, op, "v.nll.grad", {dx}, {dy, labels}, tensors);
  return nest;
}

static Nest lowerSeed(SeedOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, {}, false, true);
  addRun(nest, op, "v.fill", {y}, {}).scalars = {op.getLossScale().convertToFloat()};
  return nest;
}

void slp::addLossLowerings(LoweringTable &table) {
  table.add<NllOp>(lowerNll);
  table.add<NllGradOp>(lowerNllGrad);
  table.add<SeedOp>(lowerSeed);
  table.addMany<CrossEntropyOp>(
      [](CrossEntropyOp op, const TensorMap &t, std::vector<Nest> &nests) {
        lowerCrossEntropy(op, t, nests);
        return success();
      });
  table.add<CrossEntropyGradOp>(lowerCrossEntropyGrad);
}
