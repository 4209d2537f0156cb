//===- Select.cpp - kernels for this host -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Trusts a kernel only after it has given the same bits as the portable one, once per process.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/kernels/MacKernels.h"

#include <cstring>
#include <vector>

namespace slp::exec {

extern const MacKernels macKernelsPortable;
#ifdef SLP_EXEC_X86_KERNELS
extern const MacKernels macKernelsAvx2;
extern const MacKernels macKernelsAvx512;
#endif

namespace {

/// A small problem with FP8-like values of all magnitudes, zeros and ragged sizes.
class SelfTest {
public:
  SelfTest() : x(pixels * 64 + 256), w(blocks * taps * macBlock * macLanes) {
    fill(x);
    fill(w);
    for (int p = 0; p < pixels; ++p) {
      accOffset[p] = p * macLanes;
      xOffset[p] = p * 13;
    }
  }

  bool agrees(const MacKernels &kernels) const {
    for (int count : {1, 5, pixels}) {
      MacEvents a, b;
      if (run(kernels, count, false, a) != run(macKernelsPortable, count, false, b) ||
          run(kernels, count, true, a) != run(macKernelsPortable, count, true, b) ||
          a.saturation != b.saturation || a.underflow != b.underflow)
        return false;
    }
    return true;
  }

private:
  static constexpr int pixels = 29, blocks = 3, taps = 2;

  /// 1-5-2 numbers with gradual underflow; an eighth of them zero.
  static void fill(std::vector<float> &values) {
    uint32_t state = 12345;
    for (float &v : values) {
      state = state * 1664525u + 1013904223u;
      uint32_t code = state >> 24;
      v = state & 0x700 ? num::decode(num::asuFp8, code) : 0.0f;
    }
  }

  /// The accumulators' bits after the loop.
  std::vector<uint32_t> run(const MacKernels &kernels, int count, bool rounds,
                            MacEvents &events) const {
    std::vector<float> acc(pixels * macLanes, 0.0f);
    MacTap tap[taps] = {{0, 0}, {9, macBlock * macLanes}};
    MacLoop loop;
    loop.acc = acc.data();
    loop.x = x.data();
    loop.w = w.data();
    loop.accOffset = accOffset;
    loop.xOffset = xOffset;
    loop.pixels = count;
    loop.taps = tap;
    loop.numTaps = taps;
    loop.blocks = blocks;
    loop.xBlock = 40;
    loop.wBlock = taps * macBlock * macLanes;
    loop.lastTerms = 5;
    if (rounds)
      kernels.fp16(loop, &events);
    else
      kernels.f32(loop);
    std::vector<uint32_t> bits(acc.size());
    std::memcpy(bits.data(), acc.data(), acc.size() * sizeof(float));
    return bits;
  }

  std::vector<float> x, w;
  int32_t accOffset[pixels], xOffset[pixels];
};

} // namespace

const MacKernels &macKernels([[maybe_unused]] num::HostPath path) {
#ifdef SLP_EXEC_X86_KERNELS
  if (path == num::HostPath::avx512) {
    static const bool isTrusted = SelfTest().agrees(macKernelsAvx512);
    return isTrusted ? macKernelsAvx512 : macKernelsPortable;
  }
  if (path == num::HostPath::avx2) {
    static const bool isTrusted = SelfTest().agrees(macKernelsAvx2);
    return isTrusted ? macKernelsAvx2 : macKernelsPortable;
  }
#endif
  return macKernelsPortable;
}

} // namespace slp::exec
