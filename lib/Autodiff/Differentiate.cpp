//===- Differentiate.cpp - make a training step of a forward graph ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-differentiate (see Passes.td): what is needed, backwards, update, @eval.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Autodiff/Passes.h"

#include "lib/Autodiff/Gradients.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

namespace slp {
#define GEN_PASS_DEF_TRAINDIFFERENTIATE
#include "slp/Autodiff/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

void slp::registerGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, TrainDialect *) {
    autodiff::attachConvGradients(*context);
    autodiff::attachElementwiseGradients(*context);
    autodiff::attachLossGradients(*context);
    autodiff::attachMatMulGradients(*context);
    autodiff::attachPoolGradients(*context);
  });
}

namespace {
/// Reverse mode over one function.
class Differentiator {
public:
  Differentiator(func::FuncOp step) : step(step), builder(step.getContext()) {}

  /// Builds the BP and WG ops that lead from `loss` to the states.
  LogicalResult run(Operation *loss);
  /// The gradient of a state's value, summed over all reads; null if the loss does not depend on
  /// it.
  Value gradientOf(StringAttr state);

private:
  /// A gradient that the `operand`-th use of a value by the `position`-th op contributes.
  struct Contribution {
    unsigned position, operand;
    Value grad;
  };

  void findNeeded();
  Value sum(SmallVector<Contribution> &parts, Location loc, Phase phase);
  LogicalResult visit(Operation &op, unsigned position, bool isLoss);

  func::FuncOp step;
  OpBuilder builder;
  DenseSet<Value> needed; // a state is below
  DenseMap<Value, SmallVector<Contribution>> contributions;
  llvm::MapVector<StringAttr, SmallVector<Contribution>> ofStates;
};
} // namespace

void Differentiator::findNeeded() {
  for (Operation &op : step.getBody().front())
    if (isa<ReadOp>(op) ||
        llvm::any_of(op.getOperands(), [&](Value v) { return needed.contains(v); }))
      needed.insert(op.result_begin(), op.result_end());
}

/// ((first + second) + third) ..., in the order of the uses.
Value Differentiator::sum(SmallVector<Contribution> &parts, Location loc, Phase phase) {
  llvm::sort(parts, [](const Contribution &a, const Contribution &b) {
    return std::tie(a.position, a.operand) < std::tie(b.position, b.operand);
  });
  Value total;
  for (const Contribution &part : parts)
    total = !total
                ? part.grad
                : createInferred<AddOp>(builder, loc, {total, part.grad}, phaseOf(builder, phase))
                      .getY();
  return total;
}

Value Differentiator::gradientOf(StringAttr state) {
  auto it = ofStates.find(state);
  if (it == ofStates.end())
    return nullptr;
  return sum(it->second, NameLoc::get(state), Phase::wg);
}

LogicalResult Differentiator::visit(Operation &op, unsigned position, bool isLoss) {
  if (auto read = dyn_cast<ReadOp>(op)) {
    auto it = contributions.find(read.getResult());
    if (it == contributions.end())
      return success();
    auto &parts = ofStates[read.getStateAttr().getAttr()];
    parts.append(it->second);
    return success();
  }
  SmallVector<Value> resultGrads;
  for (Value result : op.getResults()) {
    auto it = contributions.find(result);
    resultGrads.push_back(it == contributions.end() ? Value()
                                                    : sum(it->second, op.getLoc(), Phase::bp));
  }
  SmallVector<bool> wanted;
  for (Value operand : op.getOperands())
    wanted.push_back(needed.contains(operand));
  bool isReached = isLoss || llvm::any_of(resultGrads, [](Value v) { return bool(v); });
  if (!isReached || llvm::none_of(wanted, [](bool b) { return b; }))
    return success();

  auto differentiable = dyn_cast<DifferentiableInterface>(op);
  if (!differentiable) {
    InFlightDiagnostic d = op.emitOpError("has no gradient");
    if (auto name = dyn_cast<NameLoc>(op.getLoc()))
      d << ", needed for node \"" << name.getName().strref() << "\"";
    return d;
  }
  SmallVector<Value> grads;
  if (failed(differentiable.buildGradient(builder, resultGrads, wanted, grads)))
    return failure();
  for (auto [i, operand] : llvm::enumerate(op.getOperands()))
    if (wanted[i] && grads[i])
      contributions[operand].push_back({position, unsigned(i), grads[i]});
  return success();
}

LogicalResult Differentiator::run(Operation *loss) {
  findNeeded();
  SmallVector<Operation *> ops;
  for (Operation &op : step.getBody().front().without_terminator())
    ops.push_back(&op);
  builder.setInsertionPoint(step.getBody().front().getTerminator());
  for (size_t i = ops.size(); i-- > 0;)
    if (failed(visit(*ops[i], i, ops[i] == loss)))
      return failure();
  return success();
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
    auto names = copy->getAttrOfType<ArrayAttr>(getNamesAttrName());
    if (!names)
      continue;
    SmallVector<Attribute> ofEval; // names are unique in the module
    for (Attribute name : names)
      ofEval.push_back(b.getStringAttr("eval:" + cast<StringAttr>(name).getValue()));
    copy->setAttr(getNamesAttrName(), b.getArrayAttr(ofEval));
  }
  func::ReturnOp::create(b, eval.getLoc(), mapping.lookup(logits));
}

/// velocity' and w' for each state with a gradient, in the order of the states.
static LogicalResult buildUpdates(ModuleOp module, func::FuncOp step, Differentiator &gradients) {
  SymbolTable symbols(module);
  OpBuilder b(step.getBody().front().getTerminator());
  for (StateOp state : llvm::make_early_inc_range(module.getOps<StateOp>())) {
    Value dw = gradients.gradientOf(state.getSymNameAttr());
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
  if (!loss || results.size() != 2 || cast<ShapedType>(results[0].getType()).getRank() != 0)
    return emitError(module.getLoc())
           << "there is no loss to differentiate: give a graph that ends in one, "
              "or --loss=softmax-cross-entropy";
  if (module.lookupSymbol("eval"))
    return emitError(module.getLoc())
           << "differentiate makes a function @eval, but there is one already";

  buildEval(module, step, results[1]);
  Differentiator gradients(step);
  if (failed(gradients.run(loss)) || failed(buildUpdates(module, step, gradients)))
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
