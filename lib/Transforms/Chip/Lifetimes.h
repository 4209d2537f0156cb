//===- Lifetimes.h - when tensors in DRAM hold something
//---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_LIFETIMES_H
#define LIB_TRANSFORMS_CHIP_LIFETIMES_H

#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/TensorOp.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace slp {

/// The tasks of a function from the first that stores a tensor to the last that uses it, counted in
/// program order.
struct Lifetime {
  size_t first, last;
  bool overlaps(const Lifetime &other) const { return first <= other.last && other.first <= last; }
};

/// When the tensors of a module are alive. A tensor of role temp passes if each function that names
/// it stores it before it loads it, as then nothing of it is left when the function ends or begins.
/// Others are always alive, and so are compressed ones, since a store reads the blocks that it
/// rewrites, and what the sequencer reads, which the host reads, too.
class Lifetimes {
public:
  explicit Lifetimes(mlir::ModuleOp module);

  bool passes(chip_ir::TensorOp tensor) const { return byFunction.count(tensor) != 0; }
  /// Whether two tensors may lie in the same bytes.
  bool canShare(chip_ir::TensorOp one, chip_ir::TensorOp other) const;
  /// What no placement can fall below: the bytes of those always alive, and of those that are alive
  /// in the task where most are. `bytesOf`: what a tensor takes.
  int64_t leastBytes(mlir::ModuleOp module,
                     llvm::function_ref<int64_t(chip_ir::TensorOp)> bytesOf) const;

private:
  /// Of those that pass: by function, in module order; nothing where it is not named.
  llvm::MapVector<mlir::Operation *, llvm::SmallVector<std::optional<Lifetime>>> byFunction;
  llvm::SmallVector<size_t> tasks; // by function: how many
};

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_LIFETIMES_H
