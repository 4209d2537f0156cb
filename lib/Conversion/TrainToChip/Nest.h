//===- Nest.h - the description that chip.nest is made of ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The lowering of an op writes one: loops, buffers whose coordinates are affine in the loops, and
// engine work; createNest makes the op of it (ChipNestOps.td). Fusion, tiles and expansion are
// common to all nests (lib/Transforms/Chip).
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_TRAINTOCHIP_NEST_H
#define LIB_CONVERSION_TRAINTOCHIP_NEST_H

#include "dialects/Chip/ChipNest.h"

#include "mlir/IR/Builders.h"

#include <optional>
#include <string>
#include <vector>

namespace slp {

/// What a #chip.loop says. Coordinates run in units of which `extent` exist.
struct NestLoop {
  std::string name; // "n", "co", ...
  int64_t extent = 1;
  bool reduction = false;
  int64_t granule = 1;
  int wholeUnless = -1; // number of a loop
  bool cutLast = false, exact = false, onPes = false;
  int64_t columns = 1;
};

using chip_ir::NestDim;

struct NestBuffer {
  chip_ir::Space space = chip_ir::Space::spm;
  mlir::Type element;
  llvm::SmallVector<NestDim> dims;
  /// DRAM side: the tensor, of which this is a view with the dims' extents; empty: stays on the
  /// chip.
  std::string tensor;
  llvm::SmallVector<int64_t> strides; // elements, by dimension; empty: all elements in their order
  int64_t offset = 0;                 // of the view's first element, in elements
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
  bool oneAccumulatorSlot = false; // one_acc_slot
  bool mayJoinBanks = false;
  int64_t itemsOfPoint = 1;
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

/// Neighbouring columns of a work item of a convolution (docs/timing.md, T7).
constexpr int64_t itemColumns = 8;

using chip_ir::longestDim;

/// Emits an error at nest.loc and fails if a window or dimension is larger than the instruction set
/// can say.
mlir::LogicalResult checkLimits(const Nest &nest);

/// Creates the chip.nest, without a tiling.
chip_ir::NestOp createNest(mlir::OpBuilder &builder, const Nest &nest);

} // namespace slp

#endif // LIB_CONVERSION_TRAINTOCHIP_NEST_H
