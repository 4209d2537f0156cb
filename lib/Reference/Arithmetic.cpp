//===- Arithmetic.cpp - the definitions of docs/numerics.md, written out ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads like the text on purpose; nothing here is meant to be fast.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Reference/Arithmetic.h"

#include <algorithm>
#include <cmath>

using namespace slp;
using namespace slp::num_ir;

//===----------------------------------------------------------------------------------------===//
// Formats (sections 1 and 2)
//===----------------------------------------------------------------------------------------===//

static uint32_t largestExponentField(FloatType format) { return (1u << format.getExp()) - 1; }

double reference::maxFinite(FloatType format) {
  int field = largestExponentField(format);
  if (format.getSpecials() == Specials::ieee || format.getSpecials() == Specials::reserved)
    --field;
  double spacing = std::ldexp(1.0, -static_cast<int>(format.getMan()));
  // With `nan` the last code of the binade is no number.
  double significand = 2.0 - (format.getSpecials() == Specials::nan ? 2.0 : 1.0) * spacing;
  return std::ldexp(significand, field - format.getBias());
}

double reference::roundTo(double x, FloatType format, Rounding mode, uint32_t random) {
  if (x == 0 || std::isnan(x))
    return 0.0;
  double largest = maxFinite(format);
  if (std::isinf(x))
    return std::copysign(largest, x);

  double magnitude = std::fabs(x);
  int smallestExponent = 1 - format.getBias();
  if (format.getSubnormals() == Subnormals::flush && magnitude < format.getThreshold())
    return 0.0;

  // frexp gives a significand in [1/2, 1).
  int exponent;
  std::frexp(magnitude, &exponent);
  int floorLog2 = exponent - 1;
  int spacing = std::max(floorLog2, smallestExponent) - static_cast<int>(format.getMan());
  double units = std::ldexp(magnitude, -spacing);
  double n = std::floor(units), f = units - n;

  bool up = false;
  switch (mode) {
  case Rounding::nearest_even:
    up = f > 0.5 || (f == 0.5 && std::fmod(n, 2.0) == 1.0);
    break;
  case Rounding::half_away:
    up = f >= 0.5;
    break;
  case Rounding::toward_zero:
    break;
  case Rounding::stochastic:
    up = f > std::ldexp(static_cast<double>(random), -32);
    break;
  }
  double result = std::min(std::ldexp(up ? n + 1 : n, spacing), largest);
  return result == 0 ? 0.0 : std::copysign(result, x);
}

bool reference::saturates(double x, FloatType format, Rounding mode, uint32_t random) {
  if (std::isnan(x) || std::isinf(x))
    return true;
  // Half of x has the same neighbours and the same fraction, and no limit stops its rounding.
  double largest = maxFinite(format), half = std::fabs(x) / 2;
  return 2 * half > largest &&
         (half > largest || 2 * roundTo(half, format, mode, random) > largest);
}

bool reference::decode(uint32_t code, FloatType format, double &value) {
  if (code >> format.getWidth())
    return false;
  uint32_t mantissa = code & ((1u << format.getMan()) - 1);
  uint32_t field = (code >> format.getMan()) & largestExponentField(format);
  bool negative = code >> (format.getWidth() - 1);
  double fraction = std::ldexp(static_cast<double>(mantissa), -static_cast<int>(format.getMan()));

  if (field == largestExponentField(format) && format.getSpecials() == Specials::reserved)
    return false;
  if (field == largestExponentField(format) && format.getSpecials() == Specials::ieee) {
    value = mantissa ? NAN : negative ? -INFINITY : INFINITY;
    return true;
  }
  if (field == largestExponentField(format) && mantissa + 1 == 1u << format.getMan() &&
      format.getSpecials() == Specials::nan) {
    value = NAN;
    return true;
  }
  if (field == 0 && mantissa == 0) {
    value = 0.0;
    return true;
  }
  if (field == 0 && format.getSubnormals() == Subnormals::flush)
    return false;
  double magnitude = field == 0
                         ? std::ldexp(fraction, 1 - format.getBias())
                         : std::ldexp(1.0 + fraction, static_cast<int>(field) - format.getBias());
  value = negative ? -magnitude : magnitude;
  return true;
}

bool reference::isValue(double x, FloatType format) {
  if (x == 0)
    return true;
  if (!std::isfinite(x) || std::fabs(x) > maxFinite(format))
    return false;
  int exponent;
  std::frexp(x, &exponent);
  int smallestExponent = 1 - format.getBias(), floorLog2 = exponent - 1;
  if (floorLog2 < smallestExponent && format.getSubnormals() == Subnormals::flush)
    return false;
  int spacing = std::max(floorLog2, smallestExponent) - static_cast<int>(format.getMan());
  double units = std::ldexp(x, -spacing);
  return units == std::floor(units);
}

uint32_t reference::philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t k0, uint32_t k1) {
  uint32_t c[4] = {c0, c1, c2, 0};
  for (int round = 0; round < 10; ++round) {
    uint64_t even = c[0] * uint64_t(0xD2511F53), odd = c[2] * uint64_t(0xCD9E8D57);
    uint32_t next[4] = {uint32_t(odd >> 32) ^ c[1] ^ k0, uint32_t(odd),
                        uint32_t(even >> 32) ^ c[3] ^ k1, uint32_t(even)};
    std::copy(next, next + 4, c);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c[0];
}

template <typename Real> Real reference::StoreOf<Real>::operator()(Real x, int64_t index) const {
  if (!format)
    return positiveZero(x);
  uint32_t random = 0;
  if (mode == Rounding::stochastic)
    random = philox(static_cast<uint32_t>(index), static_cast<uint32_t>(uint64_t(index) >> 32), run,
                    0, 2 + stream);
  if (saturations && saturates(x, format, mode, random))
    ++*saturations;
  return static_cast<Real>(roundTo(x, format, mode, random));
}

template <typename Real> Real reference::StoreOf<Real>::moved(Real x, int64_t index) const {
  return format && isValue(x, format) ? positiveZero(x) : (*this)(x, index);
}

template class reference::StoreOf<float>;
template class reference::StoreOf<double>;

//===----------------------------------------------------------------------------------------===//
// The vector unit's functions (sections 5 and 6)
//===----------------------------------------------------------------------------------------===//

template <typename Real> static Real sumInLanes(llvm::ArrayRef<Real> row) {
  Real lane[16] = {};
  for (size_t i = 0; i < row.size(); ++i)
    lane[i % 16] = lane[i % 16] + row[i];
  for (int h : {8, 4, 2, 1})
    for (int j = 0; j < h; ++j)
      lane[j] = lane[j] + lane[j + h];
  return lane[0];
}

float reference::rowSum(llvm::ArrayRef<float> row) { return sumInLanes(row); }
double reference::rowSum(llvm::ArrayRef<double> row) { return sumInLanes(row); }

/// Horner's rule: p <- fma(p, r, c) for each coefficient.
static float horner(float p, float r, llvm::ArrayRef<float> coefficients) {
  for (float c : coefficients)
    p = std::fma(p, r, c);
  return p;
}

float reference::expOf(float x) {
  if (std::isnan(x))
    return x;
  if (x < -87.0f)
    return 0.0f;
  if (x > 88.0f)
    x = 88.0f;
  float k = std::rint(x * 0x1.715476p+0f);
  float r = std::fma(-k, 0x1.62e4p-1f, x);
  r = std::fma(-k, 0x1.7f7d1cp-20f, r);
  float p = horner(0x1.6c16c2p-10f, r,
                   {0x1.111112p-7f, 0x1.555556p-5f, 0x1.555556p-3f, 0.5f, 1.0f, 1.0f});
  return std::ldexp(p, static_cast<int>(k));
}

float reference::logOf(float x) {
  if (x < 0x1p-126f)
    return -88.0f;
  if (std::isnan(x) || std::isinf(x))
    return x;
  // frexp's [1/2, 1) covers all but the upper part of [sqrt(1/2), sqrt(2)).
  int k;
  float m = std::frexp(x, &k);
  if (m < 0x1.6a09e6p-1f) {
    m *= 2.0f;
    --k;
  }
  float f = m - 1.0f;
  float s = f / (2.0f + f);
  float z = s * s;
  float p = horner(0x1.c71c72p-4f, z, {0x1.24924ap-3f, 0x1.99999ap-3f, 0x1.555556p-2f, 1.0f});
  p = (2.0f * s) * p;
  return std::fma(static_cast<float>(k), 0x1.62e430p-1f, p);
}

float reference::tanhOf(float x) {
  if (std::isnan(x))
    return x;
  float a = std::fabs(x), t;
  if (a < 0.625f) {
    float z = a * a;
    float p = horner(-0x1.79b288p-8f, z,
                     {0x1.531926p-6f, -0x1.b86686p-5f, 0x1.1108a2p-3f, -0x1.55553cp-2f});
    t = std::fma(a * z, p, a);
  } else {
    float e = expOf(-2 * a);
    t = (1 - e) / (1 + e);
  }
  return std::copysign(t, x);
}

float reference::sigmoidOf(float x) {
  float e = expOf(-std::fabs(x));
  if (x < 0)
    return e / (1 + e);
  return 1 / (1 + e);
}

float reference::erfOf(float x) {
  if (std::isnan(x))
    return x;
  float a = std::fabs(x), t = 1;
  if (a < 1)
    t = a * horner(0x1.4ae4c2p-14f, a * a,
                   {-0x1.a485e6p-11f, 0x1.5419f4p-8f, -0x1.b7fbb4p-6f, 0x1.ce2d2p-4f,
                    -0x1.81273ep-2f, 0x1.20dd74p+0f});
  else if (a < 4)
    t = 1 - expOf(-horner(0x1.61f122p-16f, a,
                          {-0x1.c7844p-12f, 0x1.115106p-8f, -0x1.9b83cap-6f, 0x1.bb7df2p-4f,
                           0x1.4446f2p-1f, 0x1.21279cp+0f, -0x1.6bfed2p-13f}));
  return std::copysign(t, x);
}

float reference::expm1Of(float x) {
  float t = tanhOf(0.5f * x);
  return (t + t) / (1 - t);
}

float reference::log1pOf(float e) {
  float s = e / (2 + e);
  float p = horner(
      0x1.3b13b2p-4f, s * s,
      {0x1.745d18p-4f, 0x1.c71c72p-4f, 0x1.24924ap-3f, 0x1.99999ap-3f, 0x1.555556p-2f, 1.0f});
  return (2 * s) * p;
}

float reference::powOf(float a, float b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  bool isInteger = std::nearbyint(b) == b;
  if (isInteger && std::fabs(b) <= 64) {
    float r = 1;
    for (int left = static_cast<int>(std::fabs(b)); left > 0; left /= 2) {
      if (left % 2 == 1)
        r = r * a;
      if (left > 1)
        a = a * a;
    }
    return b < 0 ? 1 / r : r;
  }
  if (a == 0)
    return b > 0 ? 0 : INFINITY;
  if (a < 0 && !isInteger)
    return NAN;
  float m = expOf(b * logOf(std::fabs(a)));
  return a < 0 && std::isfinite(b) && std::fmod(b, 2.0f) != 0 ? -m : m;
}
