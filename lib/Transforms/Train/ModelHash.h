//===- ModelHash.h - tells whether two modules are the same network ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What ties a profile to its model: AssignPrecision.cpp notes the hash in the IR, from where it
// goes into the image and into the profile of a run; Sensitivity.cpp compares.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_MODELHASH_H
#define LIB_TRANSFORMS_TRAIN_MODELHASH_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace slp {

/// Of what the forward pass and the loss of a module of stage differentiate compute: parameters by
/// name and shape; ops in order, with their ONNX nodes, attributes, operands, and the shapes of
/// results without the first dimension. The values of parameters, the batch and the optimizer do
/// not matter. XXH3 of 64 bits, as 16 hexadecimal digits.
std::string modelHash(mlir::ModuleOp module);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_MODELHASH_H
