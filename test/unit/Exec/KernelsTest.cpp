//===- KernelsTest.cpp - kernels of all instruction sets against the portable ones ------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/exec/kernels/MacKernels.h"

namespace slp::exec {
namespace {

class KernelsTest : public testing::TestWithParam<num::HostPath> {
protected:
  void SetUp() override {
    if (!num::hostHas(GetParam()))
      GTEST_SKIP() << "this host lacks " << num::toString(GetParam());
    kernels = &macKernels(GetParam());
    ASSERT_EQ(kernels->path, GetParam()) << "these kernels failed their self-test";
  }
  const MacKernels *kernels = nullptr;
  const MacKernels &portable = macKernels(num::HostPath::portable);
};

struct Problem {
  std::vector<float> x, w, acc;
  std::vector<int32_t> xOffset, accOffset;
  std::vector<MacTap> taps;
  MacLoop loop;

  Problem(int pixels, int blocks, int lastTerms, uint32_t seed) {
    taps = {{0, 0}, {16, 128}, {-8, 256}};
    x = randomValues(num::asuFp8, 8 + pixels * 24 + blocks * 8 + 64, seed);
    w = randomValues(num::asuFp8, blocks * 3 * 128, seed + 1);
    acc = randomValues(num::asuFp16, pixels * 16, seed + 2);
    for (int p = 0; p < pixels; ++p) {
      xOffset.push_back(8 + p * 24);
      accOffset.push_back((pixels - 1 - p) * 16);
    }
    loop.x = x.data();
    loop.w = w.data();
    loop.xOffset = xOffset.data();
    loop.accOffset = accOffset.data();
    loop.pixels = pixels;
    loop.taps = taps.data();
    loop.numTaps = 3;
    loop.blocks = blocks;
    loop.xBlock = 8;
    loop.wBlock = 384;
    loop.lastTerms = lastTerms;
  }
  std::vector<float> run(const MacKernels &k, bool rounds, MacEvents *events) {
    std::vector<float> result = acc;
    loop.acc = result.data();
    if (rounds)
      k.fp16(loop, events);
    else
      k.f32(loop);
    return result;
  }
};

TEST_P(KernelsTest, LoopsAgree) {
  for (int pixels = 1; pixels < 40; ++pixels) {
    Problem p(pixels, 1 + pixels % 4, 1 + pixels % 8, uint32_t(pixels));
    expectSameBits(p.run(*kernels, false, nullptr), p.run(portable, false, nullptr));
    MacEvents mine, theirs;
    expectSameBits(p.run(*kernels, true, &mine), p.run(portable, true, &theirs));
    expectSameBits(p.run(*kernels, true, nullptr), p.run(portable, true, nullptr));
    EXPECT_EQ(mine.saturation, theirs.saturation);
    EXPECT_EQ(mine.underflow, theirs.underflow);
  }
}

/// Every multiple of 2^-37 below 2^-13 that FP32 holds with these mantissas, ties, neighbours of
/// ties, and large numbers.
TEST_P(KernelsTest, RoundingAgrees) {
  std::vector<float> values;
  for (int exponent = -37; exponent <= 20; ++exponent)
    for (int m = 0; m < 2048; ++m)
      for (int below : {-1, 0, 1}) {
        float value = std::ldexp(float(2048 + m), exponent - 11);
        value += std::ldexp(float(below), std::max(-37, exponent - 20));
        values.push_back(m % 2 ? value : -value);
      }
  values.resize(values.size() / 16 * 16);
  for (float &v : values) // keep to multiples of 2^-37
    v = std::fabs(v) < 0x1p-14f ? std::trunc(v * 0x1p37f) * 0x1p-37f : v;
  std::vector<float> actual = values;
  MacEvents mine;
  kernels->roundFp16(actual.data(), int64_t(actual.size()), &mine);
  num::Events events;
  std::vector<float> expected(values.size());
  num::roundArray(num::asuFp16, num::Rounding::halfAway, values.data(), nullptr, expected.data(),
                  values.size(), events);
  expectSameBits(actual, expected);
  EXPECT_EQ(mine.saturation, events.saturation);
  EXPECT_EQ(mine.underflow, events.underflow);
  EXPECT_GT(mine.saturation, 0u);
  EXPECT_GT(mine.underflow, 0u);
}

TEST_P(KernelsTest, CountsAgree) {
  for (int rows = 1; rows < 9; ++rows) {
    std::vector<float> matrix = randomValues(num::asuFp8, rows * 48, uint32_t(rows));
    std::vector<uint32_t> columns(48, 1), counts(size_t(rows) * 3);
    for (size_t l = 0; l < counts.size(); ++l)
      counts[l] = l % 4 ? uint32_t(l) : UINT32_MAX - uint32_t(l); // sums pass 32 bits
    std::vector<uint64_t> terms(16, 2);
    kernels->countColumns(matrix.data(), rows, 48, columns.data());
    kernels->countTerms(matrix.data(), rows * 3, counts.data(), terms.data());
    std::vector<uint64_t> marks(size_t(rows) * 6 - 1);
    kernels->markNonZero(matrix.data(), int64_t(marks.size()), marks.data());
    for (int c = 0; c < 48; ++c) {
      uint32_t count = 1;
      for (int r = 0; r < rows; ++r)
        count += matrix[size_t(r * 48 + c)] != 0.0f;
      EXPECT_EQ(columns[size_t(c)], count);
    }
    for (int lane = 0; lane < 16; ++lane) {
      uint64_t count = 2;
      for (int l = 0; l < rows * 3; ++l)
        count += matrix[size_t(l * 16 + lane)] != 0.0f ? counts[size_t(l)] : 0;
      EXPECT_EQ(terms[size_t(lane)], count);
    }
    for (size_t i = 0; i < marks.size() * 8; ++i)
      EXPECT_EQ(marks[i / 8] >> (i % 8 * 8) & 0xff, uint64_t(matrix[i] != 0.0f));
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, KernelsTest, testing::ValuesIn(num::hostPaths),
                         [](const auto &info) { return num::toString(info.param); });

} // namespace
} // namespace slp::exec
