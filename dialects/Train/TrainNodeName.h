//===- TrainNodeName.h - the ONNX node of an op -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Names are kept as locations. Passes name tensors, layers and tasks after them.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINNODENAME_H
#define DIALECTS_TRAIN_TRAINNODENAME_H

#include "mlir/IR/Location.h"

#include <string>

namespace slp::train {

/// The ONNX node of an op: the innermost name of its location; empty if it has none.
inline std::string nodeNameOf(mlir::Location loc) {
  if (auto name = llvm::dyn_cast<mlir::NameLoc>(loc))
    return name.getName().str();
  if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(loc))
    for (mlir::Location part : fused.getLocations())
      if (std::string name = nodeNameOf(part); !name.empty())
        return name;
  return "";
}

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINNODENAME_H
