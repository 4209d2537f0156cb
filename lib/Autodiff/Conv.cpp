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
      auto dx = createInferred<ConvBpOp>(b, op.getLoc(), {dy, op.getW()},
                                         with(Phase::bp, i64s(b, "input_shape", x)));
      if (!dx)
        return failure();
      grads[0] = dx.getDx();
    }
    if (needed[1]) {
      auto dw = createInferred<ConvWgOp>(b, op.getLoc(), {op.getX(), dy},
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
    return success();
  }
};

/// A transposed convolution: what it computes from its input is what conv computes for its error.
struct ConvBpGradient : slp::autodiff::GradientOf<ConvBpGradient, ConvBpOp> {
  static LogicalResult gradient(ConvBpOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    Value error = resultGrads[0];
    grads.assign(2, Value());
    if (needed[0]) {
      auto dx = createInferred<ConvOp>(b, op.getLoc(), {error, op.getW()},
                                       windowAttributes(op, b, Phase::bp, std::nullopt));
      if (!dx)
        return failure();
      grads[0] = dx.getY();
    }
    if (needed[1]) {
      ArrayRef<int64_t> w = op.getW().getType().getShape();
      auto dw = createInferred<ConvWgOp>(
          b, op.getLoc(), {error, op.getDy()},
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
