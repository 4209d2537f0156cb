//===- StabilizeComposites.cpp - keep in narrow formats what FP32 keeps -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-stabilize-composites (see Passes.td): first the families that have a stable form,
// then marks on what is left and steep.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "lib/Transforms/Train/EraseUnread.h"
#include "lib/Transforms/Train/Intervals.h"
#include "lib/Transforms/Train/Stabilizer.h"

#include "dialects/Train/AffineOp.h"
#include "dialects/Train/ClipOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/ExpandOpKind.h"
#include "dialects/Train/LogOpKind.h"
#include "dialects/Train/LogSoftmaxOpKind.h"
#include "dialects/Train/PowerOp.h"
#include "dialects/Train/ReciprocalOpKind.h"
#include "dialects/Train/ReduceMaxOpKind.h"
#include "dialects/Train/ReduceMeanOpKind.h"
#include "dialects/Train/ReduceMinOpKind.h"
#include "dialects/Train/ReduceSumOpKind.h"
#include "dialects/Train/SliceOpKind.h"
#include "dialects/Train/SoftmaxOpKind.h"
#include "dialects/Train/SqrtOpKind.h"
#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOpKind.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"

namespace slp {
#define GEN_PASS_DEF_TRAINSTABILIZECOMPOSITES
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

//===----------------------------------------------------------------------------------------===//
// Shared by the families
//===----------------------------------------------------------------------------------------===//

Value PieceBuilder::affine(Value x, double scale, double offset) {
  return make<AffineOp>(x, {number("scale", scale), number("offset", offset)});
}

Value PieceBuilder::clip(Value x, double low, double high) {
  return make<ClipOp>(x, {number("min", low), number("max", high)});
}

Value PieceBuilder::negated(Value x) {
  auto opposite = x.getDefiningOp<AffineOp>();
  bool isOpposite =
      opposite && opposite.getScale().isExactlyValue(-1.0) && opposite.getOffset().isZero();
  return isOpposite ? opposite.getX() : affine(x, -1, 0);
}

Value PieceBuilder::reshape(Value x, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(x.getType()).clone(shape);
  if (type == x.getType())
    return x;
  auto phase = at->getAttrOfType<PhaseAttr>("phase");
  Value y = createReshape(b, at->getLoc(), type, x, phase ? phase.getValue() : Phase::fp);
  made.push_back(y.getDefiningOp());
  return y;
}

Value PieceBuilder::moved(Operation *op, Value x) {
  IRMapping mapping;
  mapping.map(op->getOperand(0), x);
  Operation *copy = b.clone(*op, mapping);
  copy->removeAttr(getNamesAttrName());
  made.push_back(copy);
  return copy->getResult(0);
}

void PieceBuilder::replaceBy(Value value, StringRef what) {
  remark::passed(at->getLoc(), remark::RemarkOpts::name("stabilize").category("stabilize"))
      << what.str();
  Operation *def = value.getDefiningOp();
  Attribute names = at->getAttr(getNamesAttrName());
  if (names && def && llvm::is_contained(made, def))
    def->setAttr(getNamesAttrName(), names);
  at->getResult(0).replaceAllUsesWith(value);
  made.clear();
  eraseUnread(at);
}

void PieceBuilder::replaceOperand(unsigned i, Value value) {
  Operation *old = at->getOperand(i).getDefiningOp();
  at->setOperand(i, value);
  eraseUnread(old);
}

void PieceBuilder::discard() {
  for (Operation *op : llvm::reverse(made))
    op->erase();
  made.clear();
}

void slp::keepWide(Value value) {
  if (auto op = value.getDefiningOp<StorageInterface>())
    op->setAttr(getF32AttrName(), UnitAttr::get(op->getContext()));
}

void StableNotes::emit() const {
  constexpr size_t most = 3; // nodes named beside the first
  for (const auto &[text, locations] : nodes) {
    SmallVector<std::string> others;
    for (Location location : locations)
      if (std::string name = nodeNameOf(location);
          name != nodeNameOf(locations.front()) && !llvm::is_contained(others, name))
        others.push_back(name);
    Diagnostic note(locations.front(), DiagnosticSeverity::Note);
    note << text;
    for (const auto &[i, name] : llvm::enumerate(ArrayRef<std::string>(others).take_front(most)))
      note << (i == 0 ? "; also in \"" : ", \"") << name << "\"";
    if (others.size() > most)
      note << " and " << uint64_t(others.size() - most) << " more";
    locations.front().getContext()->getDiagEngine().emit(std::move(note));
  }
}

//===----------------------------------------------------------------------------------------===//
// Steep places
//===----------------------------------------------------------------------------------------===//

/// Logarithms, quotients and roots of numbers this large are flat enough for fp16 operands.
static constexpr double flat = 1.0 / 64;

/// Marks what `value` is made of, back to multiply-accumulates, inputs, states and the operands of
/// norms. A sum is as small as what it sums.
static void widen(Value value, DenseSet<Operation *> &seen) {
  Operation *op = value.getDefiningOp();
  if (!op || !seen.insert(op).second)
    return;
  auto storage = dyn_cast<StorageInterface>(op);
  bool isReduction = storage && storage.getStorageClass() == StorageClass::statistic;
  bool isMadeOf =
      isReshape(op) || (isa<ElementwiseInterface>(op) ||
                        isOneOf<SoftmaxOp, LogSoftmaxOp, TransposeOp, SliceOp, ExpandOp,
                                ReduceSumOp, ReduceMeanOp, ReduceMaxOp, ReduceMinOp>(op));
  if (!isReduction && !isMadeOf)
    return;
  keepWide(value);
  remark::passed(op->getLoc(), remark::RemarkOpts::name("stabilize").category("stabilize"))
      << op->getName().getStringRef().str() + ": kept in fp32, as what reads it is steep near zero";
  if (isMadeOf)
    for (Value operand : op->getOperands())
      widen(operand, seen);
}

/// The operand near whose zeros an op is steep, or null.
static Value steepOperand(Operation &op) {
  if (isOneOf<LogOp, ReciprocalOp, SqrtOp>(op))
    return op.getOperand(0);
  if (auto div = dyn_cast<DivOp>(op))
    return div.getB();
  if (auto power = dyn_cast<PowerOp>(op); power && power.getExponent().convertToFloat() < 1)
    return power.getX();
  return {};
}

static void markSteep(func::FuncOp fn) {
  DenseSet<Operation *> seen;
  for (Operation &op : fn.getBody().front()) {
    auto phase = op.getAttrOfType<PhaseAttr>("phase");
    Value operand = phase && phase.getValue() != Phase::fp ? Value() : steepOperand(op);
    if (operand && intervalOf(operand).reaches(flat))
      widen(operand, seen);
  }
}

/// Notes roots of what may be zero and depends on a parameter.
static void noteRoots(func::FuncOp fn, StableNotes &notes) {
  DenseSet<Value> trained;
  for (Operation &op : fn.getBody().front()) {
    bool isTrained = isRead(&op) || llvm::any_of(op.getOperands(), [&](Value operand) {
                       return trained.contains(operand);
                     });
    if (!isTrained)
      continue;
    trained.insert(op.result_begin(), op.result_end());
    auto power = dyn_cast<PowerOp>(op);
    double exponent = power ? power.getExponent().convertToFloat() : 0;
    bool isRoot = isOneOf<SqrtOp>(op) || (exponent > 0 && exponent < 1);
    if (isRoot && intervalOf(op.getOperand(0)).low <= 0)
      notes.add("the gradient of a root is 0 where its operand is 0; PyTorch's is infinite or NaN",
                op.getLoc());
  }
}

namespace {
struct TrainStabilizeComposites
    : slp::impl::TrainStabilizeCompositesBase<TrainStabilizeComposites> {
  using Base::Base;
  void runOnOperation() override {
    StableNotes notes;
    bool hasOwnGradients = getOperation()->hasAttr(getOwnUpdatesAttrName());
    for (func::FuncOp fn : getOperation().getOps<func::FuncOp>()) {
      stabilizeNorms(fn, notes);
      stabilizeLogarithms(fn, notes);
      if (hasOwnGradients)
        continue; // its backward pass is what the file says
      noteRoots(fn, notes);
      markSteep(fn);
    }
    notes.emit();
  }
};
} // namespace
