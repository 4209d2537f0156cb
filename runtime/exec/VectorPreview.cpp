//===- VectorPreview.cpp - optimizers of ai.onnx.preview.training -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 9. Results are tiles of their own; rate and step number are operands.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/StructVPreviewAdagrad.h.inc"
#include "runtime/isa/StructVPreviewAdam.h.inc"
#include "runtime/isa/StructVPreviewMomentum.h.inc"
#include "runtime/isa/StructVPreviewNesterov.h.inc"

#include <cmath>

namespace slp::exec {

/// base^exponent in FP32, by squaring from the lowest bit.
static float power(float base, uint32_t exponent) {
  float result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1)
      result = result * base;
    base = base * base;
  }
  return result;
}

namespace {
/// The tiles: new x and states, old x and states, dx, r and, where it is an operand, t.
class PreviewTiles {
public:
  PreviewTiles(CorePart &core, const Issue &issue, int count)
      : core(core), part(core, issue), count(count) {}

  Status open() {
    Result<TileView> first = part.view(0, "dst");
    if (!first)
      return first.takeError();
    for (int i = 0; i < count; ++i) {
      Result<TileView> tile = part.view(i, "dst");
      if (!tile)
        return tile.takeError();
      Result<TileView> same = subview(*tile, first->box, "dst");
      if (!same)
        return same.takeError();
      dst[i] = *same;
      Result<float *> values = part.fetch(count + i, "x", first->box);
      if (!values)
        return values.takeError();
      state[i] = *values;
    }
    n = first->count();
    Result<float *> dx = part.fetch(2 * count, "dx", first->box);
    if (!dx)
      return dx.takeError();
    g = *dx;
    Box one = {{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}};
    Result<float *> r = part.fetch(2 * count + 1, "r", one);
    if (!r)
      return r.takeError();
    rate = **r;
    if (!part.issue.hasOptional) {
      steps = int64_t(part.issue.hyper[0]) - 1;
      return Status::success();
    }
    Result<TileView> t = part.view(2 * count + 2, "t");
    if (!t)
      return t.takeError();
    int32_t number = 0;
    gatherIntegers(*t, &number);
    part.part.noteRead(*t);
    part.part.countRead(*t);
    steps = number;
    return Status::success();
  }
  /// Rounds the new states, but not x, which follows from them.
  void roundStates() {
    for (int i = 1; i < count; ++i)
      core.codec.round(state[i], dst[i], part.issue.run, core.events[i]);
  }
  /// Writes all states.
  void close() {
    part.store(state[0], dst[0], 0, {uint64_t(n)});
    for (int i = 1; i < count; ++i) {
      core.codec.put(state[i], dst[i]); // they are rounded already
      core.noteWrite(dst[i]);
      core.countWrite(dst[i]);
    }
  }

  float *state[3] = {}, *g = nullptr, rate = 0;
  int64_t steps = 0, n = 0;

private:
  CorePart &core;
  VectorPart part;
  TileView dst[3];
  const int count;
};
} // namespace

static Status adagradPart(CorePart &core, const Issue &issue) {
  PreviewTiles tiles(core, issue, 2);
  if (Status s = tiles.open(); !s)
    return s;
  const float *c = issue.hyper;
  float norm = c[1], epsilon = c[3];
  float rate = tiles.rate / (1 + float(tiles.steps) * c[2]);
  float *x = tiles.state[0], *h = tiles.state[1], *g = tiles.g;
  for (int64_t i = 0; i < tiles.n; ++i) {
    g[i] = std::fma(norm, x[i], g[i]);
    h[i] = std::fma(g[i], g[i], h[i]);
  }
  tiles.roundStates();
  for (int64_t i = 0; i < tiles.n; ++i)
    x[i] = std::fma(-rate, g[i] / (std::sqrt(h[i]) + epsilon), x[i]);
  tiles.close();
  return Status::success();
}

template <bool isNesterov> static Status momentumPart(CorePart &core, const Issue &issue) {
  PreviewTiles tiles(core, issue, 2);
  if (Status s = tiles.open(); !s)
    return s;
  float norm = issue.hyper[1], alpha = issue.hyper[2];
  float beta = tiles.steps > 0 ? issue.hyper[3] : 1;
  float *x = tiles.state[0], *v = tiles.state[1], *g = tiles.g;
  for (int64_t i = 0; i < tiles.n; ++i) {
    g[i] = std::fma(norm, x[i], g[i]);
    v[i] = std::fma(alpha, v[i], beta * g[i]);
  }
  tiles.roundStates();
  for (int64_t i = 0; i < tiles.n; ++i)
    x[i] = std::fma(-tiles.rate, isNesterov ? std::fma(alpha, v[i], g[i]) : v[i], x[i]);
  tiles.close();
  return Status::success();
}

static Status adamPart(CorePart &core, const Issue &issue) {
  PreviewTiles tiles(core, issue, 3);
  if (Status s = tiles.open(); !s)
    return s;
  const float *c = issue.hyper;
  float norm = c[1], alpha = c[2], beta = c[3], epsilon = c[4], rest = 1 - c[5];
  float rate = tiles.rate;
  if (tiles.steps > 0)
    rate = rate * std::sqrt(1 - power(beta, uint32_t(tiles.steps))) /
           (1 - power(alpha, uint32_t(tiles.steps)));
  float *x = tiles.state[0], *v = tiles.state[1], *h = tiles.state[2], *g = tiles.g;
  for (int64_t i = 0; i < tiles.n; ++i) {
    g[i] = std::fma(norm, x[i], g[i]);
    v[i] = std::fma(alpha, v[i], (1 - alpha) * g[i]);
    h[i] = std::fma(beta, h[i], (1 - beta) * g[i] * g[i]);
  }
  tiles.roundStates();
  for (int64_t i = 0; i < tiles.n; ++i)
    x[i] = rest * std::fma(-rate, v[i] / (std::sqrt(h[i]) + epsilon), x[i]);
  tiles.close();
  return Status::success();
}

Status vPreviewAdagrad(State &state, const mach::VPreviewAdagrad &) {
  return submitVector(state, adagradPart);
}

Status vPreviewMomentum(State &state, const mach::VPreviewMomentum &) {
  return submitVector(state, momentumPart<false>);
}

Status vPreviewNesterov(State &state, const mach::VPreviewNesterov &) {
  return submitVector(state, momentumPart<true>);
}

Status vPreviewAdam(State &state, const mach::VPreviewAdam &) {
  return submitVector(state, adamPart);
}

} // namespace slp::exec
