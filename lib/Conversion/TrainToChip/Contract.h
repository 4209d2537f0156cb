//===- Contract.h - which tensors are loss, logits and labels ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by TrainToChip.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_TRAINTOCHIP_CONTRACT_H
#define LIB_CONVERSION_TRAINTOCHIP_CONTRACT_H

#include "mlir/IR/BuiltinOps.h"

namespace slp {

/// What the arguments and results of the functions of `module` are for (TrainContract.h), by the
/// names of their tensors: {loss, eval_loss, logits = {name, shape, class_axis}, labels, targets,
/// label_inputs = {NAME = {classes, ignore}}, index_inputs = {NAME = sizes}}; what there is not is
/// absent.
mlir::DictionaryAttr contractOf(mlir::ModuleOp module);

} // namespace slp

#endif // LIB_CONVERSION_TRAINTOCHIP_CONTRACT_H
