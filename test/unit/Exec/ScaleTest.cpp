//===- ScaleTest.cpp - dynamic loss scaling on the machine ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The counter of saturations against events counted one by one, the loss scale and held updates
// against numbers by hand.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/StructFence.h.inc"
#include "runtime/isa/StructHyper.h.inc"
#include "runtime/isa/StructMask.h.inc"
#include "runtime/isa/StructMatmul.h.inc"
#include "runtime/isa/StructVClearSaturations.h.inc"
#include "runtime/isa/StructVClipFactor.h.inc"
#include "runtime/isa/StructVLossScale.h.inc"
#include "runtime/isa/StructVRound.h.inc"
#include "runtime/isa/StructVSaturations.h.inc"
#include "runtime/isa/StructVSgd.h.inc"
#include "runtime/num/Round.h"

#include <cmath>
#include <limits>

namespace slp::exec {
namespace {

using format::f32, format::fp16, format::fp8;

class ScaleTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override { chip = chipNamed(GetParam()); }
  /// A count in shared memory in register `reg`.
  static void count(ProgramBuilder &b, uint8_t reg, const std::string &name) {
    b.emit(mach::Fence{});
    b.desc(reg, b.chipTile(space::shared, f32, {1}, {{0}, {1}, {}}));
    b.emit(mach::VSaturations{reg, 0});
    b.store(name, reg);
    b.emit(mach::Fence{});
  }
  chip::Chip chip;
};

std::vector<float> wide(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(size_t(n), 0.0f);
  for (float &v : values)
    v = std::ldexp(float(random() % 2001) - 1000, int(random() % 12));
  values[0] = std::numeric_limits<float>::infinity();
  values[1] = std::numeric_limits<float>::quiet_NaN();
  values[2] = -std::numeric_limits<float>::infinity();
  return values;
}

// Property: the counter holds what single roundings raise since it was cleared, on any number of
// cores and whether the result is a tensor that somebody knows or not.
TEST_P(ScaleTest, CountsRoundings) {
  constexpr int64_t n = 300;
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 7});
  b.tensor("x", f32, {n});
  for (const char *name : {"before", "eight", "both", "after"})
    b.tensor(name, f32, {1});
  Piece third{{0}, {n / 3}, {n / 3}};
  b.load(0, "x", third, space::spm, 1);
  b.desc(1, b.chipTile(space::spm, fp8, {n}, third));
  b.desc(2, b.chipTile(space::spm, fp16, {n}, third));
  b.desc(3, b.chipTile(space::spm, f32, {n}, third));
  count(b, 4, "before");
  b.emit(mach::VRound{1, 0, 1});
  count(b, 5, "eight");
  b.emit(mach::VRound{2, 0, 1});
  b.emit(mach::VRound{3, 0, 1}); // f32 is not rounded
  b.emit(mach::VRound{1, 1, 1}); // a value of the format never saturates
  count(b, 6, "both");
  b.emit(mach::VClearSaturations{0});
  count(b, 7, "after");
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = wide(n, 5);
  writeTensor(*machine, "x", x);
  num::Events eight, sixteen;
  for (float value : x) {
    num::round(chip.numerics.fp8, chip.numerics.rounding, value, 0, &eight);
    num::round(chip.numerics.fp16, chip.numerics.rounding, value, 0, &sixteen);
  }
  EXPECT_GT(eight.saturation, 10u);
  EXPECT_GT(sixteen.saturation, 10u);
  EXPECT_EQ(eight.invalid, 1u);
  float first = float(eight.saturation + eight.invalid);
  float all = first + float(sixteen.saturation + sixteen.invalid);
  for (uint64_t seed : {0, 1, 2}) {
    Options options;
    options.interleaveSeed = seed;
    runStep(*machine, options); // a run begins with 0
    EXPECT_EQ(readTensor(*machine, "before")[0], 0);
    EXPECT_EQ(readTensor(*machine, "eight")[0], first);
    EXPECT_EQ(readTensor(*machine, "both")[0], all);
    EXPECT_EQ(readTensor(*machine, "after")[0], 0);
  }
}

// Property: what is computed anew has the same bits, takes as long, and counts no event a second
// time.
TEST_P(ScaleTest, CountsNothingTwice) {
  constexpr int64_t n = 100;
  auto build = [&](bool isAgain) {
    ProgramBuilder b(chip);
    b.tensor("x", f32, {n});
    b.tensor("y", fp8, {n});
    b.tensor("count", f32, {1});
    b.load(0, "x");
    b.desc(1, b.chipTile(space::spm, fp8, {n}, {{0}, {n}, {}}));
    b.image.debug.captures.push_back({"y", {n}, fp8, false});
    mach::VRound round{1, 0, 0};
    b.emit(round);
    b.image.debug.records.back().capture[0] = 0;
    round.again = isAgain;
    b.emit(round);
    b.image.debug.records.back().capture[0] = 0;
    b.store("y", 1);
    count(b, 2, "count");
    return b.build();
  };
  std::vector<float> x = wide(n, 7), values[2];
  num::Events events[2];
  float counted[2];
  for (bool isAgain : {false, true}) {
    std::unique_ptr<Machine> machine = build(isAgain);
    ASSERT_TRUE(machine);
    writeTensor(*machine, "x", x);
    runStep(*machine);
    values[isAgain] = readTensor(*machine, "y");
    counted[isAgain] = readTensor(*machine, "count")[0];
    ASSERT_EQ(machine->events().size(), 1u);
    events[isAgain] = machine->events()[0].events;
  }
  EXPECT_EQ(values[0], values[1]);
  EXPECT_GT(events[1].saturation, 10u);
  EXPECT_EQ(events[0].saturation, 2 * events[1].saturation);
  EXPECT_EQ(events[0].invalid, 2 * events[1].invalid);
  EXPECT_EQ(counted[0], 2 * counted[1]);
}

// Each dot group of eight that saturates counts, not the chain.
TEST_P(ScaleTest, CountsRoundingsOfAccumulators) {
  ProgramBuilder b(chip);
  b.tensor("a", fp8, {1, 32});
  b.tensor("b", fp8, {32, 1});
  b.tensor("count", f32, {1});
  b.load(0, "a");
  b.load(1, "b");
  mach::Format accumulator = chip.numerics.accumulateFp16 ? fp16 : f32;
  b.desc(2, b.chipTile(space::acc, accumulator, {1, 1}, {{0, 0}, {1, 1}, {}}));
  mach::Matmul matmul;
  matmul.acc = 2, matmul.a = 0, matmul.b = 1;
  b.emit(matmul);
  count(b, 3, "count");
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> a(32, 0.0f), ones(32, 1.0f);
  a[0] = a[1] = a[3] = 57344; // 172032: saturates
  a[8] = -1;                  // does not
  a[16] = 57344;              // does: the sum is at the limit; the fourth group is absent
  writeTensor(*machine, "a", a);
  writeTensor(*machine, "b", ones);
  runStep(*machine);
  EXPECT_EQ(readTensor(*machine, "count")[0], chip.numerics.accumulateFp16 ? 2 : 0);
}

TEST_P(ScaleTest, BacksOffAndGrows) {
  ProgramBuilder b(chip);
  const float numbers[] = {4, 0.5f, 2, 8, 1024}; // growth, backoff, interval, least, most
  for (uint8_t i = 0; i < 5; ++i)
    b.emit(mach::Hyper{uint8_t(10 + i), num::bitsOf(numbers[i])});
  b.tensor("state", f32, {4});
  b.tensor("factor", f32, {});
  b.tensor("count", f32, {1});
  b.load(0, "state", space::shared);
  b.load(2, "count", space::shared);
  b.desc(1, b.chipTile(space::shared, f32, {}, {{}, {}, {}}));
  mach::VLossScale scale;
  scale.state = 0, scale.dst = 1, scale.count = 2;
  scale.growth = 10, scale.backoff = 11, scale.interval = 12, scale.least = 13, scale.most = 14;
  b.emit(scale);
  b.store("state", 0);
  b.store("factor", 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  struct Case {
    std::vector<float> before;
    float count;
    std::vector<float> after;
    float factor;
  };
  for (const Case &c : {Case{{256, 1, 3, 0}, 7, {128, 0, 4, 1}, -1},
                        Case{{8, 1, 3, 1}, 1, {8, 0, 4, 1}, -1}, // the least
                        Case{{256, 0, 3, 1}, 0, {256, 1, 3, 0}, 1 / 256.0f},
                        Case{{128, 1, 3, 0}, 0, {512, 0, 3, 0}, 1 / 128.0f},
                        Case{{512, 1, 3, 0}, 0, {1024, 0, 3, 0}, 1 / 512.0f}}) {
    writeTensor(*machine, "state", c.before);
    writeTensor(*machine, "count", {c.count});
    runStep(*machine);
    expectSameBits(readTensor(*machine, "state"), c.after);
    expectSameBits(readTensor(*machine, "factor"), {c.factor});
  }
}

TEST_P(ScaleTest, ANegativeFactorHoldsTheUpdate) {
  constexpr int64_t n = 40;
  ProgramBuilder b(chip);
  b.emit(mach::Hyper{10, num::bitsOf(1)});
  b.tensor("w", fp16, {n});
  b.tensor("v", f32, {n});
  b.tensor("dw", f32, {n});
  b.tensor("factor", f32, {});
  uint8_t reg = 0;
  for (const char *name : {"w", "v", "dw", "factor"})
    b.load(reg++, name, space::shared);
  mach::VSgd sgd;
  sgd.w = 0, sgd.v = 1, sgd.dw = 2, sgd.factor = 3, sgd.mode = mach::Optional::present;
  sgd.lr = 0, sgd.momentum = 1, sgd.decay = 2, sgd.dampening = 3;
  sgd.unscale = sgd.lrScale = sgd.decayScale = 10;
  b.emit(sgd);
  b.store("w", 0);
  b.store("v", 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> w = randomValues(chip.numerics.fp16, n, 1), v = randomF32(n, 2);
  std::vector<float> dw = randomF32(n, 3);
  dw[4] = std::numeric_limits<float>::infinity();
  writeTensor(*machine, "w", w);
  writeTensor(*machine, "v", v);
  writeTensor(*machine, "dw", dw);
  writeTensor(*machine, "factor", {-1});
  for (int i = 0; i < 3; ++i)
    machine->setHyper(i, 0.5f);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "w"), w);
  expectSameBits(readTensor(*machine, "v"), v);
  writeTensor(*machine, "factor", {0.25f});
  runStep(*machine);
  EXPECT_NE(readTensor(*machine, "w"), w);
}

TEST_P(ScaleTest, ClipFactorKnowsTheScale) {
  ProgramBuilder b(chip);
  b.tensor("total", f32, {});
  b.tensor("unscale", f32, {});
  b.tensor("factor", f32, {});
  b.load(0, "total", space::shared);
  b.load(1, "unscale", space::shared);
  b.desc(2, b.chipTile(space::shared, f32, {}, {{}, {}, {}}));
  mach::VClipFactor clip;
  clip.dst = 2, clip.src = 0, clip.unscale = 1, clip.mode = mach::Optional::present, clip.clip = 9;
  b.emit(clip);
  b.store("factor", 2);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  machine->setHyper(9, 0.5f);
  // The norm without its scale of 16 is 0.25, then 2.
  for (auto [total, unscale, expected] : {std::tuple(16.0f, 0.0625f, 0.0625f),
                                          {1024.0f, 0.0625f, 0.5f / (2 + 1e-6f) * 0.0625f},
                                          {1024.0f, -1.0f, -1.0f}}) {
    writeTensor(*machine, "total", {total});
    writeTensor(*machine, "unscale", {unscale});
    runStep(*machine);
    expectSameBits(readTensor(*machine, "factor"), {expected});
  }
}

INSTANTIATE_TEST_SUITE_P(Chips, ScaleTest, testing::Values("lnpu", "asu-fp8"));

} // namespace
} // namespace slp::exec
