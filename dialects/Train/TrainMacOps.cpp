//===- TrainMacOps.cpp - multiply-accumulate --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainMacOps.h"

#include "dialects/Train/TrainMasks.h"
#include "dialects/Train/TrainShapes.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainMacOps.cpp.inc"

void TrainDialect::addMacOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainMacOps.cpp.inc"
      >();
}

/// Checks (N, Ci, H, W) against (Co, Ci/group, KH, KW) and the window; gives (N, Co, OH, OW).
template <typename Op>
static LogicalResult inferConv(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> w,
                               SmallVector<int64_t> &y) {
  if (!areAll(op.getStrides(), 2, 1))
    return op->emitOpError("expected two strides of at least 1");
  if (!areAll(op.getDilations(), 2, 1))
    return op->emitOpError("expected two dilations of at least 1");
  ArrayRef<int64_t> pads = op.getPads();
  constexpr int64_t most = int64_t(1) << 31;
  if (pads.size() != 4 || !areAll(pads.take_front(2), 2, 0) ||
      !areAll(pads.drop_front(2), 2, -most))
    return op->emitOpError("expected four pads, those above and on the left at least 0");
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

/// Checks the masks of a convolution with weights `w` and results or errors `y`.
template <typename Op>
static LogicalResult checkMasks(Op op, ArrayRef<int64_t> w, ArrayRef<int64_t> y) {
  auto check = [&](Value mask, StringRef name, ArrayRef<int64_t> shape) -> LogicalResult {
    if (!mask)
      return success();
    if (op.getGroup() != 1)
      return op->emitOpError("expected no ")
             << name << " of a convolution in " << op.getGroup() << " groups";
    if (shapeOf(mask) != shape)
      return op->emitOpError("expected a ")
             << name << " mask of shape "
             << RankedTensorType::get(shape, getElementTypeOrSelf(mask)) << ", found "
             << mask.getType();
    return success();
  };
  int64_t outputs = llvm::divideCeil(w[0], maskChannels);
  if (failed(check(op.getGate(), "gate", {y[0], outputs, y[2], y[3]})))
    return failure();
  return check(op.getGroups(), "groups",
               {outputs, int64_t(llvm::divideCeil(w[1], maskChannels)), w[2], w[3]});
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
  if (getBias() && getInit())
    return emitOpError("expected a bias or a first value for each result, found both");
  if (getInit() && shapeOf(getInit()) != ArrayRef<int64_t>(y))
    return emitOpError("expected first values of shape ")
           << RankedTensorType::get(y, getElementTypeOrSelf(getInit())) << ", found "
           << getInit().getType();
  if (failed(checkMasks(*this, shapeOf(getW()), y)))
    return failure();
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
  if (failed(checkMasks(*this, shapeOf(getW()), y)))
    return failure();
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
  if (failed(checkMasks(*this, w, y)))
    return failure();
  shapes.push_back(w);
  return success();
}

LogicalResult MatMulOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> a = shapeOf(getA()), b = shapeOf(getB());
  if (a.size() != b.size() || a.size() < 2 || a.size() > 3)
    return emitOpError("expected two matrices or two batches of matrices (rank 2 or 3), found ")
           << getA().getType() << " and " << getB().getType();
  SmallVector<int64_t> y(a.drop_back(2));
  if (b.drop_back(2) != ArrayRef<int64_t>(y))
    return emitOpError("expected equal batches, found ") << a[0] << " and " << b[0];
  a = a.take_back(2);
  b = b.take_back(2);
  int64_t m = a[getTransposeA() ? 1 : 0], k = a[getTransposeA() ? 0 : 1];
  int64_t kb = b[getTransposeB() ? 1 : 0], n = b[getTransposeB() ? 0 : 1];
  if (k != kb)
    return emitOpError("expected equal inner sizes, found ") << k << " and " << kb;
  if (getBias() && shapeOf(getBias()) != ArrayRef<int64_t>{n})
    return emitOpError("expected a bias of ") << n << " elements, found " << getBias().getType();
  y.append({m, n});
  shapes.push_back(y);
  return success();
}

/// After `precision` a MAC op gives the accumulator's format, or that of the total of conv_wg.
static LogicalResult verifyAccumulate(Operation *op, std::optional<slp::num_ir::AccumulateAttr> acc,
                                      bool isWeightGradient) {
  Type element = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
  if (!acc) {
    if (!element.isF32())
      return op->emitOpError("expected f32 before precision is assigned, found ") << element;
    return success();
  }
  Type expected = isWeightGradient ? acc->getWeightGradient() : acc->getFormat();
  if (element != expected)
    return op->emitOpError("expected a result in the accumulator's format ")
           << expected << ", found " << element;
  return success();
}

LogicalResult ConvOp::verify() {
  Type first = getInit() ? getElementTypeOrSelf(getInit()) : Type();
  if (first && first != getElementTypeOrSelf(getY()))
    return emitOpError("expected first values in the accumulator's format, found ") << first;
  return verifyAccumulate(*this, getAccumulate(), /*isWeightGradient=*/false);
}

LogicalResult ConvBpOp::verify() {
  return verifyAccumulate(*this, getAccumulate(), /*isWeightGradient=*/false);
}

LogicalResult ConvWgOp::verify() {
  return verifyAccumulate(*this, getAccumulate(), /*isWeightGradient=*/true);
}

LogicalResult MatMulOp::verify() {
  return verifyAccumulate(*this, getAccumulate(), /*isWeightGradient=*/false);
}

bool slp::train::isMask(OpOperand &operand) {
  auto isOneOfMasks = [&](auto conv) {
    auto holds = [&](MutableOperandRange mask) {
      return !mask.empty() && mask.begin()->getOperandNumber() == operand.getOperandNumber();
    };
    return holds(conv.getGateMutable()) || holds(conv.getGroupsMutable());
  };
  Operation *op = operand.getOwner();
  if (auto conv = dyn_cast<ConvOp>(op))
    return isOneOfMasks(conv);
  if (auto conv = dyn_cast<ConvBpOp>(op))
    return isOneOfMasks(conv);
  auto conv = dyn_cast<ConvWgOp>(op);
  return conv && isOneOfMasks(conv);
}

#include "dialects/Train/TrainMacOpsKinds.cpp.inc"
