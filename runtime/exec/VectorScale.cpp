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

static Status submitOrFail(State &state, Result<Issue> issue) {
  return issue.ok() ? state.submit(*issue) : Status(issue.takeError());
}

/// The view of an operand that must hold all of a vector of `size` elements.
static Result<TileView> wholeVector(const VectorPart &part, int operand, const char *name,
                                    int64_t size) {
  Result<TileView> view = part.view(operand, name);
  if (!view)
    return view.takeError();
  if (view->extent[0] != size || !view->whole(0))
    return Error{std::string("the tile of `") + name + "` holds " + std::to_string(view->count()) +
                 " of " + std::to_string(view->extent[0]) + " elements, expected all of " +
                 std::to_string(size)};
  return view;
}

static Status clearSaturationsPart(CorePart &, const Issue &) { return Status::success(); }

Status vClearSaturations(State &state, const mach::VClearSaturations &instr) {
  state.saturations = 0;
  return submitOrFail(
      state, prepareVector(state, instr.opcode, instr.mask, clearSaturationsPart, nullptr, 0));
}

/// The count is the issue's number.
static Status saturationsPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = wholeVector(part, 0, "dst", 1);
  if (!dst)
    return dst.takeError();
  float count = issue.hyper[0];
  part.store(&count, *dst, 0, 1);
  return Status::success();
}

Status vSaturations(State &state, const mach::VSaturations &instr) {
  if (Status s = expectRank(state.descriptor[instr.dst], "dst", 1, 1); !s)
    return s;
  Result<Issue> issue = prepareVector(state, instr.opcode, instr.mask, saturationsPart,
                                      {{instr.dst, "dst", ElementKind::f32, true}});
  if (issue.ok())
    issue->hyper[0] = float(state.saturations);
  return submitOrFail(state, std::move(issue));
}

/// The operands are state, dst, count; the numbers growth, backoff, interval, least, most.
static Status lossScalePart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> tile = wholeVector(part, 0, "state", 4);
  if (!tile)
    return tile.takeError();
  Result<TileView> dst = part.view(1, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> countTile = wholeVector(part, 2, "count", 1);
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
  part.store(s, *tile, 0, 8);
  part.store(&factor, *dst, 1, 1);
  return Status::success();
}

Status vLossScale(State &state, const mach::VLossScale &instr) {
  for (auto [reg, name, rank] :
       {std::tuple(instr.state, "state", 1), {instr.dst, "dst", 0}, {instr.count, "count", 1}})
    if (Status s = expectRank(state.descriptor[reg], name, uint64_t(rank), uint64_t(rank)); !s)
      return s;
  Result<Issue> issue = prepareVector(state, instr.opcode, instr.mask, lossScalePart,
                                      {{instr.state, "state", ElementKind::f32, true},
                                       {instr.dst, "dst", ElementKind::f32, true},
                                       {instr.count, "count", ElementKind::f32}});
  if (issue.ok()) {
    int i = 0;
    for (uint8_t number : {instr.growth, instr.backoff, instr.interval, instr.least, instr.most})
      issue->hyper[i++] = state.hyper[number];
  }
  return submitOrFail(state, std::move(issue));
}

} // namespace slp::exec
