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
#include "runtime/isa/Instructions.h"
#include "runtime/num/Round.h"

#include <algorithm>
#include <cmath>
#include <vector>

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
  /// Goes to a place of the sequence of terms.
  void moveTo(int64_t place) {
    if (place / numerics.dot != group)
      endGroup();
    group = place / numerics.dot;
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
  int64_t group = 0;
};

/// Places of a tap in the sequence of terms of a group with so many channels.
inline int64_t placesOfTap(const chip::Numerics &numerics, int64_t channels) {
  return channels < 8 ? channels : numerics.block();
}

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

/// Sets the geometry register 0 of a convolution.
mach::Instruction geomOf(const ConvShape &s);

/// Row-major element of rank 5.
inline float at(const std::vector<float> &v, const std::vector<int64_t> &s, int64_t a, int64_t b,
                int64_t c, int64_t d, int64_t e) {
  return v[size_t((((a * s[1] + b) * s[2] + c) * s[3] + d) * s[4] + e)];
}

/// Gates (n, 1, cob, oy, ox) and weight groups (1, cob, cib, kh, kw); empty: all are open.
struct NaiveMasks {
  std::vector<float> gate, group;
  static std::vector<int64_t> gateShape(const ConvShape &s) {
    return {s.n, 1, (s.co + 7) / 8, s.oy(), s.ox()};
  }
  static std::vector<int64_t> groupShape(const ConvShape &s) {
    return {1, (s.co + 7) / 8, (s.ci + 7) / 8, s.kh, s.kw};
  }
  bool isGateOpen(const ConvShape &s, int64_t n, int64_t co, int64_t oy, int64_t ox) const {
    return gate.empty() || at(gate, gateShape(s), n, 0, co / 8, oy, ox) != 0;
  }
  bool isGroupOpen(const ConvShape &s, int64_t co, int64_t ci, int64_t kh, int64_t kw) const {
    return group.empty() || at(group, groupShape(s), 0, co / 8, ci / 8, kh, kw) != 0;
  }
  /// Of one term of all three convolutions.
  bool isOpen(const ConvShape &s, int64_t n, int64_t co, int64_t oy, int64_t ox, int64_t ci,
              int64_t kh, int64_t kw) const {
    return isGateOpen(s, n, co, oy, ox) && isGroupOpen(s, co, ci, kh, kw);
  }
};

/// Each result of the three convolutions, its terms in the order of docs/numerics.md section 4.
inline std::vector<float> naiveForward(const chip::Numerics &numerics, const ConvShape &s,
                                       const std::vector<float> &x, const std::vector<float> &w,
                                       const std::vector<float> &bias,
                                       const NaiveMasks &masks = {}) {
  std::vector<float> y; // starts at the bias: of none, of each channel, or of each output
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t g = 0; g < s.g; ++g)
      for (int64_t co = 0; co < s.co; ++co)
        for (int64_t oy = 0; oy < s.oy(); ++oy)
          for (int64_t ox = 0; ox < s.ox(); ++ox) {
            NaiveAccumulator acc(numerics, bias.empty() ? 0.0f
                                           : bias.size() == size_t(s.g * s.co)
                                               ? bias[size_t(g * s.co + co)]
                                               : at(bias, s.y(), n, g, co, oy, ox));
            for (int64_t block = 0; block < s.ci; block += numerics.block())
              for (int64_t kh = 0; kh < s.kh; ++kh)
                for (int64_t kw = 0; kw < s.kw; ++kw) {
                  int64_t iy = oy * s.sh - s.pt + kh * s.dh, ix = ox * s.sw - s.pl + kw * s.dw;
                  if (iy < 0 || iy >= s.iy || ix < 0 || ix >= s.ix)
                    continue;
                  int64_t tap = (block / numerics.block() * s.kh + kh) * s.kw + kw;
                  for (int64_t ci = block; ci < std::min(block + numerics.block(), s.ci); ++ci) {
                    if (!masks.isOpen(s, n, co, oy, ox, ci, kh, kw))
                      continue;
                    acc.moveTo(tap * placesOfTap(numerics, s.ci) + ci - block);
                    acc.add(at(x, s.x(), n, g, ci, iy, ix), at(w, s.w(), g, co, ci, kh, kw));
                  }
                }
            acc.endGroup();
            y.push_back(acc.result());
          }
  return y;
}

inline std::vector<float> naiveBackward(const chip::Numerics &numerics, const ConvShape &s,
                                        const std::vector<float> &dy, const std::vector<float> &w,
                                        const NaiveMasks &masks = {}) {
  std::vector<float> dx;
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t g = 0; g < s.g; ++g)
      for (int64_t ci = 0; ci < s.ci; ++ci)
        for (int64_t iy = 0; iy < s.iy; ++iy)
          for (int64_t ix = 0; ix < s.ix; ++ix) {
            NaiveAccumulator acc(numerics, 0.0f);
            for (int64_t block = 0; block < s.co; block += numerics.block())
              for (int64_t kh = 0; kh < s.kh; ++kh)
                for (int64_t kw = 0; kw < s.kw; ++kw) {
                  int64_t ty = iy + s.pt - kh * s.dh, tx = ix + s.pl - kw * s.dw;
                  if (ty < 0 || ty % s.sh || ty / s.sh >= s.oy() || tx < 0 || tx % s.sw ||
                      tx / s.sw >= s.ox())
                    continue;
                  int64_t tap = (block / numerics.block() * s.kh + kh) * s.kw + kw;
                  for (int64_t co = block; co < std::min(block + numerics.block(), s.co); ++co) {
                    if (!masks.isOpen(s, n, co, ty / s.sh, tx / s.sw, ci, kh, kw))
                      continue;
                    acc.moveTo(tap * placesOfTap(numerics, s.co) + co - block);
                    acc.add(at(dy, s.y(), n, g, co, ty / s.sh, tx / s.sw),
                            at(w, s.w(), g, co, ci, kh, kw));
                  }
                }
            acc.endGroup();
            dx.push_back(acc.result());
          }
  return dx;
}

inline std::vector<float> naiveWeightGrad(const chip::Numerics &numerics, const ConvShape &s,
                                          const std::vector<float> &x, const std::vector<float> &dy,
                                          const NaiveMasks &masks = {}) {
  std::vector<float> dw;
  for (int64_t g = 0; g < s.g; ++g)
    for (int64_t co = 0; co < s.co; ++co)
      for (int64_t ci = 0; ci < s.ci; ++ci)
        for (int64_t kh = 0; kh < s.kh; ++kh)
          for (int64_t kw = 0; kw < s.kw; ++kw) {
            float total = 0.0f;
            for (int64_t n = 0; n < s.n; ++n) {
              // Without chains of the images' own, one goes on.
              NaiveAccumulator acc(numerics, numerics.hasChainPerImage() ? 0.0f : total);
              for (int64_t p = 0; p < s.oy() * s.ox(); ++p) {
                if (p % numerics.dot == 0)
                  acc.endGroup();
                int64_t oy = p / s.ox(), ox = p % s.ox();
                int64_t iy = oy * s.sh - s.pt + kh * s.dh, ix = ox * s.sw - s.pl + kw * s.dw;
                if (iy >= 0 && iy < s.iy && ix >= 0 && ix < s.ix &&
                    masks.isOpen(s, n, co, oy, ox, ci, kh, kw))
                  acc.add(at(dy, s.y(), n, g, co, oy, ox), at(x, s.x(), n, g, ci, iy, ix));
              }
              acc.endGroup();
              total = numerics.hasChainPerImage() ? total + acc.result() : acc.result();
              if (numerics.across == chip::AcrossImages::fp16)
                total = num::round(numerics.fp16, numerics.rounding, total, 0, nullptr);
            }
            dw.push_back(total);
          }
  return dw;
}

} // namespace slp::exec

#endif // TEST_UNIT_EXEC_NAIVEMAC_H
