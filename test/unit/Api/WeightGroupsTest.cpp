//===- WeightGroupsTest.cpp - thresholds of shares --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/WeightGroups.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <random>

using namespace slp;
using namespace slp::api;

/// How many means a share closes.
static int64_t closedBy(const std::vector<float> &means, double share) {
  float threshold = thresholdOf(means, share);
  return std::count_if(means.begin(), means.end(), [&](float m) { return m < threshold; });
}

TEST(WeightGroups, SharesOfDifferentMeans) {
  std::mt19937 random(7);
  for (int64_t n : {1, 2, 5, 10, 100, 101}) {
    std::vector<float> means;
    for (int64_t i = 0; i < n; ++i)
      means.push_back(0.25f + float(i) / 1024);
    std::shuffle(means.begin(), means.end(), random);
    for (int64_t k = 0; k <= n; ++k)
      EXPECT_EQ(closedBy(means, double(k) / double(n)), k) << n;
    EXPECT_EQ(closedBy(means, 0), 0);
    EXPECT_EQ(closedBy(means, 1), n);
  }
  // Whole numbers of groups although the product is none in binary64.
  std::vector<float> hundred;
  for (int i = 0; i < 100; ++i)
    hundred.push_back(float(i));
  for (int percent = 0; percent <= 100; ++percent)
    EXPECT_EQ(closedBy(hundred, percent / 100.0), percent);
}

TEST(WeightGroups, EqualMeansStayTogether) {
  EXPECT_EQ(closedBy({1, 1, 1, 1}, 0.5), 0);
  EXPECT_EQ(closedBy({1, 1, 1, 1}, 1), 4);
  EXPECT_EQ(closedBy({0, 2, 2, 2, 3}, 0.6), 1);
  EXPECT_EQ(closedBy({0, 0, 0, 0}, 1), 4);
}
