//===- ExactFormat.h - formats and rounding in exact arithmetic -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A second, slow reading of docs/numerics.md §1 and §2 for the tests: every number is an exact
// multiple of 2^-200 in a 384-bit integer, and each sentence of the page is one comparison. Shares
// no code with runtime/num.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_NUM_EXACTFORMAT_H
#define TEST_UNIT_NUM_EXACTFORMAT_H

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace exact {

/// A number >= 0 as an integer times 2^-200, below 2^184. FP32 needs 2^-149 to 2^128, stochastic
/// thresholds 2^-168.
class Number {
public:
  static constexpr int unit = 200;

  /// integer · 2^exponent; exact or a mistake of the test.
  static Number scaled(uint64_t integer, int exponent) {
    Number r;
    int at = exponent + unit;
    if (integer && at < 0) // only whole multiples of 2^-200 are representable
      __builtin_trap();
    if (!integer)
      return r;
    unsigned __int128 wide = (unsigned __int128)integer << (at % 64);
    r.word.at(at / 64) = uint64_t(wide);
    if (uint64_t(wide >> 64))
      r.word.at(at / 64 + 1) = uint64_t(wide >> 64);
    return r;
  }
  bool isZero() const { return *this == Number(); }
  friend bool operator==(const Number &a, const Number &b) { return a.word == b.word; }
  friend bool operator<(const Number &a, const Number &b) {
    for (size_t i = a.word.size(); i-- > 0;)
      if (a.word[i] != b.word[i])
        return a.word[i] < b.word[i];
    return false;
  }
  friend bool operator>(const Number &a, const Number &b) { return b < a; }
  friend Number operator+(const Number &a, const Number &b) { return combine(a, b, false); }
  friend Number operator-(const Number &a, const Number &b) { return combine(a, b, true); }
  /// floor(log2 of the number), which is not zero.
  int log2() const {
    for (size_t i = word.size(); i-- > 0;)
      if (word[i])
        return int(64 * i) + 63 - __builtin_clzll(word[i]) - unit;
    __builtin_trap();
  }
  /// floor(number / 2^exponent), which must fit in 64 bits.
  uint64_t quotient(int exponent) const {
    int at = exponent + unit;
    unsigned __int128 window = word.at(at / 64);
    if (size_t(at / 64 + 1) < word.size())
      window |= (unsigned __int128)word[at / 64 + 1] << 64;
    return uint64_t(window >> (at % 64));
  }

private:
  static Number combine(const Number &a, const Number &b, bool subtract) {
    Number r;
    uint64_t carry = subtract;
    for (size_t i = 0; i < a.word.size(); ++i) {
      unsigned __int128 sum =
          (unsigned __int128)a.word[i] + (subtract ? ~b.word[i] : b.word[i]) + carry;
      r.word[i] = uint64_t(sum);
      carry = uint64_t(sum >> 64);
    }
    return r;
  }
  std::array<uint64_t, 6> word = {};
};

struct Signed {
  bool negative = false;
  Number magnitude;
  friend bool operator==(const Signed &a, const Signed &b) {
    return a.negative == b.negative && a.magnitude == b.magnitude;
  }
};

enum class Top { infAndNan, ordinary, reserved, lastIsNan };
enum class Class { finite, inf, nan, invalid };
enum class Mode { nearestEven, halfAway, towardZero, stochastic };

struct Decoded {
  Class kind = Class::finite;
  Signed value;
};

struct Outcome {
  Signed value;
  int saturation = 0, underflow = 0, invalid = 0;
};

struct Format {
  int exp, man, bias;
  Top top;
  bool flush;
  std::optional<Number> flushBelow = std::nullopt; // absent: minNormal()

  int codes() const { return 1 << (1 + exp + man); }

  Decoded decode(uint32_t code) const {
    int sign = code >> (exp + man), field = (code >> man) % (1 << exp), m = code % (1 << man);
    if (top == Top::lastIsNan && field == (1 << exp) - 1 && m == (1 << man) - 1)
      return {Class::nan, {sign == 1, {}}};
    if (top != Top::ordinary && top != Top::lastIsNan && field == (1 << exp) - 1) {
      if (top == Top::reserved)
        return {Class::invalid, {}};
      return {m ? Class::nan : Class::inf, {sign == 1, {}}};
    }
    if (field == 0 && flush && m != 0)
      return {Class::invalid, {}};
    Number magnitude = field > 0 ? Number::scaled((1 << man) + m, field - bias - man)
                                 : Number::scaled(m, 1 - bias - man);
    return {Class::finite, {sign == 1 && !magnitude.isZero(), magnitude}};
  }

  Number maxFinite() const {
    int field = (1 << exp) - (top == Top::ordinary || top == Top::lastIsNan ? 1 : 2);
    return Number::scaled((2 << man) - (top == Top::lastIsNan ? 2 : 1), field - bias - man);
  }
  Number minNormal() const { return Number::scaled(1, 1 - bias); }

  /// q of §2 at x > 0 is 2^spacing(x).
  int spacing(const Number &x) const { return std::max(x.log2(), 1 - bias) - man; }

  Outcome round(Mode mode, const Decoded &x, uint32_t r) const {
    if (x.kind == Class::nan)
      return {{}, 0, 0, 1};
    if (x.kind == Class::inf)
      return {{x.value.negative, maxFinite()}, 1, 0, 0};
    const Number &a = x.value.magnitude;
    if (a.isZero())
      return {};
    if (flush && a < flushBelow.value_or(minNormal()))
      return {{}, 0, 1, 0};
    int q = spacing(a);
    uint64_t n = a.quotient(q);
    Number below = Number::scaled(n, q), f = a - below; // f in units of 1, not of q
    Number half = Number::scaled(1, q - 1);
    bool up = false;
    switch (mode) {
    case Mode::nearestEven:
      up = f > half || (f == half && n % 2 == 1);
      break;
    case Mode::halfAway:
      up = !(f < half);
      break;
    case Mode::towardZero:
      break;
    case Mode::stochastic:
      up = f > Number::scaled(r, q - 32);
      break;
    }
    Outcome out;
    Number magnitude = up ? below + Number::scaled(1, q) : below;
    if (magnitude > maxFinite()) {
      magnitude = maxFinite();
      out.saturation = 1;
    }
    out.underflow = magnitude.isZero();
    out.value = {x.value.negative && !magnitude.isZero(), magnitude};
    return out;
  }
};

/// An FP32 number, read by the table of §1 for <8, 23, 127, ieee, gradual>.
inline Decoded ofFloat(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  int sign = bits >> 31;
  int field = (bits >> 23) & 255;
  uint32_t m = bits & 0x7fffff;
  if (field == 255)
    return {m ? Class::nan : Class::inf, {sign == 1, {}}};
  Number magnitude = field > 0 ? Number::scaled((1u << 23) + m, field - 127 - 23)
                               : Number::scaled(m, 1 - 127 - 23);
  return {Class::finite, {sign == 1 && !magnitude.isZero(), magnitude}};
}

} // namespace exact

#endif // TEST_UNIT_NUM_EXACTFORMAT_H
