//===- MutationTest.cpp - chip-verify-schedule accepts nothing that races ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Random scheduled programs are damaged in one place. A damaged program is either rejected, or its
// engines run in random interleavings, the cores of an instruction and the steps of a store to a
// compressed tensor apart, and every tensor must come out as in the program order of the sound
// program. So must those of random chip tasks that no compiler made. The environment variable
// SLP_SCHEDULE_PROGRAMS sets the number of programs (500) and SLP_SCHEDULE_SEED the first seed (1),
// for longer runs.
//
//===----------------------------------------------------------------------------------------===//

#include "Mutant.h"
#include "RandomTask.h"
#include "RandomTransfer.h"

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/TensorOp.h"
#include "slp/Conversion/Passes.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace slp;

namespace {

constexpr int perProgram = 4; // mutants

class MutationTest : public testing::Test, protected MutantRunner {
protected:
  MutationTest() : MutantRunner("lnpu") {}

  OwningOpRef<ModuleOp> schedule(uint32_t seed);
  OwningOpRef<ModuleOp> schedule(const RandomTransfer &transfer);
};

/// Inputs of an image have the batch in front, which the first one gives; these have any shape.
void keepOneInput(ModuleOp module) {
  bool isFirst = true;
  for (auto tensor : module.getOps<chip_ir::TensorOp>()) {
    if (tensor.getRole() != chip_ir::Role::input)
      continue;
    if (!isFirst)
      tensor.setRole(chip_ir::Role::temp);
    isFirst = false;
  }
}

} // namespace

/// A random program with random tiles, scheduled but not verified.
OwningOpRef<ModuleOp> MutationTest::schedule(uint32_t seed) {
  auto module = parseSourceString<ModuleOp>(makeRandomTask(seed), &context);
  if (!module)
    return nullptr;
  PassManager pm(&context);
  pm.addPass(createConvertTrainToChip());
  pm.addPass(createFuseNests());
  pm.addPass(createChooseLayouts());
  ChooseTilesOptions tile;
  tile.tileSeed = seed;
  pm.addPass(createChooseTiles(tile));
  pm.addPass(createExpandNests());
  pm.addPass(createFormRegions());
  pm.addPass(createPlaceBuffers());
  pm.addPass(createInsertSemaphores());
  if (failed(pm.run(*module)))
    return nullptr;
  keepOneInput(*module);
  return std::move(module);
}

/// A chip task, scheduled but not verified.
OwningOpRef<ModuleOp> MutationTest::schedule(const RandomTransfer &transfer) {
  auto module = parseSourceString<ModuleOp>(transfer.text, &context);
  if (!module)
    return nullptr;
  PassManager pm(&context);
  pm.addPass(createPlaceBuffers());
  pm.addPass(createInsertSemaphores());
  if (failed(pm.run(*module)))
    return nullptr;
  keepOneInput(*module);
  return std::move(module);
}

//===----------------------------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------------------------===//

// Property: what chip-insert-semaphores makes is accepted, and no interleaving of the engines
// changes a bit.
// Property: a damaged schedule is rejected, or no interleaving of the engines changes a bit.
TEST_F(MutationTest, AcceptedMeansHarmless) {
  uint32_t programs = fromEnvironment("SLP_SCHEDULE_PROGRAMS", 500);
  uint32_t firstSeed = fromEnvironment("SLP_SCHEDULE_SEED", 1);
  for (uint32_t seed = firstSeed; seed < firstSeed + programs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random.seed(seed);
    OwningOpRef<ModuleOp> sound = schedule(seed);
    ASSERT_TRUE(sound) << makeRandomTask(seed);
    ASSERT_TRUE(isAccepted(*sound)) << message << "\n" << textOf(*sound);
    Values expected;
    {
      OwningOpRef<ModuleOp> copy = sound->clone();
      FailureOr<image::Image> image = emit(*copy);
      ASSERT_TRUE(succeeded(image));
      ASSERT_EQ(run(*image, 0, expected), Outcome::identical) << message;
      Values actual;
      ASSERT_EQ(run(*image, seed + 1, actual), Outcome::identical) << message;
      ASSERT_EQ(actual, expected) << textOf(*sound);
    }
    ASSERT_NO_FATAL_FAILURE(damage(*sound, expected, perProgram));
  }
  std::printf("%u programs from seed %u\n", programs, firstSeed);
  printCounts();
  if (programs >= 500) {
    EXPECT_GT(harmful, simulatedRejects / 4);
    for (const Mutation &mutation : mutations())
      EXPECT_GT(counts[mutation.name].rejected, 5) << mutation.name;
    EXPECT_GT(counts["move in block"].accepted, 10);
  }
}

// Property: a chip task that is accepted comes out the same in every interleaving, though tiles of
// its cores and iterations meet in blocks of compressed tensors, though two stores rewrite one
// block, and though it updates in place. What is rejected for a load and a store of one compressed
// tensor, for two stores to one that is not, or for what one core takes of another's, does go
// wrong, and the check of the order finds all that does.
TEST_F(MutationTest, AcceptedTransfersAreHarmless) {
  uint32_t programs = fromEnvironment("SLP_SCHEDULE_PROGRAMS", 500);
  uint32_t firstSeed = fromEnvironment("SLP_SCHEDULE_SEED", 1);
  int coresMeet = 0, twice = 0, inPlace = 0, inPlaceCompressed = 0, sharing = 0,
      moved = 0;                                     // accepted
  std::map<std::string, std::array<int, 3>> refused; // by what is wrong: all, gone wrong, found
  for (uint32_t seed = firstSeed; seed < firstSeed + programs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random.seed(seed);
    RandomTransfer transfer = makeRandomTransfer(seed);
    OwningOpRef<ModuleOp> module = schedule(transfer);
    ASSERT_TRUE(module) << transfer.text;
    bool accepted = isAccepted(*module);
    std::string reason = message;
    OwningOpRef<ModuleOp> copy = module->clone();
    FailureOr<image::Image> image = emit(*copy);
    ASSERT_TRUE(succeeded(image)) << message << "\n" << transfer.text;
    Values expected, actual;
    ASSERT_EQ(run(*image, 0, expected, /*checksOrder=*/accepted), Outcome::identical)
        << message << "\n"
        << transfer.text;
    int differing = 0;
    for (int i = 0; i < 4; ++i)
      differing +=
          run(*image, uint64_t(random()) + 1, actual) != Outcome::identical || actual != expected;
    if (accepted) {
      ASSERT_EQ(differing, 0) << textOf(*module);
      coresMeet += transfer.isCompressed && transfer.meet && transfer.cores > 1;
      twice += transfer.isTwice && transfer.isCompressed && transfer.meet && transfer.cores > 1;
      inPlace += transfer.isInPlace;
      inPlaceCompressed += transfer.isInPlace && transfer.isCompressed && transfer.meet;
      sharing += transfer.isShared && transfer.cores > 1;
      moved += transfer.isMoved && transfer.cores > 1;
      ASSERT_NO_FATAL_FAILURE(damage(*module, expected, perProgram));
      continue;
    }
    bool ofBlocks = reason.find("rewrites whole blocks") != std::string::npos;
    bool ofCores = reason.find("of another core") != std::string::npos;
    bool ofStores = reason.find("like another store") != std::string::npos;
    ASSERT_TRUE(ofBlocks || ofCores || ofStores ||
                reason.find("which the task reads elsewhere") != std::string::npos ||
                reason.find("writes the same elements") != std::string::npos)
        << reason << "\n"
        << textOf(*module);
    bool isFlagged = run(*image, 0, actual) == Outcome::unordered;
    ASSERT_TRUE(isFlagged || !differing) << textOf(*module);
    std::array<int, 3> &count = refused[ofBlocks   ? "blocks"
                                        : ofCores  ? "cores"
                                        : ofStores ? "stores"
                                                   : "other"];
    ++count[0];
    count[1] += differing > 0;
    count[2] += isFlagged;
  }
  std::printf(
      "%u transfers from seed %u: accepted %d to blocks of several cores, %d of them by two "
      "stores, %d in place, %d of them compressed, %d with MAC cores that share, %d through the "
      "shared buffer\n",
      programs, firstSeed, coresMeet, twice, inPlace, inPlaceCompressed, sharing, moved);
  for (auto &[name, count] : refused)
    std::printf("  refused for %-8s %5d, of which %5d went wrong, %5d found by --check-order\n",
                name.c_str(), count[0], count[1], count[2]);
  printCounts();
  if (programs >= 500) {
    EXPECT_GT(coresMeet, 50);
    EXPECT_GT(twice, 10);
    EXPECT_GT(inPlaceCompressed, 20);
    EXPECT_GT(refused["blocks"][1], 10);
    EXPECT_GT(refused["cores"][1], 5);
    EXPECT_GT(sharing, 5);
    EXPECT_GT(moved, 20);
    EXPECT_GT(refused["stores"][1], 5);
  }
}

// A copy that reaches into another is rejected, wherever it is moved.
TEST_F(MutationTest, OverlappingBuffersAreRejected) {
  int tried = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random.seed(seed);
    OwningOpRef<ModuleOp> module = schedule(seed);
    ASSERT_TRUE(module);
    std::map<int, SmallVector<chip_ir::AllocOp>> bySpace;
    chip_ir::TaskOp task;
    module->lookupSymbol<func::FuncOp>("step").walk([&](chip_ir::TaskOp first) {
      task = first;
      return WalkResult::interrupt();
    });
    task.walk([&](chip_ir::AllocOp alloc) {
      bySpace[int(chip_ir::spaceOf(cast<MemRefType>(alloc.getResult().getType())))].push_back(
          alloc);
    });
    for (auto &[space, allocs] : bySpace) {
      if (allocs.size() < 2)
        continue;
      OwningOpRef<ModuleOp> keep;
      chip_ir::AllocOp a = allocs[0], b = allocs[1 + draw(allocs.size() - 1)];
      int64_t offset = *b.getOffset(), slots = a.getSlots();
      if (draw(2)) {
        b.setOffset(*a.getOffset());
      } else {
        // One copy more reaches into the next buffer.
        a = allocs[allocs.size() - 2];
        slots = a.getSlots();
        a.setSlots(slots + 1);
      }
      ++tried;
      EXPECT_FALSE(isAccepted(*module));
      EXPECT_NE(message.find("overlaps another copy"), std::string::npos) << message;
      b.setOffset(offset);
      a.setSlots(slots);
      EXPECT_TRUE(isAccepted(*module)) << message;
    }
  }
  EXPECT_GT(tried, 40);
}
