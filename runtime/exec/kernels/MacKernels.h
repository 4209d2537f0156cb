//===- MacKernels.h - the inner loops of the MAC engine ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One loop serves all MAC instructions: a set of output pixels, 16 outputs of neighbouring channels
// each (the lanes), takes terms in the order of docs/numerics.md section 4: block of 8 (or 16),
// then tap, then term in the block. What is a pixel, a lane and a term differs: convolution forward
// has pixels, output channels and input channels.
//
// Padding and ragged blocks are zeros in the packed operands. That changes no bit: a fused
// multiply-add of a zero product leaves an accumulator as it is (accumulators are never -0), and
// rounding a value of the format again changes nothing.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_KERNELS_MACKERNELS_H
#define RUNTIME_EXEC_KERNELS_MACKERNELS_H

#include "runtime/api/Result.h"
#include "runtime/chips/Chip.h"
#include "runtime/num/HostPath.h"

#include <cstddef>
#include <cstdint>

namespace slp::exec {

constexpr int macLanes = 16;
constexpr int macBlock = 8; // terms of a block, but for dot groups of 16

/// Where a tap's first term lies relative to a pixel's, and its weights relative to the block's; in
/// floats.
struct MacTap {
  int32_t x, w;
};

/// acc[pixel][lane] takes, for each block, for each tap, up to `blockTerms` products x * w.
struct MacLoop {
  float *acc = nullptr; // 16 floats per pixel
  const float *x = nullptr;
  const float *w = nullptr;                               // [block][tap][term][16]
  const int32_t *accOffset = nullptr, *xOffset = nullptr; // per pixel, floats
  int pixels = 0;
  const MacTap *taps = nullptr;
  int numTaps = 0;
  int blocks = 0;
  int64_t xBlock = 0, wBlock = 0; // distance of blocks, floats
  int blockTerms = macBlock;      // `f32` and `fp16` below want 8
  int lastTerms = macBlock;       // terms in the last block, 1 to blockTerms
};

/// Roundings of accumulators that hit a limit of their format.
struct MacEvents {
  uint64_t saturation = 0, underflow = 0;
};

/// Kernels of one host instruction set.
struct MacKernels {
  num::HostPath path;
  /// FP32 accumulators.
  void (*f32)(const MacLoop &loop);
  /// Accumulators of 1-5-10 without specials and with gradual underflow, each group rounded half
  /// away from zero. Wants products that are multiples of 2^-37 (those of 1-5-2 are). Counts events
  /// if `events` is not null.
  void (*fp16)(const MacLoop &loop, MacEvents *events);
  /// Rounds n values (a multiple of 16) like `fp16`; they must be multiples of 2^-37.
  void (*roundFp16)(float *values, int64_t n, MacEvents *events);
  /// counts[c] += rows whose element c is not zero; the matrix is dense.
  void (*countColumns)(const float *matrix, int64_t rows, int64_t columns, uint32_t *counts);
  /// terms[lane] += the sum of counts[r] over the rows r, 16 floats, whose element `lane` is not
  /// zero.
  void (*countTerms)(const float *matrix, int64_t rows, const uint32_t *counts, uint64_t *terms);
  /// bytes[i] has byte k = 1 where values[8 * i + k] is not zero, else 0.
  void (*markNonZero)(const float *values, int64_t n, uint64_t *bytes);
};

/// The kernels for a path that this host has, after a self-test against the portable ones, which it
/// falls back to if they fail.
const MacKernels &macKernels(num::HostPath path);

/// Any accumulator format (null: FP32), rounding, and group of terms between two roundings (a
/// divisor of the block's terms), element by element.
void macGeneric(const MacLoop &loop, const num::Format *format, num::Rounding rounding, int group,
                num::HostPath path, num::Events &events);

} // namespace slp::exec

#endif // RUNTIME_EXEC_KERNELS_MACKERNELS_H
