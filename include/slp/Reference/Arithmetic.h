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

#include <cmath>
#include <cstdint>

namespace slp::reference {

/// The largest finite value of a format (docs/numerics.md §1).
double maxFinite(num_ir::FloatType format);

/// docs/numerics.md §2: `x` as a number of `format`. NaN gives +0, too large a magnitude the
/// largest finite one; the result is never -0. `random` is the 32-bit number of `stochastic`.
double roundTo(double x, num_ir::FloatType format, num_ir::Rounding mode, uint32_t random = 0);

/// Whether rounding `x` so is counted as saturation or invalid (docs/numerics.md §2, §10).
bool saturates(double x, num_ir::FloatType format, num_ir::Rounding mode, uint32_t random = 0);

/// The value of a code (docs/numerics.md §1), -0 read as +0. False if the format has no such
/// code or never produces it. Inf and NaN of an `ieee` or `nan` format are numbers of that kind.
bool decode(uint32_t code, num_ir::FloatType format, double &value);

/// Whether x is a finite value of the format.
bool isValue(double x, num_ir::FloatType format);

/// Turns a result of -0 into +0, as every store does (docs/numerics.md §5).
template <typename Real> Real positiveZero(Real x) { return x == 0 ? Real(0) : x; }

/// docs/numerics.md §7: the first word of Philox-4x32-10 for a key and the counter (c0, c1, c2, 0).
uint32_t philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t k0, uint32_t k1);

/// Stores results to one element type, rounding once (docs/numerics.md §5).
template <typename Real> class StoreOf {
public:
  /// `element` is f32, or a format to round to by `mode`; of a mixed type that is the wider one.
  /// Stochastic rounding takes the numbers of the tensor's stream and the number of the run.
  /// Roundings that saturate are added to `saturations`, if it is not null.
  StoreOf(mlir::Type element, num_ir::Rounding mode, uint32_t stream = 0, uint32_t run = 0,
          uint64_t *saturations = nullptr)
      : format(num_ir::storageFormat(element)), mode(mode), stream(stream), run(run),
        saturations(saturations) {}
  /// The stored value of the element with this row-major index.
  Real operator()(Real x, int64_t index) const;
  /// The same for an element that only changes its place: a value of the format stays.
  Real moved(Real x, int64_t index) const;

private:
  num_ir::FloatType format; // null: f32
  num_ir::Rounding mode;
  uint32_t stream, run;
  uint64_t *saturations;
};

using Store = StoreOf<float>;

/// docs/numerics.md §5: sixteen lanes, then halving, in FP32.
float rowSum(llvm::ArrayRef<float> row);
double rowSum(llvm::ArrayRef<double> row);

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

/// The same functions in double precision, by the host's library: for tests, which compare what
/// they find with a tolerance. No result of a step rests on them.
inline double expOf(double x) { return std::exp(x); }
inline double logOf(double x) { return std::log(x); }
inline double tanhOf(double x) { return std::tanh(x); }
inline double sigmoidOf(double x) { return 1 / (1 + std::exp(-x)); }
inline double erfOf(double x) { return std::erf(x); }
inline double expm1Of(double x) { return std::expm1(x); }
inline double log1pOf(double e) { return std::log1p(e); }
inline double powOf(double a, double b) { return std::pow(a, b); }

} // namespace slp::reference

#endif // SLP_REFERENCE_ARITHMETIC_H
