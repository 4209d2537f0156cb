//===- CopyWeights.cpp - the pass train-copy-weights ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/ReshapeOp.h"
#include "dialects/Train/RoundOp.h"
#include "dialects/Train/SubOpKind.h"
#include "dialects/Train/TrainState.h"
#include "slp/Transforms/Train/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace slp {
#define GEN_PASS_DEF_TRAINCOPYWEIGHTS
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

namespace {
struct TrainCopyWeights : slp::impl::TrainCopyWeightsBase<TrainCopyWeights> {
  using Base::Base;
  void runOnOperation() override;
};
} // namespace

/// Whether the rounding is the first of two numbers, whose second is what it leaves: what it is
/// made of is read in any case.
static bool isFirstOfTwo(RoundOp round) {
  return llvm::any_of(round.getY().getUsers(), [&](Operation *user) {
    return isOneOf<SubOp>(user) && user->getOperand(0) == round.getX();
  });
}

/// Roundings of what is read of the state, without random numbers and to one format: the first's.
static SmallVector<RoundOp> roundingsOf(ModuleOp module, const State &state) {
  SmallVector<RoundOp> found;
  for (auto fn : module.getOps<func::FuncOp>())
    for (auto round : fn.getOps<RoundOp>()) {
      auto rounding = round->getAttrOfType<num_ir::RoundingAttr>("rounding");
      bool isKnown = rounding && rounding.getValue() != num_ir::Rounding::stochastic;
      FlatSymbolRefAttr read = stateReadBy(round.getX());
      if (isKnown && !isFirstOfTwo(round) && read && read.getAttr() == state.symbol &&
          (found.empty() || (found.front().getType() == round.getType() &&
                             found.front()->getAttr("rounding") == rounding)))
        found.push_back(round);
    }
  return found;
}

/// The last op that reads the value, or the same memory under another shape; null without any.
static Operation *lastReaderOf(Value value) {
  Operation *last = nullptr;
  SmallVector<Value> values = {value};
  while (!values.empty())
    for (Operation *user : values.pop_back_val().getUsers()) {
      if (auto reshape = dyn_cast<ReshapeOp>(user))
        values.push_back(reshape.getY());
      if (!last || last->isBeforeInBlock(user))
        last = user;
    }
  return last;
}

/// Rounds what the write gives the state into its copy, as soon as it is known and nothing reads
/// the old copy any more.
static void writeCopy(OpBuilder &b, Operation *write, const State &copy) {
  Value value = write->getOperand(0);
  Operation *last = value.getDefiningOp();
  for (Operation &op : *write->getBlock())
    if (FlatSymbolRefAttr read = stateReadBy(&op); read && read.getAttr() == copy.symbol)
      if (Operation *reader = lastReaderOf(op.getResult(0));
          reader && (!last || last->isBeforeInBlock(reader)))
        last = reader;
  if (last)
    b.setInsertionPointAfter(last);
  else
    b.setInsertionPointToStart(write->getBlock());
  auto round = RoundOp::create(b, write->getLoc(), copy.type, value);
  round->setAttr("rounding", copy.rounding);
  if (Operation *writer = value.getDefiningOp())
    if (Attribute phase = writer->getAttr("phase"))
      round->setAttr("phase", phase);
  b.setInsertionPointAfter(write->isBeforeInBlock(round) ? round.getOperation() : write);
  createWrite(b, write->getLoc(), copy.name(), round.getY());
}

void TrainCopyWeights::runOnOperation() {
  ModuleOp module = getOperation();
  OpBuilder b(module);
  SymbolTable symbols(module);
  for (const State &state : statesOf(module)) {
    SmallVector<RoundOp> roundings = roundingsOf(module, state);
    if (state.copyOf || roundings.empty())
      continue;
    std::string name = (state.name() + ".copy").str();
    for (unsigned i = 2; symbols.lookup(name); ++i)
      name = (state.name() + ".copy" + Twine(i)).str();
    RoundOp first = roundings.front();
    State copy = createCopy(b, state, name, cast<RankedTensorType>(first.getType()),
                            first->getAttrOfType<num_ir::RoundingAttr>("rounding"));
    symbols.insert(copy.op);
    for (RoundOp round : roundings) {
      Operation *read = round.getX().getDefiningOp();
      b.setInsertionPointAfter(read);
      round.getY().replaceAllUsesWith(createRead(b, read->getLoc(), copy.type, name));
      round.erase();
      if (read->use_empty())
        read->erase();
    }
    for (auto fn : module.getOps<func::FuncOp>()) {
      SmallVector<Operation *> writes;
      for (Operation &op : fn.getBody().front())
        if (FlatSymbolRefAttr written = stateWrittenBy(&op);
            written && written.getAttr() == state.symbol)
          writes.push_back(&op);
      for (Operation *write : writes)
        writeCopy(b, write, copy);
    }
  }
}
