//===- RecognizeBackward.cpp - find BP, WG and UP in a graph that has them --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-recognize-backward (see Passes.td): first patterns, then phases, by data flow.
// Runs after the import of a graph whose gradients or updates are written out.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "lib/Transforms/Train/BackwardPatterns.h"

#include "dialects/Train/DerivativeOpKind.h"
#include "dialects/Train/GradientOpKind.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/WriteOpKind.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace slp {
#define GEN_PASS_DEF_TRAINRECOGNIZEBACKWARD
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

namespace {
/// What an op behind the loss does, as far as its place in the graph shows.
class Phases {
public:
  explicit Phases(func::FuncOp step) : step(step) {}
  void assign();

private:
  void findForward();
  Phase phaseOf(Operation *op);
  bool isBehindLoss(Operation *op) const { return !forward.contains(op); }
  bool isOf(Operation *op, Phase phase) const { return phases.lookup(op) == phase; }

  func::FuncOp step;
  DenseSet<Operation *> forward; // what loss and results need
  DenseMap<Operation *, std::optional<Phase>> phases;
};
} // namespace

/// Sums over many elements: a weight gradient is made by one of these.
static bool isSum(Operation *op) {
  auto storage = dyn_cast<StorageInterface>(op);
  return storage && (storage.getStorageClass() == StorageClass::accumulator ||
                     storage.getStorageClass() == StorageClass::statistic);
}

/// Gives the elements of its operand other places.
static bool isMovement(Operation *op) {
  auto storage = dyn_cast<StorageInterface>(op);
  return isReshape(op) || (storage && storage.getStorageClass() == StorageClass::same);
}

void Phases::findForward() {
  SmallVector<Operation *> work;
  auto reach = [&](Value value) {
    if (Operation *op = value.getDefiningOp(); op && forward.insert(op).second)
      work.push_back(op);
  };
  for (Value result : step.getBody().front().getTerminator()->getOperands())
    reach(result);
  while (!work.empty())
    for (Value operand : work.pop_back_val()->getOperands())
      reach(operand);
}

/// UP: computes new state of what is no sum. WG: the sum that ends in one gradient, and what only
/// moves data on its way there. BP: everything else.
Phase Phases::phaseOf(Operation *op) {
  auto users = op->getUsers();
  auto isFinal = [&](Operation *user) { return isOneOf<WriteOp>(user) || isOf(user, Phase::up); };
  bool isMath = !isSum(op) && !isMovement(op) && !isOneOf<DerivativeOp>(op);
  if (!users.empty() && llvm::all_of(users, isFinal) && isMath)
    return Phase::up;
  bool isGradient = !users.empty() && llvm::all_of(users, [&](Operation *user) {
    return isFinal(user) || isOneOf<GradientOp>(user) ||
           (isOf(user, Phase::wg) && (isMovement(user) || isMovement(op)));
  });
  return isGradient ? Phase::wg : Phase::bp;
}

void Phases::assign() {
  findForward();
  for (Operation &op : llvm::reverse(step.getBody().front().without_terminator())) {
    std::optional<Attribute> attribute = op.getInherentAttr("phase");
    if (!attribute || !isBehindLoss(&op))
      continue;
    // What says itself that it is a gradient or an update knows better.
    auto known = dyn_cast_or_null<PhaseAttr>(*attribute);
    bool isKnown = known && known.getValue() != Phase::fp;
    Phase phase = isKnown ? known.getValue() : phaseOf(&op);
    phases[&op] = phase;
    op.setAttr("phase", PhaseAttr::get(step.getContext(), phase));
  }
}

namespace {
struct TrainRecognizeBackward : slp::impl::TrainRecognizeBackwardBase<TrainRecognizeBackward> {
  using Base::Base;
  void runOnOperation() override {
    auto step = getOperation().lookupSymbol<func::FuncOp>("step");
    if (!step || !step.getBody().hasOneBlock() || !getOperation()->hasAttr(getOwnUpdatesAttrName()))
      return;
    recognizeBackward(getOperation(), step);
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(step.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
    Phases(step).assign();
  }
};
} // namespace
