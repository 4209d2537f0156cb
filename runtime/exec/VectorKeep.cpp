//===- VectorKeep.cpp - which images of a batch are kept --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 11, `keep`.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"

#include "runtime/isa/StructVKeep.h.inc"

namespace slp::exec {

/// The operands are dst, kept, count, losses; the number is `below`.
static Status keepPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  int64_t n = dst->extent[0];
  Result<TileView> mask = part.wholeVector(0, "dst", n);
  if (!mask)
    return mask.takeError();
  Result<TileView> list = part.wholeVector(1, "kept", n);
  if (!list)
    return list.takeError();
  Result<TileView> count = part.wholeVector(2, "count", 1);
  if (!count)
    return count.takeError();
  Result<TileView> tile = part.wholeVector(3, "losses", n);
  if (!tile)
    return tile.takeError();
  Result<float *> losses = part.fetch(3, "losses", *tile, tile->box);
  if (!losses)
    return losses.takeError();
  float below = issue.hyper[0];
  float *open = part.buffer(0, n);
  std::vector<int32_t> kept(size_t(n), 0);
  int32_t number = 0;
  for (int64_t i = 0; i < n; ++i) {
    bool isDropped = below > 0 && (*losses)[i] < below;
    open[i] = isDropped ? 0.0f : 1.0f;
    if (!isDropped)
      kept[size_t(number++)] = int32_t(i);
  }
  scatterIntegers(kept.data(), *list);
  scatterIntegers(&number, *count);
  core.noteWrite(*list);
  core.noteWrite(*count);
  if (core.countsWork) {
    core.countWrite(*list);
    core.countWrite(*count);
  }
  part.store(open, *mask, 0, {0, uint64_t(n)});
  return Status::success();
}

Status vKeep(State &state, const mach::VKeep &instr) {
  float below = state.hyper[instr.below];
  if (!(below >= 0))
    return Error{"h" + std::to_string(instr.below) +
                 ", the loss below which images are dropped, is " + std::to_string(below) +
                 ", expected at least 0"};
  return submitVector(state, keepPart);
}

} // namespace slp::exec
