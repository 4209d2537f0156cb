//===- VectorGroups.cpp - weight groups -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 13: means and norms of groups of weights, and what follows from them.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/VectorGroups.h"

#include "runtime/isa/StructVGroupMask.h.inc"
#include "runtime/isa/StructVGroupPull.h.inc"
#include "runtime/isa/StructVGroupSums.h.inc"

#include <algorithm>
#include <cmath>

namespace slp::exec {

/// The numbers of all layers: lasso, threshold, steps.
constexpr int64_t groupNumbers = 3;

Status checkGroupExtents(const TileView &groups, const char *name, const TileView &weights) {
  for (int d = 0; d < 4; ++d) {
    int64_t of = weights.extent[d],
            expected = d < 2 ? (of + groupChannels - 1) / groupChannels : of;
    if (groups.extent[d] != expected)
      return Error{std::string("operand `") + name + "` has " + std::to_string(groups.extent[d]) +
                   " elements in dimension " + std::to_string(d) + ", expected " +
                   std::to_string(expected) + " for " + std::to_string(of) + " of the weights"};
  }
  return Status::success();
}

/// The channels of the weights that the groups of a tile are of.
static Box weightsOf(const TileView &groups, const TileView &weights) {
  Box box = groups.box;
  for (int d = 0; d < 2; ++d) {
    box.lo[d] = groups.box.lo[d] * groupChannels;
    box.size[d] = std::min(groups.end(d) * groupChannels, weights.extent[d]) - box.lo[d];
  }
  return box;
}

/// tree8 of f of the n values that lie `step` apart.
template <typename F> static float tree8(const float *v, int64_t step, int64_t n, F f) {
  float p[groupChannels] = {};
  for (int64_t j = 0; j < n; ++j)
    p[j] = f(v[j * step]);
  for (int j = 0; j < 4; ++j)
    p[j] = p[j] + p[j + 4];
  return (p[0] + p[2]) + (p[1] + p[3]);
}

/// The operands are mean, norm, src.
static Status groupSumsPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> mean = part.view(0, "mean"), tile = part.view(1, "norm"),
                   src = part.view(2, "src");
  for (Result<TileView> *view : {&mean, &tile, &src})
    if (!*view)
      return view->takeError();
  Result<TileView> norm = subview(*tile, mean->box, "norm");
  if (!norm)
    return norm.takeError();
  if (Status s = checkGroupExtents(*mean, "mean", *src); !s)
    return s;
  if (mean->empty())
    return Status::success();
  Box box = weightsOf(*mean, *src);
  Result<float *> fetched = part.fetch(2, "src", *src, box);
  if (!fetched)
    return fetched.takeError();
  int64_t n = mean->count(), taps = box.size[2] * box.size[3], row = box.size[1] * taps;
  float *means = part.buffer(0, n), *norms = part.buffer(1, n);
  int64_t at = 0;
  for (int64_t b = 0; b < mean->box.size[0]; ++b)
    for (int64_t a = 0; a < mean->box.size[1]; ++a)
      for (int64_t tap = 0; tap < taps; ++tap, ++at) {
        int64_t rows = std::min(groupChannels, box.size[0] - b * groupChannels);
        int64_t columns = std::min(groupChannels, box.size[1] - a * groupChannels);
        float magnitudes = 0, squares = 0;
        for (int64_t i = 0; i < rows; ++i) {
          const float *v =
              *fetched + (b * groupChannels + i) * row + a * groupChannels * taps + tap;
          magnitudes = magnitudes + tree8(v, taps, columns, [](float x) { return std::fabs(x); });
          squares = squares + tree8(v, taps, columns, [](float x) { return x * x; });
        }
        means[at] = magnitudes / float(rows * columns);
        norms[at] = std::sqrt(squares);
      }
  part.store(means, *mean, 0, {0, uint64_t(box.count()), 0, uint64_t(n)});
  part.storeMore(norms, *norm, 1);
  return Status::success();
}

Status vGroupSums(State &state, const mach::VGroupSums &) {
  return submitVector(state, groupSumsPart);
}

/// The numbers, operand number `operand`.
static Result<float *> fetchNumbers(VectorPart &part, int operand) {
  Result<TileView> view = part.view(operand, "numbers");
  if (!view)
    return view.takeError();
  if (view->extent[0] != groupNumbers || !view->whole(0))
    return Error{"the tile of `numbers` holds " + std::to_string(view->count()) + " of " +
                 std::to_string(view->extent[0]) + " elements, expected all of " +
                 std::to_string(groupNumbers)};
  return part.fetch(operand, "numbers", *view, view->box);
}

/// The operands are dst, groups, mean, norm, numbers.
static Status groupPullPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> groups = part.fetch(1, "groups", dst->box),
                  mean = part.fetch(2, "mean", dst->box), norm = part.fetch(3, "norm", dst->box),
                  numbers = fetchNumbers(part, 4);
  for (Result<float *> *values : {&groups, &mean, &norm, &numbers})
    if (!*values)
      return values->takeError();
  int64_t n = dst->count();
  float *pull = part.buffer(0, n), lasso = (*numbers)[0], threshold = (*numbers)[1];
  for (int64_t i = 0; i < n; ++i) {
    bool isPulled = (*mean)[i] < threshold && (*norm)[i] > 0;
    pull[i] = (*groups)[i] == 0 ? -1 : isPulled ? lasso / (*norm)[i] : 0;
  }
  part.store(pull, *dst, 0, {uint64_t(n)});
  return Status::success();
}

Status vGroupPull(State &state, const mach::VGroupPull &) {
  return submitVector(state, groupPullPart);
}

/// The operands are dst, mean, numbers.
static Status groupMaskPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> mean = part.fetch(1, "mean", dst->box), numbers = fetchNumbers(part, 2);
  for (Result<float *> *values : {&mean, &numbers})
    if (!*values)
      return values->takeError();
  int64_t n = dst->count();
  float *mask = part.buffer(0, n);
  for (int64_t i = 0; i < n; ++i)
    mask[i] = (*mean)[i] < (*numbers)[1] ? 0 : 1;
  part.store(mask, *dst, 0, {uint64_t(n)});
  return Status::success();
}

Status vGroupMask(State &state, const mach::VGroupMask &) {
  return submitVector(state, groupMaskPart);
}

} // namespace slp::exec
