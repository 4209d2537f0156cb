//===- MacAvx512.cpp - MAC loops with AVX-512 -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiled with AVX-512 switched on; called only where the host has it (Select.cpp).
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/kernels/MacLoops.h"

#include <immintrin.h>

namespace slp::exec {
namespace {

struct Avx512 {
  __m512 v;

  static Avx512 load(const float *p) { return {_mm512_loadu_ps(p)}; }
  void store(float *p) const { _mm512_storeu_ps(p, v); }
  void fma(float a, const Avx512 &w) { v = _mm512_fmadd_ps(_mm512_set1_ps(a), w.v, v); }

  /// Below the smallest normal number 2^-14 the sum is moved up by it, so that the spacing becomes
  /// that of the subnormals; the multiples of 2^-37 that arrive here survive the move exactly.
  /// Adding half a spacing to the bits and cutting rounds half away, carries included.
  Avx512 roundedHalfAway() const {
    const __m512i signBit = _mm512_set1_epi32(int(0x80000000u));
    const __m512 minNormal = _mm512_set1_ps(0x1p-14f);
    __m512i sign = _mm512_and_si512(_mm512_castps_si512(v), signBit);
    __m512 magnitude = _mm512_castsi512_ps(_mm512_andnot_si512(signBit, _mm512_castps_si512(v)));
    __mmask16 small = _mm512_cmp_ps_mask(magnitude, minNormal, _CMP_LT_OQ);
    __m512 moved = _mm512_mask_add_ps(magnitude, small, magnitude, minNormal);
    __m512i bits = _mm512_add_epi32(_mm512_castps_si512(moved), _mm512_set1_epi32(0x1000));
    __m512 cut = _mm512_castsi512_ps(_mm512_and_si512(bits, _mm512_set1_epi32(~0x1fff)));
    cut = _mm512_mask_sub_ps(cut, small, cut, minNormal);
    cut = _mm512_min_ps(cut, _mm512_set1_ps(131008.0f));
    __m512 result = _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(cut), sign));
    return {_mm512_add_ps(result, _mm512_setzero_ps())};
  }

  static void countEvents(const Avx512 &sum, const Avx512 &rounded, MacEvents &events) {
    __m512 magnitude = _mm512_abs_ps(sum.v);
    // The first magnitude that rounds above 131008 is half a spacing further.
    __mmask16 over = _mm512_cmp_ps_mask(magnitude, _mm512_set1_ps(131040.0f), _CMP_GE_OQ);
    __mmask16 gone = _mm512_cmp_ps_mask(rounded.v, _mm512_setzero_ps(), _CMP_EQ_OQ) &
                     _mm512_cmp_ps_mask(magnitude, _mm512_setzero_ps(), _CMP_GT_OQ);
    events.saturation += uint64_t(__builtin_popcount(over));
    events.underflow += uint64_t(__builtin_popcount(gone));
  }
  static Avx512 zero() { return {_mm512_setzero_ps()}; }
  Avx512 ones() const {
    return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ),
                                _mm512_set1_ps(1.0f))};
  }
  uint32_t nonZero() const { return _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_NEQ_UQ); }
};

} // namespace

extern const MacKernels macKernelsAvx512;
const MacKernels macKernelsAvx512 = {
    num::HostPath::avx512, macF32<Avx512, 12>,    macFp16<Avx512, 12>,   macRoundFp16<Avx512>,
    macCountColumns,       macCountTerms<Avx512>, macMarkNonZero<Avx512>};

} // namespace slp::exec
