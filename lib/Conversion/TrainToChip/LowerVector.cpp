//===- LowerVector.cpp - everything that is not a MAC, as nests -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

/// Adds the op's instruction with the names of its results.
static NestRun &addRun(Nest &nest, Operation *op, StringRef instruction, ArrayRef<unsigned> outs,
                       ArrayRef<unsigned> ins) {
  NestRun run;
  run.instruction = instruction.str();
  run.outs.assign(outs.begin(), outs.end());
  run.ins.assign(ins.begin(), ins.end());
  for (unsigned i = 0; i < outs.size(); ++i)
    run.captures.push_back(trainNameOf(op->getResult(i)));
  nest.runs.push_back(std::move(run));
  return nest.runs.back();
}

/// One parallel loop per dimension, in order.
static SmallVector<NestDim> loopOverAll(Nest &nest, ArrayRef<int64_t> shape) {
  SmallVector<NestDim> dims;
  for (auto [i, size] : llvm::enumerate(shape))
    dims.push_back(NestDim::along(nest.addLoop("d" + std::to_string(i), size), size));
  if (!nest.loops.empty())
    nest.loops.back().cutLast = true;
  return dims;
}

//===----------------------------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------------------------===//

Nest slp::lowerElementwise(Operation *op, StringRef instruction, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op->getResult(0)));
  SmallVector<unsigned> ins;
  for (Value operand : op->getOperands())
    ins.push_back(addBuffer(nest, tensors, operand, Space::shared, dims, true, false));
  unsigned out = addBuffer(nest, tensors, op->getResult(0), Space::shared, dims, false, true);
  addRun(nest, op, instruction, {out}, ins);
  return nest;
}

Nest slp::lowerBiasAdd(BiasAddOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op.getX()));
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  unsigned bias = addBuffer(nest, tensors, op.getBias(), Space::shared, {dims[1]}, true, false);
  unsigned out = addBuffer(nest, tensors, op.getY(), Space::shared, dims, false, true);
  addRun(nest, op, "v.bias.add", {out}, {x, bias});
  return nest;
}

Nest slp::lowerBiasGrad(BiasGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  ArrayRef<int64_t> dy = shapeOf(op.getDy());
  int c = nest.addLoop("c", dy[1]), n = nest.addLoop("n", dy[0], /*reduction=*/true);
  SmallVector<NestDim> dims = {NestDim::along(n, dy[0]), NestDim::along(c, dy[1])};
  if (dy.size() == 4) {
    int h = nest.addLoop("h", dy[2], /*reduction=*/true);
    nest.loops[h].wholeUnless = n;
    dims.push_back(NestDim::along(h, dy[2]));
    dims.push_back(NestDim::whole(dy[3]));
  }
  unsigned in = addBuffer(nest, tensors, op.getDy(), Space::shared, dims, true, false);
  unsigned out =
      addBuffer(nest, tensors, op.getDb(), Space::shared, {NestDim::along(c, dy[1])}, false, true);
  addRun(nest, op, "v.bias.grad", {out}, {in}).mode = "zero";
  return nest;
}

Nest slp::lowerSgd(SgdOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, shapeOf(op.getW()));
  unsigned w = addBuffer(nest, tensors, op.getW(), Space::shared, dims, true, true);
  unsigned v = addBuffer(nest, tensors, op.getV(), Space::shared, dims, true, true);
  unsigned dw = addBuffer(nest, tensors, op.getDw(), Space::shared, dims, true, false);
  addRun(nest, op, "v.sgd", {w, v}, {dw}).scalars = {1.0f / op.getLossScale().convertToFloat()};
  return nest;
}

//===----------------------------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------------------------===//

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

Nest slp::lowerMaxPool(MaxPoolOp op, const TensorMap &tensors) {
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

Nest slp::lowerMaxPoolGrad(MaxPoolGradOp op, const TensorMap &tensors) {
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

Nest slp::lowerAvgPool(AvgPoolOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  Window w = windowOf(op);
  SmallVector<NestDim> in, out;
  poolDims(nest, w, shapeOf(op.getX()), shapeOf(op.getY()), in, out);
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, in, true, false);
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, out, false, true);
  addRun(nest, op, "v.avg.pool", {y}, {x}).geometry = geometryOf(w, op.getCountIncludePad());
  return nest;
}

Nest slp::lowerAvgPoolGrad(AvgPoolGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  Window w = windowOf(op);
  SmallVector<NestDim> in, out;
  poolGradDims(nest, w, op.getInputShape(), shapeOf(op.getDy()), in, out);
  unsigned dy = addBuffer(nest, tensors, op.getDy(), Space::shared, in, true, false);
  unsigned dx = addBuffer(nest, tensors, op.getDx(), Space::shared, out, false, true);
  addRun(nest, op, "v.avg.pool.grad", {dx}, {dy}).geometry = geometryOf(w, op.getCountIncludePad());
  return nest;
}

//===----------------------------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------------------------===//

/// (n, c) with whole rows.
static SmallVector<NestDim> rowDims(Nest &nest, ArrayRef<int64_t> shape) {
  return {NestDim::along(nest.addLoop("n", shape[0]), shape[0]), NestDim::whole(shape[1])};
}

Nest slp::lowerRows(Operation *op, StringRef instruction, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = rowDims(nest, shapeOf(op->getResult(0)));
  SmallVector<unsigned> ins;
  for (Value operand : op->getOperands())
    ins.push_back(addBuffer(nest, tensors, operand, Space::shared, dims, true, false));
  unsigned out = addBuffer(nest, tensors, op->getResult(0), Space::shared, dims, false, true);
  addRun(nest, op, instruction, {out}, ins);
  return nest;
}

void slp::lowerCrossEntropy(CrossEntropyOp op, const TensorMap &tensors, std::vector<Nest> &nests) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = rowDims(nest, shapeOf(op.getX()));
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  unsigned labels = addBuffer(nest, tensors, op.getLabels(), Space::shared, {dims[0]}, true, false);
  unsigned losses = addBuffer(nest, tensors, op.getLosses(), Space::shared, {dims[0]}, false, true);
  addRun(nest, op, "v.cross.entropy", {losses}, {x, labels}).captures = {
      trainNameOf(op.getLosses())};
  nests.push_back(std::move(nest));

  Nest mean = startNest(op, false);
  unsigned all = addBuffer(mean, tensors, op.getLosses(), Space::shared,
                           {NestDim::whole(shapeOf(op.getLosses())[0])}, true, false);
  unsigned loss = addBuffer(mean, tensors, op.getLoss(), Space::shared, {}, false, true);
  addRun(mean, op, "v.mean", {loss}, {all}).captures = {trainNameOf(op.getLoss())};
  nests.push_back(std::move(mean));
}

Nest slp::lowerCrossEntropyGrad(CrossEntropyGradOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = rowDims(nest, shapeOf(op.getX()));
  unsigned x = addBuffer(nest, tensors, op.getX(), Space::shared, dims, true, false);
  unsigned labels = addBuffer(nest, tensors, op.getLabels(), Space::shared, {dims[0]}, true, false);
  unsigned dx = addBuffer(nest, tensors, op.getDx(), Space::shared, dims, false, true);
  float scale = op.getLossScale().convertToFloat() / float(shapeOf(op.getX())[0]);
  addRun(nest, op, "v.cross.entropy.grad", {dx}, {x, labels}).scalars = {scale};
  return nest;
}
