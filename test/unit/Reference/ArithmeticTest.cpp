//===- ArithmeticTest.cpp - the reference's rounding over every code --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding is checked against the list of all values of a format: which of the two neighbours a
// number goes to follows from their distance and the parity of their codes.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Reference/Arithmetic.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace slp;
using namespace slp::num_ir;
using namespace slp::reference;

namespace {

struct Named {
  const char *name;
  unsigned exp, man;
  int bias;
  Specials specials;
  Subnormals subnormals;
  double largest;
};

const Named formats[] = {
    {"lnpu.fp8", 5, 2, 15, Specials::reserved, Subnormals::flush, 57344},
    {"lnpu.fp16", 5, 10, 15, Specials::reserved, Subnormals::gradual, 65504},
    {"asu.fp8", 5, 2, 15, Specials::none, Subnormals::gradual, 114688},
    {"asu.fp16", 5, 10, 15, Specials::none, Subnormals::gradual, 131008},
    {"ieee half", 5, 10, 15, Specials::ieee, Subnormals::gradual, 65504},
    {"e4m3 flushed", 4, 3, 7, Specials::none, Subnormals::flush, 480},
};

class RoundingTest : public testing::TestWithParam<Named> {
protected:
  RoundingTest() { context.loadDialect<NumDialect>(); }
  FloatType format() {
    const Named &f = GetParam();
    return FloatType::get(&context, f.exp, f.man, f.bias, f.specials, f.subnormals);
  }
  /// Codes and values of the finite numbers >= 0, which ascend together.
  std::vector<std::pair<uint32_t, double>> magnitudes() {
    std::vector<std::pair<uint32_t, double>> all;
    for (uint32_t code = 0; code < 1u << (format().getWidth() - 1); ++code) {
      double value;
      if (decode(code, format(), value) && std::isfinite(value))
        all.emplace_back(code, value);
    }
    return all;
  }
  mlir::MLIRContext context;
};

const num_ir::Rounding modes[] = {num_ir::Rounding::nearest_even, num_ir::Rounding::half_away,
                                  num_ir::Rounding::toward_zero, num_ir::Rounding::stochastic};

} // namespace

TEST_P(RoundingTest, KeepsEveryValueOfTheFormat) {
  for (uint32_t code = 0; code < 1u << format().getWidth(); ++code) {
    double value;
    if (!decode(code, format(), value) || !std::isfinite(value))
      continue;
    for (num_ir::Rounding mode : modes) {
      double rounded = roundTo(value, format(), mode, 0x80000000u);
      ASSERT_EQ(rounded, value) << code;
      ASSERT_FALSE(rounded == 0 && std::signbit(rounded)) << code;
    }
  }
  EXPECT_EQ(maxFinite(format()), GetParam().largest);
  EXPECT_EQ(magnitudes().back().second, GetParam().largest);
}

TEST_P(RoundingTest, ChoosesBetweenNeighbours) {
  auto all = magnitudes();
  bool flush = GetParam().subnormals == Subnormals::flush;
  for (size_t i = 0; i + 1 < all.size(); ++i) {
    double low = all[i].second, high = all[i + 1].second;
    ASSERT_LT(low, high);
    for (double f : {0.0009765625, 0.25, 0.4990234375, 0.5, 0.5009765625, 0.75}) {
      double x = low + f * (high - low);
      // Below the smallest normal number a flushing format has only zero.
      bool gone = flush && i == 0;
      bool odd = all[i].first & 1;
      bool up[] = {f > 0.5 || (f == 0.5 && odd), f >= 0.5, false, f > 0.25};
      for (int m = 0; m < 4; ++m) {
        double expected = gone ? 0.0 : up[m] ? high : low;
        ASSERT_EQ(roundTo(x, format(), modes[m], 0x40000000u), expected) << x << " mode " << m;
        ASSERT_EQ(roundTo(-x, format(), modes[m], 0x40000000u), expected == 0 ? 0 : -expected);
        ASSERT_FALSE(std::signbit(roundTo(-x, format(), modes[m], 0x40000000u)) && expected == 0);
      }
    }
  }
}

TEST_P(RoundingTest, Saturates) {
  double largest = GetParam().largest;
  for (num_ir::Rounding mode : modes)
    for (double x : {largest * 1.0001, largest * 1e6, 3.4e38, static_cast<double>(INFINITY)}) {
      EXPECT_EQ(roundTo(x, format(), mode, 0), largest);
      EXPECT_EQ(roundTo(-x, format(), mode, 0), -largest);
    }
  EXPECT_EQ(roundTo(NAN, format(), num_ir::Rounding::nearest_even), 0.0);
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundingTest, testing::ValuesIn(formats),
                         [](const testing::TestParamInfo<Named> &info) {
                           std::string name = info.param.name;
                           for (char &c : name)
                             if (c == '.' || c == ' ')
                               c = '_';
                           return name;
                         });

TEST(RoundingByHand, CodesThatAreNeverProduced) {
  mlir::MLIRContext context;
  context.loadDialect<NumDialect>();
  auto flush = FloatType::get(&context, 5, 2, 15, Specials::reserved, Subnormals::flush);
  double value;
  EXPECT_FALSE(decode(0x01, flush, value)); // subnormal
  EXPECT_FALSE(decode(0x7c, flush, value)); // reserved
  EXPECT_TRUE(decode(0x80, flush, value));  // -0
  EXPECT_EQ(value, 0.0);
  EXPECT_FALSE(std::signbit(value));
  EXPECT_TRUE(decode(0xbd, flush, value)); // 1 01111 01
  EXPECT_EQ(value, -1.25);
  // Decided on the unrounded value: just below the smallest normal number nothing rounds up to it.
  EXPECT_EQ(roundTo(std::ldexp(0.999, -14), flush, num_ir::Rounding::nearest_even), 0.0);
}

TEST(RowSum, AddsSixteenLanesThenHalves) {
  // 2^24 and 1 meet only in the last addition: the order shows.
  std::vector<float> row(33, 0.0f);
  row[0] = 16777216.0f;
  row[16] = 1.0f; // lane 0 again: lost
  row[32] = 1.0f; // lane 0 again: lost
  EXPECT_EQ(rowSum(row), 16777216.0f);
  row[32] = 0.0f;
  row[17] = 1.0f; // lane 1: 1 + 1 = 2 survives
  row[1] = 1.0f;
  EXPECT_EQ(rowSum(row), 16777218.0f);
  EXPECT_EQ(rowSum(llvm::ArrayRef<float>()), 0.0f);
}

TEST(Functions, AreCloseToTheMathematicalOnes) {
  for (int i = -8700; i <= 8800; ++i) {
    float x = static_cast<float>(i) / 100.0f;
    EXPECT_NEAR(expOf(x) / std::exp(static_cast<double>(x)), 1.0, 2.5e-7) << x;
  }
  EXPECT_EQ(expOf(0.0f), 1.0f);
  EXPECT_EQ(expOf(-87.5f), 0.0f);
  EXPECT_EQ(expOf(100.0f), expOf(88.0f));
  for (int i = 1; i <= 20000; ++i) {
    float x = static_cast<float>(i) / 64.0f;
    EXPECT_NEAR(logOf(x), std::log(static_cast<double>(x)), 2e-7 * (1 + std::fabs(std::log(x))));
  }
  EXPECT_EQ(logOf(1.0f), 0.0f);
  EXPECT_EQ(logOf(0.0f), -88.0f);
  EXPECT_EQ(logOf(-1.0f), -88.0f);
  EXPECT_EQ(logOf(0x1p-127f), -88.0f);
  EXPECT_NE(logOf(0x1p-126f), -88.0f);
  EXPECT_EQ(logOf(INFINITY), INFINITY);
}
