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
#include "dialects/Train/TrainMasks.h"

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

namespace {
/// Channels of a convolution along a loop, which with masks counts what an entry of a mask is for.
class ChannelLoop {
public:
  template <typename Op>
  ChannelLoop(Nest &nest, StringRef name, Op op, int64_t channels)
      : ChannelLoop(nest, name, op, channels, /*isSum=*/false, 1) {}
  /// Channels that are summed, `granule` of them or a multiple in a tile.
  template <typename Op>
  static ChannelLoop sum(Nest &nest, StringRef name, Op op, int64_t channels, int64_t granule) {
    return ChannelLoop(nest, name, op, channels, /*isSum=*/true, granule);
  }
  /// Puts its channels on the PEs of a line; a unit of several fills them by itself.
  ChannelLoop onPes(Nest &nest) const {
    nest.loops[loop].onPes = unit == 1;
    return *this;
  }
  NestDim dim() const { return strideUnits(loop, channels, unit); }
  NestDim maskDim() const { return NestDim::along(loop, llvm::divideCeil(channels, unit)); }

private:
  template <typename Op>
  ChannelLoop(Nest &nest, StringRef name, Op op, int64_t channels, bool isSum, int64_t granule)
      : channels(channels), unit(op.getGate() || op.getGroups() ? maskChannels : 1) {
    loop = nest.addLoop(name, llvm::divideCeil(channels, unit), isSum,
                        std::max<int64_t>(granule / unit, 1));
  }

  int loop;
  int64_t channels, unit;
};

/// The operands of a MAC run behind its factors, and the fields that say which are there.
struct MacOperands {
  SmallVector<unsigned> buffers;
  bool startsFromOne = false; // mode bias
  SmallVector<NamedAttribute> fields;
};
} // namespace

/// Adds the masks of a convolution: the gate along `outputs` (n, g, cob, oy, ox).
template <typename Op>
static void addMasks(Nest &nest, const TensorMap &tensors, Op op, ArrayRef<NestDim> outputs,
                     ArrayRef<NestDim> weights, MacOperands &operands) {
  auto add = [&](Value mask, ArrayRef<NestDim> dims, StringRef field) {
    if (!mask)
      return;
    operands.buffers.push_back(addBuffer(nest, tensors, mask, Space::spm, dims, true, false));
    Builder b(op.getContext());
    operands.fields.push_back(b.getNamedAttr(field, b.getStringAttr("present")));
  };
  add(op.getGate(), outputs, "gated");
  add(op.getGroups(), weights, "grouped");
}

/// Adds the accumulator buffer, the MAC run, and the drain, which stores the sums as they are.
static void finishMac(Nest &nest, Operation *op, const TensorMap &tensors, StringRef instruction,
                      ArrayRef<NestDim> accDims, const MacOperands &operands,
                      ArrayRef<int64_t> geometry) {
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
  mac.ins = operands.buffers;
  mac.geometry.assign(geometry.begin(), geometry.end());
  mac.mode = operands.startsFromOne ? "bias" : "zero";
  mac.fields = operands.fields;
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
  int n = nest.addLoop("n", y[0]), g = nest.addLoop("g", groups);
  ChannelLoop o = ChannelLoop(nest, "co", op, co).onPes(nest);
  int oy = nest.addLoop("oy", y[2]), ox = nest.addLoop("ox", y[3]);
  ChannelLoop i = ChannelLoop::sum(nest, "ci", op, ci, blockOf(op));
  nest.loops[ox].columns = itemColumns;
  nest.loops[ox].cutLast = true;

  unsigned xb =
      addBuffer(nest, tensors, op.getX(), Space::spm,
                {NestDim::along(n, x[0]), NestDim::along(g, groups), i.dim(),
                 windowInput(oy, x[2], win.kernelH, win.strideH, win.padTop, win.dilationH),
                 windowInput(ox, x[3], win.kernelW, win.strideW, win.padLeft, win.dilationW)},
                true, false);
  unsigned wb = addBuffer(
      nest, tensors, op.getW(), Space::spm,
      {NestDim::along(g, groups), o.dim(), i.dim(), NestDim::whole(w[2]), NestDim::whole(w[3])},
      true, false);
  auto outputs = [&](NestDim channels) -> SmallVector<NestDim> {
    return {NestDim::along(n, y[0]), NestDim::along(g, groups), channels, NestDim::along(oy, y[2]),
            NestDim::along(ox, y[3])};
  };
  MacOperands operands = {{xb, wb}, op.getBias() || op.getInit(), {}};
  if (op.getBias())
    operands.buffers.push_back(addBuffer(nest, tensors, op.getBias(), Space::spm,
                                         {NestDim::along(g, groups), o.dim()}, true, false));
  if (op.getInit())
    operands.buffers.push_back(
        addBuffer(nest, tensors, op.getInit(), Space::spm, outputs(o.dim()), true, false));
  addMasks(nest, tensors, op, outputs(o.maskDim()),
           {NestDim::along(g, groups), o.maskDim(), i.maskDim(), NestDim::whole(w[2]),
            NestDim::whole(w[3])},
           operands);
  finishMac(nest, op, tensors, "conv.fp", outputs(o.dim()), operands, geometryOf(win));
  return nest;
}

static Nest lowerConvBp(ConvBpOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/true);
  ArrayRef<int64_t> x = op.getInputShape(), w = shapeOf(op.getW()), y = shapeOf(op.getDy());
  Window win = makeWindow({w[2], w[3]}, op.getStrides(), op.getPads(), op.getDilations());
  int64_t groups = op.getGroup(), co = w[0] / groups, ci = w[1];
  int n = nest.addLoop("n", x[0]), g = nest.addLoop("g", groups);
  ChannelLoop i = ChannelLoop(nest, "ci", op, ci).onPes(nest);
  int uy = nest.addLoop("iy", llvm::divideCeil(x[2], win.strideH));
  int ux = nest.addLoop("ix", llvm::divideCeil(x[3], win.strideW));
  ChannelLoop o = ChannelLoop::sum(nest, "co", op, co, blockOf(op));
  nest.loops[ux].columns = itemColumns; // of one phase of the stride
  nest.itemsOfPoint = std::min(win.strideH, win.kernelH) * std::min(win.strideW, win.kernelW);
  nest.loops[ux].cutLast = true;

  auto errors = [&](NestDim channels) -> SmallVector<NestDim> {
    return {NestDim::along(n, y[0]), NestDim::along(g, groups), channels,
            windowOutputs(uy, y[2], win.kernelH, win.strideH, win.padTop, win.dilationH),
            windowOutputs(ux, y[3], win.kernelW, win.strideW, win.padLeft, win.dilationW)};
  };
  unsigned dyb = addBuffer(nest, tensors, op.getDy(), Space::spm, errors(o.dim()), true, false);
  unsigned wb = addBuffer(
      nest, tensors, op.getW(), Space::spm,
      {NestDim::along(g, groups), o.dim(), i.dim(), NestDim::whole(w[2]), NestDim::whole(w[3])},
      true, false);
  MacOperands operands = {{dyb, wb}, false, {}};
  addMasks(nest, tensors, op, errors(o.maskDim()),
           {NestDim::along(g, groups), o.maskDim(), i.maskDim(), NestDim::whole(w[2]),
            NestDim::whole(w[3])},
           operands);
  finishMac(nest, op, tensors, "conv.bp",
            {NestDim::along(n, x[0]), NestDim::along(g, groups), i.dim(),
             strideUnits(uy, x[2], win.strideH), strideUnits(ux, x[3], win.strideW)},
            operands, geometryOf(win));
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
  int g = nest.addLoop("g", groups);
  ChannelLoop o = ChannelLoop(nest, "co", op, co).onPes(nest), i(nest, "ci", op, ci);
  int n = nest.addLoop("n", x[0], /*reduction=*/true);
  // Where the end of a dot group shows, a tile of part of an image begins with one.
  int64_t block = accumulate && accumulate->getFormat().isF32() ? 1 : blockOf(op);
  int oy = nest.addLoop("oy", y[2], /*reduction=*/true, block / std::gcd(block, y[3]));
  nest.loops[oy].wholeUnless = n;
  nest.itemsOfPoint = win.kernelH * win.kernelW;

  NestDim columns =
      NestDim::whole((y[3] - 1) * win.strideW + (win.kernelW - 1) * win.dilationW + 1);
  columns.offset = -win.padLeft;
  columns.extent = x[3];
  unsigned xb = addBuffer(
      nest, tensors, op.getX(), Space::spm,
      {NestDim::along(n, x[0]), NestDim::along(g, groups), i.dim(),
       windowInput(oy, x[2], win.kernelH, win.strideH, win.padTop, win.dilationH), columns},
      true, false);
  auto errors = [&](NestDim channels) -> SmallVector<NestDim> {
    return {NestDim::along(n, y[0]), NestDim::along(g, groups), channels, NestDim::along(oy, y[2]),
            NestDim::whole(y[3])};
  };
  auto weights = [&](NestDim outputs, NestDim inputs) -> SmallVector<NestDim> {
    return {NestDim::along(g, groups), outputs, inputs, NestDim::whole(w[2]), NestDim::whole(w[3])};
  };
  unsigned dyb = addBuffer(nest, tensors, op.getDy(), Space::spm, errors(o.dim()), true, false);
  MacOperands operands = {{xb, dyb}, false, {}};
  addMasks(nest, tensors, op, errors(o.maskDim()), weights(o.maskDim(), i.maskDim()), operands);
  finishMac(nest, op, tensors, "conv.wg", weights(o.dim(), i.dim()), operands, geometryOf(win));
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
  MacOperands operands = {{ab, bb}, op.getBias() != nullptr, {}};
  if (op.getBias())
    operands.buffers.push_back(
        addBuffer(nest, tensors, op.getBias(), Space::spm, {n}, true, false));
  finishMac(nest, op, tensors, "matmul", inBatch(m, n), operands, {});
  return nest;
}

void slp::addMacLowerings(LoweringTable &table) {
  table.add<ConvOp>(lowerConv);
  table.add<ConvBpOp>(lowerConvBp);
  table.add<ConvWgOp>(lowerConvWg);
  table.add<MatMulOp>(lowerMatMul);
}
