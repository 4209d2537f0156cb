//===- ExpLog.cpp - exp and log, defined to the bit -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The two algorithms of docs/numerics.md §6, operation by operation. Called by the vector unit.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/ExpLog.h"

#include "runtime/num/Format.h"

#include <cmath>
#include <limits>

namespace slp::num {

float exp(float x) {
  if (x != x)
    return x;
  if (x < -87.0f)
    return 0.0f;
  if (x > 88.0f)
    x = 88.0f;
  // Adding and subtracting 1.5 · 2^23 is rint to nearest even for every |k| that can occur.
  constexpr float toInteger = 0x1.8p23f;
  float k = (x * 0x1.715476p+0f + toInteger) - toInteger;
  float r = std::fma(-k, 0x1.62e4p-1f, x);
  r = std::fma(-k, 0x1.7f7d1cp-20f, r);
  float p = 0x1.6c16c2p-10f;
  p = std::fma(p, r, 0x1.111112p-7f);
  p = std::fma(p, r, 0x1.555556p-5f);
  p = std::fma(p, r, 0x1.555556p-3f);
  p = std::fma(p, r, 0.5f);
  p = std::fma(p, r, 1.0f);
  p = std::fma(p, r, 1.0f);
  return p *
         floatOf(uint32_t(127 + int(k)) << 23); // k is -126 to 127: the factor is a normal number
}

float log(float x) {
  if (x < std::numeric_limits<float>::min())
    return -88.0f;
  if (!(x <= std::numeric_limits<float>::max()))
    return x; // +Inf or NaN
  // Subtracting the bits of 0x1.6a09e6p-1, where m's range begins, leaves k in the exponent field.
  uint32_t bits = bitsOf(x);
  int32_t k = int32_t(bits - 0x3f3504f3u) >> 23;
  float m = floatOf(bits - (uint32_t(k) << 23));
  float f = m - 1.0f;
  float s = f / (2.0f + f);
  float z = s * s;
  float p = 0x1.c71c72p-4f;
  p = std::fma(p, z, 0x1.24924ap-3f);
  p = std::fma(p, z, 0x1.99999ap-3f);
  p = std::fma(p, z, 0x1.555556p-2f);
  p = std::fma(p, z, 1.0f);
  p = (2.0f * s) * p;
  return std::fma(float(k), 0x1.62e430p-1f, p);
}

} // namespace slp::num
