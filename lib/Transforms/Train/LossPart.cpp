//===- LossPart.cpp - which values are of the loss, and not of the network --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/LossPart.h"

#include "lib/Transforms/Train/PrecisionPlan.h"

#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainEpilogueOps.h"
#include "dialects/Train/TrainLossOps.h"
#include "dialects/Train/TrainNormOps.h"
#include "dialects/Train/TrainReduceOps.h"
#include "dialects/Train/TrainStateOps.h"
#include "dialects/Train/TrainWindowOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

static Phase phaseOf(Operation *op) {
  auto phase = op->getAttrOfType<PhaseAttr>("phase");
  return phase ? phase.getValue() : Phase::fp;
}

static bool isFloatTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && !isa<IntegerType>(type.getElementType());
}

/// Whether an op is the network's by its kind, or by a parameter among its operands.
static bool isOfNetwork(Operation *op) {
  if (isMac(op) ||
      isa<AvgPoolGradOp, AvgPoolOp, BiasAddOp, DropoutOp, MaxPoolGradOp, MaxPoolOp, MaxPoolTakeOp,
          NormalizeFixedGradOp, NormalizeGradOp, NormalizeOp, NormalizeSumsOp>(op))
    return true;
  return llvm::any_of(op->getOperands(), [](Value operand) {
    return isFloatTensor(operand) && kindOf(operand) == TensorKind::weights;
  });
}

LossPart::LossPart(func::FuncOp f) : fn(f) {
  Block &block = fn.getBody().front();
  auto results = block.getTerminator()->getOperands();
  for (auto [i, result] : llvm::enumerate(results)) {
    auto role = fn.getResultAttrOfType<StringAttr>(i, getRoleAttrName());
    if (role && role == "loss")
      values.insert(result);
  }
  addForward(block);
  addErrors(block);
}

/// From the loss back to what the network computes.
void LossPart::addForward(Block &block) {
  for (Operation &op : llvm::reverse(block)) {
    bool isOfLoss = llvm::any_of(op.getResults(), [&](Value v) { return holds(v); });
    if (!isOfLoss || phaseOf(&op) != Phase::fp || isOfNetwork(&op))
      continue;
    for (Value operand : op.getOperands())
      if (isFloatTensor(operand))
        values.insert(operand);
  }
}

/// From the seed on: what is computed of the seed, of values of the loss and of such errors. What
/// something else reads is the network's.
void LossPart::addErrors(Block &block) {
  DenseSet<Operation *> inside;
  for (Operation &op : block) {
    if (phaseOf(&op) != Phase::bp || isOfNetwork(&op))
      continue;
    auto isOfLoss = [&](Value operand) {
      Operation *def = operand.getDefiningOp();
      return !isFloatTensor(operand) || isa_and_nonnull<ConstantOp>(def) || holds(operand) ||
             inside.contains(def);
    };
    if (llvm::all_of(op.getOperands(), isOfLoss))
      inside.insert(&op);
  }
  for (Operation &op : block)
    for (Value result : inside.contains(&op) ? op.getResults() : op.getResults().take_front(0))
      if (llvm::all_of(result.getUsers(), [&](Operation *user) { return inside.contains(user); }))
        values.insert(result);
}
