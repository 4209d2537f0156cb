//===- EraseUnread.h - erase what a rewrite leaves unread -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For rewrites of the forward graph: FusePatterns.cpp, StabilizeComposites.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_ERASEUNREAD_H
#define LIB_TRANSFORMS_TRAIN_ERASEUNREAD_H

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace slp {

/// Erases `op` if nobody reads it and it does nothing else, then what only it read.
inline void eraseUnread(mlir::Operation *op) {
  llvm::SmallSetVector<mlir::Operation *, 8> left;
  if (op)
    left.insert(op);
  while (!left.empty()) {
    mlir::Operation *next = left.pop_back_val();
    if (!mlir::isOpTriviallyDead(next))
      continue;
    for (mlir::Value operand : next->getOperands())
      if (mlir::Operation *def = operand.getDefiningOp())
        left.insert(def);
    next->erase();
  }
}

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_ERASEUNREAD_H
