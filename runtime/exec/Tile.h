//===- Tile.h - tiles of tensors in memory ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A descriptor register, resolved on one core: clipped to the tensor's extents and located in a
// memory, bounds checked once. Every instruction reads its operands with `gather` (any layout,
// widened to FP32) and writes results with `scatter` (rounded to the tile's format).
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_TILE_H
#define RUNTIME_EXEC_TILE_H

#include "runtime/chips/Chip.h"
#include "runtime/exec/Memory.h"
#include "runtime/isa/Addresses.h"
#include "runtime/isa/ElementBytes.h"
#include "runtime/isa/LayoutRowMajor.h.inc"
#include "runtime/num/Round.h"

#include <array>
#include <vector>

namespace slp::exec {

constexpr int maxRank = 5;
using Dims = std::array<int64_t, maxRank>;

/// Contents of a descriptor register.
struct Descriptor {
  mach::TensorTile tile;
  uint64_t slot = 0;
  int64_t entry = -1; // of the image's table, which `desc` took; for messages
};

/// Logical coordinates [lo, lo + size) in each dimension. Dimensions at or beyond the rank are [0,
/// 1).
struct Box {
  Dims lo{0, 0, 0, 0, 0};
  Dims size{1, 1, 1, 1, 1};
  int64_t count() const { return size[0] * size[1] * size[2] * size[3] * size[4]; }
};

/// Coordinates or sizes as Addresses.h has them.
mach::AddressMap::Coordinates coordinates(const Dims &dims);

/// The part of a tile that lies inside the extents, on one core.
struct TileView {
  uint8_t *base = nullptr; // element at box.lo; null if the box is empty
  uint64_t address = 0;    // of the same element, bytes within its memory
  mach::Space space{};
  mach::Format format{};
  mach::StoreRounding rounding{};
  int bias = 0;        // shared exponent bias
  uint32_t stream = 0; // random numbers of the tensor
  int rank = 0;
  int elementBytes = 4;
  Box box;
  Dims stride{};         // bytes
  Dims extent{};         // of the tensor
  mach::Layout layout{}; // row_major but in dram; channels as in a descriptor
  int channel = 0;
  bool grouped = false;
  bool empty() const { return box.count() == 0; }
  int64_t count() const { return box.count(); }
  int64_t bytes() const { return count() * elementBytes; }
  /// Coordinate after the last one.
  int64_t end(int d) const { return box.lo[d] + box.size[d]; }
  /// Whether dimension d holds all coordinates of the tensor.
  bool whole(int d) const { return box.lo[d] == 0 && box.size[d] == extent[d]; }
  /// Where elements lie, counted from coordinate 0.
  mach::AddressMap map() const;
  bool isRowMajor() const { return layout == mach::layout::row_major; }
  /// The elements of `part` of the box, in a view that has one stride in each dimension.
  TileView part(const Box &part) const;
};
/// Calls f(part) for parts of a view, each of which has one stride in each dimension.
template <typename F> void forParts(const TileView &view, F f);
/// Calls f(a, b) for such parts and the same elements of another view, on the chip.
template <typename F> void forParts(const TileView &view, const TileView &onChip, F f);

/// Clips and locates. Fails if an element lies outside the memory, or if there are more of them
/// than the largest memory on the chip has bytes. `name` is the operand's, for the message.
Result<TileView> resolve(const Memories &memories, const Descriptor &d, unsigned core,
                         const char *name);
/// The same for the whole tile, padding included: what `ld` fills. Not for dram.
Result<TileView> resolveUnclipped(const Memories &memories, const Descriptor &d, unsigned core,
                                  const char *name);
/// The elements of `box`. Fails if the view does not hold them all.
Result<TileView> subview(const TileView &view, const Box &box, const char *name);

/// Loops over a box with two sets of strides, adjacent dimensions merged where both strides allow,
/// the longest dimension innermost. `row(a, b, n, strideA, strideB)` gets offsets and the innermost
/// loop.
class Nest {
public:
  Nest(const Dims &size, const Dims &a, const Dims &b);
  template <typename Row> void forRows(Row row) const {
    if (isEmpty)
      return;
    for (int64_t i = 0; i < size[0]; ++i)
      for (int64_t j = 0; j < size[1]; ++j)
        for (int64_t k = 0; k < size[2]; ++k) {
          int64_t x = i * strideA[0] + j * strideA[1] + k * strideA[2];
          int64_t y = i * strideB[0] + j * strideB[1] + k * strideB[2];
          for (int64_t l = 0; l < size[3]; ++l)
            row(x + l * strideA[3], y + l * strideB[3], size[4], strideA[4], strideB[4]);
        }
  }

private:
  Dims size{1, 1, 1, 1, 1}, strideA{}, strideB{};
  bool isEmpty = false;
};

/// Strides, in elements, of a dense row-major array of these sizes.
Dims rowMajor(const Dims &size);

/// What the formats of a chip mean, with tables to widen their codes.
class Codec {
public:
  explicit Codec(const chip::Numerics &numerics, num::HostPath path = num::bestPath());
  /// A format of the chip (see mach::isChipFormat).
  const num::Format &format(mach::Format f) const { return formats[size_t(f)].format; }
  /// The values of a format of the chip by code, without a shared exponent bias.
  const float *values(mach::Format f) const { return formats[size_t(f)].values.data(); }
  /// Whether an fp16 code is FP16 in a mixed tensor: fp8 lacks its value.
  bool isWide(uint16_t code) const { return wide[code]; }
  /// The same of the value of such a code.
  bool isWide(float value) const {
    uint32_t bits = num::bitsOf(value), magnitude = bits & 0x7fffffffu;
    bool isBelow = magnitude != 0 && magnitude < leastNarrow;
    return (bits & belowNarrow) != 0 || magnitude > largestNarrow ||
           (isBelow && isWideSmall(value));
  }
  /// Bytes that an access to the view moves in a memory on the chip: of compressed formats the bits
  /// of docs/compressed.md, rounded up to a byte.
  uint64_t storedBytes(const TileView &view) const;

  /// Widens the elements of the view into `out`, row-major. i32 and u8 elements become floats of
  /// the same value.
  void gather(const TileView &view, float *out) const;
  /// The same with strides of the output in elements; elements between are not touched.
  void gather(const TileView &view, float *out, const Dims &outStride) const;
  /// Rounds `values`, dense and row-major, into the view and counts what happens, in the view's
  /// rounding; `run` is the number of the run, for stochastic rounding. f32 elements are stored as
  /// they are, -0 as +0. The view's format is f32 or one of the chip's. Uses `values` as scratch.
  void scatter(float *values, const TileView &view, uint32_t run, num::Events &events) const;
  /// The same for elements that only change their places: values of the view's format stay.
  void move(float *values, const TileView &view, uint32_t run, num::Events &events) const;
  /// Rounds in place to the view's format, without storing.
  void round(float *values, const TileView &view, uint32_t run, num::Events &events) const;
  /// Stores values of the view's format as they are. Uses `values` as scratch.
  void put(float *values, const TileView &view) const;
  /// Rounds n sums of accumulators in place, never stochastically; f32 makes +0 of -0.
  void roundSums(float *values, size_t n, mach::Format format, num::Events &events) const;
  /// What a descriptor's field says: one of the modes, or the chip's.
  num::Rounding roundingOf(mach::StoreRounding rounding) const;
  /// Whether storing into the tile takes random numbers.
  bool isStochastic(const mach::TensorTile &tile) const;

private:
  struct Entry {
    num::Format format;
    std::vector<float> values; // by code, 256 or 65536; empty: the chip has no such format
  };
  void add(mach::Format f, const num::Format &format);
  num::Format formatOf(const TileView &view) const;
  /// The numbers of the view's elements, or null if its rounding takes none.
  const uint32_t *randomNumbers(const TileView &view, uint32_t run) const;
  std::vector<Entry> formats; // by mach::Format
  bool isWideSmall(float value) const;
  std::vector<uint8_t> wide; // by fp16 code
  // FP32 bits: of the mantissa beyond fp8's, of its least normal and its largest magnitude.
  uint32_t belowNarrow, leastNarrow, largestNarrow;
  num::HostPath path; // for rounding
  num::Format narrow;
  num::Rounding mode, sumMode; // of stores, of accumulators
};

/// Stores whole numbers as u8 or i32.
void scatterIntegers(const int32_t *values, const TileView &view);
/// Reads an i32 tile, row-major.
void gatherIntegers(const TileView &view, int32_t *out);

/// Copies elements of equal format and boxes.
void copyElements(const TileView &from, const TileView &to);
/// Sets all bytes of the view's elements to zero.
void clearElements(const TileView &view);

using mach::roundedRun;

/// Bytes of DRAM bursts that an access to the view moves (Addresses.h).
uint64_t burstBytes(const TileView &view, int64_t burst);

template <typename F> void forParts(const TileView &view, F f) {
  if (view.isRowMajor())
    return f(view);
  if (view.empty())
    return;
  mach::AddressMap addresses = view.map();
  mach::AddressMap::Coordinates lo = coordinates(view.box.lo);
  int64_t first = addresses.offsetOf(lo);
  addresses.forPieces(lo, coordinates(view.box.size), [&](const mach::AddressMap::Piece &piece) {
    TileView part = view;
    part.layout = mach::layout::row_major;
    std::copy_n(piece.lo.begin(), maxRank, part.box.lo.begin());
    std::copy_n(piece.size.begin(), maxRank, part.box.size.begin());
    std::copy_n(piece.stride.begin(), maxRank, part.stride.begin());
    part.base += piece.offset - first;
    part.address += uint64_t(piece.offset - first);
    f(part);
  });
}

template <typename F> void forParts(const TileView &view, const TileView &onChip, F f) {
  if (view.isRowMajor())
    return f(view, onChip);
  forParts(view, [&](const TileView &part) {
    Box box = part.box;
    for (int d = 0; d < maxRank; ++d)
      box.lo[d] += onChip.box.lo[d] - view.box.lo[d];
    f(part, onChip.part(box));
  });
}

} // namespace slp::exec

#endif // RUNTIME_EXEC_TILE_H
