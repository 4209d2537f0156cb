//===- HostPathsTest.cpp - every build of the inner loops against naive ones ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: a machine gives the bits of docs/numerics.md whichever of the host's instruction sets
// its loops are built for. The same random cases run on each; one that this host lacks is skipped,
// and says so.
//
//===----------------------------------------------------------------------------------------===//

#include "NaiveMac.h"

#include "ProgramBuilder.h"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumStoreRounding.h.inc"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructMatmul.h.inc"
#include "runtime/isa/StructVRound.h.inc"
#include "runtime/num/Random.h"

namespace slp::exec {
namespace {

/// A chip's arithmetic: which of the MAC loops it takes.
struct Arithmetic {
  const char *name;
  chip::Chip chip;
  mach::Format format;
};

std::vector<Arithmetic> arithmetics() {
  chip::Chip lnpu = chipNamed("lnpu"), asu = chipNamed("asu-fp8"), odd = lnpu;
  odd.numerics.accumulateFp16 = true;
  odd.numerics.across = chip::AcrossImages::fp16;
  odd.numerics.rounding = num::Rounding::towardZero;
  return {{"FP32 sums of FP8", lnpu, format::fp8},
          {"FP32 sums of FP16", lnpu, format::fp16},
          {"1-5-10 sums, half away from zero", asu, format::fp8},
          {"FP16 sums, toward zero", odd, format::fp16}};
}

class HostPathsTest : public testing::TestWithParam<num::HostPath> {
protected:
  void SetUp() override {
    if (!num::hostHas(GetParam()))
      GTEST_SKIP() << "this host lacks " << num::toString(GetParam());
  }

  /// The accumulators, `shape`, that `instr` makes of tiles d0 and d1, both whole tensors.
  template <typename Instr>
  std::vector<float> accumulated(const Arithmetic &a, const Instr &instr, const Shape &shape,
                                 const Shape &left, const std::vector<float> &leftValues,
                                 const Shape &right, const std::vector<float> &rightValues,
                                 const ConvShape *conv = nullptr) {
    ProgramBuilder b(a.chip);
    b.tensor("left", a.format, left);
    b.tensor("right", a.format, right);
    b.tensor("result", format::f32, shape);
    b.load(0, "left");
    b.load(1, "right");
    mach::TensorTile acc =
        b.chipTile(space::acc, a.chip.numerics.accumulateFp16 ? format::fp16 : format::f32, shape,
                   {Shape(shape.size(), 0), shape, {}});
    b.desc(3, acc);
    if (conv)
      b.emit(geomOf(*conv));
    b.emit(instr);
    b.storeWidened("result", acc, 3);
    std::unique_ptr<Machine> machine = b.build(GetParam());
    if (!machine)
      return {};
    writeTensor(*machine, "left", leftValues);
    writeTensor(*machine, "right", rightValues);
    runStep(*machine);
    return readTensor(*machine, "result");
  }
};

std::vector<float> operandValues(const Arithmetic &a, const Shape &shape, uint32_t seed) {
  const chip::Numerics &n = a.chip.numerics;
  return randomValues(a.format == format::fp8 ? n.fp8 : n.fp16, elementsOf(shape), seed);
}

/// Up to 40 channels and rows wide enough for whole vectors and ragged ends.
ConvShape randomConv(std::mt19937 &random) {
  auto below = [&](uint32_t n) { return int64_t(random() % n); };
  ConvShape s;
  s.n = 1 + below(2);
  s.g = 1 + below(2);
  s.ci = 1 + below(20);
  s.co = 1 + below(40);
  s.kh = 1 + below(3);
  s.kw = 1 + below(3);
  s.sh = 1 + below(2);
  s.sw = 1 + below(2);
  s.dh = 1 + below(2);
  s.dw = 1 + below(2);
  s.pt = below(2);
  s.pl = below(2);
  s.pb = below(2);
  s.pr = below(2);
  s.iy = (s.kh - 1) * s.dh + 1 + below(5);
  s.ix = (s.kw - 1) * s.dw + 1 + below(40);
  return s;
}

TEST_P(HostPathsTest, ConvolutionsAreTheNaiveOnes) {
  std::mt19937 random(17);
  for (int round = 0; round < 8; ++round)
    for (const Arithmetic &a : arithmetics()) {
      SCOPED_TRACE(a.name);
      ConvShape s = randomConv(random);
      const chip::Numerics &n = a.chip.numerics;
      std::vector<float> x = operandValues(a, s.x(), 1), w = operandValues(a, s.w(), 2),
                         dy = operandValues(a, s.y(), 3);
      expectSameBits(accumulated(a, mach::ConvFp{3, 0, 1, 0, 0, 0, mach::accMode::zero}, s.y(),
                                 s.x(), x, s.w(), w, &s),
                     naiveForward(n, s, x, w, {}));
      expectSameBits(accumulated(a, mach::ConvBp{3, 0, 1, 0, 0, mach::accMode::zero}, s.x(), s.y(),
                                 dy, s.w(), w, &s),
                     naiveBackward(n, s, dy, w));
      expectSameBits(accumulated(a, mach::ConvWg{3, 0, 1, 0, 0, mach::accMode::zero}, s.w(), s.x(),
                                 x, s.y(), dy, &s),
                     naiveWeightGrad(n, s, x, dy));
    }
}

TEST_P(HostPathsTest, ProductsOfMatricesAreTheNaiveOnes) {
  std::mt19937 random(18);
  for (int round = 0; round < 12; ++round)
    for (const Arithmetic &a : arithmetics()) {
      SCOPED_TRACE(a.name);
      int64_t m = 1 + random() % 40, n = 1 + random() % 40, k = 1 + random() % 70;
      std::vector<float> left = operandValues(a, {m, k}, 1), right = operandValues(a, {k, n}, 2);
      std::vector<float> expected;
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          NaiveAccumulator acc(a.chip.numerics, 0.0f);
          for (int64_t t = 0; t < k; ++t) {
            if (t % 8 == 0)
              acc.endGroup();
            acc.add(left[size_t(i * k + t)], right[size_t(t * n + j)]);
          }
          acc.endGroup();
          expected.push_back(acc.result());
        }
      expectSameBits(accumulated(a, mach::Matmul{3, 0, 1, 0, 0, mach::accMode::zero}, {m, n},
                                 {m, k}, left, {k, n}, right),
                     expected);
    }
}

/// Every rounding of a store into FP8 and FP16, with the counts of what happened.
TEST_P(HostPathsTest, StoresRoundLikeTheScalarFunction) {
  constexpr int64_t n = 333;
  constexpr uint32_t stream = 77, run = 3;
  std::vector<float> x = randomF32(n, 5);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = std::ldexp(x[i], int(i % 61) - 30);
  for (const char *name : {"lnpu", "asu-fp8"})
    for (mach::Format format : {format::fp8, format::fp16})
      for (auto [stored, scalar] :
           {std::pair(mach::StoreRounding::nearest_even, num::Rounding::nearestEven),
            {mach::StoreRounding::half_away, num::Rounding::halfAway},
            {mach::StoreRounding::toward_zero, num::Rounding::towardZero},
            {mach::StoreRounding::stochastic, num::Rounding::stochastic}}) {
        SCOPED_TRACE(std::string(name) + ", " + std::string(mach::toString(stored)));
        chip::Chip chip = chipNamed(name);
        ProgramBuilder b(chip);
        b.image.debug.captures = {{"y", {n}, format, false}};
        b.tensor("x", format::f32, {n});
        b.tensor("y", format, {n});
        b.load(0, "x");
        mach::TensorTile tile = b.chipTile(space::spm, format, {n}, {{0}, {n}, {}});
        tile.rounding = stored;
        tile.stream = stream;
        b.desc(1, tile);
        b.emit(mach::VRound{1, 0, 0});
        b.image.debug.records.back().capture[0] = 0;
        b.store("y", 1);
        std::unique_ptr<Machine> machine = b.build(GetParam());
        ASSERT_TRUE(machine);
        machine->setHyper(8, run);
        writeTensor(*machine, "x", x);
        runStep(*machine);
        const num::Format &f = format == format::fp8 ? chip.numerics.fp8 : chip.numerics.fp16;
        num::Events events;
        std::vector<float> expected;
        for (size_t i = 0; i < x.size(); ++i) {
          uint32_t u = num::philox4x32({uint32_t(i), 0, run, 0}, {0, 2 + stream})[0];
          expected.push_back(num::round(f, scalar, x[i], u, &events));
        }
        expectSameBits(readTensor(*machine, "y"), expected);
        EXPECT_EQ(machine->events()[0].events, events);
        EXPECT_GT(events.saturation, 0u);
        EXPECT_GT(events.underflow, 0u);
      }
}

INSTANTIATE_TEST_SUITE_P(Sets, HostPathsTest, testing::ValuesIn(num::hostPaths),
                         [](const auto &info) { return num::toString(info.param); });

/// A path that the host lacks is refused, and says which.
TEST(HostPaths, WhatTheHostLacksIsRefused) {
  ProgramBuilder b(chipNamed("lnpu"));
  b.emit(mach::Halt{});
  b.image.entries = {{"step", 0}};
  for (num::HostPath path : num::hostPaths) {
    Result<std::unique_ptr<Machine>> machine = Machine::create(b.chip, b.image, path);
    ASSERT_EQ(machine.ok(), num::hostHas(path)) << num::toString(path);
    if (!machine.ok())
      EXPECT_EQ(machine.message(), std::string("this host lacks ") + num::toString(path));
  }
  EXPECT_TRUE(num::hostHas(num::HostPath::portable));
  EXPECT_TRUE(num::hostHas(num::bestPath()));
}

} // namespace
} // namespace slp::exec
