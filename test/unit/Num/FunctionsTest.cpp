//===- FunctionsTest.cpp - tanh, sigmoid, erf and their like ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The distance from the true functions, which docs/numerics.md §6 states, and the edges. That the
// bits are those of a second transcription is checked in test/unit/Verify.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/Functions.h"
#include "runtime/num/Format.h"

#include <cmath>
#include <gtest/gtest.h>
#include <iostream>
#include <limits>

using namespace slp;

namespace {

const float inf = std::numeric_limits<float>::infinity();
const float nan = std::numeric_limits<float>::quiet_NaN();

/// The largest |got - want|, relative to `want` if `isRelative`, over every `stride`-th number of
/// both signs from `low` to `high` in magnitude.
template <typename Got, typename Want>
double largestError(Got got, Want want, float low, float high, bool isRelative,
                    uint32_t stride = 1009) {
  double worst = 0;
  for (uint32_t bits = num::bitsOf(low); bits <= num::bitsOf(high); bits += stride)
    for (float x : {num::floatOf(bits), -num::floatOf(bits)}) {
      double truth = want(double(x)), error = std::fabs(double(got(x)) - truth);
      if (isRelative && truth != 0)
        error /= std::fabs(truth);
      worst = std::max(worst, error);
    }
  return worst;
}

void expectBelow(const char *name, double error, double bound) {
  std::cout << name << ": " << error << "\n";
  EXPECT_LT(error, bound) << name;
  EXPECT_GT(error, 0) << name;
}

TEST(Functions, AreCloseToTheTrueOnes) {
  expectBelow(
      "tanh, relative",
      largestError(num::tanh, [](double x) { return std::tanh(x); }, 1e-20f, 100, true), 4e-7);
  expectBelow("sigmoid, relative",
              largestError(
                  num::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 1e-20f, 87, true),
              4e-7);
  expectBelow(
      "erf, absolute",
      largestError(num::erf, [](double x) { return std::erf(x); }, 1e-20f, 100, false), 2e-7);
  expectBelow("expm1, relative",
              largestError([](float x) { return num::expm1(-std::fabs(x)); },
                           [](double x) { return std::expm1(-std::fabs(x)); }, 1e-20f, 100, true),
              1e-6);
  expectBelow("log1p, relative",
              largestError([](float x) { return num::log1p(std::fabs(x)); },
                           [](double x) { return std::log1p(std::fabs(x)); }, 1e-20f, 1, true),
              3e-7);
  double worst = 0;
  for (float b : {0.3333f, -0.5f, 1.5f, 2.718f, -3.3f, 7.25f, 65.0f, 100.5f, 2.0f, -3.0f, 64.0f})
    worst = std::max(worst, largestError(
                                [b](float x) {
                                  double truth = std::pow(double(std::fabs(x)), double(b));
                                  bool isInRange = truth > 1e-37 && truth < 1e38;
                                  return isInRange ? num::pow(std::fabs(x), b) : float(truth);
                                },
                                [b](double x) {
                                  double truth = std::pow(std::fabs(x), double(b));
                                  bool isInRange = truth > 1e-37 && truth < 1e38;
                                  return isInRange ? truth : double(float(truth));
                                },
                                1e-3f, 1e3f, true, 10007));
  expectBelow("pow, relative", worst, 3e-5);
}

TEST(Functions, HaveTheirLimits) {
  for (auto f : {num::tanh, num::erf}) {
    EXPECT_EQ(f(0), 0);
    EXPECT_EQ(f(inf), 1);
    EXPECT_EQ(f(-inf), -1);
    EXPECT_EQ(f(100), 1);
    EXPECT_TRUE(std::isnan(f(nan)));
    EXPECT_EQ(f(-0.3f), -f(0.3f));
  }
  EXPECT_EQ(num::sigmoid(0), 0.5f);
  EXPECT_EQ(num::sigmoid(inf), 1);
  EXPECT_EQ(num::sigmoid(-inf), 0);
  EXPECT_EQ(num::expm1(-inf), -1);
  EXPECT_EQ(num::log1p(0), 0);
}

TEST(Functions, PowKnowsSignsAndZeros) {
  EXPECT_EQ(num::pow(0, 0), 1);
  EXPECT_TRUE(std::isnan(num::pow(nan, 0)));
  EXPECT_TRUE(std::isnan(num::pow(2, nan)));
  EXPECT_EQ(num::pow(0, 2), 0);
  EXPECT_EQ(num::pow(0, 0.5f), 0);
  EXPECT_EQ(num::pow(0, -2), inf);
  EXPECT_EQ(num::pow(0, -0.5f), inf);
  EXPECT_EQ(num::pow(-2, 3), -8);
  EXPECT_EQ(num::pow(-2, -3), -0.125f);
  EXPECT_EQ(num::pow(-2, 2), 4);
  EXPECT_TRUE(std::isnan(num::pow(-2, 0.5f)));
  EXPECT_EQ(num::pow(1.5f, 64), num::pow(-1.5f, 64));
  EXPECT_EQ(num::pow(-1, 65), -1);
  EXPECT_EQ(num::pow(-1, 66), 1);
  EXPECT_EQ(num::pow(-1, 0x1p24f), 1);
  EXPECT_EQ(num::pow(3, 5), 243);
}

} // namespace
