//===- Norm.cpp - gradients of normalisation and dropout --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/TrainNormOps.h"

using namespace mlir;
using namespace slp::train;

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

/// The dimensions along which one element of `value` serves all coordinates.
static SmallVector<int64_t> servedAxes(Value value) {
  SmallVector<int64_t> axes;
  for (auto [d, extent] : llvm::enumerate(shapeOf(value)))
    if (extent == 1)
      axes.push_back(d);
  return axes;
}

namespace {
/// Builds each sum over the error once.
class NormalizeBackward {
public:
  NormalizeBackward(NormalizeOp op, OpBuilder &b, Value dy) : op(op), b(b), dy(dy) {}

  /// The sums of `error` over `axes`; null after an error.
  NormalizeSumsOp sums(Value error, ArrayRef<int64_t> axes, Phase phase) {
    if (known && known.getDy() == error && known.getAxes() == axes)
      return known;
    known = createInferred<NormalizeSumsOp>(
        b, op.getLoc(), {error, op.getX(), op.getMean(), op.getVar()},
        {epsilon(), i64s(b, "axes", axes), phaseOf(b, phase)}, {b.getF32Type(), b.getF32Type()});
    return known;
  }

  /// Null after an error.
  Value throughX() {
    if (!op.getAxes()) {
      auto dx = createInferred<NormalizeFixedGradOp>(
          b, op.getLoc(), {dy, op.getVar(), op.getScale()}, {epsilon(), phaseOf(b, Phase::bp)});
      return dx ? dx.getDx() : Value();
    }
    ArrayRef<int64_t> axes = *op.getAxes();
    NormalizeSumsOp total = sums(dy, axes, Phase::bp);
    if (!total)
      return nullptr;
    int64_t count = 1;
    for (int64_t axis : axes)
      count *= shapeOf(op.getX())[axis];
    auto dx = createInferred<NormalizeGradOp>(
        b, op.getLoc(),
        {dy, op.getX(), op.getMean(), op.getVar(), total.getSum(), total.getProducts(),
         op.getScale()},
        {epsilon(), b.getNamedAttr("count", b.getI64IntegerAttr(count)), phaseOf(b, Phase::bp)});
    return dx ? dx.getDx() : Value();
  }

  /// Whether a scale is the same for all elements that share a mean: then it is a factor of sums.
  bool isScaleShared() {
    return !op.getAxes() || llvm::all_of(*op.getAxes(), [&](int64_t axis) {
      return shapeOf(op.getScale())[axis] == 1;
    });
  }

private:
  NamedAttribute epsilon() { return b.getNamedAttr("epsilon", op.getEpsilonAttr()); }

  NormalizeOp op;
  OpBuilder &b;
  Value dy;
  NormalizeSumsOp known;
};

struct NormalizeGradient : slp::autodiff::GradientOf<NormalizeGradient, NormalizeOp> {
  static LogicalResult gradient(NormalizeOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    Value dy = resultGrads[0];
    NormalizeBackward backward(op, b, dy);
    grads.assign(5, Value());
    if (needed[0]) {
      if (!backward.isScaleShared())
        return op.emitOpError("has no gradient for a scale that differs within the axes");
      grads[0] = backward.throughX();
      if (!grads[0])
        return failure();
    }
    for (unsigned i : {3, 4}) {
      Value parameter = op->getOperand(i);
      if (!needed[i])
        continue;
      NormalizeSumsOp sums = backward.sums(dy, servedAxes(parameter), Phase::wg);
      if (!sums)
        return failure();
      grads[i] = i == 3 ? sums.getProducts() : sums.getSum();
    }
    return success();
  }
};

/// The mask depends on the index alone, so that the same op drops the same elements.
struct DropoutGradient : slp::autodiff::GradientOf<DropoutGradient, DropoutOp> {
  static LogicalResult gradient(DropoutOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    if (op.getMask()) {
      grads.push_back(Value());
      return success();
    }
    auto dx = createInferred<DropoutOp>(
        b, op.getLoc(), resultGrads[0],
        {b.getNamedAttr("ratio", op.getRatioAttr()), b.getNamedAttr("seed", op.getSeedAttr()),
         b.getNamedAttr("stream", op.getStreamAttr()), phaseOf(b, Phase::bp)});
    grads.push_back(dx ? dx.getY() : Value());
    return success(bool(dx));
  }
};
} // namespace

void slp::autodiff::attachNormGradients(MLIRContext &context) {
  NormalizeOp::attachInterface<NormalizeGradient>(context);
  DropoutOp::attachInterface<DropoutGradient>(context);
}
