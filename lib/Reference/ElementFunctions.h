//===- ElementFunctions.h - elementwise functions by definition -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_REFERENCE_ELEMENTFUNCTIONS_H
#define LIB_REFERENCE_ELEMENTFUNCTIONS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace slp::reference {

/// The result, before rounding, of one element of each operand and the op's numbers in order.
template <typename Real>
using ElementFunction = Real (*)(const Real *operands, const Real *numbers);

/// The function of a train op without its dialect ("tanh"), or null. Of `float`, the definition,
/// and of `double`.
template <typename Real> ElementFunction<Real> findElementFunction(llvm::StringRef name);

/// All names that findElementFunction knows.
llvm::SmallVector<llvm::StringRef> elementFunctionNames();

} // namespace slp::reference

#endif // LIB_REFERENCE_ELEMENTFUNCTIONS_H
