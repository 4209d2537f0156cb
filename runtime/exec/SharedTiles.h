//===- SharedTiles.h - which scratchpads hold one and the same tile ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A multicast load fills the same buffer of several scratchpads with one tile. As long as nobody
// writes there, a MAC instruction can read the tile once for all of these cores. What is shared
// follows from the loads alone; memory is never compared.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_SHAREDTILES_H
#define RUNTIME_EXEC_SHAREDTILES_H

#include "runtime/exec/Tile.h"

#include <cstdint>
#include <vector>

namespace slp::exec {

class SharedTiles {
public:
  /// `cores`: scratchpads, at most 64.
  explicit SharedTiles(size_t cores) : ofCore(cores) {}

  /// The buffer `d` of these cores is about to be written: tiles that it overlaps lose their
  /// identity. Does nothing for buffers outside the scratchpads.
  void forget(const Descriptor &d, uint64_t cores);
  /// One load has filled the buffer `d` of all these cores, padding included.
  void add(const Descriptor &d, uint64_t cores);
  /// The identity of the tile in buffer `d` of a core, equal on cores that hold the same tile; 0 if
  /// no multicast load filled exactly this buffer or it was written since.
  uint64_t identity(const Descriptor &d, unsigned core) const;

private:
  /// A buffer: the bytes [begin, end) and how elements lie in them.
  struct Buffer {
    uint64_t begin = 0, end = 0;
    Dims size{}, stride{};
    int elementBytes = 0;
    bool operator==(const Buffer &o) const {
      return begin == o.begin && end == o.end && size == o.size && stride == o.stride &&
             elementBytes == o.elementBytes;
    }
  };
  struct Tile {
    Buffer buffer;
    uint64_t identity;
  };
  static Buffer bufferOf(const Descriptor &d);

  std::vector<std::vector<Tile>> ofCore;
  uint64_t last = 0;
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_SHAREDTILES_H
