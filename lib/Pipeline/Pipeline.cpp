//===- Pipeline.cpp - the straight line, in order ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The only file that orders passes. docs/pipeline.md says what each stage leaves behind.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Pipeline/Pipeline.h"

#include "lib/Pipeline/MicroBatch.h"
#include "lib/Pipeline/Resume.h"
#include "lib/Pipeline/SparsityPolicy.h"

#include "runtime/chips/Chip.h"
#include "slp/Autodiff/Passes.h"
#include "slp/Conversion/Passes.h"
#include "slp/Import/ONNX.h"
#include "slp/Transforms/Chip/Passes.h"
#include "slp/Transforms/Train/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"

#include <cmath>

using namespace mlir;
using namespace slp;

//===----------------------------------------------------------------------------------------===//
// The stages
//===----------------------------------------------------------------------------------------===//

/// Runs that make up one step.
static int64_t microBatchesOf(const CompileOptions &options) {
  return options.microBatch ? options.batch / options.microBatch : 1;
}

/// A step is a whole number of micro-batches.
static LogicalResult checkMicroBatch(MLIRContext &context, const CompileOptions &options) {
  int64_t size = options.microBatch;
  if (size == 0 || (size > 0 && options.batch > 0 && options.batch % size == 0))
    return success();
  InFlightDiagnostic d = emitError(UnknownLoc::get(&context)) << "--micro-batch=" << size << ": ";
  if (options.batch <= 0)
    return d << "expected --batch=N too, a multiple of it";
  return d << "expected a divisor of the batch, " << options.batch;
}

/// import: a model file becomes the forward graph of a step, in train, or the whole step where the
/// file has it.
static OwningOpRef<ModuleOp> import(MLIRContext &context, StringRef path,
                                    const CompileOptions &options, ImportReport *report) {
  if (failed(checkMicroBatch(context, options)))
    return nullptr;
  ImportOptions importOptions;
  importOptions.batch = options.microBatch ? options.microBatch : options.batch;
  importOptions.loss = options.loss;
  importOptions.lossOutput = options.lossOutput;
  importOptions.logits = options.logits;
  importOptions.classAxis = options.classAxis;
  importOptions.ignoreIndex = options.ignoreIndex;
  importOptions.optimizerModel = options.optimizerModel;
  for (const std::string &update : options.updates) {
    auto [parameter, output] = StringRef(update).split('=');
    if (parameter.empty() || output.empty()) {
      emitError(UnknownLoc::get(&context))
          << "--update=" << update << ": expected the names of a parameter and of an output, "
          << "PARAM=OUTPUT";
      return nullptr;
    }
    importOptions.updates.emplace_back(parameter, output);
  }
  importOptions.binds = options.binds;
  importOptions.params = options.params;
  importOptions.init = options.init;
  importOptions.unties = options.unties;
  importOptions.freezes = options.freeze;
  importOptions.usesFileOptimizer = !options.choosesOptimizer;
  OwningOpRef<ModuleOp> module = importONNX(context, path, importOptions, report);
  if (!module)
    return nullptr;
  PassManager pm(&context);
  pm.addPass(createTrainRecognizeBackward());
  if (failed(pm.run(*module)))
    return nullptr;
  noteMicroBatches(*module, path, importOptions, options);
  CompileOptions used = options;
  auto step = module->lookupSymbol<func::FuncOp>("step");
  if (step && step.getNumArguments() != 0) // the batch, also where the file chose it
    if (auto type = cast<RankedTensorType>(step.getArgumentTypes().front()); type.getRank() != 0)
      used.batch = type.getDimSize(0) * microBatchesOf(options);
  recordOptions(*module, Stage::import, used);
  return module;
}

/// The pass with what the policy says, or else the chip's description.
static std::unique_ptr<Pass> gateChannels(const GatedLayers &gated, const chip::Chip &chip) {
  TrainGateChannelsOptions o;
  auto parameter = [&](StringRef name, auto &value) {
    auto it = chip.mechanisms.find(("channel-gating." + name).str());
    if (it != chip.mechanisms.end())
      value = it->second.value;
  };
  o.layers.assign(gated.layers.begin(), gated.layers.end());
  parameter("groups", o.groups);
  parameter("slice", o.slice);
  parameter("alpha", o.alpha);
  parameter("lambda", o.lambda);
  parameter("tau_target", o.target);
  o.groups = gated.groups.value_or(o.groups);
  o.initial = gated.threshold.value_or(o.initial);
  return createTrainGateChannels(o);
}

/// differentiate: BP, WG and UP ops join it; @eval is split off.
static void differentiate(OpPassManager &pm, const CompileOptions &options,
                          const SparsityPolicy &sparsity, const chip::Chip &chip) {
  pm.addPass(createTrainFusePatterns());
  pm.addPass(createTrainStabilizeComposites());
  pm.addPass(createTrainFoldTransposes());
  if (sparsity.channelGating)
    pm.addPass(gateChannels(*sparsity.channelGating, chip));
  TrainDifferentiateOptions o;
  o.optimizer = options.optimizer;
  o.nesterov = options.nesterov;
  o.clipNorm = options.clipNorm;
  o.microBatches = microBatchesOf(options);
  o.freeze.assign(options.freeze.begin(), options.freeze.end());
  o.noDecay.assign(options.noDecay.begin(), options.noDecay.end());
  o.lrScale.assign(options.lrScale.begin(), options.lrScale.end());
  pm.addPass(createTrainDifferentiate(o));
  if (sparsity.weightGroups) {
    TrainGroupWeightsOptions groups;
    groups.target = options.target;
    const std::vector<std::string> &layers = sparsity.weightGroups->layers;
    groups.globs.assign(layers.begin(), layers.end());
    pm.addPass(createTrainGroupWeights(groups));
  }
}

/// A finite number, all of `text`.
static bool parseNumber(StringRef text, double &number) {
  return !text.getAsDouble(number) && std::isfinite(number);
}

/// What --loss-scale says: a number, or how dynamic scaling begins.
static LogicalResult parseLossScale(MLIRContext &context, StringRef text, double &scale,
                                    std::optional<TrainScaleLossOptions> &dynamic) {
  SmallVector<StringRef> parts;
  text.split(parts, ':');
  if (parts.size() == 1 && parseNumber(text, scale))
    return success();
  TrainScaleLossOptions o;
  if (parts[0] == "dynamic" && parts.size() <= 3 &&
      (parts.size() < 2 || parseNumber(parts[1], o.initial)) &&
      (parts.size() < 3 || !parts[2].getAsInteger(10, o.interval))) {
    scale = 1;
    dynamic = o;
    return success();
  }
  return emitError(UnknownLoc::get(&context))
         << "--loss-scale=" << text << ": expected a number, or dynamic[:INITIAL[:INTERVAL]]";
}

/// precision: every tensor gets its format; from here on each bit is fixed.
static LogicalResult precision(PassManager &pm, const CompileOptions &options,
                               const SparsityPolicy &sparsity) {
  TrainAssignPrecisionOptions o;
  o.target = options.target;
  o.policy = options.precision;
  o.masterWeights = options.masterWeights;
  double scale = 0;
  std::optional<TrainScaleLossOptions> dynamic;
  if (failed(parseLossScale(*pm.getContext(), options.lossScale, scale, dynamic)))
    return failure();
  if (dynamic)
    pm.addPass(createTrainScaleLoss(*dynamic));
  o.lossScale = scale;
  o.profileUse = options.profileUse;
  pm.addPass(createTrainAssignPrecision(o));
  pm.addPass(createTrainCopyWeights());
  if (sparsity.gradientSkip) {
    TrainSkipGradientsOptions s;
    if (!options.skipDivide.empty())
      s.divide = options.skipDivide;
    pm.addPass(createTrainSkipGradients(s));
  }
  pm.addPass(createTrainNameTensors());
  if (sparsity.gradientSkip)
    pm.addPass(createTrainChooseKept());
  return success();
}

/// The seed with which --fusion, --layouts or --homes has them drawn; 0: it names them.
static uint64_t seedOf(StringRef choice) {
  uint64_t seed = 0;
  return choice.getAsInteger(10, seed) ? 0 : seed;
}

/// tile: every op becomes a nest over buffers of the chip; some are fused, tensors get their
/// places, and each nest its tiling.
static void tile(OpPassManager &pm, const CompileOptions &options, const SparsityPolicy &sparsity) {
  ConvertTrainToChipOptions o;
  o.target = options.target;
  pm.addPass(createConvertTrainToChip(o));
  FuseNestsOptions f;
  f.drainsOnly = options.fusion == fusionOfDrains;
  f.all = options.fusion == fusionOfAll || seedOf(options.fusion);
  f.seed = seedOf(options.fusion);
  f.cores = options.cores;
  f.homes = options.homes != homesInDram;
  pm.addPass(createFuseNests(f));
  if (sparsity.zeroSkip)
    pm.addPass(createSkipZeros());
  ChooseLayoutsOptions l;
  l.byCost = options.layouts == "auto";
  l.cores = options.cores;
  l.homes = options.homes != homesInDram;
  l.blocked = options.layouts == "blocked";
  l.seed = seedOf(options.layouts);
  pm.addPass(createChooseLayouts(l));
  if (options.homes != homesInDram) {
    ChooseHomesOptions h;
    h.seed = seedOf(options.homes);
    pm.addPass(createChooseHomes(h));
  }
  ChooseTilesOptions t;
  t.cores = options.cores;
  t.tileSeed = options.tileSeed;
  pm.addPass(createChooseTiles(t));
}

/// schedule: loops, what is between two fences, addresses, then semaphores that let the engines
/// overlap, then the proof that they suffice.
static void schedule(OpPassManager &pm, const CompileOptions &options) {
  pm.addPass(createExpandNests());
  if (options.regions == joinedRegions)
    pm.addPass(createFormRegions());
  PlaceBuffersOptions p;
  p.dram = options.dram;
  pm.addPass(createPlaceBuffers(p));
  pm.addPass(createInsertSemaphores());
  pm.addPass(createVerifySchedule());
}

/// lower: one op per machine instruction.
static void lower(OpPassManager &pm) { pm.addPass(createConvertChipToMach()); }

LogicalResult slp::runStages(ModuleOp module, Stage last, const CompileOptions &options,
                             const chip::Chip &chip, function_ref<void(PassManager &)> configure) {
  Stage done = stageOf(module);
  PassManager pm(module.getContext());
  if (configure)
    configure(pm);
  auto wanted = [&](Stage stage) { return done < stage && stage <= last; };
  if (wanted(Stage::tile) && options.precision == "fp32")
    return emitError(UnknownLoc::get(module.getContext()),
                     "precision fp32 is for the reference only; expected fp16 or fp8 to go beyond "
                     "stage precision");
  auto error = [&] { return emitError(UnknownLoc::get(module.getContext())); };
  FailureOr<SparsityPolicy> sparsity = loadSparsity(options.sparsity, error);
  if (failed(sparsity) || failed(checkSparsity(*sparsity, chip, error)))
    return failure();
  if (wanted(Stage::tile) && (options.cores < 0 || options.cores > chip.structure.cores))
    return emitError(UnknownLoc::get(module.getContext()))
           << "expected 0 (all) to " << chip.structure.cores.value << " cores of chip " << chip.name
           << ", found " << options.cores;
  if (options.regions != joinedRegions && options.regions != singleRegions)
    return emitError(UnknownLoc::get(module.getContext()))
           << "--regions=" << options.regions << ": expected " << joinedRegions << " or "
           << singleRegions;
  if (options.dram != "auto" && options.dram != "apart" && options.dram != "shared")
    return emitError(UnknownLoc::get(module.getContext()))
           << "--dram=" << options.dram << ": expected apart, shared or auto";
  bool namesLayouts =
      options.layouts == "auto" || options.layouts == "row-major" || options.layouts == "blocked";
  if (wanted(Stage::tile) && !namesLayouts && seedOf(options.layouts) == 0)
    return emitError(UnknownLoc::get(module.getContext()))
           << "--layouts=" << options.layouts
           << ": expected auto, row-major, blocked, or a number from 1";
  bool namesFusion =
      options.fusion == "auto" || options.fusion == fusionOfAll || options.fusion == fusionOfDrains;
  if (wanted(Stage::tile) && !namesFusion && seedOf(options.fusion) == 0)
    return emitError(UnknownLoc::get(module.getContext()))
           << "--fusion=" << options.fusion << ": expected auto, " << fusionOfAll << ", "
           << fusionOfDrains << ", or a number from 1";
  bool namesHomes = options.homes == "auto" || options.homes == homesInDram;
  if (wanted(Stage::tile) && !namesHomes && seedOf(options.homes) == 0)
    return emitError(UnknownLoc::get(module.getContext()))
           << "--homes=" << options.homes << ": expected auto, " << homesInDram
           << ", or a number from 1";
  for (Stage stage : {Stage::differentiate, Stage::precision, Stage::tile, Stage::schedule})
    if (wanted(stage))
      recordOptions(module, stage, options);
  if ((wanted(Stage::differentiate) && sparsity->changesStep()) || wanted(Stage::precision) ||
      wanted(Stage::tile))
    recordChip(module, options.target, chip);
  if (wanted(Stage::differentiate))
    differentiate(pm, options, *sparsity, chip);
  if (wanted(Stage::precision) && failed(precision(pm, options, *sparsity)))
    return failure();
  if (wanted(Stage::tile))
    tile(pm, options, *sparsity);
  if (wanted(Stage::schedule))
    schedule(pm, options);
  if (wanted(Stage::lower))
    lower(pm);
  return pm.run(module);
}

//===----------------------------------------------------------------------------------------===//
// Names and files
//===----------------------------------------------------------------------------------------===//

static constexpr std::pair<Stage, StringLiteral> stageNames[] = {
    {Stage::import, "import"},
    {Stage::differentiate, "differentiate"},
    {Stage::precision, "precision"},
    {Stage::tile, "tile"},
    {Stage::schedule, "schedule"},
    {Stage::lower, "lower"},
    {Stage::emit, "emit"}};

StringRef slp::stringifyStage(Stage stage) { return stageNames[int(stage)].second; }

std::optional<Stage> slp::parseStage(StringRef name) {
  for (auto &[stage, stageName] : stageNames)
    if (stageName == name)
      return stage;
  return std::nullopt;
}

std::string slp::listStages() {
  return llvm::join(llvm::map_range(stageNames, [](auto &entry) { return entry.second.str(); }),
                    ", ");
}

Stage slp::stageOf(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>("slp.stage");
  return (name ? parseStage(name.getValue()) : std::nullopt).value_or(Stage::import);
}

OwningOpRef<ModuleOp> slp::readModel(MLIRContext &context, StringRef path,
                                     const CompileOptions &options, ImportReport *report) {
  if (path.ends_with(".mlir"))
    return parseSourceFile<ModuleOp>(path, &context);
  return import(context, path, options, report);
}
