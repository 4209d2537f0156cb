//===- Functions.h - functions of real numbers, defined to the bit ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §6, beyond exp and log. The vector unit's elementwise instructions use them; the
// host's libm is never asked. NaN gives NaN everywhere.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_NUM_FUNCTIONS_H
#define RUNTIME_NUM_FUNCTIONS_H

namespace slp::num {

/// tanh(x), relative error below 4e-7.
float tanh(float x);
/// 1 / (1 + e^-x), relative error below 4e-7 above -87, +0 below.
float sigmoid(float x);
/// The error function, absolute error below 2e-7.
float erf(float x);
/// e^x - 1 for x <= 0, relative error below 1e-6.
float expm1(float x);
/// log(1 + e) for 0 <= e <= 1, relative error below 3e-7.
float log1p(float e);
/// a^b. Exponents that are whole numbers of at most 64 by squaring, others through exp and log. Of
/// a negative number: NaN unless b is whole.
float pow(float a, float b);

} // namespace slp::num

#endif // RUNTIME_NUM_FUNCTIONS_H
