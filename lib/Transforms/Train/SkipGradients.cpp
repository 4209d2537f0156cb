//===- SkipGradients.cpp - leave images out of the backward pass ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-skip-gradients (see Passes.td).
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "lib/Transforms/Train/ImageLosses.h"

#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/DropOp.h"
#include "dialects/Train/KeepOp.h"
#include "dialects/Train/MaxOp.h"
#include "dialects/Train/NormalizeGradOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/SeedOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"

#include "dialects/Train/DivOp.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/DenseSet.h"

namespace slp {
#define GEN_PASS_DEF_TRAINSKIPGRADIENTS
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

namespace {
struct TrainSkipGradients : slp::impl::TrainSkipGradientsBase<TrainSkipGradients> {
  using Base::Base;
  void runOnOperation() override {
    if (failed(rewrite()))
      signalPassFailure();
  }

private:
  LogicalResult rewrite();
  LogicalResult rewrite(func::FuncOp fn);
  void noteNumber();
  InFlightDiagnostic error() {
    return emitError(UnknownLoc::get(&getContext())) << "gradient-skip: ";
  }
};

/// The gradients of one function.
class Backward {
public:
  Backward(func::FuncOp fn, StringRef scaleState, bool dividesByKept)
      : fn(fn), scaleState(scaleState), dividesByKept(dividesByKept), b(fn.getContext()),
        images(imagesOf(fn)) {}

  /// Finds where errors of images begin; false if the function has none.
  bool find();
  /// Puts keep and drop where they belong.
  LogicalResult rewrite();

private:
  bool isError(Value value) const { return errors.contains(value); }
  bool hasImages(Value value) const { return ofImages.contains(value); }
  NamedAttribute named(ArrayRef<std::string> names);
  void drop(Operation *op, Value mask);
  void divideByKept(NormalizeGradOp op, Value ratio);

  func::FuncOp fn;
  StringRef scaleState; // of a dynamic loss scale
  bool dividesByKept;
  OpBuilder b;
  int64_t images;
  llvm::DenseSet<Value> errors, ofImages; // computed from the loss scale; of each image
  SmallVector<Operation *> entries;       // whose result is the first that has images
  SmallVector<NormalizeGradOp> couplings; // whose mean is of several images
};
} // namespace

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static bool isBackward(Operation *op) {
  auto phase = op->getAttrOfType<PhaseAttr>("phase");
  return phase && (phase.getValue() == Phase::bp || phase.getValue() == Phase::wg);
}

bool Backward::find() {
  for (Operation &op : fn.getBody().front()) {
    auto state = stateReadBy(&op);
    if (isa<SeedOp>(op) || (state && !scaleState.empty() && state.getValue() == scaleState)) {
      errors.insert_range(op.getResults());
      continue;
    }
    bool isEntry = isa<CrossEntropyGradOp>(op) &&
                   llvm::none_of(op.getOperands(), [&](Value x) { return hasImages(x); });
    bool isOfError = llvm::any_of(op.getOperands(), [&](Value x) { return isError(x); });
    if (!isBackward(&op) || op.getNumResults() == 0 || !(isOfError || isEntry))
      continue;
    errors.insert_range(op.getResults());
    if (llvm::any_of(op.getOperands(), [&](Value x) { return hasImages(x); })) {
      ofImages.insert_range(op.getResults());
      auto normalize = dyn_cast<NormalizeGradOp>(op);
      if (normalize && shapeOf(normalize.getX())[0] == images && images > 1 &&
          shapeOf(normalize.getMean())[0] == 1)
        couplings.push_back(normalize);
      continue;
    }
    // Of a single number; or what pulls a state by itself, in WG, whose size says nothing.
    if (isReshape(&op) || op.getAttrOfType<PhaseAttr>("phase").getValue() != Phase::bp)
      continue;
    ArrayRef<int64_t> shape = shapeOf(op.getResult(0));
    if (isEntry || (!shape.empty() && shape[0] == images)) {
      ofImages.insert_range(op.getResults());
      entries.push_back(&op);
    }
  }
  return !errors.empty();
}

NamedAttribute Backward::named(ArrayRef<std::string> names) {
  SmallVector<Attribute> all;
  for (const std::string &name : names)
    all.push_back(b.getStringAttr((fn.getName() == "step" ? "" : fn.getName() + ":") + name));
  return b.getNamedAttr(getNamesAttrName(), b.getArrayAttr(all));
}

/// The op's result in f32, and behind it what is left of it, in the format that it had.
void Backward::drop(Operation *op, Value mask) {
  OpResult dx = op->getResult(0);
  auto type = cast<RankedTensorType>(dx.getType());
  b.setInsertionPointAfter(op);
  auto phase = op->getAttrOfType<PhaseAttr>("phase").getValue();
  auto rounding = op->getAttrOfType<num_ir::RoundingAttr>("rounding");
  dx.setType(type.clone(b.getF32Type()));
  op->removeAttr("rounding");
  auto kept = DropOp::create(b, op->getLoc(), type, dx, mask, phase, rounding);
  dx.replaceAllUsesExcept(kept.getY(), kept);
  if (Attribute names = op->getAttr(getNamesAttrName())) {
    kept->setAttr(getNamesAttrName(), names);
    op->removeAttr(getNamesAttrName());
  }
  std::string node = nodeNameOf(op->getLoc());
  NamedAttribute name = named({(node.empty() ? "error" : node) + "/dx/all"});
  op->setAttr(name.getName(), name.getValue());
}

/// Sums over kept images, as large as if they were over as many as the batch has.
void Backward::divideByKept(NormalizeGradOp op, Value ratio) {
  b.setInsertionPoint(op);
  SmallVector<int64_t> ones(shapeOf(op.getSum()).size(), 1);
  auto type = RankedTensorType::get(ones, b.getF32Type());
  Value factor = createReshape(b, op.getLoc(), type, ratio, Phase::bp);
  if (!isConstant(op.getSum().getDefiningOp()))
    op.getSumMutable().assign(createProduct(b, op.getLoc(), op.getSum(), factor, Phase::bp));
  op.getProductsMutable().assign(
      createProduct(b, op.getLoc(), op.getProducts(), factor, Phase::bp));
}

LogicalResult Backward::rewrite() {
  FailureOr<Value> losses = findImageLosses(fn);
  if (failed(losses))
    return failure();
  if (entries.size() != 1)
    return emitError(UnknownLoc::get(fn.getContext()))
           << "gradient-skip: expected a loss whose error comes to the images in one place, found "
           << entries.size();
  Location loc = NameLoc::get(b.getStringAttr("keep"));
  b.setInsertionPointAfterValue(*losses);
  Type f32 = b.getF32Type(), i32 = b.getI32Type();
  auto keep = createInferred<KeepOp>(
      b, loc, *losses, {phaseOf(b, Phase::fp), named({"keep/mask", "keep/list", "keep/count"})},
      {f32, i32, i32});
  if (!keep)
    return failure();
  drop(entries.front(), keep.getMask());
  for (NormalizeGradOp op : couplings)
    drop(op, keep.getMask());
  if (!dividesByKept || couplings.empty())
    return success();
  auto one = [&](float value) {
    auto type = RankedTensorType::get({1}, f32);
    return createConstant(b, loc, DenseElementsAttr::get(type, value));
  };
  b.setInsertionPointAfter(keep);
  auto bp = phaseOf(b, Phase::fp);
  auto sum = createInferred<ReduceSumOp>(b, loc, keep.getMask(), {i64s(b, "axes", {0}), bp});
  auto least = createInferred<MaxOp>(b, loc, {sum.getY(), one(1)}, bp);
  auto ratio = createInferred<DivOp>(b, loc, {one(float(images)), least.getY()}, bp);
  for (NormalizeGradOp op : couplings)
    divideByKept(op, ratio.getY());
  return success();
}

LogicalResult TrainSkipGradients::rewrite(func::FuncOp fn) {
  auto training = getOperation()->getAttrOfType<DictionaryAttr>("train.training");
  auto scale = training ? training.getAs<StringAttr>("loss_scale_state") : StringAttr();
  Backward backward(fn, scale ? scale.getValue() : StringRef(), divide == "kept");
  if (!backward.find())
    return error() << "@" << fn.getName()
                   << " has no backward pass that begins with the loss (one that the model's file "
                      "writes out is not known well enough)";
  return backward.rewrite();
}

/// The host gives it at run time.
void TrainSkipGradients::noteNumber() {
  Builder b(&getContext());
  NamedAttrList training(getOperation()->getAttrOfType<DictionaryAttr>("train.training"));
  NamedAttrList numbers(dyn_cast_or_null<DictionaryAttr>(training.get("numbers")));
  numbers.set("skip-below", b.getF64FloatAttr(0));
  training.set("numbers", numbers.getDictionary(&getContext()));
  getOperation()->setAttr("train.training", training.getDictionary(&getContext()));
}

LogicalResult TrainSkipGradients::rewrite() {
  ModuleOp module = getOperation();
  if (divide != "all" && divide != "kept")
    return emitError(UnknownLoc::get(&getContext()))
           << "--skip-divide=" << divide.getValue() << ": expected all or kept";
  if (auto stage = module->getAttrOfType<StringAttr>("slp.stage"); !stage || stage != "precision")
    return error() << "expects a module of stage precision, found "
                   << (stage ? stage.getValue() : "none");
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step || !step.getBody().hasOneBlock())
    return error() << "the model has no loss";
  if (auto accumulate = module.lookupSymbol<func::FuncOp>("accumulate"))
    if (failed(rewrite(accumulate)))
      return failure();
  if (failed(rewrite(step)))
    return failure();
  noteNumber();
  return success();
}
