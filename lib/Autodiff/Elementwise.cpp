//===- Elementwise.cpp - gradients of relu, add, bias_add -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/TrainElementwiseOps.h"
#include "dialects/Train/TrainReduceOps.h"

using namespace mlir;
using namespace slp::train;

namespace {
struct ReluGradient : slp::autodiff::GradientOf<ReluGradient, ReluOp> {
  static LogicalResult gradient(ReluOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    auto dx = createInferred<ReluGradOp>(b, op.getLoc(), {resultGrads[0], op.getY()},
                                         phaseOf(b, Phase::bp));
    grads.push_back(dx ? dx.getDx() : Value());
    return success(bool(dx));
  }
};

struct AddGradient : slp::autodiff::GradientOf<AddGradient, AddOp> {
  static LogicalResult gradient(AddOp, OpBuilder &, ValueRange resultGrads, ArrayRef<bool> needed,
                                SmallVectorImpl<Value> &grads) {
    for (bool isNeeded : needed)
      grads.push_back(isNeeded ? resultGrads[0] : Value());
    return success();
  }
};

struct BiasAddGradient : slp::autodiff::GradientOf<BiasAddGradient, BiasAddOp> {
  static LogicalResult gradient(BiasAddOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    grads.assign({needed[0] ? resultGrads[0] : Value(), Value()});
    if (!needed[1])
      return success();
    auto db = createInferred<BiasGradOp>(b, op.getLoc(), resultGrads[0], phaseOf(b, Phase::wg));
    if (db)
      grads[1] = db.getDb();
    return success(bool(db));
  }
};
} // namespace

void slp::autodiff::attachElementwiseGradients(MLIRContext &context) {
  ReluOp::attachInterface<ReluGradient>(context);
  AddOp::attachInterface<AddGradient>(context);
  BiasAddOp::attachInterface<BiasAddGradient>(context);
}
