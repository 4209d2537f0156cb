//===- Differentiate.cpp - make a training step of a forward graph ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-differentiate (see Passes.td): what is needed, backwards, update, @eval.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Autodiff/Passes.h"

#include "lib/Autodiff/Differentiator.h"
#include "lib/Autodiff/Gradients.h"
#include "lib/Autodiff/Pull.h"
#include "lib/Autodiff/Updates.h"

#include "dialects/Train/DropoutOp.h"
#include "dialects/Train/GradientOp.h"
#include "dialects/Train/NormalizeOp.h"
#include "dialects/Train/SeedOp.h"
#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainPull.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/WriteOp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace slp {
#define GEN_PASS_DEF_TRAINDIFFERENTIATE
#include "slp/Autodiff/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;
using namespace slp::autodiff;

void slp::registerGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, TrainDialect *) {
    autodiff::attachBroadcastGradients(*context);
    autodiff::attachConvGradients(*context);
    autodiff::attachElementwiseGradients(*context);
    autodiff::attachFunctionGradients(*context);
    autodiff::attachLossGradients(*context);
    autodiff::attachMatMulGradients(*context);
    autodiff::attachNormGradients(*context);
    autodiff::attachMoveGradients(*context);
    autodiff::attachPoolGradients(*context);
    autodiff::attachReduceGradients(*context);
  });
}

/// Names are unique in the module: those of @eval begin with "eval:".
static void renameForEval(Operation *op) {
  auto names = op->getAttrOfType<ArrayAttr>(getNamesAttrName());
  if (!names)
    return;
  Builder b(op->getContext());
  SmallVector<Attribute> ofEval;
  for (StringAttr name : names.getAsRange<StringAttr>())
    ofEval.push_back(b.getStringAttr("eval:" + name.getValue()));
  op->setAttr(getNamesAttrName(), b.getArrayAttr(ofEval));
}

/// A graph without a loss is not trained: @step becomes @eval.
static void makeEvalOnly(func::FuncOp step) {
  emitWarning(step->getParentOp()->getLoc())
      << "there is no loss, so that nothing is trained and the result has @eval alone: give a "
         "graph that ends in a loss, or --loss=softmax-cross-entropy";
  step.setName("eval");
  step->setLoc(NameLoc::get(StringAttr::get(step.getContext(), "eval")));
  for (Operation &op : llvm::make_early_inc_range(step.getBody().front())) {
    if (auto dropout = dyn_cast<DropoutOp>(op); dropout && dropout.getTrainOnly()) {
      dropout.replaceAllUsesWith(dropout.getX());
      dropout.erase();
      continue;
    }
    renameForEval(&op);
  }
}

/// The value of a state in @eval, as a tensor of `type`.
static Value readForEval(OpBuilder &b, Location loc, ModuleOp module, Attribute name, Type type) {
  auto symbol = cast<FlatSymbolRefAttr>(name);
  State state = findState(module, symbol.getValue());
  Value value = createRead(b, loc, state.type, state.name());
  if (value.getType() == type)
    return value;
  return createReshape(b, loc, type, value, Phase::fp);
}

/// What an op of @step is in @eval: nothing is dropped, and running statistics take the place of
/// the batch's. Null if it is the same op.
static Value evalValueOf(Operation &op, OpBuilder &b, IRMapping &mapping, ModuleOp module) {
  if (auto dropout = dyn_cast<DropoutOp>(op); dropout && !dropout.getMask())
    return mapping.lookup(dropout.getX());
  auto normalize = dyn_cast<NormalizeOp>(op);
  if (!normalize || !normalize.getRunningAttr())
    return nullptr;
  ArrayAttr running = normalize.getRunningAttr();
  Operation *copy = b.clone(op, mapping);
  OpBuilder before(copy);
  for (unsigned i : {0, 1})
    copy->setOperand(1 + i, readForEval(before, op.getLoc(), module, running[i],
                                        op.getOperand(1 + i).getType()));
  copy->removeAttr("running");
  copy->removeAttr("axes");
  renameForEval(copy);
  return copy->getResult(0);
}

/// Which results of the step @eval returns: the logits, and with them a loss that nobody but the
/// graph can compute; the loss where there are no logits.
static SmallVector<unsigned> resultsOfEval(func::FuncOp step) {
  SmallVector<unsigned> results;
  unsigned last = step.getNumResults() - 1;
  for (unsigned i = 0; i <= last; ++i)
    if (i == last || step.getResultAttr(i, getEvaluatedAttrName()))
      results.push_back(i);
  return results;
}

/// @eval: the ops that its results need, without labels that it does not read.
static void buildEval(ModuleOp module, func::FuncOp step) {
  Operation *terminator = step.getBody().front().getTerminator();
  SmallVector<unsigned> results = resultsOfEval(step);
  SmallVector<Value> values;
  for (unsigned index : results)
    values.push_back(terminator->getOperand(index));
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  DenseSet<Value> needed(llvm::from_range, values);
  SmallVector<Operation *> ops;
  for (Operation &op : llvm::reverse(step.getBody().front())) {
    if (llvm::none_of(op.getResults(), [&](Value v) { return needed.contains(v); }))
      continue;
    ops.push_back(&op);
    needed.insert(op.operand_begin(), op.operand_end());
  }
  SmallVector<BlockArgument> inputs;
  for (BlockArgument argument : step.getArguments())
    if (needed.contains(argument))
      inputs.push_back(argument);
  SmallVector<Type> types;
  for (BlockArgument input : inputs)
    types.push_back(input.getType());
  auto eval = func::FuncOp::create(b, NameLoc::get(b.getStringAttr("eval")), "eval",
                                   b.getFunctionType(types, ValueRange(values).getTypes()));
  eval.addEntryBlock();
  IRMapping mapping;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    eval.setArgAttrs(i, step.getArgAttrDict(input.getArgNumber()));
    eval.getArgument(i).setLoc(input.getLoc());
    mapping.map(input, eval.getArgument(i));
  }
  for (auto [i, index] : llvm::enumerate(results))
    if (DictionaryAttr attributes = step.getResultAttrDict(index))
      eval.setResultAttrs(i, attributes);
  b.setInsertionPointToStart(&eval.getBody().front());
  for (Operation *op : llvm::reverse(ops)) {
    if (Value value = evalValueOf(*op, b, mapping, module)) {
      mapping.map(op->getResult(0), value);
      continue;
    }
    Operation *copy = b.clone(*op, mapping);
    renameForEval(copy);
  }
  SmallVector<Value> returned;
  for (Value value : values)
    returned.push_back(mapping.lookup(value));
  func::ReturnOp::create(b, eval.getLoc(), returned);
  step.walk([](NormalizeOp normalize) { normalize.removeRunningAttr(); });
}

/// What neither a result nor a state needs is not part of a function.
static void eraseDeadOps(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// Names the parameters that the loss does not depend on, or only through ops without a gradient.
static void warnWithoutGradient(ModuleOp module, ArrayRef<StringRef> names) {
  if (names.empty())
    return;
  constexpr size_t most = 8;
  InFlightDiagnostic d = emitWarning(module.getLoc());
  if (auto model = module->getAttrOfType<StringAttr>("train.model"))
    d << model.getValue() << ": ";
  d << (names.size() == 1 ? "parameter" : "parameters");
  for (auto [i, name] : llvm::enumerate(names.take_front(most)))
    d << (i == 0 ? " \"" : ", \"") << name << "\"";
  if (names.size() > most)
    d << " and " << names.size() - most << " more";
  d << (names.size() == 1 ? " gets" : " get") << " no gradient from the loss and "
    << (names.size() == 1 ? "keeps its value" : "keep their values");
}

/// The gradients of `loss`, and an update of each state that has one.
static LogicalResult updateByLoss(ModuleOp module, func::FuncOp step, Value loss,
                                  const UpdateOptions &options,
                                  const llvm::StringSet<> &trainable) {
  llvm::StringMap<SmallVector<Value>> reads;
  SmallVector<Value> sources;
  for (Operation &op : step.getBody().front()) {
    auto read = stateReadBy(&op);
    if (!read || !trainable.contains(read.getValue()))
      continue;
    reads[read.getValue()].push_back(op.getResult(0));
    sources.push_back(op.getResult(0));
  }
  OpBuilder atEnd(step.getBody().front().getTerminator());
  Differentiator gradients(atEnd, sources, {});
  // The backward pass begins with the loss scale; a loss whose gradient knows it leaves the op
  // dead.
  auto seed = createInferred<SeedOp>(atEnd, loss.getLoc(), {}, phaseOf(atEnd, Phase::bp));
  if (failed(gradients.run(loss, seed.getY())))
    return failure();
  SmallVector<StringRef> without;
  bool isPulled = true;
  LogicalResult result = buildUpdates(module, step, options, [&](const State &state) -> Value {
    Value gradient = gradients.gradientOf(reads.lookup(state.name()), NameLoc::get(state.symbol));
    if (!gradient && trainable.contains(state.name()))
      without.push_back(state.name());
    if (!gradient)
      return gradient;
    FailureOr<Value> whole = addPull(atEnd, state, gradient, seed.getY());
    isPulled &= succeeded(whole);
    return succeeded(whole) ? *whole : gradient;
  });
  if (!isPulled)
    return failure();
  if (succeeded(result))
    warnWithoutGradient(module, without);
  return result;
}

/// An update that the file writes out is no sum of gradients: it would be made for each run.
static LogicalResult checkOwnUpdates(ModuleOp module, func::FuncOp step) {
  for (WriteOp write : step.getOps<WriteOp>()) {
    State state = findState(module, write.getState());
    if (state && !state.isStatistic)
      return write.emitError("--micro-batch: the file updates \"")
             << write.getState()
             << "\" itself, from the gradient of each run alone, so that those of a batch cannot "
                "be "
                "averaged";
  }
  return success();
}

/// The same where the graph computes the gradients itself.
static LogicalResult updateByOwnGradients(ModuleOp module, func::FuncOp step,
                                          const UpdateOptions &options,
                                          const llvm::StringSet<> &trainable) {
  llvm::StringMap<Value> gradients;
  for (GradientOp gradient : llvm::make_early_inc_range(step.getOps<GradientOp>())) {
    if (trainable.contains(gradient.getState()))
      gradients[gradient.getState()] = gradient.getValue();
    gradient.erase();
  }
  // What is frozen keeps its value, whatever the file does.
  for (WriteOp write : llvm::make_early_inc_range(step.getOps<WriteOp>())) {
    State state = findState(module, write.getState());
    if (state && !state.isStatistic && !trainable.contains(write.getState()))
      write.erase();
  }
  if (options.microBatches != 1 && failed(checkOwnUpdates(module, step)))
    return failure();
  return buildUpdates(module, step, options,
                      [&](const State &state) { return gradients.lookup(state.name()); });
}

static LogicalResult differentiate(ModuleOp module, UpdateOptions options) {
  if (auto stage = module->getAttrOfType<StringAttr>("slp.stage"); stage && stage != "import")
    return emitError(module.getLoc())
           << "differentiate expects a module of stage import, found " << stage.getValue();
  // The file's optimizer stands in for the default; the user's choice comes first.
  if (auto own = module->getAttrOfType<StringAttr>(getFileOptimizerAttrName())) {
    if (options.optimizer == UpdateOptions().optimizer) {
      options.decayLast = own == "adamw_decay_last";
      options.optimizer = options.decayLast ? "adamw" : own.getValue().str();
    }
    module->removeAttr(getFileOptimizerAttrName());
  }
  if (failed(checkUpdateOptions(module, options)))
    return failure();
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step || !step.getBody().hasOneBlock())
    return emitError(module.getLoc()) << "differentiate expects a function @step of one block";
  auto results = cast<func::ReturnOp>(step.getBody().front().getTerminator()).getOperands();
  Operation *loss = results.empty() ? nullptr : results[0].getDefiningOp();
  if (module.lookupSymbol("eval"))
    return emitError(module.getLoc())
           << "differentiate makes a function @eval, but there is one already";
  if (!loss || results.size() > 2 || cast<ShapedType>(results[0].getType()).getRank() != 0) {
    if (failed(resolveDerivatives(step)))
      return failure();
    makeEvalOnly(step);
    module->setAttr("slp.stage", StringAttr::get(module.getContext(), "differentiate"));
    return success();
  }

  buildEval(module, step);
  FailureOr<llvm::StringSet<>> trainable = findTrainable(module, options);
  if (failed(trainable) || failed(resolveDerivatives(step)) ||
      failed(module->hasAttr(getOwnUpdatesAttrName())
                 ? updateByOwnGradients(module, step, options, *trainable)
                 : updateByLoss(module, step, results[0], options, *trainable)))
    return failure();
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    eraseDeadOps(function);
  for (const State &state : statesOf(module))
    state.op->removeAttr(getPullAttrName());
  module->setAttr("slp.stage", StringAttr::get(module.getContext(), "differentiate"));
  return success();
}

namespace {
struct TrainDifferentiate : slp::impl::TrainDifferentiateBase<TrainDifferentiate> {
  using Base::Base;
  void runOnOperation() override {
    UpdateOptions options;
    options.optimizer = optimizer;
    options.nesterov = nesterov;
    options.clipNorm = clipNorm;
    options.microBatches = microBatches;
    options.freeze.assign(freeze.begin(), freeze.end());
    options.noDecay.assign(noDecay.begin(), noDecay.end());
    options.lrScale.assign(lrScale.begin(), lrScale.end());
    if (failed(differentiate(getOperation(), options)))
      signalPassFailure();
  }
};
} // namespace
