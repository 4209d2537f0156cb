//===- RandomTest.cpp - counter-based random numbers ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Philox-4x32-10 against its published known answers, and how §7 keys and counts it.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/Random.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

using namespace slp;

namespace {

using Block = std::array<uint32_t, 4>;

TEST(Philox, KnownAnswers) {
  EXPECT_EQ(num::philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t ones = 0xffffffffu;
  EXPECT_EQ(num::philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(
      num::philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, IsTheFirstWordOfItsBlock) {
  const uint64_t index = 0x123456789abcdefull;
  EXPECT_EQ(num::random(17, 5, index), num::philox4x32({0x89abcdef, 0x01234567, 0, 0}, {17, 5})[0]);
  EXPECT_EQ(num::random(0, 0, 0), 0x6627e8d5u);
  EXPECT_EQ(num::roundingStream(3), 5u);
}

TEST(Shuffle, SortsByTheRandomNumberOfEachSample) {
  const uint32_t n = 1437;
  std::vector<uint32_t> order = num::shuffledOrder(4, 2, n);
  auto key = [](uint32_t sample) { return num::random(4, 0, (uint64_t(2) << 32) | sample); };
  ASSERT_EQ(order.size(), n);
  for (uint32_t i = 1; i < n; ++i)
    ASSERT_LE(key(order[i - 1]), key(order[i]));
  std::vector<uint32_t> sorted = order, all(n);
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(sorted, all);
  EXPECT_NE(order, all);
  EXPECT_NE(order, num::shuffledOrder(4, 3, n));
  EXPECT_NE(order, num::shuffledOrder(5, 2, n));
  EXPECT_TRUE(num::shuffledOrder(4, 2, 0).empty());
}

} // namespace
