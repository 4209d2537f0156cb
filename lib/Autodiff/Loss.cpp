//===- Loss.cpp - gradients of softmax and of losses ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/TrainLossOps.h"
#include "dialects/Train/TrainRowOps.h"

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

/// The loss starts the backward pass: its own gradient is one, by definition.
struct CrossEntropyGradient : slp::autodiff::GradientOf<CrossEntropyGradient, CrossEntropyOp> {
  static LogicalResult gradient(CrossEntropyOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    if (resultGrads[0] || resultGrads[1])
      return op.emitOpError("can be differentiated as the loss only, not inside another one");
    auto dx = createInferred<CrossEntropyGradOp>(b, op.getLoc(), {op.getX(), op.getLabels()},
                                                 phaseOf(b, Phase::bp));
    grads.assign({dx ? dx.getDx() : Value(), Value()});
    return success(bool(dx));
  }
};
} // namespace

void slp::autodiff::attachLossGradients(MLIRContext &context) {
  SoftmaxOp::attachInterface<SoftmaxGradient>(context);
  CrossEntropyOp::attachInterface<CrossEntropyGradient>(context);
}
