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
#include "lib/Autodiff/Updates.h"

#include "dialects/Train/TrainFormOps.h"
#include "dialects/Train/TrainStateOps.h"

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
    autodiff::attachConvGradients(*context);
    autodiff::attachElementwiseGradients(*context);
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

/// What neither a result nor a state needs is not part of a function.
static void eraseDeadOps(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

/// The gradients of `loss`, and an update of each state that has one.
static LogicalResult updateByLoss(ModuleOp module, func::FuncOp step, Value loss,
                                  const UpdateOptions &options,
                                  const llvm::StringSet<> &trainable) {
  llvm::StringMap<SmallVector<Value>> reads;
  SmallVector<Value> sources;
  for (ReadOp read : step.getOps<ReadOp>()) {
    if (!trainable.contains(read.getState()))
      continue;
    reads[read.getState()].push_back(read.getResult());
    sources.push_back(read.getResult());
  }
  OpBuilder atEnd(step.getBody().front().getTerminator());
  Differentiator gradients(atEnd, sources, {});
  if (failed(gradients.run(loss, /*seed=*/Value())))
    return failure();
  return buildUpdates(module, step, options, [&](StateOp state) {
    return gradients.gradientOf(reads.lookup(state.getSymName()),
                                NameLoc::get(state.getSymNameAttr()));
  });
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
  module->removeAttr(getOwnUpdatesAttrName());
  return buildUpdates(module, step, options,
                      [&](StateOp state) { return gradients.lookup(state.getSymName()); });
}

static LogicalResult differentiate(ModuleOp module, const UpdateOptions &options) {
  if (auto stage = module->getAttrOfType<StringAttr>("slp.stage"); stage && stage != "import")
    return emitError(module.getLoc())
           << "differentiate expects a module of stage import, found " << stage.getValue();
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
  if (!loss || results.size() != 2 || cast<ShapedType>(results[0].getType()).getRank() != 0) {
    makeEvalOnly(step);
    module->setAttr("slp.stage", StringAttr::get(module.getContext(), "differentiate"));
    return success();
  }

  buildEval(module, step, results[1]);
  FailureOr<llvm::StringSet<>> trainable = findTrainable(module, options);
  if (failed(trainable) || failed(resolveDerivatives(step)) ||
      failed(module->hasAttr(getOwnUpdatesAttrName())
                 ? updateByOwnGradients(module, step, options, *trainable)
                 : updateByLoss(module, step, results[0], options, *trainable)))
    return failure();
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    eraseDeadOps(function);
  module->setAttr("slp.stage", StringAttr::get(module.getContext(), "differentiate"));
  return success();
}

namespace {
struct TrainDifferentiate : slp::impl::TrainDifferentiateBase<TrainDifferentiate> {
  using Base::Base;
  void runOnOperation() override {
    UpdateOptions options;
    options.optimizer = optimizer;
    // A model's own optimizer counts unless the user names another one.
    if (auto own = getOperation()->getAttrOfType<StringAttr>(getOptimizerAttrName());
        own && optimizer == "sgd")
      options.optimizer = own.str();
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
