//===- Capture.cpp - values for whoever compares them -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// After an instruction whose debug record names a train tensor, its destination is read back and
// handed over with the elements' row-major indices. slp-verify compares them with the reference;
// nothing else runs differently for it.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/State.h"

namespace slp::exec {

/// Row-major indices, over the tensor's extents, of the view's elements in row-major order.
static std::vector<int64_t> linearIndices(const TileView &view) {
  Dims weight = rowMajor(view.extent);
  std::vector<int64_t> result;
  result.reserve(size_t(view.count()));
  const Dims &lo = view.box.lo, &size = view.box.size;
  for (int64_t a = 0; a < size[0]; ++a)
    for (int64_t b = 0; b < size[1]; ++b)
      for (int64_t c = 0; c < size[2]; ++c)
        for (int64_t d = 0; d < size[3]; ++d) {
          int64_t row = (lo[0] + a) * weight[0] + (lo[1] + b) * weight[1] +
                        (lo[2] + c) * weight[2] + (lo[3] + d) * weight[3] + lo[4] * weight[4];
          for (int64_t e = 0; e < size[4]; ++e)
            result.push_back(row + e * weight[4]);
        }
  return result;
}

Status capture(const State &state, const Issue &issue, unsigned core) {
  const image::DebugRecord *record = state.recordOf(issue.pc);
  for (int i = 0; i < maxDestinations; ++i) {
    if (record->capture[i] < 0 || issue.destination[i] < 0)
      continue;
    const Descriptor &d = issue.operand[issue.destination[i]];
    Result<TileView> view = resolve(state.memories, d, core, "captured");
    if (!view)
      return view.takeError();
    if (view->empty())
      continue;
    std::vector<float> values(size_t(view->count()));
    state.codec.gather(*view, values.data());
    state.options.capturer->captured(state.image.debug.captures[size_t(record->capture[i])],
                                     issue.pc, linearIndices(*view), values);
  }
  return Status::success();
}

} // namespace slp::exec
