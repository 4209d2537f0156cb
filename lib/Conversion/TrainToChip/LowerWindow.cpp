//===- LowerWindow.cpp - pooling --------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/AvgPoolGradOp.h"
#include "dialects/Train/AvgPoolOp.h"
#include "dialects/Train/MaxPoolGradOp.h"
#include "dialects/Train/MaxPoolOp.h"
#include "dialects/Train/MaxPoolTakeOp.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

template <typename Op> static Window windowOf(Op op) {
  return makeWindow(op.getKernel(), op.getStrides(), op.getPads(), op.getDilations());
}

/// Loops over images, channels and outputs; the coordinates of outputs and inputs.
static void poolDims(Nest &nest, const Window &w, ArrayRef<int64_t> x, ArrayRef<int64_t> y,
                     SmallVector<NestDim> &in, SmallVector<NestDim> &out) {
  int n = nest.addLoop("n", y[0]), c = nest.addLoop("c", y[1]);
  int oy = nest.addLoop("oy", y[2]), ox = nest.addLoop("ox", y[3]);
  nest.loops[ox].cutLast = true;
  out = {NestDim::along(n, y[0]), NestDim::along(c, y[1]), NestDim::along(oy, y[2]),
         NestDim::along(ox, y[3])};
  in = {NestDim::along(n, x[0]), NestDim::along(c, x[1]),
        windowInput(oy, x[2], w.kernelH, w.strideH, w.padTop, w.dilationH),
        windowInput(ox, x[3], w.kernelW, w.strideW, w.padLeft, w.dilationW)};
}

/// The same for gradients, whose loops run over inputs in units of the stride.
static void poolGradDims(Nest &nest, const Window &w, ArrayRef<int64_t> x, ArrayRef<int64_t> y,
                         SmallVector<NestDim> &in, SmallVector<NestDim> &out) {
  int n = nest.addLoop("n", x[0]), c = nest.addLoop("c", x[1]);
  int uy = nest.addLoop("iy", llvm::divideCeil(x[2], w.strideH));
  int ux = nest.addLoop("ix", llvm::divideCeil(x[3], w.strideW));
  nest.loops[ux].cutLast = true;
  out = {NestDim::along(n, x[0]), NestDim::along(c, x[1]), strideUnits(uy, x[2], w.strideH),
         strideUnits(ux, x[3], w.strideW)};
  in = {NestDim::along(n, y[0]), NestDim::along(c, y[1]),
        windowOutputs(uy, y[2], w.kernelH, w.strideH, w.padTop, w.dilationH),
        windowOutputs(ux, y[3], w.kernelW, w.strideW, w.padLeft, w.dilationW)};
}

static Nest lowerMaxPool(MaxPoolOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  Window w = windowOf(op);
  SmallVector<NestDim> in, out;
  poolDims(nest, w, shapeOf(op.getX()), shapeOf(op.getY()), in, out);
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, in, true, false);
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, out, false, true);
  unsigned index = addBuffer(nest, tensors, op.getIndex(), Space::shared, out, false, true);
  addRun(nest, op, "v.max.pool", {y, index}, {x}).geometry = geometryOf(w);
  return nest;
}

static Nest lowerMaxPoolGrad(MaxPoolGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  Window w = windowOf(op);
  SmallVector<NestDim> in, out;
  poolGradDims(nest, w, op.getInputShape(), shapeOf(op.getDy()), in, out);
  unsigned index = addBuffer(nest, tensors, op.getIndex(), Space::shared, in, true, false);
  unsigned dy = addBuffer(nest, tensors, op.getDy(), Space::shared, in, true, false);
  unsigned dx = addBuffer(nest, tensors, op.getDx(), Space::shared, out, false, true);
  addRun(nest, op, "v.max.pool.grad", {dx}, {index, dy}).geometry = geometryOf(w);
  return nest;
}

static Nest lowerMaxPoolTake(MaxPoolTakeOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  Window w = windowOf(op);
  SmallVector<NestDim> in, out;
  poolDims(nest, w, shapeOf(op.getX()), shapeOf(op.getY()), in, out);
  unsigned index = addBuffer(nest, tensors, op.getIndex(), Space::shared, out, true, false);
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, in, true, false);
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, out, false, true);
  addRun(nest, op, "v.max.pool.take", {y}, {index, x}).geometry = geometryOf(w);
  return nest;
}

static Nest lowerAvgPool(AvgPoolOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  Window w = windowOf(op);
  SmallVector<NestDim> in, out;
  poolDims(nest, w, shapeOf(op.getX()), shapeOf(op.getY()), in, out);
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, in, true, false);
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, out, false, true);
  addRun(nest, op, "v.avg.pool", {y}, {x}).geometry = geometryOf(w, op.getCountIncludePad());
  return nest;
}

static Nest lowerAvgPoolGrad(AvgPoolGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  Window w = windowOf(op);
  SmallVector<NestDim> in, out;
  poolGradDims(nest, w, op.getInputShape(), shapeOf(op.getDy()), in, out);
  unsigned dy = addBuffer(nest, tensors, op.getDy(), Space::shared, in, true, false);
  unsigned dx = addBuffer(nest, tensors, op.getDx(), Space::shared, out, false, true);
  addRun(nest, op, "v.avg.pool.grad", {dx}, {dy}).geometry = geometryOf(w, op.getCountIncludePad());
  return nest;
}

void slp::addWindowLowerings(LoweringTable &table) {
  table.add<MaxPoolOp>(lowerMaxPool);
  table.add<MaxPoolGradOp>(lowerMaxPoolGrad);
  table.add<MaxPoolTakeOp>(lowerMaxPoolTake);
  table.add<AvgPoolOp>(lowerAvgPool);
  table.add<AvgPoolGradOp>(lowerAvgPoolGrad);
}
