//===- Masks.cpp - tensors that may saturate on purpose ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A mask adds -1e9 or -Inf to scores, or selects it in their place, so that a softmax gives 0
// there. Whoever reports saturation must know such tensors. Two things make one: nothing but a
// softmax reads it, and it comes from no parameter, or has a part that does not. An exporter may
// make a parameter of a mask, which then looks like a bias of the scores: the scores of attention
// may have such a part, too, those of a loss not.
//
//===----------------------------------------------------------------------------------------===//

#include "Masks.h"

#include "LowerOp.h"

#include "dialects/Train/AddOpKind.h"
#include "dialects/Train/AffineOpKind.h"
#include "dialects/Train/ClassifyOpKind.h"
#include "dialects/Train/ConcatOpKind.h"
#include "dialects/Train/CrossEntropyGradOpKind.h"
#include "dialects/Train/CrossEntropyOpKind.h"
#include "dialects/Train/DivOpKind.h"
#include "dialects/Train/ExpandOpKind.h"
#include "dialects/Train/LogSoftmaxOpKind.h"
#include "dialects/Train/MulOpKind.h"
#include "dialects/Train/PadOpKind.h"
#include "dialects/Train/ReshapeOpKind.h"
#include "dialects/Train/RoundOpKind.h"
#include "dialects/Train/SelectOpKind.h"
#include "dialects/Train/SliceOpKind.h"
#include "dialects/Train/SoftmaxOpKind.h"
#include "dialects/Train/SubOpKind.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TransposeOpKind.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <set>

using namespace mlir;
using namespace slp;
using namespace slp::train;

namespace {
struct Names {
  std::set<std::string> mask, scores;
};

/// The values of one function, in order.
class MaskFinder {
public:
  explicit MaskFinder(func::FuncOp fn) : fn(fn) {}
  void addTo(Names &names);

private:
  using Values = llvm::DenseSet<Value>;
  bool isWithoutParameters(Operation *op) const;
  bool isReadBy(Value value, bool byLoss, const Values &scores) const;

  func::FuncOp fn;
  Values free;      // of parameters: computed from inputs and constants
  Values masked;    // free, or with a part that is
  Values biased;    // masked, or with a part that is a parameter
  Values attention; // read by nothing but softmaxes
  Values scores;    // the same, or by losses
};
} // namespace

bool MaskFinder::isWithoutParameters(Operation *op) const {
  if (auto read = stateReadBy(op))
    return findState(op, read.getValue()).isFrozen; // a large constant
  return llvm::all_of(op->getOperands(), [&](Value operand) { return free.contains(operand); });
}

/// Whether a part of what `op` gives is one of `parts`, though another comes from parameters;
/// multiples are by something of `free`.
static bool hasPart(Operation *op, const llvm::DenseSet<Value> &parts,
                    const llvm::DenseSet<Value> &free) {
  auto isPart = [&](Value operand) { return parts.contains(operand); };
  if (isOneOf<AddOp, SubOp, ConcatOp>(op))
    return llvm::any_of(op->getOperands(), isPart);
  if (isOneOf<SelectOp>(op)) // the condition is no part
    return llvm::any_of(op->getOperands().drop_front(), isPart);
  if (isOneOf<MulOp, DivOp>(op))
    return isPart(op->getOperand(0)) && free.contains(op->getOperand(1));
  return isOneOf<RoundOp, ClassifyOp, AffineOp, ReshapeOp, TransposeOp, SliceOp, PadOp, ExpandOp>(
             op) &&
         isPart(op->getOperand(0));
}

/// Whether nothing but softmaxes, or losses as well, read `value`, through other `scores` too.
bool MaskFinder::isReadBy(Value value, bool byLoss, const Values &scores) const {
  return !value.use_empty() && llvm::all_of(value.getUses(), [&](OpOperand &use) {
    Operation *reader = use.getOwner();
    if (isOneOf<SoftmaxOp>(reader))
      return true;
    if (isOneOf<LogSoftmaxOp, CrossEntropyOp, CrossEntropyGradOp>(reader))
      return byLoss && use.getOperandNumber() == 0;
    bool isLinear = isOneOf<AddOp, SubOp, MulOp, DivOp, SelectOp, RoundOp, ClassifyOp, AffineOp,
                            ReshapeOp, TransposeOp, SliceOp, ConcatOp, PadOp, ExpandOp>(reader);
    return isLinear && scores.contains(reader->getResult(0));
  });
}

void MaskFinder::addTo(Names &names) {
  for (BlockArgument argument : fn.getArguments())
    for (Values *values : {&free, &masked, &biased})
      values->insert(argument);
  Block &body = fn.getBody().front();
  for (Operation &op : body) {
    bool isFree = isWithoutParameters(&op), isMasked = isFree || hasPart(&op, masked, free),
         isBiased = isMasked || stateReadBy(&op) || hasPart(&op, biased, free);
    for (Value result : op.getResults()) {
      if (isFree)
        free.insert(result);
      if (isMasked)
        masked.insert(result);
      if (isBiased)
        biased.insert(result);
    }
  }
  for (Operation &op : llvm::reverse(body))
    for (Value result : op.getResults()) {
      bool isAttention = isReadBy(result, /*byLoss=*/false, attention),
           isScore = isAttention || isReadBy(result, /*byLoss=*/true, scores);
      if (isAttention)
        attention.insert(result);
      if (isScore)
        scores.insert(result);
      bool isNamed =
          (isScore && masked.contains(result)) || (isAttention && biased.contains(result));
      if (!isNamed)
        continue;
      std::set<std::string> &to = free.contains(result) ? names.mask : names.scores;
      if (std::string name = trainNameOf(result); !name.empty())
        to.insert(name);
      if (auto read = stateReadBy(&op)) {
        to.insert(read.getValue().str());
        if (auto original = findState(&op, read.getValue()).copyOf)
          to.insert(original.getValue().str());
      }
    }
}

DictionaryAttr slp::masksOf(ModuleOp module) {
  Names names;
  for (func::FuncOp fn : module.getOps<func::FuncOp>())
    if (fn.getBody().hasOneBlock())
      MaskFinder(fn).addTo(names);
  Builder b(module.getContext());
  NamedAttrList result;
  for (auto [key, set] : {std::pair("mask", &names.mask), std::pair("scores", &names.scores)}) {
    SmallVector<StringRef> sorted(set->begin(), set->end());
    if (!sorted.empty())
      result.set(key, b.getStrArrayAttr(sorted));
  }
  return result.getDictionary(module.getContext());
}
