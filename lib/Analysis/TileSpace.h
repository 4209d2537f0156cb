//===- TileSpace.h - the tilings that a nest may have on a chip -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The finite grid of docs/tiling.md, and what makes one of its tilings legal: the loops (granules,
// reductions inside in the order of accumulation), and the memories. Any legal tiling gives the
// same bits. Asked by BestTiling.h and chip-choose-tiles.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_ANALYSIS_TILESPACE_H
#define LIB_ANALYSIS_TILESPACE_H

#include "dialects/Chip/ChipNest.h"
#include "runtime/chips/Chip.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace slp {

/// Bytes that the buffers of a nest may take: of each core's scratchpad and of one of its two
/// accumulator banks, and of the shared buffer.
struct Capacities {
  int64_t scratchpad = 0, accumulatorBank = 0, shared = 0;

  static Capacities of(const chip::Chip &chip) {
    return {chip.structure.scratchpadBytes, chip.structure.accBankBytes,
            chip.structure.sharedBytes};
  }
  /// Those that are left to a nest beside what stays in the shared buffer.
  static Capacities of(const chip::Chip &chip, chip_ir::NestOp nest) {
    Capacities capacities = of(chip);
    if (std::optional<mlir::ArrayRef<int64_t>> room = nest.getRoom())
      capacities.shared = (*room)[1] - (*room)[0];
    return capacities;
  }
  /// With half of the scratchpads and of the shared buffer, so that another nest has the rest
  /// (decision 0040).
  Capacities half() const { return {scratchpad / 2, accumulatorBank, shared / 2}; }
};

/// What a user or a test asks of a nest's tiling.
struct TileWish {
  int64_t cores = 0; // 0: all of the chip
  /// Loop names outermost first, or none; and sizes by name.
  mlir::SmallVector<std::string> order;
  mlir::SmallVector<std::pair<std::string, int64_t>> sizes;
};

/// The tilings of one nest. It keeps references to what it is made of.
class TileSpace {
public:
  /// Fails, with an error at the nest, on a wish that no tiling of it has.
  static mlir::FailureOr<TileSpace> create(const chip_ir::NestView &nest, const chip::Chip &chip,
                                           const TileWish &wish);

  //===--------------------------------------------------------------------------------------===//
  // The grid
  //===--------------------------------------------------------------------------------------===//

  /// Tile sizes of a loop, descending: those that cut it in 1, 2, 3, 4, 6, 8, 12, 16, ... parts of
  /// nearly the same size, and of a loop on PEs or columns the next multiples of their number. A
  /// loop that is split over cores has a part for each of some, or so many for each of all.
  mlir::ArrayRef<int64_t> sizesOf(unsigned loop, bool isSplit) const {
    return sizes[loop][size_t(isSplit)];
  }
  /// The loops that may be split over the cores; -1 where none can.
  mlir::ArrayRef<int> splits() const { return splitLoops; }
  /// Gives a tiling as many cores as there are, but none without a tile: it would be loaded for
  /// nothing.
  void setCores(chip_ir::Tiling &tiling) const;
  int64_t getCores() const { return cores; }
  /// Orders that differ from this one by one loop, moved in front of or behind the other parallel
  /// ones; empty where the order is wished.
  mlir::SmallVector<mlir::SmallVector<unsigned>> neighbours(mlir::ArrayRef<unsigned> order) const;
  /// Calls f(tiling) for all tilings of the grid that fit, each order of the parallel loops
  /// included. For small nests.
  void forEach(const Capacities &capacities,
               llvm::function_ref<void(const chip_ir::Tiling &)> f) const;
  /// How many tilings the grid has, legal or not.
  double size() const;

  //===--------------------------------------------------------------------------------------===//
  // Legality
  //===--------------------------------------------------------------------------------------===//

  /// Whether loops and memories allow a tiling.
  bool isLegal(const chip_ir::Tiling &tiling, const Capacities &capacities) const;
  /// Bytes beyond the capacities, summed over memories; 0 means that the tiling fits. `full` gets a
  /// line for each memory that it does not fit.
  int64_t excess(const chip_ir::Tiling &tiling, const Capacities &capacities,
                 mlir::SmallVectorImpl<std::string> *full = nullptr) const;

  //===--------------------------------------------------------------------------------------===//
  // Tilings to begin with
  //===--------------------------------------------------------------------------------------===//

  /// Which loop is split, how many copies accumulators get, and whether cuts leave no PE without an
  /// output as long as others do.
  struct Start {
    int split = -1;
    int64_t accumulatorSlots = 2;
    bool keepsPes = true;
  };
  mlir::SmallVector<Start> starts() const;
  /// The whole op on all cores, with tiles halved, the cut that helps most first, until everything
  /// fits twice, else once. Nothing if not even the smallest tiles fit.
  std::optional<chip_ir::Tiling> largest(const Start &start, const Capacities &capacities) const;
  /// A legal tiling, drawn: sizes, order, cores, split and copies, and halved until it fits; that
  /// of a start if it never does. Nothing as above.
  std::optional<chip_ir::Tiling> draw(uint64_t seed, const Capacities &capacities) const;
  /// Says, as an error at the nest, what the smallest tiles do not fit.
  void reportMisfit(const Capacities &capacities) const;

  /// Whether the wish says how large a loop's tiles are.
  bool isWished(unsigned loop) const { return wishedSizes[loop] != 0; }
  const chip_ir::NestView &getNest() const { return nest; }
  const chip::Chip &getChip() const { return chip; }

private:
  std::optional<chip_ir::Tiling> drawOnce(uint64_t seed, const Capacities &capacities) const;
  TileSpace(const chip_ir::NestView &nest, const chip::Chip &chip, const TileWish &wish)
      : nest(nest), chip(chip), wish(wish) {}
  mlir::InFlightDiagnostic error() const {
    return emitError(nest.op.getLoc()) << nest.op.getOp() << ": ";
  }
  mlir::LogicalResult readOrder();
  mlir::LogicalResult readSizes();
  void listSizes();
  void listSplits();
  int64_t roundTile(unsigned loop, int64_t tile) const;
  void setWholeSizes(chip_ir::Tiling &tiling) const;
  bool cut(chip_ir::Tiling &tiling, const Capacities &capacities, bool cutLast, bool keepsPes,
           bool keepsWishes) const;
  bool shrink(chip_ir::Tiling &tiling, const Capacities &capacities, bool keepsPes) const;

  const chip_ir::NestView &nest;
  const chip::Chip &chip;
  const TileWish &wish;
  int64_t cores = 1;
  mlir::SmallVector<unsigned> order;      // the wished one, or that of the definition
  mlir::SmallVector<int64_t> wishedSizes; // by loop; 0: none
  mlir::SmallVector<int> splitLoops;
  std::vector<std::array<mlir::SmallVector<int64_t>, 2>> sizes; // by loop, and whether it is split
};

} // namespace slp

#endif // LIB_ANALYSIS_TILESPACE_H
