//===- DecidedTest.cpp - loops, coordinates and branches that data decides --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Runs the program of decided.mlir, whose semaphores chip-insert-semaphores sets and
// chip-verify-schedule proves, with lists of every length, and compares it with what its comment
// says.
//
//===----------------------------------------------------------------------------------------===//

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
    OwningOpRef<ModuleOp> program(
        cast<ModuleOp>(source->lookupSymbol<ModuleOp>("program")->clone()));
    PassManager pm(&context);
    pm.addPass(createPlaceBuffers());
    pm.addPass(createInsertSemaphores());
    pm.addPass(createVerifySchedule());
    pm.addPass(createConvertChipToMach());
    ASSERT_TRUE(succeeded(pm.run(*program)));
    chip::Chip chip = chip::load("lnpu").take();
    FailureOr<image::Image> image = emitImage(*program, chip, "");
    ASSERT_TRUE(succeeded(image));
    // Through its text, as slp-dis and slp-as would have it.
    Result<image::ParsedText> text = image::parseText(image::printText(*image), "text");
    ASSERT_TRUE(text) << text.message();
    auto created = exec::Machine::create(chip, text->image);
    ASSERT_TRUE(created) << created.message();
    machine = created.take();
  }

  /// The program's run from `before`; engines interleave as the seed says.
  Status run(const Memory &before, uint64_t seed) {
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
    exec::Options options;
    options.interleaveSeed = seed;
    return machine->run("step", options);
  }

  MLIRContext context;
  std::unique_ptr<exec::Machine> machine;
};

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
  uint32_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
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

TEST_F(DecidedTest, StopsWhereDataSaysMoreThanWasProved) {
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
