//===- MixedTest.cpp - classification, histograms, thresholds ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md sections 5 and 9, against counts by comparison and sorted magnitudes.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/StructHyper.h.inc"
#include "runtime/isa/StructVClassify.h.inc"
#include "runtime/isa/StructVHistogram.h.inc"
#include "runtime/isa/StructVShareTarget.h.inc"
#include "runtime/isa/StructVThreshold.h.inc"

#include <algorithm>
#include <cmath>

namespace slp::exec {
namespace {

using format::f32, format::mixed;
constexpr uint8_t low = 10, period = 11, improvement = 12, growth = 13, largest = 14;

/// Magnitudes over many binades, zeros, and what lies beyond the bins.
std::vector<float> spreadValues(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(size_t(n), 0.0f);
  for (float &v : values) {
    if (random() % 5 == 0)
      continue;
    int exponent = int(random() % 12) + int(random() % 12) - 16;
    v = std::ldexp(1.0f + float(random() % 4096) / 4096.0f, exponent);
    v = random() % 2 ? -v : v;
  }
  values[0] = 1e-30f;
  values[1] = 1e30f;
  return values;
}

/// Counts by the definition's edges.
std::vector<float> countsOf(const std::vector<float> &values) {
  std::vector<float> counts(128, 0.0f);
  for (float v : values) {
    if (v == 0)
      continue;
    int bin = 0;
    for (int b = 1; b < 128; ++b)
      if (std::fabs(v) >= std::ldexp(1.0f + float(b % 4) / 4, b / 4 - 15))
        bin = b;
    counts[size_t(bin)] += 1;
  }
  return counts;
}

/// One program: classifies x by a threshold, counts, and moves the threshold.
struct Mixing {
  Mixing(const std::vector<float> &x, float threshold, float target, float lowest)
      : chip(chipNamed("lnpu")) {
    int64_t n = int64_t(x.size());
    ProgramBuilder b(chip);
    b.emit(mach::Hyper{low, num::bitsOf(lowest)});
    b.tensor("x", f32, {n});
    b.tensor("y", mixed, {n});
    b.tensor("counts", format::i32, {128});
    b.tensor("threshold", f32, {1});
    b.tensor("control", f32, {4});
    const mach::Space shared = space::shared;
    b.load(0, "x", shared);
    b.load(1, "threshold", shared);
    b.load(2, "control", shared);
    b.desc(3, b.chipTile(shared, mixed, {n}, b.wholeOf("y")));
    b.desc(4, b.chipTile(shared, format::i32, {128}, b.wholeOf("counts")));
    b.emit(mach::VClassify{3, 0, 1, low, 0});
    b.emit(mach::VHistogram{4, 0, mach::accMode::zero, 0});
    b.emit(mach::VThreshold{1, 4, 2, low, 0});
    b.store("y", 3);
    b.store("counts", 4);
    b.store("threshold", 1);
    machine = b.build();
    EXPECT_TRUE(machine->write("x", x).ok());
    EXPECT_TRUE(machine->write("threshold", {threshold}).ok());
    EXPECT_TRUE(machine->write("control", {target, 0, 0, 0}).ok());
    Status run = machine->run("step", {});
    EXPECT_TRUE(run.ok()) << (run.ok() ? "" : run.message());
  }
  std::vector<float> read(const char *name) const { return *machine->read(name); }

  chip::Chip chip;
  std::unique_ptr<Machine> machine;
};

TEST(MixedTest, ClassifiesAndCounts) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    std::vector<float> x = spreadValues(700, seed);
    float threshold = 0.75f, lowest = 0x1p-14f;
    Mixing m(x, threshold, 0.12f, lowest);
    EXPECT_EQ(m.read("counts"), countsOf(x)) << "seed " << seed;
    std::vector<float> y = m.read("y");
    for (size_t i = 0; i < x.size(); ++i) {
      bool isWide = std::fabs(x[i]) >= threshold || std::fabs(x[i]) < lowest;
      const num::Format &format = isWide ? m.chip.numerics.fp16 : m.chip.numerics.fp8;
      ASSERT_EQ(y[i], num::round(format, num::Rounding::nearestEven, x[i], 0, nullptr))
          << "seed " << seed << ", element " << i;
    }
  }
}

/// The new threshold makes the target share of what was counted FP16, up to what lies in one bin.
TEST(MixedTest, ThresholdMeetsTheTarget) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::vector<float> x = spreadValues(2000, seed);
    for (float target : {0.05f, 0.12f, 0.4f, 0.9f}) {
      Mixing m(x, 1, target, 0);
      float threshold = m.read("threshold")[0];
      double all = 0, above = 0;
      for (float v : x) {
        all += v != 0;
        above += v != 0 && std::fabs(v) >= threshold;
      }
      std::vector<float> counts = countsOf(x);
      double bin = *std::max_element(counts.begin(), counts.end());
      EXPECT_NEAR(above, target * all, bin) << "seed " << seed << ", target " << target;
    }
  }
}

TEST(MixedTest, ThresholdAtTheEdges) {
  // Nothing but zeros leaves it.
  EXPECT_EQ(Mixing(std::vector<float>(64, 0.0f), 3, 0.5f, 0).read("threshold")[0], 3.0f);
  // All may be FP16.
  EXPECT_EQ(Mixing(spreadValues(64, 1), 3, 1.0f, 0).read("threshold")[0], 0.0f);
  // None may: the upper end of the highest bin that holds anything.
  EXPECT_EQ(Mixing({0.3f, 0.9f, 1.1f}, 3, 0.0f, 0).read("threshold")[0], 1.25f);
  // What lies below `low` has used up the share.
  EXPECT_EQ(Mixing({0x1p-15f, 0x1.1p-15f, 1.1f, 0.5f}, 3, 0.5f, 0x1p-14f).read("threshold")[0],
            1.25f);
  // Half of a bin: its middle.
  EXPECT_EQ(Mixing({1.0f, 1.1f, 1.2f, 1.24f}, 3, 0.5f, 0).read("threshold")[0], 1.125f);
}

TEST(MixedTest, TargetGrowsWhenTheLossStalls) {
  chip::Chip chip = chipNamed("lnpu");
  ProgramBuilder b(chip);
  for (auto [reg, value] : {std::pair(period, 2.0f), std::pair(improvement, 0.1f),
                            std::pair(growth, 1.5f), std::pair(largest, 0.25f)})
    b.emit(mach::Hyper{reg, num::bitsOf(value)});
  b.tensor("control", f32, {4});
  b.tensor("loss", f32, {});
  b.load(0, "control", space::shared);
  b.load(1, "loss", space::shared);
  b.emit(mach::VShareTarget{0, 1, period, improvement, growth, largest, 0});
  b.store("control", 0);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine->write("control", {0.125f, 0, 0, 0}).ok());
  auto step = [&](float loss) {
    EXPECT_TRUE(machine->write("loss", {loss}).ok());
    Status run = machine->run("step", {});
    EXPECT_TRUE(run.ok()) << (run.ok() ? "" : run.message());
    return *machine->read("control");
  };
  using Control = std::vector<float>;
  EXPECT_EQ(step(4), (Control{0.125f, 4, 0, 1}));
  EXPECT_EQ(step(2), (Control{0.125f, 0, 3, 0})); // the first mean
  step(2.5f);
  EXPECT_EQ(step(2.5f), (Control{0.125f, 0, 2.5f, 0})); // lower by more than a tenth
  step(2.4f);
  EXPECT_EQ(step(2.4f), (Control{0.1875f, 0, 2.5f, 0})); // not by a tenth
  step(2.4f);
  EXPECT_EQ(step(2.4f), (Control{0.25f, 0, 2.5f, 0})); // no further than the limit
}

TEST(MixedTest, RefusesOtherTiles) {
  chip::Chip chip = chipNamed("lnpu");
  ProgramBuilder b(chip);
  b.tensor("x", f32, {8});
  b.load(0, "x", space::shared);
  b.load(1, "x", space::shared);
  b.emit(mach::VClassify{1, 0, 0, low, 0});
  Status run = b.build()->run("step", {});
  ASSERT_FALSE(run.ok());
  EXPECT_NE(run.message().find("operand `dst` has format f32, expected mixed"), std::string::npos)
      << run.message();
}

} // namespace
} // namespace slp::exec
