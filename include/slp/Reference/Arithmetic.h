//===- Arithmetic.h - the definitions of docs/numerics.md, written out ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding, row sums, exp and log, transcribed from the text with frexp, ldexp and floor. Shares
// nothing with runtime/num: the two are compared. Called by the reference's kernels.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_REFERENCE_ARITHMETIC_H
#define SLP_REFERENCE_ARITHMETIC_H

#include "dialects/Num/NumDialect.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace slp::reference {

/// The largest finite value of a format (docs/numerics.md §1).
double maxFinite(num_ir::FloatType format);

/// docs/numerics.md §2: `x` as a number of `format`. NaN gives +0, too large a magnitude the
/// largest finite one; the result is never -0. `random` is the 32-bit number of `stochastic`.
double roundTo(double x, num_ir::FloatType format, num_ir::Rounding mode, uint32_t random = 0);

/// The value of a code (docs/numerics.md §1), -0 read as +0. False if the format has no such
/// code or never produces it. Inf and NaN of an `ieee` format are numbers of that kind.
bool decode(uint32_t code, num_ir::FloatType format, double &value);

/// Turns an FP32 result of -0 into +0, as every store does (docs/numerics.md §5).
inline float positiveZero(float x) { return x == 0.0f ? 0.0f : x; }

/// Stores FP32 results to one element type, rounding once (docs/numerics.md §5).
class Store {
public:
  /// `element` is f32, or a !num.float to round to by `mode`.
  Store(mlir::Type element, num_ir::Rounding mode)
      : format(llvm::dyn_cast<num_ir::FloatType>(element)), mode(mode) {}
  float operator()(float x) const {
    return format ? static_cast<float>(roundTo(x, format, mode)) : positiveZero(x);
  }

private:
  num_ir::FloatType format; // null: f32
  num_ir::Rounding mode;
};

/// docs/numerics.md §5: sixteen lanes, then halving, in FP32.
float rowSum(llvm::ArrayRef<float> row);

/// docs/numerics.md §6.
float expOf(float x);
float logOf(float x);
float tanhOf(float x);
float sigmoidOf(float x);
float erfOf(float x);
/// For x <= 0.
float expm1Of(float x);
/// For 0 <= e <= 1.
float log1pOf(float e);
float powOf(float a, float b);

} // namespace slp::reference

#endif // SLP_REFERENCE_ARITHMETIC_H
