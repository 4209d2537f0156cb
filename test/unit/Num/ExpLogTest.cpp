//===- ExpLogTest.cpp - exp, log and row sums -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Bit equality with a second transcription of docs/numerics.md §5 and §6, and the distance from the
// true functions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/ExpLog.h"
#include "runtime/num/Format.h"
#include "runtime/num/RowSum.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace slp;

namespace {

/// §6 with library functions and Horner's rule in a loop.
float expAsWritten(float x) {
  if (x < -87)
    return 0;
  x = std::fmin(x, 88.0f);
  float k = std::nearbyint(x * 0x1.715476p+0f);
  float r = std::fma(-k, 0x1.7f7d1cp-20f, std::fma(-k, 0x1.62e4p-1f, x));
  float p = 0x1.6c16c2p-10f;
  for (float c : {0x1.111112p-7f, 0x1.555556p-5f, 0x1.555556p-3f, 0.5f, 1.0f, 1.0f})
    p = std::fma(p, r, c);
  return std::ldexp(p, int(k));
}

float logAsWritten(float x) {
  if (x < 0x1p-126f)
    return -88;
  int k;
  float m = std::frexp(x, &k); // in [0.5, 1)
  if (m < 0x1.6a09e6p-1f) {
    m *= 2;
    --k;
  }
  float f = m - 1, s = f / (2 + f), z = s * s, p = 0x1.c71c72p-4f;
  for (float c : {0x1.24924ap-3f, 0x1.99999ap-3f, 0x1.555556p-2f, 1.0f})
    p = std::fma(p, z, c);
  p = (2 * s) * p;
  return std::fma(float(k), 0x1.62e430p-1f, p);
}

/// |got - want| in units of the last place of `want` as a normal FP32 number.
double ulps(float got, double want) {
  int exponent = std::max(std::ilogb(want), -126);
  return std::fabs(double(got) - want) / std::ldexp(1.0, exponent - 23);
}

TEST(Exp, EveryThousandthNumberAndTheEdges) {
  double worst = 0;
  float worstAt = 0;
  auto check = [&](float x) {
    float y = num::exp(x);
    ASSERT_EQ(num::bitsOf(y), num::bitsOf(expAsWritten(x))) << x;
    if (x < -87 || x > 88)
      return;
    if (double error = ulps(y, std::exp(double(x))); error > worst) {
      worst = error;
      worstAt = x;
    }
  };
  for (uint64_t bits = 0; bits < 0x7f800000u; bits += 997) {
    check(num::floatOf(uint32_t(bits)));
    check(-num::floatOf(uint32_t(bits)));
  }
  const float inf = std::numeric_limits<float>::infinity();
  for (float edge : {0.0f, -0.0f, -87.0f, 88.0f, 1.0f, inf, -inf, 0x1.62e43p-2f, -0x1.62e43p-2f})
    for (float x : {edge, std::nextafter(edge, inf), std::nextafter(edge, -inf)})
      check(x);
  std::cout << "exp is at most " << worst << " ulp from the true value, at " << worstAt << "\n";
  // The series ends before r^7 / 5040, which at |r| = ln 2 / 2 is 2 ulp of a result near 0.7; the
  // rest is rounding.
  EXPECT_LE(worst, 3.0);
  EXPECT_EQ(num::exp(0.0f), 1.0f);
  EXPECT_EQ(num::exp(-88.0f), 0.0f);
  EXPECT_EQ(num::exp(1000.0f), num::exp(88.0f));
  EXPECT_GE(num::exp(-87.0f), std::numeric_limits<float>::min());
  EXPECT_TRUE(std::isnan(num::exp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Log, EveryFiveHundredthNumberAndTheEdges) {
  double worst = 0;
  float worstAt = 0;
  auto check = [&](float x) {
    float y = num::log(x);
    ASSERT_EQ(num::bitsOf(y), num::bitsOf(logAsWritten(x))) << x;
    if (double want = std::log(double(x)); want != 0)
      if (double error = ulps(y, want); error > worst) {
        worst = error;
        worstAt = x;
      }
  };
  for (uint32_t bits = 0x00800000u; bits < 0x7f800000u; bits += 499)
    check(num::floatOf(bits));
  for (uint32_t bits = num::bitsOf(1.0f) - 5000; bits < num::bitsOf(1.0f) + 5000; ++bits)
    check(num::floatOf(bits));
  for (int k : {-126, -1, 0, 1, 127})
    for (float edge : {1.0f, 0x1.6a09e6p+0f}) {
      float x = std::ldexp(edge, k);
      check(x);
      check(std::nextafter(x, 1e38f));
      if (x > std::numeric_limits<float>::min())
        check(std::nextafter(x, 0.0f));
    }
  std::cout << "log is at most " << worst << " ulp from the true value, at " << worstAt << "\n";
  EXPECT_LE(worst, 3.0);
  EXPECT_EQ(num::log(1.0f), 0.0f);
  EXPECT_FALSE(std::signbit(num::log(1.0f)));
  EXPECT_EQ(num::log(0.0f), -88.0f);
  EXPECT_EQ(num::log(std::numeric_limits<float>::denorm_min()), -88.0f);
  EXPECT_EQ(num::log(-1.0f), -88.0f);
  EXPECT_EQ(num::log(-std::numeric_limits<float>::infinity()), -88.0f);
  EXPECT_NE(num::log(std::numeric_limits<float>::min()), -88.0f);
  EXPECT_TRUE(std::isinf(num::log(std::numeric_limits<float>::infinity())));
  EXPECT_TRUE(std::isnan(num::log(std::numeric_limits<float>::quiet_NaN())));
}

/// Every mantissa, once as it is and once halved: what follows from k alone is the other test's.
TEST(Log, EveryNumberFromAHalfToTwo) {
  double worst = 0;
  uint32_t falls = 0;
  float before = num::log(0.5f);
  for (uint32_t bits = num::bitsOf(0.5f); bits < num::bitsOf(2.0f); ++bits) {
    float x = num::floatOf(bits), y = num::log(x);
    ASSERT_EQ(num::bitsOf(y), num::bitsOf(logAsWritten(x))) << x;
    // Near 1 the result is small and its relative error would show a lost digit of f at once.
    if (x != 1)
      worst = std::max(worst, ulps(y, std::log(double(x))));
    ASSERT_EQ(y > 0, x > 1) << x;
    falls += y < before;
    before = y;
  }
  std::cout << "log is at most " << worst << " ulp from the true value from 1/2 to 2\n";
  EXPECT_LE(worst, 3.0);
  EXPECT_EQ(falls, 0u); // monotonic, though nothing in the definition says so
}

TEST(RowSum, SixteenLanesThenATree) {
  std::mt19937 engine(3);
  std::uniform_real_distribution<float> wide(-1e3f, 1e3f);
  unsigned differsFromOrder = 0;
  for (size_t n = 0; n < 200; ++n) {
    std::vector<float> v(n);
    for (float &x : v)
      x = std::ldexp(wide(engine), int(engine() % 24));
    float lane[16] = {}, plain = 0;
    for (size_t i = 0; i < n; ++i) {
      lane[i % 16] = lane[i % 16] + v[i];
      plain += v[i];
    }
    // The tree written out: lane j meets j + 8, then j + 4, j + 2, j + 1.
    auto four = [&](int j) { return (lane[j] + lane[j + 8]) + (lane[j + 4] + lane[j + 12]); };
    float want = (four(0) + four(2)) + (four(1) + four(3));
    float got = num::rowSum(v.data(), n);
    ASSERT_EQ(num::bitsOf(got), num::bitsOf(want)) << n;
    differsFromOrder += got != plain;
  }
  EXPECT_GT(differsFromOrder, 50u); // or the values would not tell one order from another
  std::vector<float> negativeZeros(40, -0.0f);
  EXPECT_EQ(num::bitsOf(num::rowSum(negativeZeros.data(), 40)), 0u);
}

} // namespace
