//===- FusePatterns.cpp - make one op of what a framework has taken apart ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-fuse-patterns (see Passes.td). A value is seen as a product of leaves and a
// number, so that it does not matter in which order a framework multiplies.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "lib/Transforms/Train/EraseUnread.h"
#include "lib/Transforms/Train/RmsPattern.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/ClipOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/ErfOp.h"
#include "dialects/Train/ExpOp.h"
#include "dialects/Train/HardSigmoidOp.h"
#include "dialects/Train/LogOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/NormalizeOp.h"
#include "dialects/Train/PowerOp.h"
#include "dialects/Train/ReciprocalOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/SqrtOp.h"
#include "dialects/Train/StatisticsOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TanhOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainChannels.h"
#include "dialects/Train/VarianceOp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"

#include <cmath>

namespace slp {
#define GEN_PASS_DEF_TRAINFUSEPATTERNS
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

/// Constants of files have as many digits as their writer thought fit.
static bool isNear(double value, double wanted) {
  return std::fabs(value - wanted) <= 1e-4 * std::fabs(wanted);
}

namespace {
/// scale * leaves[0] * leaves[1] * ...
struct Product {
  double scale = 1;
  SmallVector<Value> leaves;
};

/// The op that replaces a value, applied to x.
struct Match {
  StringRef op; // empty: none
  Value x;
};

/// A normalisation by statistics of x: ((x - mean) / sqrt(mean of squares + epsilon)) * scale +
/// bias.
struct Normalization {
  ReduceMeanOp mean, squares;
  Value scale, bias;
  APFloat epsilon = APFloat(0.0f);
};
} // namespace

static double numberOf(const APFloat &value) { return value.convertToFloat(); }

/// x of scale * x + offset, or null.
static Value matchAffine(Value value, double scale, double offset) {
  auto op = value.getDefiningOp<AffineOp>();
  bool fits = op && isNear(numberOf(op.getScale()), scale) &&
              (offset == 0 ? op.getOffset().isZero() : isNear(numberOf(op.getOffset()), offset));
  return fits ? op.getX() : Value();
}

/// Adds the factors of `value`, found at most `depth` ops back: no pattern has more, and x * x of
/// x * x ... has twice as many with each step.
static void multiply(Value value, Product &product, unsigned depth) {
  Operation *op = depth-- == 0 ? nullptr : value.getDefiningOp();
  if (auto mul = dyn_cast_or_null<MulOp>(op); mul && mul.getA().getType() == mul.getB().getType()) {
    multiply(mul.getA(), product, depth);
    return multiply(mul.getB(), product, depth);
  }
  if (auto affine = dyn_cast_or_null<AffineOp>(op); affine && affine.getOffset().isZero()) {
    product.scale *= numberOf(affine.getScale());
    return multiply(affine.getX(), product, depth);
  }
  if (auto power = dyn_cast_or_null<PowerOp>(op);
      power && power.getExponent().isExactlyValue(3.0)) {
    product.leaves.append(3, power.getX());
    return;
  }
  product.leaves.push_back(value);
}

static Product productOf(Value value) {
  Product product;
  multiply(value, product, /*depth=*/8);
  return product;
}

/// Whether `value` is scale * x * ... * x, `times` factors.
static bool isPower(Value value, double scale, Value x, size_t times) {
  Product p = productOf(value);
  return isNear(p.scale, scale) && p.leaves.size() == times &&
         llvm::all_of(p.leaves, [&](Value leaf) { return leaf == x; });
}

/// Whether `value` is sqrt(2 / pi) * (x + 0.044715 * x^3).
static bool isGeluInner(Value value, Value x) {
  Product p = productOf(value);
  auto add = p.leaves.size() == 1 ? p.leaves[0].getDefiningOp<AddOp>() : AddOp();
  if (!add || !isNear(p.scale, std::sqrt(2 / M_PI)))
    return false;
  return (add.getA() == x && isPower(add.getB(), 0.044715, x, 3)) ||
         (add.getB() == x && isPower(add.getA(), 0.044715, x, 3));
}

/// What `x` times `gate`, times `scale`, is.
static StringRef matchGate(double scale, Value x, Value gate) {
  if (isNear(scale, 0.5))
    if (Value inner = matchAffine(gate, 1, 1)) {
      if (auto erf = inner.getDefiningOp<ErfOp>(); erf && isPower(erf.getX(), M_SQRT1_2, x, 1))
        return "train.gelu";
      if (auto tanh = inner.getDefiningOp<TanhOp>(); tanh && isGeluInner(tanh.getX(), x))
        return "train.gelu_tanh";
    }
  if (auto hard = gate.getDefiningOp<HardSigmoidOp>();
      hard && hard.getX() == x && isNear(scale, 1) && isNear(numberOf(hard.getAlpha()), 1.0 / 6) &&
      isNear(numberOf(hard.getBeta()), 0.5))
    return "train.hard_swish";
  if (auto clip = gate.getDefiningOp<ClipOp>();
      clip && isNear(scale, 1.0 / 6) && clip.getMin().isZero() &&
      clip.getMax().isExactlyValue(6.0) && matchAffine(clip.getX(), 1, 3) == x)
    return "train.hard_swish";
  return "";
}

static Match match(Operation &op) {
  if (isa<MulOp, AffineOp>(op)) {
    Product p = productOf(op.getResult(0));
    if (p.leaves.size() != 2)
      return {};
    for (int x : {0, 1})
      if (StringRef name = matchGate(p.scale, p.leaves[x], p.leaves[1 - x]); !name.empty())
        return {name, p.leaves[x]};
  }
  if (auto log = dyn_cast<LogOp>(op))
    if (Value inner = matchAffine(log.getX(), 1, 1))
      if (auto exp = inner.getDefiningOp<ExpOp>())
        return {"train.softplus", exp.getX()};
  if (auto inverse = dyn_cast<ReciprocalOp>(op))
    if (Value inner = matchAffine(inverse.getX(), 1, 1))
      if (auto exp = inner.getDefiningOp<ExpOp>())
        if (Value x = matchAffine(exp.getX(), -1, 0))
          return {"train.sigmoid", x};
  return {};
}

/// Matches the part before scale and bias.
static std::optional<Normalization> matchCentered(Value value) {
  auto quotient = value.getDefiningOp<DivOp>();
  auto root = quotient ? quotient.getB().getDefiningOp<SqrtOp>() : SqrtOp();
  auto shifted = root ? root.getX().getDefiningOp<AffineOp>() : AffineOp();
  auto squares = shifted ? shifted.getX().getDefiningOp<ReduceMeanOp>() : ReduceMeanOp();
  auto centered = quotient ? quotient.getA().getDefiningOp<SubOp>() : SubOp();
  auto mean = centered ? centered.getB().getDefiningOp<ReduceMeanOp>() : ReduceMeanOp();
  bool fits = squares && mean && shifted.getScale().isExactlyValue(1.0) &&
              isSquareOf(squares.getX(), centered.getY()) && mean.getX() == centered.getA() &&
              mean.getAxes() == squares.getAxes();
  if (!fits)
    return std::nullopt;
  Normalization found;
  found.mean = mean;
  found.squares = squares;
  found.epsilon = shifted.getOffset();
  return found;
}

/// Matches from the sum with the bias on, which may stand on either side, as the scale may.
static std::optional<Normalization> matchNormalization(Operation &op) {
  auto add = dyn_cast<AddOp>(op);
  if (!add)
    return std::nullopt;
  for (auto [product, bias] :
       {std::pair(add.getA(), add.getB()), std::pair(add.getB(), add.getA())})
    if (auto mul = product.getDefiningOp<MulOp>())
      for (auto [normal, scale] :
           {std::pair(mul.getA(), mul.getB()), std::pair(mul.getB(), mul.getA())})
        if (std::optional<Normalization> found = matchCentered(normal)) {
          if (add.getType() != found->mean.getX().getType())
            return std::nullopt; // scale or bias repeat x
          found->scale = scale;
          found->bias = bias;
          return found;
        }
  return std::nullopt;
}

/// Replaces `op`; the new op stands where it stood.
static Operation *fuse(Operation &op, const Match &found) {
  OpBuilder b(&op);
  OperationState state(op.getLoc(), found.op, found.x, op.getResultTypes());
  if (Attribute names = op.getAttr(getNamesAttrName()))
    state.addAttribute(getNamesAttrName(), names);
  Operation *fused = b.create(state);
  remark::passed(op.getLoc(), remark::RemarkOpts::name("fuse").category("fuse"))
      << ("made " + found.op + " of the ops that it was taken apart into").str();
  op.getResult(0).replaceAllUsesWith(fused->getResult(0));
  eraseUnread(&op);
  return fused;
}

/// Replaces `op` by `y`, the result of a normalize in front of it, which is given back.
static Operation *replaceByNormalize(Operation &op, Value y) {
  if (Attribute names = op.getAttr(getNamesAttrName()))
    y.getDefiningOp()->setAttr(getNamesAttrName(), names);
  remark::passed(op.getLoc(), remark::RemarkOpts::name("fuse").category("fuse"))
      << "made train.normalize of the ops that it was taken apart into";
  op.getResult(0).replaceAllUsesWith(y);
  eraseUnread(&op);
  return y.getDefiningOp();
}

/// Mean and variance of what is normalised; null after an error.
static std::pair<Value, Value> buildStatistics(OpBuilder &b, const Normalization &found) {
  ReduceMeanOp mean = found.mean;
  Location loc = found.squares->getLoc();
  if (areAllButChannels(mean.getAxes(), mean.getX().getType().getRank())) {
    auto both =
        createInferred<StatisticsOp>(b, loc, mean.getX(), {}, {b.getF32Type(), b.getF32Type()});
    return both ? std::pair<Value, Value>(both.getMean(), both.getVar())
                : std::pair<Value, Value>();
  }
  auto var = createInferred<VarianceOp>(b, loc, {mean.getX(), mean.getY()},
                                        i64s(b, "axes", mean.getAxes()));
  return {mean.getY(), var ? var.getY() : Value()};
}

/// The same for a normalisation: statistics and normalize; null after an error.
static Operation *fuse(Operation &op, const Normalization &found) {
  OpBuilder b(&op);
  ReduceMeanOp reduced = found.mean;
  auto [mean, var] = buildStatistics(b, found);
  auto y = var ? createInferred<NormalizeOp>(
                     b, op.getLoc(), {reduced.getX(), mean, var, found.scale, found.bias},
                     {b.getNamedAttr("epsilon", b.getFloatAttr(b.getF32Type(), found.epsilon)),
                      i64s(b, "axes", reduced.getAxes())})
               : NormalizeOp();
  return y ? replaceByNormalize(op, y.getY()) : nullptr;
}

namespace {
struct TrainFusePatterns : slp::impl::TrainFusePatternsBase<TrainFusePatterns> {
  using Base::Base;
  void runOnOperation() override {
    for (func::FuncOp fn : getOperation().getOps<func::FuncOp>()) {
      // From the end, so that the whole is seen before its parts.
      Operation *op = &fn.getBody().front().back();
      while (op) {
        if (std::optional<Normalization> found = matchNormalization(*op)) {
          op = fuse(*op, *found);
          if (!op)
            return signalPassFailure();
          continue;
        }
        if (std::optional<RmsNormalization> found = matchRmsNormalization(*op)) {
          Value y = buildRmsNormalization(*op, *found);
          if (!y)
            return signalPassFailure();
          op = replaceByNormalize(*op, y)->getPrevNode();
          continue;
        }
        Match found = match(*op);
        op = (found.op.empty() ? op : fuse(*op, found))->getPrevNode();
      }
    }
  }
};
} // namespace
