//===- Intervals.cpp - between which numbers the elements of a value lie ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See Intervals.h. Bounds are those of real numbers: a rounding moves no element across zero.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/Intervals.h"

#include "dialects/Train/AbsOp.h"
#include "dialects/Train/AddOp.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/ClipOp.h"
#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/EqualOpKind.h"
#include "dialects/Train/ErfOpKind.h"
#include "dialects/Train/ExpOp.h"
#include "dialects/Train/ExpandOp.h"
#include "dialects/Train/ExpandOpKind.h"
#include "dialects/Train/HardSigmoidOpKind.h"
#include "dialects/Train/LessEqualOpKind.h"
#include "dialects/Train/LessOpKind.h"
#include "dialects/Train/LogicalAndOpKind.h"
#include "dialects/Train/LogicalNotOpKind.h"
#include "dialects/Train/LogicalOrOpKind.h"
#include "dialects/Train/LogicalXorOpKind.h"
#include "dialects/Train/MaxOp.h"
#include "dialects/Train/MinOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/PowerOp.h"
#include "dialects/Train/ReciprocalOp.h"
#include "dialects/Train/ReduceMaxOp.h"
#include "dialects/Train/ReduceMaxOpKind.h"
#include "dialects/Train/ReduceMeanOpKind.h"
#include "dialects/Train/ReduceMinOpKind.h"
#include "dialects/Train/ReduceSumAbsOpKind.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/ReduceSumSquareOpKind.h"
#include "dialects/Train/ReluOp.h"
#include "dialects/Train/ReshapeOpKind.h"
#include "dialects/Train/SelectOp.h"
#include "dialects/Train/SigmoidOpKind.h"
#include "dialects/Train/SignOpKind.h"
#include "dialects/Train/SliceOpKind.h"
#include "dialects/Train/SoftmaxOpKind.h"
#include "dialects/Train/SoftplusOpKind.h"
#include "dialects/Train/SoftsignOpKind.h"
#include "dialects/Train/SqrtOp.h"
#include "dialects/Train/StatisticsOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TanhOpKind.h"
#include "dialects/Train/TransposeOpKind.h"
#include "dialects/Train/VarianceOpKind.h"

#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::train;

static constexpr unsigned deepest = 12; // ops looked back
static constexpr double infinity = std::numeric_limits<double>::infinity();

static double numberOf(const APFloat &value) { return value.convertToFloat(); }

static Interval shifted(Interval x, double scale, double offset) {
  if (scale == 0)
    return {offset, offset};
  double a = scale * x.low + offset, b = scale * x.high + offset;
  return {std::min(a, b), std::max(a, b)};
}

/// Of a function that rises everywhere.
template <typename Function> static Interval risen(Interval x, Function function) {
  return {function(x.low), function(x.high)};
}

/// Of |x|, the square, and other even powers.
static Interval evenPower(Interval x, double exponent) {
  double largest = std::max(std::fabs(x.low), std::fabs(x.high));
  bool hasZero = x.low <= 0 && x.high >= 0;
  double smallest = hasZero ? 0 : std::min(std::fabs(x.low), std::fabs(x.high));
  return {std::pow(smallest, exponent), std::pow(largest, exponent)};
}

static Interval power(Interval x, double exponent) {
  if (std::fmod(exponent, 2) == 0 && exponent > 0)
    return evenPower(x, exponent);
  if (x.low < 0)
    return {};
  auto raise = [&](double v) { return std::pow(v, exponent); };
  return exponent > 0 ? risen(x, raise) : Interval{raise(x.high), raise(x.low)};
}

/// Of numbers that are not negative; nothing is known of others.
static Interval product(Interval a, Interval b) {
  if (a.low < 0 || b.low < 0)
    return {};
  double high = a.high == 0 || b.high == 0 ? 0 : a.high * b.high;
  return {a.low * b.low, high};
}

static Interval inverse(Interval x) {
  return x.low > 0 ? Interval{1 / x.high, 1 / x.low} : Interval();
}

static Interval ofConstant(ConstantOp op) {
  auto values = dyn_cast<DenseFPElementsAttr>(op.getValue());
  if (!values || values.empty())
    return {};
  Interval all{infinity, -infinity};
  for (const APFloat &value : values)
    all = {std::min(all.low, numberOf(value)), std::max(all.high, numberOf(value))};
  return all;
}

/// Whether a sum is one of exp(x - m) with the largest x, m: one of the terms is 1.
static bool isOfPowersUpTo1(ReduceSumOp sum) {
  auto exp = sum.getX().getDefiningOp<ExpOp>();
  auto sub = exp ? exp.getX().getDefiningOp<SubOp>() : SubOp();
  Value largest = sub ? sub.getB() : Value();
  if (auto expand = largest ? largest.getDefiningOp<ExpandOp>() : ExpandOp())
    largest = expand.getX();
  auto max = largest ? largest.getDefiningOp<ReduceMaxOp>() : ReduceMaxOp();
  return max && max.getX() == sub.getA() && max.getAxes() == sum.getAxes();
}

static Interval ofDepth(Value value, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return {};
  auto operand = [&](unsigned i) { return ofDepth(op->getOperand(i), depth - 1); };
  constexpr Interval share{0, 1}, magnitude{0, infinity};
  if (isOneOf<SigmoidOp, HardSigmoidOp, SoftmaxOp, LogicalNotOp, EqualOp, LessOp, LessEqualOp,
              LogicalAndOp, LogicalOrOp, LogicalXorOp>(op))
    return share;
  if (isOneOf<TanhOp, ErfOp, SignOp, SoftsignOp>(op))
    return {-1, 1};
  if (isOneOf<ReduceSumSquareOp, ReduceSumAbsOp, VarianceOp, SoftplusOp>(op))
    return magnitude;
  if (isOneOf<ReshapeOp, TransposeOp, SliceOp, ExpandOp, ReduceMeanOp, ReduceMaxOp, ReduceMinOp>(
          op))
    return operand(0);
  return llvm::TypeSwitch<Operation *, Interval>(op)
      .Case([&](StatisticsOp op) { return value == op.getVar() ? magnitude : operand(0); })
      .Case([](ConstantOp op) { return ofConstant(op); })
      .Case([&](ReluOp) { return risen(operand(0), [](double v) { return std::max(v, 0.0); }); })
      .Case([&](ExpOp) { return risen(operand(0), [](double v) { return std::exp(v); }); })
      .Case([&](AbsOp) { return evenPower(operand(0), 1); })
      .Case([&](SqrtOp) {
        return risen(operand(0), [](double v) { return std::sqrt(std::max(v, 0.0)); });
      })
      .Case([&](AffineOp affine) {
        return shifted(operand(0), numberOf(affine.getScale()), numberOf(affine.getOffset()));
      })
      .Case([&](PowerOp op) { return power(operand(0), numberOf(op.getExponent())); })
      .Case([&](ClipOp clip) {
        double low = numberOf(clip.getMin()), high = numberOf(clip.getMax());
        return risen(operand(0), [&](double v) { return std::min(std::max(v, low), high); });
      })
      .Case([&](ReciprocalOp) { return inverse(operand(0)); })
      .Case([&](MulOp mul) {
        return mul.getA() == mul.getB() ? evenPower(operand(0), 2)
                                        : product(operand(0), operand(1));
      })
      .Case([&](DivOp) { return product(operand(0), inverse(operand(1))); })
      .Case([&](AddOp) {
        Interval a = operand(0), b = operand(1);
        return Interval{a.low + b.low, a.high + b.high};
      })
      .Case([&](SubOp) {
        Interval a = operand(0), b = operand(1);
        return Interval{a.low - b.high, a.high - b.low};
      })
      .Case([&](MaxOp) {
        Interval a = operand(0), b = operand(1);
        return Interval{std::max(a.low, b.low), std::max(a.high, b.high)};
      })
      .Case([&](MinOp) {
        Interval a = operand(0), b = operand(1);
        return Interval{std::min(a.low, b.low), std::min(a.high, b.high)};
      })
      .Case([&](SelectOp) {
        Interval a = operand(1), b = operand(2);
        return Interval{std::min(a.low, b.low), std::max(a.high, b.high)};
      })
      .Case([&](ReduceSumOp sum) {
        if (isOfPowersUpTo1(sum))
          return Interval{1, infinity};
        int64_t count = cast<RankedTensorType>(sum.getX().getType()).getNumElements() /
                        cast<RankedTensorType>(sum.getY().getType()).getNumElements();
        return shifted(operand(0), double(count), 0);
      })
      .Default([](Operation *) { return Interval(); });
}

Interval slp::intervalOf(Value value) { return ofDepth(value, deepest); }
