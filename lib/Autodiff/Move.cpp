//===- Move.cpp - gradients of data movement --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each is data movement again: what went where comes back from there.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/TrainMoveOps.h"
#include "dialects/Train/TrainValues.h"

using namespace mlir;
using namespace slp::train;

using Sizes = SmallVector<int64_t>;

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

bool slp::autodiff::isWeight(Value v) {
  while (Operation *op = v.getDefiningOp()) {
    if (isRead(op))
      return true;
    if (!isa<ReshapeOp, TransposeOp, SliceOp, ConcatOp, PadOp, ExpandOp>(op))
      return false;
    v = op->getOperand(0);
  }
  return false;
}

/// The phase of the gradient of `v`.
static NamedAttribute phaseFor(OpBuilder &b, Value v) {
  return phaseOf(b, slp::autodiff::isWeight(v) ? Phase::wg : Phase::bp);
}

static Value reshape(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> shape,
                     NamedAttribute phase) {
  auto type = cast<RankedTensorType>(x.getType());
  return ReshapeOp::create(b, loc, type.clone(shape), x,
                           cast<PhaseAttr>(phase.getValue()).getValue());
}

static Value pad(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
                 NamedAttribute phase) {
  auto isZero = [](int64_t n) { return n == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return x;
  auto op = createInferred<PadOp>(b, loc, x, {i64s(b, "low", low), i64s(b, "high", high), phase});
  return op ? op.getY() : Value();
}

static Value slice(OpBuilder &b, Location loc, Value x, ArrayRef<int64_t> starts,
                   ArrayRef<int64_t> sizes, ArrayRef<int64_t> steps, NamedAttribute phase) {
  auto op = createInferred<SliceOp>(
      b, loc, x,
      {i64s(b, "starts", starts), i64s(b, "sizes", sizes), i64s(b, "steps", steps), phase});
  return op ? op.getY() : Value();
}

namespace {
struct ReshapeGradient : slp::autodiff::GradientOf<ReshapeGradient, ReshapeOp> {
  static LogicalResult gradient(ReshapeOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    grads.push_back(
        reshape(b, op.getLoc(), resultGrads[0], shapeOf(op.getX()), phaseFor(b, op.getX())));
    return success();
  }
};

struct TransposeGradient : slp::autodiff::GradientOf<TransposeGradient, TransposeOp> {
  static LogicalResult gradient(TransposeOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    Sizes inverse(op.getPerm().size());
    for (auto [to, from] : llvm::enumerate(op.getPerm()))
      inverse[from] = to;
    auto dx = createInferred<TransposeOp>(b, op.getLoc(), resultGrads[0],
                                          {i64s(b, "perm", inverse), phaseFor(b, op.getX())});
    grads.push_back(dx ? dx.getY() : Value());
    return success(bool(dx));
  }
};

/// Zeros around and between what was taken.
struct SliceGradient : slp::autodiff::GradientOf<SliceGradient, SliceOp> {
  static LogicalResult gradient(SliceOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    NamedAttribute phase = phaseFor(b, op.getX());
    Location loc = op.getLoc();
    Value dx = resultGrads[0];
    Sizes starts(op.getStarts()), sizes(op.getSizes()), steps(op.getSteps());
    size_t rank = sizes.size();
    Sizes firsts(rank, 0), directions(rank, 1), spread, gaps, wide;
    bool isReversed = false, isSparse = false;
    for (size_t d = 0; d < rank; ++d) {
      if (steps[d] < 0 && sizes[d] > 1) {
        isReversed = true;
        firsts[d] = sizes[d] - 1;
        directions[d] = -1;
        starts[d] += (sizes[d] - 1) * steps[d];
      }
      int64_t step = sizes[d] > 1 ? std::abs(steps[d]) : 1;
      isSparse |= step > 1;
      // Each element becomes itself and step - 1 zeros.
      spread.append({sizes[d], 1});
      gaps.append({0, step - 1});
      wide.push_back(sizes[d] * step);
    }
    if (isReversed)
      dx = slice(b, loc, dx, firsts, sizes, directions, phase);
    if (isSparse && dx) {
      dx = pad(b, loc, reshape(b, loc, dx, spread, phase), Sizes(spread.size(), 0), gaps, phase);
      dx = dx ? reshape(b, loc, dx, wide, phase) : Value();
    }
    Sizes high;
    for (auto [extent, start, size] : llvm::zip(shapeOf(op.getX()), starts, wide))
      high.push_back(extent - start - size);
    grads.push_back(dx ? pad(b, loc, dx, starts, high, phase) : Value());
    return success(bool(grads.back()));
  }
};

struct ConcatGradient : slp::autodiff::GradientOf<ConcatGradient, ConcatOp> {
  static LogicalResult gradient(ConcatOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    int64_t axis = op.getAxis(), begin = 0;
    for (auto [part, isWanted] : llvm::zip(op.getX(), needed)) {
      Sizes sizes(shapeOf(part)), starts(sizes.size(), 0), steps(sizes.size(), 1);
      starts[axis] = begin;
      begin += sizes[axis];
      grads.push_back(
          isWanted ? slice(b, op.getLoc(), resultGrads[0], starts, sizes, steps, phaseFor(b, part))
                   : Value());
      if (isWanted && !grads.back())
        return failure();
    }
    return success();
  }
};

/// Zeros where elements were left out; the padding goes.
struct PadGradient : slp::autodiff::GradientOf<PadGradient, PadOp> {
  static LogicalResult gradient(PadOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    auto negated = [](ArrayRef<int64_t> pads) {
      return Sizes(llvm::map_range(pads, [](int64_t n) { return -n; }));
    };
    grads.push_back(pad(b, op.getLoc(), resultGrads[0], negated(op.getLow()), negated(op.getHigh()),
                        phaseFor(b, op.getX())));
    return success(bool(grads.back()));
  }
};

/// The sum over what was repeated.
struct ExpandGradient : slp::autodiff::GradientOf<ExpandGradient, ExpandOp> {
  static LogicalResult gradient(ExpandOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    grads.push_back(
        slp::autodiff::sumToShape(b, op.getLoc(), resultGrads[0], shapeOf(op.getX()),
                                  slp::autodiff::isWeight(op.getX()) ? Phase::wg : Phase::bp));
    return success(bool(grads.back()));
  }
};

struct GatherGradient : slp::autodiff::GradientOf<GatherGradient, GatherOp> {
  static LogicalResult gradient(GatherOp op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    auto dtable = createInferred<ScatterAddOp>(
        b, op.getLoc(), {resultGrads[0], op.getIndices()},
        {b.getNamedAttr("rows", b.getI64IntegerAttr(shapeOf(op.getTable())[1])),
         phaseFor(b, op.getTable())});
    grads.assign({dtable ? dtable.getDtable() : Value(), Value()});
    return success(bool(dtable));
  }
};

struct ScatterAddGradient : slp::autodiff::GradientOf<ScatterAddGradient, ScatterAddOp> {
  static LogicalResult gradient(ScatterAddOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool>, SmallVectorImpl<Value> &grads) {
    auto dy = createInferred<GatherOp>(b, op.getLoc(), {resultGrads[0], op.getIndices()},
                                       phaseOf(b, Phase::bp));
    grads.assign({dy ? dy.getY() : Value(), Value()});
    return success(bool(dy));
  }
};

/// Whole numbers have no gradient.
template <typename Op>
struct ConversionGradient : slp::autodiff::GradientOf<ConversionGradient<Op>, Op> {
  static LogicalResult gradient(Op, OpBuilder &, ValueRange, ArrayRef<bool>,
                                SmallVectorImpl<Value> &grads) {
    grads.push_back(Value());
    return success();
  }
};
} // namespace

Value slp::autodiff::sumToShape(OpBuilder &b, Location loc, Value grad, ArrayRef<int64_t> shape,
                                Phase phase) {
  SmallVector<int64_t> axes;
  for (auto [d, extent] : llvm::enumerate(shapeOf(grad)))
    if (shape[d] != extent)
      axes.push_back(d);
  if (axes.empty())
    return grad;
  auto sum = createInferred<ReduceSumOp>(b, loc, grad, {i64s(b, "axes", axes), phaseOf(b, phase)});
  return sum ? sum.getY() : Value();
}

void slp::autodiff::attachMoveGradients(MLIRContext &context) {
  ReshapeOp::attachInterface<ReshapeGradient>(context);
  TransposeOp::attachInterface<TransposeGradient>(context);
  SliceOp::attachInterface<SliceGradient>(context);
  ConcatOp::attachInterface<ConcatGradient>(context);
  PadOp::attachInterface<PadGradient>(context);
  ExpandOp::attachInterface<ExpandGradient>(context);
  GatherOp::attachInterface<GatherGradient>(context);
  ScatterAddOp::attachInterface<ScatterAddGradient>(context);
  ToFloatOp::attachInterface<ConversionGradient<ToFloatOp>>(context);
  ToIntegerOp::attachInterface<ConversionGradient<ToIntegerOp>>(context);
}
