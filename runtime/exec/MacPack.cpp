//===- MacPack.cpp - packed operands of the MAC engine ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Mac.h"

#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatMixed.h.inc"

#include <algorithm>

namespace slp::exec {

MacScratch &MacScratch::ofThread() {
  thread_local MacScratch scratch;
  return scratch;
}

mach::Format accumulatorFormat(const chip::Chip &chip) {
  return chip.numerics.accumulateFp16 ? mach::format::fp16 : mach::format::f32;
}

mach::Format weightGradientFormat(const chip::Chip &chip) {
  return chip.numerics.weightGradientFp16() ? mach::format::fp16 : mach::format::f32;
}

bool isWide(mach::Format format) {
  return mach::elementBytes(format) == 2 && format != mach::format::mixed;
}

void clearFloats(std::vector<float> &v, int64_t n) {
  v.resize(size_t(n));
  std::fill(v.begin(), v.end(), 0.0f);
}

void markWide(const Codec &codec, const float *values, int64_t n, uint8_t *marks) {
  for (int64_t i = 0; i < n; ++i)
    marks[i] = codec.isWide(values[i]);
}

void countWideColumns(const Codec &codec, const float *matrix, int64_t rows, int64_t columns,
                      uint32_t *counts) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      counts[c] += codec.isWide(matrix[r * columns + c]);
}

void markWideLanes(const Codec &codec, const float *matrix, int64_t rows, uint16_t *marks) {
  for (int64_t r = 0; r < rows; ++r) {
    uint32_t mark = 0;
    for (int lane = 0; lane < macLanes; ++lane)
      mark |= uint32_t(codec.isWide(matrix[r * macLanes + lane])) << lane;
    marks[r] = uint16_t(mark);
  }
}

void countMarkedLanes(const uint16_t *marks, int64_t rows, const uint32_t *counts,
                      uint64_t *terms) {
  for (int64_t r = 0; r < rows; ++r)
    for (int lane = 0; lane < macLanes; ++lane)
      terms[lane] += (marks[r] >> lane & 1) ? counts[r] : 0;
}

Status checkPacked(std::initializer_list<int64_t> factors, const char *name) {
  int64_t elements = 1;
  for (int64_t factor : factors) {
    if (factor > packedMost / std::max<int64_t>(elements, 1))
      return Error{std::string("operand `") + name +
                   "` with its padding and dilation has more than 2^28 elements"};
    elements *= factor;
  }
  return Status::success();
}

Status checkBlockStart(const chip::Chip &chip, const TileView &view, int d, const char *name) {
  int block = chip.numerics.block();
  if (view.box.lo[d] % block == 0 || view.empty())
    return Status::success();
  return Error{std::string("the tile of `") + name + "` starts at " +
               std::to_string(view.box.lo[d]) + " of dimension " + std::to_string(d) +
               ", expected a multiple of " + std::to_string(block) + ": dot groups would differ"};
}

TileView slice(const TileView &view, int d, int64_t first, int64_t n) {
  TileView result = view;
  result.base += (first - view.box.lo[d]) * view.stride[d];
  result.address += uint64_t((first - view.box.lo[d]) * view.stride[d]);
  result.box.lo[d] = first;
  result.box.size[d] = n;
  return result;
}

/// Exponent of the smallest non-zero magnitude's spacing.
static int quantum(const CorePart &part, const TileView &view) {
  const num::Format &format = part.codec.format(view.format);
  return 1 - (format.bias + view.bias) - format.man;
}

MacEngine::MacEngine(const CorePart &p, const TileView &a, const TileView &b) : part(p) {
  const chip::Numerics &numerics = p.chip.numerics;
  if (!numerics.accumulateFp16)
    way = Way::f32;
  else if (numerics.fp16 == num::asuFp16 && numerics.rounding == num::Rounding::halfAway &&
           numerics.dot == macBlock && quantum(p, a) + quantum(p, b) >= -37)
    way = Way::fp16;
  else
    way = Way::generic;
}

void MacEngine::run(const MacLoop &loop, num::Events &events) const {
  if (!part.computes())
    return;
  const chip::Numerics &numerics = part.chip.numerics;
  if (way == Way::f32 && loop.blockTerms == macBlock)
    return part.kernels.f32(loop);
  if (way != Way::fp16)
    return macGeneric(loop, way == Way::f32 ? nullptr : &numerics.fp16,
                      numerics.accumulatorRounding(), numerics.dot, part.kernels.path, events);
  MacEvents counted;
  part.kernels.fp16(loop, &counted);
  events.saturation += counted.saturation;
  events.underflow += counted.underflow;
}

void MacEngine::roundSums(std::vector<float> &sums, mach::Format format,
                          num::Events &events) const {
  if (!part.computes())
    return;
  if (way != Way::fp16 || format != mach::format::fp16)
    return part.codec.roundSums(sums.data(), sums.size(), format, events);
  MacEvents counted;
  part.kernels.roundFp16(sums.data(), int64_t(sums.size()), &counted);
  events.saturation += counted.saturation;
  events.underflow += counted.underflow;
}

} // namespace slp::exec
