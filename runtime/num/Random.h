//===- Random.h - counter-based random numbers ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §7: Philox-4x32-10, keyed by seed and stream and counted by logical index, so
// that no order of execution shows. Stochastic rounding, initialisation and the data loader's
// shuffling use it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_NUM_RANDOM_H
#define RUNTIME_NUM_RANDOM_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace slp::num {

/// Streams of random numbers; stochastic rounding of tensor t uses stream `roundingStream(t)`.
inline constexpr uint32_t shufflingStream = 0;
inline constexpr uint32_t initialisationStream = 1;
inline constexpr uint32_t roundingStream(uint32_t tensor) { return 2 + tensor; }

/// The block function of Philox-4x32 with ten rounds.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// The 32-bit random number of (seed, stream, index).
uint32_t random(uint32_t seed, uint32_t stream, uint64_t index);

/// The order in which an epoch (counted from 0) visits samples 0 to n - 1.
std::vector<uint32_t> shuffledOrder(uint32_t seed, uint32_t epoch, uint32_t n);

} // namespace slp::num

#endif // RUNTIME_NUM_RANDOM_H
