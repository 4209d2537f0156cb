//===- Codec.cpp - widening and rounding of tiles ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Between the formats of a chip in memory and FP32 in the engines (docs/numerics.md sections 1 and
// 2).
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Tile.h"

#include <cstring>

namespace slp::exec {

Codec::Codec(const chip::Numerics &numerics)
    : fp8(numerics.fp8), fp16(numerics.fp16), mode(numerics.rounding), table8(256),
      table16(size_t(1) << 16) {
  for (uint32_t code = 0; code < table8.size(); ++code)
    table8[code] = num::decode(fp8, code & ((1u << fp8.bits()) - 1));
  for (uint32_t code = 0; code < table16.size(); ++code)
    table16[code] = num::decode(fp16, code & ((1u << fp16.bits()) - 1));
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

void Codec::gather(const TileView &view, float *out, const Dims &outStride) const {
  switch (view.format) {
  case mach::Format::f32:
    return gatherRows(view, out, outStride, loadAs<float>);
  case mach::Format::fp16: {
    const float *table = table16.data();
    return gatherRows(view, out, outStride,
                      [table](const uint8_t *p) { return table[loadAs<uint16_t>(p)]; });
  }
  case mach::Format::fp8: {
    const float *table = table8.data();
    return gatherRows(view, out, outStride, [table](const uint8_t *p) { return table[*p]; });
  }
  case mach::Format::i32:
    return gatherRows(view, out, outStride,
                      [](const uint8_t *p) { return float(loadAs<int32_t>(p)); });
  case mach::Format::u8:
    return gatherRows(view, out, outStride, [](const uint8_t *p) { return float(*p); });
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

void Codec::scatter(float *values, const TileView &view, num::Events &events) const {
  size_t n = size_t(view.count());
  if (!n)
    return;
  switch (view.format) {
  case mach::Format::fp8: {
    thread_local std::vector<uint8_t> codes;
    codes.resize(n);
    num::roundArray(fp8, mode, values, nullptr, codes.data(), n, events);
    return scatterRows(codes.data(), view);
  }
  case mach::Format::fp16: {
    thread_local std::vector<uint16_t> codes;
    codes.resize(n);
    num::roundArray(fp16, mode, values, nullptr, codes.data(), n, events);
    return scatterRows(codes.data(), view);
  }
  default:
    for (size_t i = 0; i < n; ++i)
      values[i] += 0.0f; // -0 becomes +0
    return scatterRows(values, view);
  }
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
