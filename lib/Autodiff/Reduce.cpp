//===- Reduce.cpp - gradients of reductions ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/TrainReduceOps.h"

using namespace mlir;
using namespace slp::train;

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

/// `x` repeated to `shape`, divided by `divisor`; null after an error.
static Value spread(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> shape, float divisor) {
  auto op = createInferred<SpreadOp>(b, loc, x,
                                     {i64s(b, "shape", shape), phaseOf(b, Phase::bp),
                                      b.getNamedAttr("divisor", b.getF32FloatAttr(divisor))});
  return op ? op.getY() : Value();
}

/// How many elements of `x` make one of `y`.
static int64_t countOf(Value x, Value y) {
  return cast<RankedTensorType>(x.getType()).getNumElements() /
         cast<RankedTensorType>(y.getType()).getNumElements();
}

namespace {
struct ReduceSumGradient : slp::autodiff::GradientOf<ReduceSumGradient, ReduceSumOp> {
  static LogicalResult gradient(ReduceSumOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    grads.push_back(spread(b, op.getLoc(), resultGrads[0], shapeOf(op.getX()), 1));
    return success(bool(grads.back()));
  }
};

struct ReduceMeanGradient : slp::autodiff::GradientOf<ReduceMeanGradient, ReduceMeanOp> {
  static LogicalResult gradient(ReduceMeanOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    grads.push_back(spread(b, op.getLoc(), resultGrads[0], shapeOf(op.getX()),
                           float(countOf(op.getX(), op.getY()))));
    return success(bool(grads.back()));
  }
};

/// The gradient through the mean is the opposite of that through x, summed; for the mean of x
/// itself it is zero.
struct VarianceGradient : slp::autodiff::GradientOf<VarianceGradient, VarianceOp> {
  static LogicalResult gradient(VarianceOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    grads.assign(2, Value());
    auto mean = op.getMean().getDefiningOp<ReduceMeanOp>();
    bool isOwnMean = mean && mean.getX() == op.getX() && mean.getAxes() == op.getAxes();
    if (!needed[0] && isOwnMean)
      return success();
    auto count = b.getNamedAttr("count", b.getI64IntegerAttr(countOf(op.getX(), op.getY())));
    auto dx = createInferred<VarianceGradOp>(
        b, op.getLoc(), {resultGrads[0], op.getX(), op.getMean()}, {count, phaseOf(b, Phase::bp)});
    if (!dx)
      return failure();
    if (needed[0])
      grads[0] = dx.getDx();
    if (!needed[1] || isOwnMean)
      return success();
    Value opposite = dx.getDx();
    SmallVector<int64_t> axes;
    for (auto [d, extent] : llvm::enumerate(shapeOf(op.getMean())))
      if (extent != shapeOf(op.getX())[d])
        axes.push_back(d);
    if (!axes.empty()) {
      auto sum = createInferred<ReduceSumOp>(b, op.getLoc(), opposite,
                                             {i64s(b, "axes", axes), phaseOf(b, Phase::bp)});
      if (!sum)
        return failure();
      opposite = sum.getY();
    }
    grads[1] = spread(b, op.getLoc(), opposite, shapeOf(op.getMean()), -1);
    return success(bool(grads[1]));
  }
};

/// y repeats x: the sum over what was repeated.
struct SpreadGradient : slp::autodiff::GradientOf<SpreadGradient, SpreadOp> {
  static LogicalResult gradient(SpreadOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    SmallVector<int64_t> axes;
    for (auto [d, extent] : llvm::enumerate(shapeOf(op.getX())))
      if (extent != op.getShape()[d])
        axes.push_back(d);
    Value dy = resultGrads[0];
    if (!axes.empty()) {
      auto sum = createInferred<ReduceSumOp>(b, op.getLoc(), dy,
                                             {i64s(b, "axes", axes), phaseOf(b, Phase::bp)});
      if (!sum)
        return failure();
      dy = sum.getY();
    }
    float divisor = op.getDivisor().convertToFloat();
    grads.push_back(divisor == 1 ? dy : spread(b, op.getLoc(), dy, shapeOf(op.getX()), divisor));
    return success(bool(grads.back()));
  }
};
} // namespace

void slp::autodiff::attachReduceGradients(MLIRContext &context) {
  ReduceSumOp::attachInterface<ReduceSumGradient>(context);
  ReduceMeanOp::attachInterface<ReduceMeanGradient>(context);
  VarianceOp::attachInterface<VarianceGradient>(context);
  SpreadOp::attachInterface<SpreadGradient>(context);
}
