//===- Nest.h - a train op as a loop nest over tiles ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The lowering of an op describes itself as a Nest: loops, buffers whose coordinates are affine in
// the loops, and engine work. Tile sizes, loop order, the split over cores and the emission of chip
// ops are common to all (ChooseTiles.cpp, EmitNest.cpp), so that a new op only writes its
// description.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_TRAINTOCHIP_NEST_H
#define LIB_CONVERSION_TRAINTOCHIP_NEST_H

#include "dialects/Chip/ChipDialect.h"
#include "runtime/chips/Chip.h"

#include "mlir/IR/Builders.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace slp {

/// One loop over a logical dimension. Coordinates run in units of which `extent` exist.
struct NestLoop {
  std::string name; // "n", "co", ...: for tile options, remarks and errors
  int64_t extent = 1;
  bool reduction = false; // its tiles must run in ascending order inside all parallel loops
  int64_t granule = 1;    // a tile smaller than the extent is a multiple of it
  int wholeUnless = -1;   // this loop is cut only where loop number `wholeUnless` has tiles of 1
  bool cutLast = false; // neighbours along it are neighbours in DRAM: cutting it makes short bursts
  bool exact = false;   // tiles divide the extent: what lies beyond belongs to others
  // What a line of PEs takes of it at once (docs/timing.md, T7): outputs of as many PEs, where
  // fewer take as long, or so many columns, where fewer take less.
  bool onPes = false;
  int64_t columns = 1;
};

/// One dimension of a buffer: it begins at coef * loop + offset and has perTile * tile + extra
/// elements.
struct NestDim {
  int loop = -1; // -1: the same for all tiles
  int64_t coef = 1, offset = 0, perTile = 1, extra = 0;
  int64_t extent = 1;     // of the logical tensor
  bool isClipped = false; // has no more elements than that

  /// A dimension that follows a loop one to one.
  static NestDim along(int loop, int64_t extent) { return {loop, 1, 0, 1, 0, extent}; }
  /// A dimension that is always whole.
  static NestDim whole(int64_t extent) { return {-1, 0, 0, 0, extent, extent}; }
};

struct NestBuffer {
  chip_ir::Space space = chip_ir::Space::spm;
  mlir::Type element;
  llvm::SmallVector<NestDim> dims;
  /// DRAM side: symbol and strides (elements) of a view with the dims' extents; empty: stays on the
  /// chip.
  std::string tensor;
  llvm::SmallVector<int64_t> strides;
  int64_t offset = 0; // of the view's first element, in elements
  bool load = false, store = false;
  /// How results are rounded into it; null: as the chip says. With a random stream if stochastic.
  num_ir::RoundingAttr rounding;
  mlir::IntegerAttr stream;
  bool total = false; // gathers from all tiles, and is stored when the nest is done
};

/// One instruction; numbers index Nest::buffers.
struct NestRun {
  std::string instruction;
  llvm::SmallVector<unsigned> outs, ins;
  llvm::SmallVector<int64_t> geometry;
  std::string mode;
  llvm::SmallVector<float> scalars;
  /// Other fields of the instruction by name: whole numbers, and values of enums as strings.
  llvm::SmallVector<mlir::NamedAttribute> fields;
  /// The train results that the outs are tiles of, in order: what is captured, and how they are
  /// rounded. Null for what no op gives; empty if none is one.
  llvm::SmallVector<mlir::Value> results;
  /// The loops that it iterates, by number; all if there are none given. It stands in the innermost
  /// of them, behind the loops inside, or in front of these. A loop around that one repeats it.
  std::optional<llvm::SmallVector<int>> loops;
  bool inFront = false;

  bool iteratesAll() const { return !loops; }
};

struct Nest {
  std::string name, op, phase;
  mlir::Location loc;
  bool onCores = false;            // MAC work on all cores; else vector work in the shared buffer
  bool oneAccumulatorSlot = false; // bank 1 is in use otherwise (conv.wg with a chain per image)
  bool mayJoinBanks = false;       // accumulators as large as both banks are worth a trial
  int64_t itemsOfPoint = 1;        // that the MAC engine has besides those of the parallel loops
  llvm::SmallVector<NestLoop> loops;
  std::vector<NestBuffer> buffers;
  std::vector<NestRun> runs;

  explicit Nest(mlir::Location l) : loc(l) {}
  int addLoop(llvm::StringRef name, int64_t extent, bool reduction = false, int64_t granule = 1) {
    loops.push_back({name.str(), extent, reduction, granule});
    return loops.size() - 1;
  }
  /// What a run iterates that stands behind the reductions.
  llvm::SmallVector<int> parallelLoops() const {
    llvm::SmallVector<int> parallel;
    for (size_t i = 0; i < loops.size(); ++i)
      if (!loops[i].reduction)
        parallel.push_back(i);
    return parallel;
  }
};

/// What the user or a test asks of the tiler.
struct TileOptions {
  int64_t cores = 0; // 0: all of the chip
  uint64_t seed = 0; // non-zero: draw legal tiles, orders and splits at random
  /// From the op's `slp.tile` attribute: loop names outermost first, and sizes by name.
  llvm::SmallVector<std::string> order;
  llvm::SmallVector<std::pair<std::string, int64_t>> sizes;
};

struct TileChoice {
  llvm::SmallVector<int64_t> tile;   // by loop, per core
  llvm::SmallVector<unsigned> order; // loops, outermost first
  int split = -1;                    // loop whose tiles are spread over the cores
  int64_t cores = 1;
  int64_t slots = 2;            // copies of transferred buffers
  int64_t accumulatorSlots = 2; // of accumulators, if not fewer: two in a bank each, or one in both
};

/// Neighbouring columns of a work item of a convolution (docs/timing.md, T7).
constexpr int64_t itemColumns = 8;

/// Chooses tiles that fit the chip's memories. Emits an error at nest.loc and fails if nothing
/// fits, or if the options ask for what the order of the reduction forbids.
mlir::FailureOr<TileChoice> chooseTiles(const Nest &nest, const chip::Chip &chip,
                                        const TileOptions &options);

/// Elements of the longest dimension that is cut into tiles: coordinates have 24 bits with sign.
constexpr int64_t longestDim = int64_t(1) << 23;

/// Emits an error at nest.loc and fails if a window or dimension is larger than the instruction set
/// can say.
mlir::LogicalResult checkLimits(const Nest &nest);

/// DRAM bytes of the whole nest, an estimate: runs of neighbours rounded up to bursts, a multicast
/// tile counted once.
int64_t dramTraffic(const Nest &nest, const chip::Chip &chip, const TileChoice &choice);

/// Size of a buffer's dimension under a choice, in elements.
int64_t dimSize(const NestDim &dim, const TileChoice &choice);
/// Bytes of one copy of a buffer, rounded up to 16.
int64_t bufferBytes(const NestBuffer &buffer, const TileChoice &choice);
/// Copies a buffer gets.
int64_t bufferSlots(const Nest &nest, const NestBuffer &buffer, const TileChoice &choice);

/// Emits the nest as one chip.task.
void emitNest(mlir::OpBuilder &builder, const Nest &nest, const TileChoice &choice);

} // namespace slp

#endif // LIB_CONVERSION_TRAINTOCHIP_NEST_H
