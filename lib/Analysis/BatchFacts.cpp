//===- BatchFacts.cpp - values of a batch and of its parts
//-------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See BatchFacts.h.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/BatchFacts.h"

#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/ConvBpOpKind.h"
#include "dialects/Train/ConvOpKind.h"
#include "dialects/Train/ConvWgOpKind.h"
#include "dialects/Train/GatherOp.h"
#include "dialects/Train/LogSoftmaxGradOpKind.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/ReduceMaxOpKind.h"
#include "dialects/Train/ReduceMeanOpKind.h"
#include "dialects/Train/ReduceMinOpKind.h"
#include "dialects/Train/ReduceProdOpKind.h"
#include "dialects/Train/ReduceSumAbsOpKind.h"
#include "dialects/Train/ReduceSumOpKind.h"
#include "dialects/Train/ReduceSumSquareOpKind.h"
#include "dialects/Train/ReshapeOpKind.h"
#include "dialects/Train/ScatterAddOp.h"
#include "dialects/Train/SoftmaxGradOpKind.h"
#include "dialects/Train/TrainMasks.h"
#include "dialects/Train/VarianceOp.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::train;
using namespace slp::analysis;

static int64_t count(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    product *= size;
  return product;
}

std::optional<int64_t> Comparison::imageDim(Value value) const {
  ArrayRef<int64_t> a = shapeOf(value), b = shapeOf(inWhole.lookup(value));
  int64_t dim = -1;
  if (a.size() != b.size())
    return std::nullopt;
  for (auto [d, size] : llvm::enumerate(a)) {
    if (size == b[d])
      continue;
    if (dim >= 0 || size * factor != b[d])
      return std::nullopt;
    dim = d;
  }
  return dim;
}

std::optional<int> Comparison::powerOf(double a, double b) const {
  if (a == 0 || b == 0)
    return a == b ? std::optional<int>(0) : std::nullopt;
  for (int n = -2; n <= 2; ++n) // both are rounded to FP32
    if (std::abs(a * std::pow(double(factor), n) - b) <= 1e-6 * std::abs(b))
      return n;
  return std::nullopt;
}

//===----------------------------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------------------------===//

/// Rows of what the operands have for each image; fixed if none has images.
Fact Comparison::joined(Operation *op, int power) {
  Fact result;
  result.isSplat = true;
  for (Value operand : op->getOperands()) {
    const Fact &fact = of(operand);
    if (fact.kind == Fact::total)
      return fails(op, repeats);
    if (fact.kind == Fact::rows && result.kind == Fact::rows && !fact.hasLayoutOf(result))
      return fails(op, several);
    if (fact.kind == Fact::rows)
      result = fact;
    else
      result.isSplat &= fact.isSplat;
  }
  return result.withPower(power);
}

/// A function of the elements of all operands.
Fact Comparison::elementwise(Operation *op) {
  bool hasRows = false, hasTotal = false;
  for (Value operand : op->getOperands()) {
    hasRows |= of(operand).kind == Fact::rows;
    hasTotal |= of(operand).kind == Fact::total;
    if (of(operand).kind != Fact::total && of(operand).power)
      return isUnknown(op);
  }
  if (hasTotal)
    return fails(op, hasRows ? repeats : notLinear);
  return joined(op, 0);
}

/// a + b, a - b, or one of the two for each element; other operands are fixed.
Fact Comparison::sumLike(Operation *op, Value a, Value b) {
  Fact first = of(a), second = of(b);
  if (first.power != second.power) {
    bool hasTotal = first.kind == Fact::total || second.kind == Fact::total;
    return hasTotal ? fails(op, "adds to a sum over images what is none") : isUnknown(op);
  }
  if (!first.isWhole() || !second.isWhole() ||
      (first.kind == Fact::fixed && second.kind == Fact::fixed))
    return joined(op, first.power);
  return imageDim(op->getResult(0)) == -1 ? total(first.power) : fails(op, repeats);
}

/// a * b, or a / b with a `sign` of -1.
Fact Comparison::product(Operation *op, const Fact &a, const Fact &b, int sign) {
  int power = a.power + sign * b.power;
  if (a.kind == Fact::total && b.kind == Fact::total)
    return fails(op, sign < 0 ? "divides one mean or sum over images by another"
                              : "multiplies means or sums over images");
  bool isLinear = (a.kind == Fact::total && b.kind == Fact::fixed) ||
                  (b.kind == Fact::total && a.kind == Fact::fixed && sign > 0);
  if (isLinear)
    return imageDim(op->getResult(0)) == -1 ? total(power) : fails(op, repeats);
  if (b.kind == Fact::total && a.kind == Fact::fixed)
    return fails(op, notLinear);
  return joined(op, power);
}

/// x times a number, or divided by it, which is `other` for the whole batch.
Fact Comparison::scaled(Operation *op, const Fact &x, double scale, double other, int sign) {
  std::optional<int> power = powerOf(scale, other);
  return power ? x.withPower(x.power + sign * *power) : isUnknown(op);
}

NllOp slp::analysis::sharesBehind(Value value) {
  for (unsigned depth = 0; depth < 8; ++depth) {
    Operation *op = value.getDefiningOp();
    if (auto nll = dyn_cast_or_null<NllOp>(op))
      return value == nll.getShares() ? nll : NllOp();
    if (!isOneOf<ReduceSumOp, ReshapeOp>(op))
      return {};
    value = op->getOperand(0);
  }
  return {};
}

//===----------------------------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------------------------===//

Fact Comparison::reduction(Operation *op, ArrayRef<int64_t> axes) {
  Value x = op->getOperand(0);
  const Fact &fact = of(x);
  bool isSum = isOneOf<ReduceSumOp, ReduceSumSquareOp, ReduceSumAbsOp>(op);
  bool isLinear = isOneOf<ReduceSumOp, ReduceMeanOp>(op);
  if (fact.power && !isLinear)
    return isUnknown(op);
  if (fact.kind == Fact::total)
    return isLinear ? fact : fails(op, notLinear);
  std::optional<int64_t> dim = imageDim(x);
  bool isOverImages = dim && *dim >= 0 && llvm::is_contained(axes, *dim);
  if (!dim || (isOverImages && isOneOf<ReduceProdOp>(op)))
    return dim && fact.kind == Fact::rows ? fails(op, "takes a product over images")
                                          : isUnknown(op);
  if (!isOverImages)
    return fact;
  if (fact.kind == Fact::fixed)
    return fact.withPower(fact.power + isSum);
  if (isOneOf<ReduceMaxOp>(op))
    return fails(op, "takes the largest over images");
  if (isOneOf<ReduceMinOp>(op))
    return fails(op, "takes the smallest over images");
  return total(fact.power + isSum);
}

Fact Comparison::variance(VarianceOp op) {
  if (of(op.getMean()).kind == Fact::total)
    return fails(op, overImages);
  Fact fact = elementwise(op);
  std::optional<int64_t> dim = imageDim(op.getX());
  if (fact.kind == Fact::coupled || !dim)
    return fact.kind == Fact::coupled ? fact : isUnknown(op);
  bool isOverImages = *dim >= 0 && llvm::is_contained(op.getAxes(), *dim);
  return isOverImages && fact.kind == Fact::rows ? total(0) : fact;
}

/// A function of the elements along dimension `row` of the first operand, which is linear in it if
/// it is a gradient.
Fact Comparison::alongRows(Operation *op, int64_t row) {
  bool isGradient = isOneOf<SoftmaxGradOp, LogSoftmaxGradOp>(op);
  int power = isGradient ? of(op->getOperand(0)).power : 0;
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (of(operand).power && !(isGradient && i == 0))
      return isUnknown(op);
  Fact fact = joined(op, power);
  return fact.kind == Fact::rows && fact.dim == row ? fails(op, "takes a softmax over images")
                                                    : fact;
}

/// The sum over images of products of rows.
Fact Comparison::sumOverImages(Operation *op, const Fact &a, const Fact &b) {
  return a.outer == b.outer && a.inner == b.inner ? total(a.power + b.power + 1)
                                                  : fails(op, several);
}

Fact Comparison::matmul(MatMulOp op) {
  Fact a = of(op.getA()), b = of(op.getB());
  int power = a.power + b.power;
  if (op.getBias() && (of(op.getBias()).kind != Fact::fixed || of(op.getBias()).power != power))
    return isUnknown(op);
  int64_t rank = shapeOf(op.getA()).size();
  int64_t sumOfA = op.getTransposeA() ? rank - 2 : rank - 1;
  int64_t sumOfB = op.getTransposeB() ? rank - 1 : rank - 2;
  bool hasRows = a.kind == Fact::rows || b.kind == Fact::rows;
  if (a.kind == Fact::total || b.kind == Fact::total) {
    if (hasRows)
      return fails(op, repeats);
    return a.kind == b.kind ? fails(op, notLinear) : total(power);
  }
  std::optional<int64_t> depth = imageDim(op.getA());
  if (!hasRows)
    return depth ? Fact().withPower(power + (*depth == sumOfA)) : isUnknown(op);
  bool isBatched = rank == 3 && a.dim == 0 && b.dim == 0;
  if (a.kind == Fact::rows && b.kind == Fact::rows) {
    if (isBatched && a.hasLayoutOf(b))
      return a.withPower(power);
    if (a.dim == sumOfA && b.dim == sumOfB)
      return sumOverImages(op, a, b);
    return fails(op, "multiplies images with images");
  }
  const Fact &images = a.kind == Fact::rows ? a : b, &other = a.kind == Fact::rows ? b : a;
  if (images.dim == (a.kind == Fact::rows ? sumOfA : sumOfB))
    return other.isSplat ? total(power + 1) : fails(op, several);
  bool isLeading = images.dim == rank - 3;
  int64_t dim = isLeading ? rank - 3 : a.kind == Fact::rows ? rank - 2 : rank - 1;
  return images.along(dim).withPower(power);
}

//===----------------------------------------------------------------------------------------===//
// Windows and moves
//===----------------------------------------------------------------------------------------===//

/// Convolutions and poolings: the first dimension counts images, weights are fixed.
Fact Comparison::window(Operation *op) {
  const Fact &x = of(op->getOperand(0));
  if (isOneOf<ConvWgOp>(op)) {
    const Fact &dy = of(op->getOperand(1));
    bool isImages = x.kind == Fact::rows && dy.kind == Fact::rows && x.dim == 0 && dy.dim == 0;
    return isImages ? sumOverImages(op, x, dy) : isUnknown(op);
  }
  if (isOneOf<ConvOp, ConvBpOp>(op) && of(op->getOperand(1)).kind != Fact::fixed)
    return fails(op, "has images, or what is computed of them, for weights");
  int power = 0;
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    power += i < 2 ? of(operand).power : 0;
  if (op->getNumOperands() >= 3 && !isMask(op->getOpOperand(2)) &&
      of(op->getOperand(2)).power != power)
    return isUnknown(op); // the first value
  Fact fact = joined(op, power);
  fact.isSplat = false;
  int64_t first = isOneOf<ConvOp, ConvBpOp>(op) ? 0 : 1;
  return fact.kind == Fact::rows && fact.dim > first ? fails(op, several) : fact;
}

/// The elements of `x` in row-major order under the shape of the result.
Fact Comparison::reshape(Operation *op, Value x) {
  Fact fact = of(x);
  if (fact.kind != Fact::rows)
    return fact;
  std::optional<int64_t> dim = imageDim(op->getResult(0));
  if (!dim || *dim < 0)
    return fails(op, several);
  ArrayRef<int64_t> from = shapeOf(x), to = shapeOf(op->getResult(0));
  int64_t outer = count(from.take_front(fact.dim)) * fact.outer;
  int64_t inner = count(from.drop_front(fact.dim + 1)) * fact.inner;
  int64_t before = count(to.take_front(*dim)), after = count(to.drop_front(*dim + 1));
  if (outer % before || inner % after)
    return fails(op, several);
  fact.dim = *dim;
  fact.outer = outer / before;
  fact.inner = inner / after;
  return fact;
}

/// `x`, a fact of `from`, along dimensions in which it has extent 1.
Fact Comparison::repeated(Operation *op, const Fact &x, Value from) {
  std::optional<int64_t> was = imageDim(from), is = imageDim(op->getResult(0));
  if (!was || !is)
    return isUnknown(op);
  if (*was == *is || (x.kind == Fact::fixed && x.isSplat))
    return x;
  if (x.kind != Fact::fixed)
    return fails(op, x.kind == Fact::total ? repeats : several);
  Fact fact;
  fact.kind = Fact::rows; // the same for each image
  fact.dim = *is;
  return fact.withPower(x.power);
}

Fact Comparison::concat(ConcatOp op) {
  int64_t axis = op.getAxis();
  std::optional<int64_t> dim = imageDim(op.getY());
  bool hasTotal = false, isEqual = true;
  int power = of(op.getX().front()).power;
  for (Value x : op.getX()) {
    hasTotal |= of(x).kind == Fact::total;
    isEqual &= of(x).power == power;
  }
  if (!dim || !isEqual)
    return isUnknown(op);
  if (hasTotal)
    return *dim == -1 ? total(power) : fails(op, repeats);
  Fact fact = joined(op, power);
  fact.isSplat = false;
  if (fact.kind != Fact::rows || fact.dim != axis)
    return fact;
  // Batch after batch: (parts * outer, images, inner).
  for (Value x : op.getX())
    if (of(x).kind != Fact::rows)
      return fails(op, "puts what is no image beside images");
  fact.outer *= op.getX().size();
  return fact;
}

Fact Comparison::gather(GatherOp op) {
  Fact table = of(op.getTable()), indices = of(op.getIndices());
  if (indices.kind == Fact::total || indices.power)
    return isUnknown(op);
  if (indices.kind == Fact::rows)
    return table.kind == Fact::fixed ? indices.along(1).withPower(table.power)
                                     : fails(op, "picks from a table that is computed from images");
  if (table.kind == Fact::rows && table.dim == 1)
    return fails(op, "picks some of the images");
  if (imageDim(op.getIndices()) != -1 && table.kind != Fact::fixed)
    return isUnknown(op);
  table.isSplat = false;
  return table;
}

Fact Comparison::scatter(ScatterAddOp op) {
  Fact dy = of(op.getDy()), indices = of(op.getIndices());
  if (indices.kind == Fact::rows && dy.kind == Fact::rows && dy.dim == 1)
    return sumOverImages(op, dy, indices);
  return indices.kind == Fact::fixed && !(dy.kind == Fact::rows && dy.dim == 1) &&
                 imageDim(op.getIndices()) == -1
             ? dy
             : isUnknown(op);
}

Fact Comparison::constant(ConstantOp op, ConstantOp other) {
  auto values = cast<DenseElementsAttr>(op.getValue());
  auto others = cast<DenseElementsAttr>(other.getValue());
  bool isFloat = values.getElementType().isF32();
  auto numbers = [&](DenseElementsAttr of) {
    SmallVector<double> list;
    if (isFloat)
      for (float value : of.getValues<float>())
        list.push_back(value);
    else
      for (const APInt &value : of.getValues<APInt>())
        list.push_back(value.getSExtValue());
    return list;
  };
  if (others.getElementType() != values.getElementType() || values.isSplat() != others.isSplat())
    return isUnknown(op);
  Fact fact;
  fact.isSplat = values.isSplat();
  std::optional<int64_t> dim = imageDim(op.getY());
  if (!dim)
    return isUnknown(op);
  if (fact.isSplat || *dim == -1) {
    std::optional<int> power;
    SmallVector<double> a, b;
    if (fact.isSplat && isFloat)
      a = {values.getSplatValue<float>()}, b = {others.getSplatValue<float>()};
    else
      a = numbers(values), b = numbers(others);
    if (values == others || llvm::equal(a, b))
      return fact;
    for (auto [x, y] : llvm::zip(a, b)) {
      std::optional<int> one = powerOf(x, y);
      if (!one || (power && *power != *one && x != 0))
        return fails(op, "is a constant that depends on the batch");
      if (x != 0)
        power = one;
    }
    return fact.withPower(power.value_or(0));
  }
  // A number for each image: is it the same for all?
  SmallVector<double> a = numbers(values), b = numbers(others);
  int64_t inner = count(shapeOf(op.getY()).drop_front(*dim + 1));
  auto isSame = [&](ArrayRef<double> list, int64_t images) {
    for (int64_t i = 0, end = list.size(); i < end; ++i)
      if (list[i] != list[i - (i / inner % images) * inner])
        return false;
    return true;
  };
  if (!isSame(a, shapeOf(op.getY())[*dim]) || !isSame(b, shapeOf(other.getY())[*dim]))
    return fails(op, "has another number for each image");
  fact.kind = Fact::rows;
  fact.dim = *dim;
  return fact;
}
