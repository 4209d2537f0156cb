//===- Parts.cpp - gradients of parts of a tensor ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See Parts.h.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Parts.h"

#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/PadOp.h"
#include "dialects/Train/ReshapeOp.h"
#include "dialects/Train/SliceOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TransposeOp.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace slp::train;
using slp::autodiff::Contribution;

using Sizes = SmallVector<int64_t>;

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

namespace {
/// What of a tensor is asked for, in each dimension.
struct Extract {
  Sizes starts, sizes;
};
} // namespace

static bool isZeroIn(Value v, Extract region);

static bool isZeroInPad(PadOp pad, Extract region) {
  if (!pad.getValue().isZero())
    return false;
  for (auto [d, extent] : llvm::enumerate(shapeOf(pad.getX()))) {
    // What the padding leaves of the region, counted from the first element of x.
    int64_t begin = std::max<int64_t>(region.starts[d] - pad.getLow()[d], 0);
    int64_t end = std::min(region.starts[d] + region.sizes[d] - pad.getLow()[d], extent);
    if (begin >= end)
      return true;
    region.starts[d] = begin;
    region.sizes[d] = end - begin;
  }
  return isZeroIn(pad.getX(), std::move(region));
}

/// The region in a part of the result, which lies at `begin` of the axis.
static bool isZeroInConcat(ConcatOp concat, const Extract &region) {
  int64_t axis = concat.getAxis(), begin = 0;
  for (Value part : concat.getX()) {
    int64_t end = begin + shapeOf(part)[axis];
    int64_t from = std::max(region.starts[axis], begin);
    int64_t to = std::min(region.starts[axis] + region.sizes[axis], end);
    Extract inPart = region;
    inPart.starts[axis] = from - begin;
    inPart.sizes[axis] = to - from;
    if (from < to && !isZeroIn(part, std::move(inPart)))
      return false;
    begin = end;
  }
  return true;
}

/// Leading dimensions that both shapes have, apart from 1s, keep their part; of all others the
/// whole is asked for.
static bool isZeroInReshape(ReshapeOp op, const Extract &region) {
  ArrayRef<int64_t> x = shapeOf(op.getX()), y = shapeOf(op.getY());
  Extract inX = {Sizes(x.size(), 0), Sizes(x)};
  for (size_t i = 0, j = 0; i < x.size() && j < y.size();) {
    if (x[i] == y[j]) {
      inX.starts[i] = region.starts[j];
      inX.sizes[i++] = region.sizes[j++];
    } else if (x[i] == 1) {
      ++i;
    } else if (y[j] == 1) {
      ++j;
    } else {
      break;
    }
  }
  return isZeroIn(op.getX(), std::move(inX));
}

static bool isZeroIn(Value v, Extract region) {
  Operation *op = v.getDefiningOp();
  if (auto pad = dyn_cast_or_null<PadOp>(op))
    return isZeroInPad(pad, std::move(region));
  if (auto concat = dyn_cast_or_null<ConcatOp>(op))
    return isZeroInConcat(concat, region);
  if (auto reshape = dyn_cast_or_null<ReshapeOp>(op))
    return isZeroInReshape(reshape, region);
  if (auto transpose = dyn_cast_or_null<TransposeOp>(op)) {
    Extract inX = region;
    for (auto [to, from] : llvm::enumerate(transpose.getPerm())) {
      inX.starts[from] = region.starts[to];
      inX.sizes[from] = region.sizes[to];
    }
    return isZeroIn(transpose.getX(), std::move(inX));
  }
  if (auto slice = dyn_cast_or_null<SliceOp>(op)) {
    for (size_t d = 0; d < region.starts.size(); ++d) {
      int64_t step = slice.getSteps()[d];
      int64_t first = slice.getStarts()[d] + region.starts[d] * step;
      int64_t last = first + (region.sizes[d] - 1) * step;
      region.starts[d] = std::min(first, last);
      region.sizes[d] = std::abs(last - first) + 1;
    }
    return isZeroIn(slice.getX(), std::move(region));
  }
  return false;
}

/// Whether `grad` is a part of what data movement has filled with zeros, perhaps in another shape.
static bool isZeroPart(Value grad) {
  Value part = grad;
  while (auto reshape = part.getDefiningOp<ReshapeOp>())
    part = reshape.getX();
  ArrayRef<int64_t> shape = shapeOf(part);
  return part.getDefiningOp<SliceOp>() && isZeroIn(part, {Sizes(shape.size(), 0), Sizes(shape)});
}

void slp::autodiff::dropZeroParts(SmallVectorImpl<Contribution> &contributions) {
  if (contributions.size() < 2)
    return;
  Contribution first = contributions.front();
  llvm::erase_if(contributions, [](const Contribution &c) { return isZeroPart(c.grad); });
  if (contributions.empty())
    contributions.push_back(first);
}

namespace {
/// Zeros around a gradient along one dimension, in which it has elements [begin, end).
struct Placed {
  size_t index; // of the contribution
  PadOp pad;
  int64_t axis, begin, end;
};
} // namespace

/// The contribution as such a pad, if it is one.
static std::optional<Placed> placedAlong(size_t index, Value grad) {
  auto pad = grad.getDefiningOp<PadOp>();
  if (!pad || !pad.getValue().isZero())
    return std::nullopt;
  std::optional<Placed> placed;
  for (auto [d, low, high] : llvm::enumerate(pad.getLow(), pad.getHigh())) {
    if (low == 0 && high == 0)
      continue;
    if (low < 0 || high < 0 || placed)
      return std::nullopt;
    placed = Placed{index, pad, int64_t(d), low, shapeOf(grad)[d] - high};
  }
  return placed;
}

/// The parts of a run, which lie side by side, as one contribution.
static Value join(OpBuilder &b, Location loc, ArrayRef<Placed> run) {
  PadOp first = run.front().pad;
  int64_t axis = run.front().axis;
  NamedAttribute phase = phaseOf(b, first.getPhase());
  SmallVector<Value> parts;
  for (Placed part : run)
    parts.push_back(part.pad.getX());
  auto all = createInferred<ConcatOp>(b, loc, parts,
                                      {b.getNamedAttr("axis", b.getI64IntegerAttr(axis)), phase});
  if (!all)
    return nullptr;
  PadOp last = run.back().pad;
  Sizes low(first.getLow()), high(last.getHigh());
  if (low[axis] == 0 && high[axis] == 0)
    return all.getY();
  auto whole = createInferred<PadOp>(b, loc, all.getY(),
                                     {i64s(b, "low", low), i64s(b, "high", high), phase});
  return whole ? whole.getY() : Value();
}

LogicalResult slp::autodiff::joinParts(OpBuilder &b, Location loc,
                                       SmallVectorImpl<Contribution> &contributions) {
  SmallVector<Placed> placed;
  for (auto [i, contribution] : llvm::enumerate(contributions))
    if (std::optional<Placed> part = placedAlong(i, contribution.grad))
      placed.push_back(*part);
  if (placed.size() < 2)
    return success();
  llvm::sort(placed, [](const Placed &a, const Placed &b) {
    return std::tie(a.axis, a.begin, a.index) < std::tie(b.axis, b.begin, b.index);
  });
  SmallVector<bool> isJoined(contributions.size(), false);
  for (size_t begin = 0, end; begin < placed.size(); begin = end) {
    for (end = begin + 1; end < placed.size() && placed[end].axis == placed[begin].axis &&
                          placed[end].begin == placed[end - 1].end;)
      ++end;
    if (end - begin < 2)
      continue;
    ArrayRef<Placed> run = ArrayRef<Placed>(placed).slice(begin, end - begin);
    Value whole = join(b, loc, run);
    if (!whole)
      return failure();
    // It takes the place of the first of its parts in the order of the sum.
    size_t first = run.front().index;
    for (const Placed &part : run) {
      isJoined[part.index] = true;
      first = std::min(first, part.index);
    }
    isJoined[first] = false;
    contributions[first].grad = whole;
  }
  size_t kept = 0;
  for (size_t i = 0; i < contributions.size(); ++i)
    if (!isJoined[i])
      contributions[kept++] = contributions[i];
  contributions.truncate(kept);
  return success();
}
