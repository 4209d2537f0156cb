//===- TrainWindowOps.cpp - pooling -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainWindowOps.h"

#include "dialects/Train/TrainShapes.h"

#include "llvm/Support/MathExtras.h"

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

/// How many windows fit.
static int64_t pooledSize(int64_t in, int64_t before, int64_t after, int64_t kernel, int64_t stride,
                          int64_t dilation, bool ceilMode) {
  int64_t room = in + before + after - ((kernel - 1) * dilation + 1);
  int64_t last = llvm::divideFloorSigned(room + (ceilMode ? stride - 1 : 0), stride);
  // The last window begins in the input or the padding before it.
  if (ceilMode && last * stride >= in + before)
    --last;
  return last + 1;
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
  bool ceilMode = op.getCeilMode();
  y = {x[0], x[1],
       pooledSize(x[2], w.padTop, w.padBottom, w.kernelH, w.strideH, w.dilationH, ceilMode),
       pooledSize(x[3], w.padLeft, w.padRight, w.kernelW, w.strideW, w.dilationW, ceilMode)};
  if (y[2] < 1 || y[3] < 1)
    return op->emitOpError("expected an input of at least the kernel's size, found ")
           << x[2] << "x" << x[3] << " for a kernel of " << w.kernelH << "x" << w.kernelW;
  return success();
}

/// 8 bits of index if they suffice.
template <typename Op> static LogicalResult checkIndex(Op op) {
  int64_t elements = op.getKernel()[0] * op.getKernel()[1], bits = elements > 256 ? 32 : 8;
  Type found = getElementTypeOrSelf(op.getIndex());
  if (found.isInteger(bits))
    return success();
  return op->emitOpError("expected an index of i")
         << bits << " for a kernel of " << elements << " elements, found " << found;
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
  shapes.push_back(y);
  shapes.push_back(y);
  return success();
}

LogicalResult MaxPoolGradOp::inferShapes(Shapes &shapes) {
  if (failed(expectSameShape(*this, getDy(), getIndex())))
    return failure();
  return inferPoolGrad(*this, shapes);
}

LogicalResult MaxPoolTakeOp::inferShapes(Shapes &shapes) {
  SmallVector<int64_t> y;
  if (failed(inferPool(*this, shapeOf(getX()), y)))
    return failure();
  if (shapeOf(getIndex()) != ArrayRef<int64_t>(y))
    return emitOpError("expected an index of shape ")
           << RankedTensorType::get(y, getElementTypeOrSelf(getIndex())) << ", found "
           << getIndex().getType();
  shapes.push_back(y);
  return success();
}

LogicalResult MaxPoolOp::verify() { return checkIndex(*this); }
LogicalResult MaxPoolGradOp::verify() { return checkIndex(*this); }
LogicalResult MaxPoolTakeOp::verify() { return checkIndex(*this); }

LogicalResult AvgPoolOp::inferShapes(Shapes &shapes) {
  SmallVector<int64_t> y;
  if (failed(inferPool(*this, shapeOf(getX()), y)))
    return failure();
  shapes.push_back(y);
  return success();
}

LogicalResult AvgPoolGradOp::inferShapes(Shapes &shapes) { return inferPoolGrad(*this, shapes); }

#include "dialects/Train/TrainWindowOpsKinds.cpp.inc"
