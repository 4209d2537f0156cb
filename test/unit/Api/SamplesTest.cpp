//===- SamplesTest.cpp - made-up samples ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/Samples.h"

#include "gtest/gtest.h"

#include <set>

using namespace slp;

static std::vector<data::InputSpec> imageAndLabels() {
  data::InputSpec image, labels;
  image.name = "image";
  image.shape = {1, 4, 4};
  labels.name = "labels";
  labels.isLabel = true;
  labels.classes = 10;
  return {image, labels};
}

TEST(SyntheticSamples, ValuesAreInRange) {
  auto samples = api::syntheticSamples(imageAndLabels(), 200, 3);
  std::vector<uint32_t> order = data::epochOrder(data::Order::file, 0, 0, 200);
  std::vector<float> pixels = samples->gather(0, order, 0, 200);
  ASSERT_EQ(pixels.size(), 200u * 16);
  for (float p : pixels)
    EXPECT_TRUE(p >= 0 && p < 1 && p * 256 == float(int(p * 256)));
  std::vector<float> labels = samples->gather(1, order, 0, 200);
  EXPECT_EQ(std::set<float>(labels.begin(), labels.end()),
            (std::set<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(SyntheticSamples, DependOnSeedAndSampleOnly) {
  std::vector<uint32_t> forwards = {0, 1, 2, 3}, backwards = {3, 2, 1, 0};
  auto samples = api::syntheticSamples(imageAndLabels(), 4, 3);
  std::vector<float> all = samples->gather(0, forwards, 0, 4);
  for (size_t i = 0; i < 4; ++i)
    EXPECT_EQ(samples->gather(0, backwards, i, 1),
              std::vector<float>(all.begin() + std::ptrdiff_t(16 * (3 - i)),
                                 all.begin() + std::ptrdiff_t(16 * (4 - i))));
  EXPECT_NE(api::syntheticSamples(imageAndLabels(), 4, 4)->gather(0, forwards, 0, 4), all);
}
