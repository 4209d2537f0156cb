//===- Resume.cpp - what the stages of a module were told -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Pipeline/Resume.h"

#include "runtime/chips/Chip.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace mlir;
using namespace slp;

static constexpr llvm::StringLiteral optionsAttr = "slp.options";
static constexpr llvm::StringLiteral chipKey = "chip_structure";

/// Skipping zeros alone changes no bit; everything else changes what a step computes.
static Stage stageOfSparsity(StringRef sparsity) {
  return sparsity == "none" || sparsity == "zero-skip" ? Stage::tile : Stage::differentiate;
}

/// Calls `visit(name of the option, the stage that reads it first, field)` for every option but the
/// target.
template <typename Options, typename Visitor>
static void visitOptions(Options &options, Visitor visit) {
  visit("batch", Stage::import, options.batch);
  visit("loss", Stage::import, options.loss);
  visit("loss-output", Stage::import, options.lossOutput);
  visit("logits", Stage::import, options.logits);
  visit("class-axis", Stage::import, options.classAxis);
  visit("ignore-index", Stage::import, options.ignoreIndex);
  visit("micro-batch", Stage::import, options.microBatch);
  visit("bind", Stage::import, options.binds);
  visit("init", Stage::import, options.init);
  visit("update", Stage::import, options.updates);
  visit("untie", Stage::import, options.unties);
  visit("optimizer-model", Stage::import, options.optimizerModel);
  visit("optimizer", Stage::differentiate, options.optimizer);
  visit("nesterov", Stage::differentiate, options.nesterov);
  visit("clip-norm", Stage::differentiate, options.clipNorm);
  visit("freeze", Stage::differentiate, options.freeze);
  visit("no-decay", Stage::differentiate, options.noDecay);
  visit("lr-scale", Stage::differentiate, options.lrScale);
  visit("precision", Stage::precision, options.precision);
  visit("master-weights", Stage::precision, options.masterWeights);
  visit("loss-scale", Stage::precision, options.lossScale);
  visit("profile-use", Stage::precision, options.profileUse);
  visit("sparsity", stageOfSparsity(options.sparsity), options.sparsity);
  visit("skip-divide", Stage::precision, options.skipDivide);
  visit("cores", Stage::tile, options.cores);
  visit("tile-seed", Stage::tile, options.tileSeed);
  visit("layouts", Stage::tile, options.layouts);
  visit("fusion", Stage::tile, options.fusion);
  visit("homes", Stage::tile, options.homes);
  visit("regions", Stage::schedule, options.regions);
  visit("dram", Stage::schedule, options.dram);
}

/// Options of which the empty default is not recorded.
static bool isRare(StringRef option) {
  return option == "bind" || option == "init" || option == "update" || option == "untie" ||
         option == "loss-output" || option == "logits" || option == "class-axis" ||
         option == "ignore-index" || option == "optimizer-model" || option == "profile-use" ||
         option == "skip-divide";
}

/// What an option was that its stage has not recorded; nothing where nobody knows.
static std::optional<StringRef> unrecorded(StringRef option) {
  if (isRare(option))
    return "";
  return option == "sparsity" ? std::optional<StringRef>("none") : std::nullopt;
}

/// Options are recorded as the command line would give them.
static std::string print(const std::string &value) { return value; }
static std::string print(bool value) { return value ? "true" : "false"; }
static std::string print(int64_t value) { return std::to_string(value); }
static std::string print(uint64_t value) { return std::to_string(value); }
static std::string print(std::optional<int64_t> value) { return value ? print(*value) : ""; }
static std::string print(const std::vector<std::string> &values) { return llvm::join(values, ";"); }
static void parse(StringRef text, std::vector<std::string> &values) {
  SmallVector<StringRef> parts;
  text.split(parts, ';', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  values.assign(parts.begin(), parts.end());
}
static void parse(StringRef text, std::string &value) { value = text.str(); }
static void parse(StringRef text, std::optional<int64_t> &value) {
  int64_t number = 0;
  value = text.getAsInteger(10, number) ? std::nullopt : std::optional<int64_t>(number);
}
static void parse(StringRef text, bool &value) { value = text == "true"; }
template <typename Integer> static void parse(StringRef text, Integer &value) {
  (void)text.getAsInteger(10, value);
}

static std::string keyOf(StringRef option) {
  std::string key = option.str();
  std::replace(key.begin(), key.end(), '-', '_'); // so that it prints without quotes
  return key;
}

static void set(ModuleOp module, StringRef key, StringRef value) {
  NamedAttrList entries(module->getAttrOfType<DictionaryAttr>(optionsAttr));
  entries.set(key, StringAttr::get(module.getContext(), value));
  module->setAttr(optionsAttr, entries.getDictionary(module.getContext()));
}

static std::optional<StringRef> get(ModuleOp module, StringRef key) {
  if (auto entries = module->getAttrOfType<DictionaryAttr>(optionsAttr))
    if (auto value = dyn_cast_or_null<StringAttr>(entries.get(key)))
      return value.getValue();
  return std::nullopt;
}

/// The same for options that a pass notes when it is run by itself, without slpc.
static std::optional<StringRef> getNoted(ModuleOp module, StringRef key) {
  if (auto value = get(module, key))
    return value;
  StringRef noted = key == "precision" ? "policy" : key == "target" ? "chip" : key;
  if (auto precision = module->getAttrOfType<DictionaryAttr>("train.precision"))
    if (auto value = dyn_cast_or_null<StringAttr>(precision.get(noted)))
      return value.getValue();
  return std::nullopt;
}

void slp::recordOptions(ModuleOp module, Stage stage, const CompileOptions &options) {
  visitOptions(options, [&](StringRef name, Stage reader, const auto &value) {
    std::string text = print(value);
    if (reader == stage && !(isRare(name) && text.empty()))
      set(module, keyOf(name), text);
  });
}

void slp::recordChip(ModuleOp module, StringRef target, const chip::Chip &chip) {
  set(module, "target", target);
  set(module, chipKey, "0x" + llvm::utohexstr(chip.structureHash(), /*LowerCase=*/true, 16));
}

/// A description elsewhere, or with other rates, is the same target if its structure is.
static LogicalResult resumeTarget(ModuleOp module, CompileOptions &options, bool isGiven) {
  std::optional<StringRef> target = getNoted(module, "target");
  if (!target)
    return success();
  if (!isGiven)
    options.target = target->str();
  Result<chip::Chip> chip = chip::load(options.target);
  if (!chip)
    return emitError(UnknownLoc::get(module.getContext())) << chip.message();
  std::optional<StringRef> recorded = get(module, chipKey);
  uint64_t structure = 0;
  bool fits = recorded ? !recorded->getAsInteger(0, structure) && structure == chip->structureHash()
                       : chip->name == *target;
  if (!fits)
    return emitError(UnknownLoc::get(module.getContext()))
           << "--target=" << options.target << " does not fit: stage "
           << stringifyStage(stageOf(module)) << " was reached for --target=" << *target
           << (*target == options.target ? ", whose description has changed since" : "");
  if (module->hasAttr("slp.chip")) // where later passes find the description
    module->setAttr("slp.chip", StringAttr::get(module.getContext(), options.target));
  return success();
}

LogicalResult slp::resumeOptions(ModuleOp module, CompileOptions &options,
                                 function_ref<bool(StringRef)> isGiven) {
  LogicalResult result = success();
  visitOptions(options, [&](StringRef name, Stage reader, auto &value) {
    std::optional<StringRef> recorded = getNoted(module, keyOf(name));
    if (!recorded && stageOf(module) >= reader)
      recorded = unrecorded(name);
    if (!recorded)
      return;
    bool isAny = name == "batch" && print(value) == "0"; // as the model says
    if (isGiven(name) && !isAny && print(value) != *recorded)
      result = emitError(UnknownLoc::get(module.getContext()))
               << "--" << name << "=" << print(value) << " does not fit: stage "
               << stringifyStage(reader) << " was run with --" << name << "=" << *recorded;
    parse(*recorded, value);
  });
  if (failed(resumeTarget(module, options, isGiven("target"))))
    return failure();
  return result;
}
