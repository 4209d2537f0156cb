//===- AssignPrecision.cpp - give every tensor its storage format -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-assign-precision (see Passes.td). One walk over each function, in order: operands
// have their final types when an op is reached, so its results can be decided.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "lib/Transforms/Train/LossPart.h"
#include "lib/Transforms/Train/MixingStates.h"
#include "lib/Transforms/Train/ModelHash.h"
#include "lib/Transforms/Train/PrecisionPlan.h"

#include "dialects/Train/ConcatOp.h"
#include "dialects/Train/ConvBpOpKind.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvOpKind.h"
#include "dialects/Train/ConvWgOpKind.h"
#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/CrossEntropyGradOpKind.h"
#include "dialects/Train/CrossEntropyOpKind.h"
#include "dialects/Train/GroupRefreshOp.h"
#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/MovingAverageOp.h"
#include "dialects/Train/MovingAverageOpKind.h"
#include "dialects/Train/PreviewAdagradOpKind.h"
#include "dialects/Train/PreviewAdamOpKind.h"
#include "dialects/Train/PreviewMomentumOpKind.h"
#include "dialects/Train/ReadOp.h"
#include "dialects/Train/ReshapeOp.h"
#include "dialects/Train/RoundOp.h"
#include "dialects/Train/StateOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TrainMasks.h"
#include "dialects/Train/TransposeOp.h"
#include "dialects/Train/WriteOp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringSet.h"

namespace slp {
#define GEN_PASS_DEF_TRAINASSIGNPRECISION
#include "slp/Transforms/Train/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::train;

static void report(Location loc, const Twine &text) {
  remark::passed(loc, remark::RemarkOpts::name("precision").category("precision")) << text.str();
}

namespace {
/// Rewrites one function.
class PrecisionRewriter {
public:
  PrecisionRewriter(func::FuncOp fn, const PrecisionPlan &plan, MixingStates &mixing)
      : fn(fn), plan(plan), mixing(mixing), lossPart(fn), builder(fn.getContext()) {}
  LogicalResult run();

private:
  /// What readers ask of a value: the widest format in which a MAC wants it, and whether it goes
  /// into the loss or is the loss.
  struct Readers {
    FormatChoice mac;
    std::string reader; // the MAC that decided
    bool isLoss = false, isTrained = false;
  };
  void collectReaders();
  void addReader(Value value, const Readers &readers);
  FormatChoice macFormat(OpOperand &operand);
  /// The format in which a computed value is kept, by who reads it.
  FormatChoice storageOf(Value value, StorageClass kind = StorageClass::activation);
  /// Sets the element type of `value`.
  void setElement(Value value, Type element) {
    value.setType(cast<RankedTensorType>(value.getType()).clone(element));
  }
  Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }
  /// The widest of the formats of `values`.
  Type widest(ValueRange values);
  /// `value` in format `element`: itself, or its one rounding to it.
  Value rounded(Value value, Type element);
  /// Lets everyone but `stored` itself, and who wants the accumulators, read `stored` in the place
  /// of `value`.
  static void replaceBy(Value value, Value stored) {
    if (stored == value)
      return;
    value.replaceUsesWithIf(stored, [&](OpOperand &use) {
      Operation *user = use.getOwner();
      return user != stored.getDefiningOp() && !user->hasAttr(getAccumulatorsAttrName());
    });
  }
  /// The two fp8 numbers that `value` is in a MAC; null in the second place: one says it all.
  std::pair<Value, Value> split(Value value);
  LogicalResult splitOperands(Operation *mac, bool isFirst, bool isSecond);
  LogicalResult rewriteMac(Operation *op, bool isWeightGradient);
  Type stateFormat(FlatSymbolRefAttr state);
  void separateWrites();
  LogicalResult rewrite(Operation *op);
  func::FuncOp fn;
  const PrecisionPlan &plan;
  MixingStates &mixing;
  LossPart lossPart; // by the values of the function as it was
  OpBuilder builder;
  DenseMap<Value, Readers> readers;
  DenseMap<std::pair<Value, Type>, Value> roundings;
  DenseMap<Value, Value> remainders; // of values that are split
};
} // namespace

static unsigned widthOf(Type type) {
  auto format = num_ir::storageFormat(type);
  return format ? format.getWidth() : type.getIntOrFloatBitWidth();
}

static bool isMixed(Type type) {
  auto mixed = dyn_cast_or_null<num_ir::MixedType>(type);
  return mixed && mixed.getLo() != mixed.getHi();
}

FormatChoice PrecisionRewriter::macFormat(OpOperand &operand) {
  Operation *mac = operand.getOwner();
  std::string node = nodeNameOf(mac->getLoc());
  FormatChoice choice = plan.of(node, kindOf(operand.get()));
  // A convolution's weight has one format, also where the graph computes it.
  bool isConvWeight = isOneOf<ConvOp, ConvBpOp>(mac) && operand.getOperandNumber() == 1;
  if (!isConvWeight || !isMixed(choice.type))
    return choice;
  choice = plan.of(node, TensorKind::weights);
  choice.reason += ", which a computed weight is too";
  return choice;
}

void PrecisionRewriter::addReader(Value value, const Readers &more) {
  Readers &known = readers[value];
  known.isLoss |= more.isLoss;
  known.isTrained |= more.isTrained;
  if (!more.mac.type || (known.mac.type && widthOf(known.mac.type) >= widthOf(more.mac.type)))
    return;
  known.mac = more.mac;
  known.reader = more.reader;
}

/// From the last op to the first, so that what moves a value passes on what is asked of its result.
void PrecisionRewriter::collectReaders() {
  for (Operation &op : llvm::reverse(fn.getBody().front())) {
    if ((isa<func::ReturnOp>(op) || isOneOf<CrossEntropyOp, CrossEntropyGradOp>(op))) {
      for (OpOperand &operand : op.getOpOperands()) {
        auto role =
            isa<func::ReturnOp>(op)
                ? fn.getResultAttrOfType<StringAttr>(operand.getOperandNumber(), getRoleAttrName())
                : StringAttr();
        addReader(operand.get(), {{}, "", true, role && role == "loss"});
      }
      continue;
    }
    if (isMac(&op)) {
      std::string node = nodeNameOf(op.getLoc());
      if (node.empty())
        node = op.getName().getStringRef().str();
      for (OpOperand &operand : op.getOpOperands().take_front(2))
        addReader(operand.get(), {macFormat(operand), node});
      continue;
    }
    auto storage = dyn_cast<StorageInterface>(op);
    bool isSame = storage && storage.getStorageClass() == StorageClass::same;
    if (!isa<ReshapeOp, ConcatOp>(op) && !isSame && !isSelection(&op))
      continue;
    Readers asked = readers.lookup(op.getResult(0));
    if (isSelection(&op))
      asked.isLoss = false; // only what moves goes on as it is
    size_t passed = isa<ConcatOp>(op) ? op.getNumOperands() : 1;
    for (Value operand : op.getOperands().take_front(passed))
      addReader(operand, asked);
  }
}

/// Whether the value is a mask, and nothing else.
static bool isMaskOnly(Value value) {
  return !value.use_empty() && llvm::all_of(value.getUses(), isMask);
}

FormatChoice PrecisionRewriter::storageOf(Value value, StorageClass kind) {
  if (isMaskOnly(value))
    return {plan.fp8, "a mask"};
  bool isForMacs = !value.use_empty();
  for (OpOperand &use : value.getUses()) {
    if (auto write = dyn_cast<WriteOp>(use.getOwner()))
      return {stateFormat(write.getStateAttr()), "written to a state"};
    isForMacs &= isMac(use.getOwner()) && use.getOperandNumber() < 2;
  }
  Readers asked = readers.lookup(value);
  bool isOne = cast<ShapedType>(value.getType()).getNumElements() == 1;
  if (asked.isTrained || (isOne && kind == StorageClass::arithmetic && !isForMacs))
    return {plan.f32, asked.isTrained ? "the loss" : "arithmetic of single numbers"};
  if (asked.isLoss)
    return {plan.loss, "operand of the loss, or a result"};
  if (lossPart.holds(value) && !asked.mac.type)
    return {plan.loss, "of the loss"};
  if (kind == StorageClass::arithmetic && !isForMacs)
    return {plan.arithmetic, "arithmetic between layers"};
  if (asked.mac.type)
    return {asked.mac.type, "read by " + asked.reader + ": " + asked.mac.reason};
  Operation *def = value.getDefiningOp();
  std::string node = def ? nodeNameOf(def->getLoc()) : "";
  TensorKind own = kindOf(value);
  FormatChoice choice = plan.of(node, own == TensorKind::weights ? TensorKind::activations : own);
  if (!node.empty() && plan.policy().ruleFor(node))
    return choice;
  Type between = plan.betweenFor(choice.type);
  return between == choice.type ? choice : FormatChoice{between, "between multiplications"};
}

Type PrecisionRewriter::widest(ValueRange values) {
  Type result;
  for (Value value : values)
    if (!result || widthOf(elementOf(value)) > widthOf(result))
      result = elementOf(value);
  return result;
}

Value PrecisionRewriter::rounded(Value value, Type element) {
  if (elementOf(value) == element)
    return value;
  Value &known = roundings[{value, element}];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(value);
  auto type = cast<RankedTensorType>(value.getType()).clone(element);
  Operation *def = value.getDefiningOp();
  auto phaseAttr = def ? def->getAttrOfType<PhaseAttr>("phase") : PhaseAttr();
  Phase phase = phaseAttr ? phaseAttr.getValue() : Phase::fp;
  if (isMixed(element))
    return known = mixing.classify(builder, fn, value, cast<num_ir::MixedType>(element), phase);
  auto rounding = element.isF32() ? num_ir::RoundingAttr() : plan.rounding;
  return known = RoundOp::create(builder, value.getLoc(), type, value, phase, rounding).getY();
}

std::pair<Value, Value> PrecisionRewriter::split(Value value) {
  Value high = rounded(value, plan.fp8);
  if (high == value)
    return {value, Value()};
  Value &low = remainders[value];
  if (!low) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfterValue(high);
    Phase phase = cast<RoundOp>(high.getDefiningOp()).getPhase();
    // Exact in the format of `value`: a multiple of its last place, and smaller.
    auto rounding = elementOf(value).isF32() ? num_ir::RoundingAttr() : plan.rounding;
    Value rest =
        SubOp::create(builder, value.getLoc(), value.getType(), value, high, phase, rounding);
    low = rounded(rest, plan.fp8);
  }
  return {high, low};
}

/// a · b of operands that are two numbers each: (a1, a1, a2) · (b1, b2, b1) in one sum, one after
/// the other along the dimension that the MAC sums over. a2 · b2, of the size of their rounding
/// errors, is left out.
LogicalResult PrecisionRewriter::splitOperands(Operation *mac, bool isFirst, bool isSecond) {
  if (auto group = mac->getAttrOfType<IntegerAttr>("group"); group && group.getInt() != 1)
    return emitError(mac->getLoc())
           << "fp8x2 expects a convolution without groups, found " << group.getInt() << " groups";
  if (llvm::any_of(mac->getOpOperands(), isMask))
    return emitError(mac->getLoc())
           << "fp8x2 expects a convolution without masks: no channel gating, no weight groups";
  auto [a1, a2] = isFirst ? split(mac->getOperand(0)) : std::pair(mac->getOperand(0), Value());
  auto [b1, b2] = isSecond ? split(mac->getOperand(1)) : std::pair(mac->getOperand(1), Value());
  SmallVector<Value> as = {a1}, bs = {b1};
  if (b2)
    as.push_back(a1), bs.push_back(b2);
  if (a2)
    as.push_back(a2), bs.push_back(b1);
  int64_t axisA = 1, axisB = 1; // conv: input channels
  if (isOneOf<ConvBpOp>(mac)) {
    axisB = 0; // output channels
  } else if (isOneOf<ConvWgOp>(mac)) {
    axisA = axisB = 0; // images
  } else if (auto matmul = dyn_cast<MatMulOp>(mac)) {
    int64_t rank = cast<ShapedType>(a1.getType()).getRank();
    axisA = rank - (matmul.getTransposeA() ? 2 : 1);
    axisB = rank - (matmul.getTransposeB() ? 1 : 2);
  }
  auto phase = mac->getAttrOfType<PhaseAttr>("phase");
  builder.setInsertionPoint(mac);
  auto joined = [&](ArrayRef<Value> parts, int64_t axis) -> Value {
    auto type = cast<RankedTensorType>(parts[0].getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[axis] *= int64_t(parts.size());
    return parts.size() == 1 ? parts[0]
                             : ConcatOp::create(builder, mac->getLoc(), type.clone(shape), parts,
                                                axis, phase.getValue(), plan.rounding)
                                   .getY();
  };
  mac->setOperand(0, joined(as, axisA));
  mac->setOperand(1, joined(bs, axisB));
  return success();
}

/// Whether another convolution takes the sum for the first values of its own.
static bool isContinued(Value sum) {
  return llvm::any_of(sum.getUsers(), [&](Operation *user) {
    auto conv = dyn_cast<ConvOp>(user);
    return conv && conv.getInit() == sum;
  });
}

/// Operands in the formats of the layer; the result in the accumulator's, then rounded unless it is
/// a weight gradient, which the optimizer reads as it is.
LogicalResult PrecisionRewriter::rewriteMac(Operation *op, bool isWeightGradient) {
  num_ir::AccumulateAttr accumulate = plan.accumulate;
  std::string operands;
  bool isSplit[2] = {};
  for (OpOperand &operand : op->getOpOperands()) {
    if (isMask(operand)) {
      operand.set(rounded(operand.get(), plan.fp8));
      continue;
    }
    bool isStart = operand.getOperandNumber() == 2;
    if (!isStart) {
      FormatChoice choice = macFormat(operand);
      isSplit[operand.getOperandNumber()] = choice.isSplit;
      if (!choice.isSplit)
        operand.set(rounded(operand.get(), choice.type));
      std::string name = choice.isSplit ? "fp8x2" : plan.nameOf(choice.type);
      operands += (operands.empty() ? "" : " and ") + name + " (" + choice.reason + ")";
      continue;
    }
    // The accumulator starts at the bias, or where another stopped: it must be able to hold it.
    if (elementOf(operand.get()).isF32())
      operand.set(rounded(operand.get(), accumulate.getFormat()));
  }
  if ((isSplit[0] || isSplit[1]) && failed(splitOperands(op, isSplit[0], isSplit[1])))
    return failure();
  op->setAttr("accumulate", accumulate);
  Value result = op->getResult(0);
  FormatChoice storage = isWeightGradient ? FormatChoice() : storageOf(result);
  if (isContinued(result))
    storage = {accumulate.getFormat(), "a sum that goes on"};
  setElement(result,
             isOneOf<ConvWgOp>(op) ? accumulate.getWeightGradient() : accumulate.getFormat());
  report(op->getLoc(), op->getName().getStringRef() + ": operands " + operands + ", accumulator " +
                           plan.nameOf(accumulate.getFormat()) + ", result " +
                           (storage.type ? plan.nameOf(storage.type) + " (" + storage.reason + ")"
                                         : plan.nameOf(elementOf(result)) + " (weight gradient)"));
  if (storage.type)
    replaceBy(result, rounded(result, storage.type));
  return success();
}

/// States have their formats already.
Type PrecisionRewriter::stateFormat(FlatSymbolRefAttr state) {
  auto module = fn->getParentOfType<ModuleOp>();
  return getElementTypeOrSelf(module.lookupSymbol<StateOp>(state).getType());
}

/// Whether `write` gives the state what an op computes in its place, behind all who read it.
static bool isInPlace(WriteOp write, func::FuncOp fn) {
  auto result = cast<OpResult>(write.getValue());
  Operation *op = result.getOwner();
  if (isa<InPlaceInterface>(op))
    return true; // reads behind it are an error
  if (!isOneOf<MovingAverageOp, PreviewAdagradOp, PreviewAdamOp, PreviewMomentumOp>(op))
    return false;
  auto old = op->getOperand(result.getResultNumber()).getDefiningOp<ReadOp>();
  if (!old || old.getState() != write.getState())
    return false;
  for (ReadOp read : fn.getOps<ReadOp>())
    if (read.getState() == write.getState() && llvm::any_of(read->getUsers(), [&](Operation *user) {
          return op->isBeforeInBlock(user) || (isa<ReshapeOp>(user) && read != old);
        }))
      return false;
  return true;
}

/// On the chip a state changes when it is written, not at the end of the step: what no op computes
/// in place is written at the end, in the state's format, from a tensor of its own.
void PrecisionRewriter::separateWrites() {
  SmallVector<WriteOp> writes(fn.getOps<WriteOp>());
  Operation *end = fn.getBody().front().getTerminator();
  for (WriteOp write : writes) {
    Value value = write.getValue();
    bool isResult = isa<OpResult>(value);
    if (isResult && isInPlace(write, fn))
      continue;
    Type element = stateFormat(write.getStateAttr());
    auto copy = [&]() -> Value {
      auto all =
          llvm::to_vector(llvm::seq<int64_t>(0, cast<ShapedType>(value.getType()).getRank()));
      auto rounding = elementOf(value).isF32() ? num_ir::RoundingAttr() : plan.rounding;
      return TransposeOp::create(builder, write.getLoc(), value.getType(), value,
                                 builder.getDenseI64ArrayAttr(all),
                                 PhaseAttr::get(fn.getContext(), Phase::up), rounding);
    };
    Operation *source = value.getDefiningOp();
    while (auto reshape = dyn_cast_or_null<ReshapeOp>(source))
      source = reshape.getX().getDefiningOp();
    if (isa_and_nonnull<ReadOp>(source)) { // another state, which may change at the end too
      builder.setInsertionPointAfterValue(value);
      value = copy();
    }
    builder.setInsertionPoint(end);
    if (elementOf(value) == element)
      value = copy();
    else
      value = RoundOp::create(builder, write.getLoc(),
                              cast<RankedTensorType>(value.getType()).clone(element), value,
                              Phase::up, element.isF32() ? num_ir::RoundingAttr() : plan.rounding);
    write.setOperand(value);
    write->moveBefore(end);
  }
}

LogicalResult PrecisionRewriter::rewrite(Operation *op) {
  bool isWeightGradient = false;
  if (auto phase = op->getAttrOfType<PhaseAttr>("phase"))
    isWeightGradient = phase.getValue() == Phase::wg;
  if (isMac(op))
    return rewriteMac(op, isWeightGradient);
  if (auto read = dyn_cast<ReadOp>(op))
    return setElement(read.getResult(), stateFormat(read.getStateAttr())), success();
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return setElement(reshape.getY(), elementOf(reshape.getX())), success();
  auto gradient = dyn_cast<CrossEntropyGradOp>(op);
  if (gradient && gradient.getScale()) // the loss scale is in it, or is it
    gradient.getScaleMutable().assign(rounded(gradient.getScale(), plan.f32));
  else if (llvm::is_contained(op->getName().getAttributeNames(), "loss_scale"))
    op->setAttr("loss_scale", plan.lossScale);
  auto storage = dyn_cast<StorageInterface>(op);
  if (!storage || storage.getStorageClass() == StorageClass::statistic ||
      op->hasAttr(getF32AttrName()))
    return success(); // f32, or decided elsewhere

  StorageClass kind = storage.getStorageClass();
  bool isNarrow = false;
  SmallVector<std::pair<Value, Type>> classified;
  for (OpResult result : op->getResults()) {
    if (!isa<FloatType, num_ir::FloatType>(elementOf(result)))
      continue;
    FormatChoice choice;
    Type given = op->getNumOperands() ? elementOf(op->getOperand(0)) : Type();
    if (kind == StorageClass::state)
      choice = {elementOf(op->getOperand(result.getResultNumber())), "the state's"};
    else if (isa<ConcatOp>(op))
      choice = {widest(op->getOperands()), "the widest of the operands'"};
    else if (kind == StorageClass::same || isWeightGradient) // or a sum of weight gradients
      choice = {given, "the operand's"};
    else
      choice = storageOf(result, kind);
    bool isPassedOn = kind == StorageClass::same || isa<ConcatOp>(op);
    if (isSelection(op) && isa<num_ir::MixedType>(given) && isa<num_ir::MixedType>(choice.type)) {
      choice = {given, "the operand's, whose elements it selects"};
      isPassedOn = true;
    }
    bool isClassified = isMixed(choice.type) && !isPassedOn;
    if (isClassified)
      classified.emplace_back(result, choice.type);
    setElement(result, isClassified ? plan.f32 : choice.type);
    isNarrow |= num_ir::storageFormat(elementOf(result)) != nullptr;
    if (kind != StorageClass::state && kind != StorageClass::same)
      report(op->getLoc(), op->getName().getStringRef() + ": result " + plan.nameOf(choice.type) +
                               " (" + choice.reason + ")");
  }
  for (auto [result, type] : classified)
    replaceBy(result, rounded(result, type));
  if (isNarrow)
    op->setAttr("rounding", kind == StorageClass::state ? plan.updateRounding : plan.rounding);
  return success();
}

LogicalResult PrecisionRewriter::run() {
  builder.setInsertionPointToStart(&fn.getBody().front());
  SmallVector<Operation *> ops;
  for (Operation &op : fn.getBody().front())
    ops.push_back(&op);
  collectReaders();
  for (BlockArgument argument : fn.getArguments()) {
    if (!elementOf(argument).isF32() || argument.use_empty())
      continue;
    FormatChoice storage = storageOf(argument);
    if (storage.type.isF32())
      continue;
    report(argument.getLoc(),
           "input to " + plan.nameOf(storage.type) + " (" + storage.reason + ")");
    replaceBy(argument, rounded(argument, storage.type));
  }
  for (Operation *op : ops)
    if (failed(rewrite(op)))
      return failure();
  mixing.finish(builder, fn);
  if (!plan.policy().isReferenceOnly())
    separateWrites();
  auto results = fn.getBody().front().getTerminator()->getOperands();
  fn.setFunctionType(FunctionType::get(fn.getContext(), fn.getArgumentTypes(), results.getTypes()));
  return success();
}

/// Weights, and frozen numbers, are masters; what else an update changes is optimizer state.
static llvm::StringSet<> optimizerStates(ModuleOp module) {
  llvm::StringSet<> names;
  module.walk([&](InPlaceInterface update) {
    for (Value state : update->getOperands().take_front(update.numInPlace()).drop_front())
      if (auto read = state.getDefiningOp<ReadOp>())
        names.insert(read.getState());
  });
  return names;
}

/// The states that are masks: frozen ones that are nothing else, and those of weight groups.
static llvm::StringSet<> maskStates(ModuleOp module) {
  llvm::StringSet<> masks, others;
  module.walk([&](ReadOp read) {
    (isMaskOnly(read.getResult()) ? masks : others).insert(read.getState());
  });
  for (StringRef name : others.keys())
    masks.erase(name);
  // Those of weight groups are read by what changes them, too.
  module.walk([&](GroupRefreshOp refresh) {
    if (auto read = refresh.getGroups().getDefiningOp<ReadOp>())
      masks.insert(read.getState());
  });
  return masks;
}

/// States get their formats: masks, running statistics, masters, optimizer state.
static void assignStates(ModuleOp module, const PrecisionPlan &plan) {
  llvm::StringSet<> ofOptimizer = optimizerStates(module), masks = maskStates(module), running;
  module.walk([&](MovingAverageOp average) {
    if (auto read = average.getOld().getDefiningOp<ReadOp>())
      running.insert(read.getState());
  });
  for (StateOp state : module.getOps<StateOp>()) {
    Type element = plan.master;
    StringRef what = "master weights";
    if (masks.contains(state.getSymName())) {
      element = plan.fp8;
      what = "a mask";
    } else if (state.getStatistic()) {
      bool isRunning = running.contains(state.getSymName());
      element = isRunning ? plan.statistics : plan.f32;
      what = isRunning ? "running statistics" : "statistics are fp32";
    } else if (ofOptimizer.contains(state.getSymName())) {
      element = plan.optimizer;
      what = "optimizer state";
    }
    auto type = cast<RankedTensorType>(state.getType()).clone(element);
    state.setTypeAttr(TypeAttr::get(type));
    report(state.getLoc(), "state in " + plan.nameOf(element) + " (" + what + ")");
    if (!element.isF32())
      state.setRoundingAttr(plan.rounding);
  }
}

LogicalResult slp::assignPrecision(ModuleOp module, const chip::Chip &chip,
                                   const PrecisionOptions &options) {
  if (auto stage = module->getAttrOfType<StringAttr>("slp.stage");
      !stage || stage != "differentiate")
    return emitError(module.getLoc()) << "precision expects a module of stage differentiate, found "
                                      << (stage ? stage.getValue() : "none");
  FailureOr<PrecisionPlan> plan = PrecisionPlan::create(module, chip, options);
  if (failed(plan))
    return failure();
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step) // a graph without a loss
    step = module.lookupSymbol<func::FuncOp>("eval");
  if (!step || step.getNumArguments() == 0)
    return emitError(module.getLoc()) << "precision expects a function @step or @eval with inputs";

  std::string hash = modelHash(module); // before anything is changed
  assignStates(module, *plan);
  MixingStates mixing(module, *plan);
  for (func::FuncOp fn : module.getOps<func::FuncOp>())
    if (failed(PrecisionRewriter(fn, *plan, mixing).run()))
      return failure();

  Builder b(module.getContext());
  auto first = cast<RankedTensorType>(step.getArgumentTypes()[0]);
  int64_t batch = first.getRank() == 0 ? 1 : first.getDimSize(0);
  unsigned masterBits = widthOf(plan->master);
  module->removeAttr(getOwnUpdatesAttrName());
  setFormats(module, chip);
  module->setAttr("slp.stage", b.getStringAttr("precision"));
  module->setAttr(
      "train.precision",
      b.getDictionaryAttr(
          {b.getNamedAttr("policy", b.getStringAttr(options.policy)),
           b.getNamedAttr("chip", b.getStringAttr(chip.name)),
           b.getNamedAttr("model_hash", b.getStringAttr(hash)),
           b.getNamedAttr("master_weights", b.getStringAttr("fp" + std::to_string(masterBits))),
           b.getNamedAttr("loss_scale", plan->lossScale),
           b.getNamedAttr("batch", b.getI64IntegerAttr(batch))}));
  return success();
}

namespace {
struct TrainAssignPrecision : slp::impl::TrainAssignPrecisionBase<TrainAssignPrecision> {
  using Base::Base;
  void runOnOperation() override {
    Result<chip::Chip> chip = chip::load(target);
    if (!chip) {
      emitError(getOperation().getLoc()) << chip.message();
      return signalPassFailure();
    }
    PrecisionOptions options;
    options.policy = policy;
    options.masterWeights = masterWeights;
    options.lossScale = lossScale;
    options.profileUse = profileUse;
    if (failed(assignPrecision(getOperation(), *chip, options)))
      signalPassFailure();
  }
};
} // namespace
