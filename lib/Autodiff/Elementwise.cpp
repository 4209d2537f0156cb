//===- Elementwise.cpp - gradients of bias_add ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/BiasAddOp.h"
#include "dialects/Train/BiasGradOp.h"

using namespace mlir;
using namespace slp::train;

namespace {
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
  BiasAddOp::attachInterface<BiasAddGradient>(context);
}
