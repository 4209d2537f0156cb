//===- ImageLosses.cpp - what the loss of an image is -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// From the loss back to the one sum over images.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/ImageLosses.h"

#include "dialects/Train/AffineOp.h"
#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/CrossEntropyOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/ReduceSumAbsOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/ReduceSumSquareOp.h"
#include "dialects/Train/RoundOp.h"
#include "dialects/Train/SpreadOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/VarianceOp.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static bool isOne(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements() == 1;
}

int64_t slp::imagesOf(func::FuncOp fn) {
  if (fn.getNumArguments() == 0)
    return 0;
  auto type = dyn_cast<RankedTensorType>(fn.getArgumentTypes().front());
  return type && type.getRank() != 0 ? type.getDimSize(0) : 0;
}

namespace {
/// The sum over images that a loss goes through.
struct LossSum {
  Operation *op = nullptr; // its first operand has the images
  Value losses;            // or they are there already
};
} // namespace

/// Whether what the squares of a variance are distances from is each image's own, as in a mean of
/// squared differences, or the constant 0.
static bool isOfImages(VarianceOp op, int64_t images) {
  if (shapeOf(op.getMean()).front() == images && images > 1)
    return true;
  auto constant = op.getMean().getDefiningOp<ConstantOp>();
  auto value = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return value && value.isSplat() && value.getSplatValue<APFloat>().isZero();
}

/// Back through single numbers. Fails with why there is no such sum.
static FailureOr<LossSum> findSum(Value value, int64_t images, std::string &why) {
  while (true) {
    value = beforeReshapes(value);
    Operation *op = value.getDefiningOp();
    auto name = [&] { return op->getName().getStringRef().str(); };
    if (!op) {
      why = "it is an input";
      return failure();
    }
    if (auto entropy = dyn_cast<CrossEntropyOp>(op)) {
      int64_t losses = shapeOf(entropy.getLosses())[0];
      if (losses == images)
        return LossSum{nullptr, entropy.getLosses()};
      why = "it has " + std::to_string(losses) + " losses";
      return failure();
    }
    if (isa<ReduceMeanOp, ReduceSumOp, ReduceSumSquareOp, ReduceSumAbsOp, VarianceOp>(op)) {
      Value x = op->getOperand(0);
      auto variance = dyn_cast<VarianceOp>(op);
      if (isOne(value) && shapeOf(x).front() == images &&
          (!variance || isOfImages(variance, images)))
        return LossSum{op, Value()};
      // A sum of what is one number for each row already.
      why = variance && !isOfImages(variance, images)
                ? "train.variance brings the images together"
                : name() + " of " + std::to_string(shapeOf(x).front()) + " rows is none over them";
      return failure();
    }
    auto affine = dyn_cast<AffineOp>(op);
    if (isa<RoundOp>(op) || (affine && affine.getOffset().isZero())) {
      value = op->getOperand(0);
      continue;
    }
    if (isa<SpreadOp>(op) && isOne(value)) {
      value = op->getOperand(0);
      continue;
    }
    if (isa<DivOp>(op) && isOne(op->getOperand(0)) && isOne(op->getOperand(1))) {
      value = op->getOperand(0);
      continue;
    }
    if (isa<MulOp>(op) && isOne(op->getOperand(0)) && isOne(op->getOperand(1))) {
      FailureOr<LossSum> first = findSum(op->getOperand(0), images, why);
      return succeeded(first) ? first : findSum(op->getOperand(1), images, why);
    }
    why = name() + " makes it, which is no sum over images";
    return failure();
  }
}

/// The mean of what `sum` adds up, of each image: (N).
static Value meanOfImages(OpBuilder &b, LossSum sum) {
  Operation *op = sum.op;
  Location loc = op->getLoc();
  b.setInsertionPoint(op);
  auto phase = phaseOf(b, Phase::fp);
  Value x = op->getOperand(0);
  auto type = cast<RankedTensorType>(x.getType());
  int64_t images = type.getDimSize(0), elements = type.getNumElements() / images;
  if (isa<ReduceMeanOp, ReduceSumOp>(op) && elements == 1 && type.getElementType().isF32())
    return type.getRank() == 1 ? x : createReshape(b, loc, type.clone({images}), x, Phase::fp);
  Value mean = isa<VarianceOp>(op) ? cast<VarianceOp>(op).getMean() : Value();
  auto widened = [&](Value v) {
    auto narrow = cast<RankedTensorType>(v.getType());
    return createReshape(b, loc, narrow.clone({narrow.getDimSize(0), 1}), v, Phase::fp);
  };
  if (type.getRank() == 1) {
    x = widened(x);
    mean = mean ? widened(mean) : mean;
  }
  auto axes = i64s(b, "axes", llvm::to_vector(llvm::seq<int64_t>(1, shapeOf(x).size())));
  Value sums;
  if (mean)
    sums = createInferred<VarianceOp>(b, loc, {x, mean}, {axes, phase}).getY();
  else if (isa<ReduceMeanOp, ReduceSumOp>(op))
    sums = createInferred<ReduceMeanOp>(b, loc, x, {axes, phase}).getY();
  else if (isa<ReduceSumSquareOp>(op))
    sums = createInferred<ReduceSumSquareOp>(b, loc, x, {axes, phase}).getY();
  else
    sums = createInferred<ReduceSumAbsOp>(b, loc, x, {axes, phase}).getY();
  if (isa<ReduceSumSquareOp, ReduceSumAbsOp>(op))
    sums = createInferred<SpreadOp>(b, loc, sums,
                                    {i64s(b, "shape", shapeOf(sums)), phase,
                                     b.getNamedAttr("divisor", b.getF32FloatAttr(float(elements)))})
               .getY();
  return createReshape(b, loc, RankedTensorType::get({images}, b.getF32Type()), sums, Phase::fp);
}

FailureOr<Value> slp::findImageLosses(func::FuncOp fn) {
  Value loss = fn.getBody().front().getTerminator()->getOperand(0);
  int64_t images = imagesOf(fn);
  std::string why;
  FailureOr<LossSum> sum = findSum(loss, images, why);
  if (failed(sum)) {
    std::string node = nodeNameOf(loss.getLoc());
    return emitError(UnknownLoc::get(fn.getContext()))
           << "gradient-skip: expected a loss that is a mean or a sum over the " << images
           << " images of the batch"
           << (node.empty() ? "" : ", found that of node \"" + node + "\"") << ": " << why;
  }
  if (sum->losses)
    return sum->losses;
  OpBuilder b(fn.getContext());
  return meanOfImages(b, *sum);
}
