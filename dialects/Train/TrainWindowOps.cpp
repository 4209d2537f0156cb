//===- TrainWindowOps.cpp - pooling -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainWindowOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainWindowOps.cpp.inc"

void TrainDialect::addWindowOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainWindowOps.cpp.inc"
      >();
}

/// (N, C, H, W) → (N, C, OH, OW), with the attributes checked.
template <typename Op>
static LogicalResult inferPool(Op op, ArrayRef<int64_t> x, SmallVector<int64_t> &y) {
  if (!areAll(op.getKernel(), 2, 1) || !areAll(op.getStrides(), 2, 1) ||
      !areAll(op.getDilations(), 2, 1) || !areAll(op.getPads(), 4, 0))
    return op->emitOpError("expected two kernel sizes, strides and dilations of at least 1 and "
                           "four pads of at least 0");
  if (x.size() != 4)
    return op->emitOpError("expected an input of rank 4, found rank ") << x.size();
  Window w = makeWindow(op.getKernel(), op.getStrides(), op.getPads(), op.getDilations());
  if (std::max(w.padTop, w.padBottom) > (w.kernelH - 1) * w.dilationH ||
      std::max(w.padLeft, w.padRight) > (w.kernelW - 1) * w.dilationW)
    return op->emitOpError("expected pads smaller than the kernel");
  y = {x[0], x[1], w.outputRows(x[2]), w.outputColumns(x[3])};
  if (y[2] < 1 || y[3] < 1)
    return op->emitOpError("expected an input of at least the kernel's size, found ")
           << x[2] << "x" << x[3] << " for a kernel of " << w.kernelH << "x" << w.kernelW;
  return success();
}

template <typename Op> static LogicalResult inferPoolGrad(Op op, Shapes &shapes) {
  SmallVector<int64_t> y;
  if (failed(inferPool(op, op.getInputShape(), y)))
    return failure();
  if (shapeOf(op.getDy()) != ArrayRef<int64_t>(y))
    return op->emitOpError("expected an error of shape ")
           << RankedTensorType::get(y, getElementTypeOrSelf(op.getDy())) << ", found "
           << op.getDy().getType();
  shapes.emplace_back(op.getInputShape());
  return success();
}

LogicalResult MaxPoolOp::inferShapes(Shapes &shapes) {
  SmallVector<int64_t> y;
  if (failed(inferPool(*this, shapeOf(getX()), y)))
    return failure();
  if (getKernel()[0] * getKernel()[1] > 256)
    return emitOpError("expected a kernel of at most 256 elements, found ")
           << getKernel()[0] * getKernel()[1];
  shapes.push_back(y);
  shapes.push_back(y);
  return success();
}

LogicalResult MaxPoolGradOp::inferShapes(Shapes &shapes) {
  if (failed(expectSameShape(*this, getDy(), getIndex())))
    return failure();
  return inferPoolGrad(*this, shapes);
}

LogicalResult AvgPoolOp::inferShapes(Shapes &shapes) {
  SmallVector<int64_t> y;
  if (failed(inferPool(*this, shapeOf(getX()), y)))
    return failure();
  shapes.push_back(y);
  return success();
}

LogicalResult AvgPoolGradOp::inferShapes(Shapes &shapes) { return inferPoolGrad(*this, shapes); }
