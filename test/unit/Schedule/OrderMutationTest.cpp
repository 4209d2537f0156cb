//===- OrderMutationTest.cpp - the proof of schedules against the check of runs ---------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the compiler makes of small models on both chips, first as it chooses, then with tiles and
// layouts drawn at random, is damaged in one place. What
// chip-verify-schedule still accepts passes --check-order, and gives the same bits in random
// interleavings. SLP_SCHEDULE_MUTANTS sets the number of mutants of each chip (150),
// SLP_SCHEDULE_SEED the seed (1).
//
//===----------------------------------------------------------------------------------------===//

#include "Mutant.h"

#include "slp/Pipeline/Pipeline.h"

#include "mlir/IR/Diagnostics.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace slp;

namespace {

struct Case {
  const char *target, *precision;
};

class OrderMutationTest : public testing::TestWithParam<Case>, protected MutantRunner {
protected:
  OrderMutationTest() : MutantRunner(GetParam().target) {
    folder = SLP_SCHEDULE_MODELS_DIR;
    isStep = true;
  }

  /// With the semaphores of chip-insert-semaphores; null after a failure.
  OwningOpRef<ModuleOp> schedule(const std::string &model, uint64_t tileSeed,
                                 const std::string &layouts) {
    std::string error;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &d) { error += d.str() + "\n"; });
    CompileOptions options;
    options.target = GetParam().target;
    options.precision = GetParam().precision;
    options.loss = "softmax-cross-entropy";
    options.tileSeed = tileSeed;
    options.layouts = layouts;
    OwningOpRef<ModuleOp> module = readModel(context, folder + "/" + model, options);
    if (!module || failed(runStages(*module, Stage::schedule, options, chip))) {
      ADD_FAILURE() << model << ": " << error;
      return nullptr;
    }
    return module;
  }
};

} // namespace

// Property: what chip-verify-schedule accepts, the check of the order accepts, and no interleaving
// changes a bit of it.
TEST_P(OrderMutationTest, WhatIsProvedIsOrdered) {
  const char *const models[] = {"conv-asymmetric-pads-stride2.onnx",
                                "conv-group2.onnx",
                                "norm-batch-15.onnx",
                                "gemm-trans-b.onnx",
                                "max-pool-dilation.onnx",
                                "norm-layer-row.onnx",
                                "matmul-batched.onnx",
                                "lstm-forward.onnx"};
  uint32_t mutants = fromEnvironment("SLP_SCHEDULE_MUTANTS", 150);
  uint32_t seed = fromEnvironment("SLP_SCHEDULE_SEED", 1);
  constexpr uint32_t perSchedule = 10;
  std::printf("%u mutants from seed %u\n", mutants, seed);
  random.seed(seed);
  for (uint32_t done = 0; done < mutants; done += perSchedule) {
    const char *model = models[done / perSchedule % std::size(models)];
    uint64_t tileSeed = done / perSchedule < std::size(models) ? 0 : random() | 1;
    std::string layouts = tileSeed ? std::to_string(random() | 1) : "row-major";
    SCOPED_TRACE(std::string(model) + " --tile-seed=" + std::to_string(tileSeed) +
                 " --layouts=" + layouts);
    OwningOpRef<ModuleOp> sound = schedule(model, tileSeed, layouts);
    ASSERT_TRUE(sound);
    OwningOpRef<ModuleOp> copy = sound->clone();
    FailureOr<image::Image> image = emit(*copy);
    ASSERT_TRUE(succeeded(image)) << message;
    Values expected;
    ASSERT_EQ(run(*image, 0, expected), Outcome::identical) << message;
    ASSERT_NO_FATAL_FAILURE(damage(*sound, expected, perSchedule));
  }
  printCounts();
  Count sum;
  for (auto &[name, count] : counts) {
    sum.accepted += count.accepted;
    sum.rejected += count.rejected;
    sum.flagged += count.flagged;
  }
  EXPECT_GT(sum.accepted, int(mutants) / 20);
  EXPECT_GT(sum.rejected, int(mutants) / 4);
  EXPECT_GT(sum.flagged, sum.rejected / 4);
}

INSTANTIATE_TEST_SUITE_P(Chips, OrderMutationTest,
                         testing::Values(Case{"lnpu", "fp8"}, Case{"asu-fp8", "fp8"}),
                         [](const testing::TestParamInfo<Case> &info) {
                           return std::string(info.param.target) == "lnpu" ? "lnpu" : "asu";
                         });
