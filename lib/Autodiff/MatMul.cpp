//===- MatMul.cpp - gradients of matrix products ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/BiasGradOp.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/TrainValues.h"

using namespace mlir;
using namespace slp::train;

namespace {
/// y = A B, where A is a or its transpose and B is b or its transpose:
/// dA = dy B', dB = A' dy, and the transpose of that where the operand is stored transposed.
struct MatMulGradient : slp::autodiff::GradientOf<MatMulGradient, MatMulOp> {
  static LogicalResult gradient(MatMulOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    Value dy = resultGrads[0];
    bool ta = op.getTransposeA(), tb = op.getTransposeB();
    auto matmul = [&](Value of, Value l, Value r, bool transposeL, bool transposeR) -> Value {
      SmallVector<NamedAttribute> attributes = {
          phaseOf(b, slp::autodiff::isWeight(of) ? Phase::wg : Phase::bp)};
      if (transposeL)
        attributes.push_back(b.getNamedAttr("transpose_a", b.getUnitAttr()));
      if (transposeR)
        attributes.push_back(b.getNamedAttr("transpose_b", b.getUnitAttr()));
      auto product = createInferred<MatMulOp>(b, op.getLoc(), {l, r}, attributes);
      return product ? product.getY() : Value();
    };
    grads.assign(op->getNumOperands(), Value());
    if (needed[0]) {
      grads[0] = ta ? matmul(op.getA(), op.getB(), dy, tb, true)
                    : matmul(op.getA(), dy, op.getB(), false, !tb);
      if (!grads[0])
        return failure();
    }
    if (needed[1]) {
      grads[1] = tb ? matmul(op.getB(), dy, op.getA(), true, ta)
                    : matmul(op.getB(), op.getA(), dy, !ta, false);
      if (!grads[1])
        return failure();
    }
    if (op.getBias() && needed[2]) {
      auto type = cast<RankedTensorType>(dy.getType());
      if (type.getRank() == 3) // all rows of all batches
        dy =
            createReshape(b, op.getLoc(),
                          type.clone({type.getDimSize(0) * type.getDimSize(1), type.getDimSize(2)}),
                          dy, Phase::wg);
      auto db = createInferred<BiasGradOp>(b, op.getLoc(), dy, phaseOf(b, Phase::wg));
      if (!db)
        return failure();
      grads[2] = db.getDb();
    }
    return success();
  }
};
} // namespace

void slp::autodiff::attachMatMulGradients(MLIRContext &context) {
  MatMulOp::attachInterface<MatMulGradient>(context);
}
