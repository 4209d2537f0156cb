//===- VectorScale.cpp - dynamic loss scaling -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 10: the counter of saturations, which State::execute adds to, and the
// loss scale that follows from it.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"

#include "runtime/isa/StructVClearSaturations.h.inc"
#include "runtime/isa/StructVLossScale.h.inc"
#include "runtime/isa/StructVSaturations.h.inc"

#include <algorithm>

namespace slp::exec {

static Status clearSaturationsPart(CorePart &, const Issue &) { return Status::success(); }

Status vClearSaturations(State &state, const mach::VClearSaturations &) {
  state.saturations = 0;
  return submitVector(state, clearSaturationsPart);
}

/// The count is the issue's number.
static Status saturationsPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.wholeVector(0, "dst", 1);
  if (!dst)
    return dst.takeError();
  float count = issue.hyper[0];
  part.store(&count, *dst, 0, {1});
  return Status::success();
}

Status vSaturations(State &state, const mach::VSaturations &) {
  return submitVector(state, saturationsPart,
                      [&](Issue &issue) { issue.hyper[0] = float(state.saturations); });
}

/// The operands are state, dst, count; the numbers growth, backoff, interval, least, most.
static Status lossScalePart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> tile = part.wholeVector(0, "state", 4);
  if (!tile)
    return tile.takeError();
  Result<TileView> dst = part.view(1, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> countTile = part.wholeVector(2, "count", 1);
  if (!countTile)
    return countTile.takeError();
  Result<float *> state = part.fetch(0, "state", *tile, tile->box);
  if (!state)
    return state.takeError();
  Result<float *> count = part.fetch(2, "count", *countTile, countTile->box);
  if (!count)
    return count.takeError();
  const float *h = issue.hyper;
  float *s = *state, factor = -1;
  bool isHeld = **count > 0;
  if (isHeld) {
    s[0] = std::max(s[0] * h[1], h[3]);
    s[1] = 0;
    s[2] += 1;
  } else {
    factor = 1 / s[0];
    s[1] += 1;
    if (s[1] >= h[2]) {
      s[0] = std::min(s[0] * h[0], h[4]);
      s[1] = 0;
    }
  }
  s[3] = isHeld ? 1 : 0;
  part.store(s, *tile, 0, {4});
  part.storeMore(&factor, *dst, 1);
  return Status::success();
}

Status vLossScale(State &state, const mach::VLossScale &) {
  return submitVector(state, lossScalePart);
}

} // namespace slp::exec
