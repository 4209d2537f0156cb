//===- Round.cpp - rounding arrays ------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The array forms of Round.h, one loop for each rounding mode.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/Round.h"

namespace slp::num {

namespace {

/// Elements between two additions to the 64-bit counters; the loop itself counts in the 32-bit
/// lanes it computes in.
constexpr size_t countingBlock = 1 << 16;

template <Rounding mode, typename Code>
inline __attribute__((always_inline)) void roundLoop(const Format &format, const float *x,
                                                     const uint32_t *random, Code *codes, size_t n,
                                                     Events &events) {
  const detail::RoundConstants constants(format);
  for (size_t begin = 0; begin < n; begin += countingBlock) {
    size_t end = std::min(n, begin + countingBlock);
    uint32_t saturation = 0, underflow = 0, invalid = 0;
    for (size_t i = begin; i < end; ++i) {
      uint32_t u = mode == Rounding::stochastic ? random[i] : 0;
      detail::Rounded r = detail::roundBits<mode>(constants, bitsOf(x[i]), u);
      codes[i] = Code(r.code);
      saturation += r.saturation;
      underflow += r.underflow;
      invalid += r.invalid;
    }
    events.saturation += saturation;
    events.underflow += underflow;
    events.invalid += invalid;
  }
}

template <typename Code>
inline __attribute__((always_inline)) void roundByMode(const Format &format, Rounding rounding,
                                                       const float *x, const uint32_t *random,
                                                       Code *codes, size_t n, Events &events) {
  assert((random || rounding != Rounding::stochastic) && "stochastic rounding wants numbers");
  switch (rounding) {
  case Rounding::nearestEven:
    return roundLoop<Rounding::nearestEven>(format, x, random, codes, n, events);
  case Rounding::halfAway:
    return roundLoop<Rounding::halfAway>(format, x, random, codes, n, events);
  case Rounding::towardZero:
    return roundLoop<Rounding::towardZero>(format, x, random, codes, n, events);
  case Rounding::stochastic:
    return roundLoop<Rounding::stochastic>(format, x, random, codes, n, events);
  }
}

template <Rounding mode>
inline __attribute__((always_inline)) void roundValues(const Format &format, const float *x,
                                                       float *values, size_t n, Events &events) {
  const ValueRounder<mode> rounder(format);
  for (size_t begin = 0; begin < n; begin += countingBlock) {
    size_t end = std::min(n, begin + countingBlock);
    uint32_t saturation = 0, underflow = 0, invalid = 0;
    for (size_t i = begin; i < end; ++i)
      values[i] = rounder(x[i], saturation, underflow, invalid);
    events.saturation += saturation;
    events.underflow += underflow;
    events.invalid += invalid;
  }
}

} // namespace

void roundArray(const Format &format, Rounding rounding, const float *x, const uint32_t *random,
                uint8_t *codes, size_t n, Events &events, HostPath path) {
  runOn(path, [&]() SLP_NUM_INLINE { roundByMode(format, rounding, x, random, codes, n, events); });
}

void roundArray(const Format &format, Rounding rounding, const float *x, const uint32_t *random,
                uint16_t *codes, size_t n, Events &events, HostPath path) {
  runOn(path, [&]() SLP_NUM_INLINE { roundByMode(format, rounding, x, random, codes, n, events); });
}

/// The way for every format and mode: through codes.
static void roundThroughCodes(const Format &format, Rounding rounding, const float *x,
                              const uint32_t *random, float *values, size_t n, Events &events,
                              HostPath path) {
  constexpr size_t block = 1024;
  uint16_t codes[block];
  for (size_t begin = 0; begin < n; begin += block) {
    size_t count = std::min(block, n - begin);
    roundArray(format, rounding, x + begin, random ? random + begin : nullptr, codes, count, events,
               path);
    decodeArray(format, codes, values + begin, count, path);
  }
}

void roundArray(const Format &format, Rounding rounding, const float *x, const uint32_t *random,
                float *values, size_t n, Events &events, HostPath path) {
  if (rounding == Rounding::stochastic || !ValueRounder<Rounding::nearestEven>::supports(format))
    return roundThroughCodes(format, rounding, x, random, values, n, events, path);
  runOn(path, [&]() SLP_NUM_INLINE {
    if (rounding == Rounding::nearestEven)
      return roundValues<Rounding::nearestEven>(format, x, values, n, events);
    if (rounding == Rounding::halfAway)
      return roundValues<Rounding::halfAway>(format, x, values, n, events);
    roundValues<Rounding::towardZero>(format, x, values, n, events);
  });
}

} // namespace slp::num
