//===- ExpLog.h - exp and log, defined to the bit ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md §6. The vector unit's softmax and cross entropy use them; the host's libm is
// never asked.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_NUM_EXPLOG_H
#define RUNTIME_NUM_EXPLOG_H

namespace slp::num {

/// e^x in FP32: +0 below -87, the value at 88 above 88. NaN gives NaN.
float exp(float x);

/// The natural logarithm in FP32 of a normal x > 0; anything below 2^-126 gives -88. +Inf and NaN
/// give themselves.
float log(float x);

} // namespace slp::num

#endif // RUNTIME_NUM_EXPLOG_H
