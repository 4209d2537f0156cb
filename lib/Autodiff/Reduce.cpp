//===- Reduce.cpp - gradients of reductions ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/EqualOp.h"
#include "dialects/Train/LogicalAndOp.h"
#include "dialects/Train/LogicalNotOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/ReciprocalOp.h"
#include "dialects/Train/SelectOp.h"
#include "dialects/Train/SignOp.h"
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

/// As of a mean and of a variance about it, which passes nothing on through the mean.
struct StatisticsGradient : slp::autodiff::GradientOf<StatisticsGradient, StatisticsOp> {
  static LogicalResult gradient(StatisticsOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    int64_t count = countOf(op.getX(), op.getMean());
    Value ofMean = resultGrads[0], ofVar = resultGrads[1];
    if (ofMean) {
      ofMean = spread(b, op.getLoc(), ofMean, shapeOf(op.getX()), float(count));
      if (!ofMean)
        return failure();
    }
    if (ofVar) {
      auto dx = createInferred<VarianceGradOp>(
          b, op.getLoc(), {ofVar, op.getX(), op.getMean()},
          {b.getNamedAttr("count", b.getI64IntegerAttr(count)), phaseOf(b, Phase::bp)});
      if (!dx)
        return failure();
      ofVar = dx.getDx();
    }
    bool isOfBoth = ofMean && ofVar;
    grads.push_back(isOfBoth ? createSum(b, op.getLoc(), ofMean, ofVar, Phase::bp)
                    : ofMean ? ofMean
                             : ofVar);
    return success(bool(grads.back()));
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

/// Builds the elementwise ops of a gradient; null operands pass through, after an error.
struct Calculator {
  OpBuilder &b;
  Location loc;

  template <typename Op>
  Value make(ValueRange operands, ArrayRef<NamedAttribute> attributes = {}) const {
    if (llvm::is_contained(operands, Value()))
      return {};
    SmallVector<NamedAttribute> all(attributes);
    all.push_back(phaseOf(b, Phase::bp));
    auto op = createInferred<Op>(b, loc, operands, all);
    return op ? op->getResult(0) : Value();
  }
  Value affine(Value x, float scale, float offset) const {
    return make<AffineOp>(x, {b.getNamedAttr("scale", b.getF32FloatAttr(scale)),
                              b.getNamedAttr("offset", b.getF32FloatAttr(offset))});
  }
  Value sum(Value x, ArrayRef<int64_t> axes) const {
    return make<ReduceSumOp>(x, i64s(b, "axes", axes));
  }
};

/// dx = dy * slope(x, y), where an element of dy serves all that made one of y.
template <typename Model, typename Op>
struct SlopeGradient : slp::autodiff::GradientOf<SlopeGradient<Model, Op>, Op> {
  static LogicalResult gradient(Op op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    Calculator calculator{b, op.getLoc()};
    Value slope = Model::slope(calculator, op);
    grads.push_back(calculator.make<MulOp>({slope, resultGrads[0]}));
    return success(bool(grads.back()));
  }
};

struct SumSquareGradient : SlopeGradient<SumSquareGradient, ReduceSumSquareOp> {
  static Value slope(Calculator calc, ReduceSumSquareOp op) { return calc.affine(op.getX(), 2, 0); }
};

struct SumAbsGradient : SlopeGradient<SumAbsGradient, ReduceSumAbsOp> {
  static Value slope(Calculator calc, ReduceSumAbsOp op) { return calc.make<SignOp>(op.getX()); }
};

/// Elements that are equally large share the gradient.
template <typename Op> struct ExtremeGradient : SlopeGradient<ExtremeGradient<Op>, Op> {
  static Value slope(Calculator calc, Op op) {
    Value taken = calc.make<EqualOp>({op.getX(), op.getY()});
    return calc.make<DivOp>({taken, calc.sum(taken, op.getAxes())});
  }
};

/// The product of the other elements. It is y / x only as long as no element is zero: therefore the
/// product of those that are not, divided by x if there is no zero, taken as it is for the only
/// zero, and 0 for everything else.
struct ProdGradient : SlopeGradient<ProdGradient, ReduceProdOp> {
  static Value slope(Calculator calc, ReduceProdOp op) {
    Value isZero = calc.make<LogicalNotOp>(op.getX());
    Value nonzero = calc.make<AddOp>({op.getX(), isZero}); // 1 instead of 0
    Value zeros = calc.sum(isZero, op.getAxes());
    Value product = calc.make<ReduceProdOp>(nonzero, i64s(calc.b, "axes", op.getAxes()));
    Value isOnlyZero =
        calc.make<LogicalAndOp>({isZero, calc.make<LogicalNotOp>(calc.affine(zeros, 1, -1))});
    Value hasNone = calc.make<LogicalNotOp>(zeros);
    Value share = calc.make<SelectOp>({hasNone, calc.make<ReciprocalOp>(nonzero), isOnlyZero});
    return calc.make<MulOp>({share, product});
  }
};
} // namespace

void slp::autodiff::attachReduceGradients(MLIRContext &context) {
  ReduceSumOp::attachInterface<ReduceSumGradient>(context);
  ReduceMeanOp::attachInterface<ReduceMeanGradient>(context);
  VarianceOp::attachInterface<VarianceGradient>(context);
  StatisticsOp::attachInterface<StatisticsGradient>(context);
  SpreadOp::attachInterface<SpreadGradient>(context);
  ReduceSumSquareOp::attachInterface<SumSquareGradient>(context);
  ReduceSumAbsOp::attachInterface<SumAbsGradient>(context);
  ReduceMaxOp::attachInterface<ExtremeGradient<ReduceMaxOp>>(context);
  ReduceMinOp::attachInterface<ExtremeGradient<ReduceMinOp>>(context);
  ReduceProdOp::attachInterface<ProdGradient>(context);
}
