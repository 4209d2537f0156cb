//===- GradientCases.h - small graphs for each op that has a gradient -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The table of DifferencesTest. To test the gradient of a new op, add a line to GradientCases.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_REFERENCE_GRADIENTCASES_H
#define TEST_UNIT_REFERENCE_GRADIENTCASES_H

#include "mlir/IR/Builders.h"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace slp::reference {

/// What the elements of an input are, unless they are given: in (-2, 2), or in (0.25, 2.25).
enum class Draw { any, positive };

struct Input {
  llvm::SmallVector<int64_t> shape;
  Draw draw = Draw::any;
  std::vector<double> values = {}; // empty: drawn
  bool isHeld = false;             // no gradient is asked for
  bool isIndex = false;            // i32: labels, indices
};

struct GradientCase {
  std::string op; // without "train."
  std::vector<Input> inputs;
  /// Makes the op under test, and before it what it needs; null after an error.
  std::function<mlir::Operation *(mlir::OpBuilder &, llvm::ArrayRef<mlir::Value>)> build;
  unsigned result = 0;  // the one that is differentiated
  bool hasSlope = true; // whether gradients are other than zero
  bool isLoss = false;  // starts with train.seed instead of a drawn dy
  double tolerance = 1e-7;
};

inline void PrintTo(const GradientCase &c, std::ostream *os) { *os << c.op; }

std::vector<GradientCase> gradientCases();

} // namespace slp::reference

#endif // TEST_UNIT_REFERENCE_GRADIENTCASES_H
