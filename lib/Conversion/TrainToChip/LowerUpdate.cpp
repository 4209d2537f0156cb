//===- LowerUpdate.cpp - optimizers -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store. States are updated in
// place: one buffer is loaded and stored.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/TrainUpdateOps.h"

#include <optional>

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

/// Elements of a block of v.square.sum, and of the pieces, of whole blocks, in which nests sum up a
/// gradient that is longer than a dimension can be.
static constexpr int64_t sumBlock = 1024, piece = int64_t(1) << 22;

template <typename Op> static float unscaleOf(Op op) {
  return 1.0f / (op.getLossScale().convertToFloat() * float(op.getMicroBatches()));
}

/// A value as a tile of its own for each tile of the nest.
static unsigned addOperand(Nest &nest, const TensorMap &tensors, Value value,
                           ArrayRef<NestDim> dims) {
  return addBuffer(nest, tensors, value, Space::shared, dims, /*load=*/true, /*store=*/false);
}

/// states, gradient, pull, factor: the states are the results too.
template <typename Op>
static Nest lowerUpdate(Op op, StringRef instruction, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  GroupDims grouped;
  if (op.getPull())
    grouped = loopOverGroups(nest, shapeOf(op.getW()));
  SmallVector<NestDim> dims =
      op.getPull() ? grouped.weights : loopOverElements(nest, shapeOf(op.getW()));
  SmallVector<unsigned> states, ins;
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    states.push_back(addBuffer(nest, tensors, op->getOperand(i), Space::shared, dims, true, true));
  ins.push_back(addOperand(nest, tensors, op.getDw(), dims));
  if (op.getPull())
    ins.push_back(addOperand(nest, tensors, op.getPull(), grouped.groups));
  if (op.getFactor())
    ins.push_back(addOperand(nest, tensors, op.getFactor(), {}));
  std::string name = instruction.str() + (op.getPull() ? ".groups" : "");
  NestRun &run = addRun(nest, op, name, states, ins);
  if (op.getFactor())
    run.mode = "present";
  run.scalars = {unscaleOf(op), op.getLrScale().convertToFloat(),
                 op.getDecayScale().convertToFloat()};
  return nest;
}

static Nest lowerSgd(SgdOp op, const TensorMap &tensors) {
  return lowerUpdate(op, op.getNesterov() ? "v.sgd.nesterov" : "v.sgd", tensors);
}
static Nest lowerAdagrad(AdagradOp op, const TensorMap &tensors) {
  return lowerUpdate(op, "v.adagrad", tensors);
}
static Nest lowerAdam(AdamOp op, const TensorMap &tensors) {
  return lowerUpdate(op,
                     op.getDecayLast()   ? "v.adamw.last"
                     : op.getDecoupled() ? "v.adamw"
                                         : "v.adam",
                     tensors);
}

static Nest lowerAccumulate(AccumulateOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverElements(nest, shapeOf(op.getAcc()));
  unsigned acc = addBuffer(nest, tensors, op.getAcc(), Space::shared, dims, true, true);
  unsigned dw = addOperand(nest, tensors, op.getDw(), dims);
  setField(addRun(nest, op, "v.binary", {acc}, {acc, dw}), op, "fn", "add");
  return nest;
}

static Nest lowerDrain(DrainOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverElements(nest, shapeOf(op.getAcc()));
  unsigned acc = addBuffer(nest, tensors, op.getAcc(), Space::shared, dims, true, true);
  unsigned sum = addBuffer(nest, tensors, op.getSum(), Space::shared, dims, false, true);
  unsigned dw = addOperand(nest, tensors, op.getDw(), dims);
  addRun(nest, op, "v.drain", {acc, sum}, {dw});
  return nest;
}

/// The sum of the squares of dw[begin, begin + n), a part of whole blocks or the last. The first
/// part begins with the operand `total` or +0, each further one with what the one before has left
/// in the result.
static Nest sumSquares(SquareSumOp op, const TensorMap &tensors, int64_t begin, int64_t n) {
  int64_t all = cast<RankedTensorType>(op.getDw().getType()).getNumElements();
  bool isFirst = begin == 0, isLast = begin + n == all;
  Nest nest = startNest(op, false);
  int i = nest.addLoop("i", n, /*reduction=*/true, /*granule=*/sumBlock);
  unsigned dw = addOperand(nest, tensors, op.getDw(), {NestDim::along(i, n)});
  nest.buffers[dw].offset = begin;
  SmallVector<unsigned> ins = {dw};
  if (isFirst && op.getTotal())
    ins.push_back(addOperand(nest, tensors, op.getTotal(), {}));
  unsigned sum = addBuffer(nest, tensors, op.getSum(), Space::shared, {}, !isFirst, true);
  if (!isFirst)
    ins.push_back(sum);
  NestRun &run = addRun(nest, op, "v.square.sum", {sum}, ins);
  run.mode = ins.size() > 1 ? "bias" : "zero";
  run.scalars = {unscaleOf(op)};
  if (!isLast)
    run.results = {Value()}; // the sum is not complete
  return nest;
}

static LogicalResult lowerSquareSum(SquareSumOp op, const TensorMap &tensors,
                                    std::vector<Nest> &nests) {
  int64_t n = cast<RankedTensorType>(op.getDw().getType()).getNumElements();
  int64_t step = n > longestDim ? piece : n;
  for (int64_t begin = 0; begin < n; begin += step)
    nests.push_back(sumSquares(op, tensors, begin, std::min(step, n - begin)));
  return success();
}

static Nest lowerClipFactor(ClipFactorOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<unsigned> ins = {addOperand(nest, tensors, op.getTotal(), {})};
  if (op.getUnscale())
    ins.push_back(addOperand(nest, tensors, op.getUnscale(), {}));
  unsigned factor = addBuffer(nest, tensors, op.getFactor(), Space::shared, {}, false, true);
  NestRun &run = addRun(nest, op, "v.clip.factor", {factor}, ins);
  if (op.getUnscale())
    run.mode = "present";
  return nest;
}

/// states, gradient, rate, step number. A result that is the next value of the state it is made of
/// takes its place; any other has a tile of its own.
template <typename Op>
static Nest lowerPreview(Op op, StringRef instruction, ArrayRef<llvm::APFloat> numbers,
                         const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverElements(nest, shapeOf(op.getX()));
  SmallVector<unsigned> outs, ins;
  for (auto [result, old] : llvm::zip_first(op->getResults(), op->getOperands())) {
    bool isInPlace = tensors.symbolOf(result) == tensors.symbolOf(old);
    outs.push_back(addBuffer(nest, tensors, result, Space::shared, dims, isInPlace, true));
    ins.push_back(isInPlace ? outs.back() : addOperand(nest, tensors, old, dims));
  }
  ins.push_back(addOperand(nest, tensors, op.getDx(), dims));
  ins.push_back(addOperand(nest, tensors, op.getR(), {}));
  if (op.getT())
    ins.push_back(addOperand(nest, tensors, op.getT(), {}));
  NestRun &run = addRun(nest, op, instruction, outs, ins);
  if (op.getT())
    run.mode = "present";
  for (const llvm::APFloat &number : numbers)
    run.scalars.push_back(number.convertToFloat());
  return nest;
}

static Nest lowerPreviewAdagrad(PreviewAdagradOp op, const TensorMap &tensors) {
  return lowerPreview(op, "v.preview.adagrad",
                      {op.getNormCoefficient(), op.getDecayFactor(), op.getEpsilon()}, tensors);
}
static Nest lowerPreviewMomentum(PreviewMomentumOp op, const TensorMap &tensors) {
  return lowerPreview(op, op.getNesterov() ? "v.preview.nesterov" : "v.preview.momentum",
                      {op.getNormCoefficient(), op.getAlpha(), op.getBeta()}, tensors);
}
static Nest lowerPreviewAdam(PreviewAdamOp op, const TensorMap &tensors) {
  return lowerPreview(op, "v.preview.adam",
                      {op.getNormCoefficient(), op.getAlpha(), op.getBeta(), op.getEpsilon(),
                       op.getNormCoefficientPost()},
                      tensors);
}

void slp::addUpdateLowerings(LoweringTable &table) {
  table.add<SgdOp>(lowerSgd);
  table.add<AdagradOp>(lowerAdagrad);
  table.add<AdamOp>(lowerAdam);
  table.add<AccumulateOp>(lowerAccumulate);
  table.add<DrainOp>(lowerDrain);
  table.addMany<SquareSumOp>(lowerSquareSum);
  table.add<ClipFactorOp>(lowerClipFactor);
  table.add<PreviewAdagradOp>(lowerPreviewAdagrad);
  table.add<PreviewMomentumOp>(lowerPreviewMomentum);
  table.add<PreviewAdamOp>(lowerPreviewAdam);
}
