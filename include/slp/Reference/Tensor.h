//===- Tensor.h - values of a train tensor ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the reference computes with: plain FP32 numbers, in which every storage format embeds. Tests
// of gradients evaluate in double precision.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_REFERENCE_TENSOR_H
#define SLP_REFERENCE_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace slp::reference {

/// A tensor in row-major order. Labels (i32) and pooling indices (u8) are whole numbers.
template <typename Real> struct TensorOf {
  TensorOf() = default;
  /// All elements +0.
  explicit TensorOf(llvm::ArrayRef<int64_t> shape) : shape(shape.begin(), shape.end()) {
    int64_t count = 1;
    for (int64_t extent : shape)
      count *= extent;
    values.assign(count, Real(0));
  }

  int64_t dim(unsigned i) const { return shape[i]; }
  Real &operator[](int64_t linear) { return values[linear]; }
  Real operator[](int64_t linear) const { return values[linear]; }
  /// Row-major index of (a, b, c, d) in a tensor of rank 4.
  int64_t at(int64_t a, int64_t b, int64_t c, int64_t d) const {
    return ((a * shape[1] + b) * shape[2] + c) * shape[3] + d;
  }

  llvm::SmallVector<int64_t> shape;
  std::vector<Real> values;
};

using Tensor = TensorOf<float>;

} // namespace slp::reference

#endif // SLP_REFERENCE_TENSOR_H
