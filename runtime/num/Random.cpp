//===- Random.cpp - counter-based random numbers ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Philox-4x32-10 and the shuffling of an epoch. Called by the engines that round and by the data
// loader.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/Random.h"

#include <algorithm>
#include <utility>

namespace slp::num {

namespace {

inline __attribute__((always_inline)) std::array<uint32_t, 4> rounds(std::array<uint32_t, 4> c,
                                                                     std::array<uint32_t, 2> key) {
  for (int i = 0; i < 10; ++i) {
    uint64_t p0 = uint64_t(0xd2511f53u) * c[0], p1 = uint64_t(0xcd9e8d57u) * c[2];
    c = {uint32_t(p1 >> 32) ^ c[1] ^ key[0], uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ key[1],
         uint32_t(p0)};
    key[0] += 0x9e3779b9u;
    key[1] += 0xbb67ae85u;
  }
  return c;
}

} // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  return rounds(counter, key);
}

uint32_t random(uint32_t seed, uint32_t stream, uint64_t index) {
  return rounds({uint32_t(index), uint32_t(index >> 32), 0, 0}, {seed, stream})[0];
}

std::vector<uint32_t> shuffledOrder(uint32_t seed, uint32_t epoch, uint32_t n) {
  std::vector<std::pair<uint32_t, uint32_t>> keyed(n);
  for (uint32_t sample = 0; sample < n; ++sample)
    keyed[sample] = {random(seed, shufflingStream, (uint64_t(epoch) << 32) + sample), sample};
  std::sort(keyed.begin(), keyed.end());
  std::vector<uint32_t> order(n);
  for (uint32_t i = 0; i < n; ++i)
    order[i] = keyed[i].second;
  return order;
}

} // namespace slp::num
