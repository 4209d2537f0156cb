//===- ProfileTest.cpp - what values lose in a format -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The profile of a whole run is tested with test/tools/slpc/sensitivity.test.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Profile.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace slp;
using slp::api::FormatLoss;

TEST(Profile, ValuesOfTheFormatLoseNothing) {
  FormatLoss loss;
  loss.add(num::asuFp8, num::Rounding::nearestEven, {0, 1, -1.25f, 57344});
  EXPECT_EQ(loss.error(), 0);
  EXPECT_EQ(loss.events, num::Events());
}

TEST(Profile, ErrorIsOfTheRootsOfMeanSquares) {
  // Spacing 0.25: 1.125 goes to 1 and 3 stays.
  FormatLoss loss;
  loss.add(num::asuFp8, num::Rounding::nearestEven, {1.125f, 3});
  EXPECT_DOUBLE_EQ(loss.error(), std::sqrt(0.125 * 0.125 / (1.125 * 1.125 + 9)));
  // Runs add up.
  FormatLoss parts;
  parts.add(num::asuFp8, num::Rounding::nearestEven, {1.125f});
  parts.add(num::asuFp8, num::Rounding::nearestEven, {3});
  EXPECT_EQ(parts.error(), loss.error());
}

TEST(Profile, UnderflowAndOverflowAreCounted) {
  FormatLoss loss;
  loss.add(num::lnpuFp8, num::Rounding::nearestEven, {1e-6f, -1e-7f, 0, 1, 1e6f});
  EXPECT_EQ(loss.events.underflow, 2u);
  EXPECT_EQ(loss.events.saturation, 1u);
  EXPECT_GT(loss.error(), 0.9);
  FormatLoss zeros;
  zeros.add(num::lnpuFp8, num::Rounding::nearestEven, {0, 0});
  EXPECT_EQ(zeros.error(), 0);
}
