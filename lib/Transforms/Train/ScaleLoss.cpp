//===- ScaleLoss.cpp - dynamic loss scaling ---------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-scale-loss (see Passes.td).
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "lib/Transforms/Train/LossScale.h"

#include "dialects/Train/AccumulateOp.h"
#include "dialects/Train/AdagradOp.h"
#include "dialects/Train/AdamOp.h"
#include "dialects/Train/ClearSaturationsOp.h"
#include "dialects/Train/ClipFactorOp.h"
#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/DrainOp.h"
#include "dialects/Train/LossScaleUpdateOp.h"
#include "dialects/Train/SaturationsOp.h"
#include "dialects/Train/SeedOpKind.h"
#include "dialects/Train/SgdOp.h"
#include "dialects/Train/SliceOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainScaleOps.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace slp {
#define GEN_PASS_DEF_TRAINSCALELOSS
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

static constexpr StringLiteral stateName = "loss_scale", countName = "loss_scale.saturations";

namespace {
/// The gradients of one function.
struct Backward {
  func::FuncOp fn;
  Operation *first = nullptr, *last = nullptr; // of phases BP and WG
  SmallVector<Operation *> sources;            // where the loss scale comes in
};

/// The pass on one module.
struct TrainScaleLoss : slp::impl::TrainScaleLossBase<TrainScaleLoss> {
  using Base::Base;
  void runOnOperation() override {
    if (failed(check()) || failed(rewrite()))
      signalPassFailure();
  }

private:
  LogicalResult checkNumbers();
  LogicalResult check();
  LogicalResult rewrite();
  void addState(StringRef name, ArrayRef<float> init);
  void scaleSources(OpBuilder &b, const Backward &backward);
  Value countOf(OpBuilder &b, const Backward &backward);
  LogicalResult updateScale(OpBuilder &b, func::FuncOp step, Value count);
  InFlightDiagnostic error() {
    return emitError(UnknownLoc::get(&getContext())) << "--loss-scale=dynamic: ";
  }

  SmallVector<Backward, 2> functions; // @step first
  bool accumulates() const { return functions.size() > 1; }
};
} // namespace

static bool isUpdate(Operation *op) { return isa<SgdOp, AdagradOp, AdamOp>(op); }

static Backward findBackward(func::FuncOp fn) {
  Backward result{fn, nullptr, nullptr, {}};
  for (Operation &op : fn.getBody().front()) {
    bool isSource = beginsBackward(&op);
    if (isSource)
      result.sources.push_back(&op);
    auto phase = op.getAttrOfType<PhaseAttr>("phase");
    bool isGradient = phase && (phase.getValue() == Phase::bp || phase.getValue() == Phase::wg);
    if (!isGradient && !isSource)
      continue;
    if (!result.first)
      result.first = &op;
    result.last = &op;
  }
  return result;
}

LogicalResult TrainScaleLoss::checkNumbers() {
  for (auto [name, value] : {std::pair(StringRef("initial"), initial.getValue()),
                             {"growth", growth.getValue()},
                             {"backoff", backoff.getValue()},
                             {"min", least.getValue()},
                             {"max", most.getValue()}}) {
    int exponent = 0;
    if (!(value > 0) || std::frexp(value, &exponent) != 0.5 || exponent > 64 || exponent < -62)
      return error() << "expected a power of two from 2^-63 to 2^63 as " << name << ", found "
                     << llvm::formatv("{0}", value).str();
  }
  if (interval < 1 || interval > (int64_t(1) << 24))
    return error() << "expected an interval of 1 to " << (int64_t(1) << 24) << " steps, found "
                   << interval.getValue();
  if (growth < 1 || backoff > 1)
    return error() << "expected a growth of at least 1 and a backoff of at most 1";
  if (least > initial || least > most)
    return error() << "expected a least scale of at most the first and the greatest";
  return success();
}

LogicalResult TrainScaleLoss::check() {
  ModuleOp module = getOperation();
  if (failed(checkNumbers()))
    return failure();
  if (auto stage = module->getAttrOfType<StringAttr>("slp.stage");
      !stage || stage != "differentiate")
    return error() << "expects a module of stage differentiate, found "
                   << (stage ? stage.getValue() : "none");
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step || !step.getBody().hasOneBlock())
    return error() << "the model has no loss to scale";
  if (module->hasAttr(getOwnUpdatesAttrName()) && !dividesLossScaleOut(step))
    return error() << "the model's own updates do not divide the loss scale out";
  functions.push_back(findBackward(step));
  if (auto accumulate = module.lookupSymbol<func::FuncOp>("accumulate"))
    functions.push_back(findBackward(accumulate));
  for (const Backward &backward : functions)
    if (backward.sources.empty())
      return error() << "the model has no gradients to scale";
  for (Operation &op : step.getBody().front())
    if ((isUpdate(&op) || isa<ClipFactorOp>(op)) && op.isBeforeInBlock(functions[0].last))
      return op.emitError("--loss-scale=dynamic: an update stands before the last gradient");
  for (StringRef name : {stateName, countName})
    if (Operation *other = module.lookupSymbol(name)) {
      InFlightDiagnostic d = error() << "the model has a state @" << name << " of its own";
      d.attachNote(other->getLoc()) << "the name is taken here";
      return d;
    }
  return success();
}

void TrainScaleLoss::addState(StringRef name, ArrayRef<float> init) {
  ModuleOp module = getOperation();
  OpBuilder b(&module.getBody()->front());
  for (const State &state : statesOf(module))
    b.setInsertionPointAfter(state.op);
  auto type = RankedTensorType::get({int64_t(init.size())}, b.getF32Type());
  createState(b, NameLoc::get(b.getStringAttr(name)), name, type,
              DenseElementsAttr::get(type, init), /*isStatistic=*/true, /*isFrozen=*/false);
}

/// The name of a tensor of `fn`; train-name-tensors keeps it.
static NamedAttribute named(OpBuilder &b, func::FuncOp fn, ArrayRef<StringRef> names) {
  SmallVector<Attribute> all;
  for (StringRef name : names)
    all.push_back(b.getStringAttr((fn.getName() == "step" ? "" : fn.getName() + ":") + name));
  return b.getNamedAttr(getNamesAttrName(), b.getArrayAttr(all));
}

static Value read(OpBuilder &b, Location loc, StringRef state, int64_t size) {
  return createRead(b, loc, RankedTensorType::get({size}, b.getF32Type()), state);
}

/// The scale takes the place of each seed, and multiplies the fused gradients.
void TrainScaleLoss::scaleSources(OpBuilder &b, const Backward &backward) {
  Location loc = NameLoc::get(b.getStringAttr(stateName));
  b.setInsertionPoint(backward.first);
  Value state = read(b, loc, stateName, scaleElements);
  auto bp = phaseOf(b, Phase::bp);
  auto element = createInferred<SliceOp>(b, loc, state,
                                         {i64s(b, "starts", {scaleElement}), i64s(b, "sizes", {1}),
                                          i64s(b, "steps", {1}), bp,
                                          named(b, backward.fn, {"loss_scale/scale"})});
  Value scale =
      createReshape(b, loc, RankedTensorType::get({}, b.getF32Type()), element.getY(), Phase::bp);
  NamedAttribute scalar = named(b, backward.fn, {"loss_scale/scalar"});
  scale.getDefiningOp()->setAttr(scalar.getName(), scalar.getValue());
  ClearSaturationsOp::create(b, loc, Phase::bp);
  for (Operation *source : backward.sources) {
    if (auto grad = dyn_cast<CrossEntropyGradOp>(source)) {
      grad.getScaleMutable().assign(scale);
      continue;
    }
    source->getResult(0).replaceAllUsesWith(scale);
  }
}

/// The saturations of this run, behind the last gradient.
Value TrainScaleLoss::countOf(OpBuilder &b, const Backward &backward) {
  b.setInsertionPointAfter(backward.last);
  auto count = createInferred<SaturationsOp>(
      b, NameLoc::get(b.getStringAttr(stateName)), {},
      {phaseOf(b, Phase::up), named(b, backward.fn, {"loss_scale/saturations"})});
  return count.getCount();
}

/// The next state, and the factor of everything that the gradients update.
LogicalResult TrainScaleLoss::updateScale(OpBuilder &b, func::FuncOp step, Value count) {
  Location loc = NameLoc::get(b.getStringAttr(stateName));
  Value state;
  for (Operation &op : step.getBody().front())
    if (auto read = stateReadBy(&op); read && read.getValue() == stateName)
      state = op.getResult(0);
  auto f32 = [&](StringRef name, double value) {
    return b.getNamedAttr(name, b.getF32FloatAttr(float(value)));
  };
  auto next = createInferred<LossScaleUpdateOp>(
      b, loc, {state, count},
      {f32("growth", growth), f32("backoff", backoff), f32("least", least),
       f32("most", std::max<double>(most, initial)),
       b.getNamedAttr("interval", b.getI64IntegerAttr(interval)), phaseOf(b, Phase::up),
       named(b, step, {"loss_scale/next", "loss_scale/factor"})},
      {b.getF32Type(), b.getF32Type()});
  if (!next)
    return failure();
  createWrite(b, loc, stateName, next.getStateOut());
  for (Operation &op : step.getBody().front()) {
    if (auto clip = dyn_cast<ClipFactorOp>(op)) {
      clip.getUnscaleMutable().assign(next.getFactor());
      continue;
    }
    // One that is clipped has its factor, in which the scale is.
    llvm::TypeSwitch<Operation *>(&op).Case<SgdOp, AdagradOp, AdamOp>([&](auto update) {
      if (!update.getFactor())
        update.getFactorMutable().assign(next.getFactor());
    });
  }
  return success();
}

LogicalResult TrainScaleLoss::rewrite() {
  ModuleOp module = getOperation();
  OpBuilder b(module.getContext());
  Location loc = NameLoc::get(b.getStringAttr(stateName));
  addState(stateName, {float(initial), 0, 0, 0});
  if (accumulates())
    addState(countName, {0});
  for (const Backward &backward : functions)
    scaleSources(b, backward);

  auto up = phaseOf(b, Phase::up);
  for (const Backward &backward : llvm::drop_begin(functions)) {
    Value count = countOf(b, backward);
    auto sum = createInferred<AccumulateOp>(b, loc, {read(b, loc, countName, 1), count}, up);
    createWrite(b, loc, countName, sum.getAccOut());
  }
  func::FuncOp step = functions.front().fn;
  Value count = countOf(b, functions.front());
  if (accumulates()) {
    auto drain = createInferred<DrainOp>(b, loc, {read(b, loc, countName, 1), count}, up,
                                         {b.getF32Type(), b.getF32Type()});
    createWrite(b, loc, countName, drain.getAccOut());
    count = drain.getSum();
  }
  if (failed(updateScale(b, step, count)))
    return failure();
  for (const Backward &backward : functions)
    for (Operation *source : backward.sources)
      if (isOneOf<SeedOp>(source))
        source->erase();

  NamedAttrList training(module->getAttrOfType<DictionaryAttr>("train.training"));
  training.set("loss_scale_state", b.getStringAttr(stateName));
  module->setAttr("train.training", training.getDictionary(module.getContext()));
  remark::passed(loc, remark::RemarkOpts::name("loss-scale").category("precision"))
      << llvm::formatv("dynamic loss scale from {0}, times {1} after {2} good steps, times {3} "
                       "after a saturation",
                       double(initial), double(growth), int64_t(interval), double(backoff))
             .str();
  return success();
}
