//===- RowSum.cpp - the vector unit's sum of a row --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Sixteen lanes, then halving; called by the vector unit.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/num/RowSum.h"

namespace slp::num {

float rowSum(const float *v, size_t n) {
  constexpr size_t lanes = 16;
  float lane[lanes] = {};
  size_t whole = n - n % lanes;
  for (size_t i = 0; i < whole; i += lanes)
    for (size_t j = 0; j < lanes; ++j)
      lane[j] += v[i + j];
  for (size_t j = 0; j < n - whole; ++j)
    lane[j] += v[whole + j];
  for (size_t h = lanes / 2; h > 0; h /= 2)
    for (size_t j = 0; j < h; ++j)
      lane[j] += lane[j + h];
  return lane[0];
}

} // namespace slp::num
