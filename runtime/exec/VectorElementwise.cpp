//===- VectorElementwise.cpp - element by element ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding, ReLU and the optimiser of docs/numerics.md section 5; other functions of elements are
// in VectorFunctions.cpp.
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

static Status roundPart(CorePart &part, const Issue &issue) {
  return mapUnary(part, issue, [](float x) { return x; });
}
static Status reluPart(CorePart &part, const Issue &issue) {
  return mapUnary(part, issue, [](float x) { return x > 0.0f ? x : 0.0f; });
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
