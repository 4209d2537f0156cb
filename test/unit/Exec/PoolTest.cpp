//===- PoolTest.cpp - host threads ------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each task runs once, on any number of threads, and what one throws reaches the caller.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Pool.h"

#include "gtest/gtest.h"

#include <new>

namespace slp::exec {
namespace {

class PoolTest : public testing::TestWithParam<int> {};

TEST_P(PoolTest, EachTaskRunsOnce) {
  Pool pool(GetParam());
  for (int n = 0; n < 200; ++n) {
    std::vector<int> times(size_t(n), 0);
    pool.run(n, [&](int i) { ++times[size_t(i)]; });
    EXPECT_EQ(times, std::vector<int>(size_t(n), 1));
  }
}

TEST_P(PoolTest, WhatATaskThrowsReachesTheCaller) {
  Pool pool(GetParam());
  for (int bad = 0; bad < 64; ++bad) {
    EXPECT_THROW(pool.run(64,
                          [&](int i) {
                            if (i == bad)
                              throw std::bad_alloc();
                          }),
                 std::bad_alloc);
    std::atomic<int> done{0};
    pool.run(64, [&](int) { ++done; }); // and the pool goes on
    EXPECT_EQ(done, 64);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, PoolTest, testing::Values(1, 2, 5));

} // namespace
} // namespace slp::exec
