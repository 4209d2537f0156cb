//===- TrainShapes.cpp - result shapes of train ops -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One inferShapes per op: the only place where shapes are computed. The importer asks it through
// `inferShapes` on an op under construction, the verifier on every op.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainDialect.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace slp::train;

using Shapes = SmallVectorImpl<SmallVector<int64_t>>;

//===----------------------------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------------------------===//

static int64_t outputSize(int64_t in, int64_t before, int64_t after, int64_t kernel, int64_t stride,
                          int64_t dilation) {
  int64_t span = in + before + after - ((kernel - 1) * dilation + 1);
  return span < 0 ? 0 : span / stride + 1;
}

int64_t Window::outputRows(int64_t h) const {
  return outputSize(h, padTop, padBottom, kernelH, strideH, dilationH);
}

int64_t Window::outputColumns(int64_t w) const {
  return outputSize(w, padLeft, padRight, kernelW, strideW, dilationW);
}

Window slp::train::makeWindow(ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                              ArrayRef<int64_t> pads, ArrayRef<int64_t> dilations) {
  return {kernel[0], kernel[1], strides[0], strides[1],   pads[0],
          pads[1],   pads[2],   pads[3],    dilations[0], dilations[1]};
}

/// Whether `values` are `n` numbers of at least `least`; at most 2^31, so that no size overflows.
static bool areAll(ArrayRef<int64_t> values, size_t n, int64_t least) {
  return values.size() == n &&
         llvm::all_of(values, [&](int64_t v) { return v >= least && v <= int64_t(1) << 31; });
}

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

static LogicalResult expectRank(Operation *op, Value v, unsigned rank, StringRef what) {
  if (shapeOf(v).size() == rank)
    return success();
  return op->emitOpError("expected ") << what << " of rank " << rank << ", found " << v.getType();
}

static LogicalResult expectSameShape(Operation *op, Value a, Value b) {
  if (shapeOf(a) == shapeOf(b))
    return success();
  return op->emitOpError("expected operands of one shape, found ")
         << a.getType() << " and " << b.getType();
}

LogicalResult slp::train::verifyInferredShapes(Operation *op) {
  SmallVector<SmallVector<int64_t>> shapes;
  if (failed(cast<InferShapeInterface>(op).inferShapes(shapes)))
    return failure();
  for (auto [index, shape] : llvm::enumerate(shapes)) {
    auto type = cast<RankedTensorType>(op->getResult(index).getType());
    if (type.getShape() == ArrayRef<int64_t>(shape))
      continue;
    return op->emitOpError("expected result #")
           << index << " of type " << RankedTensorType::get(shape, type.getElementType())
           << ", found " << type;
  }
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Multiply-accumulate
//===----------------------------------------------------------------------------------------===//

/// Checks (N, Ci, H, W) against (Co, Ci/group, KH, KW) and the window; gives (N, Co, OH, OW).
template <typename Op>
static LogicalResult inferConv(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> w,
                               SmallVector<int64_t> &y) {
  if (!areAll(op.getStrides(), 2, 1))
    return op->emitOpError("expected two strides of at least 1");
  if (!areAll(op.getDilations(), 2, 1))
    return op->emitOpError("expected two dilations of at least 1");
  if (!areAll(op.getPads(), 4, 0))
    return op->emitOpError("expected four pads of at least 0");
  int64_t group = op.getGroup();
  if (group < 1 || x[1] % group || w[0] % group)
    return op->emitOpError("expected a group that divides the ")
           << x[1] << " input and " << w[0] << " output channels, found " << group;
  if (w[1] != x[1] / group)
    return op->emitOpError("expected weights for ")
           << x[1] / group << " input channels, found " << w[1];
  Window window = makeWindow({w[2], w[3]}, op.getStrides(), op.getPads(), op.getDilations());
  y = {x[0], w[0], window.outputRows(x[2]), window.outputColumns(x[3])};
  if (y[2] < 1 || y[3] < 1)
    return op->emitOpError("expected an input of at least the kernel's size, found ")
           << x[2] << "x" << x[3] << " for a kernel of " << w[2] << "x" << w[3];
  return success();
}

LogicalResult ConvOp::inferShapes(Shapes &shapes) {
  if (failed(expectRank(*this, getX(), 4, "an input")) ||
      failed(expectRank(*this, getW(), 4, "weights")))
    return failure();
  SmallVector<int64_t> y;
  if (failed(inferConv(*this, shapeOf(getX()), shapeOf(getW()), y)))
    return failure();
  if (getBias() && shapeOf(getBias()) != ArrayRef<int64_t>{y[1]})
    return emitOpError("expected a bias of ") << y[1] << " elements, found " << getBias().getType();
  shapes.push_back(y);
  return success();
}

LogicalResult ConvBpOp::inferShapes(Shapes &shapes) {
  if (failed(expectRank(*this, getDy(), 4, "an error")) ||
      failed(expectRank(*this, getW(), 4, "weights")))
    return failure();
  if (getInputShape().size() != 4)
    return emitOpError("expected an input shape of rank 4");
  SmallVector<int64_t> y;
  if (failed(inferConv(*this, getInputShape(), shapeOf(getW()), y)))
    return failure();
  if (shapeOf(getDy()) != ArrayRef<int64_t>(y))
    return emitOpError("expected an error of shape ")
           << RankedTensorType::get(y, getElementTypeOrSelf(getDy())) << ", found "
           << getDy().getType();
  shapes.emplace_back(getInputShape());
  return success();
}

LogicalResult ConvWgOp::inferShapes(Shapes &shapes) {
  if (failed(expectRank(*this, getX(), 4, "an input")) ||
      failed(expectRank(*this, getDy(), 4, "an error")))
    return failure();
  if (getKernel().size() != 2)
    return emitOpError("expected a kernel of two sizes");
  ArrayRef<int64_t> x = shapeOf(getX()), dy = shapeOf(getDy());
  int64_t group = getGroup();
  if (group < 1)
    return emitOpError("expected a group of at least 1, found ") << group;
  SmallVector<int64_t> w = {dy[1], x[1] / group, getKernel()[0], getKernel()[1]}, y;
  if (failed(inferConv(*this, x, w, y)))
    return failure();
  if (dy != ArrayRef<int64_t>(y))
    return emitOpError("expected an error of shape ")
           << RankedTensorType::get(y, getElementTypeOrSelf(getDy())) << ", found "
           << getDy().getType();
  shapes.push_back(w);
  return success();
}

LogicalResult MatMulOp::inferShapes(Shapes &shapes) {
  if (failed(expectRank(*this, getA(), 2, "a matrix")) ||
      failed(expectRank(*this, getB(), 2, "a matrix")))
    return failure();
  ArrayRef<int64_t> a = shapeOf(getA()), b = shapeOf(getB());
  int64_t m = a[getTransposeA() ? 1 : 0], k = a[getTransposeA() ? 0 : 1];
  int64_t kb = b[getTransposeB() ? 1 : 0], n = b[getTransposeB() ? 0 : 1];
  if (k != kb)
    return emitOpError("expected equal inner sizes, found ") << k << " and " << kb;
  if (getBias() && shapeOf(getBias()) != ArrayRef<int64_t>{n})
    return emitOpError("expected a bias of ") << n << " elements, found " << getBias().getType();
  shapes.push_back({m, n});
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------------------------===//

static void push(Shapes &shapes, Value like) { shapes.emplace_back(shapeOf(like)); }

LogicalResult RoundOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

LogicalResult ReluOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

LogicalResult ReluGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getDy());
  return expectSameShape(*this, getDy(), getY());
}

LogicalResult AddOp::inferShapes(Shapes &shapes) {
  push(shapes, getA());
  return expectSameShape(*this, getA(), getB());
}

LogicalResult BiasAddOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> x = shapeOf(getX());
  if (x.size() < 2)
    return emitOpError("expected an input of rank 2 or more, found ") << getX().getType();
  if (shapeOf(getBias()) != ArrayRef<int64_t>{x[1]})
    return emitOpError("expected a bias of ") << x[1] << " elements, found " << getBias().getType();
  push(shapes, getX());
  return success();
}

LogicalResult BiasGradOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> dy = shapeOf(getDy());
  if (dy.size() != 2 && dy.size() != 4)
    return emitOpError("expected an error of rank 2 or 4, found ") << getDy().getType();
  shapes.push_back({dy[1]});
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------------------------===//
// Rows, losses, update
//===----------------------------------------------------------------------------------------===//

LogicalResult SoftmaxOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return expectRank(*this, getX(), 2, "an input");
}

LogicalResult SoftmaxGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getDy());
  if (failed(expectRank(*this, getDy(), 2, "an error")))
    return failure();
  return expectSameShape(*this, getDy(), getY());
}

static LogicalResult expectLabels(Operation *op, Value x, Value labels) {
  if (failed(expectRank(op, x, 2, "logits")))
    return failure();
  if (shapeOf(labels) == ArrayRef<int64_t>{shapeOf(x)[0]})
    return success();
  return op->emitOpError("expected ") << shapeOf(x)[0] << " labels, found " << labels.getType();
}

LogicalResult CrossEntropyOp::inferShapes(Shapes &shapes) {
  if (failed(expectLabels(*this, getX(), getLabels())))
    return failure();
  shapes.push_back({});
  shapes.push_back({shapeOf(getX())[0]});
  return success();
}

LogicalResult CrossEntropyGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return expectLabels(*this, getX(), getLabels());
}

LogicalResult SgdOp::inferShapes(Shapes &shapes) {
  if (failed(expectSameShape(*this, getW(), getV())) ||
      failed(expectSameShape(*this, getW(), getDw())))
    return failure();
  push(shapes, getW());
  push(shapes, getV());
  return success();
}
