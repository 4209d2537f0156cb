//===- Norm.cpp - gradients of normalisation and dropout --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/DropoutOp.h"
#include "dialects/Train/NormalizeFixedGradOp.h"
#include "dialects/Train/NormalizeGradOp.h"
#include "dialects/Train/NormalizeOp.h"
#include "dialects/Train/NormalizeSumsOp.h"
#include "dialects/Train/TrainValues.h"

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

/// Whether a mean is the constant 0, as where a normalisation is by the mean of squares alone.
static bool isZero(Value mean) {
  auto constant = mean.getDefiningOp<ConstantOp>();
  auto value = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return value && value.isSplat() && value.getSplatValue<APFloat>().isZero();
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
    // A scale that all elements of a mean share is a factor of the sums; any other belongs to the
    // error.
    Value error = dy;
    if (!isScaleShared()) {
      error = createProduct(b, op.getLoc(), dy, op.getScale(), Phase::bp);
      if (!error)
        return nullptr;
    }
    NormalizeSumsOp total = sums(error, axes, Phase::bp);
    if (!total)
      return nullptr;
    int64_t count = 1;
    for (int64_t axis : axes)
      count *= shapeOf(op.getX())[axis];
    // A mean that is zero whatever x is passes nothing on: zero takes the place of its sum.
    Value sum = isZero(op.getMean()) ? op.getMean() : total.getSum();
    SmallVector<Value> operands = {error,       op.getX(), op.getMean(),
                                   op.getVar(), sum,       total.getProducts()};
    if (isScaleShared())
      operands.push_back(op.getScale());
    auto dx = createInferred<NormalizeGradOp>(
        b, op.getLoc(), operands,
        {epsilon(), b.getNamedAttr("count", b.getI64IntegerAttr(count)), phaseOf(b, Phase::bp)});
    return dx ? dx.getDx() : Value();
  }

  /// The gradients of a bias and a scale of the shape of `parameter`; null after an error.
  std::pair<Value, Value> throughParameter(Value parameter) {
    SmallVector<int64_t> axes = servedAxes(parameter);
    if (!axes.empty()) {
      NormalizeSumsOp total = sums(dy, axes, Phase::wg);
      return total ? std::pair<Value, Value>(total.getSum(), total.getProducts())
                   : std::pair<Value, Value>();
    }
    // One for each element: sums over one more dimension, of extent 1.
    auto widened = [&](Value x) -> Value {
      SmallVector<int64_t> shape = {1};
      llvm::append_range(shape, shapeOf(x));
      auto type = cast<RankedTensorType>(x.getType()).clone(shape);
      return createReshape(b, op.getLoc(), type, x, Phase::wg);
    };
    auto total = createInferred<NormalizeSumsOp>(
        b, op.getLoc(),
        {widened(dy), widened(op.getX()), widened(op.getMean()), widened(op.getVar())},
        {epsilon(), i64s(b, "axes", {0}), phaseOf(b, Phase::wg)}, {b.getF32Type(), b.getF32Type()});
    if (!total)
      return {};
    auto narrowed = [&](Value x) -> Value {
      auto type = cast<RankedTensorType>(x.getType()).clone(shapeOf(parameter));
      return createReshape(b, op.getLoc(), type, x, Phase::wg);
    };
    return {narrowed(total.getSum()), narrowed(total.getProducts())};
  }

private:
  /// Whether a scale is the same for all elements that share a mean.
  bool isScaleShared() {
    return !op.getAxes() || llvm::all_of(*op.getAxes(), [&](int64_t axis) {
      return shapeOf(op.getScale())[axis] == 1;
    });
  }

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
      grads[0] = backward.throughX();
      if (!grads[0])
        return failure();
    }
    for (unsigned i : {3, 4}) {
      Value parameter = op->getOperand(i);
      if (!needed[i])
        continue;
      auto [ofBias, ofScale] = backward.throughParameter(parameter);
      if (!ofBias)
        return failure();
      grads[i] = i == 3 ? ofScale : ofBias;
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
