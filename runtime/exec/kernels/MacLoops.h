//===- MacLoops.h - the MAC loops, for any vector type ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Included by one source file per host instruction set, each with its own type V of 16 FP32 lanes:
//   static V load(const float *), void store(float *) const, static V zero()
//   void fma(float a, const V &w)        this = a * w + this, one rounding
//   V roundedHalfAway() const            to 1-5-10, saturating, -0 becomes +0
//   static void countEvents(const V &sum, const V &rounded, MacEvents &)
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

inline void macCountNonZero(const MacLoop &loop, uint32_t *counts) {
  for (int t = 0; t < loop.numTaps; ++t)
    for (int b = 0; b < loop.blocks; ++b) {
      const float *x = loop.x + b * loop.xBlock + loop.taps[t].x;
      uint32_t sums[macBlock] = {0};
      for (int p = 0; p < loop.pixels; ++p)
        for (int k = 0; k < macBlock; ++k)
          sums[k] += x[loop.xOffset[p] + k] != 0.0f;
      for (int k = 0; k < macBlock; ++k)
        counts[(int64_t(t) * loop.blocks + b) * macBlock + k] += sums[k];
    }
}

} // namespace
} // namespace slp::exec

#endif // RUNTIME_EXEC_KERNELS_MACLOOPS_H
