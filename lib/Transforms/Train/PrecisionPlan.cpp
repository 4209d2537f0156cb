//===- PrecisionPlan.cpp - which format a layer's tensors get, and why ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/PrecisionPlan.h"

#include "lib/Transforms/Train/LossScale.h"

#include "dialects/Train/MaxPoolOpKind.h"
#include "dialects/Train/MaxPoolTakeOpKind.h"
#include "dialects/Train/ReluGradOpKind.h"
#include "dialects/Train/ReluOpKind.h"
#include "dialects/Train/RoundOpKind.h"
#include "dialects/Train/TrainValues.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::train;

bool slp::isMac(Operation *op) {
  auto storage = dyn_cast<StorageInterface>(op);
  return storage && storage.getStorageClass() == StorageClass::accumulator;
}

bool slp::isSelection(Operation *op) {
  return isOneOf<MaxPoolOp, MaxPoolTakeOp, ReluGradOp, ReluOp>(op);
}

bool slp::isMove(Operation *op) {
  auto storage = dyn_cast<StorageInterface>(op);
  return isReshape(op) || isOneOf<RoundOp>(op) ||
         (storage && storage.getStorageClass() == StorageClass::same);
}

TensorKind slp::kindOf(Value value) {
  while (Operation *def = value.getDefiningOp()) {
    if (isRead(def))
      return TensorKind::weights;
    if (!isMove(def)) {
      auto phase = def->getAttrOfType<PhaseAttr>("phase");
      bool isForward = !phase || phase.getValue() == Phase::fp;
      return isForward ? TensorKind::activations : TensorKind::errors;
    }
    value = def->getOperand(0);
  }
  return TensorKind::activations;
}

/// Operands of MACs as two fp8 numbers.
static constexpr StringLiteral splitWord = "fp8x2";

/// What the policy says of the first or last layer alone; empty: nothing.
static StringRef ownWord(StringRef word) { return word == "base" ? StringRef() : word; }

static StringRef wordOf(TensorKind kind) {
  static constexpr StringLiteral names[] = {"activations", "errors", "weights"};
  return names[int(kind)];
}

static const std::string &wordOf(const LayerFormats &formats, TensorKind kind) {
  if (kind == TensorKind::activations)
    return formats.activations;
  return kind == TensorKind::errors ? formats.errors : formats.weights;
}

InFlightDiagnostic PrecisionPlan::error() const {
  return emitError(module.getLoc()) << "precision " << thePolicy.name << ": ";
}

FailureOr<Type> PrecisionPlan::typeNamed(StringRef name, Twine what) const {
  MLIRContext *context = module.getContext();
  auto fp8 = formatType(context, chip.numerics.fp8);
  auto fp16 = formatType(context, chip.numerics.fp16);
  if (name == "fp32")
    return Type(Float32Type::get(context));
  if (name == "fp16")
    return Type(fp16);
  if (name == "fp8")
    return Type(fp8);
  if (const num::Format *further = chip.numerics.formatNamed(std::string_view(name)))
    return Type(formatType(context, *further));
  // FORMAT+N and FORMAT-N: the same with another exponent bias, shared by the tensor.
  size_t sign = name.find_last_of("+-");
  int shift = 0;
  if (sign != StringRef::npos && sign != 0 && !name.substr(sign + 1).getAsInteger(10, shift)) {
    FailureOr<Type> base = typeNamed(name.take_front(sign), what);
    if (failed(base))
      return failure();
    auto plain = dyn_cast<num_ir::FloatType>(*base);
    shift = name[sign] == '-' ? -shift : shift;
    num_ir::FloatType shifted = plain ? plain.shifted(shift) : num_ir::FloatType();
    if (!shifted || !llvm::isInt<8>(shift))
      return error() << what << " in " << name
                     << ", expected fp8, fp16 or a format of the chip, and "
                     << "an exponent bias that FP32 can hold";
    return Type(shifted);
  }
  if (name != "mixed") {
    auto names = llvm::map_range(chip.numerics.formats, [](auto &f) { return f.name; });
    std::string more = llvm::join(names, ", ");
    return error() << what << " in the unknown format " << name
                   << ", expected fp8, fp16, fp32, fp8x2, mixed" << (more.empty() ? "" : ", ")
                   << more;
  }
  if (!chip.has("mixed-precision"))
    return error() << what << " in mixed formats need the feature mixed-precision, which chip "
                   << chip.name << " lacks (it has " << llvm::join(chip.features, ", ") << ")";
  auto type = num_ir::MixedType::getChecked([this] { return error(); }, context, fp8, fp16);
  if (!type)
    return failure();
  return Type(type);
}

std::string PrecisionPlan::nameOf(Type element) const {
  if (auto mixed = dyn_cast<num_ir::MixedType>(element))
    return mixed.getLo() != mixed.getHi() ? "mixed" : "coded " + nameOf(mixed.getHi());
  auto format = dyn_cast<num_ir::FloatType>(element);
  if (!format)
    return "fp32";
  MLIRContext *context = module.getContext();
  SmallVector<std::pair<std::string, num_ir::FloatType>> known = {
      {"fp8", formatType(context, chip.numerics.fp8)},
      {"fp16", formatType(context, chip.numerics.fp16)}};
  for (const chip::NamedFormat &further : chip.numerics.formats)
    known.emplace_back(further.name, formatType(context, further.format));
  for (auto &[name, type] : known)
    if (type == format)
      return name;
  for (auto &[name, type] : known)
    if (int by = format.getBias() - type.getBias(); type.shifted(by) == format)
      return name + (by < 0 ? "" : "+") + std::to_string(by);
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return text;
}

/// Adds what `name` means for a kind, and checks that MACs can read it.
LogicalResult PrecisionPlan::resolveKind(StringRef name, TensorKind kind, Twine what) {
  if (name.empty() || types[int(kind)].contains(name))
    return success();
  std::string whose = (what + wordOf(kind)).str();
  if (name == "mixed" && kind == TensorKind::weights)
    return error() << whose << " in mixed formats: there is no histogram of weights, expected fp8 "
                   << "or fp16";
  if (name == splitWord) {
    types[int(kind)][name] = formatType(module.getContext(), chip.numerics.fp16);
    return success();
  }
  FailureOr<Type> type = typeNamed(name, whose);
  if (failed(type))
    return failure();
  auto format = num_ir::storageFormat(*type);
  if (!format && !thePolicy.isReferenceOnly())
    return error() << whose << " in " << name << ", which no chip multiplies, expected fp8, fp16 "
                   << "or mixed";
  if (format && format.getWidth() > 8 && !chip.has("fp16-mac"))
    return error() << whose << " in " << name << " need the feature fp16-mac, which chip "
                   << chip.name << " lacks (it has " << llvm::join(chip.features, ", ") << ")";
  auto plain = dyn_cast<num_ir::FloatType>(*type);
  bool isOwn = plain && (plain == formatType(module.getContext(), chip.numerics.fp8) ||
                         plain == formatType(module.getContext(), chip.numerics.fp16));
  if (thePolicy.coded && kind != TensorKind::weights && plain && !isOwn)
    return error() << whose << " in " << name << " cannot be stored without their zeros, expected "
                   << "fp8 or fp16 with coded";
  if (thePolicy.coded && plain && kind != TensorKind::weights)
    *type = num_ir::MixedType::get(module.getContext(), plain, plain);
  types[int(kind)][name] = *type;
  return success();
}

/// The first and the last layer that multiplies in FP, and whether every rule names a node.
LogicalResult PrecisionPlan::findLayers() {
  SmallVector<std::string> layers;
  llvm::StringSet<> nodes;
  module.walk([&](Operation *op) {
    std::string node = nodeNameOf(op->getLoc());
    auto phase = op->getAttrOfType<PhaseAttr>("phase");
    if (isMac(op) && (!phase || phase.getValue() == Phase::fp) && nodes.insert(node).second)
      layers.push_back(node);
    nodes.insert(node);
  });
  if (!layers.empty()) {
    firstLayer = layers.front();
    lastLayer = layers.back();
  }
  for (const LayerRule &rule : thePolicy.layers) {
    PrecisionPolicy only;
    only.layers = {rule};
    bool isUsed = llvm::any_of(nodes.keys(), [&](StringRef node) { return only.ruleFor(node); });
    if (!isUsed)
      return error() << "layer \"" << rule.name
                     << "\" names no node of the model, whose layers are "
                     << llvm::join(layers, ", ");
  }
  return success();
}

/// What the profile says, where the policy asks for it.
LogicalResult PrecisionPlan::resolveSensitivity(StringRef profile) {
  if (!thePolicy.isSensitive)
    return profile.empty() ? success()
                           : LogicalResult(error() << "--profile-use=" << profile
                                                   << " is for policies based on sensitivity");
  if (profile.empty())
    return error() << "needs --profile-use=FILE, which slp-sim --profile=FILE writes";
  FailureOr<SensitivityTable> table =
      chooseByProfile(module, chip, thePolicy.limits, profile, [this] { return error(); });
  if (failed(table))
    return failure();
  sensitivity = std::move(*table);
  for (TensorKind kind : {TensorKind::activations, TensorKind::errors, TensorKind::weights})
    for (const auto &[layer, choice] : sensitivity->choices[int(kind)])
      if (failed(resolveKind(choice.format, kind, "layer " + layer + "'s ")))
        return failure();
  return success();
}

LogicalResult PrecisionPlan::resolveLossScale(double wanted) {
  double scale = wanted != 0 ? wanted : thePolicy.lossScale;
  if (scale == 0 && sensitivity) // errors were measured with it
    scale = sensitivity->lossScale;
  auto step = module.lookupSymbol<func::FuncOp>("step");
  bool isFixed = module->hasAttr(getOwnUpdatesAttrName()) && step && !dividesLossScaleOut(step);
  if (isFixed && scale != 0 && scale != 1)
    return emitError(module.getLoc())
           << "--loss-scale: the model's own updates do not divide the loss scale out, expected 1";
  if (scale == 0) {
    auto format = num_ir::storageFormat(of("", TensorKind::errors).type);
    bool isNarrow = thePolicy.base.errors == "mixed" || thePolicy.base.errors == splitWord;
    bool isWide = !isNarrow && format && format.getWidth() > 8;
    scale = !format || isFixed ? 1 : isWide ? 128 : 1024;
  }
  int exponent = 0;
  if (!(scale > 0) || std::frexp(scale, &exponent) != 0.5 || exponent > 64 || exponent < -62)
    return emitError(module.getLoc())
           << "expected a power of two from 2^-63 to 2^63 as loss scale, found "
           << llvm::formatv("{0}", scale).str();
  lossScale = FloatAttr::get(f32, scale);
  return success();
}

/// The chip's parameters of element-wise mixing, where a tensor is mixed.
void PrecisionPlan::resolveMixing() {
  auto parameter = [&](StringRef name) {
    auto it = chip.mechanisms.find(("mixed-precision." + name).str());
    return it == chip.mechanisms.end() ? 0.0 : it->second.value;
  };
  low = parameter("threshold_low");
  share = thePolicy.share.value_or(parameter("fp16_share"));
  period = std::max<int64_t>(1, std::llround(parameter("stall_period")));
  improvement = parameter("stall_improvement");
  growth = parameter("share_growth");
  largest = std::max<float>(share, parameter("share_limit"));
}

LogicalResult PrecisionPlan::resolveAll() {
  MLIRContext *context = module.getContext();
  f32 = Float32Type::get(context);
  fp8 = formatType(context, chip.numerics.fp8);
  constexpr TensorKind kinds[] = {TensorKind::activations, TensorKind::errors, TensorKind::weights};
  for (TensorKind kind : kinds) {
    if (failed(resolveKind(wordOf(thePolicy.base, kind), kind, "")) ||
        failed(resolveKind(ownWord(thePolicy.first), kind, "first layer's ")) ||
        failed(resolveKind(ownWord(thePolicy.last), kind, "last layer's ")))
      return failure();
    for (const LayerRule &rule : thePolicy.layers)
      if (failed(resolveKind(wordOf(rule.formats, kind), kind, "layer " + rule.name + "'s ")))
        return failure();
  }
  // The vector unit reads and writes any format; mixed ones only from a classification.
  auto resolve = [&](Type &to, StringRef word, StringRef what) {
    bool isReference = thePolicy.isReferenceOnly();
    FailureOr<Type> type = typeNamed(isReference ? StringRef("fp32") : word, what);
    if (failed(type))
      return LogicalResult(failure());
    if (isa<num_ir::MixedType>(*type))
      return LogicalResult(error() << what << " in mixed formats, expected fp8, fp16 or fp32");
    to = *type;
    return success();
  };
  if (failed(resolve(arithmetic, thePolicy.arithmetic, "arithmetic")) ||
      failed(resolve(loss, thePolicy.loss, "operands of the loss")) ||
      failed(resolve(master, thePolicy.master, "master weights")) ||
      failed(resolve(optimizer, thePolicy.optimizer, "optimizer state")) ||
      failed(resolve(statistics, thePolicy.statistics, "running statistics")))
    return failure();

  StringRef word = thePolicy.between;
  if (word != "operands" && !thePolicy.isReferenceOnly() &&
      failed(resolve(between, word.empty() ? "fp16" : word, "tensors between multiplications")))
    return failure();

  rounding = roundingAttr(context, chip.numerics.rounding);
  updateRounding = rounding;
  if (!thePolicy.updateRounding.empty()) {
    auto mode = num_ir::symbolizeRounding(thePolicy.updateRounding);
    if (!mode)
      return error() << "unknown update_rounding " << thePolicy.updateRounding
                     << ", expected nearest_even, half_away, toward_zero or stochastic";
    updateRounding = num_ir::RoundingAttr::get(context, *mode);
  }
  if (thePolicy.isReferenceOnly()) {
    accumulate = num_ir::AccumulateAttr::get(context, 8, f32, num_ir::Rounding::nearest_even, f32);
    return success();
  }
  const chip::Numerics &numerics = chip.numerics;
  Type fp16 = formatType(context, numerics.fp16);
  bool isNarrow = numerics.accumulateFp16 || numerics.weightGradientFp16();
  accumulate = num_ir::AccumulateAttr::get(
      context, numerics.dot, numerics.accumulateFp16 ? fp16 : f32,
      isNarrow ? roundingAttr(context, numerics.accumulatorRounding()).getValue()
               : num_ir::Rounding::nearest_even,
      numerics.hasChainPerImage() ? (numerics.weightGradientFp16() ? fp16 : f32)
                                  : Type(NoneType::get(context)));
  return success();
}

FailureOr<PrecisionPlan> PrecisionPlan::create(ModuleOp module, const chip::Chip &chip,
                                               const PrecisionOptions &options) {
  FailureOr<PrecisionPolicy> policy =
      loadPolicy(options.policy, [&] { return emitError(module.getLoc()); });
  if (failed(policy))
    return failure();
  if (!options.masterWeights.empty() && !policy->isReferenceOnly()) {
    if (options.masterWeights != "fp8" && options.masterWeights != "fp16" &&
        options.masterWeights != "fp32")
      return emitError(module.getLoc()) << "master weights in " << options.masterWeights
                                        << " are not supported, expected fp8, fp16 or fp32";
    policy->master = policy->optimizer = options.masterWeights;
  }
  PrecisionPlan table(module, chip, std::move(*policy));
  if (failed(table.resolveAll()) || failed(table.findLayers()) ||
      failed(table.resolveSensitivity(options.profileUse)) ||
      failed(table.resolveLossScale(options.lossScale)))
    return failure();
  table.resolveMixing();
  return table;
}

StringRef PrecisionPlan::wordFor(StringRef layer, TensorKind kind, std::string &reason) const {
  if (const LayerRule *rule = thePolicy.ruleFor(layer); rule && !layer.empty())
    if (StringRef word = wordOf(rule->formats, kind); !word.empty()) {
      reason = "layers: " + rule->name;
      return word;
    }
  if (StringRef word = ownWord(thePolicy.first);
      !word.empty() && !layer.empty() && layer == firstLayer) {
    reason = "first layer";
    return word;
  }
  if (StringRef word = ownWord(thePolicy.last);
      !word.empty() && !layer.empty() && layer == lastLayer) {
    reason = "last layer";
    return word;
  }
  if (sensitivity)
    if (auto it = sensitivity->choices[int(kind)].find(layer);
        it != sensitivity->choices[int(kind)].end()) {
      reason = it->second.reason;
      return it->second.format;
    }
  reason = (wordOf(kind) + " of policy " + thePolicy.name).str();
  return wordOf(thePolicy.base, kind);
}

Type PrecisionPlan::betweenFor(Type operands) const {
  auto format = num_ir::storageFormat(operands); // of a mixed type: the wider one
  auto mixed = dyn_cast<num_ir::MixedType>(operands);
  bool isMixed = mixed && mixed.getLo() != mixed.getHi();
  bool isWide = !format || (format.getWidth() > 8 && !isMixed);
  return !between || (thePolicy.between.empty() && isWide) ? operands : between;
}

FormatChoice PrecisionPlan::of(StringRef layer, TensorKind kind) const {
  FormatChoice choice;
  StringRef word = wordFor(layer, kind, choice.reason);
  choice.type = types[int(kind)].lookup(word);
  choice.isSplit = word == splitWord;
  return choice;
}
