//===- VectorWindow.cpp - pooling -------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Maximum and average pooling and their gradients, docs/numerics.md section 5.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"
#include "runtime/exec/WindowAxis.h"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/StructVAvgPool.h.inc"
#include "runtime/isa/StructVAvgPoolGrad.h.inc"
#include "runtime/isa/StructVMaxPool.h.inc"
#include "runtime/isa/StructVMaxPoolGrad.h.inc"
#include "runtime/isa/StructVMaxPoolTake.h.inc"

namespace slp::exec {
namespace {

/// The axes of a pooling between the tile of the destination and its source.
struct Pooling {
  WindowAxis rows, columns;
  const Window &window;
  int64_t planes; // images times channels

  Pooling(const Window &w, const Box &dst, const Dims &sourceExtent, bool backward)
      : rows{w.kh, w.sh, w.pt, w.dh, dst.lo[2], dst.size[2], sourceExtent[2], backward},
        columns{w.kw, w.sw, w.pl, w.dw, dst.lo[3], dst.size[3], sourceExtent[3], backward},
        window(w), planes(dst.size[0] * dst.size[1]) {
    rows.scan();
    columns.scan();
  }

  /// The part of the source that the destination needs.
  Box need(const Box &dst) const {
    Box box = dst;
    box.lo[2] = rows.needLo;
    box.size[2] = rows.needSize;
    box.lo[3] = columns.needLo;
    box.size[3] = columns.needSize;
    return box;
  }
  int64_t sourcePlane() const { return rows.needSize * columns.needSize; }
  int64_t targetPlane() const { return rows.size * columns.size; }
  uint64_t pairs() const { return uint64_t(planes) * rows.present * columns.present; }
};

/// Taps of window o that lie in [low, high).
int64_t tapsWithin(int64_t o, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation,
                   int64_t low, int64_t high) {
  int64_t count = 0;
  for (int64_t k = 0; k < kernel; ++k) {
    int64_t at = o * stride - pad + k * dilation;
    count += at >= low && at < high;
  }
  return count;
}

/// Rows, then columns, of an input under window o.
int64_t rowsUnder(const Window &w, int64_t o, const Dims &extent) {
  return w.countPad ? tapsWithin(o, w.kh, w.sh, w.pt, w.dh, -w.pt, extent[2] + w.pb)
                    : tapsWithin(o, w.kh, w.sh, w.pt, w.dh, 0, extent[2]);
}
int64_t columnsUnder(const Window &w, int64_t o, const Dims &extent) {
  return w.countPad ? tapsWithin(o, w.kw, w.sw, w.pl, w.dw, -w.pl, extent[3] + w.pr)
                    : tapsWithin(o, w.kw, w.sw, w.pl, w.dw, 0, extent[3]);
}

/// What an average divides by. `extent` is the input's.
int64_t countOf(const Window &w, int64_t oy, int64_t ox, const Dims &extent) {
  return rowsUnder(w, oy, extent) * columnsUnder(w, ox, extent);
}

/// Calls f(kh, kw, source) for each tap of output (y, x) inside the extents, in row-major order.
/// `source` indexes the needed part of a plane.
template <typename F> void forTaps(const Pooling &p, int64_t y, int64_t x, F f) {
  for (int64_t i = 0; i < p.window.kh; ++i) {
    int64_t sy;
    if (!p.rows.sourceOf(y, i, sy) || sy < 0 || sy >= p.rows.extent)
      continue;
    for (int64_t j = 0; j < p.window.kw; ++j) {
      int64_t sx;
      if (!p.columns.sourceOf(x, j, sx) || sx < 0 || sx >= p.columns.extent)
        continue;
      f(i, j, (sy - p.rows.needLo) * p.columns.needSize + sx - p.columns.needLo);
    }
  }
}

/// Calls f(plane, y, x, target) for each element of the destination's tile.
template <typename F> void forOutputs(const Pooling &p, F f) {
  int64_t target = 0;
  for (int64_t plane = 0; plane < p.planes; ++plane)
    for (int64_t y = p.rows.lo; y < p.rows.lo + p.rows.size; ++y)
      for (int64_t x = p.columns.lo; x < p.columns.lo + p.columns.size; ++x)
        f(plane, y, x, target++);
}

/// Fails if a window of the tile lies wholly in the padding.
Status checkWindows(const Pooling &p, const Dims &extent) {
  const Window &w = p.window;
  for (int64_t y = p.rows.lo; y < p.rows.lo + p.rows.size; ++y)
    if (!tapsWithin(y, w.kh, w.sh, w.pt, w.dh, 0, extent[2]))
      return Error{"the windows of row " + std::to_string(y) + " lie wholly in the padding"};
  for (int64_t x = p.columns.lo; x < p.columns.lo + p.columns.size; ++x)
    if (!tapsWithin(x, w.kw, w.sw, w.pl, w.dw, 0, extent[3]))
      return Error{"the windows of column " + std::to_string(x) + " lie wholly in the padding"};
  return Status::success();
}

Status maxPoolPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  Result<TileView> indexTile = part.view(1, "index");
  Result<TileView> src = part.view(2, "src");
  for (Result<TileView> *view : {&dst, &indexTile, &src})
    if (!view->ok())
      return view->takeError();
  Result<TileView> index = subview(*indexTile, dst->box, "index");
  if (!index)
    return index.takeError();
  Pooling p(issue.window, dst->box, src->extent, false);
  if (Status s = checkWindows(p, src->extent); !s)
    return s;
  Result<float *> x = part.fetch(2, "src", *src, p.need(dst->box));
  if (!x)
    return x.takeError();
  float *y = part.buffer(0, dst->count());
  std::vector<int32_t> taken(size_t(dst->count()));
  forOutputs(p, [&](int64_t plane, int64_t row, int64_t column, int64_t target) {
    const float *from = *x + plane * p.sourcePlane();
    bool any = false;
    forTaps(p, row, column, [&](int64_t i, int64_t j, int64_t source) {
      if (any && !(from[source] > y[target]))
        return;
      any = true;
      y[target] = from[source];
      taken[size_t(target)] = int32_t(i * p.window.kw + j);
    });
  });
  scatterIntegers(taken.data(), *index);
  core.noteWrite(*index);
  core.countWrite(*index);
  part.store(y, *dst, 0, {0, 0, p.pairs()});
  return Status::success();
}

Status maxPoolGradPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> dyTile = part.view(2, "dy");
  if (!dyTile)
    return dyTile.takeError();
  Pooling p(issue.window, dst->box, dyTile->extent, true);
  Result<float *> index = part.fetch(1, "index", p.need(dst->box));
  if (!index)
    return index.takeError();
  Result<float *> dy = part.fetch(2, "dy", *dyTile, p.need(dst->box));
  if (!dy)
    return dy.takeError();
  float *dx = part.buffer(0, dst->count());
  forOutputs(p, [&](int64_t plane, int64_t row, int64_t column, int64_t target) {
    int64_t base = plane * p.sourcePlane();
    // Later taps belong to earlier windows: going backwards visits the windows in row-major order.
    float sum = 0.0f;
    for (int64_t i = p.window.kh - 1; i >= 0; --i) {
      int64_t oy;
      if (!p.rows.sourceOf(row, i, oy) || oy < 0 || oy >= p.rows.extent)
        continue;
      for (int64_t j = p.window.kw - 1; j >= 0; --j) {
        int64_t ox;
        if (!p.columns.sourceOf(column, j, ox) || ox < 0 || ox >= p.columns.extent)
          continue;
        int64_t at = base + (oy - p.rows.needLo) * p.columns.needSize + ox - p.columns.needLo;
        if (int64_t((*index)[at]) == i * p.window.kw + j)
          sum = sum + (*dy)[at];
      }
    }
    dx[target] = sum;
  });
  part.store(dx, *dst, 0, {0, 0, p.pairs()});
  return Status::success();
}

Status maxPoolTakePart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> src = part.view(2, "src");
  if (!src)
    return src.takeError();
  Pooling p(issue.window, dst->box, src->extent, false);
  Result<float *> index = part.fetch(1, "index", dst->box);
  if (!index)
    return index.takeError();
  Result<float *> x = part.fetch(2, "src", *src, p.need(dst->box));
  if (!x)
    return x.takeError();
  float *y = part.buffer(0, dst->count());
  forOutputs(p, [&](int64_t plane, int64_t row, int64_t column, int64_t target) {
    int64_t tap = int64_t((*index)[target]);
    int64_t sy, sx;
    y[target] = 0.0f;
    p.rows.sourceOf(row, tap / p.window.kw, sy);
    p.columns.sourceOf(column, tap % p.window.kw, sx);
    if (tap >= 0 && tap < p.window.kh * p.window.kw && sy >= 0 && sy < p.rows.extent && sx >= 0 &&
        sx < p.columns.extent)
      y[target] = (*x)[plane * p.sourcePlane() + (sy - p.rows.needLo) * p.columns.needSize + sx -
                       p.columns.needLo];
  });
  part.store(y, *dst, 0, {uint64_t(dst->count())});
  return Status::success();
}

Status avgPoolPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> src = part.view(1, "src");
  if (!src)
    return src.takeError();
  Pooling p(issue.window, dst->box, src->extent, false);
  if (Status s = checkWindows(p, src->extent); !s)
    return s;
  Result<float *> x = part.fetch(1, "src", *src, p.need(dst->box));
  if (!x)
    return x.takeError();
  float *y = part.buffer(0, dst->count());
  forOutputs(p, [&](int64_t plane, int64_t row, int64_t column, int64_t target) {
    const float *from = *x + plane * p.sourcePlane();
    float sum = 0.0f;
    forTaps(p, row, column, [&](int64_t, int64_t, int64_t source) { sum = sum + from[source]; });
    y[target] = sum / float(countOf(p.window, row, column, src->extent));
  });
  part.store(y, *dst, 0, {uint64_t(dst->count()), 0, p.pairs()});
  return Status::success();
}

Status avgPoolGradPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> dyTile = part.view(1, "dy");
  if (!dyTile)
    return dyTile.takeError();
  Pooling p(issue.window, dst->box, dyTile->extent, true);
  Box need = p.need(dst->box);
  Result<float *> dy = part.fetch(1, "dy", *dyTile, need);
  if (!dy)
    return dy.takeError();
  // Each window's share first, so that it is divided once.
  for (int64_t plane = 0, at = 0; plane < p.planes; ++plane)
    for (int64_t oy = 0; oy < need.size[2]; ++oy)
      for (int64_t ox = 0; ox < need.size[3]; ++ox, ++at)
        (*dy)[at] =
            (*dy)[at] / float(countOf(p.window, need.lo[2] + oy, need.lo[3] + ox, dst->extent));
  float *dx = part.buffer(0, dst->count());
  forOutputs(p, [&](int64_t plane, int64_t row, int64_t column, int64_t target) {
    const float *from = *dy + plane * p.sourcePlane();
    float sum = 0.0f;
    for (int64_t i = p.window.kh - 1; i >= 0; --i) {
      int64_t oy;
      if (!p.rows.sourceOf(row, i, oy) || oy < 0 || oy >= p.rows.extent)
        continue;
      for (int64_t j = p.window.kw - 1; j >= 0; --j) {
        int64_t ox;
        if (p.columns.sourceOf(column, j, ox) && ox >= 0 && ox < p.columns.extent)
          sum = sum + from[(oy - p.rows.needLo) * p.columns.needSize + ox - p.columns.needLo];
      }
    }
    dx[target] = sum;
  });
  part.store(dx, *dst, 0, {0, uint64_t(need.count()), p.pairs()});
  return Status::success();
}

Status checkIndexRange(const Window &w, const Descriptor &index) {
  if (w.kh * w.kw <= 256 || index.tile.format == mach::format::i32)
    return Status::success();
  return Error{"a window of " + std::to_string(w.kh * w.kw) +
               " elements has indices beyond 8 bits, expected at most 256 elements or i32"};
}

} // namespace

Status vMaxPool(State &state, const mach::VMaxPool &instr) {
  if (Status s = checkIndexRange(state.geometry[instr.geom], state.descriptor[instr.index]); !s)
    return s;
  return submitVector(state, maxPoolPart);
}

Status vMaxPoolGrad(State &state, const mach::VMaxPoolGrad &instr) {
  if (Status s = checkIndexRange(state.geometry[instr.geom], state.descriptor[instr.index]); !s)
    return s;
  return submitVector(state, maxPoolGradPart);
}

Status vMaxPoolTake(State &state, const mach::VMaxPoolTake &instr) {
  if (Status s = checkIndexRange(state.geometry[instr.geom], state.descriptor[instr.index]); !s)
    return s;
  return submitVector(state, maxPoolTakePart);
}

Status vAvgPool(State &state, const mach::VAvgPool &) { return submitVector(state, avgPoolPart); }

Status vAvgPoolGrad(State &state, const mach::VAvgPoolGrad &) {
  return submitVector(state, avgPoolGradPart);
}

} // namespace slp::exec
