//===- Compressed.h - tensors without their zeros in DRAM -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/compressed.md: blocks of 256 elements, a bitmap of zeros, class bits and packed payload. The
// DMA engines pack and unpack; everything else sees dense codes. Transfer.cpp calls it, and
// Machine.cpp for the host's reads and writes.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_COMPRESSED_H
#define RUNTIME_EXEC_COMPRESSED_H

#include "runtime/exec/Tile.h"
#include "runtime/isa/CompressedLayout.h"

#include <array>
#include <vector>

namespace slp::exec {

/// Codes of one block, dense; those of 8 bits in the lower bytes.
using BlockCodes = std::array<uint16_t, mach::blockElements>;

/// The blocks of one tensor. Not for several threads.
class CompressedTensor {
public:
  /// The tensor that begins at `base` of `dram`, in a compressed format of the codec.
  CompressedTensor(const Memory &dram, uint64_t base, mach::Format format, const Codec &codec);

  /// Fails if the blocks of `view`, a tile of the tensor, or their bitmaps reach beyond the memory.
  Status check(const TileView &view, const char *name) const;
  /// Unpacks the elements of `view` into `to`, a tile on the chip of the same box. Counts what is
  /// read, in whole bursts: the bitmaps and payloads of all blocks that hold an element of it.
  void load(const TileView &view, const TileView &to, int64_t burst, uint64_t &read);
  /// Packs `from` into the elements of `view`. Blocks of which the tile holds a part are read
  /// first.
  void store(const TileView &from, const TileView &view, int64_t burst, uint64_t &read,
             uint64_t &written);

  /// What a store has read and put together: the new codes of its blocks, ascending.
  struct Pending {
    std::vector<std::pair<int64_t, BlockCodes>> blocks;
    uint64_t read = 0; // bytes, as of `store`
  };
  /// The steps of a store, which `store` does at once: reads and puts together, ...
  Pending beginStore(const TileView &from, const TileView &view, int64_t burst) const;
  /// ... writes the bitmaps, ...
  void storeBitmaps(const Pending &pending) const;
  /// ... writes the payloads. Returns the bytes written by both, in whole bursts.
  uint64_t storePayloads(const Pending &pending, int64_t burst) const;

  /// The codes of block `index`.
  void unpack(int64_t index, BlockCodes &codes) const;
  /// Replaces block `index`, or one part of it.
  enum class Part { both, bitmap, payload };
  void pack(int64_t index, const BlockCodes &codes, Part part = Part::both) const;

private:
  struct Cached {
    int64_t index = -1;
    bool isDirty = false;
    BlockCodes codes;
  };
  /// A block that a tile touches, and how many of its elements.
  struct Touched {
    int64_t index, elements;
  };
  /// A block that a store replaces, and whether some of it has been written.
  struct Whole {
    int64_t index;
    bool isBegun = false;
    friend bool operator<(const Whole &a, const Whole &b) { return a.index < b.index; }
  };
  template <typename Run> void forRuns(const TileView &view, const TileView &other, Run run) const;
  template <typename Code> void loadRuns(const TileView &view, const TileView &to);
  template <typename Code> void storeRuns(const TileView &from, const TileView &view);
  std::vector<Touched> touchedBy(const TileView &view, const TileView &other) const;
  std::vector<Touched> readFirst(const std::vector<Touched> &blocks, const TileView &view) const;
  /// Where coordinate 0 of a view lies, bytes from the tensor's first element on.
  int64_t offsetOfZero(const TileView &view) const;
  Cached &blockAt(int64_t index, bool isOverwritten);
  void flush(Cached &entry) const;
  uint64_t payloadBytes(int64_t index) const;
  const uint8_t *bitmap(int64_t index) const;
  uint64_t bytesOf(const std::vector<Touched> &blocks, int64_t burst) const;
  static std::vector<Cached> &cacheOfThread();

  const Memory &dram;
  uint64_t base;
  mach::CompressedLayout layout;
  const Codec &codec;
  int elementBytes;
  bool hasClasses;
  std::vector<Cached> &cache;
  std::vector<Whole> whole; // ascending
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_COMPRESSED_H
