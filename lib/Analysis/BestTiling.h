//===- BestTiling.h - the tiling of a nest with the least cycles ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Searches the grid of TileSpace.h by the costs of CostModel.h, and remembers the answers, so that
// passes may ask as often as they like. docs/tiling.md says how it searches and how well.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_BESTTILING_H
#define LIB_ANALYSIS_BESTTILING_H

#include "lib/Analysis/CostModel.h"
#include "lib/Analysis/TileSpace.h"

#include "llvm/ADT/StringMap.h"

#include <memory>
#include <optional>

namespace slp {

struct TilingChoice {
  chip_ir::Tiling tiling;
  NestEstimate estimate;
  std::optional<double> runnerUp; // cycles of the best that is another tiling
  /// By buffer: bytes of bursts beyond its elements, in the whole nest.
  std::vector<double> wasted;
};

/// Answers for one chip, which outlives it.
class BestTilings {
public:
  explicit BestTilings(const chip::Chip &chip) : chip(chip), costs(chip) {}

  /// The tiling of the least estimated cycles that was found within these capacities, or one as
  /// good within half of them. `places` are those of the nest's buffers. Fails, with an error at
  /// the nest, on a wish that no tiling has, or if not even the smallest tiles fit.
  ///
  /// Nests that differ in names and attributes for others alone have one answer.
  mlir::FailureOr<TilingChoice> bestTiling(const chip_ir::NestView &nest,
                                           const BufferPlaces &places, const TileWish &wish,
                                           const Capacities &capacities);

  /// A quick answer, to compare nests by: of all the memory, of fewer candidates, without a wish,
  /// and without an error if nothing fits.
  std::optional<TilingChoice> find(const chip_ir::NestView &nest, const BufferPlaces &places,
                                   int64_t cores, const Capacities &capacities);

  const ChipCosts &getCosts() const { return costs; }
  /// How many different questions there were.
  size_t size() const { return answers.size(); }

private:
  std::optional<TilingChoice> search(const chip_ir::NestView &nest, const BufferPlaces &places,
                                     const TileSpace &space, const Capacities &capacities,
                                     bool isQuick);

  const chip::Chip &chip;
  ChipCosts costs;
  // By all that they depend on.
  llvm::StringMap<std::optional<TilingChoice>> answers, quickAnswers;
};

/// The best of all tilings of the grid; for tests, as it takes a long time.
std::optional<TilingChoice> bestOfAll(const TileSpace &space, CostModel &model,
                                      const Capacities &capacities);

} // namespace slp

#endif // LIB_ANALYSIS_BESTTILING_H
