//===- BatchCoupling.cpp - what a step of micro-batches is
//--------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Which op has which rule of BatchFacts.h, and the walk through both graphs.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/BatchCoupling.h"

#include "lib/Analysis/BatchFacts.h"

#include "dialects/Train/AddOpKind.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/AvgPoolGradOpKind.h"
#include "dialects/Train/AvgPoolOpKind.h"
#include "dialects/Train/BiasAddOp.h"
#include "dialects/Train/BiasGradOpKind.h"
#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/ConvBpOpKind.h"
#include "dialects/Train/ConvOpKind.h"
#include "dialects/Train/ConvWgOpKind.h"
#include "dialects/Train/CrossEntropyGradOpKind.h"
#include "dialects/Train/CrossEntropyOp.h"
#include "dialects/Train/CrossEntropyOpKind.h"
#include "dialects/Train/DivOpKind.h"
#include "dialects/Train/DropoutOpKind.h"
#include "dialects/Train/ExpandOpKind.h"
#include "dialects/Train/GatherOp.h"
#include "dialects/Train/GradientOp.h"
#include "dialects/Train/LogSoftmaxGradOpKind.h"
#include "dialects/Train/LogSoftmaxOpKind.h"
#include "dialects/Train/LogicalNotOpKind.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/MaxPoolGradOpKind.h"
#include "dialects/Train/MaxPoolOpKind.h"
#include "dialects/Train/MaxPoolTakeOpKind.h"
#include "dialects/Train/MulOpKind.h"
#include "dialects/Train/NllGradOpKind.h"
#include "dialects/Train/NllOp.h"
#include "dialects/Train/NllOpKind.h"
#include "dialects/Train/NormalizeOpKind.h"
#include "dialects/Train/PadOp.h"
#include "dialects/Train/ReduceMaxOpKind.h"
#include "dialects/Train/ReduceMeanOpKind.h"
#include "dialects/Train/ReduceMinOpKind.h"
#include "dialects/Train/ReduceProdOpKind.h"
#include "dialects/Train/ReduceSumAbsOpKind.h"
#include "dialects/Train/ReduceSumOpKind.h"
#include "dialects/Train/ReduceSumSquareOpKind.h"
#include "dialects/Train/ReluOpKind.h"
#include "dialects/Train/ReshapeOpKind.h"
#include "dialects/Train/ScatterAddOp.h"
#include "dialects/Train/SeedOpKind.h"
#include "dialects/Train/SelectOp.h"
#include "dialects/Train/SliceOp.h"
#include "dialects/Train/SoftmaxGradOpKind.h"
#include "dialects/Train/SoftmaxOpKind.h"
#include "dialects/Train/SpreadOp.h"
#include "dialects/Train/StatisticsOpKind.h"
#include "dialects/Train/SubOpKind.h"
#include "dialects/Train/ToFloatOpKind.h"
#include "dialects/Train/ToIntegerOpKind.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TransposeOp.h"
#include "dialects/Train/VarianceOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using namespace slp::analysis;

static double numberOf(const APFloat &value) { return value.convertToFloat(); }

/// Whether nothing but dimension `dim` of x has changed its place: what a move leaves of images.
static bool keepsImages(Operation *op, int64_t dim) {
  if (auto slice = dyn_cast<SliceOp>(op))
    return slice.getStarts()[dim] == 0 && slice.getSteps()[dim] == 1 &&
           shapeOf(slice.getX())[dim] == shapeOf(slice.getY())[dim];
  auto pad = cast<PadOp>(op);
  return pad.getLow()[dim] == 0 && pad.getHigh()[dim] == 0;
}

/// Whether the ops have the same attributes apart from sizes, and numbers that their rules look at.
static bool hasSameAttributes(Operation *op, Operation *other) {
  auto rest = [](Operation *of) {
    NamedAttrList list(of->getAttrDictionary());
    for (StringRef name : {"shape", "sizes", "input_shape"})
      list.erase(name);
    return list.getDictionary(of->getContext());
  };
  return isa<AffineOp, ConstantOp, SpreadOp>(op) || rest(op) == rest(other);
}

Fact Comparison::visit(Operation *op, Operation *other) {
  for (Value operand : op->getOperands())
    if (of(operand).kind == Fact::coupled)
      return of(operand);
  Value x = op->getNumOperands() ? op->getOperand(0) : Value();
  if (auto constant = dyn_cast<ConstantOp>(op))
    return this->constant(constant, cast<ConstantOp>(other));
  if (stateReadBy(op))
    return imageDim(op->getResult(0)) == -1 ? Fact() : isUnknown(op);
  if (isOneOf<SeedOp>(op)) {
    Fact one;
    one.isSplat = true;
    return one;
  }
  if (auto affine = dyn_cast<AffineOp>(op)) {
    auto inOther = cast<AffineOp>(other);
    double offset = numberOf(affine.getOffset());
    if (offset != numberOf(inOther.getOffset()))
      return isUnknown(op);
    Fact y = scaled(op, of(x), numberOf(affine.getScale()), numberOf(inOther.getScale()), 1);
    if (offset != 0 && y.kind != Fact::coupled && y.power != 0)
      return y.kind == Fact::total ? fails(op, "adds to a sum over images what is none")
                                   : isUnknown(op);
    return y;
  }
  if (isOneOf<AddOp, SubOp>(op))
    return sumLike(op, x, op->getOperand(1));
  if (auto bias = dyn_cast<BiasAddOp>(op)) {
    Fact y = sumLike(op, x, bias.getBias());
    return of(bias.getBias()).kind == Fact::rows ? fails(op, several) : y;
  }
  if (isOneOf<MulOp>(op))
    return product(op, of(x), of(op->getOperand(1)), 1);
  if (isOneOf<DivOp>(op))
    return product(op, of(x), of(op->getOperand(1)), -1);
  if (isOneOf<LogicalNotOp>(op) && of(x).kind == Fact::total)
    if (NllOp nll = sharesBehind(x)) // which its mean asks whether there are any
      return fails(nll, nll.getWeights()
                            ? "divides by the weights of the labels of all images (class weights)"
                            : "divides by the number of labels that count (ignore_index), which "
                              "may be others in each micro-batch");
  if (auto select = dyn_cast<SelectOp>(op))
    if (of(x).kind == Fact::fixed && of(x).power == 0)
      return sumLike(op, select.getA(), select.getB());
  if (isOneOf<StatisticsOp>(op)) {
    if (of(x).kind == Fact::rows && of(x).dim == 1)
      return fails(op, several);
    return of(x).kind == Fact::fixed && of(x).power == 0 ? of(x) : fails(op, overImages);
  }
  if (auto variance = dyn_cast<VarianceOp>(op))
    return this->variance(variance);
  if (isOneOf<ReduceSumOp, ReduceMeanOp, ReduceSumSquareOp, ReduceSumAbsOp, ReduceMaxOp,
              ReduceMinOp, ReduceProdOp>(op))
    return reduction(op, op->getAttrOfType<DenseI64ArrayAttr>("axes").asArrayRef());
  if (isOneOf<BiasGradOp>(op)) {
    const Fact &dy = of(x);
    return dy.kind == Fact::rows && dy.dim != 1 ? total(dy.power + 1) : isUnknown(op);
  }
  if (isOneOf<SoftmaxOp, LogSoftmaxOp, SoftmaxGradOp, LogSoftmaxGradOp>(op))
    return of(x).kind == Fact::total ? fails(op, notLinear)
                                     : alongRows(op, int64_t(shapeOf(x).size()) - 1);
  if (isOneOf<CrossEntropyOp, CrossEntropyGradOp, NllOp, NllGradOp>(op)) {
    bool isNllGrad = isOneOf<NllGradOp>(op);
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      if (of(operand).power && !(isNllGrad && i == 0))
        return isUnknown(op);
    Fact rows = joined(op, isOneOf<CrossEntropyGradOp>(op) ? -1 : isNllGrad ? of(x).power : 0);
    return rows.kind == Fact::rows && rows.dim != 0 ? fails(op, several) : rows;
  }
  if (auto matmul = dyn_cast<MatMulOp>(op))
    return this->matmul(matmul);
  if (isOneOf<ConvOp, ConvBpOp, ConvWgOp, MaxPoolOp, MaxPoolGradOp, MaxPoolTakeOp, AvgPoolOp,
              AvgPoolGradOp>(op))
    return of(x).kind == Fact::total ? isUnknown(op) : window(op);
  if (isOneOf<ReshapeOp>(op))
    return reshape(op, x);
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    Fact fact = of(x);
    if (fact.kind == Fact::rows)
      fact.dim = llvm::find(transpose.getPerm(), fact.dim) - transpose.getPerm().begin();
    return fact;
  }
  if (isa<SliceOp, PadOp>(op)) {
    Fact fact = of(x);
    if (fact.kind == Fact::rows && !keepsImages(op, fact.dim))
      return fails(op, isa<PadOp>(op) ? "puts what is no image beside images"
                                      : "takes some of the images");
    if (isa<PadOp>(op) && fact.kind != Fact::rows && cast<PadOp>(op).getValue().isNonZero())
      return fact.kind == Fact::fixed && fact.power == 0 ? Fact() : isUnknown(op);
    fact.isSplat &= isa<SliceOp>(op);
    return imageDim(op->getResult(0)) ? fact : isUnknown(op);
  }
  if (isOneOf<ExpandOp>(op))
    return repeated(op, of(x), x);
  if (auto spread = dyn_cast<SpreadOp>(op)) {
    Fact y = scaled(op, of(x), numberOf(spread.getDivisor()),
                    numberOf(cast<SpreadOp>(other).getDivisor()), -1);
    return y.kind == Fact::coupled ? y : repeated(op, y, x);
  }
  if (auto concat = dyn_cast<ConcatOp>(op))
    return this->concat(concat);
  if (auto gather = dyn_cast<GatherOp>(op))
    return this->gather(gather);
  if (auto scatter = dyn_cast<ScatterAddOp>(op))
    return this->scatter(scatter);
  if (isOneOf<DropoutOp>(op)) // each element's own, by its place in the micro-batch
    return of(x).kind == Fact::rows ? of(x) : isUnknown(op);
  if (isOneOf<NormalizeOp, ReluOp, ToFloatOp, ToIntegerOp>(op))
    return elementwise(op);
  if (isa<ElementwiseInterface>(op)) {
    // Gradients of functions are linear in dy, the first operand.
    bool isGradient = op->getName().stripDialect().ends_with("_grad");
    if (isGradient && op->getNumOperands() == 2 && of(x).kind != Fact::total &&
        of(op->getOperand(1)).kind != Fact::total && of(op->getOperand(1)).power == 0)
      return joined(op, of(x).power);
    return elementwise(op);
  }
  return isUnknown(op);
}

BatchVerdict Comparison::run() {
  for (auto [argument, other] : llvm::zip(part.getArguments(), whole.getArguments())) {
    inWhole[argument] = other;
    Fact fact;
    std::optional<int64_t> dim = imageDim(argument);
    if (dim && *dim >= 0) {
      fact.kind = Fact::rows;
      fact.dim = *dim;
    } else { // each run has its own, which is no image's
      fact = isUnknown(nullptr);
    }
    facts[argument] = fact;
  }
  auto &ops = part.getBody().front().getOperations();
  auto &others = whole.getBody().front().getOperations();
  if (ops.size() != others.size() || part.getNumArguments() != whole.getNumArguments())
    return {BatchVerdict::unknown};
  Fact result;
  auto see = [&](const Fact &fact, Operation *op) {
    if (result.kind == Fact::coupled)
      return;
    if (fact.kind == Fact::coupled)
      result = fact;
    else if (!fact.isWhole() || (fact.power != 0 && fact.power != 1))
      result = isUnknown(op);
    else if (fact.power != 0)
      result = total(fact.power);
  };
  for (auto [op, other] : llvm::zip(ops, others)) {
    if (op.getName() != other.getName() || op.getNumOperands() != other.getNumOperands())
      return {BatchVerdict::unknown, &op};
    for (auto [operand, another] : llvm::zip(op.getOperands(), other.getOperands()))
      if (inWhole.lookup(operand) != another)
        return {BatchVerdict::unknown, &op};
    for (auto [value, another] : llvm::zip(op.getResults(), other.getResults()))
      inWhole[value] = another;
    if (auto gradient = dyn_cast<GradientOp>(op)) {
      see(of(gradient.getValue()), &op);
      continue;
    }
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      if (op.getNumOperands())
        see(of(op.getOperand(0)), &op);
      continue;
    }
    if (op.getNumResults() == 0)
      continue;
    Fact fact = hasSameAttributes(&op, &other) ? visit(&op, &other) : isUnknown(&op);
    // Rows have a dimension of images, where cases above have missed it; what else has one is the
    // same everywhere.
    std::optional<int64_t> dim = imageDim(op.getResult(op.getNumResults() - 1));
    bool fits = fact.kind == Fact::rows ? dim == fact.dim : dim == -1 || (dim && fact.isSplat);
    if (fact.kind != Fact::coupled && !fits)
      fact = isUnknown(&op);
    for (Value value : op.getResults())
      facts[value] = fact;
    if (auto loss = dyn_cast<CrossEntropyOp>(op); loss && fact.kind == Fact::rows)
      facts[loss.getLoss()] = total(0);
  }
  if (result.kind == Fact::coupled)
    return {result.why.empty() ? BatchVerdict::unknown : BatchVerdict::coupled, result.op,
            result.why};
  return {result.power == 1 ? BatchVerdict::sum : BatchVerdict::mean};
}

BatchVerdict slp::compareBatches(func::FuncOp part, func::FuncOp whole, int64_t factor) {
  return Comparison(part, whole, factor).run();
}
