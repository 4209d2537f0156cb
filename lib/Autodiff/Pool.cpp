//===- Pool.cpp - gradients of pooling --------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/AvgPoolGradOp.h"
#include "dialects/Train/AvgPoolOp.h"
#include "dialects/Train/MaxPoolGradOp.h"
#include "dialects/Train/MaxPoolOp.h"
#include "dialects/Train/MaxPoolTakeOp.h"

using namespace mlir;
using namespace slp::train;

/// The attributes of the gradient of pooling `op`, without its input's shape.
template <typename Op> static SmallVector<NamedAttribute> windowAttributes(Op op, OpBuilder &b) {
  SmallVector<NamedAttribute> all = {
      i64s(b, "kernel", op.getKernel()), i64s(b, "strides", op.getStrides()),
      i64s(b, "pads", op.getPads()), i64s(b, "dilations", op.getDilations()),
      phaseOf(b, Phase::bp)};
  if (op.getCeilMode())
    all.push_back(b.getNamedAttr("ceil_mode", b.getUnitAttr()));
  return all;
}

/// The attributes of the gradient of pooling `op`.
template <typename Op> static SmallVector<NamedAttribute> gradientAttributes(Op op, OpBuilder &b) {
  SmallVector<NamedAttribute> all = windowAttributes(op, b);
  all.push_back(i64s(b, "input_shape", op.getX().getType().getShape()));
  return all;
}

namespace {
struct MaxPoolGradient : slp::autodiff::GradientOf<MaxPoolGradient, MaxPoolOp> {
  static LogicalResult gradient(MaxPoolOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    auto dx = createInferred<MaxPoolGradOp>(b, op.getLoc(), {resultGrads[0], op.getIndex()},
                                            gradientAttributes(op, b));
    grads.push_back(dx ? dx.getDx() : Value());
    return success(bool(dx));
  }
};

/// Of max_pool_grad as a layer, which puts each element where a max_pool took one.
struct MaxUnpoolGradient : slp::autodiff::GradientOf<MaxUnpoolGradient, MaxPoolGradOp> {
  static LogicalResult gradient(MaxPoolGradOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    auto dx = createInferred<MaxPoolTakeOp>(b, op.getLoc(), {resultGrads[0], op.getIndex()},
                                            windowAttributes(op, b));
    grads.assign({dx ? dx.getY() : Value(), Value()});
    return success(bool(dx));
  }
};

struct AvgPoolGradient : slp::autodiff::GradientOf<AvgPoolGradient, AvgPoolOp> {
  static LogicalResult gradient(AvgPoolOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    SmallVector<NamedAttribute> attributes = gradientAttributes(op, b);
    if (op.getCountIncludePad())
      attributes.push_back(b.getNamedAttr("count_include_pad", b.getUnitAttr()));
    auto dx = createInferred<AvgPoolGradOp>(b, op.getLoc(), resultGrads[0], attributes);
    grads.push_back(dx ? dx.getDx() : Value());
    return success(bool(dx));
  }
};
} // namespace

void slp::autodiff::attachPoolGradients(MLIRContext &context) {
  MaxPoolOp::attachInterface<MaxPoolGradient>(context);
  MaxPoolGradOp::attachInterface<MaxUnpoolGradient>(context);
  AvgPoolOp::attachInterface<AvgPoolGradient>(context);
}
