//===- LowerChannels.cpp - sums and statistics by channel
//---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Two instructions: one makes parts of the tiles, a number for each image, channel and strip of 8
// columns; the other, behind the rows of these strips, joins them in order (docs/numerics.md
// section 5). The parts stay in the shared buffer.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/BiasGradOp.h"
#include "dialects/Train/NormalizeSumsOp.h"
#include "dialects/Train/StatisticsOp.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

namespace {
/// A nest over a tensor (n, c, rows..., columns), or (columns, c).
struct ChannelNest {
  Nest nest;
  SmallVector<NestDim> dims;     // of the tensor
  SmallVector<NestDim> parts;    // (image, channel, strip)
  SmallVector<int> joinedLoops;  // all but the rows
  int64_t rows = 1, columns = 1; // of an image

  ChannelNest(Operation *op, ArrayRef<int64_t> shape);
  NestDim channels() const { return parts[1]; }
  /// A buffer of parts, each of `numbers` numbers, or one without a dimension of its own.
  unsigned addParts(OpBuilder b, int64_t numbers = 0);
  /// A run that joins parts.
  NestRun &addJoin(Operation *op, StringRef instruction, ArrayRef<unsigned> outs, unsigned parts);
};
} // namespace

ChannelNest::ChannelNest(Operation *op, ArrayRef<int64_t> shape) : nest(startNest(op, false)) {
  constexpr int64_t strip = 8;
  bool hasImages = shape.size() > 2;
  columns = hasImages ? shape.back() : shape[0];
  int c = nest.addLoop("c", shape[1]);
  int n = hasImages ? nest.addLoop("n", shape[0], /*reduction=*/true) : -1;
  int64_t strips = llvm::divideCeil(columns, strip);
  int s = nest.addLoop("s", strips, /*reduction=*/true);
  // Parts are joined image by image.
  nest.loops[s].wholeUnless = n;
  nest.loops[s].cutLast = hasImages;
  joinedLoops = {c};
  if (hasImages)
    joinedLoops.push_back(n);
  joinedLoops.push_back(s);

  NestDim along = NestDim::along(c, shape[1]);
  NestDim strided = strideUnits(s, columns, strip);
  strided.isClipped = true;
  NestDim images = hasImages ? NestDim::along(n, shape[0]) : NestDim::whole(1);
  parts = {images, along, NestDim::along(s, strips)};
  if (!hasImages) {
    dims = {strided, along};
    return;
  }
  dims = {images, along};
  int outer = -1;
  for (int64_t size : shape.drop_front(2).drop_back()) {
    int row = nest.addLoop("d" + std::to_string(dims.size()), size, /*reduction=*/true);
    // Row-major order across tiles: cut only where what lies outside goes one by one.
    nest.loops[row].wholeUnless = outer;
    if (size > 1)
      outer = row;
    dims.push_back(NestDim::along(row, size));
    rows *= size;
  }
  dims.push_back(strided);
}

unsigned ChannelNest::addParts(OpBuilder b, int64_t numbers) {
  NestBuffer buffer;
  buffer.space = Space::shared;
  buffer.element = b.getF32Type();
  buffer.dims = parts;
  if (numbers)
    buffer.dims.push_back(NestDim::whole(numbers));
  nest.buffers.push_back(std::move(buffer));
  return nest.buffers.size() - 1;
}

NestRun &ChannelNest::addJoin(Operation *op, StringRef instruction, ArrayRef<unsigned> outs,
                              unsigned parts) {
  NestRun &run = addRun(nest, op, instruction, outs, {parts});
  run.loops = joinedLoops;
  return run;
}

/// A run that makes parts, which are no results of the op.
static NestRun &addPartsRun(Nest &nest, StringRef instruction, ArrayRef<unsigned> outs,
                            ArrayRef<unsigned> ins) {
  NestRun run;
  run.instruction = instruction.str();
  run.outs.assign(outs.begin(), outs.end());
  run.ins.assign(ins.begin(), ins.end());
  run.mode = "zero";
  nest.runs.push_back(std::move(run));
  return nest.runs.back();
}

static Nest lowerBiasGrad(BiasGradOp op, const TensorMap &tensors) {
  ChannelNest channel(op, shapeOf(op.getDy()));
  unsigned dy =
      addBuffer(channel.nest, tensors, op.getDy(), Space::shared, channel.dims, true, false);
  unsigned parts = channel.addParts(OpBuilder(op));
  unsigned db = addBuffer(channel.nest, tensors, op.getDb(), Space::shared, {channel.channels()},
                          false, true);
  addPartsRun(channel.nest, "v.channel.sums", {parts}, {dy});
  channel.addJoin(op, "v.channel.join", {db}, parts).mode = "zero";
  return std::move(channel.nest);
}

static Nest lowerStatistics(StatisticsOp op, const TensorMap &tensors) {
  ChannelNest channel(op, shapeOf(op.getX()));
  unsigned x =
      addBuffer(channel.nest, tensors, op.getX(), Space::shared, channel.dims, true, false);
  unsigned parts = channel.addParts(OpBuilder(op), /*numbers=*/3);
  SmallVector<unsigned> outs;
  for (Value result : op->getResults())
    outs.push_back(
        addBuffer(channel.nest, tensors, result, Space::shared, {channel.channels()}, false, true));
  addPartsRun(channel.nest, "v.statistics", {parts}, {x});
  NestRun &join = channel.addJoin(op, "v.statistics.join", outs, parts);
  join.mode = "zero";
  setField(join, op, "rows", channel.rows);
  setField(join, op, "columns", channel.columns);
  return std::move(channel.nest);
}

Nest slp::lowerNormalizeChannelSums(NormalizeSumsOp op, const TensorMap &tensors) {
  ChannelNest channel(op, shapeOf(op.getX()));
  SmallVector<unsigned> ins, parts;
  for (Value operand : op->getOperands())
    ins.push_back(addServingBuffer(channel.nest, tensors, operand, channel.dims));
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    parts.push_back(channel.addParts(OpBuilder(op)));
  ins[3] = addOfStatistic(channel.nest, op, ins[3], "v.inverse.deviation",
                          op.getEpsilon().convertToFloat());
  addPartsRun(channel.nest, "v.normalize.channel.sums", parts, ins);
  for (auto [result, from] : llvm::zip(op->getResults(), parts)) {
    unsigned out =
        addBuffer(channel.nest, tensors, result, Space::shared, {channel.channels()}, false, true);
    NestRun &join = channel.addJoin(op, "v.channel.join", {out}, from);
    join.mode = "zero";
    join.results = {result};
  }
  return std::move(channel.nest);
}

void slp::addChannelLowerings(LoweringTable &table) {
  table.add<BiasGradOp>(lowerBiasGrad);
  table.add<StatisticsOp>(lowerStatistics);
}
