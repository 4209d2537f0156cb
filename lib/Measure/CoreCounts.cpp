//===- CoreCounts.cpp - which layers are faster on fewer cores --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Tasks are timed with a fence behind each, so that those around them do not matter. Of a step only
// MAC tasks are: no others run on several cores.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Measure/CoreCounts.h"

#include "dialects/Chip/ChipDialect.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/CountOp.h"
#include "dialects/Chip/ElementOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/TensorOp.h"
#include "dialects/Mach/ElementFormat.h"
#include "runtime/exec/Machine.h"
#include "runtime/isa/EngineLoad.h.inc"
#include "runtime/isa/EngineSharedLoad.h.inc"
#include "runtime/isa/EngineSharedStore.h.inc"
#include "runtime/isa/EngineStore.h.inc"
#include "runtime/isa/EnumSkip.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/timing/Costs.h"
#include "runtime/timing/Model.h"
#include "slp/Emit/Emit.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

using namespace mlir;
using namespace slp;
using namespace slp::measure;

timing::Cycle LayerTime::cycles() const {
  return std::accumulate(wall.begin(), wall.end(), timing::Cycle(0));
}

namespace {

using LayerName = std::tuple<std::string, std::string, std::string>; // node, op, phase

struct TimedLayer {
  LayerName name;
  LayerTime time;
  exec::CoreWork fp8, fp16; // all cores together; `macs` alone
};

/// Lets the timing model listen, and counts by group what a reason speaks of.
class Listener : public exec::Observer {
public:
  Listener(timing::Model &model, const timing::Groups &groups)
      : model(model), groups(groups), layers(groups.size()) {}
  void issued(const exec::Event &event) override;
  std::vector<TimedLayer> take() { return std::move(layers); }

private:
  timing::Model &model;
  const timing::Groups &groups;
  std::vector<TimedLayer> layers;
};

/// The module in a context of its own, where diagnostics and remarks of further compiles reach
/// nobody.
class Comparison {
public:
  Comparison(ModuleOp original, const CompileOptions &options, const chip::Chip &chip,
             int64_t mostSteps);
  Result<CoreCounts> run();

private:
  Result<std::vector<TimedLayer>> time(int64_t cores);
  void keepCandidates(ModuleOp module);
  bool canWin(const TimedLayer &given, int64_t cores) const;
  Error error(const char *fallback) const {
    return Error{problem.empty() ? std::string(fallback) : problem};
  }

  MLIRContext context;
  std::string problem; // the first that a pass reported
  ScopedDiagnosticHandler handler;
  CompileOptions options;
  const chip::Chip &chip;
  timing::Costs costs;
  int64_t mostSteps;
  OwningOpRef<ModuleOp> module;
  /// Layers to be timed; empty: all that have MAC tasks.
  std::set<LayerName> candidates;
  std::set<LayerName> dependent; // on values
};

} // namespace

void Listener::issued(const exec::Event &event) {
  model.issued(event);
  TimedLayer &layer = layers[groups.of(event.pc)];
  LayerTime &time = layer.time;
  ++time.instructions;
  for (const exec::CoreWork &work : event.work) {
    time.dramBytes +=
        work.bytesRead[int(mach::space::dram)] + work.bytesWritten[int(mach::space::dram)];
    (event.fp16 ? layer.fp16 : layer.fp8).macs += work.macs;
  }
  bool isTransfer = event.engine == mach::engine::load || event.engine == mach::engine::store ||
                    event.engine == mach::engine::shared_load ||
                    event.engine == mach::engine::shared_store;
  if (isTransfer && event.opcode != mach::Wait::opcode && event.opcode != mach::Signal::opcode)
    time.transfers += event.work.size();
}

static MLIRContext &prepared(MLIRContext &context) {
  DialectRegistry registry;
  registerDialects(registry);
  context.appendDialectRegistry(registry);
  return context;
}

Comparison::Comparison(ModuleOp original, const CompileOptions &o, const chip::Chip &chip,
                       int64_t mostSteps)
    : context(MLIRContext::Threading::DISABLED),
      handler(&prepared(context),
              [this](Diagnostic &diagnostic) {
                if (problem.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
                  problem = diagnostic.str();
                return success();
              }),
      options(o), chip(chip), costs(chip), mostSteps(mostSteps) {
  options.regions = singleRegions; // a layer's cycles are those of nobody else
  options.homes = homesInDram;     // and so are its transfers
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  if (succeeded(writeBytecodeToFile(original, os)))
    module = parseSourceString<ModuleOp>(os.str(), &context);
}

static LayerName nameOf(chip_ir::TaskOp task) {
  return {task.getName().str(), task.getOp().str(), task.getPhase().str()};
}

static bool isMacTask(chip_ir::TaskOp task) {
  return task
      .walk([](chip_ir::EngineInstruction run) {
        return run.getEngine() == chip_ir::Engine::mac ? WalkResult::interrupt()
                                                       : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether a task's cycles depend on values: it moves compressed tensors, skips zeros, or reads how
/// often a loop runs.
static bool dependsOnValues(chip_ir::TaskOp task) {
  auto isCompressed = [](Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    return memref && mach::compressedFormat(memref.getElementType());
  };
  return task
      .walk([&](Operation *op) {
        auto skip = op->getAttrOfType<IntegerAttr>("skip");
        bool skips = isa<chip_ir::EngineInstruction>(op) && skip &&
                     mach::Skip(skip.getInt()) != mach::Skip::none;
        bool isCounted = isa<chip_ir::CountOp, chip_ir::ElementOp>(op);
        return skips || isCounted || llvm::any_of(op->getResultTypes(), isCompressed)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Leaves of a module of stage `tile`, expanded, the tasks to be timed. Initial values are of no
/// use.
void Comparison::keepCandidates(ModuleOp tiled) {
  for (func::FuncOp fn : llvm::make_early_inc_range(tiled.getOps<func::FuncOp>()))
    if (fn.getName() != "step")
      fn.erase();
  for (auto tensor : tiled.getOps<chip_ir::TensorOp>())
    tensor.removeInitAttr();
  SmallVector<chip_ir::TaskOp> tasks;
  tiled.walk([&](chip_ir::TaskOp task) {
    tasks.push_back(task);
    if (isMacTask(task) && dependsOnValues(task))
      dependent.insert(nameOf(task));
  });
  for (chip_ir::TaskOp task : tasks) {
    LayerName name = nameOf(task);
    bool isWanted =
        isMacTask(task) && !dependent.count(name) && (candidates.empty() || candidates.count(name));
    if (!isWanted)
      task.erase();
  }
}

/// Transfers and instructions of the engines in a task, each once for each core.
static int64_t stepsOf(chip_ir::TaskOp task) {
  int64_t steps = 0;
  task.walk([&](Operation *op) {
    if (!chip_ir::engineOf(op))
      return;
    int64_t times = task.getCores();
    for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
         loop = loop->getParentOfType<scf::ForOp>())
      times *= int64_t(loop.getStaticTripCount().value_or(APInt(64, 1)).getZExtValue());
    steps += times;
  });
  return steps;
}

/// The layers of @step on a number of cores, in the order of the program.
Result<std::vector<TimedLayer>> Comparison::time(int64_t cores) {
  problem.clear();
  options.cores = cores;
  OwningOpRef<ModuleOp> copy = module->clone();
  PassManager expand(copy->getContext()); // steps are counted in loops
  expand.addPass(createExpandNests());
  if (failed(runStages(*copy, Stage::tile, options, chip)) || failed(expand.run(*copy)))
    return error("it cannot be tiled");
  keepCandidates(*copy);
  int64_t steps = 0;
  copy->walk([&](chip_ir::TaskOp task) { steps += stepsOf(task); });
  if (steps > mostSteps)
    return Error{"it takes " + std::to_string(steps) + " steps to simulate, expected at most " +
                 std::to_string(mostSteps)};
  if (failed(runStages(*copy, Stage::emit, options, chip)))
    return error("it cannot be compiled");
  FailureOr<image::Image> image = emitImage(*copy, chip, "");
  if (failed(image))
    return error("it has no image");
  Result<std::unique_ptr<exec::Machine>> machine = exec::Machine::create(chip, *image);
  if (!machine)
    return machine.takeError();
  timing::Groups groups(*image);
  timing::Model model(chip, groups);
  Listener listener(model, groups);
  exec::Options run;
  run.threads = 1;
  run.observer = &listener;
  run.values = exec::Values::absent;
  if (Status ran = (*machine)->run("step", run); !ran)
    return ran.takeError();
  Result<timing::Report> report = model.finish();
  if (!report)
    return report.takeError();
  std::vector<TimedLayer> layers = listener.take();
  for (size_t g = 0; g < layers.size(); ++g) {
    layers[g].name = {groups[g].name, groups[g].op, timing::phaseName(groups[g].phase)};
    layers[g].time.cores = cores;
    layers[g].time.wall = report->groups[g].wall;
  }
  layers.erase(layers.begin()); // belongs to no layer
  // What is fused into a layer's tasks is of another name, and no layer.
  llvm::erase_if(layers,
                 [](const TimedLayer &layer) { return layer.fp8.macs + layer.fp16.macs == 0; });
  return layers;
}

/// False if the multiplications alone, spread evenly over so many cores, make the layer no winner.
bool Comparison::canWin(const TimedLayer &given, int64_t cores) const {
  timing::Cycle least = 0;
  for (bool fp16 : {false, true}) {
    exec::CoreWork share;
    uint64_t macs = (fp16 ? given.fp16 : given.fp8).macs;
    const chip::Structure &array = chip.structure;
    uint64_t lines = uint64_t(array.lines.value);
    uint64_t terms = macs / (uint64_t(cores) * lines * uint64_t(array.pes.value));
    share.items.add(lines, terms, terms / uint64_t(chip.numerics.dot));
    if (macs)
      least += costs.mac(share, fp16).cycles;
  }
  return double(least) < slowShare * double(given.time.cycles());
}

Result<CoreCounts> Comparison::run() {
  if (!module)
    return error("the module cannot be copied");
  int64_t all = options.cores ? options.cores : int64_t(chip.structure.cores);
  Result<std::vector<TimedLayer>> given = time(all);
  if (!given)
    return given.takeError();
  std::map<LayerName, LayerTime> best;
  for (int64_t cores = all / 2; cores >= 1; cores /= 2) {
    candidates.clear();
    for (const TimedLayer &layer : *given)
      if (canWin(layer, cores))
        candidates.insert(layer.name);
    if (candidates.empty()) // nor do still fewer cores
      break;
    Result<std::vector<TimedLayer>> fewer = time(cores);
    if (!fewer)
      continue; // what does not fit on fewer cores is no error of the user's
    for (const TimedLayer &layer : *fewer) {
      auto [it, isFirst] = best.try_emplace(layer.name, layer.time);
      if (!isFirst && layer.time.cycles() < it->second.cycles())
        it->second = layer.time;
    }
  }
  CoreCounts counts;
  counts.cores = all;
  counts.compared = int64_t(given->size());
  counts.leftOut = int64_t(dependent.size());
  for (const TimedLayer &layer : *given) {
    auto it = best.find(layer.name);
    if (it == best.end() || double(it->second.cycles()) >= slowShare * double(layer.time.cycles()))
      continue;
    auto &[node, op, phase] = layer.name;
    counts.slow.push_back({node, op, phase, layer.time, it->second});
  }
  return counts;
}

Result<CoreCounts> measure::compareCoreCounts(ModuleOp module, const CompileOptions &options,
                                              const chip::Chip &chip, int64_t mostSteps) {
  return Comparison(module, options, chip, mostSteps).run();
}

static const char *textOf(timing::WallPart part) {
  switch (part) {
  case timing::WallPart::mac:
    return "MAC work";
  case timing::WallPart::vector:
    return "vector work";
  case timing::WallPart::load:
    return "loads";
  case timing::WallPart::store:
    return "stores";
  case timing::WallPart::latency:
    return "DRAM latency";
  case timing::WallPart::semaphore:
    return "signals on their way";
  case timing::WallPart::issue:
    return "issue";
  case timing::WallPart::queue:
    return "issue held by full queues";
  }
  return "";
}

std::string measure::reasonOf(const SlowLayer &layer) {
  const LayerTime &given = layer.given, &fewer = layer.fewer;
  auto more = [&](size_t part) { return given.wall[part] - fewer.wall[part]; };
  size_t most = 0;
  for (size_t part = 1; part < timing::numWallParts; ++part)
    if (more(part) > more(most))
      most = part;
  return llvm::formatv("the most, {0:N}, for {1}: {2:N} bytes of DRAM traffic in {3:N} transfers, "
                       "not {4:N} in {5:N}; {6:N} instructions, not {7:N}",
                       more(most), textOf(timing::WallPart(most)), given.dramBytes, given.transfers,
                       fewer.dramBytes, fewer.transfers, given.instructions, fewer.instructions);
}
