//===- Coordinate.h - coordinates that the sequencer can compute ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_CHIPTOMACH_COORDINATE_H
#define LIB_CONVERSION_CHIPTOMACH_COORDINATE_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace slp {

/// An index that is a constant, or affine in one induction variable or in what was read.
struct Coordinate {
  mlir::Value variable;
  int64_t factor = 0, constant = 0;
};

/// What an index is; an error on `op` for another.
mlir::FailureOr<Coordinate> coordinateOf(mlir::Operation *op, mlir::Value value);

} // namespace slp

#endif // LIB_CONVERSION_CHIPTOMACH_COORDINATE_H
