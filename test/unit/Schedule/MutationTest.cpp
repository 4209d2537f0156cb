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

#include "RandomTask.h"
#include "RandomTransfer.h"

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/LoadOp.h"
#include "dialects/Chip/SignalOpKind.h"
#include "dialects/Chip/StoreOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/TensorOp.h"
#include "dialects/Chip/ViewOp.h"
#include "dialects/Chip/WaitOpKind.h"
#include "runtime/exec/Machine.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/FormatU8.h.inc"
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
  OwningOpRef<ModuleOp> schedule(const RandomTransfer &transfer);
  void damage(ModuleOp sound, const Values &expected);
  bool isAccepted(ModuleOp module);
  FailureOr<image::Image> emit(ModuleOp module);
  Outcome run(const image::Image &image, uint64_t interleaveSeed, Values &values);
  Outcome runAll(ModuleOp module, const Values *expected);

  MLIRContext context{MLIRContext::Threading::DISABLED};
  chip::Chip chip;
  std::string message; // of the last diagnostic
  std::mt19937 random;
  int64_t draw(int64_t n) { return int64_t(random() % uint32_t(n)); }
  std::map<std::string, std::array<int, 2>> counts; // by mutation: rejected, harmless
  int harmful = 0, simulatedRejects = 0;            // rejected ones that were run all the same
};

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
  pm.addPass(createPlaceBuffers());
  pm.addPass(createInsertSemaphores());
  return succeeded(pm.run(*module)) ? std::move(module) : nullptr;
}

/// A chip task, scheduled but not verified.
OwningOpRef<ModuleOp> MutationTest::schedule(const RandomTransfer &transfer) {
  auto module = parseSourceString<ModuleOp>(transfer.text, &context);
  if (!module)
    return nullptr;
  PassManager pm(&context);
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
    if (mach::isCompressed(tensor.format))
      continue; // the program fills it
    int64_t n = 1;
    for (int64_t extent : tensor.shape)
      n *= extent;
    std::vector<float> written(n);
    for (float &value : written)
      value = float(int(inputs() % 7) - 3) * (tensor.format == mach::format::u8 ? 0 : 1);
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

/// Lowers a scheduled module and runs it in program order and in random interleavings, which must
/// give `expected`; if that is null, what program order gives. Then nothing is wrong with a program
/// that does not run in program order.
Outcome MutationTest::runAll(ModuleOp module, const Values *expected) {
  FailureOr<image::Image> image = emit(module);
  if (failed(image))
    return Outcome::different;
  Values inOrder;
  Outcome outcome = run(*image, 0, inOrder);
  if (outcome != Outcome::identical)
    return expected ? outcome : Outcome::identical;
  if (expected && inOrder != *expected)
    return Outcome::different;
  for (uint64_t seed : {uint64_t(random()) + 1, uint64_t(random()) + 1}) {
    Values actual;
    outcome = run(*image, seed, actual);
    if (outcome != Outcome::identical)
      return outcome;
    if (actual != inOrder)
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
    if (isOneOf<chip_ir::WaitOp, chip_ir::SignalOp>(op))
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
  bool isOtherProgram = false; // not only another schedule: values are its own in program order
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
      if (isOneOf<chip_ir::WaitOp>(a) && isOneOf<chip_ir::SignalOp>(b) &&
          a->getBlock() == b->getBlock() && a->getAttr("semaphore") == b->getAttr("semaphore") &&
          a->getAttr("bank") == b->getAttr("bank"))
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
    {"more cores",
     [](ModuleOp module, Draw draw) {
       SmallVector<chip_ir::TaskOp> tasks;
       module.walk([&](chip_ir::TaskOp task) { tasks.push_back(task); });
       chip_ir::TaskOp task = pick<chip_ir::TaskOp>(tasks, draw);
       task.setCores(task.getCores() + 1 + draw(2));
       return task.getCores() <= 16;
     },
     /*isOtherProgram=*/true},
    {"write what is read",
     [](ModuleOp module, Draw draw) {
       SmallVector<std::pair<chip_ir::ViewOp, chip_ir::ViewOp>> pairs;
       module.walk([&](chip_ir::StoreOp store) {
         auto to = store.getTarget().getDefiningOp<chip_ir::ViewOp>();
         store->getParentOfType<chip_ir::TaskOp>().walk([&](chip_ir::LoadOp load) {
           auto from = load.getSource().getDefiningOp<chip_ir::ViewOp>();
           if (from.getTensor() != to.getTensor() && from.getType() == to.getType())
             pairs.emplace_back(from, to);
         });
       });
       if (pairs.empty())
         return false;
       auto [from, to] = pick<std::pair<chip_ir::ViewOp, chip_ir::ViewOp>>(pairs, draw);
       to.setTensor(from.getTensor());
       return true;
     },
     /*isOtherProgram=*/true},
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

/// Damages a sound program a few times. What is still accepted must do no harm.
void MutationTest::damage(ModuleOp sound, const Values &expected) {
  constexpr int perProgram = 4;
  for (int i = 0; i < perProgram; ++i) {
    const Mutation &mutation = mutations[draw(std::size(mutations))];
    OwningOpRef<ModuleOp> damaged = sound.clone();
    if (!mutation.apply(*damaged, [&](int64_t n) { return draw(n); }))
      continue;
    std::string text = textOf(*damaged);
    const Values *values = mutation.isOtherProgram ? nullptr : &expected;
    bool accepted = isAccepted(*damaged);
    ++counts[mutation.name][accepted];
    if (accepted) {
      Outcome outcome = runAll(*damaged, values);
      ASSERT_EQ(outcome, Outcome::identical)
          << "accepted after \"" << mutation.name << "\": " << message << "\n"
          << text;
    } else if (draw(8) == 0) {
      // The simulation can tell: a good part of what is rejected does go wrong there.
      ++simulatedRejects;
      harmful += runAll(*damaged, values) != Outcome::identical;
    }
  }
}

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
    ASSERT_NO_FATAL_FAILURE(damage(*sound, expected));
  }
  std::printf("%u programs from seed %u\n", programs, firstSeed);
  for (auto &[name, count] : counts)
    std::printf("  %-18s %5d rejected, %5d harmless\n", name.c_str(), count[0], count[1]);
  std::printf("  of %d rejected ones that were run, %d went wrong\n", simulatedRejects, harmful);
  if (programs >= 500) {
    EXPECT_GT(harmful, simulatedRejects / 4);
    for (const Mutation &mutation : mutations)
      EXPECT_GT(counts[mutation.name][0], 10) << mutation.name;
    EXPECT_GT(counts["move in block"][1], 10);
  }
}

// Property: a chip task that is accepted comes out the same in every interleaving, though tiles of
// its cores and iterations meet in blocks of compressed tensors, though two stores rewrite one
// block, and though it updates in place. What is rejected for a load and a store of one compressed
// tensor, for two stores to one that is not, or for what one core takes of another's, does go
// wrong.
TEST_F(MutationTest, AcceptedTransfersAreHarmless) {
  uint32_t programs = fromEnvironment("SLP_SCHEDULE_PROGRAMS", 500);
  uint32_t firstSeed = fromEnvironment("SLP_SCHEDULE_SEED", 1);
  int coresMeet = 0, twice = 0, inPlace = 0, inPlaceCompressed = 0, sharing = 0,
      moved = 0;                                     // accepted
  std::map<std::string, std::array<int, 2>> refused; // by what is wrong: all, gone wrong
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
    ASSERT_EQ(run(*image, 0, expected), Outcome::identical) << message << "\n" << transfer.text;
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
      ASSERT_NO_FATAL_FAILURE(damage(*module, expected));
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
    std::array<int, 2> &count = refused[ofBlocks   ? "blocks"
                                        : ofCores  ? "cores"
                                        : ofStores ? "stores"
                                                   : "other"];
    ++count[0];
    count[1] += differing > 0;
  }
  std::printf(
      "%u transfers from seed %u: accepted %d to blocks of several cores, %d of them by two "
      "stores, %d in place, %d of them compressed, %d with MAC cores that share, %d through the "
      "shared buffer\n",
      programs, firstSeed, coresMeet, twice, inPlace, inPlaceCompressed, sharing, moved);
  for (auto &[name, count] : refused)
    std::printf("  refused for %-8s %5d, of which %5d went wrong\n", name.c_str(), count[0],
                count[1]);
  for (auto &[name, count] : counts)
    std::printf("  %-18s %5d rejected, %5d harmless\n", name.c_str(), count[0], count[1]);
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
