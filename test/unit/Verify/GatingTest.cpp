//===- GatingTest.cpp - channel gating, compiled, against the reference -----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Networks with gated convolutions, gates all closed, all open and mixed: the simulator computes
// every element of every tensor as the reference does, whatever the tiles, orders and cores. By
// its gates a result is what docs/numerics.md section 12 says, which other tests show
// (test/unit/Reference/GatingTest.cpp).
//
//===----------------------------------------------------------------------------------------===//

#include "CompiledNetwork.h"

#include <random>

using namespace slp;

namespace {
class GatingProperty : public testing::TestWithParam<uint32_t> {};
} // namespace

/// First values of the thresholds: all gates are closed, or open, or as the sums have it.
static constexpr const char *thresholds[] = {"0", "1000", "-1000", "0.25", "-0.25"};

TEST_P(GatingProperty, TilesChangeNoBit) {
  std::mt19937 random(GetParam());
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("slp-gating-test", folder));
  llvm::SmallString<128> policy(folder);
  llvm::sys::path::append(policy, "policy.yaml");
  std::string threshold = thresholds[GetParam() % 5];
  {
    std::error_code failure;
    llvm::raw_fd_ostream file(policy, failure);
    ASSERT_FALSE(failure);
    file << "mechanisms: [channel-gating]\nchannel-gating: {groups: 2, threshold: " << threshold
         << "}\n";
  }
  CompileOptions options;
  options.target = "asu-fp8";
  options.precision = "fp8";
  options.sparsity = policy.str().str();
  Result<chip::Chip> chip = chip::load(options.target);
  ASSERT_TRUE(chip);
  options.tileSeed = 1 + random() % 1000000;
  options.layouts = random() % 2 ? std::to_string(1 + random() % 1000000) : "row-major";
  options.fusion = random() % 2 ? std::to_string(1 + random() % 1000000) : fusionOfAll;
  options.homes = random() % 2 ? std::to_string(1 + random() % 1000000) : "auto";
  options.cores = 1 + random() % chip->structure.cores.value;
  options.masterWeights = random() % 3 ? "fp16" : "fp32";
  drawTraining(random, options);
  verify::Options run;
  run.steps = 2;
  run.seed = GetParam();
  run.threads = 1 + random() % 3;
  run.interleaveSeed = random() % 2 ? 1 + random() % 1000 : 0;
  CompiledNetwork network(GetParam(), options, Layers::wide);
  SCOPED_TRACE("network " + std::to_string(GetParam()) + ", threshold " + threshold +
               " --tile-seed=" + std::to_string(options.tileSeed) +
               " --layouts=" + options.layouts + " --fusion=" + options.fusion +
               " --homes=" + options.homes + " --cores=" + std::to_string(options.cores) +
               " --master-weights=" + options.masterWeights + " --optimizer=" + options.optimizer +
               (options.microBatch ? ", two micro-batches" : "") +
               " --loss-scale=" + options.lossScale + "\n" + network.ir);
  llvm::sys::fs::remove_directories(folder);
  ASSERT_TRUE(network.program) << network.error;
  std::optional<verify::Report> report = network.compare(network.program->image, network.chip, run);
  ASSERT_TRUE(report) << network.error;
  EXPECT_TRUE(report->ok()) << textOf(*report);
  EXPECT_EQ(report->steps, 2);
  EXPECT_TRUE(report->evaluated);
}

INSTANTIATE_TEST_SUITE_P(Networks, GatingProperty, testing::Range(1u, 31u));
