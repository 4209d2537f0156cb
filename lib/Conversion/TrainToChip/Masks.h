//===- Masks.h - tensors that may saturate on purpose -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by TrainToChip.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_TRAINTOCHIP_MASKS_H
#define LIB_CONVERSION_TRAINTOCHIP_MASKS_H

#include "mlir/IR/BuiltinOps.h"

namespace slp {

/// The names of tensors and states of `module` in which what saturates is a probability of 0 either
/// way (docs/slp-sim.md, "Numbers that do not fit"): {mask = [masks of softmaxes], scores = [scores
/// under a mask, where that is so downwards only]}. Sorted; what there is not is absent.
mlir::DictionaryAttr masksOf(mlir::ModuleOp module);

} // namespace slp

#endif // LIB_CONVERSION_TRAINTOCHIP_MASKS_H
