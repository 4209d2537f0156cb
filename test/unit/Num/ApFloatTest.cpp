//===- ApFloatTest.cpp - the exact definition against LLVM's --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Where llvm::APFloat has a format, ExactFormat.h must agree with it: every code, and rounding at
// and around every value and midpoint. The only test of runtime/num's formats that links LLVM.
//
//===----------------------------------------------------------------------------------------===//

#include "ExactFormat.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>
#include <gtest/gtest.h>
#include <ostream>
#include <vector>

namespace {

struct Case {
  const char *name;
  exact::Format oracle;
  const llvm::fltSemantics &(*semantics)();
};
void PrintTo(const Case &c, std::ostream *os) { *os << c.name; }

const llvm::fltSemantics &e5m2() { return llvm::APFloat::Float8E5M2(); }
const llvm::fltSemantics &half() { return llvm::APFloat::IEEEhalf(); }
const llvm::fltSemantics &bfloat() { return llvm::APFloat::BFloat(); }

class ApFloatTest : public testing::TestWithParam<Case> {
protected:
  float decoded(uint32_t code) const {
    llvm::APFloat value(GetParam().semantics(),
                        llvm::APInt(1 + GetParam().oracle.exp + GetParam().oracle.man, code));
    bool losesInfo;
    value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    EXPECT_TRUE(!losesInfo || value.isNaN());
    return value.convertToFloat();
  }
};
const Case cases[] = {
    {"Float8E5M2", {5, 2, 15, exact::Top::infAndNan, false}, e5m2},
    {"IEEEhalf", {5, 10, 15, exact::Top::infAndNan, false}, half},
    {"BFloat", {8, 7, 127, exact::Top::infAndNan, false}, bfloat},
};
INSTANTIATE_TEST_SUITE_P(All, ApFloatTest, testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.name); });

TEST_P(ApFloatTest, EveryCodeMeansTheSame) {
  const exact::Format &oracle = GetParam().oracle;
  for (int code = 0; code < oracle.codes(); ++code) {
    float x = decoded(code);
    exact::Decoded mine = oracle.decode(code);
    ASSERT_EQ(mine.kind == exact::Class::nan, std::isnan(x)) << code;
    ASSERT_EQ(mine.kind == exact::Class::inf, std::isinf(x)) << code;
    if (!std::isnan(x))
      ASSERT_TRUE(mine.value == exact::ofFloat(x).value) << code;
  }
}

TEST_P(ApFloatTest, RoundingAgreesWithinTheFiniteRange) {
  const exact::Format &oracle = GetParam().oracle;
  const std::pair<exact::Mode, llvm::APFloat::roundingMode> modes[] = {
      {exact::Mode::nearestEven, llvm::APFloat::rmNearestTiesToEven},
      {exact::Mode::halfAway, llvm::APFloat::rmNearestTiesToAway},
      {exact::Mode::towardZero, llvm::APFloat::rmTowardZero}};
  const float inf = std::numeric_limits<float>::infinity();
  unsigned compared = 0;
  for (int code = 0; code < oracle.codes() / 2; ++code) {
    float x = decoded(code), next = decoded(code + 1);
    if (!std::isfinite(x))
      break;
    std::vector<float> points{x, std::nextafter(x, inf), std::nextafter(x, 0.0f)};
    if (std::isfinite(next)) {
      float middle = float((double(x) + double(next)) / 2);
      points.insert(points.end(),
                    {middle, std::nextafter(middle, inf), std::nextafter(middle, 0.0f)});
    }
    for (float magnitude : points)
      for (float point : {magnitude, -magnitude})
        for (auto [mode, apMode] : modes) {
          llvm::APFloat value(point);
          bool losesInfo;
          value.convert(GetParam().semantics(), apMode, &losesInfo);
          value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmTowardZero, &losesInfo);
          exact::Outcome mine = oracle.round(mode, exact::ofFloat(point), 0);
          ASSERT_EQ(mine.saturation, int(value.isInfinity())) << point;
          if (value.isInfinity()) // ours saturates
            continue;
          ++compared;
          ASSERT_TRUE(mine.value == exact::ofFloat(value.convertToFloat()).value) << point;
          ASSERT_EQ(mine.underflow, int(point != 0 && value.isZero())) << point;
        }
  }
  EXPECT_GT(compared, unsigned(oracle.codes()) * 15);
}

} // namespace
