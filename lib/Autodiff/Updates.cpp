//===- Updates.cpp - from gradients to new parameters -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Updates.h"

#include "dialects/Train/AccumulateOp.h"
#include "dialects/Train/AdagradOp.h"
#include "dialects/Train/AdamOp.h"
#include "dialects/Train/ClipFactorOp.h"
#include "dialects/Train/DrainOp.h"
#include "dialects/Train/SgdOp.h"
#include "dialects/Train/SquareSumOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainPull.h"
#include "dialects/Train/TrainState.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using namespace slp::autodiff;

//===----------------------------------------------------------------------------------------===//
// Which states
//===----------------------------------------------------------------------------------------===//

/// The three of `names` that are most like `glob`.
static std::string nearest(StringRef glob, ArrayRef<StringRef> names) {
  SmallVector<std::pair<unsigned, StringRef>> ranked;
  for (StringRef name : names)
    ranked.emplace_back(glob.edit_distance(name), name);
  llvm::sort(ranked);
  ranked.truncate(std::min<size_t>(ranked.size(), 3));
  return llvm::join(llvm::map_range(ranked, [](auto &entry) { return entry.second; }), ", ");
}

/// Calls `visit` for each of `names` that `glob` matches; fails with an error if there is none.
static LogicalResult forMatches(ModuleOp module, StringRef flag, StringRef glob,
                                ArrayRef<StringRef> names, function_ref<void(StringRef)> visit) {
  auto error = [&] {
    return emitError(UnknownLoc::get(module.getContext())) << "--" << flag << "=" << glob << ": ";
  };
  auto pattern = llvm::GlobPattern::create(glob);
  if (!pattern)
    return error() << "not a pattern: " << llvm::toString(pattern.takeError());
  bool isUsed = false;
  for (StringRef name : names) {
    if (!pattern->match(name))
      continue;
    isUsed = true;
    visit(name);
  }
  if (isUsed)
    return success();
  if (names.empty())
    return error() << "matches no parameter, as there is none";
  return error() << "matches no parameter; near: " << nearest(glob, names);
}

FailureOr<llvm::StringSet<>> autodiff::findTrainable(ModuleOp module,
                                                     const UpdateOptions &options) {
  SmallVector<StringRef> names;
  for (const State &state : statesOf(module))
    if (!state.isStatistic && !state.isFrozen)
      names.push_back(state.name());
  llvm::StringSet<> trainable;
  trainable.insert_range(names);
  for (StringRef glob : options.freeze)
    if (failed(forMatches(module, "freeze", glob, names,
                          [&](StringRef name) { trainable.erase(name); })))
      return failure();
  return trainable;
}

//===----------------------------------------------------------------------------------------===//
// Which optimizer
//===----------------------------------------------------------------------------------------===//

namespace {
/// A state that the optimizer keeps for each parameter.
struct Companion {
  StringRef suffix;
  bool isStatistic; // in f32 whatever the precision: squares leave the range of narrow formats
};

/// An optimizer as `--optimizer` names it.
struct Optimizer {
  StringRef name;
  SmallVector<Companion, 2> companions;
  /// Run-time numbers by flag, with PyTorch's defaults; the rate of sgd is ours.
  SmallVector<std::pair<StringRef, double>> numbers;
};
} // namespace

static std::optional<Optimizer> findOptimizer(const UpdateOptions &options) {
  StringRef name = options.optimizer;
  if (name == "sgd") {
    Optimizer sgd{
        name, {{".velocity", false}}, {{"lr", 0.05}, {"momentum", 0.9}, {"weight-decay", 0}}};
    if (!options.nesterov)
      sgd.numbers.emplace_back("dampening", 0);
    return sgd;
  }
  if (name == "adagrad")
    return Optimizer{
        name, {{".square_sum", true}}, {{"lr", 0.01}, {"weight-decay", 0}, {"epsilon", 1e-10}}};
  if (name == "adam" || name == "adamw")
    return Optimizer{name,
                     {{".mean", false}, {".mean_square", true}},
                     {{"lr", 0.001},
                      {"beta1", 0.9},
                      {"beta2", 0.999},
                      {"epsilon", 1e-8},
                      {"weight-decay", name == "adamw" ? 0.01 : 0}}};
  return std::nullopt;
}

/// For emit, which puts them into the image: name, micro-batches, numbers.
static void noteOptimizer(ModuleOp module, Optimizer optimizer, const UpdateOptions &options) {
  Builder b(module.getContext());
  if (options.clipNorm)
    optimizer.numbers.emplace_back("clip-norm", 1);
  auto own = module->getAttrOfType<DictionaryAttr>("train.hyper"); // what the model says
  SmallVector<NamedAttribute> numbers;
  if (auto more = module->getAttrOfType<DictionaryAttr>(getNumbersAttrName())) {
    for (NamedAttribute number : more)
      numbers.push_back(
          b.getNamedAttr(number.getName(),
                         b.getF64FloatAttr(cast<FloatAttr>(number.getValue()).getValueAsDouble())));
    module->removeAttr(getNumbersAttrName());
  }
  for (auto [name, value] : optimizer.numbers) {
    auto given = own ? dyn_cast_or_null<FloatAttr>(own.get(name)) : FloatAttr();
    numbers.push_back(
        b.getNamedAttr(name, b.getF64FloatAttr(given ? given.getValueAsDouble() : value)));
  }
  module->setAttr("train.training",
                  b.getDictionaryAttr(
                      {b.getNamedAttr("name", b.getStringAttr(optimizer.name)),
                       b.getNamedAttr("micro_batches", b.getI64IntegerAttr(options.microBatches)),
                       b.getNamedAttr("numbers", b.getDictionaryAttr(numbers))}));
}

//===----------------------------------------------------------------------------------------===//
// The updates
//===----------------------------------------------------------------------------------------===//

namespace {
/// A state with a gradient, and how it is updated.
struct Parameter {
  State state;
  Value w, dw;
  State accumulated;
  SmallVector<State> companions;
  float lrScale = 1, decayScale = 1;
};

class UpdateBuilder {
public:
  UpdateBuilder(ModuleOp module, func::FuncOp step, const UpdateOptions &options)
      : module(module), step(step), options(options), symbols(module), b(module.getContext()) {}
  LogicalResult run(const Optimizer &optimizer, function_ref<Value(const State &)> gradientOf);

private:
  FailureOr<State> addState(const State &of, Operation *after, StringRef suffix, bool isStatistic);
  LogicalResult applyGroups();
  LogicalResult addStates(const Optimizer &optimizer);
  LogicalResult addAccumulate();
  LogicalResult drain();
  LogicalResult clip();
  LogicalResult update(Parameter &parameter, const Optimizer &optimizer);

  Value read(const State &state) { return createRead(b, state.loc(), state.type, state.name()); }
  void write(const State &state, Value value) { createWrite(b, state.loc(), state.name(), value); }
  /// Attributes that all users of gradients have.
  SmallVector<NamedAttribute> attributes() {
    SmallVector<NamedAttribute> result = {phaseOf(b, Phase::up)};
    if (options.microBatches != 1)
      result.push_back(b.getNamedAttr("micro_batches", b.getI64IntegerAttr(options.microBatches)));
    return result;
  }

  ModuleOp module;
  func::FuncOp step;
  const UpdateOptions &options;
  SymbolTable symbols;
  OpBuilder b;
  SmallVector<Parameter> parameters;
  Value factor;
};
} // namespace

/// Adds a state like `of`, zero at first, behind the op `after`.
FailureOr<State> UpdateBuilder::addState(const State &of, Operation *after, StringRef suffix,
                                         bool isStatistic) {
  auto name = b.getStringAttr(of.name() + suffix);
  if (Operation *other = symbols.lookup(name)) {
    InFlightDiagnostic d = of.op->emitOpError("cannot have a state @") << name.getValue();
    d.attachNote(other->getLoc()) << "the name is taken here";
    return d;
  }
  b.setInsertionPointAfter(after);
  State state = createState(b, of.loc(), name.getValue(), of.type, Attribute(), isStatistic,
                            /*isFrozen=*/false);
  symbols.insert(state.op);
  return state;
}

/// --no-decay and --lr-scale.
LogicalResult UpdateBuilder::applyGroups() {
  SmallVector<StringRef> names;
  llvm::StringMap<Parameter *> byName;
  for (Parameter &parameter : parameters) {
    names.push_back(parameter.state.name());
    byName[names.back()] = &parameter;
    if (parameter.state.op->hasAttr(getPullAttrName()))
      parameter.decayScale = 0; // its own regulariser takes the place
  }
  for (StringRef glob : options.noDecay)
    if (failed(forMatches(module, "no-decay", glob, names,
                          [&](StringRef name) { byName[name]->decayScale = 0; })))
      return failure();
  for (StringRef text : options.lrScale) {
    auto [glob, number] = text.rsplit(':');
    double scale = -1;
    if (number.getAsDouble(scale) || !(scale >= 0 && scale <= 0x1p60))
      return emitError(UnknownLoc::get(module.getContext()))
             << "--lr-scale=" << text << ": expected GLOB:X with a number X of at least 0";
    if (failed(forMatches(module, "lr-scale", glob, names,
                          [&](StringRef name) { byName[name]->lrScale = float(scale); })))
      return failure();
  }
  return success();
}

LogicalResult UpdateBuilder::addStates(const Optimizer &optimizer) {
  for (Parameter &parameter : parameters) {
    Operation *last = parameter.state.op;
    auto add = [&](StringRef suffix, bool isStatistic) {
      FailureOr<State> state = addState(parameter.state, last, suffix, isStatistic);
      if (succeeded(state))
        last = state->op;
      return state;
    };
    for (const Companion &companion : optimizer.companions) {
      FailureOr<State> state = add(companion.suffix, companion.isStatistic);
      if (failed(state))
        return failure();
      parameter.companions.push_back(*state);
    }
    if (options.microBatches == 1)
      continue;
    FailureOr<State> state = add(".accumulated", /*isStatistic=*/true);
    if (failed(state))
      return failure();
    parameter.accumulated = *state;
  }
  return success();
}

/// @accumulate: a copy of @step that adds the gradients to what is accumulated.
LogicalResult UpdateBuilder::addAccumulate() {
  IRMapping mapping;
  auto accumulate = cast<func::FuncOp>(step->clone(mapping));
  auto name = b.getStringAttr("accumulate");
  accumulate.setSymNameAttr(name);
  accumulate->setLoc(NameLoc::get(name));
  module.push_back(accumulate);
  b.setInsertionPoint(accumulate.getBody().front().getTerminator());
  for (Parameter &parameter : parameters) {
    auto sum = createInferred<AccumulateOp>(
        b, parameter.state.loc(), {read(parameter.accumulated), mapping.lookup(parameter.dw)},
        phaseOf(b, Phase::up));
    if (!sum)
      return failure();
    write(parameter.accumulated, sum.getAccOut());
  }
  return success();
}

/// Replaces the gradients by the sums over all micro-batches.
LogicalResult UpdateBuilder::drain() {
  Type f32 = b.getF32Type();
  for (Parameter &parameter : parameters) {
    auto drain = createInferred<DrainOp>(b, parameter.state.loc(),
                                         {read(parameter.accumulated), parameter.dw},
                                         phaseOf(b, Phase::up), {f32, f32});
    if (!drain)
      return failure();
    write(parameter.accumulated, drain.getAccOut());
    parameter.dw = drain.getSum();
  }
  return success();
}

/// The factor that clips all gradients together.
LogicalResult UpdateBuilder::clip() {
  Value total;
  for (Parameter &parameter : parameters) {
    SmallVector<Value> operands = {parameter.dw};
    if (total)
      operands.push_back(total);
    auto sum = createInferred<SquareSumOp>(b, parameter.state.loc(), operands, attributes());
    if (!sum)
      return failure();
    total = sum.getSum();
  }
  if (!total)
    return success();
  auto op = createInferred<ClipFactorOp>(b, NameLoc::get(b.getStringAttr("clip")), total,
                                         phaseOf(b, Phase::up));
  if (!op)
    return failure();
  factor = op.getFactor();
  return success();
}

LogicalResult UpdateBuilder::update(Parameter &parameter, const Optimizer &optimizer) {
  Location loc = parameter.state.loc();
  SmallVector<Value> operands = {parameter.w};
  SmallVector<State> states = {parameter.state};
  for (const State &companion : parameter.companions) {
    operands.push_back(read(companion));
    states.push_back(companion);
  }
  operands.push_back(parameter.dw);
  if (factor)
    operands.push_back(factor);
  SmallVector<NamedAttribute> all = attributes();
  if (parameter.lrScale != 1)
    all.push_back(b.getNamedAttr("lr_scale", b.getF32FloatAttr(parameter.lrScale)));
  if (parameter.decayScale != 1)
    all.push_back(b.getNamedAttr("decay_scale", b.getF32FloatAttr(parameter.decayScale)));
  SmallVector<Type> elements(states.size(), b.getF32Type());
  Operation *op = nullptr;
  if (optimizer.name == "sgd") {
    if (options.nesterov)
      all.push_back(b.getNamedAttr("nesterov", b.getUnitAttr()));
    op = createInferred<SgdOp>(b, loc, operands, all, elements);
  } else if (optimizer.name == "adagrad") {
    op = createInferred<AdagradOp>(b, loc, operands, all, elements);
  } else {
    if (optimizer.name == "adamw")
      all.push_back(b.getNamedAttr("decoupled", b.getUnitAttr()));
    if (options.decayLast)
      all.push_back(b.getNamedAttr("decay_last", b.getUnitAttr()));
    op = createInferred<AdamOp>(b, loc, operands, all, elements);
  }
  if (!op)
    return failure();
  for (auto [state, value] : llvm::zip_equal(states, op->getResults()))
    write(state, value);
  return success();
}

LogicalResult UpdateBuilder::run(const Optimizer &optimizer,
                                 function_ref<Value(const State &)> gradientOf) {
  llvm::StringMap<Value> values;
  for (Operation &op : step.getBody().front())
    if (auto existing = stateReadBy(&op))
      values.try_emplace(existing.getValue(), op.getResult(0));
  for (const State &state : statesOf(module))
    if (Value dw = gradientOf(state))
      parameters.push_back({state, values.lookup(state.name()), dw, {}, {}});
  if (failed(applyGroups()) || failed(addStates(optimizer)) ||
      (options.microBatches != 1 && failed(addAccumulate())))
    return failure();
  b.setInsertionPoint(step.getBody().front().getTerminator());
  if ((options.microBatches != 1 && failed(drain())) || (options.clipNorm && failed(clip())))
    return failure();
  for (Parameter &parameter : parameters)
    if (failed(update(parameter, optimizer)))
      return failure();
  return success();
}

LogicalResult autodiff::checkUpdateOptions(ModuleOp module, const UpdateOptions &options) {
  auto error = [&] { return emitError(module.getLoc()); };
  if (!findOptimizer(options))
    return error() << "optimizer " << options.optimizer
                   << " is not supported, expected sgd, adagrad, adam or adamw";
  if (options.nesterov && options.optimizer != "sgd")
    return error() << "--nesterov is for optimizer sgd, not " << options.optimizer;
  if (options.microBatches < 1)
    return error() << "expected at least 1 micro-batch, found " << options.microBatches;
  return success();
}

LogicalResult autodiff::buildUpdates(ModuleOp module, func::FuncOp step,
                                     const UpdateOptions &options,
                                     function_ref<Value(const State &)> gradientOf) {
  std::optional<Optimizer> optimizer = findOptimizer(options);
  if (!optimizer)
    return checkUpdateOptions(module, options);
  if (failed(UpdateBuilder(module, step, options).run(*optimizer, gradientOf)))
    return failure();
  noteOptimizer(module, *optimizer, options);
  return success();
}
