//===- PropertyTest.cpp - tilings, loop orders and cores change no bit ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: for any network, any legal tile sizes and loop orders, any layouts of tensors, any
// number of cores and of host threads, any legal interleaving of the engines, the simulator
// computes every element of every train tensor as the reference does, which knows of none of these.
//
//===----------------------------------------------------------------------------------------===//

#include "CompiledNetwork.h"

#include <random>

using namespace slp;

namespace {
class TilingProperty : public testing::TestWithParam<uint32_t> {};
} // namespace

static const std::pair<const char *, const char *> targets[] = {
    {"lnpu", "fp16"},
    {"lnpu", "fp8"},
    {"asu-fp8", "fp8"},
    {"lnpu", SLP_TEST_DIR "/models/policies/all-mixed.yaml"}};

TEST_P(TilingProperty, ChangesNoBit) {
  std::mt19937 random(GetParam());
  for (auto [target, precision] : targets) {
    CompileOptions options;
    options.target = target;
    options.precision = precision;
    Result<chip::Chip> chip = chip::load(target);
    ASSERT_TRUE(chip);
    options.tileSeed = 1 + random() % 1000000;
    options.cores = 1 + random() % chip->structure.cores.value;
    // Two of three networks have tensors in blocks.
    uint32_t drawn = random() % 6;
    options.layouts = drawn == 0   ? "auto"
                      : drawn == 1 ? "row-major"
                      : drawn == 2 ? "blocked"
                                   : std::to_string(1 + random() % 1000000);
    // What is fused is drawn for half of the networks.
    drawn = random() % 4;
    options.fusion = drawn == 0   ? "auto"
                     : drawn == 1 ? fusionOfAll
                                  : std::to_string(1 + random() % 1000000);
    // What stays on the chip is drawn for half of the networks.
    drawn = random() % 4;
    options.homes = drawn == 0   ? "dram"
                    : drawn == 1 ? "auto"
                                 : std::to_string(1 + random() % 1000000);
    options.masterWeights = random() % 3 ? "fp16" : "fp32";
    drawTraining(random, options);
    verify::Options run;
    run.steps = 2;
    run.seed = GetParam();
    run.threads = 1 + random() % 3;
    run.groups = verify::GroupMasks(GetParam() / 2 % 6);
    // Every other run lets the engines overtake each other as far as the semaphores allow.
    run.interleaveSeed = random() % 2 ? 1 + random() % 1000 : 0;
    // Cross entropies of drawn networks lie about the logarithm of 2 to 12 classes.
    static constexpr double thetas[] = {0, 1, 1.5, 2, 2.5, 1e30};
    if (chip->has("gradient-skip") && random() % 3) {
      options.sparsity = "gradient-skip";
      options.skipDivide = random() % 3 ? "" : "kept";
      run.numbers.emplace_back("skip-below", thetas[random() % 6]);
    }
    CompiledNetwork network(GetParam(), options);
    SCOPED_TRACE(
        "network " + std::to_string(GetParam()) + " --target=" + target +
        " --precision=" + precision + " --tile-seed=" + std::to_string(options.tileSeed) +
        " --layouts=" + options.layouts + " --fusion=" + options.fusion +
        " --homes=" + options.homes + " --cores=" + std::to_string(options.cores) +
        " --master-weights=" + options.masterWeights + " --optimizer=" + options.optimizer +
        (options.nesterov ? " --nesterov" : "") + (options.clipNorm ? " --clip-norm" : "") +
        (options.microBatch ? ", two micro-batches" : "") + " --loss-scale=" + options.lossScale +
        (run.numbers.empty() ? ""
                             : " --sparsity=gradient-skip --skip-divide=" + options.skipDivide +
                                   " --skip-below=" + std::to_string(run.numbers[0].second)) +
        ", masks of groups " + std::to_string(int(run.groups)) + ", interleaving " +
        std::to_string(run.interleaveSeed) + "\n" + network.ir);
    ASSERT_TRUE(network.program) << network.error;
    std::optional<verify::Report> report =
        network.compare(network.program->image, network.chip, run);
    ASSERT_TRUE(report) << network.error;
    EXPECT_TRUE(report->ok()) << textOf(*report);
    EXPECT_EQ(report->steps, 2);
    EXPECT_TRUE(report->evaluated);
    EXPECT_GT(report->tensors, 10);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, TilingProperty, testing::Range(1u, 201u));
