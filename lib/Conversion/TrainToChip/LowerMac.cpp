//===- LowerMac.cpp - convolutions and matrix products as nests -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every nest ends with v.round from the accumulators to a scratchpad buffer of the same format; a
// train.round or train.classify that alone reads it takes its place (FuseRound.cpp).
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/MatMulOp.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

/// Terms that a tile of a reduction has a multiple of: blocks of channels, dot groups of pixels.
template <typename Op> static int64_t blockOf(Op op) {
  std::optional<num_ir::AccumulateAttr> accumulate = op.getAccumulate();
  return accumulate ? std::max<int64_t>(accumulate->getDot(), 8) : 8;
}

/// Adds the accumulator buffer, the MAC run, and the drain, which stores the sums as they are.
static void finishMac(Nest &nest, Operation *op, const TensorMap &tensors, StringRef instruction,
                      ArrayRef<NestDim> accDims, ArrayRef<unsigned> ins, ArrayRef<int64_t> geometry,
                      bool bias) {
  Value result = op->getResult(0);
  NestBuffer acc;
  acc.space = Space::acc;
  acc.element = elementOf(result);
  acc.dims.assign(accDims.begin(), accDims.end());
  nest.buffers.push_back(std::move(acc));
  unsigned accIndex = nest.buffers.size() - 1;

  NestRun mac;
  mac.instruction = instruction.str();
  mac.outs = {accIndex};
  mac.ins.assign(ins.begin(), ins.end());
  mac.geometry.assign(geometry.begin(), geometry.end());
  mac.mode = bias ? "bias" : "zero";
  mac.results = {result};
  nest.runs.push_back(std::move(mac));

  NestRun drain;
  drain.instruction = "v.round";
  drain.outs = {addBuffer(nest, tensors, result, Space::spm, accDims, false, true)};
  drain.ins = {accIndex};
  drain.results = {Value()}; // what the accumulators hold is captured there
  drain.loops = nest.parallelLoops();
  nest.runs.push_back(std::move(drain));
}

static Nest lowerConv(ConvOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/true);
  ArrayRef<int64_t> x = shapeOf(op.getX()), w = shapeOf(op.getW()), y = shapeOf(op.getY());
  Window win = makeWindow({w[2], w[3]}, op.getStrides(), op.getPads(), op.getDilations());
  int64_t groups = op.getGroup(), co = w[0] / groups, ci = w[1];
  int n = nest.addLoop("n", y[0]), g = nest.addLoop("g", groups), o = nest.addLoop("co", co);
  int oy = nest.addLoop("oy", y[2]), ox = nest.addLoop("ox", y[3]);
  int i = nest.addLoop("ci", ci, /*reduction=*/true, /*granule=*/blockOf(op));
  nest.loops[o].onPes = true;
  nest.loops[ox].columns = itemColumns;
  nest.loops[ox].cutLast = true;

  unsigned xb =
      addBuffer(nest, tensors, op.getX(), Space::spm,
                {NestDim::along(n, x[0]), NestDim::along(g, groups), NestDim::along(i, ci),
                 windowInput(oy, x[2], win.kernelH, win.strideH, win.padTop, win.dilationH),
                 windowInput(ox, x[3], win.kernelW, win.strideW, win.padLeft, win.dilationW)},
                true, false);
  unsigned wb = addBuffer(nest, tensors, op.getW(), Space::spm,
                          {NestDim::along(g, groups), NestDim::along(o, co), NestDim::along(i, ci),
                           NestDim::whole(w[2]), NestDim::whole(w[3])},
                          true, false);
  SmallVector<unsigned> ins = {xb, wb};
  if (op.getBias())
    ins.push_back(addBuffer(nest, tensors, op.getBias(), Space::spm,
                            {NestDim::along(g, groups), NestDim::along(o, co)}, true, false));
  finishMac(nest, op, tensors, "conv.fp",
            {NestDim::along(n, y[0]), NestDim::along(g, groups), NestDim::along(o, co),
             NestDim::along(oy, y[2]), NestDim::along(ox, y[3])},
            ins, geometryOf(win), op.getBias() != nullptr);
  return nest;
}

static Nest lowerConvBp(ConvBpOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/true);
  ArrayRef<int64_t> x = op.getInputShape(), w = shapeOf(op.getW()), y = shapeOf(op.getDy());
  Window win = makeWindow({w[2], w[3]}, op.getStrides(), op.getPads(), op.getDilations());
  int64_t groups = op.getGroup(), co = w[0] / groups, ci = w[1];
  int n = nest.addLoop("n", x[0]), g = nest.addLoop("g", groups), i = nest.addLoop("ci", ci);
  int uy = nest.addLoop("iy", llvm::divideCeil(x[2], win.strideH));
  int ux = nest.addLoop("ix", llvm::divideCeil(x[3], win.strideW));
  int o = nest.addLoop("co", co, /*reduction=*/true, /*granule=*/blockOf(op));
  nest.loops[i].onPes = true;
  nest.loops[ux].columns = itemColumns; // of one phase of the stride
  nest.itemsOfPoint = std::min(win.strideH, win.kernelH) * std::min(win.strideW, win.kernelW);
  nest.loops[ux].cutLast = true;

  unsigned dyb =
      addBuffer(nest, tensors, op.getDy(), Space::spm,
                {NestDim::along(n, y[0]), NestDim::along(g, groups), NestDim::along(o, co),
                 windowOutputs(uy, y[2], win.kernelH, win.strideH, win.padTop, win.dilationH),
                 windowOutputs(ux, y[3], win.kernelW, win.strideW, win.padLeft, win.dilationW)},
                true, false);
  unsigned wb = addBuffer(nest, tensors, op.getW(), Space::spm,
                          {NestDim::along(g, groups), NestDim::along(o, co), NestDim::along(i, ci),
                           NestDim::whole(w[2]), NestDim::whole(w[3])},
                          true, false);
  finishMac(nest, op, tensors, "conv.bp",
            {NestDim::along(n, x[0]), NestDim::along(g, groups), NestDim::along(i, ci),
             strideUnits(uy, x[2], win.strideH), strideUnits(ux, x[3], win.strideW)},
            {dyb, wb}, geometryOf(win), false);
  return nest;
}

static Nest lowerConvWg(ConvWgOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/true);
  std::optional<num_ir::AccumulateAttr> accumulate = op.getAccumulate();
  nest.oneAccumulatorSlot = accumulate && accumulate->hasChainPerImage();
  nest.mayJoinBanks = !nest.oneAccumulatorSlot;
  ArrayRef<int64_t> x = shapeOf(op.getX()), y = shapeOf(op.getDy()), w = shapeOf(op.getDw());
  Window win = makeWindow(op.getKernel(), op.getStrides(), op.getPads(), op.getDilations());
  int64_t groups = op.getGroup(), co = w[0] / groups, ci = w[1];
  int g = nest.addLoop("g", groups), o = nest.addLoop("co", co), i = nest.addLoop("ci", ci);
  int n = nest.addLoop("n", x[0], /*reduction=*/true);
  // Where the end of a dot group shows, a tile of part of an image begins with one.
  int64_t block = accumulate && accumulate->getFormat().isF32() ? 1 : blockOf(op);
  int oy = nest.addLoop("oy", y[2], /*reduction=*/true, block / std::gcd(block, y[3]));
  nest.loops[oy].wholeUnless = n;
  nest.loops[o].onPes = true;
  nest.itemsOfPoint = win.kernelH * win.kernelW;

  NestDim columns =
      NestDim::whole((y[3] - 1) * win.strideW + (win.kernelW - 1) * win.dilationW + 1);
  columns.offset = -win.padLeft;
  columns.extent = x[3];
  unsigned xb = addBuffer(
      nest, tensors, op.getX(), Space::spm,
      {NestDim::along(n, x[0]), NestDim::along(g, groups), NestDim::along(i, ci),
       windowInput(oy, x[2], win.kernelH, win.strideH, win.padTop, win.dilationH), columns},
      true, false);
  unsigned dyb = addBuffer(nest, tensors, op.getDy(), Space::spm,
                           {NestDim::along(n, y[0]), NestDim::along(g, groups),
                            NestDim::along(o, co), NestDim::along(oy, y[2]), NestDim::whole(y[3])},
                           true, false);
  finishMac(nest, op, tensors, "conv.wg",
            {NestDim::along(g, groups), NestDim::along(o, co), NestDim::along(i, ci),
             NestDim::whole(w[2]), NestDim::whole(w[3])},
            {xb, dyb}, geometryOf(win), false);
  return nest;
}

/// Strides of (rows, columns), in batches if there are, that are stored as (columns, rows).
static SmallVector<int64_t> transposed(int64_t rows, int64_t columns, bool isBatched) {
  if (isBatched)
    return {rows * columns, 1, rows};
  return {1, rows};
}

static Nest lowerMatMul(MatMulOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/true);
  ArrayRef<int64_t> y = shapeOf(op.getY()), a = shapeOf(op.getA());
  bool isBatched = y.size() == 3;
  int64_t rows = y[y.size() - 2], columns = y.back();
  int64_t depth = a[op.getTransposeA() ? a.size() - 2 : a.size() - 1];
  SmallVector<NestDim> batch;
  if (isBatched)
    batch.push_back(NestDim::along(nest.addLoop("b", y[0]), y[0]));
  auto inBatch = [&](NestDim row, NestDim column) {
    SmallVector<NestDim> dims(batch);
    dims.append({row, column});
    return dims;
  };
  NestDim m = NestDim::along(nest.addLoop("m", rows), rows);
  NestDim n = NestDim::along(nest.addLoop("n", columns), columns);
  nest.loops[n.loop].onPes = true;
  NestDim k =
      NestDim::along(nest.addLoop("k", depth, /*reduction=*/true, /*granule=*/blockOf(op)), depth);
  unsigned ab = addBuffer(nest, tensors, op.getA(), Space::spm, inBatch(m, k), true, false);
  if (op.getTransposeA())
    nest.buffers[ab].strides = transposed(rows, depth, isBatched);
  unsigned bb = addBuffer(nest, tensors, op.getB(), Space::spm, inBatch(k, n), true, false);
  if (op.getTransposeB())
    nest.buffers[bb].strides = transposed(depth, columns, isBatched);
  SmallVector<unsigned> ins = {ab, bb};
  if (op.getBias())
    ins.push_back(addBuffer(nest, tensors, op.getBias(), Space::spm, {n}, true, false));
  finishMac(nest, op, tensors, "matmul", inBatch(m, n), ins, {}, op.getBias() != nullptr);
  return nest;
}

void slp::addMacLowerings(LoweringTable &table) {
  table.add<ConvOp>(lowerConv);
  table.add<ConvBpOp>(lowerConvBp);
  table.add<ConvWgOp>(lowerConvWg);
  table.add<MatMulOp>(lowerMatMul);
}
