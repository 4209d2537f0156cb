//===- Passes.h - conversion passes -----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_CONVERSION_PASSES_H
#define SLP_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace slp {

#define GEN_PASS_DECL
#include "slp/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "slp/Conversion/Passes.h.inc"

} // namespace slp

#endif // SLP_CONVERSION_PASSES_H
