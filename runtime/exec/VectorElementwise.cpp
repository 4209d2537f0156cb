//===- VectorElementwise.cpp - element by element ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding, ReLU, sums and the optimiser of docs/numerics.md section 5.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"

#include <cmath>

namespace slp::exec {

static Status expectEqualRanks(const Issue &issue, int operands) {
  for (int i = 1; i < operands; ++i)
    if (issue.operand[i].tile.rank != issue.operand[0].tile.rank)
      return Error{"ranks differ: " + std::to_string(issue.operand[0].tile.rank) + " and " +
                   std::to_string(issue.operand[i].tile.rank)};
  return Status::success();
}

template <typename Op> static Status mapUnary(CorePart &core, const Issue &issue, Op op) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> src = part.fetch(1, "src", dst->box);
  if (!src)
    return src.takeError();
  int64_t n = dst->count();
  float *result = part.buffer(0, n);
  for (int64_t i = 0; i < n; ++i)
    result[i] = op((*src)[i]);
  part.store(result, *dst, 0, uint64_t(n));
  return Status::success();
}

template <typename Op>
static Status mapBinary(CorePart &core, const Issue &issue, const char *aName, const char *bName,
                        Op op) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> a = part.fetch(1, aName, dst->box);
  if (!a)
    return a.takeError();
  Result<float *> b = part.fetch(2, bName, dst->box);
  if (!b)
    return b.takeError();
  int64_t n = dst->count();
  float *result = part.buffer(0, n);
  for (int64_t i = 0; i < n; ++i)
    result[i] = op((*a)[i], (*b)[i]);
  part.store(result, *dst, 0, uint64_t(n));
  return Status::success();
}

static Status roundPart(CorePart &part, const Issue &issue) {
  return mapUnary(part, issue, [](float x) { return x; });
}
static Status reluPart(CorePart &part, const Issue &issue) {
  return mapUnary(part, issue, [](float x) { return x > 0.0f ? x : 0.0f; });
}
static Status reluGradPart(CorePart &part, const Issue &issue) {
  return mapBinary(part, issue, "dy", "y", [](float dy, float y) { return y > 0.0f ? dy : 0.0f; });
}
static Status addPart(CorePart &part, const Issue &issue) {
  return mapBinary(part, issue, "a", "b", [](float a, float b) { return a + b; });
}

static Status biasAddPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  const Box &box = dst->box;
  Result<float *> x = part.fetch(1, "x", box);
  if (!x)
    return x.takeError();
  Result<float *> b = part.fetch(2, "b", {{box.lo[1], 0, 0, 0, 0}, {box.size[1], 1, 1, 1, 1}});
  if (!b)
    return b.takeError();
  int64_t n = dst->count(), inner = box.size[2] * box.size[3] * box.size[4];
  float *result = part.buffer(0, n);
  for (int64_t i = 0; i < n; ++i)
    result[i] = (*x)[i] + (*b)[i / inner % box.size[1]];
  part.store(result, *dst, 0, uint64_t(n));
  return Status::success();
}

/// w, v and dw at the coordinates of w.
static Status sgdPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> wView = part.view(0, "w");
  if (!wView)
    return wView.takeError();
  Result<TileView> vTile = part.view(1, "v");
  if (!vTile)
    return vTile.takeError();
  Result<TileView> vView = subview(*vTile, wView->box, "v");
  if (!vView)
    return vView.takeError();
  Result<float *> w = part.fetch(0, "w", *wView, wView->box);
  Result<float *> v = part.fetch(1, "v", *vView, wView->box);
  Result<float *> dw = part.fetch(2, "dw", wView->box);
  if (!dw)
    return dw.takeError();
  float lr = issue.hyper[0], momentum = issue.hyper[1], decay = issue.hyper[2];
  float unscale = issue.hyper[3];
  int64_t n = wView->count();
  for (int64_t i = 0; i < n; ++i) {
    float g = (*dw)[i] * unscale;
    g = std::fma(decay, (*w)[i], g);
    (*v)[i] = std::fma(momentum, (*v)[i], g);
  }
  core.codec.roundInPlace(*v, size_t(n), vView->format, core.events[1]);
  for (int64_t i = 0; i < n; ++i)
    (*w)[i] = std::fma(-lr, (*v)[i], (*w)[i]);
  part.store(*w, *wView, 0, 4 * uint64_t(n));
  num::Events none; // v is rounded already
  core.codec.scatter(*v, *vView, none);
  core.countWrite(*vView);
  return Status::success();
}

static Status submitElementwise(State &state, Result<Issue> issue, int sameRank) {
  if (!issue)
    return issue.takeError();
  if (Status s = expectEqualRanks(*issue, sameRank); !s)
    return s;
  return state.submit(*issue);
}

Status vRound(State &state, const mach::VRound &instr) {
  return submitElementwise(state,
                           prepareVector(state, instr.opcode, instr.mask, roundPart,
                                         {{instr.dst, "dst", ElementKind::real, true},
                                          {instr.src, "src", ElementKind::real}}),
                           2);
}

Status vRelu(State &state, const mach::VRelu &instr) {
  return submitElementwise(state,
                           prepareVector(state, instr.opcode, instr.mask, reluPart,
                                         {{instr.dst, "dst", ElementKind::real, true},
                                          {instr.src, "src", ElementKind::real}}),
                           2);
}

Status vReluGrad(State &state, const mach::VReluGrad &instr) {
  return submitElementwise(state,
                           prepareVector(state, instr.opcode, instr.mask, reluGradPart,
                                         {{instr.dst, "dst", ElementKind::real, true},
                                          {instr.dy, "dy", ElementKind::real},
                                          {instr.y, "y", ElementKind::real}}),
                           3);
}

Status vAdd(State &state, const mach::VAdd &instr) {
  return submitElementwise(state,
                           prepareVector(state, instr.opcode, instr.mask, addPart,
                                         {{instr.dst, "dst", ElementKind::real, true},
                                          {instr.a, "a", ElementKind::real},
                                          {instr.b, "b", ElementKind::real}}),
                           3);
}

Status vBiasAdd(State &state, const mach::VBiasAdd &instr) {
  if (Status s = expectRank(state.descriptor[instr.b], "b", 1, 1); !s)
    return s;
  if (state.descriptor[instr.dst].tile.rank < 2)
    return Error{"operand `dst` has no channel dimension, expected rank 2 or more"};
  return submitElementwise(state,
                           prepareVector(state, instr.opcode, instr.mask, biasAddPart,
                                         {{instr.dst, "dst", ElementKind::real, true},
                                          {instr.x, "x", ElementKind::real},
                                          {instr.b, "b", ElementKind::real}}),
                           2);
}

Status vSgd(State &state, const mach::VSgd &instr) {
  Result<Issue> issue = prepareVector(state, instr.opcode, instr.mask, sgdPart,
                                      {{instr.w, "w", ElementKind::real, true},
                                       {instr.v, "v", ElementKind::real, true},
                                       {instr.dw, "dw", ElementKind::real}});
  if (issue.ok()) {
    issue->hyper[0] = state.hyper[instr.lr];
    issue->hyper[1] = state.hyper[instr.momentum];
    issue->hyper[2] = state.hyper[instr.decay];
    issue->hyper[3] = state.hyper[instr.unscale];
  }
  return submitElementwise(state, std::move(issue), 3);
}

} // namespace slp::exec
