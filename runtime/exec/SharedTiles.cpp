//===- SharedTiles.cpp - which scratchpads hold one and the same tile -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/SharedTiles.h"
#include "runtime/isa/SpaceSpm.h.inc"

#include <algorithm>

namespace slp::exec {

/// In a scratchpad a tile's first element lies at the buffer's base on every core, wherever the
/// tile lies in its tensor (resolve() in Tile.cpp).
SharedTiles::Buffer SharedTiles::bufferOf(const Descriptor &d) {
  const mach::TensorTile &t = d.tile;
  Buffer result;
  result.elementBytes = mach::elementBytes(t.format);
  int64_t begin = int64_t(t.base + d.slot * t.slotBytes), end = begin + result.elementBytes;
  for (size_t i = 0; i < t.rank && i < size_t(maxRank); ++i) {
    result.size[i] = int64_t(t.tile[i]);
    if (t.tile[i] < 2)
      continue; // its stride says nothing
    result.stride[i] = int64_t(t.stride[i]);
    int64_t reach = (result.size[i] - 1) * result.stride[i];
    (reach < 0 ? begin : end) += reach;
  }
  result.begin = uint64_t(std::max<int64_t>(begin, 0));
  result.end = uint64_t(std::max<int64_t>(end, 0));
  return result;
}

void SharedTiles::forget(const Descriptor &d, uint64_t cores) {
  if (d.tile.space != mach::space::spm)
    return;
  Buffer written = bufferOf(d);
  for (size_t core = 0; core < ofCore.size(); ++core) {
    std::vector<Tile> &tiles = ofCore[core];
    if (!(cores >> core & 1) || tiles.empty())
      continue;
    auto overlaps = [&](const Tile &tile) {
      return tile.buffer.begin < written.end && written.begin < tile.buffer.end;
    };
    tiles.erase(std::remove_if(tiles.begin(), tiles.end(), overlaps), tiles.end());
  }
}

void SharedTiles::add(const Descriptor &d, uint64_t cores) {
  if (d.tile.space != mach::space::spm)
    return;
  Tile tile = {bufferOf(d), ++last};
  for (size_t core = 0; core < ofCore.size(); ++core)
    if (cores >> core & 1)
      ofCore[core].push_back(tile);
}

uint64_t SharedTiles::identity(const Descriptor &d, unsigned core) const {
  if (d.tile.space != mach::space::spm || ofCore[core].empty())
    return 0;
  Buffer buffer = bufferOf(d);
  for (const Tile &tile : ofCore[core])
    if (tile.buffer == buffer)
      return tile.identity;
  return 0;
}

} // namespace slp::exec
