//===- LossScale.cpp - whether a step divides the loss scale out ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See LossScale.h. One walk in order, which keeps the set of values that are the loss scale times
// what they would be without it.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/LossScale.h"

#include "dialects/Train/AccumulateOp.h"
#include "dialects/Train/AdagradOp.h"
#include "dialects/Train/AdamOp.h"
#include "dialects/Train/AddOpKind.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/ConcatOpKind.h"
#include "dialects/Train/ConvBpOpKind.h"
#include "dialects/Train/ConvOpKind.h"
#include "dialects/Train/ConvWgOpKind.h"
#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/DivOpKind.h"
#include "dialects/Train/DrainOp.h"
#include "dialects/Train/DropoutOpKind.h"
#include "dialects/Train/ExpandOpKind.h"
#include "dialects/Train/MatMulOpKind.h"
#include "dialects/Train/MaxPoolTakeOpKind.h"
#include "dialects/Train/MulOpKind.h"
#include "dialects/Train/NormalizeGradOpKind.h"
#include "dialects/Train/NormalizeSumsOpKind.h"
#include "dialects/Train/PadOp.h"
#include "dialects/Train/ReduceMeanOpKind.h"
#include "dialects/Train/ReduceSumOpKind.h"
#include "dialects/Train/RoundOpKind.h"
#include "dialects/Train/ScatterAddOpKind.h"
#include "dialects/Train/SeedOpKind.h"
#include "dialects/Train/SgdOp.h"
#include "dialects/Train/SliceOpKind.h"
#include "dialects/Train/SpreadOpKind.h"
#include "dialects/Train/SquareSumOp.h"
#include "dialects/Train/SubOpKind.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOpKind.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

/// The gradient that an op divides by the loss scale, or null.
static Value dividedBy(Operation *op) {
  if (auto sgd = dyn_cast<SgdOp>(op))
    return sgd.getDw();
  if (auto adagrad = dyn_cast<AdagradOp>(op))
    return adagrad.getDw();
  if (auto adam = dyn_cast<AdamOp>(op))
    return adam.getDw();
  if (auto sum = dyn_cast<SquareSumOp>(op))
    return sum.getDw();
  return nullptr;
}

/// Whether the results are scaled if the operands are that `isScaled` names: at least one.
static bool isLinear(Operation *op, ArrayRef<bool> isScaled) {
  int64_t count = llvm::count(isScaled, true);
  if (isOneOf<AddOp, SubOp, ConcatOp>(op))
    return count == int64_t(isScaled.size());
  if (isOneOf<ConvOp, ConvBpOp, ConvWgOp, MatMulOp, MulOp>(op))
    return count == 1 && isScaled.size() == 2;
  if (auto affine = dyn_cast<AffineOp>(op))
    return affine.getOffset().isZero();
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getValue().isZero();
  if (isOneOf<NormalizeGradOp>(op)) // dy and the two sums of it
    return isScaled[0] && isScaled[4] && isScaled[5] && count == 3;
  if (isa<CrossEntropyGradOp>(op)) // of a loss inside another: the error is its scale
    return count == 1 && isScaled.size() == 3 && isScaled[2];
  if (isOneOf<NormalizeSumsOp>(op) || op->getName().getStringRef().ends_with("_grad"))
    return isScaled[0] && count == 1;
  return (isReshape(op) ||
          isOneOf<DivOp, DropoutOp, ExpandOp, MaxPoolTakeOp, ReduceMeanOp, ReduceSumOp, RoundOp,
                  ScatterAddOp, SliceOp, SpreadOp, TransposeOp>(op)) &&
         isScaled[0] && count == 1;
}

bool slp::beginsBackward(Operation *op) {
  auto grad = dyn_cast<CrossEntropyGradOp>(op);
  return isOneOf<SeedOp>(op) || (grad && !grad.getScale());
}

bool slp::dividesLossScaleOut(func::FuncOp step) {
  llvm::DenseSet<Value> scaled;
  bool isDivided = false;
  for (Operation &op : step.getBody().front()) {
    SmallVector<bool> isScaled;
    for (Value operand : op.getOperands())
      isScaled.push_back(scaled.contains(operand));
    bool isAny = llvm::is_contained(isScaled, true);
    if (beginsBackward(&op)) {
      if (isAny)
        return false;
      scaled.insert_range(op.getResults());
    } else if (Value gradient = dividedBy(&op)) {
      // Its other operands are states and numbers.
      if (!scaled.contains(gradient) || llvm::count(isScaled, true) != 1)
        return false;
      isDivided = true;
    } else if (auto accumulate = dyn_cast<AccumulateOp>(op)) {
      if (!scaled.contains(accumulate.getDw()))
        return false; // the state that it adds to is drained below
    } else if (auto drain = dyn_cast<DrainOp>(op)) {
      if (!scaled.contains(drain.getDw()))
        return false;
      scaled.insert(drain.getSum());
    } else if (isAny) {
      if (op.getNumResults() == 0 || !isLinear(&op, isScaled))
        return false;
      scaled.insert_range(op.getResults());
    }
  }
  return isDivided;
}
