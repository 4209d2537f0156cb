//===- MacAvx2.cpp - MAC loops with AVX2 and FMA ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiled with AVX2 and FMA switched on; called only where the host has them (Select.cpp).
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/kernels/MacLoops.h"

#include <immintrin.h>

namespace slp::exec {
namespace {

/// Rounds 8 lanes; see Avx512::roundedHalfAway for why this is right.
__m256 roundHalfAway(__m256 v) {
  const __m256 signBit = _mm256_set1_ps(-0.0f);
  const __m256 minNormal = _mm256_set1_ps(0x1p-14f);
  __m256 sign = _mm256_and_ps(v, signBit);
  __m256 magnitude = _mm256_andnot_ps(signBit, v);
  __m256 shift = _mm256_and_ps(_mm256_cmp_ps(magnitude, minNormal, _CMP_LT_OQ), minNormal);
  __m256i bits = _mm256_castps_si256(_mm256_add_ps(magnitude, shift));
  bits = _mm256_and_si256(_mm256_add_epi32(bits, _mm256_set1_epi32(0x1000)),
                          _mm256_set1_epi32(~0x1fff));
  __m256 cut = _mm256_sub_ps(_mm256_castsi256_ps(bits), shift);
  cut = _mm256_min_ps(cut, _mm256_set1_ps(131008.0f));
  return _mm256_add_ps(_mm256_or_ps(cut, sign), _mm256_setzero_ps());
}

int lanesWhere(__m256 mask) { return __builtin_popcount(unsigned(_mm256_movemask_ps(mask))); }

void countHalf(__m256 sum, __m256 rounded, MacEvents &events) {
  __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), sum);
  __m256 over = _mm256_cmp_ps(magnitude, _mm256_set1_ps(131040.0f), _CMP_GE_OQ);
  __m256 gone = _mm256_and_ps(_mm256_cmp_ps(rounded, _mm256_setzero_ps(), _CMP_EQ_OQ),
                              _mm256_cmp_ps(magnitude, _mm256_setzero_ps(), _CMP_GT_OQ));
  events.saturation += uint64_t(lanesWhere(over));
  events.underflow += uint64_t(lanesWhere(gone));
}

struct Avx2 {
  __m256 lo, hi;

  static Avx2 load(const float *p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  void store(float *p) const {
    _mm256_storeu_ps(p, lo);
    _mm256_storeu_ps(p + 8, hi);
  }
  void fma(float a, const Avx2 &w) {
    __m256 x = _mm256_set1_ps(a);
    lo = _mm256_fmadd_ps(x, w.lo, lo);
    hi = _mm256_fmadd_ps(x, w.hi, hi);
  }
  Avx2 roundedHalfAway() const { return {roundHalfAway(lo), roundHalfAway(hi)}; }
  static void countEvents(const Avx2 &sum, const Avx2 &rounded, MacEvents &events) {
    countHalf(sum.lo, rounded.lo, events);
    countHalf(sum.hi, rounded.hi, events);
  }
  static Avx2 zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  Avx2 ones() const {
    __m256 none = _mm256_setzero_ps(), one = _mm256_set1_ps(1.0f);
    return {_mm256_and_ps(_mm256_cmp_ps(lo, none, _CMP_NEQ_UQ), one),
            _mm256_and_ps(_mm256_cmp_ps(hi, none, _CMP_NEQ_UQ), one)};
  }
  uint32_t nonZero() const {
    __m256 zero = _mm256_setzero_ps();
    int low = _mm256_movemask_ps(_mm256_cmp_ps(lo, zero, _CMP_NEQ_UQ));
    int high = _mm256_movemask_ps(_mm256_cmp_ps(hi, zero, _CMP_NEQ_UQ));
    return uint32_t(low) | uint32_t(high) << 8;
  }
};

} // namespace

extern const MacKernels macKernelsAvx2;
const MacKernels macKernelsAvx2 = {num::HostPath::avx2, macF32<Avx2, 6>, macFp16<Avx2, 6>,
                                   macRoundFp16<Avx2>,  macCountColumns, macCountTerms<Avx2>,
                                   macMarkNonZero<Avx2>};

} // namespace slp::exec
