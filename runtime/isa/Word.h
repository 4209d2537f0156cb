//===- Word.h - 128-bit words -----------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The unit of instruction and descriptor memory: 16 bytes, little endian, `lo` first.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_WORD_H
#define RUNTIME_ISA_WORD_H

#include <cassert>
#include <cstdint>

namespace slp::mach {

/// 128 bits. Bit 0 is the lowest of `lo`.
struct Word {
  uint64_t lo = 0, hi = 0;

  /// Bits high..low, both inclusive; at most 64 of them.
  constexpr uint64_t bits(int high, int low) const {
    assert(low >= 0 && high < 128 && high >= low && high - low < 64 && "not a field of the word");
    uint64_t value = low >= 64  ? hi >> (low - 64)
                     : low == 0 ? lo
                                : (lo >> low) | (hi << (64 - low));
    int width = high - low + 1;
    return width == 64 ? value : value & ((uint64_t(1) << width) - 1);
  }

  /// Adds `value` into bits that are zero so far; it must fit them.
  constexpr void insert(int high, int low, uint64_t value) {
    assert(low >= 0 && high < 128 && high >= low && high - low < 64 && "not a field of the word");
    if (low >= 64) {
      hi |= value << (low - 64);
      return;
    }
    lo |= value << low;
    if (high >= 64)
      hi |= low == 0 ? 0 : value >> (64 - low);
  }

  friend constexpr bool operator==(Word a, Word b) { return a.lo == b.lo && a.hi == b.hi; }
  friend constexpr bool operator!=(Word a, Word b) { return !(a == b); }
};

} // namespace slp::mach

#endif // RUNTIME_ISA_WORD_H
