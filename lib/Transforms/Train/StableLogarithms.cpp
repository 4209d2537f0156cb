//===- StableLogarithms.cpp - logarithms of what only approaches zero -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// log(sigmoid(x)) is -softplus(-x): the one is lost as soon as its sigmoid is rounded, the other
// never. What stands between a logarithm and such a function, and moves no element across zero, is
// looked through: log(clip(p, a, b)) is clip(log(p), log(a), log(b)). These are identities of real
// numbers, so that bounds and exponents of the file mean what they meant.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/Intervals.h"
#include "lib/Transforms/Train/Stabilizer.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/ClipOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/ExpOp.h"
#include "dialects/Train/ExpandOpKind.h"
#include "dialects/Train/LogOp.h"
#include "dialects/Train/LogSoftmaxOp.h"
#include "dialects/Train/LogicalNotOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/PowerOp.h"
#include "dialects/Train/ReciprocalOp.h"
#include "dialects/Train/ReduceMaxOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/SelectOp.h"
#include "dialects/Train/SigmoidOp.h"
#include "dialects/Train/SliceOpKind.h"
#include "dialects/Train/SoftmaxOp.h"
#include "dialects/Train/SoftplusOp.h"
#include "dialects/Train/SqrtOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOpKind.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace slp;
using namespace slp::train;

static constexpr StringLiteral
    sigmoidIsLost =
        "log(sigmoid(x)) is computed as -softplus(-x); as it is written, fp32 loses it for "
        "x below -87",
    restIsLost =
        "log(1 - sigmoid(x)) is computed as -softplus(x); as it is written, fp32 loses it for "
        "x above 16",
    softmaxIsLost =
        "log(softmax(x)) is computed as log_softmax(x); as it is written, fp32 loses it "
        "for x that are 87 below the largest",
    sumIsLost = "log(sum(exp(x))) is computed with the largest x taken out; as it is written, fp32 "
                "loses it for x above 88",
    productHasNone = "the gradient of x * log(x) is 0 where x is 0; PyTorch's is NaN";

static constexpr double maxFloat = std::numeric_limits<float>::max();

static double numberOf(const APFloat &value) { return value.convertToFloat(); }

namespace {
/// Builds the logarithm of one value.
class Logarithm {
public:
  explicit Logarithm(PieceBuilder &pieces) : pieces(pieces) {}

  /// log(p); null if p has no stable form, whatever was built then is to be discarded.
  Value of(Value p, unsigned depth = 16);
  /// What was found on the way and FP32 itself loses; bounded values are not.
  ArrayRef<StringRef> lost() const { return found; }

private:
  Value made(Value p, unsigned depth);
  Value ofRest(Value p, unsigned depth);
  Value ofAffine(AffineOp op, unsigned depth);
  Value ofClip(ClipOp op, bool isRest, unsigned depth);
  Value ofSum(Operation *op, double divisor);
  Value scaled(Value log, double factor) { return log ? pieces.affine(log, factor, 0) : log; }
  template <typename Op> Value ofBoth(Value a, Value b, unsigned depth) {
    Value logA = of(a, depth), logB = logA ? of(b, depth) : Value();
    return logB ? pieces.make<Op>({logA, logB}) : Value();
  }
  void note(StringRef text) {
    if (!isBounded)
      found.push_back(text);
  }

  PieceBuilder &pieces;
  SmallVector<StringRef> found;
  bool isBounded = false;
  std::map<std::pair<const void *, bool>, Value> logs; // by value and isBounded; null: none
};
} // namespace

/// Whether an op only moves elements of its one operand.
static bool isMove(Operation *op) {
  return isReshape(op) || isOneOf<TransposeOp, SliceOp, ExpandOp>(op);
}

/// scale * q + offset, of as many affine ops as there are, in real numbers.
static Value baseOf(Value value, double &scale, double &offset) {
  scale = 1, offset = 0;
  while (auto affine = value.getDefiningOp<AffineOp>()) {
    offset += scale * numberOf(affine.getOffset());
    scale *= numberOf(affine.getScale());
    value = affine.getX();
  }
  return value;
}

Value Logarithm::ofAffine(AffineOp op, unsigned depth) {
  double scale, offset;
  Value q = baseOf(op.getY(), scale, offset);
  if (scale == -1 && offset == 1)
    return ofRest(q, depth);
  if (!(scale > 0) || offset != 0)
    return {};
  Value log = of(q, depth);
  return log && scale != 1 ? pieces.affine(log, 1, std::log(scale)) : log;
}

/// log(1 - p)
Value Logarithm::ofRest(Value p, unsigned depth) {
  Operation *op = p.getDefiningOp();
  if (!op || depth-- == 0)
    return {};
  if (auto sigmoid = dyn_cast<SigmoidOp>(op))
    return note(restIsLost), pieces.negated(pieces.make<SoftplusOp>(sigmoid.getX()));
  if (auto clip = dyn_cast<ClipOp>(op))
    return ofClip(clip, /*isRest=*/true, depth);
  if (isMove(op)) {
    Value log = ofRest(op->getOperand(0), depth);
    return log ? pieces.moved(op, log) : log;
  }
  return {};
}

/// The logarithm rises, so that it may be taken before the bounds are: log(clip(p, a, b)), or
/// log(1 - clip(p, a, b)).
Value Logarithm::ofClip(ClipOp op, bool isRest, unsigned depth) {
  double low = numberOf(op.getMin()), high = numberOf(op.getMax());
  if (isRest)
    std::tie(low, high) = std::pair(1 - high, 1 - low);
  if (!(low < high && high > 0))
    return {};
  bool wasBounded = isBounded;
  isBounded |= low > 0;
  Value log = isRest ? ofRest(op.getX(), depth) : of(op.getX(), depth);
  isBounded = wasBounded;
  if (!log)
    return {};
  return pieces.clip(log, low > 0 ? std::log(low) : -maxFloat,
                     high < maxFloat ? std::log(high) : maxFloat);
}

/// Whether `value` is a largest element, perhaps where that is finite (PyTorch 2's logsumexp).
/// Looks back over `depth` ops, as a choice has two operands.
static bool isMaximum(Value value, unsigned depth = 8) {
  Operation *op = value.getDefiningOp();
  if (!op || depth-- == 0)
    return false;
  if (auto select = dyn_cast<SelectOp>(op))
    return isMaximum(select.getA(), depth) || isMaximum(select.getB(), depth);
  return isa<ReduceMaxOp>(op) || (isMove(op) && isMaximum(op->getOperand(0), depth));
}

/// Whether `x` is a difference from a largest element.
static bool isBelowMaximum(Value x) {
  auto sub = x.getDefiningOp<SubOp>();
  return sub && isMaximum(sub.getB());
}

/// log(sum(exp(x)) / divisor): m + log(sum(exp(x - m))) with the largest x, m. Kept in FP32, of
/// which there is little.
Value Logarithm::ofSum(Operation *op, double divisor) {
  auto exp = op->getOperand(0).getDefiningOp<ExpOp>();
  if (!exp || isBelowMaximum(exp.getX()))
    return {};
  NamedAttribute axes = pieces.builder().getNamedAttr("axes", op->getAttr("axes"));
  note(sumIsLost);
  Value largest = pieces.make<ReduceMaxOp>(exp.getX(), axes);
  Value powers = pieces.make<ExpOp>(pieces.make<SubOp>({exp.getX(), largest}));
  Value log = pieces.make<LogOp>(pieces.make<ReduceSumOp>(powers, axes));
  if (divisor != 1) {
    keepWide(log);
    log = pieces.affine(log, 1, -std::log(divisor));
  }
  Value sum = pieces.make<AddOp>({log, largest});
  keepWide(log);
  keepWide(sum);
  return sum;
}

/// Each logarithm once, however many ways lead to it.
Value Logarithm::of(Value p, unsigned depth) {
  std::pair<const void *, bool> key(p.getAsOpaquePointer(), isBounded);
  if (auto known = logs.find(key); known != logs.end())
    return known->second;
  Value log = made(p, depth);
  logs[key] = log;
  return log;
}

Value Logarithm::made(Value p, unsigned depth) {
  Operation *op = p.getDefiningOp();
  if (!op || depth-- == 0)
    return {};
  if (auto sigmoid = dyn_cast<SigmoidOp>(op)) {
    note(sigmoidIsLost);
    return pieces.negated(pieces.make<SoftplusOp>(pieces.negated(sigmoid.getX())));
  }
  if (auto softmax = dyn_cast<SoftmaxOp>(op))
    return note(softmaxIsLost), pieces.make<LogSoftmaxOp>(softmax.getX());
  if (auto exp = dyn_cast<ExpOp>(op))
    return exp.getX();
  if (auto affine = dyn_cast<AffineOp>(op))
    return ofAffine(affine, depth);
  if (auto clip = dyn_cast<ClipOp>(op))
    return ofClip(clip, /*isRest=*/false, depth);
  if (isa<ReduceSumOp>(op))
    return ofSum(op, 1);
  if (auto mean = dyn_cast<ReduceMeanOp>(op))
    return ofSum(op, double(cast<RankedTensorType>(mean.getX().getType()).getNumElements()) /
                         double(cast<RankedTensorType>(mean.getY().getType()).getNumElements()));
  if (auto mul = dyn_cast<MulOp>(op))
    return ofBoth<AddOp>(mul.getA(), mul.getB(), depth);
  if (auto div = dyn_cast<DivOp>(op))
    return ofBoth<SubOp>(div.getA(), div.getB(), depth);
  if (auto inverse = dyn_cast<ReciprocalOp>(op))
    return scaled(of(inverse.getX(), depth), -1);
  if (auto root = dyn_cast<SqrtOp>(op))
    return scaled(of(root.getX(), depth), 0.5);
  if (auto power = dyn_cast<PowerOp>(op))
    return scaled(of(power.getX(), depth), numberOf(power.getExponent()));
  if (auto select = dyn_cast<SelectOp>(op)) {
    Value a = of(select.getA(), depth), b = a ? of(select.getB(), depth) : Value();
    return b ? pieces.make<SelectOp>({select.getCond(), a, b}) : b;
  }
  if (isMove(op)) {
    Value log = of(op->getOperand(0), depth);
    return log ? pieces.moved(op, log) : log;
  }
  return {};
}

/// p * log(p) of a p that may be zero: log(p + (p = 0)), which is 0 there, so that neither factor's
/// gradient is. Whether `log` was replaced.
static bool stabilizeProduct(LogOp log, StableNotes &notes) {
  Value p = log.getX();
  auto isProduct = [&](Operation *user) {
    auto mul = dyn_cast<MulOp>(user);
    return mul && ((mul.getA() == p && mul.getB() == log.getY()) ||
                   (mul.getB() == p && mul.getA() == log.getY()));
  };
  if (!llvm::all_of(log->getUsers(), isProduct) || log->use_empty() || intervalOf(p).low > 0)
    return false;
  PieceBuilder pieces(log);
  Value positive = pieces.make<AddOp>({p, pieces.make<LogicalNotOp>(p)});
  Value replacement = pieces.make<LogOp>(positive);
  notes.add(productHasNone, log.getLoc());
  pieces.replaceBy(replacement, "x * log(x): without the gradient of log(0)");
  return true;
}

void slp::stabilizeLogarithms(func::FuncOp fn, StableNotes &notes) {
  for (LogOp log : llvm::make_early_inc_range(fn.getOps<LogOp>())) {
    if (log.getPhase() != Phase::fp)
      continue; // what a file writes of its backward pass or update stays as it is
    PieceBuilder pieces(log);
    Logarithm logarithm(pieces);
    Location loc = log.getLoc();
    if (Value value = logarithm.of(log.getX())) {
      for (StringRef text : logarithm.lost())
        notes.add(text, loc);
      pieces.replaceBy(value, "the logarithm is computed stably");
      continue;
    }
    pieces.discard();
    stabilizeProduct(log, notes);
  }
}
