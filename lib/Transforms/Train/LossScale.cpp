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
#include "dialects/Train/AddOp.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/DrainOp.h"
#include "dialects/Train/DropoutOp.h"
#include "dialects/Train/ExpandOp.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/MaxPoolTakeOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/NormalizeGradOp.h"
#include "dialects/Train/NormalizeSumsOp.h"
#include "dialects/Train/PadOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/RoundOp.h"
#include "dialects/Train/ScatterAddOp.h"
#include "dialects/Train/SeedOp.h"
#include "dialects/Train/SgdOp.h"
#include "dialects/Train/SliceOp.h"
#include "dialects/Train/SpreadOp.h"
#include "dialects/Train/SquareSumOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOp.h"

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
  if (isa<AddOp, SubOp, ConcatOp>(op))
    return count == int64_t(isScaled.size());
  if (isa<ConvOp, ConvBpOp, ConvWgOp, MatMulOp, MulOp>(op))
    return count == 1 && isScaled.size() == 2;
  if (auto affine = dyn_cast<AffineOp>(op))
    return affine.getOffset().isZero();
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getValue().isZero();
  if (isa<NormalizeGradOp>(op)) // dy and the two sums of it
    return isScaled[0] && isScaled[4] && isScaled[5] && count == 3;
  if (isa<CrossEntropyGradOp>(op)) // of a loss inside another: the error is its scale
    return count == 1 && isScaled.size() == 3 && isScaled[2];
  if (isa<NormalizeSumsOp>(op) || op->getName().getStringRef().ends_with("_grad"))
    return isScaled[0] && count == 1;
  return (isReshape(op) || isa<DivOp, DropoutOp, ExpandOp, MaxPoolTakeOp, ReduceMeanOp, ReduceSumOp,
                               RoundOp, ScatterAddOp, SliceOp, SpreadOp, TransposeOp>(op)) &&
         isScaled[0] && count == 1;
}

bool slp::beginsBackward(Operation *op) {
  auto grad = dyn_cast<CrossEntropyGradOp>(op);
  return isa<SeedOp>(op) || (grad && !grad.getScale());
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
