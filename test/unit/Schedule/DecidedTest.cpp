//===- DecidedTest.cpp - loops, coordinates and branches that data decides --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Runs the program of decided.mlir, whose semaphores chip-insert-semaphores sets and
// chip-verify-schedule proves, with lists of every length, and compares it with what its comment
// says. Programs with damaged semaphores are refused, or do the same however engines interleave.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipOps.h"
#include "runtime/exec/Machine.h"
#include "runtime/image/Text.h"
#include "slp/Conversion/Passes.h"
#include "slp/Emit/Emit.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <random>

using namespace mlir;
using namespace slp;

namespace {

constexpr size_t images = 4, rows = 8, columns = 16, elements = images * rows * columns;

/// What a run of the program reads and leaves.
struct Memory {
  float count = 0;
  std::vector<float> kept = std::vector<float>(images);
  std::vector<float> flag = std::vector<float>(images), lengths = flag;
  std::vector<float> x = std::vector<float>(elements), y = x, z = x;
};

class DecidedTest : public testing::Test {
protected:
  void SetUp() override {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    OwningOpRef<ModuleOp> source =
        parseSourceFile<ModuleOp>(SLP_SCHEDULE_TEST_DIR "/decided.mlir", &context);
    ASSERT_TRUE(source);
    scheduled = cast<ModuleOp>(source->lookupSymbol<ModuleOp>("program")->clone());
    PassManager pm(&context);
    pm.addPass(createPlaceBuffers());
    pm.addPass(createInsertSemaphores());
    ASSERT_TRUE(succeeded(pm.run(*scheduled)));
  }

  /// Makes the machine of a program with semaphores; false if chip-verify-schedule refuses it.
  bool makeMachine(ModuleOp program) {
    OwningOpRef<ModuleOp> copy(program.clone());
    PassManager verify(&context), lower(&context);
    verify.addPass(createVerifySchedule());
    if (failed(verify.run(*copy)))
      return false;
    lower.addPass(createConvertChipToMach());
    EXPECT_TRUE(succeeded(lower.run(*copy)));
    chip::Chip chip = chip::load("lnpu").take();
    FailureOr<image::Image> image = emitImage(*copy, chip, "");
    EXPECT_TRUE(succeeded(image));
    // Through its text, as slp-dis and slp-as would have it.
    Result<image::ParsedText> text = image::parseText(image::printText(*image), "text");
    EXPECT_TRUE(text) << text.message();
    auto created = exec::Machine::create(chip, text->image);
    EXPECT_TRUE(created) << created.message();
    machine = created.take();
    return true;
  }

  /// The program's run from `before`, in program order with a check of the order; then once more,
  /// if there is a seed: engines interleave as it says.
  Status run(const Memory &before, uint64_t seed) {
    exec::Options options;
    options.checkOrder = true;
    Status ran = run(before, options);
    if (!ran || !seed)
      return ran;
    options.checkOrder = false;
    options.interleaveSeed = seed;
    return run(before, options);
  }
  Status run(const Memory &before, const exec::Options &options) {
    std::vector<float> kept(images, 77); // the first row of the list, which nobody reads
    kept.insert(kept.end(), before.kept.begin(), before.kept.end());
    const std::pair<const char *, std::vector<float>> tensors[] = {{"count", {before.count}},
                                                                   {"kept", kept},
                                                                   {"flag", before.flag},
                                                                   {"lengths", before.lengths},
                                                                   {"x", before.x},
                                                                   {"y", before.y},
                                                                   {"z", before.z}};
    for (const auto &[name, values] : tensors)
      if (Status s = machine->write(name, values); !s)
        return s;
    return machine->run("step", options);
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  OwningOpRef<ModuleOp> scheduled;
  std::unique_ptr<exec::Machine> machine;
};

/// Damages the semaphores of a program in one place.
void damage(ModuleOp program, std::mt19937 &random) {
  SmallVector<Operation *> semaphores;
  program.walk([&](Operation *op) {
    if (isa<chip_ir::WaitOp, chip_ir::SignalOp>(op))
      semaphores.push_back(op);
  });
  Operation *chosen = semaphores[random() % semaphores.size()];
  auto isSame = [&](Operation *op) {
    return op->getParentOfType<chip_ir::TaskOp>() == chosen->getParentOfType<chip_ir::TaskOp>() &&
           op->getAttr("semaphore") == chosen->getAttr("semaphore") &&
           op->getAttr("bank") == chosen->getAttr("bank");
  };
  switch (random() % 3) {
  case 0: // a hand-over is gone
    for (Operation *op : semaphores)
      if (isSame(op))
        op->erase();
    return;
  case 1: // it counts one more
    for (Operation *op : semaphores)
      if (isSame(op) && isa<chip_ir::TaskOp>(op->getParentOp()))
        op->setAttr("count", IntegerAttr::get(cast<IntegerAttr>(op->getAttr("count")).getType(),
                                              int64_t(3)));
    return;
  default: { // one side is elsewhere in its block
    Block *block = chosen->getBlock();
    Operation *to = &*std::next(block->begin(), random() % block->getOperations().size());
    chosen->moveBefore(to);
  }
  }
}

Memory randomMemory(std::mt19937 &random) {
  Memory memory;
  for (auto *values : {&memory.x, &memory.y, &memory.z})
    for (float &value : *values)
      value = std::normal_distribution<float>()(random);
  for (size_t i = 0; i < images; ++i) {
    memory.kept[i] = float(random() % images);
    memory.flag[i] = float(random() % 3 * 33);
    memory.lengths[i] = float(random() % (rows + 1));
  }
  return memory;
}

/// SLP_SCHEDULE_SEED sets the seed, which is printed.
std::mt19937 seeded() {
  const char *text = std::getenv("SLP_SCHEDULE_SEED");
  uint32_t seed = text ? uint32_t(std::strtoul(text, nullptr, 10)) : std::random_device()();
  std::cout << "seed " << seed << "\n";
  return std::mt19937(seed);
}

/// What decided.mlir says.
void runDefinition(Memory &memory) {
  size_t size = rows * columns;
  for (size_t k = 0; k < size_t(memory.count); ++k) {
    size_t image = size_t(memory.kept[k]);
    for (size_t i = image * size; i < (image + 1) * size; ++i)
      memory.y[i] = memory.flag[image] != 0 ? std::max(memory.x[i], 0.0f) : std::abs(memory.x[i]);
  }
  for (size_t image = 0; image < images; ++image)
    std::copy_n(memory.x.begin() + image * size, size_t(memory.lengths[image]) * columns,
                memory.z.begin() + image * size);
}

} // namespace

TEST_F(DecidedTest, DoesWhatListsOfEveryLengthSay) {
  ASSERT_TRUE(makeMachine(*scheduled));
  std::mt19937 random = seeded();
  for (size_t run = 0; run < 200; ++run) {
    Memory memory = randomMemory(random);
    memory.count = float(run % (images + 1));
    Status ran = this->run(memory, /*seed=*/run);
    ASSERT_TRUE(ran) << ran.message();
    runDefinition(memory);
    ASSERT_EQ(*machine->read("y"), memory.y) << "run " << run;
    ASSERT_EQ(*machine->read("z"), memory.z) << "run " << run;
  }
}

TEST_F(DecidedTest, ProvesNothingThatRaces) {
  std::mt19937 random = seeded();
  ScopedDiagnosticHandler handler(&context, [](Diagnostic &) { return success(); });
  int accepted = 0, rejected = 0;
  for (int program = 0; program < 150; ++program) {
    OwningOpRef<ModuleOp> damaged(scheduled->clone());
    damage(*damaged, random);
    if (!makeMachine(*damaged)) {
      ++rejected;
      continue;
    }
    ++accepted;
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      Memory memory = randomMemory(random);
      memory.count = float(random() % (images + 1));
      Status ran = run(memory, seed);
      ASSERT_TRUE(ran) << ran.message();
      runDefinition(memory);
      ASSERT_EQ(*machine->read("y"), memory.y) << "program " << program << ", seed " << seed;
      ASSERT_EQ(*machine->read("z"), memory.z) << "program " << program << ", seed " << seed;
    }
  }
  std::cout << accepted << " accepted, " << rejected << " rejected\n";
  EXPECT_GT(accepted, 10);
  EXPECT_GT(rejected, 50);
}

TEST_F(DecidedTest, StopsWhereDataSaysMoreThanWasProved) {
  ASSERT_TRUE(makeMachine(*scheduled));
  Memory memory;
  auto messageOf = [&](float count, float image, float length) {
    memory.count = count;
    memory.kept[0] = image;
    memory.lengths[2] = length;
    Status ran = run(memory, 0);
    return ran ? std::string() : ran.message();
  };
  EXPECT_EQ(messageOf(4, 3, 8), "");
  EXPECT_NE(messageOf(5, 0, 0).find("(node kept): reads 5, expected 0 to 4"), std::string::npos)
      << messageOf(5, 0, 0);
  EXPECT_NE(messageOf(-1, 0, 0).find("reads -1, expected 0 to 4"), std::string::npos);
  EXPECT_NE(messageOf(1, 4, 0).find("reads 4, expected 0 to 3"), std::string::npos);
  EXPECT_NE(messageOf(1, -2, 0).find("reads -2, expected 0 to 3"), std::string::npos);
  EXPECT_NE(messageOf(0, 0, 9).find("(node rows): reads 9, expected 0 to 8"), std::string::npos);
}
