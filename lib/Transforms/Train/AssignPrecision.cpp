//===- AssignPrecision.cpp - give every tensor its storage format -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass train-assign-precision (see Passes.td). One walk over each function, in order: operands
// have their final types when an op is reached, so its results can be decided.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Transforms/Train/Passes.h"

#include "lib/Transforms/Train/LossScale.h"

#include "dialects/Train/TrainFormOps.h"
#include "dialects/Train/TrainOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

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

static bool isMac(Operation *op) {
  auto storage = dyn_cast<StorageInterface>(op);
  return storage && storage.getStorageClass() == StorageClass::accumulator;
}

namespace {
/// What the policy says of one chip.
struct Formats {
  Type f32, mac, arithmetic, loss, master;
  num_ir::AccumulateAttr accumulate;
  num_ir::RoundingAttr rounding;
  FloatAttr lossScale;
};

/// Rewrites one function.
class PrecisionRewriter {
public:
  PrecisionRewriter(func::FuncOp fn, const Formats &formats)
      : fn(fn), formats(formats), builder(fn.getContext()) {}
  void run();

private:
  /// The format in which a computed value is kept, by who reads it.
  Type storageOf(Value value, StorageClass kind = StorageClass::activation);
  /// Sets the element type of `value`.
  void setElement(Value value, Type element) {
    value.setType(cast<RankedTensorType>(value.getType()).clone(element));
  }
  Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }
  /// The widest of the formats of `values`.
  Type widest(ValueRange values);
  /// `value` in format `element`: itself, or its one rounding to it.
  Value rounded(Value value, Type element);
  void rewriteMac(Operation *op, bool isWeightGradient, num_ir::AccumulateAttr accumulate);
  Type stateFormat(FlatSymbolRefAttr state);
  void separateWrites();
  void rewrite(Operation *op);
  func::FuncOp fn;
  const Formats &formats;
  OpBuilder builder;
  DenseMap<std::pair<Value, Type>, Value> roundings;
};
} // namespace

static std::string print(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

Type PrecisionRewriter::storageOf(Value value, StorageClass kind) {
  bool isForMacs = !value.use_empty();
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (auto write = dyn_cast<WriteOp>(user))
      return stateFormat(write.getStateAttr());
    if (isa<CrossEntropyOp, CrossEntropyGradOp, func::ReturnOp>(user))
      return formats.loss;
    // What only moves goes on as it is.
    auto storage = dyn_cast<StorageInterface>(user);
    bool isMove =
        isa<ReshapeOp, ConcatOp>(user) ||
        (storage && storage.getStorageClass() == StorageClass::same && use.getOperandNumber() == 0);
    if (isMove && storageOf(user->getResult(0), kind) == formats.loss)
      return formats.loss;
    isForMacs &= isMac(user) && use.getOperandNumber() < 2;
  }
  return kind == StorageClass::arithmetic && !isForMacs ? formats.arithmetic : formats.mac;
}

Type PrecisionRewriter::widest(ValueRange values) {
  Type result;
  auto width = [](Type type) {
    auto format = dyn_cast<num_ir::FloatType>(type);
    return format ? format.getWidth() : type.getIntOrFloatBitWidth();
  };
  for (Value value : values)
    if (!result || width(elementOf(value)) > width(result))
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
  auto phase = def ? def->getAttrOfType<PhaseAttr>("phase") : PhaseAttr();
  auto rounding = element.isF32() ? num_ir::RoundingAttr() : formats.rounding;
  auto round = RoundOp::create(builder, value.getLoc(), type, value,
                               phase ? phase.getValue() : Phase::fp, rounding);
  return known = round.getY();
}

/// Operands in the MAC format; the result in the accumulator's, then rounded unless it is a weight
/// gradient, which `sgd` reads as it is.
void PrecisionRewriter::rewriteMac(Operation *op, bool isWeightGradient,
                                   num_ir::AccumulateAttr accumulate) {
  for (OpOperand &operand : op->getOpOperands()) {
    bool isBias = operand.getOperandNumber() == 2;
    if (!isBias) {
      operand.set(rounded(operand.get(), formats.mac));
      continue;
    }
    // The accumulator starts at the bias: it must be able to hold it.
    if (elementOf(operand.get()).isF32())
      operand.set(rounded(operand.get(), accumulate.getFormat()));
  }
  op->setAttr("accumulate", accumulate);
  Value result = op->getResult(0);
  Type storage = isWeightGradient ? Type() : storageOf(result);
  setElement(result, isa<ConvWgOp>(op) ? accumulate.getAcross() : accumulate.getFormat());
  report(op->getLoc(), op->getName().getStringRef() + ": operands " + print(formats.mac) +
                           ", accumulator " + print(accumulate.getFormat()) + ", result " +
                           print(storage ? storage : elementOf(result)));
  if (!storage)
    return;
  Value stored = rounded(result, storage);
  if (stored != result)
    result.replaceAllUsesExcept(stored, stored.getDefiningOp());
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
  if (!isa<MovingAverageOp, PreviewAdagradOp, PreviewAdamOp, PreviewMomentumOp>(op))
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
      auto rounding = elementOf(value).isF32() ? num_ir::RoundingAttr() : formats.rounding;
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
      value = RoundOp::create(
          builder, write.getLoc(), cast<RankedTensorType>(value.getType()).clone(element), value,
          Phase::up, element.isF32() ? num_ir::RoundingAttr() : formats.rounding);
    write.setOperand(value);
    write->moveBefore(end);
  }
}

void PrecisionRewriter::rewrite(Operation *op) {
  bool isWeightGradient = false;
  if (auto phase = op->getAttrOfType<PhaseAttr>("phase"))
    isWeightGradient = phase.getValue() == Phase::wg;
  if (isMac(op))
    return rewriteMac(op, isWeightGradient, formats.accumulate);
  if (auto read = dyn_cast<ReadOp>(op))
    return setElement(read.getResult(), stateFormat(read.getStateAttr()));
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return setElement(reshape.getY(), elementOf(reshape.getX()));
  if (llvm::is_contained(op->getName().getAttributeNames(), "loss_scale"))
    op->setAttr("loss_scale", formats.lossScale);
  auto storage = dyn_cast<StorageInterface>(op);
  if (!storage || storage.getStorageClass() == StorageClass::statistic)
    return; // f32, or decided elsewhere

  SmallVector<Type> elements;
  for (OpResult result : op->getResults()) {
    StorageClass kind = storage.getStorageClass();
    if (kind == StorageClass::state)
      elements.push_back(elementOf(op->getOperand(result.getResultNumber())));
    else if (isa<ConcatOp>(op))
      elements.push_back(widest(op->getOperands()));
    else if (kind == StorageClass::same || isWeightGradient) // or a sum of weight gradients
      elements.push_back(elementOf(op->getOperand(0)));
    else
      elements.push_back(storageOf(result, kind));
    if (!isa<FloatType, num_ir::FloatType>(elementOf(result)))
      elements.back() = elementOf(result);
  }
  bool isNarrow = false;
  for (auto [result, element] : llvm::zip(op->getResults(), elements)) {
    setElement(result, element);
    isNarrow |= isa<num_ir::FloatType>(element);
  }
  if (isNarrow)
    op->setAttr("rounding", formats.rounding);
}

void PrecisionRewriter::run() {
  builder.setInsertionPointToStart(&fn.getBody().front());
  SmallVector<Operation *> ops;
  for (Operation &op : fn.getBody().front())
    ops.push_back(&op);
  for (BlockArgument argument : fn.getArguments()) {
    if (!elementOf(argument).isF32() || argument.use_empty())
      continue;
    Type storage = storageOf(argument);
    if (storage.isF32())
      continue;
    report(argument.getLoc(), "input to " + print(storage));
    Value stored = rounded(argument, storage);
    argument.replaceAllUsesExcept(stored, stored.getDefiningOp());
  }
  for (Operation *op : ops)
    rewrite(op);
  if (!formats.master.isF32() || !formats.mac.isF32()) // fp32 runs on no chip
    separateWrites();
  auto results = fn.getBody().front().getTerminator()->getOperands();
  fn.setFunctionType(FunctionType::get(fn.getContext(), fn.getArgumentTypes(), results.getTypes()));
}

/// The policy's formats on `chip`; fails if one cannot be had.
static FailureOr<Formats> formatsOf(ModuleOp module, const chip::Chip &chip,
                                    const PrecisionOptions &options) {
  MLIRContext *context = module.getContext();
  StringRef policy = options.policy;
  bool isFp32 = policy == "fp32", isFp16 = policy == "fp16", isFp8 = policy == "fp8";
  if (!isFp32 && !isFp16 && !isFp8)
    return emitError(module.getLoc())
           << "precision " << policy << " is not supported, expected fp32, fp16 or fp8";
  if (options.masterWeights != "fp16" && options.masterWeights != "fp32")
    return emitError(module.getLoc()) << "master weights in " << options.masterWeights
                                      << " are not supported, expected fp16 or fp32";
  if (isFp16 && !chip.has("fp16-mac"))
    return emitError(module.getLoc())
           << "precision fp16 needs the feature fp16-mac, which chip " << chip.name
           << " lacks (it has " << llvm::join(chip.features, ", ") << ")";
  double scale = options.lossScale;
  auto step = module.lookupSymbol<func::FuncOp>("step");
  bool isFixed = module->hasAttr(getOwnUpdatesAttrName()) && step && !dividesLossScaleOut(step);
  if (isFixed && scale != 0 && scale != 1)
    return emitError(module.getLoc())
           << "--loss-scale: the model's own updates do not divide the loss scale out, expected 1";
  if (scale == 0)
    scale = isFp32 || isFixed ? 1 : isFp16 ? 128 : 1024;
  int exponent = 0;
  if (!(scale > 0) || std::frexp(scale, &exponent) != 0.5 || exponent > 64 || exponent < -62)
    return emitError(module.getLoc())
           << "expected a power of two from 2^-63 to 2^63 as loss scale, found "
           << llvm::formatv("{0}", scale).str();

  Formats formats;
  formats.f32 = Float32Type::get(context);
  formats.lossScale = FloatAttr::get(formats.f32, scale);
  formats.rounding = roundingAttr(context, chip.numerics.rounding);
  if (isFp32) {
    formats.mac = formats.arithmetic = formats.loss = formats.master = formats.f32;
    formats.accumulate = num_ir::AccumulateAttr::get(context, 8, formats.f32,
                                                     num_ir::Rounding::nearest_even, formats.f32);
    return formats;
  }
  Type fp16 = formatType(context, chip.numerics.fp16);
  formats.mac = isFp16 ? fp16 : formatType(context, chip.numerics.fp8);
  formats.arithmetic = formats.loss = fp16;
  formats.master = options.masterWeights == "fp16" ? fp16 : formats.f32;
  bool isNarrow = chip.numerics.accumulateFp16 || chip.numerics.acrossImagesFp16;
  formats.accumulate = num_ir::AccumulateAttr::get(
      context, chip.numerics.dot, chip.numerics.accumulateFp16 ? fp16 : formats.f32,
      isNarrow ? roundingAttr(context, chip.numerics.accumulatorRounding()).getValue()
               : num_ir::Rounding::nearest_even,
      chip.numerics.acrossImagesFp16 ? fp16 : formats.f32);
  return formats;
}

LogicalResult slp::assignPrecision(ModuleOp module, const chip::Chip &chip,
                                   const PrecisionOptions &options) {
  if (auto stage = module->getAttrOfType<StringAttr>("slp.stage");
      !stage || stage != "differentiate")
    return emitError(module.getLoc()) << "precision expects a module of stage differentiate, found "
                                      << (stage ? stage.getValue() : "none");
  FailureOr<Formats> formats = formatsOf(module, chip, options);
  if (failed(formats))
    return failure();
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step) // a graph without a loss
    step = module.lookupSymbol<func::FuncOp>("eval");
  if (!step || step.getNumArguments() == 0)
    return emitError(module.getLoc()) << "precision expects a function @step or @eval with inputs";

  for (StateOp state : module.getOps<StateOp>()) {
    if (state.getStatistic()) {
      report(state.getLoc(), "state in " + print(formats->f32));
      continue;
    }
    auto type = cast<RankedTensorType>(state.getType()).clone(formats->master);
    state.setTypeAttr(TypeAttr::get(type));
    report(state.getLoc(), "state in " + print(formats->master));
    if (!formats->master.isF32())
      state.setRoundingAttr(formats->rounding);
  }
  for (func::FuncOp fn : module.getOps<func::FuncOp>())
    PrecisionRewriter(fn, *formats).run();

  Builder b(module.getContext());
  auto first = cast<RankedTensorType>(step.getArgumentTypes()[0]);
  int64_t batch = first.getRank() == 0 ? 1 : first.getDimSize(0);
  module->removeAttr(getOwnUpdatesAttrName());
  setFormats(module, chip);
  module->setAttr("slp.stage", b.getStringAttr("precision"));
  module->setAttr("train.precision",
                  b.getDictionaryAttr(
                      {b.getNamedAttr("policy", b.getStringAttr(options.policy)),
                       b.getNamedAttr("chip", b.getStringAttr(chip.name)),
                       b.getNamedAttr("master_weights",
                                      b.getStringAttr(formats->master.isF32() ? "fp32" : "fp16")),
                       b.getNamedAttr("loss_scale", formats->lossScale),
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
    if (failed(assignPrecision(getOperation(), *chip, options)))
      signalPassFailure();
  }
};
} // namespace
