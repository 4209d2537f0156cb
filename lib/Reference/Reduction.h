//===- Reduction.h - sums over dimensions by definition ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §5. Used by the kernels of reductions, of biases and of a
// normalisation's gradient.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_REFERENCE_REDUCTION_H
#define LIB_REFERENCE_REDUCTION_H

#include "slp/Reference/Tensor.h"

namespace slp::reference {

/// Sums of `terms` over `axes` (ascending), with extent 1 there: for the reduced coordinates in
/// row-major order, pieces of 4096 elements of the last dimension, if it is reduced, by row_sum.
template <typename Real>
TensorOf<Real> sumOver(const TensorOf<Real> &terms, llvm::ArrayRef<int64_t> axes);

/// channel_sum of docs/numerics.md §5 for each channel of `terms`, of rank 2 or more.
template <typename Real> std::vector<Real> channelSums(const TensorOf<Real> &terms);

} // namespace slp::reference

#endif // LIB_REFERENCE_REDUCTION_H
