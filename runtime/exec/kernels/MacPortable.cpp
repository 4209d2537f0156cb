//===- MacPortable.cpp - MAC loops in plain C++ -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the other kernels are tested against, and what hosts without them run. Uses runtime/num for
// rounding.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/kernels/MacLoops.h"
#include "runtime/num/Round.h"

#include <algorithm>
#include <cmath>

namespace slp::exec {
namespace {

struct Portable {
  float v[macLanes];

  static Portable load(const float *p) {
    Portable result;
    for (int i = 0; i < macLanes; ++i)
      result.v[i] = p[i];
    return result;
  }
  void store(float *p) const {
    for (int i = 0; i < macLanes; ++i)
      p[i] = v[i];
  }
  static Portable zero() { return {}; }
  Portable ones() const {
    Portable result;
    for (int i = 0; i < macLanes; ++i)
      result.v[i] = v[i] != 0.0f ? 1.0f : 0.0f;
    return result;
  }
  void fma(float a, const Portable &w) {
    for (int i = 0; i < macLanes; ++i)
      v[i] = std::fma(a, w.v[i], v[i]);
  }
  Portable roundedHalfAway() const {
    Portable result;
    for (int i = 0; i < macLanes; ++i)
      result.v[i] = num::round(num::asuFp16, num::Rounding::halfAway, v[i], 0, nullptr);
    return result;
  }
  static void countEvents(const Portable &sum, const Portable &, MacEvents &events) {
    num::Events counted;
    for (int i = 0; i < macLanes; ++i)
      num::roundToCode(num::asuFp16, num::Rounding::halfAway, sum.v[i], 0, &counted);
    events.saturation += counted.saturation;
    events.underflow += counted.underflow;
  }
  uint32_t nonZero() const {
    uint32_t bits = 0;
    for (int i = 0; i < macLanes; ++i)
      bits |= uint32_t(v[i] != 0.0f) << i;
    return bits;
  }
};

} // namespace

extern const MacKernels macKernelsPortable;
const MacKernels macKernelsPortable = {num::HostPath::portable, macF32<Portable, 2>,
                                       macFp16<Portable, 2>,    macRoundFp16<Portable>,
                                       macCountColumns,         macCountTerms<Portable>,
                                       macMarkNonZero<Portable>};

/// One group of one pixel.
static void addGroup(float *acc, const float *x, const float *w, int terms) {
  for (int k = 0; k < terms; ++k)
    for (int i = 0; i < macLanes; ++i)
      acc[i] = std::fma(x[k], w[k * macLanes + i], acc[i]);
}

void macGeneric(const MacLoop &loop, const num::Format *format, num::Rounding rounding, int group,
                num::HostPath path, num::Events &events) {
  for (int p = 0; p < loop.pixels; ++p) {
    float *acc = loop.acc + loop.accOffset[p];
    for (int b = 0; b < loop.blocks; ++b)
      for (int t = 0; t < loop.numTaps; ++t) {
        const float *x = loop.x + b * loop.xBlock + loop.taps[t].x + loop.xOffset[p];
        const float *w = loop.w + b * loop.wBlock + loop.taps[t].w;
        int terms = b + 1 == loop.blocks ? loop.lastTerms : loop.blockTerms;
        for (int k = 0; k < terms; k += group) {
          addGroup(acc, x + k, w + k * macLanes, std::min(group, terms - k));
          if (format)
            num::roundArray(*format, rounding, acc, nullptr, acc, macLanes, events, path);
        }
      }
  }
}

} // namespace slp::exec
