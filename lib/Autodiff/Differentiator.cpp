//===- Differentiator.cpp - reverse mode over one block ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See Differentiator.h.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Differentiator.h"

#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainValues.h"

using namespace mlir;
using namespace slp::train;
using slp::autodiff::Differentiator;

Differentiator::Differentiator(OpBuilder &builder, ArrayRef<Value> sources, ArrayRef<Value> held)
    : builder(builder), sources(llvm::from_range, sources), held(llvm::from_range, held),
      needed(llvm::from_range, sources) {}

/// ((first + second) + third) ..., in the order of the uses; parts of the value that lie side by
/// side count as one. In f32 if the value itself is (`keepsF32`). Null after an error.
Value Differentiator::sum(SmallVector<Contribution> &parts, Location loc, Phase phase,
                          bool keepsF32) {
  llvm::sort(parts, [](const Contribution &a, const Contribution &b) {
    return std::tie(a.position, a.operand) < std::tie(b.position, b.operand);
  });
  dropZeroParts(parts);
  if (failed(joinParts(builder, loc, parts)))
    return nullptr;
  Value total;
  for (const Contribution &part : parts) {
    if (!total) {
      total = part.grad;
      continue;
    }
    total = createSum(builder, loc, total, part.grad, phase);
    if (!total)
      return nullptr;
    if (keepsF32)
      total.getDefiningOp()->setAttr(getF32AttrName(), builder.getUnitAttr());
  }
  return total;
}

/// Whether `value` is f32 in every policy, perhaps in another shape.
static bool keepsF32(Value value) {
  Operation *def = beforeReshapes(value).getDefiningOp();
  return def && def->hasAttr(getF32AttrName());
}

/// If `value` stays in f32, its gradient `grad` does, which can be as large as the value is small:
/// marks the ops of its shape that were built for it, behind `last`. Sums of larger tensors are in
/// f32 anyway.
static void keepInF32(Value value, Value grad, Operation *last) {
  if (!keepsF32(value))
    return;
  SmallVector<Value> left = {grad};
  while (!left.empty()) {
    Operation *op = left.pop_back_val().getDefiningOp();
    auto storage = dyn_cast_or_null<StorageInterface>(op);
    if (!storage || storage.getStorageClass() == StorageClass::accumulator ||
        op->hasAttr(getF32AttrName()) || !last->isBeforeInBlock(op))
      continue;
    op->setAttr(getF32AttrName(), UnitAttr::get(op->getContext()));
    for (Value operand : op->getOperands())
      if (operand.getType() == grad.getType())
        left.push_back(operand);
  }
}

Value Differentiator::gradientOf(ArrayRef<Value> of, Location loc) {
  SmallVector<Contribution> parts;
  for (Value source : of)
    if (auto it = contributions.find(source); it != contributions.end())
      parts.append(it->second);
  return sum(parts, loc, Phase::wg);
}

LogicalResult Differentiator::visit(Operation &op, unsigned position, bool isLoss) {
  SmallVector<Value> resultGrads;
  for (Value result : op.getResults()) {
    auto it = contributions.find(result);
    bool isPassedOver = it == contributions.end() || sources.contains(result);
    resultGrads.push_back(isPassedOver ? Value()
                                       : sum(it->second, op.getLoc(), Phase::bp, keepsF32(result)));
  }
  SmallVector<bool> wanted;
  for (Value operand : op.getOperands())
    wanted.push_back(needed.contains(operand));
  bool isReached = isLoss || llvm::any_of(resultGrads, [](Value v) { return bool(v); });
  if (!isReached || llvm::none_of(wanted, [](bool b) { return b; }))
    return success();

  auto differentiable = dyn_cast<DifferentiableInterface>(op);
  if (!differentiable) {
    InFlightDiagnostic d = op.emitError("the gradient of ") << op.getName() << " is missing";
    if (auto name = dyn_cast<NameLoc>(op.getLoc()))
      d << ", needed for node \"" << name.getName().strref() << "\"";
    return d;
  }
  Operation *last = &*std::prev(builder.getInsertionPoint());
  SmallVector<Value> grads;
  if (failed(differentiable.buildGradient(builder, resultGrads, wanted, grads)))
    return failure();
  for (auto [i, operand] : llvm::enumerate(op.getOperands()))
    if (wanted[i] && grads[i]) {
      keepInF32(operand, grads[i], last);
      contributions[operand].push_back({position, unsigned(i), grads[i]});
    }
  return success();
}

LogicalResult Differentiator::run(Value value, Value seed) {
  Operation *root = value.getDefiningOp();
  SmallVector<Operation *> ops;
  for (Operation &op : *root->getBlock()) {
    ops.push_back(&op);
    if (llvm::any_of(op.getOperands(), [&](Value v) { return needed.contains(v); }))
      for (Value result : op.getResults())
        if (!held.contains(result))
          needed.insert(result);
    if (&op == root)
      break;
  }
  if (seed)
    contributions[value].push_back({unsigned(ops.size()), 0, seed});
  for (size_t i = ops.size(); i-- > 0;)
    if (failed(visit(*ops[i], i, ops[i] == root && !seed)))
      return failure();
  return success();
}
