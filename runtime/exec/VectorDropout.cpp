//===- VectorDropout.cpp - drop elements at random --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md sections 5 and 7: the random number of an element follows from its logical index
// and the step, so that the backward pass drops the same elements and no tiling shows.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Broadcast.h"
#include "runtime/isa/StructVDropout.h.inc"
#include "runtime/num/Random.h"

namespace slp::exec {

static Status dropoutPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  BroadcastRows rows(part, dst->box, dst->rank);
  if (Status s = rows.add(1, "src"); !s)
    return s;
  float *result = part.buffer(0, dst->count());
  Dims stride = rowMajor(dst->box.size), whole = rowMajor(dst->extent);
  uint32_t run = uint32_t(issue.hyper[0]), threshold = uint32_t(issue.immediate[2]);
  float factor = issue.hyper[1];
  std::array<uint32_t, 2> key = {uint32_t(issue.immediate[0]), uint32_t(issue.immediate[1])};
  rows.forEach([&](const float *const *values, const Dims &at, int64_t n) {
    int64_t to = 0, index = 0;
    for (int d = 0; d < maxRank; ++d) {
      to += at[d] * stride[d];
      index += (dst->box.lo[d] + at[d]) * whole[d];
    }
    for (int64_t i = 0; i < n; ++i) {
      uint64_t element = uint64_t(index + i);
      uint32_t random =
          num::philox4x32({uint32_t(element), uint32_t(element >> 32), run, 0}, key)[0];
      float kept = issue.flag ? 1.0f : values[0][i] * factor;
      result[to + i] = random < threshold ? 0.0f : kept;
    }
  });
  part.store(result, *dst, 0, {uint64_t(dst->count())});
  return Status::success();
}

Status vDropout(State &state, const mach::VDropout &instr) {
  float run = state.hyper[instr.run];
  if (!(run >= 0 && run < 0x1p24f))
    return Error{"the number of the run is " + std::to_string(run) + ", expected 0 to 2^24"};
  return submitVector(state, dropoutPart, [&](Issue &issue) {
    issue.immediate[0] = int64_t(instr.seed);
    issue.immediate[1] = int64_t(instr.stream);
    issue.immediate[2] = int64_t(instr.threshold);
    issue.flag = instr.ones;
  });
}

} // namespace slp::exec
