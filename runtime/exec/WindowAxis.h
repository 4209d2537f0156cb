//===- WindowAxis.h - one axis of a sliding window --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Which coordinates meet in a window with stride, padding and dilation. Used by convolutions and
// pooling.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_WINDOWAXIS_H
#define RUNTIME_EXEC_WINDOWAXIS_H

#include <algorithm>
#include <cstdint>

namespace slp::exec {

/// Rows or columns of a sliding window. Outputs are what is computed, sources what is read:
/// forward, the window of output o reads sources; backward, the outputs are the elements under the
/// windows and the sources the windows.
struct WindowAxis {
  int64_t kernel, stride, pad, dilation;
  int64_t lo, size; // outputs of the tile
  int64_t extent;   // of the source tensor
  bool backward;
  int64_t first = 0, span = 0;      // packed source coordinates, padding included
  int64_t needLo = 0, needSize = 0; // those inside the extents that some output reads
  uint64_t present = 0;             // (output, tap) pairs that read inside the extents

  /// Source coordinate of output o at tap k. False if the stride skips it.
  bool sourceOf(int64_t o, int64_t k, int64_t &s) const {
    if (!backward) {
      s = o * stride - pad + k * dilation;
      return true;
    }
    int64_t t = o + pad - k * dilation;
    int64_t q = t >= 0 ? t / stride : -((-t + stride - 1) / stride);
    s = q;
    return q * stride == t;
  }

  /// Scans all pairs: a few hundred at most, against thousands of terms for each.
  void scan() {
    int64_t lowest = INT64_MAX, highest = INT64_MIN, needHi = -1;
    needLo = INT64_MAX;
    for (int64_t o = lo; o < lo + size; ++o)
      for (int64_t k = 0; k < kernel; ++k) {
        int64_t s;
        if (!sourceOf(o, k, s))
          continue;
        lowest = std::min(lowest, s);
        highest = std::max(highest, s);
        if (s < 0 || s >= extent)
          continue;
        ++present;
        needLo = std::min(needLo, s);
        needHi = std::max(needHi, s);
      }
    first = lowest == INT64_MAX ? 0 : lowest;
    span = lowest == INT64_MAX ? 0 : highest - lowest + 1;
    needSize = needHi < 0 ? 0 : needHi - needLo + 1;
    if (!needSize)
      needLo = 0;
  }

  int64_t phases() const { return backward ? stride : 1; }
  int64_t phaseOf(int64_t o) const { return backward ? (o + pad) % stride : 0; }
  bool tapInPhase(int64_t k, int64_t phase) const {
    return !backward || (k * dilation) % stride == phase;
  }
  /// Packed position of an output's tap 0, and how far tap k lies from it.
  int64_t outputAt(int64_t o) const {
    return (backward ? (o + pad) / stride : o * stride - pad) - first;
  }
  int64_t tapAt(int64_t k) const { return backward ? -(k * dilation / stride) : k * dilation; }
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_WINDOWAXIS_H
