//===- TrainStateOps.h - parameters and optimizer state ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSTATEOPS_H
#define DIALECTS_TRAIN_TRAINSTATEOPS_H

#include "dialects/Train/TrainDialect.h"

#include "mlir/IR/BuiltinAttributeInterfaces.h"

namespace slp::train {

/// Values that are IR: the most bytes of a constant or an initial value that are not all the same,
/// and of a frozen state's.
constexpr int64_t maxInlineBytes = 4096, maxFrozenBytes = 1 << 20;

} // namespace slp::train

#define GET_OP_CLASSES
#include "dialects/Train/TrainStateOps.h.inc"

#endif // DIALECTS_TRAIN_TRAINSTATEOPS_H
