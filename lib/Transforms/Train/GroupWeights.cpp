//===- GroupWeights.cpp - the pass train-group-weights ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/AccumulateOp.h"
#include "dialects/Train/AdagradOp.h"
#include "dialects/Train/AdamOp.h"
#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/DrainOp.h"
#include "dialects/Train/GroupPullOp.h"
#include "dialects/Train/GroupRefreshOp.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/SgdOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainGroups.h"
#include "dialects/Train/TrainMasks.h"
#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainState.h"

#include "runtime/chips/Chip.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/GlobPattern.h"

namespace slp {
#define GEN_PASS_DEF_TRAINGROUPWEIGHTS
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

namespace {
/// A node that multiplies in FP, and why it has no weight groups; empty: it may.
struct Layer {
  Operation *op;
  std::string node, obstacle;
  bool isNamed = false, isNamedExactly = false;
};

struct TrainGroupWeights : slp::impl::TrainGroupWeightsBase<TrainGroupWeights> {
  using Base::Base;
  void runOnOperation() override {
    if (failed(checkChip()) || failed(run()))
      signalPassFailure();
  }

private:
  InFlightDiagnostic error() {
    return emitError(UnknownLoc::get(&getContext())) << "weight groups: ";
  }
  LogicalResult checkChip();
  LogicalResult run();
  void findLayers();
  std::string obstacleOf(Operation *op);
  LogicalResult choose();
  LogicalResult checkNames();
  void addStates();
  /// The mask of the weights, read at the beginning of a function.
  Value maskIn(func::FuncOp fn, const State &state);
  void setMask(Operation *op, Value mask);
  void maskConvolutions(func::FuncOp fn);
  void maskGradients();
  void addPulls();
  void addRefresh();

  func::FuncOp step;
  SmallVector<Layer> layers;
  llvm::MapVector<StringAttr, State> weights; // of the layers with groups
  llvm::DenseMap<StringAttr, Operation *> updates;
  llvm::DenseMap<std::pair<Operation *, StringAttr>, Value> masks; // by function and weights
  llvm::DenseMap<std::pair<Value, Value>, Value> products;         // of two masks
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// Which layers
//===----------------------------------------------------------------------------------------===//

/// Groups of one size are implemented.
LogicalResult TrainGroupWeights::checkChip() {
  Result<chip::Chip> chip = chip::load(target);
  if (!chip)
    return error() << chip.message();
  if (!chip->has("weight-groups"))
    return error() << "need the feature weight-groups, which chip " << chip->name << " lacks";
  for (auto [key, expected] : {std::pair("weight-groups.output_channels", maskChannels),
                               {"weight-groups.input_channels", maskChannels},
                               {"weight-groups.taps", int64_t(1)}}) {
    auto it = chip->mechanisms.find(key);
    if (it != chip->mechanisms.end() && it->second.value != double(expected))
      return error() << "chip " << chip->name << " has " << key << " = "
                     << int64_t(it->second.value) << ", and only " << expected << " is implemented";
  }
  return success();
}

/// The state whose new value an update by the optimizer computes; null for another op.
static StringAttr updatedBy(Operation *op) {
  if (!isa<SgdOp, AdagradOp, AdamOp>(op))
    return nullptr;
  FlatSymbolRefAttr state = stateReadBy(op->getOperand(0));
  return state ? state.getAttr() : StringAttr();
}

/// The weights of a convolution in FP or BP, if it has them from a state; else null.
static StringAttr weightsOf(Operation *op) {
  if (!isa<ConvOp, ConvBpOp>(op))
    return nullptr;
  FlatSymbolRefAttr state = stateReadBy(op->getOperand(1));
  return state ? state.getAttr() : StringAttr();
}

static int64_t groupOf(Operation *op) {
  auto group = op->getAttrOfType<IntegerAttr>("group");
  return group ? group.getInt() : 1;
}

std::string TrainGroupWeights::obstacleOf(Operation *op) {
  if (isa<MatMulOp>(op))
    return "is a matrix product";
  if (groupOf(op) != 1)
    return "is a convolution in " + std::to_string(groupOf(op)) + " groups";
  StringAttr state = weightsOf(op);
  if (!state)
    return "has weights that the graph computes";
  if (!updates.contains(state)) {
    bool isWritten = llvm::any_of(step.getBody().front(), [&](Operation &other) {
      FlatSymbolRefAttr written = stateWrittenBy(&other);
      return written && written.getAttr() == state;
    });
    return isWritten ? "has weights that the model updates itself"
                     : "has weights that are not trained";
  }
  // Whoever else multiplies the weights must know the mask, too.
  for (auto fn : getOperation().getOps<func::FuncOp>())
    for (Operation &other : fn.getBody().front())
      if (isa<ConvOp, ConvBpOp, MatMulOp>(other) && weightsOf(&other) != state &&
          llvm::any_of(other.getOperands(), [&](Value operand) {
            FlatSymbolRefAttr read = stateReadBy(operand);
            return read && read.getAttr() == state;
          }))
        return "shares its weights with " + nodeNameOf(other.getLoc()) +
               ", which is no convolution by them";
      else if (weightsOf(&other) == state && groupOf(&other) != 1)
        return "shares its weights with " + nodeNameOf(other.getLoc()) + ", which has groups";
  return "";
}

void TrainGroupWeights::findLayers() {
  for (Operation &op : step.getBody().front())
    if (StringAttr state = updatedBy(&op))
      updates[state] = &op;
  for (Operation &op : step.getBody().front()) {
    auto phase = op.getAttrOfType<PhaseAttr>("phase");
    bool isForward = !phase || phase.getValue() == Phase::fp;
    if (isForward && isa<ConvOp, ConvBpOp, MatMulOp>(op))
      layers.push_back({&op, nodeNameOf(op.getLoc()), obstacleOf(&op)});
  }
}

/// Marks the layers that are meant, and refuses those that are named and cannot be.
LogicalResult TrainGroupWeights::choose() {
  if (globs.empty()) { // all convolutions but the first
    auto isConvolution = [](const Layer &layer) { return !isa<MatMulOp>(layer.op); };
    auto first = llvm::find_if(layers, isConvolution);
    for (auto it = first; it != layers.end(); ++it)
      it->isNamed = it != first && isConvolution(*it);
  }
  for (StringRef glob : globs) {
    auto pattern = llvm::GlobPattern::create(glob);
    if (!pattern)
      return error() << "layer \"" << glob
                     << "\" is no pattern: " << llvm::toString(pattern.takeError());
    bool isUsed = false;
    for (Layer &layer : layers) {
      if (!pattern->match(layer.node))
        continue;
      isUsed = layer.isNamed = true;
      layer.isNamedExactly |= layer.node == glob;
    }
    if (!isUsed)
      return error() << "layer \"" << glob << "\" names no layer of the model, whose layers are "
                     << llvm::join(llvm::map_range(layers, [](auto &l) { return l.node; }), ", ");
  }
  for (Layer &layer : layers) {
    if (!layer.isNamed)
      continue;
    if (layer.obstacle.empty()) {
      StringAttr state = weightsOf(layer.op);
      weights[state] = findState(getOperation(), state);
      continue;
    }
    if (layer.isNamedExactly)
      return error() << "layer \"" << layer.node << "\" " << layer.obstacle
                     << ", expected a convolution of one group whose weights are trained";
    remark::missed(layer.op->getLoc(),
                   remark::RemarkOpts::name("weight-groups").category("sparsity"))
        << "no weight groups: it " + layer.obstacle;
  }
  if (weights.empty())
    return error() << "the model has no layer for them: expected a convolution of one group whose "
                      "weights are trained"
                   << (globs.empty() ? ", behind the first" : "");
  return success();
}

//===----------------------------------------------------------------------------------------===//
// What they get
//===----------------------------------------------------------------------------------------===//

LogicalResult TrainGroupWeights::checkNames() {
  SmallVector<std::string> names = {groupNumbersName.str(), "refresh"};
  for (auto &[symbol, state] : weights) {
    names.push_back((state.name() + groupsSuffix).str());
    names.push_back((state.name() + groupMeansSuffix).str());
  }
  for (const std::string &name : names)
    if (Operation *other = getOperation().lookupSymbol(name)) {
      InFlightDiagnostic d = error() << "the model has @" << name << " of its own";
      d.attachNote(other->getLoc()) << "the name is taken here";
      return d;
    }
  return success();
}

static RankedTensorType groupsTypeOf(const State &state) {
  return RankedTensorType::get(groupShapeOf(state.type.getShape()), state.type.getElementType());
}

static RankedTensorType numbersType(MLIRContext *context) {
  return RankedTensorType::get({groupNumbers}, Float32Type::get(context));
}

void TrainGroupWeights::addStates() {
  OpBuilder b(&getContext());
  for (const State &state : statesOf(getOperation()))
    b.setInsertionPointAfter(state.op);
  auto add = [&](Location loc, Twine name, RankedTensorType type, Attribute init) {
    State made = createState(b, loc, name.str(), type, init, /*isStatistic=*/true,
                             /*isFrozen=*/false);
    b.setInsertionPointAfter(made.op);
  };
  for (auto &[symbol, state] : weights) {
    RankedTensorType type = groupsTypeOf(state);
    add(state.loc(), state.name() + groupsSuffix, type, DenseElementsAttr::get(type, 1.0f));
    add(state.loc(), state.name() + groupMeansSuffix, type, Attribute());
  }
  add(NameLoc::get(b.getStringAttr(groupNumbersName)), groupNumbersName, numbersType(&getContext()),
      Attribute());
}

Value TrainGroupWeights::maskIn(func::FuncOp fn, const State &state) {
  Value &mask = masks[{fn.getOperation(), state.symbol}];
  if (mask)
    return mask;
  OpBuilder b(fn);
  b.setInsertionPointToStart(&fn.getBody().front());
  return mask =
             createRead(b, state.loc(), groupsTypeOf(state), (state.name() + groupsSuffix).str());
}

/// The operand for the mask of groups; null for another op.
static std::optional<MutableOperandRange> groupsOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<MutableOperandRange>>(op)
      .Case<ConvOp, ConvBpOp, ConvWgOp>([](auto conv) { return conv.getGroupsMutable(); })
      .Default([](Operation *) { return std::nullopt; });
}

/// One that has a mask already, the path of a gated layer, takes the product.
void TrainGroupWeights::setMask(Operation *op, Value mask) {
  MutableOperandRange operand = *groupsOf(op);
  Value own = operand.empty() ? Value() : operand.begin()->get();
  if (!own) {
    operand.assign(mask);
    return;
  }
  Value &product = products[{own, mask}];
  if (!product) {
    OpBuilder b(op->getContext());
    b.setInsertionPointAfterValue(own); // masks are read at the beginning
    product = createProduct(b, mask.getLoc(), own, mask, Phase::fp);
  }
  operand.assign(product);
}

/// Convolutions by the weights, in FP and BP.
void TrainGroupWeights::maskConvolutions(func::FuncOp fn) {
  SmallVector<Operation *> ops;
  for (Operation &op : fn.getBody().front())
    ops.push_back(&op);
  for (Operation *op : ops) {
    StringAttr state = weightsOf(op);
    if (!state || !weights.contains(state))
      continue;
    setMask(op, maskIn(fn, weights[state]));
  }
}

/// The gradients of weights that `gradient` is made of, element by element.
static void collectGradients(Value gradient, SmallVectorImpl<Operation *> &found) {
  SmallVector<Value> open = {gradient};
  DenseSet<Value> seen;
  while (!open.empty()) {
    Value value = open.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || !seen.insert(value).second)
      continue;
    if (isa<ConvWgOp>(op)) {
      if (groupOf(op) == 1)
        found.push_back(op);
      continue;
    }
    for (Value operand : op->getOperands())
      if (operand.getType() == gradient.getType())
        open.push_back(operand);
  }
}

void TrainGroupWeights::maskGradients() {
  for (auto &[symbol, state] : weights) {
    Operation *update = updates[symbol];
    Value gradient = update->getOperand(update->getNumResults());
    SmallVector<Operation *> found;
    collectGradients(gradient, found);
    // With micro-batches @accumulate has them as well.
    if (auto drain = gradient.getDefiningOp<DrainOp>())
      getOperation().walk([&](AccumulateOp accumulate) {
        if (stateReadBy(accumulate.getAcc()) == stateReadBy(drain.getAcc()))
          collectGradients(accumulate.getDw(), found);
      });
    for (Operation *op : found)
      setMask(op, maskIn(op->getParentOfType<func::FuncOp>(), state));
  }
}

/// group_pull in front of each update, which takes it.
void TrainGroupWeights::addPulls() {
  for (auto &[symbol, state] : weights) {
    Operation *update = updates[symbol];
    OpBuilder b(update);
    Value mask = maskIn(step, state);
    Value numbers = createRead(b, state.loc(), numbersType(&getContext()), groupNumbersName);
    Type f32 = b.getF32Type();
    auto pull = createInferred<GroupPullOp>(b, state.loc(), {mask, update->getOperand(0), numbers},
                                            phaseOf(b, Phase::up), {f32, f32, f32});
    llvm::TypeSwitch<Operation *>(update).Case<SgdOp, AdagradOp, AdamOp>(
        [&](auto op) { op.getPullMutable().assign(pull.getPull()); });
  }
}

void TrainGroupWeights::addRefresh() {
  OpBuilder b = OpBuilder::atBlockEnd(getOperation().getBody());
  auto name = b.getStringAttr("refresh");
  auto refresh = func::FuncOp::create(b, NameLoc::get(name), name, b.getFunctionType({}, {}));
  b.setInsertionPointToStart(refresh.addEntryBlock());
  for (auto &[symbol, state] : weights) {
    RankedTensorType type = groupsTypeOf(state);
    std::string mask = (state.name() + groupsSuffix).str();
    std::string means = (state.name() + groupMeansSuffix).str();
    Location loc = state.loc();
    Type f32 = b.getF32Type();
    auto op = createInferred<GroupRefreshOp>(
        b, loc,
        {createRead(b, loc, type, mask), createRead(b, loc, type, means),
         createRead(b, loc, state.type, state.name()),
         createRead(b, loc, numbersType(&getContext()), groupNumbersName)},
        phaseOf(b, Phase::up), {f32, f32});
    createWrite(b, loc, mask, op.getGroupsOut());
    createWrite(b, loc, means, op.getMeanOut());
  }
  func::ReturnOp::create(b, refresh.getLoc());
}

LogicalResult TrainGroupWeights::run() {
  ModuleOp module = getOperation();
  if (auto stage = module->getAttrOfType<StringAttr>("slp.stage");
      !stage || stage != "differentiate")
    return error() << "expected a module of stage differentiate, found "
                   << (stage ? stage.getValue() : "none");
  step = module.lookupSymbol<func::FuncOp>("step");
  if (!step || !step.getBody().hasOneBlock())
    return error() << "the model trains nothing: it has no loss";
  findLayers();
  if (failed(choose()) || failed(checkNames()))
    return failure();
  addStates();
  for (auto fn : module.getOps<func::FuncOp>())
    maskConvolutions(fn);
  maskGradients();
  addPulls();
  addRefresh();
  for (auto &[symbol, state] : weights) {
    SmallVector<int64_t> shape = groupShapeOf(state.type.getShape());
    remark::passed(state.loc(), remark::RemarkOpts::name("weight-groups").category("sparsity"))
        << llvm::formatv("{0} x {1} weight groups at each of {2} x {3} taps", shape[0], shape[1],
                         shape[2], shape[3])
               .str();
  }
  return success();
}
