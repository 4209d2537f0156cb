//===- ProofSizeTest.cpp - the proof grows with the program, not with its trips ---------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Chip/RegionProof.h"
#include "slp/Pipeline/Pipeline.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace slp;

namespace {

/// A nest in which each loop loads a tile to one of two copies, and the innermost body works on the
/// tiles of all of them.
std::string nest(int depth, int64_t trips, int credits) {
  std::string text = R"(
!d = memref<8xf32, #chip.space<dram>>
!t = memref<8xf32, #chip.space<shared>>
module attributes {slp.chip = "lnpu"} {
  chip.tensor @x : !d {role = #chip.role<input>}
  func.func @step() {
    chip.task "x" "train.x" "fp" cores(1) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %v = chip.view @x : !d
      %n = arith.constant )" +
                     std::to_string(trips) + " : index\n";
  auto line = [&](const std::string &code) { text += code + "\n"; };
  auto free = [](int level) { return std::to_string(2 * level); };
  auto full = [](int level) { return std::to_string(2 * level + 1); };
  for (int level = 0; level < depth; ++level)
    line("chip.signal <vector> " + free(level) + " by " + std::to_string(credits));
  for (int level = 0; level < depth; ++level) {
    std::string of = std::to_string(level), buffer = "%a" + of;
    line("scf.for %i" + of + " = %c0 to %n step %c1 {");
    line(buffer + " = chip.alloc [%c0] extents [8] core_stride [0] slots 2 {offset = " +
         std::to_string(64 * level) + ", slot_bytes = 32} : !t");
    line("chip.wait <shared_load> " + free(level) + " by 1");
    line("chip.load %v to " + buffer + " : !d, !t");
    line("chip.signal <shared_load> " + full(level) + " by 1");
    line("chip.wait <vector> " + full(level) + " by 1");
  }
  for (int level = depth - 1; level >= 0; --level) {
    std::string buffer = "%a" + std::to_string(level);
    if (level == depth - 1)
      for (int other = 0; other < depth; ++other)
        line("chip.v.relu(%a" + std::to_string(other) + ", %a" + std::to_string(other) +
             ") : !t, !t");
    line("chip.signal <vector> " + free(level) + " by 1");
    line("}");
  }
  for (int level = 0; level < depth; ++level)
    line("chip.wait <shared_load> " + free(level) + " by " + std::to_string(credits));
  return text + "    }\n    return\n  }\n}\n";
}

class ProofSizeTest : public testing::Test {
protected:
  void SetUp() override {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  /// Bodies that are run to prove a nest; -1 if that fails.
  int64_t bodiesOf(int depth, int64_t trips, int credits) {
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { message = d.str(); });
    OwningOpRef<ModuleOp> module =
        parseSourceString<ModuleOp>(nest(depth, trips, credits), &context);
    if (!module)
      return -1;
    SmallVector<chip_ir::TaskOp> tasks;
    module->walk([&](chip_ir::TaskOp task) { tasks.push_back(task); });
    chip::Chip chip = chip::load("lnpu").take();
    RegionProof proof(tasks, chip, /*decisions=*/DenseMap<Operation *, int32_t>());
    return succeeded(proof.run({})) ? proof.bodiesRun() : -1;
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::string message;
};

} // namespace

// Loops of a million trips each. Each body runs in its first iteration, in its second, and once
// more for each loop around it that has come to its own second iteration.
TEST_F(ProofSizeTest, ANestIsProvedByAFewBodiesOfEachLoop) {
  for (int depth = 1; depth <= 6; ++depth) {
    int64_t bodies = bodiesOf(depth, 1000000, 2);
    ASSERT_GT(bodies, 0) << message;
    std::printf("depth %d: %lld bodies\n", depth, static_cast<long long>(bodies));
    EXPECT_LE(bodies, depth * (depth + 2)) << depth;
  }
}

// More trips are no more bodies.
TEST_F(ProofSizeTest, TripsCostNothing) {
  EXPECT_EQ(bodiesOf(4, 1000, 2), bodiesOf(4, 1000000, 2)) << message;
}

// Nor is it 2^12 that twelve loops of two trips each run.
TEST_F(ProofSizeTest, TwoTripsAreNotDoubledByDepth) {
  int64_t bodies = bodiesOf(12, 2, 2);
  std::printf("%lld bodies\n", static_cast<long long>(bodies));
  ASSERT_GT(bodies, 0) << message;
  EXPECT_LT(bodies, 500); // 8190 by themselves
}

// A credit more than there are copies is found at every depth.
TEST_F(ProofSizeTest, ARaceIsFoundHoweverDeep) {
  for (int depth = 1; depth <= 6; ++depth) {
    EXPECT_EQ(bodiesOf(depth, 1000000, 3), -1) << depth;
    EXPECT_NE(message.find("may run before engine vector is done with"), std::string::npos)
        << message;
  }
}
