//===- EarlyLoadTest.cpp - the next nest loads while this one multiplies ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Of each nest behind one that multiplies: does its first load begin before the last multiplication
// ends? Those that begin later are counted. They wait for a fence, or for what another nest does,
// which --remarks=regions says of each; or the sequencer needs longer for what it issues between
// the two than the multiplication takes. No more than one in ten are late for none of these.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/ChipOps.h"
#include "runtime/exec/Machine.h"
#include "runtime/isa/EngineLoad.h.inc"
#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/EngineSharedLoad.h.inc"
#include "runtime/isa/StructDesc.h.inc"
#include "runtime/timing/Model.h"
#include "slp/Emit/Emit.h"
#include "slp/Pipeline/Pipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <optional>

using namespace mlir;
using namespace slp;

namespace {

struct Nest {
  std::string name;
  bool multiplies = false, loads = false;
  bool mayBeLate = false;    // it stands behind a fence, or its first load behind a wait for others
  bool isIssueBound = false; // the sequencer comes to its first load too late
  struct Work {
    uint64_t pc = 0;
    timing::Cycle begin = 0, end = 0;
  };
  std::optional<Work> firstLoad, lastMac;
};

/// Of each nest of a program, in order: when it first loads and last multiplies. Nests begin with
/// the first descriptor register.
class Watch : public timing::WorkListener {
public:
  Watch(const image::Image &image, std::vector<Nest> &nests)
      : nests(nests), ofPc(image.text.size()), words(image.text.size() + 1) {
    size_t begun = 0;
    for (uint64_t pc = image.findEntry("step")->pc; pc < image.text.size(); ++pc) {
      auto desc = mach::decode(image.text[pc])->as<mach::Desc>();
      begun += desc && desc->dd == 0;
      ofPc[pc] = begun;
      words[pc + 1] = words[pc] + (desc ? 6 : 1); // docs/timing.md, T1
    }
  }
  /// Words that are issued behind a nest's last multiplication up to the next one's first load.
  timing::Cycle wordsBetween(const Nest &nest, const Nest &next) const {
    return words[next.firstLoad->pc + 1] - words[nest.lastMac->pc + 1];
  }
  void worked(mach::Engine engine, int, uint64_t pc, timing::Cycle begin,
              timing::Cycle end) override {
    Nest &nest = nests[ofPc[pc] - 1];
    if (engine == mach::engine::mac && (!nest.lastMac || end > nest.lastMac->end))
      nest.lastMac = {pc, begin, end};
    bool isLoad = engine == mach::engine::load || engine == mach::engine::shared_load;
    if (isLoad && (!nest.firstLoad || begin < nest.firstLoad->begin))
      nest.firstLoad = {pc, begin, end};
  }

private:
  std::vector<Nest> &nests;
  std::vector<size_t> ofPc;
  std::vector<timing::Cycle> words; // of the instructions before each
};

struct Case {
  const char *name, *model, *target;
};

class EarlyLoad : public testing::TestWithParam<Case> {
protected:
  EarlyLoad() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
  }
  std::vector<Nest> run(const char *regions);

  MLIRContext context{MLIRContext::Threading::DISABLED};
};

} // namespace

/// Whether a wait for another task stands before the task's first load, on its engine.
static bool waitsForOthers(chip_ir::TaskOp task, Operation *first) {
  Operation *anchor = task.getBody().front().findAncestorOpInBlock(*first);
  for (auto wait : task.getBody().front().getOps<chip_ir::WaitOp>())
    if (wait.getAcross() && wait.getEngine() == chip_ir::engineOf(first) &&
        wait->isBeforeInBlock(anchor))
      return true;
  return false;
}

static Nest nestOf(chip_ir::TaskOp task) {
  Nest nest;
  nest.name = (task.getName() + " " + task.getOp() + " " + task.getPhase()).str();
  Operation *first = nullptr; // from DRAM, or from what stays in the shared buffer
  task.walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto instr = dyn_cast<chip_ir::EngineInstruction>(op);
    nest.multiplies |= instr && instr.getEngine() == chip_ir::Engine::mac;
    bool isMove = isa<chip_ir::MoveOp>(op) && chip_ir::engineOf(op) == chip_ir::Engine::load;
    if (!first && (isMove || isa<chip_ir::LoadOp>(op)))
      first = op;
  });
  nest.loads = first != nullptr;
  bool isFirst = !isa<chip_ir::RegionOp>(task->getParentOp()) || !task->getPrevNode();
  nest.mayBeLate = isFirst || (first && waitsForOthers(task, first));
  return nest;
}

std::vector<Nest> EarlyLoad::run(const char *regions) {
  std::vector<Nest> nests;
  CompileOptions options;
  options.target = GetParam().target;
  options.precision = "fp8";
  options.loss = "softmax-cross-entropy";
  options.regions = regions;
  auto chip = chip::load(options.target);
  std::string path = std::string(SLP_SCHEDULE_NETWORKS_DIR) + "/" + GetParam().model;
  OwningOpRef<ModuleOp> module = readModel(context, path, options);
  if (!module || failed(runStages(*module, Stage::schedule, options, *chip)))
    return nests;
  module->lookupSymbol<func::FuncOp>("step").walk(
      [&](chip_ir::TaskOp task) { nests.push_back(nestOf(task)); });
  if (failed(runStages(*module, Stage::emit, options, *chip)))
    return {};
  FailureOr<image::Image> image = emitImage(*module, *chip, llvm::sys::path::parent_path(path));
  if (failed(image))
    return {};
  timing::Groups groups(*image);
  timing::Model model(*chip, groups);
  Watch watch(*image, nests);
  model.listen(&watch);
  exec::Options running;
  running.observer = &model;
  running.values = exec::Values::absent;
  auto machine = exec::Machine::create(*chip, *image);
  if (!machine || !(*machine)->run("step", running) || !model.finish())
    return {};
  for (size_t i = 1; i < nests.size(); ++i)
    if (nests[i - 1].lastMac && nests[i].firstLoad) {
      const Nest::Work &mac = *nests[i - 1].lastMac;
      nests[i].isIssueBound = watch.wordsBetween(nests[i - 1], nests[i]) >= mac.end - mac.begin;
    }
  return nests;
}

/// Nests behind one that multiplies, and those of them that first load when it is done.
static std::pair<size_t, std::vector<const Nest *>> lateOnes(const std::vector<Nest> &nests) {
  std::pair<size_t, std::vector<const Nest *>> result;
  for (size_t i = 1; i < nests.size(); ++i) {
    if (!nests[i - 1].lastMac || !nests[i].firstLoad)
      continue;
    ++result.first;
    if (nests[i].firstLoad->begin >= nests[i - 1].lastMac->end)
      result.second.push_back(&nests[i]);
  }
  return result;
}

TEST_P(EarlyLoad, BeginsWhileTheNestBeforeMultiplies) {
  std::vector<Nest> nests = run(joinedRegions);
  ASSERT_FALSE(nests.empty());
  auto [count, late] = lateOnes(nests);
  std::printf("%zu of %zu nests behind one that multiplies begin to load when it is done\n",
              late.size(), count);
  EXPECT_LT(late.size(), count);
  size_t silent = 0, issued = 0;
  for (const Nest *nest : late)
    if (!nest->mayBeLate && nest->isIssueBound) {
      ++issued;
    } else if (!nest->mayBeLate) {
      ++silent;
      std::printf("  %s has no remark\n", nest->name.c_str());
    }
  std::printf("%zu of these wait for the sequencer\n", issued);
  EXPECT_LE(silent, (count + 9) / 10);
  // With a fence behind each nest all of them are late.
  auto [all, lateBehindFences] = lateOnes(run(singleRegions));
  EXPECT_EQ(all, count);
  EXPECT_EQ(lateBehindFences.size(), all);
}

INSTANTIATE_TEST_SUITE_P(Networks, EarlyLoad,
                         testing::Values(Case{"digits_lnpu", "digits-cnn.onnx", "lnpu"},
                                         Case{"digits_asu", "digits-cnn.onnx", "asu-fp8"},
                                         Case{"resnet18_lnpu", "networks/resnet18.onnx", "lnpu"},
                                         Case{"resnet18_asu", "networks/resnet18.onnx", "asu-fp8"}),
                         [](const testing::TestParamInfo<Case> &info) {
                           return std::string(info.param.name);
                         });
