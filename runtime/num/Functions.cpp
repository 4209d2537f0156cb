//===- Functions.cpp - functions of real numbers, defined to the bit --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The algorithms of docs/numerics.md §6, operation by operation. Called by the vector unit.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/Functions.h"

#include "runtime/num/ExpLog.h"

#include <cmath>
#include <limits>

namespace slp::num {

float tanh(float x) {
  float a = std::fabs(x), t;
  if (a < 0.625f) {
    float z = a * a;
    float p = -0x1.79b288p-8f;
    p = std::fma(p, z, 0x1.531926p-6f);
    p = std::fma(p, z, -0x1.b86686p-5f);
    p = std::fma(p, z, 0x1.1108a2p-3f);
    p = std::fma(p, z, -0x1.55553cp-2f);
    t = std::fma(a * z, p, a);
  } else {
    float e = num::exp(-2.0f * a);
    t = (1.0f - e) / (1.0f + e);
  }
  return x < 0.0f ? -t : t;
}

float sigmoid(float x) {
  float e = num::exp(-std::fabs(x)), q = 1.0f + e;
  return (x < 0.0f ? e : 1.0f) / q;
}

float erf(float x) {
  float a = std::fabs(x), t;
  if (a < 1.0f) {
    float z = a * a;
    float p = 0x1.4ae4c2p-14f;
    p = std::fma(p, z, -0x1.a485e6p-11f);
    p = std::fma(p, z, 0x1.5419f4p-8f);
    p = std::fma(p, z, -0x1.b7fbb4p-6f);
    p = std::fma(p, z, 0x1.ce2d20p-4f);
    p = std::fma(p, z, -0x1.81273ep-2f);
    p = std::fma(p, z, 0x1.20dd74p+0f);
    t = a * p;
  } else if (a >= 4.0f) {
    t = 1.0f;
  } else {
    float p = 0x1.61f122p-16f;
    p = std::fma(p, a, -0x1.c78440p-12f);
    p = std::fma(p, a, 0x1.115106p-8f);
    p = std::fma(p, a, -0x1.9b83cap-6f);
    p = std::fma(p, a, 0x1.bb7df2p-4f);
    p = std::fma(p, a, 0x1.4446f2p-1f);
    p = std::fma(p, a, 0x1.21279cp+0f);
    p = std::fma(p, a, -0x1.6bfed2p-13f);
    t = 1.0f - num::exp(-p);
  }
  return x < 0.0f ? -t : t;
}

float expm1(float x) {
  float t = num::tanh(0.5f * x);
  return (t + t) / (1.0f - t);
}

float log1p(float e) {
  float s = e / (2.0f + e), z = s * s;
  float p = 0x1.3b13b2p-4f;
  p = std::fma(p, z, 0x1.745d18p-4f);
  p = std::fma(p, z, 0x1.c71c72p-4f);
  p = std::fma(p, z, 0x1.24924ap-3f);
  p = std::fma(p, z, 0x1.99999ap-3f);
  p = std::fma(p, z, 0x1.555556p-2f);
  p = std::fma(p, z, 1.0f);
  return (2.0f * s) * p;
}

/// a^n by squaring, from the lowest bit of n up.
static float powWhole(float a, unsigned n) {
  float r = 1.0f;
  for (;;) {
    if (n & 1)
      r = r * a;
    n >>= 1;
    if (!n)
      return r;
    a = a * a;
  }
}

float pow(float a, float b) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  if (a != a || b != b)
    return std::numeric_limits<float>::quiet_NaN();
  float size = std::fabs(b);
  bool isWhole = std::floor(b) == b;
  if (isWhole && size <= 64.0f) {
    float r = powWhole(a, unsigned(size));
    return b < 0.0f ? 1.0f / r : r;
  }
  if (a == 0.0f)
    return b > 0.0f ? 0.0f : inf;
  if (a < 0.0f && !isWhole)
    return std::numeric_limits<float>::quiet_NaN();
  float m = num::exp(b * num::log(std::fabs(a)));
  bool isOdd = 2.0f * std::floor(0.5f * b) != b; // of a whole b: FP32 above 2^24 is even
  return a < 0.0f && isOdd ? -m : m;
}

} // namespace slp::num
