//===- Conv.cpp - gradients of convolutions ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/TrainMacOps.h"
#include "dialects/Train/TrainReduceOps.h"

using namespace mlir;
using namespace slp::train;

namespace {
struct ConvGradient : slp::autodiff::GradientOf<ConvGradient, ConvOp> {
  static LogicalResult gradient(ConvOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    Value dy = resultGrads[0];
    ArrayRef<int64_t> x = op.getX().getType().getShape(), w = op.getW().getType().getShape();
    SmallVector<NamedAttribute> window = {
        i64s(b, "strides", op.getStrides()), i64s(b, "pads", op.getPads()),
        i64s(b, "dilations", op.getDilations()), b.getNamedAttr("group", op.getGroupAttr())};
    auto with = [&](Phase phase, std::optional<NamedAttribute> more = std::nullopt) {
      SmallVector<NamedAttribute> all = window;
      all.push_back(phaseOf(b, phase));
      if (more)
        all.push_back(*more);
      return all;
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
} // namespace

void slp::autodiff::attachConvGradients(MLIRContext &context) {
  ConvOp::attachInterface<ConvGradient>(context);
}
