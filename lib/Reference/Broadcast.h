//===- Broadcast.h - operands that serve several coordinates ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For kernels of ops whose operands may have extent 1 where the result has more.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_REFERENCE_BROADCAST_H
#define LIB_REFERENCE_BROADCAST_H

#include "slp/Reference/Tensor.h"

namespace slp::reference {

/// The coordinates of the `linear`-th element in row-major order.
inline llvm::SmallVector<int64_t> coordinatesOf(int64_t linear, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> at(shape.size());
  for (size_t d = shape.size(); d-- > 0; linear /= shape[d])
    at[d] = linear % shape[d];
  return at;
}

/// The linear index of the element of `shape` that serves the coordinates `at`.
inline int64_t servingIndex(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> at) {
  int64_t linear = 0;
  for (size_t d = 0; d < shape.size(); ++d)
    linear = linear * shape[d] + (shape[d] == 1 ? 0 : at[d]);
  return linear;
}

/// The element of `t` that serves the coordinates `at`.
template <typename Real> Real valueAt(const TensorOf<Real> &t, llvm::ArrayRef<int64_t> at) {
  return t[servingIndex(t.shape, at)];
}

} // namespace slp::reference

#endif // LIB_REFERENCE_BROADCAST_H
