//===- NaiveMac.h - accumulation as docs/numerics.md says it ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// One term at a time, absent terms left out, rounding by runtime/num's scalar function. What the
// kernels must equal.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_EXEC_NAIVEMAC_H
#define TEST_UNIT_EXEC_NAIVEMAC_H

#include "runtime/chips/Chip.h"
#include "runtime/num/Round.h"

#include <cmath>

namespace slp::exec {

/// One output element's accumulator. Terms are added group by group.
class NaiveAccumulator {
public:
  NaiveAccumulator(const chip::Numerics &n, float first) : numerics(n), value(first) {}

  void add(float a, float b) {
    if (a == 0.0f || b == 0.0f)
      return;
    value = std::fma(a, b, value);
    present = true;
  }
  void endGroup() {
    if (present && numerics.accumulateFp16)
      value = num::round(numerics.fp16, numerics.rounding, value, 0, &events);
    present = false;
  }
  float result() const { return value; }

  num::Events events;

private:
  const chip::Numerics &numerics;
  float value;
  bool present = false;
};

/// Sizes and geometry of a convolution; x (n, g, ci, iy, ix), w (g, co, ci, kh, kw), y (n, g, co,
/// oy, ox).
struct ConvShape {
  int64_t n = 1, g = 1, ci = 1, co = 1, iy = 1, ix = 1, kh = 1, kw = 1;
  int64_t sh = 1, sw = 1, pt = 0, pl = 0, pb = 0, pr = 0, dh = 1, dw = 1;
  int64_t oy() const { return (iy + pt + pb - ((kh - 1) * dh + 1)) / sh + 1; }
  int64_t ox() const { return (ix + pl + pr - ((kw - 1) * dw + 1)) / sw + 1; }
  std::vector<int64_t> x() const { return {n, g, ci, iy, ix}; }
  std::vector<int64_t> w() const { return {g, co, ci, kh, kw}; }
  std::vector<int64_t> y() const { return {n, g, co, oy(), ox()}; }
};

/// Row-major element of rank 5.
inline float at(const std::vector<float> &v, const std::vector<int64_t> &s, int64_t a, int64_t b,
                int64_t c, int64_t d, int64_t e) {
  return v[size_t((((a * s[1] + b) * s[2] + c) * s[3] + d) * s[4] + e)];
}

} // namespace slp::exec

#endif // TEST_UNIT_EXEC_NAIVEMAC_H
