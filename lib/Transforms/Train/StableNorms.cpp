//===- StableNorms.cpp - softmax by hand, squares, norms and quotients by them ----------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A square that is stored before it is summed has half the exponent range of its root, and exp(x)
// beyond x = 11 is no fp16 number: such parts become one op, which sums in FP32.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/Intervals.h"
#include "lib/Transforms/Train/Stabilizer.h"

#include "dialects/Train/AbsOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/ExpOp.h"
#include "dialects/Train/ExpandOp.h"
#include "dialects/Train/LogicalNotOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/PowerOp.h"
#include "dialects/Train/ReciprocalOp.h"
#include "dialects/Train/ReduceMaxOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/ReduceSumAbsOpKind.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/ReduceSumSquareOp.h"
#include "dialects/Train/ReduceSumSquareOpKind.h"
#include "dialects/Train/ReshapeOp.h"
#include "dialects/Train/SoftmaxOp.h"
#include "dialects/Train/SqrtOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TransposeOp.h"
#include "dialects/Train/VarianceOp.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

static constexpr StringLiteral
    softmaxIsLost = "exp(x) / sum(exp(x)) is computed as softmax(x); as it is written, fp32 loses "
                    "it for x above 88",
    quotientIsZero =
        "a quotient by a norm is 0, and has no gradient, where the norm is 0; PyTorch has NaN";

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Behind repetitions that an elementwise op does by itself.
static Value unexpanded(Value value) {
  auto expand = value.getDefiningOp<ExpandOp>();
  return expand ? expand.getX() : value;
}

/// x of x * x or x ^ 2, without a magnitude taken first; null if `value` is no square.
static Value rootOf(Value value) {
  Value x;
  if (auto mul = value.getDefiningOp<MulOp>(); mul && mul.getA() == mul.getB())
    x = mul.getA();
  if (auto power = value.getDefiningOp<PowerOp>(); power && power.getExponent().isExactlyValue(2.0))
    x = power.getX();
  auto abs = x ? x.getDefiningOp<AbsOp>() : AbsOp();
  return abs ? abs.getX() : x;
}

/// softmax(x) over `axes`: of rows, which these dimensions become.
static Value softmaxOver(PieceBuilder &pieces, Value x, ArrayRef<int64_t> axes) {
  ArrayRef<int64_t> shape = typeOf(x).getShape();
  SmallVector<int64_t> perm, moved, back(shape.size());
  int64_t classes = 1;
  for (int64_t d : llvm::seq<int64_t>(0, shape.size()))
    if (!llvm::is_contained(axes, d))
      perm.push_back(d);
  for (int64_t d : axes) {
    perm.push_back(d);
    classes *= shape[d];
  }
  for (auto [to, from] : llvm::enumerate(perm)) {
    moved.push_back(shape[from]);
    back[from] = to;
  }
  bool isMoved = !llvm::is_sorted(perm);
  OpBuilder &b = pieces.builder();
  Value last = isMoved ? pieces.make<TransposeOp>(x, i64s(b, "perm", perm)) : x;
  Value rows = pieces.reshape(last, {typeOf(x).getNumElements() / classes, classes});
  Value y = pieces.reshape(pieces.make<SoftmaxOp>(rows), moved);
  return isMoved ? pieces.make<TransposeOp>(y, i64s(b, "perm", back)) : y;
}

/// exp(x) / sum(exp(x)), of x or of its distance from the largest.
static bool stabilizeSoftmax(DivOp div, StableNotes &notes) {
  auto exp = div.getA().getDefiningOp<ExpOp>();
  auto sum = exp ? unexpanded(div.getB()).getDefiningOp<ReduceSumOp>() : ReduceSumOp();
  // A quotient of another shape repeats exp(x).
  if (!sum || sum.getX() != exp.getY() || div.getType() != exp.getType())
    return false;
  Value x = exp.getX();
  auto sub = x.getDefiningOp<SubOp>();
  auto largest = sub ? unexpanded(sub.getB()).getDefiningOp<ReduceMaxOp>() : ReduceMaxOp();
  bool isShifted = largest && largest.getX() == sub.getA() && largest.getAxes() == sum.getAxes();
  if (isShifted)
    x = sub.getA();
  else
    notes.add(softmaxIsLost, div.getLoc());
  PieceBuilder pieces(div);
  pieces.replaceBy(softmaxOver(pieces, x, sum.getAxes()), "made softmax of exp and its sum");
  return true;
}

/// The mean of squares, in one op: of a difference a variance, of anything else a sum.
static Value meanOfSquares(PieceBuilder &pieces, ReduceMeanOp mean, Value root) {
  NamedAttribute axes = i64s(pieces.builder(), "axes", mean.getAxes());
  if (auto sub = root.getDefiningOp<SubOp>()) {
    Value a = sub.getA(), b = sub.getB();
    if (a.getType() != root.getType())
      std::swap(a, b);
    if (a.getType() == root.getType())
      return pieces.make<VarianceOp>({a, b}, axes);
  }
  Value sum = pieces.make<ReduceSumSquareOp>(root, axes);
  Value y = pieces.affine(
      sum, double(typeOf(mean.getY()).getNumElements()) / double(typeOf(root).getNumElements()), 0);
  keepWide(y);
  return y;
}

static bool stabilizeSquares(Operation &op) {
  Value root = isa<ReduceSumOp, ReduceMeanOp, SqrtOp>(op) ? rootOf(op.getOperand(0)) : Value();
  if (!root)
    return false;
  PieceBuilder pieces(&op);
  if (auto sum = dyn_cast<ReduceSumOp>(op)) {
    NamedAttribute axes = i64s(pieces.builder(), "axes", sum.getAxes());
    pieces.replaceBy(pieces.make<ReduceSumSquareOp>(root, axes), "made one op of a sum of squares");
  } else if (auto mean = dyn_cast<ReduceMeanOp>(op)) {
    pieces.replaceBy(meanOfSquares(pieces, mean, root), "made one op of a mean of squares");
  } else {
    pieces.replaceBy(pieces.make<AbsOp>(root), "made abs of the root of a square");
  }
  return true;
}

/// Whether `value` is zero only where all that it measures is: roots of sums of squares, sums of
/// magnitudes, products of such. Looks back over `depth` ops, as a product has two operands.
static bool isNorm(Value value, unsigned depth = 8) {
  Operation *op = unexpanded(value).getDefiningOp();
  if (depth-- == 0)
    return false;
  if (auto reshape = dyn_cast_or_null<ReshapeOp>(op))
    return isNorm(reshape.getX(), depth);
  if (auto mul = dyn_cast_or_null<MulOp>(op))
    return isNorm(mul.getA(), depth) && isNorm(mul.getB(), depth);
  if (auto root = dyn_cast_or_null<SqrtOp>(op))
    return isNorm(root.getX(), depth);
  return isOneOf<ReduceSumSquareOp, ReduceSumAbsOp>(op);
}

/// 1 / norm, and 0 where the norm is: both 0 / 0 and its gradients are then 0.
static bool stabilizeQuotient(Operation &op, StableNotes &notes) {
  Value norm = isa<DivOp>(op)          ? op.getOperand(1)
               : isa<ReciprocalOp>(op) ? op.getOperand(0)
                                       : Value();
  if (!norm || !isNorm(norm))
    return false;
  // Its inverse has a square in FP32.
  constexpr double least = 0x1p-63;
  PieceBuilder pieces(&op);
  notes.add(quotientIsZero, op.getLoc());
  Value bounded = pieces.clip(norm, least, std::numeric_limits<float>::max());
  Value inverse = pieces.make<ReciprocalOp>(bounded);
  Value isThere = pieces.make<LogicalNotOp>(pieces.make<LogicalNotOp>(norm));
  Value masked = pieces.make<MulOp>({inverse, isThere});
  for (Value value : {bounded, inverse, isThere, masked})
    keepWide(value);
  if (auto div = dyn_cast<DivOp>(op))
    masked = pieces.make<MulOp>({div.getA(), masked});
  pieces.replaceBy(masked, "made the quotient by a norm 0 where the norm is 0");
  return true;
}

void slp::stabilizeNorms(func::FuncOp fn, StableNotes &notes) {
  for (Operation &op : llvm::make_early_inc_range(fn.getBody().front().without_terminator())) {
    auto phase = op.getAttrOfType<PhaseAttr>("phase");
    if (phase && phase.getValue() != Phase::fp)
      continue; // a backward pass of the file's own
    auto div = dyn_cast<DivOp>(op);
    if (div && stabilizeSoftmax(div, notes))
      continue;
    if (div && div.getA().getType() == div.getType())
      PieceBuilder(div).replaceOperand(1, unexpanded(div.getB()));
    if (!stabilizeSquares(op))
      stabilizeQuotient(op, notes);
  }
}
