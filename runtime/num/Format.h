//===- Format.h - parametric storage formats --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The 16-bit-or-less formats of docs/numerics.md §1: what a code means. The chip description makes
// them, the image loader checks codes with them, the simulator widens operands with them. Rounding
// into them is in Round.h.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_NUM_FORMAT_H
#define RUNTIME_NUM_FORMAT_H

#include "runtime/api/Result.h"

#include "runtime/num/HostPath.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace slp::num {

/// What the largest exponent field means: Inf and NaN, an ordinary binade, nothing at all, or an
/// ordinary binade whose last code is NaN.
enum class Specials : uint8_t { ieee, none, reserved, nan };

/// Whether exponent field 0 holds subnormal numbers or only zero.
enum class Subnormals : uint8_t { gradual, flush };

/// The bits of an FP32 number, and back.
inline uint32_t bitsOf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline float floatOf(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// A format: sign, `exp` exponent bits, `man` mantissa bits. Every function of this library expects
/// one that `validate` accepts; then every finite value, and the smallest normal one, is a normal
/// or subnormal FP32 number.
struct Format {
  int exp = 5;
  int man = 2;
  int bias = 15;
  Specials specials = Specials::reserved;
  Subnormals subnormals = Subnormals::flush;
  /// `flush` only: smaller magnitudes round to +0; 0 stands for minNormal().
  float flushBelow = 0;

  /// Width of a code in bits.
  int bits() const { return 1 + exp + man; }
  /// Bytes a code takes in memory: 1 or 2.
  int bytes() const { return bits() <= 8 ? 1 : 2; }
  /// The largest exponent field of a finite value.
  int maxField() const {
    return (1 << exp) - (specials == Specials::none || specials == Specials::nan ? 1 : 2);
  }
  /// The code of the largest finite value.
  uint32_t maxCode() const {
    return (uint32_t(maxField() + 1) << man) - (specials == Specials::nan ? 2 : 1);
  }
  /// Whether codes mean Inf or NaN.
  bool hasSpecials() const { return specials == Specials::ieee || specials == Specials::nan; }
  uint32_t signBit() const { return 1u << (exp + man); }
  /// The largest finite value.
  float maxFinite() const;
  /// 2^(1 - bias).
  float minNormal() const { return floatOf(uint32_t(128 - bias) << 23); }
  /// The least magnitude that rounding does not flush to zero; 0 with gradual underflow.
  float threshold() const {
    if (subnormals == Subnormals::gradual)
      return 0;
    return flushBelow == 0 ? minNormal() : flushBelow;
  }
  /// The format of a tensor with this shared exponent bias: every value, and the threshold, times
  /// 2^-by. `validate` says whether there is one.
  Format shifted(int by) const;
  /// The name of docs/numerics.md §1 if there is one ("lnpu.fp8"), else "num.float<5, 2, 15,
  /// reserved, flush>".
  std::string name() const;

  friend bool operator==(const Format &a, const Format &b) {
    return a.exp == b.exp && a.man == b.man && a.bias == b.bias && a.specials == b.specials &&
           a.subnormals == b.subnormals && a.threshold() == b.threshold();
  }
  friend bool operator!=(const Format &a, const Format &b) { return !(a == b); }
};

inline constexpr Format lnpuFp8{5, 2, 15, Specials::reserved, Subnormals::flush};
inline constexpr Format lnpuFp16{5, 10, 15, Specials::reserved, Subnormals::gradual};
inline constexpr Format asuFp8{5, 2, 15, Specials::none, Subnormals::gradual};
inline constexpr Format asuFp16{5, 10, 15, Specials::none, Subnormals::gradual};
inline constexpr Format ocpE5m2{5, 2, 15, Specials::ieee, Subnormals::gradual};
inline constexpr Format ocpE4m3{4, 3, 7, Specials::nan, Subnormals::gradual};
inline constexpr Format e5m2{5, 2, 15, Specials::none, Subnormals::gradual};
inline constexpr Format e4m3{4, 3, 7, Specials::none, Subnormals::gradual};
inline constexpr Format hfp8Forward{4, 3, 11, Specials::none, Subnormals::gradual};
inline constexpr Format hfp8Backward{5, 2, 15, Specials::none, Subnormals::gradual};
inline constexpr Format ibmFp16{6, 9, 31, Specials::none, Subnormals::gradual};
inline constexpr Format ieeeFp16{5, 10, 15, Specials::ieee, Subnormals::gradual};
inline constexpr Format bf16{8, 7, 127, Specials::ieee, Subnormals::gradual};
inline constexpr Format asuFp8Flush{5, 2, 15, Specials::none, Subnormals::flush, 1.25e-4f};

/// Accepts exp 2..8, man 1..10, at most 16 bits in all, bias 0..127, a largest value that FP32 can
/// hold, and with `flush` a threshold from minNormal() to the largest value.
Status validate(const Format &format);

/// A format from its parameters, or why `validate` refuses it.
Result<Format> makeFormat(int exp, int man, int bias, Specials specials, Subnormals subnormals,
                          float flushBelow = 0);

/// A format by its name in docs/numerics.md §1, such as "asu.fp16".
Result<Format> formatNamed(std::string_view name);
/// Those names, in the order of the table.
std::vector<std::string_view> formatNames();

/// Whether `code` may stand in memory: it fits in bits(), is not a reserved one, and is not a
/// subnormal of a `flush` format. The loader refuses anything else.
inline bool isValidCode(const Format &format, uint32_t code) {
  if (code >> format.bits())
    return false;
  uint32_t magnitude = code & (format.signBit() - 1);
  if (format.specials == Specials::reserved && magnitude > format.maxCode())
    return false;
  return format.subnormals == Subnormals::gradual || magnitude == 0 || magnitude >> format.man;
}

namespace detail {

/// The constants of a format that widening needs, taken out of loops.
struct DecodeConstants {
  explicit DecodeConstants(const Format &format)
      : signBit(format.signBit()), maxCode(format.maxCode()), firstNormal(1u << format.man),
        toMantissa(23 - format.man), toSign(31 - format.exp - format.man),
        rebias(uint32_t(127 - format.bias) << 23), fraction(1.0f / float(1 << format.man)),
        subnormalScale(format.subnormals == Subnormals::flush ? 0.0f : format.minNormal()),
        firstSpecial(format.specials == Specials::ieee ? 0x7f800000u : 0x7fc00000u) {}
  uint32_t signBit, maxCode, firstNormal;
  int toMantissa, toSign;
  uint32_t rebias;
  float fraction, subnormalScale;
  uint32_t firstSpecial; ///< FP32 bits of code maxCode + 1
};

/// `decode` without branches, so that loops over it vectorise.
inline __attribute__((always_inline)) float decodeCode(const DecodeConstants &c, uint32_t code) {
  uint32_t magnitude = code & (c.signBit - 1);
  uint32_t normal = (magnitude << c.toMantissa) + c.rebias;
  // minNormal · m / 2^man: both products are exact, subnormal FP32 results included.
  uint32_t subnormal = bitsOf(float(int(magnitude)) * c.fraction * c.subnormalScale);
  uint32_t special = magnitude == c.maxCode + 1 ? c.firstSpecial : 0x7fc00000u;
  uint32_t bits = magnitude >= c.firstNormal ? normal : subnormal;
  bits = magnitude > c.maxCode ? special : bits;
  uint32_t sign = (code & c.signBit) << c.toSign;
  bool takesSign = bits != 0 && bits <= 0x7f800000u;
  return floatOf(bits | (takesSign ? sign : 0u));
}

} // namespace detail

/// The exact value of `code`; the code of -0 reads as +0, specials as Inf and NaN. A code
/// that is not valid reads as NaN where it is reserved and as +0 where it is a flushed subnormal.
inline float decode(const Format &format, uint32_t code) {
  return detail::decodeCode(detail::DecodeConstants(format), code);
}

/// All 256 values of a format of at most 8 bits; for loops that widen operands by look-up. Codes
/// that do not fit in bits() read as if the bits above were absent.
std::array<float, 256> decodeTable(const Format &format);

/// values[i] = decode(codes[i]) for i in [0, n). The 8-bit version wants a format of at most 8
/// bits.
void decodeArray(const Format &format, const uint8_t *codes, float *values, size_t n,
                 HostPath path = bestPath());
void decodeArray(const Format &format, const uint16_t *codes, float *values, size_t n,
                 HostPath path = bestPath());

} // namespace slp::num

#endif // RUNTIME_NUM_FORMAT_H
