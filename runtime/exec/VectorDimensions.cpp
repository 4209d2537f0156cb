//===- VectorDimensions.cpp - reductions of dimensions ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// v.reduce and the sums of a normalisation's gradient, docs/numerics.md section 5. Tiles of the
// reduced dimensions come in row-major order; the destination holds what has been gathered so far.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Broadcast.h"
#include "runtime/isa/EnumReduceFunction.h.inc"
#include "runtime/isa/StructVNormalizeSums.h.inc"
#include "runtime/isa/StructVReduce.h.inc"
#include "runtime/num/RowSum.h"

#include <cmath>
#include <limits>

namespace slp::exec {

/// Elements of the last dimension that one row sum takes.
constexpr int64_t rowPiece = 4096;

namespace {

/// Which coordinates a tile of a reduction covers, and where its results are.
struct Reduction {
  Box box;             // of the operand
  Dims resultStride{}; // elements of the dense result; 0 in reduced dimensions
  bool reducesRows = false;
  bool begins = true; // the tile holds the first reduced coordinates
};

bool isReduced(uint8_t axes, int d) { return axes >> d & 1; }

} // namespace

static Result<Reduction> reductionOf(const TileView &dst, const TileView &src, uint8_t axes) {
  Reduction r;
  r.box = src.box;
  int last = src.rank - 1;
  for (int d = 0; d < src.rank; ++d) {
    if (!isReduced(axes, d)) {
      r.box.lo[d] = dst.box.lo[d];
      r.box.size[d] = dst.box.size[d];
      continue;
    }
    if (dst.extent[d] != 1)
      return Error{"operand `dst` has extent " + std::to_string(dst.extent[d]) + " in dimension " +
                   std::to_string(d) + ", which is reduced, expected 1"};
    if (dst.box.size[d] == 0)
      r.box.size[d] = 0; // there is no place for results
    r.begins &= src.box.lo[d] == 0;
  }
  r.reducesRows = isReduced(axes, last);
  int64_t first = src.box.lo[last], end = src.end(last);
  if (r.reducesRows && !src.empty() &&
      (first % rowPiece || (end % rowPiece && end != src.extent[last])))
    return Error{"the tile holds elements " + std::to_string(first) + " to " + std::to_string(end) +
                 " of the last dimension, expected whole pieces of " + std::to_string(rowPiece)};
  r.resultStride = rowMajor(dst.box.size);
  for (int d = 0; d < src.rank; ++d)
    if (isReduced(axes, d))
      r.resultStride[d] = 0;
  return r;
}

static int64_t resultAt(const Reduction &r, const Dims &at) {
  int64_t offset = 0;
  for (int d = 0; d < maxRank; ++d)
    offset += at[d] * r.resultStride[d];
  return offset;
}

/// sum = sum + row_sum(piece), piece by piece.
static float addRow(float sum, const float *terms, int64_t n) {
  for (int64_t i = 0; i < n; i += rowPiece)
    sum = sum + num::rowSum(terms + i, size_t(std::min(rowPiece, n - i)));
  return sum;
}

/// Adds the terms of one row to the results at `to`.
static void addTerms(const Reduction &r, const float *terms, int64_t n, float *to) {
  if (r.reducesRows) {
    *to = addRow(*to, terms, n);
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    to[i] = to[i] + terms[i];
}

template <typename Op>
static void fold(const Reduction &r, const float *values, int64_t n, float *to, Op op) {
  int64_t step = r.reducesRows ? 0 : 1;
  for (int64_t i = 0; i < n; ++i)
    to[i * step] = op(to[i * step], values[i]);
}

/// The results so far, or what a reduction starts from.
static float *startResults(VectorPart &part, const Reduction &r, int operand, const TileView &dst,
                           float identity) {
  float *results = part.buffer(operand, dst.count());
  if (part.goesOn(operand, r.begins)) {
    part.part.codec.gather(dst, results);
    part.part.noteRead(dst);
  } else {
    std::fill(results, results + dst.count(), identity);
  }
  return results;
}

static void reduceRow(const Reduction &r, mach::ReduceFunction function, const float *const *rows,
                      int64_t n, float *terms, float *to) {
  const float *x = rows[0];
  switch (function) {
  case mach::ReduceFunction::sum:
    return addTerms(r, x, n, to);
  case mach::ReduceFunction::sum_square:
    for (int64_t i = 0; i < n; ++i)
      terms[i] = x[i] * x[i];
    return addTerms(r, terms, n, to);
  case mach::ReduceFunction::sum_abs:
    for (int64_t i = 0; i < n; ++i)
      terms[i] = std::fabs(x[i]);
    return addTerms(r, terms, n, to);
  case mach::ReduceFunction::variance:
    for (int64_t i = 0; i < n; ++i) {
      float difference = x[i] - rows[1][i];
      terms[i] = difference * difference;
    }
    return addTerms(r, terms, n, to);
  case mach::ReduceFunction::max:
    return fold(r, x, n, to, [](float m, float v) { return v > m ? v : m; });
  case mach::ReduceFunction::min:
    return fold(r, x, n, to, [](float m, float v) { return v < m ? v : m; });
  case mach::ReduceFunction::prod:
    return fold(r, x, n, to, [](float p, float v) { return p * v; });
  }
}

static Status reducePart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  auto function = static_cast<mach::ReduceFunction>(issue.function);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> src = part.view(1, "src");
  if (!src)
    return src.takeError();
  Result<Reduction> r = reductionOf(*dst, *src, issue.axes);
  if (!r)
    return r.takeError();
  BroadcastRows rows(part, r->box, src->rank);
  if (Status s = rows.add(1, "src"); !s)
    return s;
  if (function == mach::ReduceFunction::variance)
    if (Status s = rows.add(2, "mean"); !s)
      return s;
  float identity = 0.0f;
  if (function == mach::ReduceFunction::max)
    identity = -std::numeric_limits<float>::infinity();
  else if (function == mach::ReduceFunction::min)
    identity = std::numeric_limits<float>::infinity();
  else if (function == mach::ReduceFunction::prod)
    identity = 1.0f;
  float *results = startResults(part, *r, 0, *dst, identity);
  std::vector<float> terms(size_t(r->box.size[src->rank - 1]));
  rows.forEach([&](const float *const *values, const Dims &at, int64_t n) {
    reduceRow(*r, function, values, n, terms.data(), results + resultAt(*r, at));
  });
  part.store(results, *dst, 0, {0, uint64_t(r->box.count())});
  return Status::success();
}

Status vReduce(State &state, const mach::VReduce &instr) {
  return submitVector(state, reducePart, [&](Issue &issue) {
    issue.function = uint8_t(instr.fn);
    issue.axes = uint8_t(instr.axes);
  });
}

//===----------------------------------------------------------------------------------------===//
// Sums of a normalisation's gradient
//===----------------------------------------------------------------------------------------===//

static Status normalizeSumsPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> productTile = part.view(1, "products");
  if (!productTile)
    return productTile.takeError();
  Result<TileView> products = subview(*productTile, dst->box, "products");
  if (!products)
    return products.takeError();
  Result<TileView> dy = part.view(2, "dy");
  if (!dy)
    return dy.takeError();
  Result<Reduction> r = reductionOf(*dst, *dy, issue.axes);
  if (!r)
    return r.takeError();
  BroadcastRows rows(part, r->box, dy->rank);
  for (auto [operand, name] : {std::pair(2, "dy"), {3, "x"}, {4, "mean"}, {5, "inverse"}})
    if (Status s = rows.add(operand, name); !s)
      return s;
  float *sums = startResults(part, *r, 0, *dst, 0.0f);
  float *weighted = startResults(part, *r, 1, *products, 0.0f);
  std::vector<float> terms(size_t(r->box.size[dy->rank - 1]));
  rows.forEach([&](const float *const *v, const Dims &at, int64_t n) {
    const float *error = v[0], *x = v[1], *mean = v[2], *inverse = v[3];
    for (int64_t i = 0; i < n; ++i)
      terms[size_t(i)] = error[i] * ((x[i] - mean[i]) * inverse[i]);
    addTerms(*r, error, n, sums + resultAt(*r, at));
    addTerms(*r, terms.data(), n, weighted + resultAt(*r, at));
  });
  core.codec.scatter(weighted, *products, issue.run, core.events[1]);
  core.noteWrite(*products);
  core.countWrite(*products);
  part.store(sums, *dst, 0, {0, uint64_t(r->box.count())});
  return Status::success();
}

Status vNormalizeSums(State &state, const mach::VNormalizeSums &instr) {
  return submitVector(state, normalizeSumsPart,
                      [&](Issue &issue) { issue.axes = uint8_t(instr.axes); });
}

} // namespace slp::exec
