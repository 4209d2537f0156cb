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

#include "dialects/Train/TrainFormOps.h"
#include "dialects/Train/TrainStateOps.h"
#include "dialects/Train/TrainUpdateOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace slp {
#define GEN_PASS_DEF_TRAINDIFFERENTIATE
#include "slp/Autodiff/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;
using slp::autodiff::Differentiator;

void slp::registerGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, TrainDialect *) {
    autodiff::attachBroadcastGradients(*context);
    autodiff::attachConvGradients(*context);
    autodiff::attachElementwiseGradients(*context);
    autodiff::attachFunctionGradients(*context);
    autodiff::attachLossGradients(*context);
    autodiff::attachMatMulGradients(*context);
    autodiff::attachPoolGradients(*context);
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
  for (Operation &op : step.getBody().front())
    renameForEval(&op);
}

/// @eval: the ops that `logits` needs, without labels.
static void buildEval(ModuleOp module, func::FuncOp step, Value logits) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  DenseSet<Value> needed = {logits};
  SmallVector<Operation *> ops;
  for (Operation &op : llvm::reverse(step.getBody().front())) {
    if (llvm::none_of(op.getResults(), [&](Value v) { return needed.contains(v); }))
      continue;
    ops.push_back(&op);
    needed.insert(op.operand_begin(), op.operand_end());
  }
  SmallVector<BlockArgument> inputs;
  for (BlockArgument argument : step.getArguments())
    if (!cast<ShapedType>(argument.getType()).getElementType().isInteger())
      inputs.push_back(argument);
  SmallVector<Type> types;
  for (BlockArgument input : inputs)
    types.push_back(input.getType());
  auto eval = func::FuncOp::create(b, NameLoc::get(b.getStringAttr("eval")), "eval",
                                   b.getFunctionType(types, logits.getType()));
  eval.addEntryBlock();
  IRMapping mapping;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    eval.setArgAttrs(i, step.getArgAttrDict(input.getArgNumber()));
    eval.getArgument(i).setLoc(input.getLoc());
    mapping.map(input, eval.getArgument(i));
  }
  if (DictionaryAttr attributes = step.getResultAttrDict(1))
    eval.setResultAttrs(0, attributes);
  b.setInsertionPointToStart(&eval.getBody().front());
  for (Operation *op : llvm::reverse(ops)) {
    Operation *copy = b.clone(*op, mapping);
    renameForEval(copy);
  }
  func::ReturnOp::create(b, eval.getLoc(), mapping.lookup(logits));
}

/// velocity' and w' for each state with a gradient, in the order of the states.
static LogicalResult buildUpdates(ModuleOp module, func::FuncOp step,
                                  function_ref<Value(StateOp)> gradientOf) {
  SymbolTable symbols(module);
  OpBuilder b(step.getBody().front().getTerminator());
  for (StateOp state : llvm::make_early_inc_range(module.getOps<StateOp>())) {
    Value dw = gradientOf(state);
    if (!dw)
      continue;
    Location loc = state.getLoc();
    auto name = b.getStringAttr(state.getSymName() + ".velocity");
    if (Operation *other = symbols.lookup(name)) {
      InFlightDiagnostic d = state.emitOpError("cannot have a state @") << name.getValue();
      d.attachNote(other->getLoc()) << "the name is taken here";
      return d;
    }
    b.setInsertionPointAfter(state);
    auto velocity =
        StateOp::create(b, loc, name, state.getTypeAttr(), Attribute(), num_ir::RoundingAttr());
    symbols.insert(velocity);
    b.setInsertionPoint(step.getBody().front().getTerminator());
    auto read = [&](StateOp from) {
      return ReadOp::create(b, loc, from.getType(), FlatSymbolRefAttr::get(from.getSymNameAttr()))
          .getResult();
    };
    Value w;
    for (ReadOp existing : step.getOps<ReadOp>())
      if (existing.getStateAttr().getAttr() == state.getSymNameAttr()) {
        w = existing.getResult();
        break;
      }
    Type f32 = b.getF32Type();
    auto sgd =
        createInferred<SgdOp>(b, loc, {w, read(velocity), dw}, phaseOf(b, Phase::up), {f32, f32});
    if (!sgd)
      return failure();
    WriteOp::create(b, loc, state.getSymName(), sgd.getWOut());
    WriteOp::create(b, loc, velocity.getSymName(), sgd.getVOut());
  }
  return success();
}

/// The gradients of `loss`, and an update of each state that has one.
static LogicalResult updateByLoss(ModuleOp module, func::FuncOp step, Value loss) {
  llvm::StringMap<SmallVector<Value>> reads;
  SmallVector<Value> sources;
  for (ReadOp read : step.getOps<ReadOp>()) {
    reads[read.getState()].push_back(read.getResult());
    sources.push_back(read.getResult());
  }
  OpBuilder atEnd(step.getBody().front().getTerminator());
  Differentiator gradients(atEnd, sources, {});
  if (failed(gradients.run(loss, /*seed=*/Value())))
    return failure();
  return buildUpdates(module, step, [&](StateOp state) {
    return gradients.gradientOf(reads.lookup(state.getSymName()),
                                NameLoc::get(state.getSymNameAttr()));
  });
}

/// The same where the graph computes the gradients itself.
static LogicalResult updateByOwnGradients(ModuleOp module, func::FuncOp step) {
  llvm::StringMap<Value> gradients;
  for (GradientOp gradient : llvm::make_early_inc_range(step.getOps<GradientOp>())) {
    gradients[gradient.getState()] = gradient.getValue();
    gradient.erase();
  }
  module->removeAttr(getOwnUpdatesAttrName());
  return buildUpdates(module, step,
                      [&](StateOp state) { return gradients.lookup(state.getSymName()); });
}

static LogicalResult differentiate(ModuleOp module, StringRef optimizer) {
  if (auto stage = module->getAttrOfType<StringAttr>("slp.stage"); stage && stage != "import")
    return emitError(module.getLoc())
           << "differentiate expects a module of stage import, found " << stage.getValue();
  if (optimizer != "sgd")
    return emitError(module.getLoc())
           << "optimizer " << optimizer << " is not supported, expected sgd";
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step || !step.getBody().hasOneBlock())
    return emitError(module.getLoc()) << "differentiate expects a function @step of one block";
  auto results = cast<func::ReturnOp>(step.getBody().front().getTerminator()).getOperands();
  Operation *loss = results.empty() ? nullptr : results[0].getDefiningOp();
  if (module.lookupSymbol("eval"))
    return emitError(module.getLoc())
           << "differentiate makes a function @eval, but there is one already";
  if (!loss || results.size() != 2 || cast<ShapedType>(results[0].getType()).getRank() != 0) {
    makeEvalOnly(step);
    module->setAttr("slp.stage", StringAttr::get(module.getContext(), "differentiate"));
    return success();
  }

  buildEval(module, step, results[1]);
  if (failed(resolveDerivatives(step)) ||
      failed(module->hasAttr(getOwnUpdatesAttrName()) ? updateByOwnGradients(module, step)
                                                      : updateByLoss(module, step, results[0])))
    return failure();
  // What neither the loss nor the logits need is not part of the step.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(step.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
  module->setAttr("slp.stage", StringAttr::get(module.getContext(), "differentiate"));
  return success();
}

namespace {
struct TrainDifferentiate : slp::impl::TrainDifferentiateBase<TrainDifferentiate> {
  using Base::Base;
  void runOnOperation() override {
    if (failed(differentiate(getOperation(), optimizer)))
      signalPassFailure();
  }
};
} // namespace
