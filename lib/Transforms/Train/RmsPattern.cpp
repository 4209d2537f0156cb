//===- RmsPattern.cpp - a normalisation by the mean of squares that was taken apart -----------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See RmsPattern.h. Squares of numbers that FP16 has are often none: what PyTorch's modules write
// as w * (x * rsqrt(mean(x^2) + epsilon)) works in narrow formats as one op alone.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/RmsPattern.h"

#include "dialects/Train/AffineOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/NormalizeOp.h"
#include "dialects/Train/PowerOp.h"
#include "dialects/Train/ReciprocalOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/SqrtOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/VarianceOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

bool slp::isSquareOf(Value square, Value x) {
  if (auto power = square.getDefiningOp<PowerOp>())
    return power.getX() == x && power.getExponent().isExactlyValue(2.0);
  auto mul = square.getDefiningOp<MulOp>();
  return mul && mul.getA() == x && mul.getB() == x;
}

/// Of `root` = sqrt(mean(x^2) + epsilon), for that x.
static std::optional<RmsNormalization> matchRoot(Value radicand, Value x) {
  auto shifted = radicand ? radicand.getDefiningOp<AffineOp>() : AffineOp();
  auto squares = shifted ? shifted.getX().getDefiningOp<ReduceMeanOp>() : ReduceMeanOp();
  if (!squares || !shifted.getScale().isExactlyValue(1.0) || !isSquareOf(squares.getX(), x))
    return std::nullopt;
  RmsNormalization found;
  found.x = x;
  found.squares = squares;
  found.epsilon = shifted.getOffset();
  return found;
}

/// What `value` is the inverse root of; null if it is none.
static Value inverseRootOf(Value value) {
  if (auto power = value.getDefiningOp<PowerOp>())
    return power.getExponent().isExactlyValue(-0.5) ? power.getX() : Value();
  auto inverse = value.getDefiningOp<ReciprocalOp>();
  auto root = inverse ? inverse.getX().getDefiningOp<SqrtOp>() : SqrtOp();
  return root ? root.getX() : Value();
}

/// The part without a scale.
static std::optional<RmsNormalization> matchNormal(Value value) {
  if (auto quotient = value.getDefiningOp<DivOp>()) {
    auto root = quotient.getB().getDefiningOp<SqrtOp>();
    return root ? matchRoot(root.getX(), quotient.getA()) : std::nullopt;
  }
  auto product = value.getDefiningOp<MulOp>();
  if (!product)
    return std::nullopt;
  for (auto [x, factor] :
       {std::pair(product.getA(), product.getB()), std::pair(product.getB(), product.getA())})
    if (auto found = matchRoot(inverseRootOf(factor), x))
      return found;
  return std::nullopt;
}

std::optional<RmsNormalization> slp::matchRmsNormalization(Operation &op) {
  if (op.getNumResults() != 1)
    return std::nullopt;
  Value result = op.getResult(0);
  std::optional<RmsNormalization> found = matchNormal(result);
  if (auto product = dyn_cast<MulOp>(op); product && !found)
    for (auto [normal, scale] :
         {std::pair(product.getA(), product.getB()), std::pair(product.getB(), product.getA())}) {
      found = matchNormal(normal);
      if (found) {
        found->scale = scale;
        break;
      }
    }
  if (!found || found->x.getType() != result.getType()) // the scale repeats x
    return std::nullopt;
  return found;
}

Value slp::buildRmsNormalization(Operation &op, const RmsNormalization &found) {
  OpBuilder b(&op);
  ReduceMeanOp squares = found.squares;
  auto constant = [&](RankedTensorType type, float value) -> Value {
    return createConstant(b, op.getLoc(), DenseElementsAttr::get(type, value));
  };
  auto statistic = cast<RankedTensorType>(squares.getY().getType());
  auto single = statistic.clone(SmallVector<int64_t>(statistic.getRank(), 1));
  Value mean = constant(statistic, 0);
  NamedAttribute axes = i64s(b, "axes", squares.getAxes());
  auto var = createInferred<VarianceOp>(b, squares.getLoc(), {found.x, mean}, axes);
  if (!var)
    return nullptr;
  auto y = createInferred<NormalizeOp>(
      b, op.getLoc(),
      {found.x, mean, var.getY(), found.scale ? found.scale : constant(single, 1),
       constant(single, 0)},
      {b.getNamedAttr("epsilon", b.getFloatAttr(b.getF32Type(), found.epsilon)), axes});
  return y ? y.getY() : Value();
}
