//===- Loss.cpp - gradients of softmax and of losses ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/CrossEntropyOp.h"
#include "dialects/Train/LogSoftmaxGradOp.h"
#include "dialects/Train/LogSoftmaxOp.h"
#include "dialects/Train/NllGradOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/SeedOp.h"
#include "dialects/Train/SoftmaxGradOp.h"
#include "dialects/Train/SoftmaxOp.h"
#include "dialects/Train/SpreadOp.h"
#include "dialects/Train/TrainValues.h"

using namespace mlir;
using namespace slp::train;

namespace {
struct SoftmaxGradient : slp::autodiff::GradientOf<SoftmaxGradient, SoftmaxOp> {
  static LogicalResult gradient(SoftmaxOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    auto dx = createInferred<SoftmaxGradOp>(b, op.getLoc(), {resultGrads[0], op.getY()},
                                            phaseOf(b, Phase::bp));
    grads.push_back(dx ? dx.getDx() : Value());
    return success(bool(dx));
  }
};

struct LogSoftmaxGradient : slp::autodiff::GradientOf<LogSoftmaxGradient, LogSoftmaxOp> {
  static LogicalResult gradient(LogSoftmaxOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    auto dx = createInferred<LogSoftmaxGradOp>(b, op.getLoc(), {resultGrads[0], op.getY()},
                                               phaseOf(b, Phase::bp));
    grads.push_back(dx ? dx.getDx() : Value());
    return success(bool(dx));
  }
};

struct NllGradient : slp::autodiff::GradientOf<NllGradient, NllOp> {
  static LogicalResult gradient(NllOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    grads.assign(op->getNumOperands(), Value());
    if (!needed[0] || !resultGrads[0])
      return success(); // shares depend on labels and weights alone
    SmallVector<Value> operands = {resultGrads[0], op.getLabels()};
    if (op.getWeights())
      operands.push_back(op.getWeights());
    int64_t classes = op.getX().getType().getDimSize(1);
    auto dx = createInferred<NllGradOp>(b, op.getLoc(), operands,
                                        {b.getNamedAttr("ignore", op.getIgnoreAttr()),
                                         b.getNamedAttr("classes", b.getI64IntegerAttr(classes)),
                                         phaseOf(b, Phase::bp)});
    grads[0] = dx ? dx.getDx() : Value();
    return success(bool(dx));
  }
};

/// Whether `error` is the loss scale alone: what comes back along the loss itself, or along a sum
/// that it is a part of.
static bool isSeed(Value error) { return beforeReshapes(error).getDefiningOp<SeedOp>() != nullptr; }

/// The fused gradient knows the loss scale; as a part of another loss it is multiplied by the error
/// that comes back, in which the scale is.
struct CrossEntropyGradient : slp::autodiff::GradientOf<CrossEntropyGradient, CrossEntropyOp> {
  static LogicalResult gradient(CrossEntropyOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    grads.assign(2, Value());
    if (resultGrads[1])
      return ofRows(op, b, resultGrads, grads);
    SmallVector<Value> operands = {op.getX(), op.getLabels()};
    if (!isSeed(resultGrads[0]))
      operands.push_back(resultGrads[0]);
    auto dx = createInferred<CrossEntropyGradOp>(b, op.getLoc(), operands, phaseOf(b, Phase::bp));
    grads[0] = dx ? dx.getDx() : Value();
    return success(bool(dx));
  }

  /// With an error for each row: through the logarithm of softmax.
  static LogicalResult ofRows(CrossEntropyOp op, OpBuilder &b, ValueRange resultGrads,
                              SmallVectorImpl<Value> &grads) {
    ArrayRef<int64_t> x = op.getX().getType().getShape();
    auto phase = phaseOf(b, Phase::bp);
    Value each = resultGrads[1];
    if (resultGrads[0]) {
      auto one = RankedTensorType::get({1}, b.getF32Type());
      Value scalar = createReshape(b, op.getLoc(), one, resultGrads[0], Phase::bp);
      auto shares =
          createInferred<SpreadOp>(b, op.getLoc(), scalar,
                                   {i64s(b, "shape", x.take_front()), phase,
                                    b.getNamedAttr("divisor", b.getF32FloatAttr(float(x[0])))});
      if (!shares)
        return failure();
      Value sum = shares.getY();
      each = each ? createSum(b, op.getLoc(), sum, each, Phase::bp) : sum;
      if (!each)
        return failure();
    }
    auto y = createInferred<LogSoftmaxOp>(b, op.getLoc(), op.getX(), phase);
    auto dy =
        createInferred<NllGradOp>(b, op.getLoc(), {each, op.getLabels()},
                                  {b.getNamedAttr("classes", b.getI64IntegerAttr(x[1])), phase});
    if (!y || !dy)
      return failure();
    auto dx = createInferred<LogSoftmaxGradOp>(b, op.getLoc(), {dy.getDx(), y.getY()}, phase);
    grads[0] = dx ? dx.getDx() : Value();
    return success(bool(dx));
  }
};
} // namespace

void slp::autodiff::attachLossGradients(MLIRContext &context) {
  SoftmaxOp::attachInterface<SoftmaxGradient>(context);
  LogSoftmaxOp::attachInterface<LogSoftmaxGradient>(context);
  NllOp::attachInterface<NllGradient>(context);
  CrossEntropyOp::attachInterface<CrossEntropyGradient>(context);
}
