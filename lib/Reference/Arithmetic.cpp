//===- Arithmetic.cpp - the definitions of docs/numerics.md, written out ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads like the text on purpose; nothing here is meant to be fast.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Reference/Arithmetic.h"

#include <cmath>

using namespace slp;
using namespace slp::num_ir;

//===----------------------------------------------------------------------------------------===//
// Formats (sections 1 and 2)
//===----------------------------------------------------------------------------------------===//

static uint32_t largestExponentField(FloatType format) { return (1u << format.getExp()) - 1; }

double reference::maxFinite(FloatType format) {
  int field = largestExponentField(format);
  if (format.getSpecials() != Specials::none)
    --field;
  double significand = 2.0 - std::ldexp(1.0, -static_cast<int>(format.getMan()));
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
  if (format.getSubnormals() == Subnormals::flush && magnitude < std::ldexp(1.0, smallestExponent))
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

//===----------------------------------------------------------------------------------------===//
// The vector unit's functions (sections 5 and 6)
//===----------------------------------------------------------------------------------------===//

float reference::rowSum(llvm::ArrayRef<float> row) {
  float lane[16] = {};
  for (size_t i = 0; i < row.size(); ++i)
    lane[i % 16] = lane[i % 16] + row[i];
  for (int h : {8, 4, 2, 1})
    for (int j = 0; j < h; ++j)
      lane[j] = lane[j] + lane[j + h];
  return lane[0];
}

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
