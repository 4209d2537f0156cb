//===- RowSum.h - the vector unit's sum of a row ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `row_sum` of docs/numerics.md §5, the one order in which the vector unit adds a row.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_NUM_ROWSUM_H
#define RUNTIME_NUM_ROWSUM_H

#include <cstddef>

namespace slp::num {

/// The FP32 sum of v[0..n) in 16 lanes and a fixed tree; +0 for n = 0, never -0.
float rowSum(const float *v, size_t n);

} // namespace slp::num

#endif // RUNTIME_NUM_ROWSUM_H
