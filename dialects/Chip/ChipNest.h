//===- ChipNest.h - what a nest says ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `chip.nest` and `chip.buffer` as those read them who choose tiles of a nest, fuse or expand it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_CHIP_CHIPNEST_H
#define DIALECTS_CHIP_CHIPNEST_H

#include "dialects/Chip/BufferOp.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/NestOp.h"

#include <optional>
#include <string>
#include <vector>

namespace slp::chip_ir {

class TensorOp;

/// How a user wants the nests of a train op tiled (chip-choose-tiles): an attribute of the op, then
/// of its nests.
constexpr llvm::StringLiteral tileWishAttrName = "slp.tile";

/// Of instructions, buffers and transfers that were fused into a nest: [node, op, phase] of what
/// they do, where it is not the nest's own; for reports.
constexpr llvm::StringLiteral ofAttrName = "slp.of";

/// Elements of the longest dimension that is cut into tiles: coordinates have 24 bits with sign.
constexpr int64_t longestDim = int64_t(1) << 23;

/// One dimension of a buffer: its tile begins at coef * loop + offset and has perTile * tile +
/// extra elements.
struct NestDim {
  int loop = -1; // -1: the same for all tiles
  int64_t coef = 1, offset = 0, perTile = 1, extra = 0;
  int64_t extent = 1;     // of the logical tensor
  bool isClipped = false; // has no more elements than that

  /// A dimension that follows a loop one to one.
  static NestDim along(int loop, int64_t extent) { return {loop, 1, 0, 1, 0, extent}; }
  /// A dimension that is always whole.
  static NestDim whole(int64_t extent) { return {-1, 0, 0, 0, extent, extent}; }

  /// Elements in tiles of these sizes, by loop; at least 1.
  int64_t sizeIn(mlir::ArrayRef<int64_t> tile) const;
};

/// Strides of neighbouring elements, row by row, in elements.
mlir::SmallVector<int64_t> rowMajor(mlir::ArrayRef<int64_t> shape);

/// Whether a buffer's logical tensor is all of a tensor, its elements in their order, under
/// whatever shape.
bool seesAllOf(BufferOp buffer, TensorOp tensor);

/// The dimensions of a buffer, and the attributes `origin`, `size`, `extents` and `clipped` that
/// say the same of a nest with `numLoops` loops.
mlir::SmallVector<NestDim> dimsOf(BufferOp buffer);
void setDims(BufferOp buffer, mlir::ArrayRef<NestDim> dims, size_t numLoops);

/// `chip.tiling` in numbers (ChipDialect.td); the fields are those of the attribute.
struct Tiling {
  mlir::SmallVector<int64_t> sizes;
  mlir::SmallVector<unsigned> order;
  int split = -1;
  int64_t cores = 1, slots = 2, accumulatorSlots = 2;

  static Tiling of(TilingAttr attr);
  TilingAttr toAttr(mlir::MLIRContext *context) const;
};

/// A buffer of a nest in numbers. The op is a handle, whose methods are not const.
struct BufferView {
  mutable BufferOp op;
  mlir::SmallVector<NestDim> dims;
  Space space;
  mlir::Type element;

  explicit BufferView(BufferOp op);
  /// Whether its tensor stays in the shared buffer between nests.
  bool isOnChip() const { return op.getOnChip(); }
  /// Whether it is that tensor: nothing is transferred.
  bool isResident() const { return isOnChip() && space == Space::shared; }
  /// Bytes of one copy, rounded up to 16.
  int64_t bytesIn(mlir::ArrayRef<int64_t> tile) const;
};

/// A nest in numbers, as it is at the time of construction.
struct NestView {
  mutable NestOp op;
  mlir::SmallVector<LoopAttr> loops;
  std::vector<BufferView> buffers;
  mlir::SmallVector<EngineInstruction> runs;

  explicit NestView(NestOp op);
  const BufferView &bufferOf(mlir::Value value) const;
  /// Copies that a buffer gets.
  int64_t slotsOf(const BufferView &buffer, const Tiling &tiling) const;

  /// Why the order of accumulation forbids an order of the loops, or nothing.
  std::optional<std::string> refusalOfOrder(mlir::ArrayRef<unsigned> order) const;
  /// Why a loop cannot have tiles of this size, or nothing.
  std::optional<std::string> refusalOfSize(unsigned loop, int64_t size) const;
  /// Whether tiles of these sizes allow a cut of the loop, and why they do not.
  bool mayCut(unsigned loop, mlir::ArrayRef<int64_t> sizes) const;
  std::optional<std::string> refusalOfSizes(mlir::ArrayRef<int64_t> sizes) const;
};

} // namespace slp::chip_ir

#endif // DIALECTS_CHIP_CHIPNEST_H
