//===- FidelityMeter.cpp - runs the fp32 step beside a low-precision one ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "FidelityMeter.h"

#include "Comparison.h"

#include "lib/Transforms/Train/PrecisionPlan.h"

#include "dialects/Train/BiasGradOpKind.h"
#include "dialects/Train/ClassifyOpKind.h"
#include "dialects/Train/ConcatOpKind.h"
#include "dialects/Train/CrossEntropyGradOpKind.h"
#include "dialects/Train/NormalizeGradOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/ReduceSumOpKind.h"
#include "dialects/Train/ReshapeOp.h"
#include "dialects/Train/RoundOpKind.h"
#include "dialects/Train/SeedOpKind.h"
#include "dialects/Train/TrainValues.h"
#include "slp/Reference/Arithmetic.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace slp;
using namespace slp::reference;
using namespace slp::verify;

static train::Phase phaseOf(Operation *op) {
  auto phase = op->getAttrOfType<train::PhaseAttr>("phase");
  return phase ? phase.getValue() : train::Phase::fp;
}

/// Whether a result belongs to the table: what FP, BP and WG compute, but no states.
static bool isMeasured(OpResult result) {
  Operation *op = result.getOwner();
  Type element = getElementTypeOrSelf(result.getType());
  return isa<FloatType, num_ir::FloatType, num_ir::MixedType>(element) && !train::isRead(op) &&
         !isa<train::InPlaceInterface>(op) && phaseOf(op) != train::Phase::up;
}

/// From the seeds of the backward pass on, every value with an operand that is scaled is: BP and WG
/// are linear in it.
void FidelityMeter::findScaled(llvm::StringRef function) {
  scaled.clear();
  for (Operation &op : fp32.lookupSymbol<func::FuncOp>(function).getBody().front()) {
    bool isSeed = isOneOf<train::CrossEntropyGradOp, train::SeedOp>(op);
    if (isSeed || llvm::any_of(op.getOperands(), [&](Value v) { return scaled.contains(v); }))
      scaled.insert(op.result_begin(), op.result_end());
  }
}

/// The loss scale of a run: the policy's, times the one that a state holds.
static double lossScaleOf(ModuleOp module, const Evaluator &evaluator) {
  double scale = 1;
  if (auto precision = module->getAttrOfType<DictionaryAttr>("train.precision"))
    if (auto fixed = dyn_cast_or_null<FloatAttr>(precision.get("loss_scale")))
      scale = fixed.getValueAsDouble();
  if (auto training = module->getAttrOfType<DictionaryAttr>("train.training"))
    if (auto name = dyn_cast_or_null<StringAttr>(training.get("loss_scale_state")))
      if (const Tensor *state = evaluator.readState(name.getValue()))
        scale *= double((*state)[0]);
  return scale;
}

std::string FidelityMeter::keyOf(OpResult result, llvm::StringMap<int> &ordinals) const {
  Operation *op = result.getOwner();
  std::string key = nodeOf(op) + "\n" + train::stringifyPhase(phaseOf(op)).str() + "\n" +
                    op->getName().getStringRef().str() + "\n" +
                    std::to_string(result.getResultNumber());
  return key + "\n" + std::to_string(ordinals[key]++);
}

LogicalResult FidelityMeter::begin(llvm::StringRef function, const NamedTensors &inputs,
                                   const Hyper &hyper, const Evaluator &from) {
  for (const auto &[name, state] : from.states())
    if (evaluator.readState(name) && failed(evaluator.writeState(name, state.values)))
      return failure();
  scale = lossScaleOf(low, from);
  findScaled(function);
  exact.clear();
  stored.clear();
  storedByKey.clear();
  ordinals.clear();
  llvm::StringMap<int> ordinalsOfExact;
  evaluator.setHyper(hyper);
  names.clear();
  narrowReads.clear();
  return evaluator.run(function, inputs,
                       [&](llvm::StringRef name, const Tensor &values, OpResult result) {
                         if (!isMeasured(result))
                           return;
                         exact.push_back({name.str(), nodeOf(result.getOwner()),
                                          train::stringifyPhase(phaseOf(result.getOwner())).str(),
                                          keyOf(result, ordinalsOfExact), result, values});
                         names[result] = name.str();
                       });
}

/// Which of the factors of a multiplication have 8 bits or less, some elements or all. What is
/// split in two already has as many as the chip can multiply.
static SmallVector<bool, 2> narrowOperands(Operation *mac) {
  SmallVector<bool, 2> narrow;
  for (Value operand : mac->getOperands().take_front(2)) {
    auto mixed = dyn_cast<num_ir::MixedType>(getElementTypeOrSelf(operand.getType()));
    auto format = num_ir::storageFormat(getElementTypeOrSelf(operand.getType()));
    bool isMixed = mixed && mixed.getLo() != mixed.getHi();
    bool isSplit = isOneOf<train::ConcatOp>(operand.getDefiningOp());
    narrow.push_back(format && (format.getWidth() <= 8 || isMixed) && !isSplit);
  }
  return narrow;
}

/// Whether a gradient is a sum over all that a normalization has made sum to zero.
static bool isNoise(OpResult result) {
  Operation *sum = result.getOwner();
  if (phaseOf(sum) != train::Phase::wg || !isOneOf<train::BiasGradOp, train::ReduceSumOp>(sum))
    return false;
  auto shapeOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getShape(); };
  auto reduced = dyn_cast<train::ReduceSumOp>(sum);
  Value error = sum->getOperand(0);
  // Images and channels in another number of further dimensions, which a bias is summed over.
  if (auto reshape = error.getDefiningOp<train::ReshapeOp>();
      reshape && !reduced && shapeOf(error).take_front(2) == shapeOf(reshape.getX()).take_front(2))
    error = reshape.getX();
  auto normalized = error.getDefiningOp<train::NormalizeGradOp>();
  if (!normalized)
    return false;
  ArrayRef<int64_t> shape = shapeOf(error), means = shapeOf(normalized.getMean());
  for (auto [d, extent] : llvm::enumerate(shape)) {
    bool isSummed = reduced ? llvm::is_contained(reduced.getAxes(), int64_t(d)) : d != 1;
    if (extent != means[d] && !isSummed)
      return false;
  }
  return true;
}

/// A row without measures.
FidelityRow FidelityMeter::rowOf(int step, const Exact &from, const Stored &to) const {
  Operation *op = from.result.getOwner();
  FidelityRow row;
  row.step = step;
  row.tensor = from.name;
  row.node = from.node;
  row.phase = from.phase;
  row.op = op->getName().getStringRef().str();
  llvm::raw_string_ostream(row.format) << to.element;
  row.isNoise = isNoise(from.result);
  for (Value operand : op->getOperands())
    if (auto it = names.find(operand); it != names.end())
      row.reads.push_back(it->second);
  if (auto narrow = narrowReads.find(from.key); narrow != narrowReads.end())
    for (auto [operand, isNarrow] : llvm::zip(op->getOperands(), narrow->second)) {
      static constexpr const char *kinds[] = {"activations", "errors", "weights"};
      row.operands.push_back({kinds[int(kindOf(operand))], isNarrow});
    }
  return row;
}

void FidelityMeter::observe(llvm::StringRef name, const Tensor &values, OpResult result) {
  if (!isMeasured(result))
    return;
  Stored value = {values, getElementTypeOrSelf(result.getType())};
  // A rounding is no op of the fp32 step: it replaces what it rounds.
  if (!isOneOf<train::RoundOp, train::ClassifyOp>(result.getOwner())) {
    std::string key = keyOf(result, ordinals);
    if (isMac(result.getOwner()))
      narrowReads[key] = narrowOperands(result.getOwner());
    storedByKey[key] = value;
  }
  if (!name.empty())
    stored[name] = std::move(value);
}

void FidelityMeter::add(int step, const Exact &from, const Stored &to) {
  auto isSame = [&](const FidelityRow &row) { return row.step == step && row.tensor == from.name; };
  auto row = llvm::find_if(report.rows, isSame);
  if (row == report.rows.end()) {
    report.rows.push_back(rowOf(step, from, to));
    row = std::prev(report.rows.end());
  }
  auto type = num_ir::storageFormat(to.element);
  row->closeness.add(from.values.values, to.values.values, scaled.contains(from.result) ? scale : 1,
                     type ? maxFinite(type) : HUGE_VAL);
}

void FidelityMeter::end(int step) {
  for (const Exact &from : exact) {
    const Stored *to = nullptr;
    if (auto it = stored.find(from.name); it != stored.end())
      to = &it->second;
    else if (auto it = storedByKey.find(from.key); it != storedByKey.end())
      to = &it->second;
    if (to && to->values.shape == from.values.shape)
      add(step, from, *to);
    else
      unmatched.insert(from.name.empty() ? from.node : from.name);
  }
}

FidelityReport FidelityMeter::takeReport() {
  for (llvm::StringRef name : unmatched.keys())
    report.unmatched.push_back(name.str());
  llvm::sort(report.unmatched);
  return std::move(report);
}
