//===- Conv.cpp - gradients of convolutions ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/BiasGradOp.h"
#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TrainMasks.h"
#include "dialects/Train/TrainValues.h"

using namespace mlir;
using namespace slp::train;

/// The attributes of a gradient of `op`.
template <typename Op>
static SmallVector<NamedAttribute> windowAttributes(Op op, OpBuilder &b, Phase phase,
                                                    std::optional<NamedAttribute> more) {
  SmallVector<NamedAttribute> all = {i64s(b, "strides", op.getStrides()),
                                     i64s(b, "pads", op.getPads()),
                                     i64s(b, "dilations", op.getDilations()),
                                     b.getNamedAttr("group", op.getGroupAttr()), phaseOf(b, phase)};
  if (more)
    all.push_back(*more);
  return all;
}

/// A gradient of `op`, of the first two operands, with the masks of `op`. Null after an error.
template <typename Result, typename Op>
static Result createMasked(OpBuilder &b, Op op, ValueRange operands,
                           ArrayRef<NamedAttribute> attributes) {
  auto result = createInferred<Result>(b, op.getLoc(), operands, attributes);
  if (result && op.getGate())
    result.getGateMutable().assign(op.getGate());
  if (result && op.getGroups())
    result.getGroupsMutable().assign(op.getGroups());
  return result;
}

/// The gradient of a gate as if it were a factor of the sum behind the first values: of each entry
/// the sum over its channels of dy * (y - first), which is 0 where it is closed. y and the first
/// values are read as the accumulators hold them. Null after an error.
static Value gradientOfGate(ConvOp op, OpBuilder &b, Value dy) {
  Location loc = op.getLoc();
  ArrayRef<int64_t> y = op.getY().getType().getShape();
  NamedAttribute bp = phaseOf(b, Phase::bp);
  if (y[1] % maskChannels != 0) {
    op.emitOpError("the gradient of a gate is of whole groups of ")
        << maskChannels << " output channels, found " << y[1];
    return nullptr;
  }
  auto reshaped = [&](Value x, ArrayRef<int64_t> shape) {
    return createReshape(b, loc, cast<RankedTensorType>(x.getType()).clone(shape), x, Phase::bp);
  };
  Value first = op.getInit();
  if (op.getBias())
    first = reshaped(op.getBias(), {1, y[1], 1, 1});
  Value sum = op.getY();
  if (first) {
    auto difference = createInferred<SubOp>(
        b, loc, {sum, first}, {bp, b.getNamedAttr(getAccumulatorsAttrName(), b.getUnitAttr())});
    if (!difference)
      return nullptr;
    sum = difference.getY();
  }
  Value product = createProduct(b, loc, dy, sum, Phase::bp);
  if (!product)
    return nullptr;
  int64_t slices = y[1] / maskChannels;
  auto total = createInferred<ReduceSumOp>(
      b, loc, reshaped(product, {y[0], slices, maskChannels, y[2] * y[3]}),
      {i64s(b, "axes", {2}), bp});
  return total ? reshaped(total.getY(), {y[0], slices, y[2], y[3]}) : Value();
}

namespace {
struct ConvGradient : slp::autodiff::GradientOf<ConvGradient, ConvOp> {
  static LogicalResult gradient(ConvOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    Value dy = resultGrads[0];
    ArrayRef<int64_t> x = op.getX().getType().getShape(), w = op.getW().getType().getShape();
    auto with = [&](Phase phase, std::optional<NamedAttribute> more) {
      return windowAttributes(op, b, phase, more);
    };
    grads.assign(op->getNumOperands(), Value());
    if (needed[0]) {
      auto dx = createMasked<ConvBpOp>(b, op, {dy, op.getW()},
                                       with(Phase::bp, i64s(b, "input_shape", x)));
      if (!dx)
        return failure();
      grads[0] = dx.getDx();
    }
    if (needed[1]) {
      auto dw = createMasked<ConvWgOp>(b, op, {op.getX(), dy},
                                       with(Phase::wg, i64s(b, "kernel", w.drop_front(2))));
      if (!dw)
        return failure();
      grads[1] = dw.getDw();
    }
    if (op.getBias() && needed[2]) {
      auto db = createInferred<BiasGradOp>(b, op.getLoc(), dy, phaseOf(b, Phase::wg));
      if (!db)
        return failure();
      grads[2] = db.getDb();
    }
    if (op.getInit() && needed[2])
      grads[2] = dy;
    if (op.getGate()) {
      unsigned gate = op.getGateMutable().begin()->getOperandNumber();
      if (needed[gate] && !(grads[gate] = gradientOfGate(op, b, dy)))
        return failure();
    }
    return success();
  }
};

/// A transposed convolution: what it computes from its input is what conv computes for its error.
struct ConvBpGradient : slp::autodiff::GradientOf<ConvBpGradient, ConvBpOp> {
  static LogicalResult gradient(ConvBpOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    Value error = resultGrads[0];
    grads.assign(op->getNumOperands(), Value()); // masks have none
    if (needed[0]) {
      auto dx = createMasked<ConvOp>(b, op, {error, op.getW()},
                                     windowAttributes(op, b, Phase::bp, std::nullopt));
      if (!dx)
        return failure();
      grads[0] = dx.getY();
    }
    if (needed[1]) {
      ArrayRef<int64_t> w = op.getW().getType().getShape();
      auto dw = createMasked<ConvWgOp>(
          b, op, {error, op.getDy()},
          windowAttributes(op, b, Phase::wg, i64s(b, "kernel", w.drop_front(2))));
      if (!dw)
        return failure();
      grads[1] = dw.getDw();
    }
    return success();
  }
};
} // namespace

void slp::autodiff::attachConvGradients(MLIRContext &context) {
  ConvOp::attachInterface<ConvGradient>(context);
  ConvBpOp::attachInterface<ConvBpGradient>(context);
}
