//===- Derivative.cpp - resolve train.derivative ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by train-differentiate, and for graphs that return derivatives.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Autodiff/Passes.h"

#include "lib/Autodiff/Differentiator.h"

#include "dialects/Train/DerivativeOp.h"
#include "dialects/Train/SeedOp.h"
#include "dialects/Train/TrainBuilders.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

LogicalResult slp::resolveDerivatives(func::FuncOp function) {
  for (DerivativeOp op : llvm::make_early_inc_range(function.getOps<DerivativeOp>())) {
    Value y = op.getY();
    Operation *root = y.getDefiningOp();
    if (!root || cast<RankedTensorType>(y.getType()).getRank() != 0)
      return op.emitOpError("is of a tensor that is no loss, which is not supported");
    OpBuilder b(op);
    SmallVector<Value> xs(op.getXs()), grads;
    autodiff::Differentiator differentiator(b, xs, SmallVector<Value>(op.getHeld()));
    auto seed = createInferred<SeedOp>(b, op.getLoc(), {}, phaseOf(b, Phase::bp));
    if (failed(differentiator.run(y, seed.getY())))
      return failure();
    for (Value x : xs) {
      grads.push_back(differentiator.gradientOf(x, op.getLoc()));
      if (!grads.back())
        return op.emitOpError("asks for a variable that the loss does not depend on");
    }
    op.replaceAllUsesWith(grads);
    op.erase();
  }
  return success();
}
