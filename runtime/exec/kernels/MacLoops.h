//===- MacLoops.h - the MAC loops, for any vector type ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Included by one source file per host instruction set, each with its own type V of 16 FP32 lanes:
//   static V load(const float *), void store(float *) const, static V zero()
//   void fma(float a, const V &w)        this = a * w + this, one rounding
//   V roundedHalfAway() const            to 1-5-10, saturating, -0 becomes +0
//   static void countEvents(const V &sum, const V &rounded, MacEvents &)
//   uint32_t nonZero() const             bit i: lane i is not zero
//   V ones() const                       1 in each lane that is not zero, 0 in the others
// No function of the standard library is called from here: its copies could be shared between the
// files.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_KERNELS_MACLOOPS_H
#define RUNTIME_EXEC_KERNELS_MACLOOPS_H

#include "runtime/exec/kernels/MacKernels.h"

namespace slp::exec {
namespace {

/// `Pixels` pixels at once; their accumulators stay in registers.
template <typename V, int Pixels, bool RoundGroups, bool Count>
void macChunk(const MacLoop &loop, int first, MacEvents *events) {
  V acc[Pixels];
  int64_t at[Pixels];
  for (int p = 0; p < Pixels; ++p) {
    acc[p] = V::load(loop.acc + loop.accOffset[first + p]);
    at[p] = loop.xOffset[first + p];
  }
  for (int b = 0; b < loop.blocks; ++b) {
    const float *xBlock = loop.x + b * loop.xBlock;
    const float *wBlock = loop.w + b * loop.wBlock;
    int terms = b + 1 == loop.blocks ? loop.lastTerms : macBlock;
    for (int t = 0; t < loop.numTaps; ++t) {
      const float *x = xBlock + loop.taps[t].x;
      const float *w = wBlock + loop.taps[t].w;
      if (terms == macBlock) {
#pragma GCC unroll 8
        for (int k = 0; k < macBlock; ++k) {
          V weights = V::load(w + k * macLanes);
#pragma GCC unroll 16
          for (int p = 0; p < Pixels; ++p)
            acc[p].fma(x[at[p] + k], weights);
        }
      } else {
        for (int k = 0; k < terms; ++k) {
          V weights = V::load(w + k * macLanes);
#pragma GCC unroll 16
          for (int p = 0; p < Pixels; ++p)
            acc[p].fma(x[at[p] + k], weights);
        }
      }
      if constexpr (RoundGroups) {
#pragma GCC unroll 16
        for (int p = 0; p < Pixels; ++p) {
          V rounded = acc[p].roundedHalfAway();
          if constexpr (Count)
            V::countEvents(acc[p], rounded, *events);
          acc[p] = rounded;
        }
      }
    }
  }
  for (int p = 0; p < Pixels; ++p)
    acc[p].store(loop.acc + loop.accOffset[first + p]);
}

/// A chunk of `size` pixels, 1 to `Pixels`.
template <typename V, int Pixels, bool RoundGroups, bool Count>
void macSized(const MacLoop &loop, int first, int size, MacEvents *events) {
  if (size == Pixels)
    return macChunk<V, Pixels, RoundGroups, Count>(loop, first, events);
  if constexpr (Pixels > 1)
    macSized<V, Pixels - 1, RoundGroups, Count>(loop, first, size, events);
}

/// Chunks of nearly equal size: a chunk of one pixel would wait for each sum before the next.
template <typename V, int Pixels, bool RoundGroups, bool Count>
void macPixels(const MacLoop &loop, MacEvents *events) {
  int chunks = (loop.pixels + Pixels - 1) / Pixels;
  for (int c = 0, first = 0; c < chunks; ++c) {
    int end = int(int64_t(loop.pixels) * (c + 1) / chunks);
    macSized<V, Pixels, RoundGroups, Count>(loop, first, end - first, events);
    first = end;
  }
}

template <typename V, int Pixels> void macF32(const MacLoop &loop) {
  macPixels<V, Pixels, false, false>(loop, nullptr);
}

template <typename V, int Pixels> void macFp16(const MacLoop &loop, MacEvents *events) {
  if (events)
    return macPixels<V, Pixels, true, true>(loop, events);
  macPixels<V, Pixels, true, false>(loop, nullptr);
}

template <typename V> void macRoundFp16(float *values, int64_t n, MacEvents *events) {
  for (int64_t i = 0; i < n; i += macLanes) {
    V sum = V::load(values + i);
    V rounded = sum.roundedHalfAway();
    if (events)
      V::countEvents(sum, rounded, *events);
    rounded.store(values + i);
  }
}

inline void macCountColumns(const float *matrix, int64_t rows, int64_t columns, uint32_t *counts) {
  for (int64_t r = 0; r < rows; ++r) {
    const float *row = matrix + r * columns;
    for (int64_t c = 0; c < columns; ++c)
      counts[c] += row[c] != 0.0f;
  }
}

/// FP32 adds whole numbers exactly up to 2^24: sums that could pass it are moved to 64 bits.
template <typename V>
void macCountTerms(const float *matrix, int64_t rows, const uint32_t *counts, uint64_t *terms) {
  constexpr uint64_t exact = 1 << 24;
  auto flush = [&](const V &sum) {
    float sums[macLanes];
    sum.store(sums);
    for (int lane = 0; lane < macLanes; ++lane)
      terms[lane] += uint64_t(sums[lane]);
  };
  V sum = V::zero();
  uint64_t bound = 0;
  for (int64_t r = 0; r < rows; ++r) {
    V row = V::load(matrix + r * macLanes);
    if (counts[r] > exact) {
      for (int lane = 0; lane < macLanes; ++lane)
        terms[lane] += row.nonZero() >> lane & 1 ? counts[r] : 0;
      continue;
    }
    bound += counts[r];
    if (bound > exact) {
      flush(sum);
      sum = V::zero();
      bound = counts[r];
    }
    sum.fma(float(counts[r]), row.ones());
  }
  flush(sum);
}

/// Spreads eight bits over the bytes of a word. Seven copies of seven bits do not touch; the eighth
/// bit goes alone.
inline uint64_t bytesOfBits(uint64_t bits) {
  uint64_t spread = ((bits & 0x7f) * 0x0002040810204081ull) & 0x0101010101010101ull;
  return spread | (bits >> 7) << 56;
}

template <typename V> void macMarkNonZero(const float *values, int64_t n, uint64_t *bytes) {
  int64_t i = 0;
  for (; i + 2 <= n; i += 2) {
    uint32_t bits = V::load(values + i * macBlock).nonZero();
    bytes[i] = bytesOfBits(bits & 0xff);
    bytes[i + 1] = bytesOfBits(bits >> 8);
  }
  for (; i < n; ++i) {
    uint32_t bits = 0;
    for (int k = 0; k < macBlock; ++k)
      bits |= uint32_t(values[i * macBlock + k] != 0.0f) << k;
    bytes[i] = bytesOfBits(bits);
  }
}

} // namespace
} // namespace slp::exec

#endif // RUNTIME_EXEC_KERNELS_MACLOOPS_H
