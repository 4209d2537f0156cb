//===- Codec.cpp - widening and rounding of tiles ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Between the formats of a chip in memory and FP32 in the engines (docs/numerics.md sections 1 and
// 2).
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Tile.h"

#include <cmath>
#include <cstring>

namespace slp::exec {

Codec::Codec(const chip::Numerics &numerics) : mode(numerics.rounding) {
  add(mach::Format::fp8, numerics.fp8);
  add(mach::Format::fp16, numerics.fp16);
  for (int bytes : {1, 2})
    for (size_t i = 0; i < mach::maxFurtherFormats; ++i)
      if (const num::Format *format = numerics.furtherFormat(i, bytes))
        add(mach::furtherFormat(i, bytes), *format);
}

void Codec::add(mach::Format f, const num::Format &format) {
  Entry &entry = formats[size_t(f)];
  entry.format = format;
  entry.values.resize(size_t(1) << (8 * mach::elementBytes(f)));
  for (uint32_t code = 0; code < entry.values.size(); ++code)
    entry.values[code] = num::decode(format, code & ((1u << format.bits()) - 1));
}

template <typename T> static T loadAs(const uint8_t *p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

template <typename Widen>
static void gatherRows(const TileView &view, float *out, const Dims &outStride, Widen widen) {
  const uint8_t *base = view.base;
  Nest(view.box.size, view.stride, outStride)
      .forRows([&](int64_t a, int64_t b, int64_t n, int64_t strideA, int64_t strideB) {
        const uint8_t *from = base + a;
        float *to = out + b;
        for (int64_t i = 0; i < n; ++i)
          to[i * strideB] = widen(from + i * strideA);
      });
}

void Codec::gather(const TileView &view, float *out) const {
  gather(view, out, rowMajor(view.box.size));
}

/// Widens codes by look-up; a shared exponent bias scales by a power of two, which is exact.
template <typename Code>
static void gatherCodes(const TileView &view, float *out, const Dims &outStride,
                        const float *table) {
  if (view.bias == 0)
    return gatherRows(view, out, outStride,
                      [table](const uint8_t *p) { return table[loadAs<Code>(p)]; });
  float scale = std::ldexp(1.0f, -view.bias);
  gatherRows(view, out, outStride,
             [table, scale](const uint8_t *p) { return table[loadAs<Code>(p)] * scale; });
}

void Codec::gather(const TileView &view, float *out, const Dims &outStride) const {
  switch (view.format) {
  case mach::Format::f32:
    return gatherRows(view, out, outStride, loadAs<float>);
  case mach::Format::i32:
    return gatherRows(view, out, outStride,
                      [](const uint8_t *p) { return float(loadAs<int32_t>(p)); });
  case mach::Format::u8:
    return gatherRows(view, out, outStride, [](const uint8_t *p) { return float(*p); });
  default:
    const float *table = formats[size_t(view.format)].values.data();
    return view.elementBytes == 1 ? gatherCodes<uint8_t>(view, out, outStride, table)
                                  : gatherCodes<uint16_t>(view, out, outStride, table);
  }
}

template <typename Code> static void scatterRows(const Code *codes, const TileView &view) {
  Nest(view.box.size, rowMajor(view.box.size), view.stride)
      .forRows([&](int64_t a, int64_t b, int64_t n, int64_t strideA, int64_t strideB) {
        uint8_t *to = view.base + b;
        for (int64_t i = 0; i < n; ++i)
          std::memcpy(to + i * strideB, &codes[a + i * strideA], sizeof(Code));
      });
}

template <typename Code>
static void scatterCodes(const num::Format &format, num::Rounding rounding, const float *values,
                         const TileView &view, num::Events &events) {
  size_t n = size_t(view.count());
  thread_local std::vector<Code> codes;
  codes.resize(n);
  num::roundArray(format, rounding, values, nullptr, codes.data(), n, events);
  scatterRows(codes.data(), view);
}

void Codec::scatter(float *values, const TileView &view, num::Events &events) const {
  size_t n = size_t(view.count());
  if (!n)
    return;
  if (!mach::isChipFormat(view.format)) {
    for (size_t i = 0; i < n; ++i)
      values[i] += 0.0f; // -0 becomes +0
    return scatterRows(values, view);
  }
  const num::Format &stored = formats[size_t(view.format)].format;
  const num::Format &format = view.bias == 0 ? stored : stored.shifted(view.bias);
  if (view.elementBytes == 1)
    scatterCodes<uint8_t>(format, mode, values, view, events);
  else
    scatterCodes<uint16_t>(format, mode, values, view, events);
}

void Codec::roundInPlace(float *values, size_t n, mach::Format format, num::Events &events) const {
  if (format == mach::Format::f32) {
    for (size_t i = 0; i < n; ++i)
      values[i] += 0.0f;
    return;
  }
  num::roundArray(this->format(format), mode, values, nullptr, values, n, events);
}

} // namespace slp::exec
