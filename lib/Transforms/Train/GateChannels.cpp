//===- GateChannels.cpp - compute most of a convolution only where a gate is open -------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-gate-channels (see Passes.td). What it builds are ops that have gradients already:
// docs/numerics.md section 12 puts them together.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/ConvOp.h"
#include "dialects/Train/LessOp.h"
#include "dialects/Train/MovingAverageOp.h"
#include "dialects/Train/NormalizeOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/StatisticsOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainMasks.h"
#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainPull.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/GlobPattern.h"

#include <cmath>

namespace slp {
#define GEN_PASS_DEF_TRAINGATECHANNELS
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

namespace {
/// A convolution of the model, and the name that the user knows it by.
struct Layer {
  ConvOp conv;
  std::string name;

  Location loc() const { return conv->getLoc(); }
};

/// The states of one gate.
struct GateStates {
  State threshold, mean, var, base, rest;
};

struct TrainGateChannels : slp::impl::TrainGateChannelsBase<TrainGateChannels> {
  using Base::Base;
  void runOnOperation() override {
    if (failed(checkNumbers()) || failed(run()))
      signalPassFailure();
  }

private:
  InFlightDiagnostic error() {
    return emitError(UnknownLoc::get(&getContext())) << "channel gating: ";
  }
  LogicalResult checkNumbers();
  LogicalResult run();
  FailureOr<SmallVector<Layer>> findLayers(func::FuncOp step);
  FailureOr<SmallVector<Layer>> chooseLayers(ArrayRef<Layer> all);
  std::string whyNot(const Layer &layer, ArrayRef<Layer> all);
  State addState(Layer layer, StringRef suffix, ArrayRef<int64_t> shape, DenseElementsAttr init,
                 bool isStatistic, bool isFrozen);
  FailureOr<GateStates> addStates(const Layer &layer);
  FailureOr<FlatSymbolRefAttr> addNumber(StringRef name, double value);
  LogicalResult addNumbers();
  LogicalResult gate(const Layer &layer, bool isTrained);
  Value threshold(OpBuilder &b, const Layer &layer, Value sums, const GateStates &states,
                  bool isTrained);

  SmallVector<Attribute> pull; // the states of the numbers that regularise thresholds
};
} // namespace

/// The names of slp-sim's options, and of the states in which their numbers are.
static constexpr StringLiteral lambdaName = "gating-lambda", targetName = "gating-target";

LogicalResult TrainGateChannels::checkNumbers() {
  auto number = [](double value) { return llvm::formatv("{0}", value).str(); };
  if (slice != maskChannels)
    return error() << "slices of " << slice.getValue() << " output channels, expected "
                   << maskChannels << ", which is what an entry of a mask is for";
  if (groups < 2 || groups > 1024)
    return error() << "input channels in " << groups.getValue() << " groups, expected 2 to 1024";
  if (!(alpha > 0) || !std::isfinite(float(alpha)))
    return error() << "alpha " << number(alpha) << ", expected a finite number above 0";
  if (!(lambda >= 0) || !std::isfinite(float(lambda)))
    return error() << "lambda " << number(lambda) << ", expected a finite number of at least 0";
  for (auto [what, value] :
       {std::pair<StringRef, double>("target of the thresholds", target.getValue()),
        {"first threshold", initial.getValue()}})
    if (!(std::fabs(value) <= 1024))
      return error() << what << " " << number(value) << ", expected -1024 to 1024 deviations";
  if (!(momentum >= 0 && momentum < 1))
    return error() << "momentum " << number(momentum) << ", expected at least 0 and less than 1";
  if (!(epsilon > 0) || !std::isfinite(float(epsilon)))
    return error() << "epsilon " << number(epsilon) << ", expected a finite number above 0";
  return success();
}

/// Every convolution of the forward graph, in its order.
FailureOr<SmallVector<Layer>> TrainGateChannels::findLayers(func::FuncOp step) {
  SmallVector<Layer> layers;
  for (auto conv : step.getOps<ConvOp>())
    if (conv.getPhase() == Phase::fp)
      layers.push_back({conv, nodeNameOf(conv.getLoc())});
  if (layers.empty())
    return error() << "the model has no convolution";
  return layers;
}

/// Why a convolution cannot be gated; empty: it can.
std::string TrainGateChannels::whyNot(const Layer &layer, ArrayRef<Layer> all) {
  ConvOp conv = layer.conv;
  if (llvm::count_if(all, [&](const Layer &other) { return other.name == layer.name; }) > 1)
    return "it is more than one convolution of two dimensions";
  if (conv.getInit() || conv.getGate() || conv.getGroups())
    return "it has masks already";
  if (conv.getGroup() != 1)
    return "expected a convolution of one group, found " + std::to_string(conv.getGroup());
  ArrayRef<int64_t> w = shapeOf(conv.getW());
  int64_t unit = groups * maskChannels;
  for (auto [channels, what] : {std::pair(w[1], "input"), {w[0], "output"}})
    if (channels % unit != 0)
      return "expected a multiple of " + std::to_string(unit) + " " + what + " channels, " +
             std::to_string(groups.getValue()) + " chunks of whole slices, found " +
             std::to_string(channels);
  if (w[0] / maskChannels * (w[1] / maskChannels) * w[2] * w[3] * 4 > maxFrozenBytes)
    return "its mask of groups has more than 2^18 entries";
  return "";
}

/// Those that the user names; without names, those that can be gated of all but the first.
FailureOr<SmallVector<Layer>> TrainGateChannels::chooseLayers(ArrayRef<Layer> all) {
  SmallVector<bool> isNamed(all.size(), false);
  for (StringRef text : layers) {
    auto pattern = llvm::GlobPattern::create(text);
    if (!pattern)
      return error() << "layer \"" << text
                     << "\" is no pattern: " << llvm::toString(pattern.takeError());
    bool isUsed = false;
    for (auto [layer, named] : llvm::zip_equal(all, isNamed))
      if (pattern->match(layer.name))
        isUsed = named = true;
    if (!isUsed) {
      auto names = llvm::map_range(all, [](const Layer &layer) { return layer.name; });
      return error() << "layer \"" << text << "\" names no convolution of the model, which has "
                     << llvm::join(names, ", ");
    }
  }
  SmallVector<Layer> chosen;
  for (auto [i, layer] : llvm::enumerate(all)) {
    if (layers.empty() ? i == 0 : !isNamed[i])
      continue;
    std::string reason = whyNot(layer, all);
    if (reason.empty()) {
      chosen.push_back(layer);
      continue;
    }
    if (!layers.empty())
      return error() << "node \"" << layer.name << "\": " << reason;
    remark::missed(layer.loc(), remark::RemarkOpts::name("gate").category("sparsity"))
        << "not gated: " + reason;
  }
  return chosen;
}

/// Adds a state named after the layer's weights, or else after its node.
State TrainGateChannels::addState(Layer layer, StringRef suffix, ArrayRef<int64_t> shape,
                                  DenseElementsAttr init, bool isStatistic, bool isFrozen) {
  ModuleOp module = getOperation();
  FlatSymbolRefAttr weights = stateReadBy(layer.conv.getW());
  std::string stem = weights ? weights.getValue().str() : layer.name;
  std::string name = stem + ".gate" + suffix.str();
  for (unsigned i = 2; module.lookupSymbol(name); ++i) // weights that two layers share
    name = stem + ".gate" + std::to_string(i) + suffix.str();
  OpBuilder b(&module.getBody()->front());
  for (const State &state : statesOf(module))
    b.setInsertionPointAfter(state.op);
  auto type = RankedTensorType::get(shape, b.getF32Type());
  return createState(b, NameLoc::get(b.getStringAttr(name)), name, type, init, isStatistic,
                     isFrozen);
}

FailureOr<GateStates> TrainGateChannels::addStates(const Layer &layer) {
  Type f32 = Float32Type::get(&getContext());
  ConvOp conv = layer.conv;
  ArrayRef<int64_t> w = shapeOf(conv.getW());
  int64_t slices = w[0] / maskChannels;
  auto splat = [&](int64_t count, float value) {
    return DenseElementsAttr::get(RankedTensorType::get({count}, f32), value);
  };
  SmallVector<int64_t> shape = {slices, w[1] / maskChannels, w[2], w[3]};
  auto mask = [&](bool isBase) {
    SmallVector<float> open;
    for (int64_t out = 0; out < shape[0]; ++out)
      for (int64_t in = 0; in < shape[1]; ++in) {
        bool isSame = out * groups / shape[0] == in * groups / shape[1];
        open.append(shape[2] * shape[3], isSame == isBase ? 1.0f : 0.0f);
      }
    return DenseElementsAttr::get(RankedTensorType::get(shape, f32), ArrayRef<float>(open));
  };
  GateStates states;
  states.threshold = addState(layer, ".threshold", slices, splat(slices, float(initial)),
                              /*isStatistic=*/false, /*isFrozen=*/false);
  if (!pull.empty())
    states.threshold.op->setAttr(getPullAttrName(), ArrayAttr::get(&getContext(), pull));
  states.mean = addState(layer, ".mean", w[0], splat(w[0], 0), /*isStatistic=*/true,
                         /*isFrozen=*/false);
  states.var = addState(layer, ".var", w[0], splat(w[0], 1), /*isStatistic=*/true,
                        /*isFrozen=*/false);
  states.base = addState(layer, ".base", shape, mask(true), /*isStatistic=*/false,
                         /*isFrozen=*/true);
  states.rest = addState(layer, ".rest", shape, mask(false), /*isStatistic=*/false,
                         /*isFrozen=*/true);
  return states;
}

/// A state with a number that the host gives before each run.
FailureOr<FlatSymbolRefAttr> TrainGateChannels::addNumber(StringRef name, double value) {
  ModuleOp module = getOperation();
  if (Operation *other = module.lookupSymbol(name)) {
    InFlightDiagnostic d = error() << "the model has a state @" << name << " of its own";
    d.attachNote(other->getLoc()) << "the name is taken here";
    return d;
  }
  OpBuilder b(&module.getBody()->front());
  for (const State &state : statesOf(module))
    b.setInsertionPointAfter(state.op);
  auto type = RankedTensorType::get({1}, b.getF32Type());
  State state = createState(b, NameLoc::get(b.getStringAttr(name)), name, type,
                            DenseElementsAttr::get(type, float(value)), /*isStatistic=*/true,
                            /*isFrozen=*/false);
  NamedAttrList numbers(module->getAttrOfType<DictionaryAttr>(getNumbersAttrName()));
  numbers.set(name, b.getF32FloatAttr(float(value)));
  module->setAttr(getNumbersAttrName(), numbers.getDictionary(&getContext()));
  return FlatSymbolRefAttr::get(state.symbol);
}

LogicalResult TrainGateChannels::addNumbers() {
  for (auto [name, value] : {std::pair<StringRef, double>(lambdaName, lambda.getValue()),
                             {targetName, target.getValue()}}) {
    FailureOr<FlatSymbolRefAttr> state = addNumber(name, value);
    if (failed(state))
      return failure();
    pull.push_back(*state);
  }
  return success();
}

/// Whether the mean of the normalised sums of a slice is above its threshold: 1 or 0.
Value TrainGateChannels::threshold(OpBuilder &b, const Layer &layer, Value sums,
                                   const GateStates &states, bool isTrained) {
  Location loc = layer.loc();
  auto f32 = [&](StringRef name, double value) {
    return b.getNamedAttr(name, b.getF32FloatAttr(float(value)));
  };
  auto read = [&](const State &state) { return createRead(b, loc, state.type, state.name()); };
  auto reshaped = [&](Value x, ArrayRef<int64_t> shape) {
    return createReshape(b, loc, cast<RankedTensorType>(x.getType()).clone(shape), x, Phase::fp);
  };
  ArrayRef<int64_t> y = shapeOf(sums);
  int64_t slices = y[1] / maskChannels;
  auto splat = [&](float value) {
    return createConstant(
        b, loc, DenseElementsAttr::get(RankedTensorType::get({1, 1, 1, 1}, b.getF32Type()), value));
  };
  Value mean = read(states.mean), var = read(states.var);
  auto normal = createInferred<NormalizeOp>(
      b, loc,
      {sums, reshaped(mean, {1, y[1], 1, 1}), reshaped(var, {1, y[1], 1, 1}), splat(1), splat(0)},
      f32("epsilon", epsilon));
  if (!normal)
    return nullptr;
  auto ofSlice = createInferred<ReduceMeanOp>(
      b, loc, reshaped(normal.getY(), {y[0], slices, maskChannels, y[2] * y[3]}),
      i64s(b, "axes", {2}));
  if (!ofSlice)
    return nullptr;
  auto open = createInferred<LessOp>(b, loc,
                                     {reshaped(read(states.threshold), {1, slices, 1, 1}),
                                      reshaped(ofSlice.getY(), {y[0], slices, y[2], y[3]})},
                                     f32("straight_through", alpha));
  if (!open || !isTrained)
    return open ? open.getY() : Value();
  auto batch = createInferred<StatisticsOp>(b, loc, sums, {}, {b.getF32Type(), b.getF32Type()});
  if (!batch)
    return nullptr;
  // Reads of their own: the gradient of the gate still needs the old statistics.
  for (auto [state, value] :
       {std::pair(states.mean, batch.getMean()), {states.var, batch.getVar()}}) {
    auto next = createInferred<MovingAverageOp>(b, loc, {read(state), reshaped(value, y[1])},
                                                {f32("momentum", momentum), phaseOf(b, Phase::up)});
    if (!next)
      return nullptr;
    createWrite(b, loc, state.name(), next.getY());
  }
  return open.getY();
}

/// Gives the tensor the name of the layer's result with `suffix`.
static void nameAfter(ConvOp conv, StringRef suffix, Value value) {
  auto names = conv->getAttrOfType<ArrayAttr>(getNamesAttrName());
  if (!names || names.size() != 1)
    return;
  Builder b(conv.getContext());
  std::string name = (cast<StringAttr>(names[0]).getValue() + suffix).str();
  value.getDefiningOp()->setAttr(getNamesAttrName(), b.getArrayAttr({b.getStringAttr(name)}));
}

/// Takes a convolution apart: its base path, the gate, and the rest that goes on where it is open.
LogicalResult TrainGateChannels::gate(const Layer &layer, bool isTrained) {
  FailureOr<GateStates> states = addStates(layer);
  if (failed(states))
    return failure();
  ConvOp conv = layer.conv;
  OpBuilder b(conv);
  auto base = cast<ConvOp>(b.clone(*conv));
  base->removeAttr(getNamesAttrName());
  auto groupsOf = [&](const State &state) {
    return createRead(b, conv.getLoc(), state.type, state.name());
  };
  b.setInsertionPoint(base);
  base.getGroupsMutable().assign(groupsOf(states->base));
  b.setInsertionPoint(conv);
  Value open = threshold(b, layer, base.getY(), *states, isTrained);
  if (!open)
    return failure();
  conv.getBiasMutable().clear();
  conv.getInitMutable().assign(base.getY());
  conv.getGateMutable().assign(open);
  conv.getGroupsMutable().assign(groupsOf(states->rest));
  nameAfter(conv, "/base", base.getY());
  nameAfter(conv, "/gate", open);
  ArrayRef<int64_t> w = shapeOf(conv.getW());
  remark::passed(conv.getLoc(), remark::RemarkOpts::name("gate").category("sparsity"))
      << llvm::formatv("gated: {0} of {1} input channels always, the others where one of {2} gates "
                       "of 8 output channels is open",
                       w[1] / groups, w[1], w[0] / maskChannels)
             .str();
  return success();
}

LogicalResult TrainGateChannels::run() {
  ModuleOp module = getOperation();
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step || !step.getBody().hasOneBlock())
    return error() << "expects a module with a function @step of one block";
  if (module->hasAttr(getOwnUpdatesAttrName()))
    return error() << "the model computes its own gradients, expected a forward graph";
  FailureOr<SmallVector<Layer>> all = findLayers(step);
  FailureOr<SmallVector<Layer>> chosen =
      failed(all) ? FailureOr<SmallVector<Layer>>(failure()) : chooseLayers(*all);
  if (failed(chosen))
    return failure();
  if (chosen->empty())
    return error() << "no convolution of the model can be gated, expected one of " << groups * 8
                   << " input and output channels or a multiple, which is not the first";
  // Statistics move only where there is a loss to train by.
  auto results = step.getResultTypes();
  bool isTrained =
      !results.empty() && results.size() <= 2 && cast<ShapedType>(results[0]).getRank() == 0;
  if (isTrained && failed(addNumbers()))
    return failure();
  for (const Layer &layer : *chosen)
    if (failed(gate(layer, isTrained)))
      return failure();
  return success();
}
