//===- NestCosts.h - cycles of nests whose tensors have no place yet --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What chip-fuse-nests and chip-choose-layouts ask: how long a nest takes with the tiling that is
// best for it, and with those tensors on the chip that could stay there in the module as it was.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_NESTCOSTS_H
#define LIB_ANALYSIS_NESTCOSTS_H

#include "lib/Analysis/BestTiling.h"
#include "lib/Analysis/HomePlan.h"

#include "llvm/ADT/DenseMap.h"

namespace slp {

class NestCosts {
public:
  /// `cores`: how many may be used; 0: all of the chip, which outlives this. `keeps`: whether
  /// tensors may stay on the chip.
  NestCosts(mlir::ModuleOp module, const chip::Chip &chip, int64_t cores, bool keeps);

  /// The choice for a nest, or for what is to take its place beside the same tensors that stay;
  /// nothing if no tiles fit.
  std::optional<TilingChoice> choiceFor(chip_ir::NestOp nest, chip_ir::NestOp place);
  /// Its cycles.
  std::optional<double> cyclesOf(chip_ir::NestOp nest, chip_ir::NestOp place);
  /// Whether a tensor that could stay on the chip could not any more, for nobody, with a nest in
  /// place of another.
  bool expels(chip_ir::NestOp nest, chip_ir::NestOp place) const;
  /// Notes that a nest has taken the place of another.
  void replace(chip_ir::NestOp nest, chip_ir::NestOp by);
  const HomePlan &getHomes() const { return homes; }

private:
  mlir::ModuleOp module;
  const chip::Chip &chip;
  int64_t cores;
  HomePlan homes;
  BestTilings best;
  llvm::DenseMap<mlir::Operation *, Room> rooms;
};

} // namespace slp

#endif // LIB_ANALYSIS_NESTCOSTS_H
