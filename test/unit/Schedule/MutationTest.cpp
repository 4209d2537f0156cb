//===- MutationTest.cpp - chip-verify-schedule accepts nothing that races ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Random scheduled programs are damaged in one place. A damaged program is either rejected, or its
// engines run in random interleavings and every tensor must come out as in the program order of
// the sound program. The environment variable SLP_SCHEDULE_PROGRAMS sets the number of programs
// (500) and SLP_SCHEDULE_SEED the first seed (1), for longer runs.
//
//===----------------------------------------------------------------------------------------===//

#include "RandomTask.h"

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/SignalOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/TensorOp.h"
#include "dialects/Chip/WaitOp.h"
#include "runtime/exec/Machine.h"
#include "slp/Conversion/Passes.h"
#include "slp/Emit/Emit.h"
#include "slp/Pipeline/Pipeline.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

#include <cstdlib>
#include <map>
#include <random>

using namespace mlir;
using namespace slp;

namespace {

using Values = std::map<std::string, std::vector<float>>;

uint32_t fromEnvironment(const char *name, uint32_t otherwise) {
  const char *text = std::getenv(name);
  return text ? uint32_t(std::strtoul(text, nullptr, 10)) : otherwise;
}

/// What became of a damaged program.
enum class Outcome { identical, different, deadlock };

class MutationTest : public testing::Test {
protected:
  MutationTest() {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    Result<chip::Chip> loaded = chip::load("lnpu");
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.message());
    chip = loaded.take();
  }

  OwningOpRef<ModuleOp> schedule(uint32_t seed);
  bool isAccepted(ModuleOp module);
  FailureOr<image::Image> emit(ModuleOp module);
  Outcome run(const image::Image &image, uint64_t interleaveSeed, Values &values);
  Outcome runAll(ModuleOp module, const Values &expected);

  MLIRContext context{MLIRContext::Threading::DISABLED};
  chip::Chip chip;
  std::string message; // of the last diagnostic
  std::mt19937 random;
  int64_t draw(int64_t n) { return int64_t(random() % uint32_t(n)); }
};

} // namespace

/// A random program with random tiles, scheduled but not verified.
OwningOpRef<ModuleOp> MutationTest::schedule(uint32_t seed) {
  auto module = parseSourceString<ModuleOp>(makeRandomTask(seed), &context);
  if (!module)
    return nullptr;
  PassManager pm(&context);
  ConvertTrainToChipOptions tile;
  tile.tileSeed = seed;
  pm.addPass(createConvertTrainToChip(tile));
  pm.addPass(createPlaceBuffers());
  pm.addPass(createInsertSemaphores());
  return succeeded(pm.run(*module)) ? std::move(module) : nullptr;
}

bool MutationTest::isAccepted(ModuleOp module) {
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) {
    message = d.str();
    return success();
  });
  PassManager pm(&context);
  pm.addPass(createVerifySchedule());
  return succeeded(pm.run(module));
}

FailureOr<image::Image> MutationTest::emit(ModuleOp module) {
  // Inputs of an image have the batch in front, which the first one gives; these have any shape.
  bool isFirst = true;
  for (auto tensor : module.getOps<chip_ir::TensorOp>()) {
    if (tensor.getRole() != chip_ir::Role::input)
      continue;
    if (!isFirst)
      tensor.setRole(chip_ir::Role::temp);
    isFirst = false;
  }
  PassManager pm(&context);
  pm.addPass(createConvertChipToMach());
  if (failed(pm.run(module)))
    return failure();
  return emitImage(module, chip, "");
}

/// Inputs are small whole numbers, which every format has.
Outcome MutationTest::run(const image::Image &image, uint64_t interleaveSeed, Values &values) {
  auto machine = exec::Machine::create(chip, image);
  if (!machine) {
    ADD_FAILURE() << machine.message();
    return Outcome::different;
  }
  std::mt19937 inputs(7);
  for (const image::Tensor &tensor : image.tensors) {
    int64_t n = 1;
    for (int64_t extent : tensor.shape)
      n *= extent;
    std::vector<float> written(n);
    for (float &value : written)
      value = float(int(inputs() % 7) - 3) * (tensor.format == mach::Format::u8 ? 0 : 1);
    Status ok = (*machine)->write(tensor.name, written);
    EXPECT_TRUE(ok) << (ok ? "" : ok.message());
  }
  for (int i = 0; i < 3; ++i)
    (*machine)->setHyper(i, 0.5f);
  exec::Options options;
  options.threads = 1;
  options.interleaveSeed = interleaveSeed;
  if (Status ok = (*machine)->run("step", options); !ok) {
    message = ok.message();
    return message.find("deadlock") != std::string::npos ? Outcome::deadlock : Outcome::different;
  }
  values.clear();
  for (const image::Tensor &tensor : image.tensors)
    values[tensor.name] = *(*machine)->read(tensor.name);
  return Outcome::identical;
}

/// Lowers a scheduled module and runs it in program order and in random interleavings.
Outcome MutationTest::runAll(ModuleOp module, const Values &expected) {
  FailureOr<image::Image> image = emit(module);
  if (failed(image))
    return Outcome::different;
  for (uint64_t seed : {uint64_t(0), uint64_t(random()) + 1, uint64_t(random()) + 1}) {
    Values actual;
    if (Outcome outcome = run(*image, seed, actual); outcome != Outcome::identical)
      return outcome;
    if (actual != expected)
      return Outcome::different;
  }
  return Outcome::identical;
}

//===----------------------------------------------------------------------------------------===//
// Mutations
//===----------------------------------------------------------------------------------------===//

/// Waits and signals in program order.
static SmallVector<Operation *> semaphoreOps(ModuleOp module) {
  SmallVector<Operation *> result;
  module.walk([&](Operation *op) {
    if (isa<chip_ir::WaitOp, chip_ir::SignalOp>(op))
      result.push_back(op);
  });
  return result;
}

/// Places an op may be moved to: before any op of its task, in its own block only or in any.
static SmallVector<Operation *> placesFor(Operation *op, bool sameBlock) {
  SmallVector<Operation *> result;
  op->getParentOfType<chip_ir::TaskOp>().walk([&](Operation *at) {
    if (at != op && !isa<chip_ir::TaskOp>(at) && (!sameBlock || at->getBlock() == op->getBlock()))
      result.push_back(at);
  });
  return result;
}

namespace {

/// Damages a module; false if it has nothing to damage in this way.
struct Mutation {
  const char *name;
  bool (*apply)(ModuleOp, llvm::function_ref<int64_t(int64_t)> draw);
};

using Draw = llvm::function_ref<int64_t(int64_t)>;

template <typename T> T pick(ArrayRef<T> list, Draw draw) { return list[draw(list.size())]; }

bool moveOne(ModuleOp module, Draw draw, bool sameBlock) {
  SmallVector<Operation *> ops = semaphoreOps(module);
  if (ops.empty())
    return false;
  Operation *op = pick<Operation *>(ops, draw);
  SmallVector<Operation *> places = placesFor(op, sameBlock);
  if (places.empty())
    return false;
  op->moveBefore(pick<Operation *>(places, draw));
  return true;
}

/// A wait or signal and its counterpart on the same semaphore in the same block.
std::pair<Operation *, Operation *> pickPair(ModuleOp module, Draw draw) {
  SmallVector<std::pair<Operation *, Operation *>> pairs;
  SmallVector<Operation *> ops = semaphoreOps(module);
  for (Operation *a : ops)
    for (Operation *b : ops)
      if (isa<chip_ir::WaitOp>(a) && isa<chip_ir::SignalOp>(b) && a->getBlock() == b->getBlock() &&
          a->getAttr("semaphore") == b->getAttr("semaphore"))
        pairs.emplace_back(a, b);
  return pairs.empty() ? std::pair<Operation *, Operation *>()
                       : pick<std::pair<Operation *, Operation *>>(pairs, draw);
}

const Mutation mutations[] = {
    {"delete",
     [](ModuleOp module, Draw draw) {
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       pick<Operation *>(ops, draw)->erase();
       return true;
     }},
    {"duplicate",
     [](ModuleOp module, Draw draw) {
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       Operation *op = pick<Operation *>(ops, draw);
       SmallVector<Operation *> places = placesFor(op, false);
       OpBuilder b(pick<Operation *>(places, draw));
       b.clone(*op);
       return true;
     }},
    {"move", [](ModuleOp module, Draw draw) { return moveOne(module, draw, false); }},
    {"move in block", [](ModuleOp module, Draw draw) { return moveOne(module, draw, true); }},
    {"delete a pair",
     [](ModuleOp module, Draw draw) {
       auto [wait, signal] = pickPair(module, draw);
       if (!wait)
         return false;
       wait->erase();
       signal->erase();
       return true;
     }},
    {"move two",
     [](ModuleOp module, Draw draw) {
       return moveOne(module, draw, true) && moveOne(module, draw, true);
     }},
    {"swap semaphores",
     [](ModuleOp module, Draw draw) {
       SmallVector<Operation *> ops = semaphoreOps(module);
       if (ops.empty())
         return false;
       Operation *a = pick<Operation *>(ops, draw), *b = pick<Operation *>(ops, draw);
       Attribute name = a->getAttr("semaphore");
       a->setAttr("semaphore", b->getAttr("semaphore"));
       b->setAttr("semaphore", name);
       return a->getAttr("semaphore") != b->getAttr("semaphore");
     }},
};

std::string textOf(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

} // namespace

//===----------------------------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------------------------===//

// Property: what chip-insert-semaphores makes is accepted, and no interleaving of the engines
// changes a bit.
// Property: a damaged schedule is rejected, or no interleaving of the engines changes a bit.
TEST_F(MutationTest, AcceptedMeansHarmless) {
  uint32_t programs = fromEnvironment("SLP_SCHEDULE_PROGRAMS", 500);
  uint32_t firstSeed = fromEnvironment("SLP_SCHEDULE_SEED", 1);
  constexpr int perProgram = 4;                     // mutations tried on each program
  std::map<std::string, std::array<int, 2>> counts; // by mutation: rejected, harmless
  int harmful = 0, simulatedRejects = 0;
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
    for (int i = 0; i < perProgram; ++i) {
      const Mutation &mutation = mutations[draw(std::size(mutations))];
      OwningOpRef<ModuleOp> damaged = sound->clone();
      if (!mutation.apply(*damaged, [&](int64_t n) { return draw(n); }))
        continue;
      std::string text = textOf(*damaged);
      bool accepted = isAccepted(*damaged);
      ++counts[mutation.name][accepted];
      if (accepted) {
        Outcome outcome = runAll(*damaged, expected);
        ASSERT_EQ(outcome, Outcome::identical)
            << "accepted after \"" << mutation.name << "\": " << message << "\n"
            << text;
      } else if (draw(8) == 0) {
        // The simulation can tell: a good part of what is rejected does go wrong there.
        ++simulatedRejects;
        harmful += runAll(*damaged, expected) != Outcome::identical;
      }
    }
  }
  std::printf("%u programs from seed %u\n", programs, firstSeed);
  for (auto &[name, count] : counts)
    std::printf("  %-16s %5d rejected, %5d harmless\n", name.c_str(), count[0], count[1]);
  std::printf("  of %d rejected ones that were run, %d went wrong\n", simulatedRejects, harmful);
  if (programs >= 500) {
    EXPECT_GT(harmful, simulatedRejects / 4);
    for (const Mutation &mutation : mutations)
      EXPECT_GT(counts[mutation.name][0], 10) << mutation.name;
    EXPECT_GT(counts["move in block"][1], 10);
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
    chip_ir::TaskOp task =
        *module->lookupSymbol<func::FuncOp>("step").getOps<chip_ir::TaskOp>().begin();
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
