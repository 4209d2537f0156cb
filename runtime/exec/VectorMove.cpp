//===- VectorMove.cpp - elements that change their places -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The instructions of dialects/Mach/MachInstrMove.td.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"
#include "runtime/isa/StructVCopy.h.inc"
#include "runtime/isa/StructVGather.h.inc"
#include "runtime/isa/StructVScatterAdd.h.inc"

namespace slp::exec {

/// Logical coordinate of the first element of a tile on a core, before clipping.
static int64_t originOf(const mach::TensorTile &tile, int d, unsigned core) {
  return tile.origin[d] + int64_t(core) * tile.coreStride[d];
}

static Status copyPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> src = part.view(1, "src");
  if (!src)
    return src.takeError();
  int64_t n = dst->count();
  float *result = part.buffer(0, n);
  std::fill(result, result + n, issue.hyper[0]);
  // What dst needs of src, and where in dst it begins.
  Dims outStride = rowMajor(dst->box.size);
  Box need;
  Dims times{1, 1, 1, 1, 1};
  int64_t first = 0;
  for (int d = 0; d < dst->rank; ++d) {
    const mach::TensorTile &to = issue.operand[0].tile, &from = issue.operand[1].tile;
    if (from.tile[d] == 1 && to.tile[d] != 1) {
      need.lo[d] = src->box.lo[d];
      need.size[d] = src->box.size[d];
      times[d] = dst->box.size[d];
      continue;
    }
    int64_t shift = originOf(from, d, core.core) - originOf(to, d, core.core);
    int64_t lo = std::max(dst->box.lo[d] + shift, src->box.lo[d]);
    int64_t hi = std::min(dst->end(d) + shift, src->end(d));
    need.lo[d] = lo;
    need.size[d] = std::max<int64_t>(hi - lo, 0);
    first += (lo - shift - dst->box.lo[d]) * outStride[d];
  }
  if (need.count() && n) {
    Result<TileView> from = subview(*src, need, "src");
    if (!from)
      return from.takeError();
    core.noteRead(*from);
    if (core.countsWork)
      core.countRead(*from);
    for (int d = 0; d < dst->rank; ++d)
      if (times[d] != 1) {
        from->box.size[d] = times[d];
        from->stride[d] = 0;
      }
    core.codec.gather(*from, result + first, outStride);
  }
  part.move(result, *dst, 0, {uint64_t(n)});
  return Status::success();
}

Status vCopy(State &state, const mach::VCopy &) {
  Result<Issue> issue = prepareVector(state, copyPart);
  if (!issue)
    return issue.takeError();
  const mach::TensorTile &dst = issue->operand[0].tile, &src = issue->operand[1].tile;
  for (size_t d = 0; d < dst.rank && d < size_t(maxRank); ++d)
    if (src.tile[d] != dst.tile[d] && src.tile[d] != 1)
      return Error{"tile sizes differ in dimension " + std::to_string(d) + ": dst " +
                   std::to_string(dst.tile[d]) + ", src " + std::to_string(src.tile[d])};
  return state.submit(*issue);
}

/// Reads the indices [lo, lo + n) of operand 2 as rows of a table: negative ones count from the
/// end.
static Result<std::vector<int64_t>> fetchRows(CorePart &core, const Issue &issue, int64_t lo,
                                              int64_t n, int64_t rows) {
  Result<TileView> all = core.view(issue.operand[2], "indices");
  if (!all)
    return all.takeError();
  Result<TileView> need = subview(*all, {{lo, 0, 0, 0, 0}, {n, 1, 1, 1, 1}}, "indices");
  if (!need)
    return need.takeError();
  core.noteRead(*need);
  if (core.countsWork)
    core.countRead(*need);
  std::vector<int32_t> raw(static_cast<size_t>(n));
  gatherIntegers(*need, raw.data());
  std::vector<int64_t> result(raw.begin(), raw.end());
  for (int64_t &row : result)
    row += row < 0 ? rows : 0;
  return result;
}

/// How many rows a table of `rows` does not have.
static uint64_t countOutside(const std::vector<int64_t> &indices, int64_t rows) {
  return uint64_t(std::count_if(indices.begin(), indices.end(),
                                [&](int64_t row) { return row < 0 || row >= rows; }));
}

static Status gatherPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> table = part.view(1, "table");
  if (!table)
    return table.takeError();
  if (dst->empty())
    return Status::success();
  const Box &box = dst->box;
  auto [outer, count, inner] = std::array<int64_t, 3>{box.size[0], box.size[1], box.size[2]};
  int64_t firstRow = table->box.lo[1], rows = table->box.size[1], extent = table->extent[1];
  Result<std::vector<int64_t>> indices = fetchRows(core, issue, box.lo[1], count, extent);
  if (!indices)
    return indices.takeError();
  float *result = part.buffer(0, dst->count());
  if (part.goesOn(0, firstRow == 0)) {
    core.codec.gather(*dst, result);
    core.noteRead(*dst);
    core.countRead(*dst);
  } else {
    std::fill(result, result + dst->count(), 0.0f);
    uint64_t lost = countOutside(*indices, extent) * uint64_t(outer * inner);
    core.events[0].invalid += lost;
    core.events[0].outside += lost;
  }
  Box need = box;
  need.lo[1] = firstRow;
  need.size[1] = rows;
  Result<float *> values = part.fetch(1, "table", *table, need);
  if (!values)
    return values.takeError();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < count; ++i) {
      int64_t row = (*indices)[size_t(i)] - firstRow;
      if (row < 0 || row >= rows)
        continue;
      const float *from = *values + (o * rows + row) * inner;
      std::copy(from, from + inner, result + (o * count + i) * inner);
    }
  part.move(result, *dst, 0, {uint64_t(dst->count())});
  return Status::success();
}

static Status scatterAddPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> dy = part.view(1, "dy");
  if (!dy)
    return dy.takeError();
  if (dst->empty())
    return Status::success();
  if (Status s = expectWhole(*dy, 1, "dy"); !s)
    return s;
  const Box &box = dst->box;
  auto [outer, rows, inner] = std::array<int64_t, 3>{box.size[0], box.size[1], box.size[2]};
  int64_t count = dy->extent[1], firstRow = box.lo[1];
  Result<std::vector<int64_t>> indices = fetchRows(core, issue, 0, count, dst->extent[1]);
  if (!indices)
    return indices.takeError();
  if (firstRow == 0) // once, whatever the tiles
    core.events[0].outside += countOutside(*indices, dst->extent[1]) * uint64_t(outer * inner);
  Box need = box;
  need.lo[1] = 0;
  need.size[1] = count;
  Result<float *> errors = part.fetch(1, "dy", *dy, need);
  if (!errors)
    return errors.takeError();
  float *sums = part.buffer(0, dst->count());
  std::fill(sums, sums + dst->count(), 0.0f);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < count; ++i) {
      int64_t row = (*indices)[size_t(i)] - firstRow;
      if (row < 0 || row >= rows)
        continue;
      const float *from = *errors + (o * count + i) * inner;
      float *to = sums + (o * rows + row) * inner;
      for (int64_t r = 0; r < inner; ++r)
        to[r] = to[r] + from[r];
    }
  part.store(sums, *dst, 0, {uint64_t(dst->count()), uint64_t(need.count())});
  return Status::success();
}

Status vGather(State &state, const mach::VGather &) { return submitVector(state, gatherPart); }

Status vScatterAdd(State &state, const mach::VScatterAdd &) {
  return submitVector(state, scatterAddPart);
}

} // namespace slp::exec
