//===- VectorUpdate.cpp - optimizers ----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 9: updates in place, accumulated gradients, clipping.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/VectorGroups.h"

#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/StructVAdagrad.h.inc"
#include "runtime/isa/StructVAdagradGroups.h.inc"
#include "runtime/isa/StructVAdam.h.inc"
#include "runtime/isa/StructVAdamGroups.h.inc"
#include "runtime/isa/StructVAdamw.h.inc"
#include "runtime/isa/StructVAdamwGroups.h.inc"
#include "runtime/isa/StructVAdamwLast.h.inc"
#include "runtime/isa/StructVAdamwLastGroups.h.inc"
#include "runtime/isa/StructVClipFactor.h.inc"
#include "runtime/isa/StructVDrain.h.inc"
#include "runtime/isa/StructVSgd.h.inc"
#include "runtime/isa/StructVSgdGroups.h.inc"
#include "runtime/isa/StructVSgdNesterov.h.inc"
#include "runtime/isa/StructVSgdNesterovGroups.h.inc"
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
/// Whether an update has an operand `pull`, in front of the factor.
enum class Groups { no, yes };

/// The tiles of an update: up to three that are read and written in place, then the gradient, then
/// the pull of weight groups, then the factor.
class UpdateTiles {
public:
  UpdateTiles(CorePart &core, const Issue &issue, Groups groups)
      : core(core), part(core, issue), hasPull(groups == Groups::yes) {}

  /// Reads everything. The gradient in `g` is multiplied by `unscale` and the factor, which holds
  /// the update if it is below 0, and the pull is added.
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
      Result<float> given = fetchScalar(part, count + (hasPull ? 2 : 1), "factor");
      if (!given)
        return given.takeError();
      factor = *given;
    }
    isHeld = factor < 0;
    for (int64_t i = 0; i < n; ++i)
      g[i] = g[i] * unscale * factor;
    return hasPull && n > 0 ? openGroups() : Status::success();
  }
  /// Rounds the new values of all states but the weights, which follow from them.
  void roundStates() {
    for (int i = 1; i < count; ++i)
      round(i);
  }
  /// Writes all states, which a held update leaves as they were read.
  Status close() {
    if (hasPull && !isHeld)
      round(0);
    if (hasPull)
      part.move(state[0], view[0], 0, {uint64_t(n)}); // they are rounded already
    else
      part.store(state[0], view[0], 0, {uint64_t(n)});
    for (int i = 1; i < count; ++i) {
      core.codec.put(state[i], view[i]); // they are rounded already
      core.noteWrite(view[i]);
      core.countWrite(view[i]);
    }
    return Status::success();
  }

  float *state[3] = {}, *g = nullptr;
  int64_t n = 0;
  bool isHeld = false;

private:
  /// What an element of a closed group was.
  struct Kept {
    int64_t at;
    float state[3];
  };

  /// Adds each group's pull, times the weight, to the gradient; notes the elements of closed ones.
  Status openGroups() {
    Result<TileView> tile = part.view(count + 1, "pull");
    if (!tile)
      return tile.takeError();
    const Box &box = view[0].box;
    if (view[0].rank != 4)
      return Error{"operand `w` has rank " + std::to_string(view[0].rank) +
                   ", expected 4 with weight groups"};
    if (Status s = checkGroupExtents(*tile, "pull", view[0]); !s)
      return s;
    Box groups = box;
    for (int d = 0; d < 2; ++d) {
      groups.lo[d] = box.lo[d] / groupChannels;
      groups.size[d] = (view[0].end(d) - 1) / groupChannels + 1 - groups.lo[d];
    }
    Result<float *> pull = part.fetch(count + 1, "pull", *tile, groups);
    if (!pull)
      return pull.takeError();
    int64_t at = 0, taps = box.size[2] * box.size[3];
    for (int64_t co = box.lo[0]; co < view[0].end(0); ++co)
      for (int64_t ci = box.lo[1]; ci < view[0].end(1); ++ci) {
        int64_t b = co / groupChannels - groups.lo[0], a = ci / groupChannels - groups.lo[1];
        const float *c = *pull + (b * groups.size[1] + a) * taps;
        for (int64_t tap = 0; tap < taps; ++tap, ++at) {
          g[at] = std::fma(c[tap], state[0][at], g[at]);
          if (!(c[tap] < 0))
            continue;
          kept.push_back({at, {}});
          for (int i = 0; i < count; ++i)
            kept.back().state[i] = state[i][at];
        }
      }
    return Status::success();
  }
  /// Rounds the new values of a state; those of closed groups are none, and count nothing.
  void round(int i) {
    for (const Kept &element : kept)
      state[i][element.at] = 0;
    core.codec.round(state[i], view[i], part.issue.run, core.events[i]);
    for (const Kept &element : kept)
      state[i][element.at] = element.state[i];
  }

  CorePart &core;
  VectorPart part;
  TileView view[3];
  int count = 0;
  bool hasPull;
  std::vector<Kept> kept;
};
} // namespace

template <bool isNesterov, Groups groups = Groups::no>
static Status sgdPart(CorePart &core, const Issue &issue) {
  const float *h = issue.hyper;
  float lr = h[0] * h[5], momentum = h[1], decay = h[2] * h[6], keep = 1 - h[3];
  UpdateTiles tiles(core, issue, groups);
  if (Status s = tiles.open({"w", "v"}, h[4]); !s)
    return s;
  if (tiles.isHeld)
    return tiles.close();
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
  return tiles.close();
}

template <Groups groups = Groups::no>
static Status adagradPart(CorePart &core, const Issue &issue) {
  const float *c = issue.hyper;
  float lr = c[0] * c[4], decay = c[1] * c[5], epsilon = c[2];
  UpdateTiles tiles(core, issue, groups);
  if (Status s = tiles.open({"w", "h"}, c[3]); !s)
    return s;
  if (tiles.isHeld)
    return tiles.close();
  float *w = tiles.state[0], *h = tiles.state[1], *g = tiles.g;
  for (int64_t i = 0; i < tiles.n; ++i) {
    g[i] = std::fma(decay, w[i], g[i]);
    h[i] = std::fma(g[i], g[i], h[i]);
  }
  tiles.roundStates();
  for (int64_t i = 0; i < tiles.n; ++i)
    w[i] = std::fma(-lr, g[i] / (std::sqrt(h[i]) + epsilon), w[i]);
  return tiles.close();
}

namespace {
/// Where the weight decay of Adam acts.
enum class Decay { inGradient, first, last };
} // namespace

template <Decay decayed, Groups groups = Groups::no>
static Status adamPart(CorePart &core, const Issue &issue) {
  const float *h = issue.hyper;
  float lr = h[0] * h[8], beta1 = h[1], decay = h[2] * h[9], beta2 = h[3], epsilon = h[4];
  float correction1 = h[5], correction2 = h[6], rest1 = 1 - beta1, rest2 = 1 - beta2;
  UpdateTiles tiles(core, issue, groups);
  if (Status s = tiles.open({"w", "m", "v"}, h[7]); !s)
    return s;
  if (tiles.isHeld)
    return tiles.close();
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
    return tiles.close();
  }
  for (int64_t i = 0; i < tiles.n; ++i) {
    if (decayed == Decay::first)
      w[i] = std::fma(-shrink, w[i], w[i]);
    float root = std::sqrt(v[i] * correction2) + epsilon;
    w[i] = std::fma(-lr, m[i] * correction1 / root, w[i]);
  }
  return tiles.close();
}

Status vSgd(State &state, const mach::VSgd &) { return submitVector(state, sgdPart<false>); }

Status vSgdNesterov(State &state, const mach::VSgdNesterov &) {
  return submitVector(state, sgdPart<true>);
}

Status vAdagrad(State &state, const mach::VAdagrad &) { return submitVector(state, adagradPart<>); }

Status vAdam(State &state, const mach::VAdam &) {
  return submitVector(state, adamPart<Decay::inGradient>);
}

Status vAdamw(State &state, const mach::VAdamw &) {
  return submitVector(state, adamPart<Decay::first>);
}

Status vAdamwLast(State &state, const mach::VAdamwLast &) {
  return submitVector(state, adamPart<Decay::last>);
}

Status vSgdGroups(State &state, const mach::VSgdGroups &) {
  return submitVector(state, sgdPart<false, Groups::yes>);
}

Status vSgdNesterovGroups(State &state, const mach::VSgdNesterovGroups &) {
  return submitVector(state, sgdPart<true, Groups::yes>);
}

Status vAdagradGroups(State &state, const mach::VAdagradGroups &) {
  return submitVector(state, adagradPart<Groups::yes>);
}

Status vAdamGroups(State &state, const mach::VAdamGroups &) {
  return submitVector(state, adamPart<Decay::inGradient, Groups::yes>);
}

Status vAdamwGroups(State &state, const mach::VAdamwGroups &) {
  return submitVector(state, adamPart<Decay::first, Groups::yes>);
}

Status vAdamwLastGroups(State &state, const mach::VAdamwLastGroups &) {
  return submitVector(state, adamPart<Decay::last, Groups::yes>);
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
  part.store(*dw, *dst, 1, {uint64_t(n)});
  core.codec.put(*sums, *acc); // zeros
  core.noteWrite(*acc);
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
    core.noteRead(*dst);
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
  part.store(&sum, *dst, 0, {1, uint64_t(n)});
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
  part.store(&factor, *dst, 0, {1, 0, 0, 0, issue.hasOptional});
  return Status::success();
}

Status vClipFactor(State &state, const mach::VClipFactor &) {
  return submitVector(state, clipFactorPart);
}

} // namespace slp::exec
