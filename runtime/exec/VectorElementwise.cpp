//===- VectorElementwise.cpp - element by element ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding, ReLU and sums of docs/numerics.md section 5.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"

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

} // namespace slp::exec
