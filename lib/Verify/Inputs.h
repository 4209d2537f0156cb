//===- Inputs.h - inputs of a step ------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The same values for the simulator and the reference: from a data set, or drawn at random.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_VERIFY_INPUTS_H
#define LIB_VERIFY_INPUTS_H

#include "slp/Verify/Verify.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace slp::verify {

/// The inputs of the `step`-th run (from 0) of `function`, by name. With data: batch `step` of the
/// train split, for @eval of the test split if there is one. Without: multiples of 1/64 in [-1, 1],
/// one in four zero, labels of all classes and the one that does not count, and indices of all
/// places, counted from either end. Values are rounded to the argument's format. Has reported an
/// error if it fails.
mlir::FailureOr<reference::NamedTensors> makeInputs(mlir::func::FuncOp function,
                                                    const image::Image &image, int step,
                                                    const Options &options);

} // namespace slp::verify

#endif // LIB_VERIFY_INPUTS_H
