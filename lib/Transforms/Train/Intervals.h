//===- Intervals.h - between which numbers the elements of a value lie ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Whether a logarithm, a quotient or a root can come near zero, for train-stabilize-composites.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_INTERVALS_H
#define LIB_TRANSFORMS_TRAIN_INTERVALS_H

#include "mlir/IR/Value.h"

#include <limits>

namespace slp {

/// low <= element <= high, for real numbers; infinite where nothing is known.
struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  /// Whether an element can be nearer to zero than `distance`.
  bool reaches(double distance) const { return low < distance && high > -distance; }
};

/// What the ops that make a `train` value say of its elements; looks a limited number of ops back.
Interval intervalOf(mlir::Value value);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_INTERVALS_H
