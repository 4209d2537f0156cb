//===- Codec.cpp - widening and rounding of tiles ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Between the formats of a chip in memory and FP32 in the engines (docs/numerics.md sections 1 and
// 2).
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Tile.h"
#include "runtime/isa/EnumFormat.h.inc"
#include "runtime/isa/EnumStoreRounding.h.inc"

#include "runtime/num/Random.h"

#include <cmath>
#include <cstring>

namespace slp::exec {

template <typename T> static T loadAs(const uint8_t *p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

Codec::Codec(const chip::Numerics &numerics, num::HostPath path)
    : formats(mach::numFormatValues), belowNarrow((1u << (23 - numerics.fp8.man)) - 1),
      leastNarrow(num::bitsOf(numerics.fp8.minNormal())),
      largestNarrow(num::bitsOf(numerics.fp8.maxFinite())), path(path), narrow(numerics.fp8),
      mode(numerics.rounding), sumMode(numerics.accumulatorRounding()) {
  add(mach::Format::fp8, numerics.fp8);
  add(mach::Format::fp16, numerics.fp16);
  for (int bytes : {1, 2})
    for (size_t i = 0; i < mach::maxFurtherFormats; ++i)
      if (const num::Format *format = numerics.furtherFormat(i, bytes))
        add(mach::furtherFormat(i, bytes), *format);
  for (mach::Format f : {mach::Format::mixed, mach::Format::coded16})
    add(f, numerics.fp16);
  add(mach::Format::coded8, numerics.fp8);
  const std::vector<float> &values = formats[size_t(mach::Format::mixed)].values;
  wide.resize(values.size());
  for (size_t code = 0; code < values.size(); ++code) {
    float value = values[code];
    wide[code] = num::round(narrow, num::Rounding::towardZero, value, 0, nullptr) != value;
  }
}

bool Codec::isWideSmall(float value) const {
  return num::round(narrow, num::Rounding::towardZero, value, 0, nullptr) != value;
}

uint64_t Codec::storedBytes(const TileView &view) const {
  if (!mach::isCompressed(view.format) || view.empty())
    return uint64_t(view.bytes());
  uint64_t present = 0, extra = 0;
  const uint8_t *isExtra = wide.data();
  Nest(view.box.size, view.stride, view.stride)
      .forRows([&](int64_t a, int64_t, int64_t n, int64_t stride, int64_t) {
        const uint8_t *from = view.base + a;
        for (int64_t i = 0; i < n; ++i) {
          if (view.elementBytes == 1) {
            present += from[i * stride] != 0;
            continue;
          }
          uint16_t code = loadAs<uint16_t>(from + i * stride);
          present += code != 0;
          extra += isExtra[code];
        }
      });
  // A zero bit an element; then what the others take.
  uint64_t bits = uint64_t(view.count());
  if (view.format == mach::Format::mixed)
    bits += 9 * present + 8 * extra;
  else
    bits += present * 8 * uint64_t(view.elementBytes);
  return (bits + 7) / 8;
}

void Codec::add(mach::Format f, const num::Format &format) {
  Entry &entry = formats[size_t(f)];
  entry.format = format;
  entry.values.resize(size_t(1) << (8 * mach::elementBytes(f)));
  for (uint32_t code = 0; code < entry.values.size(); ++code)
    entry.values[code] = num::decode(format, code & ((1u << format.bits()) - 1));
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

num::Format Codec::formatOf(const TileView &view) const {
  const num::Format &stored = formats[size_t(view.format)].format;
  return view.bias == 0 ? stored : stored.shifted(view.bias);
}

num::Rounding Codec::roundingOf(mach::StoreRounding rounding) const {
  switch (rounding) {
  case mach::StoreRounding::chip:
    return mode;
  case mach::StoreRounding::nearest_even:
    return num::Rounding::nearestEven;
  case mach::StoreRounding::half_away:
    return num::Rounding::halfAway;
  case mach::StoreRounding::toward_zero:
    return num::Rounding::towardZero;
  case mach::StoreRounding::stochastic:
    return num::Rounding::stochastic;
  }
  return mode;
}

bool Codec::isStochastic(const mach::TensorTile &tile) const {
  return mach::hasCodes(tile.format) && roundingOf(tile.rounding) == num::Rounding::stochastic;
}

const uint32_t *Codec::randomNumbers(const TileView &view, uint32_t run) const {
  if (roundingOf(view.rounding) != num::Rounding::stochastic)
    return nullptr;
  thread_local std::vector<uint32_t> numbers;
  numbers.resize(size_t(view.count()));
  Dims whole = rowMajor(view.extent);
  uint64_t first = 0;
  for (int d = 0; d < maxRank; ++d)
    first += uint64_t(view.box.lo[d] * whole[d]);
  uint32_t stream = num::roundingStream(view.stream);
  Nest(view.box.size, whole, rowMajor(view.box.size))
      .forRows([&](int64_t a, int64_t b, int64_t n, int64_t strideA, int64_t strideB) {
        for (int64_t i = 0; i < n; ++i) {
          uint64_t index = first + uint64_t(a + i * strideA);
          numbers[size_t(b + i * strideB)] =
              num::philox4x32({uint32_t(index), uint32_t(index >> 32), run, 0}, {0, stream})[0];
        }
      });
  return numbers.data();
}

template <typename Code>
static void scatterCodes(const num::Format &format, num::Rounding rounding, const uint32_t *random,
                         const float *values, const TileView &view, num::HostPath path,
                         num::Events &events) {
  size_t n = size_t(view.count());
  thread_local std::vector<Code> codes;
  codes.resize(n);
  num::roundArray(format, rounding, values, random, codes.data(), n, events, path);
  scatterRows(codes.data(), view);
}

static void scatterFloats(float *values, const TileView &view) {
  size_t n = size_t(view.count());
  for (size_t i = 0; i < n; ++i)
    values[i] += 0.0f; // -0 becomes +0
  scatterRows(values, view);
}

void Codec::scatter(float *values, const TileView &view, uint32_t run, num::Events &events) const {
  if (view.empty())
    return;
  if (!mach::hasCodes(view.format))
    return scatterFloats(values, view);
  num::Format format = formatOf(view);
  num::Rounding rounding = roundingOf(view.rounding);
  const uint32_t *random = randomNumbers(view, run);
  if (view.elementBytes == 1)
    scatterCodes<uint8_t>(format, rounding, random, values, view, path, events);
  else
    scatterCodes<uint16_t>(format, rounding, random, values, view, path, events);
}

void Codec::put(float *values, const TileView &view) const {
  if (view.empty())
    return;
  if (!mach::hasCodes(view.format))
    return scatterFloats(values, view);
  num::Format format = formatOf(view);
  format.flushBelow = 0; // values that rounding takes for zero have codes
  num::Events none;
  if (view.elementBytes == 1)
    scatterCodes<uint8_t>(format, num::Rounding::towardZero, nullptr, values, view, path, none);
  else
    scatterCodes<uint16_t>(format, num::Rounding::towardZero, nullptr, values, view, path, none);
}

void Codec::move(float *values, const TileView &view, uint32_t run, num::Events &events) const {
  // Rounding leaves a value of the format as it is, unless it is below a threshold.
  if (!mach::hasCodes(view.format) || formatOf(view).flushBelow == 0)
    return scatter(values, view, run, events);
  num::Format exact = formatOf(view);
  exact.flushBelow = 0;
  std::vector<float> rounded(values, values + view.count());
  round(rounded.data(), view, run, events);
  for (size_t i = 0; i < rounded.size(); ++i) {
    bool isValue = num::round(exact, num::Rounding::towardZero, values[i], 0, nullptr) == values[i];
    events.underflow -= isValue && rounded[i] == 0 && values[i] != 0;
    rounded[i] = isValue ? values[i] : rounded[i];
  }
  put(rounded.data(), view);
}

void Codec::round(float *values, const TileView &view, uint32_t run, num::Events &events) const {
  size_t n = size_t(view.count());
  if (mach::hasCodes(view.format))
    return num::roundArray(formatOf(view), roundingOf(view.rounding), values,
                           randomNumbers(view, run), values, n, events, path);
  for (size_t i = 0; i < n; ++i)
    values[i] += 0.0f;
}

void Codec::roundSums(float *values, size_t n, mach::Format format, num::Events &events) const {
  if (format == mach::Format::f32) {
    for (size_t i = 0; i < n; ++i)
      values[i] += 0.0f;
    return;
  }
  num::roundArray(this->format(format), sumMode, values, nullptr, values, n, events, path);
}

} // namespace slp::exec
