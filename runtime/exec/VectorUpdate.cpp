//===- VectorUpdate.cpp - optimizers ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 9: updates in place, accumulated gradients, clipping.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/StructVAdagrad.h.inc"
#include "runtime/isa/StructVAdam.h.inc"
#include "runtime/isa/StructVAdamw.h.inc"
#include "runtime/isa/StructVAdamwLast.h.inc"
#include "runtime/isa/StructVClipFactor.h.inc"
#include "runtime/isa/StructVDrain.h.inc"
#include "runtime/isa/StructVSgd.h.inc"
#include "runtime/isa/StructVSgdNesterov.h.inc"
#include "runtime/isa/StructVSquareSum.h.inc"
#include "runtime/num/RowSum.h"

#include <cmath>

namespace slp::exec {

/// Elements of one block of v.square.sum.
static constexpr int64_t sumBlock = 1024;

static Result<float> fetchScalar(VectorPart &part, int operand, const char *name) {
  Result<float *> value = part.fetch(operand, name, {{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}});
  if (!value)
    return value.takeError();
  return **value;
}

namespace {
/// The tiles of an update: up to three that are read and written in place, then the gradient, then
/// the factor.
class UpdateTiles {
public:
  UpdateTiles(CorePart &core, const Issue &issue) : core(core), part(core, issue) {}

  /// Reads everything. The gradient in `g` is multiplied by `unscale` and the factor, which holds
  /// the update if it is below 0.
  Status open(std::initializer_list<const char *> names, float unscale) {
    for (const char *name : names) {
      Result<TileView> tile = part.view(count, name);
      if (!tile)
        return tile.takeError();
      view[count] = *tile;
      if (count != 0) {
        Result<TileView> same = subview(*tile, view[0].box, name);
        if (!same)
          return same.takeError();
        view[count] = *same;
      }
      Result<float *> values = part.fetch(count, name, view[count], view[0].box);
      if (!values)
        return values.takeError();
      state[count++] = *values;
    }
    n = view[0].count();
    Result<float *> dw = part.fetch(count, "dw", view[0].box);
    if (!dw)
      return dw.takeError();
    g = *dw;
    float factor = 1;
    if (part.issue.hasOptional) {
      Result<float> given = fetchScalar(part, count + 1, "factor");
      if (!given)
        return given.takeError();
      factor = *given;
    }
    isHeld = factor < 0;
    for (int64_t i = 0; i < n; ++i)
      g[i] = g[i] * unscale * factor;
    return Status::success();
  }
  /// Rounds the new values of all states but the weights, which follow from them.
  void roundStates() {
    for (int i = 1; i < count; ++i)
      core.codec.round(state[i], view[i], part.issue.run, core.events[i]);
  }
  /// Writes all states, which a held update leaves as they were read; an element takes
  /// `steps` steps.
  Status close(uint64_t steps) {
    part.store(state[0], view[0], 0, steps * uint64_t(n));
    for (int i = 1; i < count; ++i) {
      core.codec.put(state[i], view[i]); // they are rounded already
      core.countWrite(view[i]);
    }
    return Status::success();
  }

  float *state[3] = {}, *g = nullptr;
  int64_t n = 0;
  bool isHeld = false;

private:
  CorePart &core;
  VectorPart part;
  TileView view[3];
  int count = 0;
};
} // namespace

template <bool isNesterov> static Status sgdPart(CorePart &core, const Issue &issue) {
  const float *h = issue.hyper;
  float lr = h[0] * h[5], momentum = h[1], decay = h[2] * h[6], keep = 1 - h[3];
  UpdateTiles tiles(core, issue);
  if (Status s = tiles.open({"w", "v"}, h[4]); !s)
    return s;
  if (tiles.isHeld)
    return tiles.close(isNesterov ? 6 : 5);
  float *w = tiles.state[0], *v = tiles.state[1], *g = tiles.g;
  for (int64_t i = 0; i < tiles.n; ++i) {
    g[i] = std::fma(decay, w[i], g[i]);
    v[i] = std::fma(momentum, v[i], keep * g[i]);
  }
  tiles.roundStates();
  for (int64_t i = 0; i < tiles.n; ++i) {
    float step = isNesterov ? std::fma(momentum, v[i], g[i]) : v[i];
    w[i] = std::fma(-lr, step, w[i]);
  }
  return tiles.close(isNesterov ? 6 : 5);
}

static Status adagradPart(CorePart &core, const Issue &issue) {
  const float *c = issue.hyper;
  float lr = c[0] * c[4], decay = c[1] * c[5], epsilon = c[2];
  UpdateTiles tiles(core, issue);
  if (Status s = tiles.open({"w", "h"}, c[3]); !s)
    return s;
  if (tiles.isHeld)
    return tiles.close(7);
  float *w = tiles.state[0], *h = tiles.state[1], *g = tiles.g;
  for (int64_t i = 0; i < tiles.n; ++i) {
    g[i] = std::fma(decay, w[i], g[i]);
    h[i] = std::fma(g[i], g[i], h[i]);
  }
  tiles.roundStates();
  for (int64_t i = 0; i < tiles.n; ++i)
    w[i] = std::fma(-lr, g[i] / (std::sqrt(h[i]) + epsilon), w[i]);
  return tiles.close(7);
}

namespace {
/// Where the weight decay of Adam acts.
enum class Decay { inGradient, first, last };
} // namespace

template <Decay decayed> static Status adamPart(CorePart &core, const Issue &issue) {
  const float *h = issue.hyper;
  float lr = h[0] * h[8], beta1 = h[1], decay = h[2] * h[9], beta2 = h[3], epsilon = h[4];
  float correction1 = h[5], correction2 = h[6], rest1 = 1 - beta1, rest2 = 1 - beta2;
  UpdateTiles tiles(core, issue);
  if (Status s = tiles.open({"w", "m", "v"}, h[7]); !s)
    return s;
  if (tiles.isHeld)
    return tiles.close(13);
  float *w = tiles.state[0], *m = tiles.state[1], *v = tiles.state[2], *g = tiles.g;
  for (int64_t i = 0; i < tiles.n; ++i) {
    if (decayed == Decay::inGradient)
      g[i] = std::fma(decay, w[i], g[i]);
    m[i] = std::fma(beta1, m[i], rest1 * g[i]);
    v[i] = std::fma(beta2, v[i], rest2 * g[i] * g[i]);
  }
  tiles.roundStates();
  float shrink = lr * decay;
  if (decayed == Decay::last) {
    float rate = lr * correction1 / std::sqrt(correction2);
    for (int64_t i = 0; i < tiles.n; ++i) {
      w[i] = std::fma(-rate, m[i] / (std::sqrt(v[i]) + epsilon), w[i]);
      w[i] = std::fma(-shrink, w[i], w[i]);
    }
    return tiles.close(11);
  }
  for (int64_t i = 0; i < tiles.n; ++i) {
    if (decayed == Decay::first)
      w[i] = std::fma(-shrink, w[i], w[i]);
    float root = std::sqrt(v[i] * correction2) + epsilon;
    w[i] = std::fma(-lr, m[i] * correction1 / root, w[i]);
  }
  return tiles.close(13);
}

Status vSgd(State &state, const mach::VSgd &) { return submitVector(state, sgdPart<false>); }

Status vSgdNesterov(State &state, const mach::VSgdNesterov &) {
  return submitVector(state, sgdPart<true>);
}

Status vAdagrad(State &state, const mach::VAdagrad &) { return submitVector(state, adagradPart); }

Status vAdam(State &state, const mach::VAdam &) {
  return submitVector(state, adamPart<Decay::inGradient>);
}

Status vAdamw(State &state, const mach::VAdamw &) {
  return submitVector(state, adamPart<Decay::first>);
}

Status vAdamwLast(State &state, const mach::VAdamwLast &) {
  return submitVector(state, adamPart<Decay::last>);
}

//===----------------------------------------------------------------------------------------===//
// Around an update
//===----------------------------------------------------------------------------------------===//

/// The operands are acc, dst, dw.
static Status drainPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> acc = part.view(0, "acc");
  if (!acc)
    return acc.takeError();
  Result<TileView> tile = part.view(1, "dst");
  if (!tile)
    return tile.takeError();
  Result<TileView> dst = subview(*tile, acc->box, "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> sums = part.fetch(0, "acc", *acc, acc->box);
  if (!sums)
    return sums.takeError();
  Result<float *> dw = part.fetch(2, "dw", acc->box);
  if (!dw)
    return dw.takeError();
  int64_t n = acc->count();
  for (int64_t i = 0; i < n; ++i) {
    (*dw)[i] = (*sums)[i] + (*dw)[i];
    (*sums)[i] = 0;
  }
  part.store(*dw, *dst, 1, uint64_t(n));
  core.codec.put(*sums, *acc); // zeros
  core.countWrite(*acc);
  return Status::success();
}

Status vDrain(State &state, const mach::VDrain &) { return submitVector(state, drainPart); }

static Status squareSumPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> src = part.view(1, "src");
  if (!src)
    return src.takeError();
  int64_t first = src->box.lo[0], n = src->box.size[0];
  bool isWhole = first + n == src->extent[0];
  if (first % sumBlock != 0 || (n % sumBlock != 0 && !isWhole))
    return Error{"the tile of `src` holds elements " + std::to_string(first) + " to " +
                 std::to_string(first + n) + ", expected whole blocks of " +
                 std::to_string(sumBlock)};
  Result<float *> x = part.fetch(1, "src", *src, src->box);
  if (!x)
    return x.takeError();
  float sum = 0, unscale = issue.hyper[0];
  if (part.goesOn(0, first == 0)) {
    core.codec.gather(*dst, &sum);
  } else if (issue.mode == mach::accMode::bias) {
    Result<float> bias = fetchScalar(part, 2, "bias");
    if (!bias)
      return bias.takeError();
    sum = *bias;
  }
  for (int64_t i = 0; i < n; ++i) {
    float g = (*x)[i] * unscale;
    (*x)[i] = g * g;
  }
  for (int64_t i = 0; i < n; i += sumBlock)
    sum = sum + num::rowSum(*x + i, size_t(std::min(sumBlock, n - i)));
  part.store(&sum, *dst, 0, 3 * uint64_t(n));
  return Status::success();
}

Status vSquareSum(State &state, const mach::VSquareSum &) {
  return submitVector(state, squareSumPart);
}

static Status clipFactorPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<float> total = fetchScalar(part, 1, "src");
  if (!total)
    return total.takeError();
  float unscale = 1;
  if (issue.hasOptional) {
    Result<float> given = fetchScalar(part, 2, "unscale");
    if (!given)
      return given.takeError();
    unscale = *given;
  }
  float factor = issue.hyper[0] / (std::sqrt(*total) * unscale + 1e-6f);
  factor = unscale < 0 ? -1 : (factor < 1 ? factor : 1) * unscale;
  part.store(&factor, *dst, 0, issue.hasOptional ? 7 : 4);
  return Status::success();
}

Status vClipFactor(State &state, const mach::VClipFactor &) {
  return submitVector(state, clipFactorPart);
}

} // namespace slp::exec
