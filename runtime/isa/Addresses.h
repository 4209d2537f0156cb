//===- Addresses.h - where the elements of a tensor lie in DRAM -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The one place that knows the layouts of dialects/Mach/MachEnums.td: logical coordinates become
// bytes and bursts here, for transfers, the host's reads and writes, images and the compiler.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ISA_ADDRESSES_H
#define RUNTIME_ISA_ADDRESSES_H

#include "runtime/api/Result.h"
#include "runtime/isa/Instructions.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace slp::mach {

/// Channels of a block of channels16, and channels along each side of a block of blocks8x8.
constexpr int64_t channelBlock = 16, weightBlock = 8;

/// Channels that lie in blocks: number k = x_first * extent_last + x_last, or x_last alone where
/// the two are one dimension, lies k / block * blockStride + k mod block * innerStride bytes on.
struct BlockedChannels {
  int first = 0, last = 0;
  int64_t block = 1, blockStride = 0, innerStride = 0;

  /// Whether the next block begins where one ends, so that blocks make no difference.
  bool isContinuous() const { return blockStride == block * innerStride; }
};

/// From the coordinates of a tensor or of a view of it to bytes, counted from coordinate 0.
struct AddressMap {
  static constexpr int maxRank = 8; // of a tensor; views have at most 5
  using Coordinates = std::array<int64_t, maxRank>;

  int rank = 0;
  Layout layout{};
  int channel = 0; // these as in a descriptor
  bool grouped = false;
  int64_t elementBytes = 4;
  Coordinates extent{}, stride{};

  /// Of the elements that a descriptor in dram names.
  static AddressMap of(const TensorTile &tile);
  /// Of all elements of a tensor, whose channels have their place among its dimensions; `strides`
  /// are those of a descriptor, one for each dimension.
  static AddressMap of(Layout layout, int64_t elementBytes, const std::vector<int64_t> &shape,
                       const std::vector<int64_t> &strides);

  /// The channels in blocks, at most two kinds of them. Returns how many.
  int blockedChannels(std::array<BlockedChannels, 2> &blocked) const;
  /// Bytes from coordinate 0 to this one, which is not negative in a blocked dimension.
  int64_t offsetOf(const Coordinates &at) const;

  /// A part of a box in which each dimension has one stride.
  struct Piece {
    Coordinates lo{}, size{}, stride{};
    int64_t offset = 0; // of its element at `lo`
  };
  /// Calls f(piece) for pieces that together are the box [lo, lo + size), which is not empty.
  template <typename F> void forPieces(const Coordinates &lo, const Coordinates &size, F f) const {
    std::array<BlockedChannels, 2> blocked;
    int count = blockedChannels(blocked);
    Piece piece{lo, size, stride, 0};
    split(blocked.data(), count, piece, f);
  }
  /// Calls f(index, offset, n, stride) while it returns true, for all elements in row-major order:
  /// from number `index` on n of the last dimension lie `stride` bytes apart.
  template <typename F> void forRows(F f) const;

private:
  template <typename F>
  void split(const BlockedChannels *blocked, int count, Piece &piece, F &f) const;
  template <typename F>
  void splitAlong(const BlockedChannels *blocked, int count, int dim, int64_t before, Piece &piece,
                  F &f) const;
};

/// The bytes of the lowest and behind the highest element of a box, from coordinate 0.
struct Reach {
  int64_t begin, end;
};
Reach reachOf(const AddressMap &map, const AddressMap::Coordinates &lo,
              const AddressMap::Coordinates &size);

/// Bytes of the bursts that [address, address + length) touches; 0 for nothing.
uint64_t roundedRun(uint64_t address, uint64_t length, uint64_t burst);

/// Bytes of DRAM bursts that an access to the box [lo, lo + size) moves, with coordinate 0 at
/// `base`. Elements that are neighbours in memory form runs, each of which counts from the burst of
/// its first byte to that of its last. Of channels in blocks the box moves whole blocks, though it
/// holds a part of one: the first and the last element of a run may be none of its own.
uint64_t burstBytes(const AddressMap &map, uint64_t base, const AddressMap::Coordinates &lo,
                    const AddressMap::Coordinates &size, int64_t burst);

/// The mean of `burstBytes` over boxes of this size that begin at `lo` and any multiples of `step`,
/// which runs of elements meet at all places of a burst that such steps lead to, equally often. Of
/// channels in blocks the bytes of the box at `lo`.
double meanBurstBytes(const AddressMap &map, uint64_t base, const AddressMap::Coordinates &lo,
                      const AddressMap::Coordinates &size, const AddressMap::Coordinates &step,
                      int64_t burst);

/// Elements inside the extents of a map with channels16 whose offsets lie in [begin, end), both
/// multiples of a block of channels.
int64_t elementsBetween(const AddressMap &map, int64_t begin, int64_t end);

/// Why a descriptor cannot address a tensor as it says, or success.
Status checkLayout(const TensorTile &tile);

/// How all elements of a tensor lie.
struct TensorPlaces {
  AddressMap map;       // from the tensor's address on
  int64_t elements = 0; // places for elements, padding included

  /// Fails if a tensor of this shape cannot lie so. Of compressed tensors the map is that of one
  /// code an element, by which their blocks are found (docs/compressed.md).
  static Result<TensorPlaces> of(Layout layout, int64_t elementBytes, bool isCompressed,
                                 const std::vector<int64_t> &shape);
  std::vector<int64_t> strides() const {
    return {map.stride.begin(), map.stride.begin() + map.rank};
  }
};

/// A view: coordinate x is element number first + sum(x_d * stride_d) of a tensor, in row-major
/// order, however that lies.
struct LogicalView {
  std::vector<int64_t> extent, stride;
  int64_t first = 0;
};
/// The same in memory.
struct PlacedView {
  AddressMap map;
  int64_t offset = 0; // bytes from the tensor's address to coordinate 0
};
/// Fails if the tensor's layout has no such view: one that begins or ends inside a block, or whose
/// coordinates are not those of channels, rows and columns.
Result<PlacedView> placeView(const TensorPlaces &tensor, const LogicalView &view);

//===----------------------------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------------------------===//

template <typename F>
void AddressMap::split(const BlockedChannels *blocked, int count, Piece &piece, F &f) const {
  if (count == 0) {
    piece.offset = offsetOf(piece.lo);
    f(piece);
    return;
  }
  const BlockedChannels &b = *blocked;
  piece.stride[b.last] = b.innerStride;
  if (b.first == b.last)
    return splitAlong(blocked, count, b.last, 0, piece, f);
  piece.stride[b.first] = b.innerStride * extent[b.last];
  // Groups of one channel are channels; other groups go one by one.
  if (extent[b.last] == 1 || b.isContinuous())
    return splitAlong(blocked, count, b.first, 0, piece, f);
  int64_t lo = piece.lo[b.first], size = piece.size[b.first];
  piece.size[b.first] = 1;
  for (int64_t group = lo; group < lo + size; ++group) {
    piece.lo[b.first] = group;
    splitAlong(blocked, count, b.last, group * extent[b.last], piece, f);
  }
  piece.lo[b.first] = lo;
  piece.size[b.first] = size;
}

/// `before`: number of the channel at coordinate 0 of the dimension, each of whose coordinates is
/// one channel.
template <typename F>
void AddressMap::splitAlong(const BlockedChannels *blocked, int count, int dim, int64_t before,
                            Piece &piece, F &f) const {
  if (blocked->isContinuous())
    return split(blocked + 1, count - 1, piece, f);
  int64_t lo = piece.lo[dim], size = piece.size[dim], block = blocked->block;
  for (int64_t at = lo; at < lo + size;) {
    int64_t end = std::min(lo + size, ((before + at) / block + 1) * block - before);
    piece.lo[dim] = at;
    piece.size[dim] = end - at;
    split(blocked + 1, count - 1, piece, f);
    at = end;
  }
  piece.lo[dim] = lo;
  piece.size[dim] = size;
}

template <typename F> void AddressMap::forRows(F f) const {
  std::array<BlockedChannels, 2> blocked;
  bool hasBlocks = blockedChannels(blocked) > 0;
  Coordinates lo{}, size{};
  size.fill(1);
  int64_t total = 1, index = 0;
  for (int d = 0; d < rank; ++d)
    total *= extent[d];
  int last = std::max(rank - 1, 0); // where rows begin
  int64_t n = rank ? extent[last] : 1, step = rank ? stride[last] : 0;
  // Rows that follow each other are one.
  while (!hasBlocks && last > 0 && stride[last - 1] == n * step)
    n *= extent[--last];
  size[last] = n;
  for (bool goesOn = true; goesOn && index < total;) {
    if (hasBlocks) {
      forPieces(lo, size, [&](const Piece &piece) {
        goesOn = goesOn && f(index, piece.offset, piece.size[last], piece.stride[last]);
        index += piece.size[last];
      });
    } else {
      goesOn = f(index, offsetOf(lo), n, step);
      index += n;
    }
    for (int d = last; d-- > 0;) {
      if (++lo[d] < extent[d])
        break;
      lo[d] = 0;
    }
  }
}

} // namespace slp::mach

#endif // RUNTIME_ISA_ADDRESSES_H
