//===- Mac.h - packed operands of the MAC engine ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// MAC instructions widen their tiles into FP32 arrays in the order the kernels want, run them, and
// write accumulators back. Shared by MacConv.cpp, MacWeightGrad.cpp and MacMatmul.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_MAC_H
#define RUNTIME_EXEC_MAC_H

#include "runtime/exec/Issue.h"
#include "runtime/isa/EnumAccMode.h.inc"
#include "runtime/isa/EnumFormat.h.inc"

#include <vector>

namespace slp::exec {

/// Buffers that keep their memory from one instruction to the next; one set per host thread.
struct MacScratch {
  std::vector<float> x, w, acc, dense, total, bias, columns;
  std::vector<int32_t> xOffset, accOffset;
  std::vector<MacTap> taps;
  std::vector<uint32_t> counts, otherCounts, wideCounts, otherWideCounts;
  std::vector<uint64_t> marks;
  static MacScratch &ofThread();
};

/// The chip's accumulator format.
inline mach::Format accumulatorFormat(const chip::Chip &chip) {
  return chip.numerics.accumulateFp16 ? mach::Format::fp16 : mach::Format::f32;
}
inline mach::Format acrossFormat(const chip::Chip &chip) {
  return chip.numerics.acrossImagesFp16 ? mach::Format::fp16 : mach::Format::f32;
}

/// Whether all elements have more than 8 bits.
inline bool isWide(mach::Format format) {
  return mach::elementBytes(format) == 2 && format != mach::Format::mixed;
}

/// marks[i] = 1 where values[i], of a mixed tile, is FP16, else 0.
void markWide(const Codec &codec, const float *values, int64_t n, uint8_t *marks);
/// counts[c] += rows whose element c is FP16; the matrix is dense.
void countWideColumns(const Codec &codec, const float *matrix, int64_t rows, int64_t columns,
                      uint32_t *counts);
/// counts[r] += elements of row r, 16 floats, that are FP16.
void countWideLanes(const Codec &codec, const float *matrix, int64_t rows, uint32_t *counts);

/// Terms of which one operand, or both, are FP16 in tiles of which at least one is mixed.
struct WideTerms {
  uint64_t either = 0, both = 0;
  /// Of terms that pair each of `a` elements, `wideA` of them FP16, with each of `b`.
  void add(uint64_t a, uint64_t wideA, uint64_t b, uint64_t wideB) {
    either += wideA * b + a * wideB - wideA * wideB;
    both += wideA * wideB;
  }
};

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t roundUp(int64_t a, int64_t b) { return ceilDiv(a, b) * b; }

/// Only the tile that holds the first term starts from zero or the bias.
inline mach::AccMode startMode(mach::AccMode mode, bool holdsFirst) {
  return holdsFirst ? mode : mach::AccMode::continue_;
}

/// Resizes to n floats and makes them zero.
void clearFloats(std::vector<float> &v, int64_t n);

/// Fails unless operand `d` is a MAC operand: in a format of the chip (of 16 bits only with
/// fp16-mac, with Inf or NaN only without zero-skip), of this rank, in spm.
Status checkMacOperand(const chip::Chip &chip, const Descriptor &d, const char *name, int rank);
/// Fails unless `d` lies in acc with this rank and format.
Status checkAccumulator(const Descriptor &d, int rank, mach::Format format);
/// Fails unless `d` can start an accumulator: rank, in spm or shared, a format the accumulator
/// holds exactly.
Status checkBias(const chip::Chip &chip, const Descriptor &d, int rank);

/// Whether a block of the chip begins at the tile's first coordinate of dimension d.
Status checkBlockStart(const chip::Chip &chip, const TileView &view, int d, const char *name);

/// Runs the chip's accumulate semantics over a loop.
class MacEngine {
public:
  MacEngine(const CorePart &part, const TileView &a, const TileView &b);
  /// Terms of a block where terms come in one row: the dot group's, if its end shows at all.
  static int rowBlock(const chip::Numerics &numerics) {
    return numerics.accumulateFp16 ? numerics.block() : macBlock;
  }
  /// Adds the roundings' events to `events`.
  void run(const MacLoop &loop, num::Events &events) const;
  /// Rounds sums of accumulators (a multiple of 16 of them) to `format`.
  void roundSums(std::vector<float> &sums, mach::Format format, num::Events &events) const;

private:
  enum class Way { f32, fp16, generic };
  const CorePart &part;
  Way way;
};

/// The part of `view` in which dimension d covers [first, first + n).
TileView slice(const TileView &view, int d, int64_t first, int64_t n);

} // namespace slp::exec

#endif // RUNTIME_EXEC_MAC_H
