//===- Round.h - rounding FP32 to a storage format --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §2, by bit manipulation. The simulator calls it for every element an engine
// stores; the scalar versions are inline for use inside kernels, the array versions vectorise.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_NUM_ROUND_H
#define RUNTIME_NUM_ROUND_H

#include "runtime/num/Format.h"

#include <algorithm>
#include <cassert>

namespace slp::num {

enum class Rounding : uint8_t { nearestEven, halfAway, towardZero, stochastic };

/// How often rounding hit a limit of the format, and what had no place; counts of elements.
struct Events {
  uint64_t saturation = 0; ///< a rounded magnitude above the largest finite value
  uint64_t underflow = 0;  ///< a value that is not zero became zero
  uint64_t invalid = 0;    ///< a NaN became zero
  uint64_t outside = 0;    ///< an index beyond its table: nothing was taken, or put, for it

  Events &operator+=(const Events &other) {
    saturation += other.saturation;
    underflow += other.underflow;
    invalid += other.invalid;
    outside += other.outside;
    return *this;
  }
  friend bool operator==(const Events &a, const Events &b) {
    return a.saturation == b.saturation && a.underflow == b.underflow && a.invalid == b.invalid &&
           a.outside == b.outside;
  }
  friend bool operator!=(const Events &a, const Events &b) { return !(a == b); }
};

namespace detail {

/// One rounded element: its code, and which events it raised (0 or 1 each).
struct Rounded {
  uint32_t code;
  uint32_t saturation, underflow, invalid;
};

/// The constants of a format that rounding needs, taken out of loops.
struct RoundConstants {
  explicit RoundConstants(const Format &format)
      : man(format.man), exponentOffset(127 - format.bias), maxCode(format.maxCode()),
        toSign(31 - format.exp - format.man), flushBelow(bitsOf(format.threshold())) {}
  int man;
  int exponentOffset; ///< FP32 exponent field minus ours
  uint32_t maxCode;
  int toSign;
  uint32_t flushBelow; ///< FP32 bits; smaller magnitudes become +0
};

/// Rounds the FP32 number with these bits. No branches, so that loops over it vectorise.
template <Rounding mode>
inline __attribute__((always_inline)) Rounded roundBits(const RoundConstants &c, uint32_t bits,
                                                        uint32_t random) {
  uint32_t magnitude = bits & 0x7fffffffu;
  int exponent = std::max(int(magnitude >> 23), 1);
  // |x| = significand · 2^(exponent - 150), also for FP32 subnormals.
  uint32_t significand = (magnitude & 0x7fffffu) | (magnitude >> 23 ? 0x800000u : 0u);
  // Our exponent field of x's binade; below it the spacing stays that of field 1.
  int field = std::max(exponent - c.exponentOffset, 1);
  // The spacing is 2^(shift + exponent - 150), so n = significand >> shift and f the bits below. A
  // bias of at most 127 makes shift at least 13. All bits are gone at the upper limits, where f is
  // below every threshold above 0.
  constexpr int shiftLimit = mode == Rounding::stochastic ? 57 : 25;
  int shift = std::min(field + c.exponentOffset - exponent + 23 - c.man, shiftLimit);
  uint32_t n, up;
  if constexpr (mode == Rounding::stochastic) {
    n = uint32_t(uint64_t(significand) >> shift);
    uint64_t rest = significand & ((uint64_t(1) << shift) - 1);
    up = (rest << (57 - shift)) > (uint64_t(random) << 25); // f > r / 2^32, both times 2^57
  } else {
    n = significand >> shift;
    uint32_t rest = significand & ((1u << shift) - 1), half = 1u << (shift - 1);
    if constexpr (mode == Rounding::nearestEven)
      up = rest > half - (n & 1);
    else if constexpr (mode == Rounding::halfAway)
      up = rest >= half;
    else
      up = 0;
  }
  // A carry out of the mantissa steps into the next binade by itself; subnormals have field 1 and
  // no leading bit.
  uint32_t code = (uint32_t(field - 1) << c.man) + n + up;
  uint32_t isNan = magnitude > 0x7f800000u;
  code = magnitude < c.flushBelow || isNan ? 0 : code;
  uint32_t saturates = code > c.maxCode;
  code = saturates ? c.maxCode : code;
  uint32_t sign = (bits & 0x80000000u) >> c.toSign;
  uint32_t underflows = code == 0 && magnitude != 0 && !isNan;
  return {code ? code | sign : 0, saturates, underflows, isNan};
}

} // namespace detail

/// The code of x rounded to the format. `random` (32 bits, used by `stochastic` only) comes from
/// Random.h. Adds at most one event to `events`, which may be null.
inline uint32_t roundToCode(const Format &format, Rounding rounding, float x, uint32_t random,
                            Events *events) {
  detail::RoundConstants constants(format);
  detail::Rounded r;
  switch (rounding) {
  case Rounding::nearestEven:
    r = detail::roundBits<Rounding::nearestEven>(constants, bitsOf(x), random);
    break;
  case Rounding::halfAway:
    r = detail::roundBits<Rounding::halfAway>(constants, bitsOf(x), random);
    break;
  case Rounding::towardZero:
    r = detail::roundBits<Rounding::towardZero>(constants, bitsOf(x), random);
    break;
  case Rounding::stochastic:
    r = detail::roundBits<Rounding::stochastic>(constants, bitsOf(x), random);
    break;
  }
  if (events) {
    events->saturation += r.saturation;
    events->underflow += r.underflow;
    events->invalid += r.invalid;
  }
  return r.code;
}

/// x rounded to the format, as an FP32 number (never -0); otherwise as roundToCode.
inline float round(const Format &format, Rounding rounding, float x, uint32_t random,
                   Events *events) {
  return decode(format, roundToCode(format, rounding, x, random, events));
}

/// Rounds values to values in registers, for kernels that round an accumulator again and again: the
/// same results and events as `round`, in about half the operations and without variable shifts.
/// Not for every format (see `supports`) and not for stochastic rounding.
template <Rounding mode> class ValueRounder {
public:
  static_assert(mode != Rounding::stochastic, "stochastic rounding needs the fraction's own bits");

  /// Whether the constants below are normal FP32 numbers: formats with FP32's own exponent range
  /// are left out.
  static bool supports(const Format &format) {
    return format.maxField() - format.bias + 24 - format.man <= 127 &&
           format.bias + format.man <= 127;
  }

  explicit ValueRounder(const Format &format)
      : minNormal(bitsOf(format.minNormal())), toMagic(uint32_t(23 - format.man) << 23),
        toSpacing(uint32_t(format.man) << 23), limit(bitsOf(2 * format.maxFinite())),
        maxFinite(format.maxFinite()), flushBelow(bitsOf(format.threshold())) {
    assert(supports(format) && "use round");
  }

  /// x rounded; adds 0 or 1 to each counter.
  inline __attribute__((always_inline)) float
  operator()(float x, uint32_t &saturation, uint32_t &underflow, uint32_t &invalid) const {
    uint32_t bits = bitsOf(x), magnitude = bits & 0x7fffffffu;
    bool isNan = magnitude > 0x7f800000u;
    // Twice the largest finite value saturates like everything above it.
    uint32_t kept = std::min(magnitude, limit);
    kept = isNan || magnitude < flushBelow ? 0 : kept;
    uint32_t binade = std::max(kept & 0x7f800000u, minNormal);
    // The FP32 spacing at `magic` is the format's spacing at |x|: the addition rounds to nearest
    // even.
    float a = floatOf(kept), magic = floatOf(binade + toMagic);
    float y = (a + magic) - magic;
    if constexpr (mode != Rounding::nearestEven) {
      float spacing = floatOf(binade - toSpacing), rest = a - y; // rest is exact
      if constexpr (mode == Rounding::halfAway)
        y += rest == 0.5f * spacing ? spacing : 0.0f;
      else
        y -= rest < 0.0f ? spacing : 0.0f;
    }
    saturation += y > maxFinite;
    y = y > maxFinite ? maxFinite : y;
    underflow += y == 0.0f && magnitude != 0 && !isNan;
    invalid += isNan;
    return floatOf(y == 0.0f ? 0 : bitsOf(y) | (bits & 0x80000000u));
  }

private:
  uint32_t minNormal, toMagic, toSpacing, limit;
  float maxFinite;
  uint32_t flushBelow;
};

/// The code of a finite value of the format; -0 gives the code of +0. Values below the threshold of
/// a `flush` format, which rounding takes for zero, have codes too. Anything else is a mistake of
/// the caller.
inline uint32_t encode(const Format &format, float x) {
  Format exact = format;
  exact.flushBelow = 0;
  uint32_t code = roundToCode(exact, Rounding::towardZero, x, 0, nullptr);
  assert(decode(format, code) == x && "not a value of the format");
  return code;
}

/// codes[i] = roundToCode(x[i], random[i]) for i in [0, n), all events added to `events`. `random`
/// is read by `stochastic` only and may be null otherwise. The 8-bit version wants a format of at
/// most 8 bits. `path` shows in the time only.
void roundArray(const Format &format, Rounding rounding, const float *x, const uint32_t *random,
                uint8_t *codes, size_t n, Events &events, HostPath path = bestPath());
void roundArray(const Format &format, Rounding rounding, const float *x, const uint32_t *random,
                uint16_t *codes, size_t n, Events &events, HostPath path = bestPath());

/// The same with the rounded values as FP32; `values` may be `x`.
void roundArray(const Format &format, Rounding rounding, const float *x, const uint32_t *random,
                float *values, size_t n, Events &events, HostPath path = bestPath());

} // namespace slp::num

#endif // RUNTIME_NUM_ROUND_H
