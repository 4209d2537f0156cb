//===- Functions.cpp - gradients of functions of one tensor -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/AffineOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/EqualOp.h"
#include "dialects/Train/LessEqualOp.h"
#include "dialects/Train/LogicalAndOp.h"
#include "dialects/Train/LogicalOrOp.h"
#include "dialects/Train/LogicalXorOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/ReluGradOp.h"
#include "dialects/Train/ReluOp.h"
#include "dialects/Train/TrainElementwiseOps.h"

#include <limits>

using namespace mlir;
using namespace slp::train;
using slp::autodiff::GradientOf;

namespace {
/// What the gradient op reads besides dy.
enum class From { operand, result };

/// dx = GradOp(dy, x or y), with the op's own numbers.
template <typename Op, typename GradOp, From from>
struct FunctionGradient : GradientOf<FunctionGradient<Op, GradOp, from>, Op> {
  static LogicalResult gradient(Op op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    SmallVector<NamedAttribute> attributes = {phaseOf(b, Phase::bp)};
    for (NamedAttribute attribute : op->getAttrs())
      if (isa<FloatAttr>(attribute.getValue()))
        attributes.push_back(attribute);
    Value read = from == From::operand ? op->getOperand(0) : op->getResult(0);
    auto dx = createInferred<GradOp>(b, op.getLoc(), {resultGrads[0], read}, attributes);
    grads.push_back(dx ? dx->getResult(0) : Value());
    return success(bool(dx));
  }
};

struct AffineGradient : GradientOf<AffineGradient, AffineOp> {
  static LogicalResult gradient(AffineOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    if (op.getScale().isExactlyValue(1.0)) {
      grads.push_back(resultGrads[0]);
      return success();
    }
    SmallVector<NamedAttribute> attributes = {b.getNamedAttr("scale", op.getScaleAttr()),
                                              b.getNamedAttr("offset", b.getF32FloatAttr(0)),
                                              phaseOf(b, Phase::bp)};
    auto dx = createInferred<AffineOp>(b, op.getLoc(), resultGrads[0], attributes);
    grads.push_back(dx ? dx.getY() : Value());
    return success(bool(dx));
  }
};

/// dy / x, and 0 where x has no logarithm: (x > 0 ? dy : 0) / max(x, the smallest normal number).
struct LogGradient : GradientOf<LogGradient, LogOp> {
  static LogicalResult gradient(LogOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    Value x = op.getX();
    auto dy =
        createInferred<ReluGradOp>(b, op.getLoc(), {resultGrads[0], x}, phaseOf(b, Phase::bp));
    auto divisor = createInferred<ClipOp>(
        b, op.getLoc(), x,
        {b.getNamedAttr("min", b.getF32FloatAttr(std::numeric_limits<float>::min())),
         b.getNamedAttr("max", b.getF32FloatAttr(std::numeric_limits<float>::max())),
         phaseOf(b, Phase::bp)});
    auto dx = dy && divisor
                  ? createInferred<DivOp>(b, op.getLoc(), {dy->getResult(0), divisor.getY()},
                                          phaseOf(b, Phase::bp))
                  : DivOp();
    grads.push_back(dx ? dx.getY() : Value());
    return success(bool(dx));
  }
};

/// A function that is constant between its jumps, or of truth values: no gradient flows.
template <typename Op> struct NoGradient : GradientOf<NoGradient<Op>, Op> {
  static LogicalResult gradient(Op op, OpBuilder &, ValueRange, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    grads.assign(op->getNumOperands(), Value());
    return success();
  }
};

/// Of whole numbers, unless the op passes the gradient on as if it did not round.
struct RoundEvenGradient : GradientOf<RoundEvenGradient, RoundEvenOp> {
  static LogicalResult gradient(RoundEvenOp op, OpBuilder &, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    grads.push_back(op.getStraightThrough() ? resultGrads[0] : Value());
    return success();
  }
};

template <typename Op, typename GradOp, From from> void attach(MLIRContext &context) {
  Op::template attachInterface<FunctionGradient<Op, GradOp, from>>(context);
}

template <typename... Ops> void attachNone(MLIRContext &context) {
  (Ops::template attachInterface<NoGradient<Ops>>(context), ...);
}
} // namespace

void slp::autodiff::attachFunctionGradients(MLIRContext &context) {
  AffineOp::attachInterface<AffineGradient>(context);
  attach<ReluOp, ReluGradOp, From::result>(context);
  attach<PowerOp, PowerGradOp, From::operand>(context);
  attach<AbsOp, AbsGradOp, From::operand>(context);
  attach<SqrtOp, SqrtGradOp, From::result>(context);
  attach<ReciprocalOp, ReciprocalGradOp, From::result>(context);
  attach<ExpOp, MulOp, From::result>(context);
  LogOp::attachInterface<LogGradient>(context);
  attach<TanhOp, TanhGradOp, From::result>(context);
  attach<SigmoidOp, SigmoidGradOp, From::result>(context);
  attach<ErfOp, ErfGradOp, From::operand>(context);
  attach<GeluOp, GeluGradOp, From::operand>(context);
  attach<GeluTanhOp, GeluTanhGradOp, From::operand>(context);
  attach<HardSigmoidOp, HardSigmoidGradOp, From::operand>(context);
  attach<HardSwishOp, HardSwishGradOp, From::operand>(context);
  attach<LeakyReluOp, LeakyReluGradOp, From::operand>(context);
  attach<ClipOp, ClipGradOp, From::operand>(context);
  attach<EluOp, EluGradOp, From::operand>(context);
  attach<CeluOp, CeluGradOp, From::operand>(context);
  attach<SoftplusOp, SoftplusGradOp, From::operand>(context);
  attach<SoftsignOp, SoftsignGradOp, From::operand>(context);
  attach<ThresholdedReluOp, ThresholdedReluGradOp, From::operand>(context);
  attach<ShrinkOp, ShrinkGradOp, From::operand>(context);
  RoundEvenOp::attachInterface<RoundEvenGradient>(context);
  attachNone<SignOp, FloorOp, CeilOp, LogicalNotOp, EqualOp, LessEqualOp, LogicalAndOp, LogicalOrOp,
             LogicalXorOp>(context);
}
