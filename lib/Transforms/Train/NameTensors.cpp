//===- NameTensors.cpp - give every tensor a name of its own ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-name-tensors (see Passes.td).
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/BiasGradOpKind.h"
#include "dialects/Train/ClassifyOp.h"
#include "dialects/Train/ClipFactorOpKind.h"
#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/CrossEntropyOpKind.h"
#include "dialects/Train/GroupPullOpKind.h"
#include "dialects/Train/MaxPoolOpKind.h"
#include "dialects/Train/MovingAverageOpKind.h"
#include "dialects/Train/NllOpKind.h"
#include "dialects/Train/NormalizeSumsOpKind.h"
#include "dialects/Train/ReduceMeanOpKind.h"
#include "dialects/Train/RoundOp.h"
#include "dialects/Train/SquareSumOpKind.h"
#include "dialects/Train/StatisticsOpKind.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainStreams.h"
#include "dialects/Train/VarianceOpKind.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

namespace slp {
#define GEN_PASS_DEF_TRAINNAMETENSORS
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

namespace {
struct TrainNameTensors : slp::impl::TrainNameTensorsBase<TrainNameTensors> {
  using Base::Base;
  void runOnOperation() override;

private:
  void nameFunction(func::FuncOp fn, StringRef prefix);
  /// The names of an op that has none yet, by its kind.
  SmallVector<std::string> namesFor(Operation *op, StringRef prefix);
  std::string nameOf(Value value);
  void setNames(Operation *op, ArrayRef<std::string> names, bool areGiven = false);
  void numberStreams(ModuleOp module);

  DenseMap<Value, std::string> names;
  llvm::StringSet<> taken;
  llvm::StringSet<> given;        // by the file: others keep off, also those that come first
  llvm::StringSet<> unread;       // states whose value has not been named
  llvm::StringMap<unsigned> next; // number to try for another tensor of a name
};
} // namespace

std::string TrainNameTensors::nameOf(Value value) {
  if (auto it = names.find(value); it != names.end())
    return it->second;
  return "tensor";
}

void TrainNameTensors::setNames(Operation *op, ArrayRef<std::string> wanted, bool areGiven) {
  SmallVector<Attribute> attributes;
  for (auto [result, want] : llvm::zip_equal(op->getResults(), wanted)) {
    std::string name = want;
    if (stateReadBy(op) && unread.erase(name)) { // a state's value shares its name
      names[result] = name;
      attributes.push_back(StringAttr::get(&getContext(), name));
      continue;
    }
    // What was taken before still is: the steps of a sequence have thousands of tensors of one
    // name.
    unsigned first = 2;
    unsigned &n = areGiven ? first : next.try_emplace(want, 2).first->second;
    while ((!areGiven && given.contains(name)) || !taken.insert(name).second)
      name = want + "#" + std::to_string(n++);
    names[result] = name;
    attributes.push_back(StringAttr::get(&getContext(), name));
  }
  op->setAttr(getNamesAttrName(), ArrayAttr::get(&getContext(), attributes));
}

/// What a rounding leaves of its operand; empty: the op is something else.
static Value restOf(Operation *op) {
  auto rest = dyn_cast_or_null<SubOp>(op);
  auto round = rest ? rest.getB().getDefiningOp<RoundOp>() : RoundOp();
  return round && round.getX() == rest.getA() ? rest.getA() : Value();
}

/// The compute copy that a rounding alone is written to.
static std::optional<StringRef> copyWritten(RoundOp round) {
  for (Operation *user : round.getY().getUsers())
    if (FlatSymbolRefAttr state = stateWrittenBy(user))
      if (findState(round, state.getValue()).copyOf)
        return state.getValue();
  return std::nullopt;
}

/// Whether a concatenation is an operand of a MAC by its two fp8 numbers, or by one several times
/// (AssignPrecision.cpp).
static bool isOfTerms(ConcatOp concat) {
  ValueRange others = ValueRange(concat.getX()).drop_front();
  return llvm::any_of(others, [&](Value other) {
    auto round = other.getDefiningOp<RoundOp>();
    return other == concat.getX().front() || (round && restOf(round.getX().getDefiningOp()));
  });
}

/// What the results of an op are besides its node; empty: they are known by the node alone.
static SmallVector<StringRef> partsOf(Operation *op) {
  if (isOneOf<NormalizeSumsOp>(op))
    return {"/dsum", "/dproducts"};
  if (isOneOf<NllOp>(op))
    return {"/losses", "/shares"};
  if (isOneOf<MovingAverageOp>(op))
    return {"/running"};
  if (isOneOf<ReduceMeanOp>(op))
    return {"/mean"};
  if (isOneOf<VarianceOp>(op))
    return {"/var"};
  if (isOneOf<StatisticsOp>(op))
    return {"/mean", "/var"};
  if (isOneOf<SquareSumOp>(op))
    return {"/squares"};
  if (isOneOf<ClipFactorOp>(op))
    return {"/factor"};
  if (isOneOf<GroupPullOp>(op))
    return {"/pull", "/group_means", "/group_norms"};
  if (isOneOf<BiasGradOp>(op))
    return {"/db"};
  if (isOneOf<MaxPoolOp>(op))
    return {"", "/index"};
  if (isOneOf<CrossEntropyOp>(op))
    return {"", "/losses"};
  return {};
}

SmallVector<std::string> TrainNameTensors::namesFor(Operation *op, StringRef prefix) {
  std::string node = nodeNameOf(op->getLoc());
  if (node.empty())
    node = op->getName().stripDialect().str();
  std::string base = (prefix + node).str();
  auto phase = op->getAttrOfType<PhaseAttr>("phase");
  bool isForward = !phase || phase.getValue() == Phase::fp;
  if (auto concat = dyn_cast<ConcatOp>(op); concat && isOfTerms(concat))
    return {nameOf(concat.getX().front()) + "/terms"};
  if (Value whole = restOf(op))
    return {nameOf(whole) + "/rest"};
  if (auto state = stateReadBy(op))
    return {(prefix + state.getValue()).str()};
  SmallVector<std::string> parts;
  for (StringRef part : partsOf(op))
    parts.push_back(base + part.str());
  if (!parts.empty())
    return parts;
  return llvm::TypeSwitch<Operation *, SmallVector<std::string>>(op)
      .Case([&](RoundOp round) {
        if (std::optional<StringRef> copy = copyWritten(round))
          return SmallVector<std::string>{(prefix + *copy + "/next").str()};
        return SmallVector<std::string>{nameOf(round.getX()) + "/round"};
      })
      .Case([&](ClassifyOp classify) {
        std::string mixed = nameOf(classify.getX()) + "/mixed";
        return SmallVector<std::string>{mixed, mixed + "/histogram"};
      })
      .Case([&](InPlaceInterface update) {
        SmallVector<std::string> wanted;
        for (OpResult result : update->getResults()) {
          std::string old = nameOf(update->getOperand(result.getResultNumber()));
          bool isState = result.getResultNumber() < update.numInPlace();
          wanted.push_back(isState ? old + "/next" : old + "/sum");
        }
        return wanted;
      })
      .Case([&](AddOp) { return SmallVector<std::string>{isForward ? base : base + "/dsum"}; })
      .Default([&](Operation *) {
        if (isForward)
          return SmallVector<std::string>{base};
        return SmallVector<std::string>{base + (phase.getValue() == Phase::wg ? "/dw" : "/dx")};
      });
}

void TrainNameTensors::nameFunction(func::FuncOp fn, StringRef prefix) {
  for (BlockArgument argument : fn.getArguments())
    if (auto name = fn.getArgAttrOfType<StringAttr>(argument.getArgNumber(), getArgNameAttrName()))
      names[argument] = (prefix + name.getValue()).str();
  for (Operation &op : fn.getBody().front().without_terminator()) {
    if (op.getNumResults() == 0 || names.count(op.getResult(0)))
      continue; // or named together with the MAC whose rounding it is
    SmallVector<std::string> wanted;
    auto existing = op.getAttrOfType<ArrayAttr>(getNamesAttrName());
    if (existing && existing.size() == op.getNumResults())
      for (StringAttr name : existing.getAsRange<StringAttr>())
        wanted.push_back(name.str());
    bool areGiven = !wanted.empty();
    if (!areGiven)
      wanted = namesFor(&op, prefix);
    // The tensor that is stored has the name, not what it is rounded from.
    Value first = op.getResult(0);
    Operation *round = first.hasOneUse() ? *first.user_begin() : nullptr;
    bool isMac = op.hasAttr("accumulate");
    bool isStored =
        isMac ? isa_and_nonnull<RoundOp, ClassifyOp>(round)
              : isa_and_nonnull<ClassifyOp>(round) && op.getNumResults() == 1 && !stateReadBy(&op);
    if (isStored && !round->hasAttr(getNamesAttrName())) {
      SmallVector<std::string> ofRound = {wanted[0]};
      if (isa<ClassifyOp>(round))
        ofRound.push_back(wanted[0] + "/histogram");
      setNames(round, ofRound, areGiven);
      wanted = {nameOf(round->getResult(0)) + (isMac ? "/acc" : "/exact")};
      areGiven = false;
    }
    setNames(&op, wanted, areGiven);
  }
}

/// Gives each result of an op that rounds stochastically a random stream, where it has none.
void TrainNameTensors::numberStreams(ModuleOp module) {
  constexpr int64_t streamsOfSeed = 4096, streams = int64_t(1) << 24;
  int64_t next = 0;
  module.walk([&](Operation *op) {
    auto rounding = op->getAttrOfType<num_ir::RoundingAttr>("rounding");
    if (!rounding || rounding.getValue() != num_ir::Rounding::stochastic || asState(op))
      return;
    SmallVector<int64_t> numbers;
    for (unsigned i = 0; i < op->getNumResults(); ++i)
      numbers.push_back((next++ + streamsOfSeed * seed) % streams);
    if (!op->hasAttr(getStreamsAttrName()))
      op->setAttr(getStreamsAttrName(), DenseI64ArrayAttr::get(&getContext(), numbers));
  });
}

void TrainNameTensors::runOnOperation() {
  ModuleOp module = getOperation();
  // Inputs and states share the image's symbols with tensors.
  for (const State &state : statesOf(module)) {
    taken.insert(state.name());
    unread.insert(state.name());
  }
  for (func::FuncOp fn : module.getOps<func::FuncOp>())
    for (unsigned i = 0; i < fn.getNumArguments(); ++i)
      if (auto name = fn.getArgAttrOfType<StringAttr>(i, getArgNameAttrName()))
        taken.insert(name.getValue());
  module.walk([&](Operation *op) {
    if (auto existing = op->getAttrOfType<ArrayAttr>(getNamesAttrName()))
      for (StringAttr name : existing.getAsRange<StringAttr>())
        given.insert(name.getValue());
  });
  for (func::FuncOp fn : module.getOps<func::FuncOp>())
    nameFunction(fn, fn.getName() == "step" ? "" : (fn.getName() + ":").str());
  numberStreams(module);
}
