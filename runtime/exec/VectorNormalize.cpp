//===- VectorNormalize.cpp - normalisation and its gradients ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5. What reduces is in VectorDimensions.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Broadcast.h"

#include "runtime/isa/StructVFill.h.inc"
#include "runtime/isa/StructVInverseDeviation.h.inc"
#include "runtime/isa/StructVMovingAverage.h.inc"
#include "runtime/isa/StructVNormalize.h.inc"
#include "runtime/isa/StructVNormalizeFixedGrad.h.inc"
#include "runtime/isa/StructVNormalizeGrad.h.inc"
#include "runtime/isa/StructVSpread.h.inc"
#include "runtime/isa/StructVVarianceGrad.h.inc"

#include <cmath>

namespace slp::exec {

static int64_t offsetOf(const Dims &stride, const Dims &at) {
  int64_t offset = 0;
  for (int d = 0; d < maxRank; ++d)
    offset += at[d] * stride[d];
  return offset;
}

using Names = std::initializer_list<std::pair<int, const char *>>;

/// `f(rows, i)` for each element of the destination.
template <typename F>
static Status mapBroadcast(CorePart &core, const Issue &issue, Names names, F f) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  BroadcastRows rows(part, dst->box, dst->rank);
  for (auto [operand, name] : names)
    if (Status s = rows.add(operand, name); !s)
      return s;
  float *result = part.buffer(0, dst->count());
  Dims stride = rowMajor(dst->box.size);
  rows.forEach([&](const float *const *values, const Dims &at, int64_t n) {
    float *to = result + offsetOf(stride, at);
    for (int64_t i = 0; i < n; ++i)
      to[i] = f(values, i);
  });
  part.store(result, *dst, 0, {uint64_t(dst->count()), 0, 0, 0, issue.flag});
  return Status::success();
}

static Status spreadPart(CorePart &core, const Issue &issue) {
  float divisor = issue.hyper[0];
  return mapBroadcast(core, issue, {{1, "src"}},
                      [=](const float *const *v, int64_t i) { return v[0][i] / divisor; });
}

static Status varianceGradPart(CorePart &core, const Issue &issue) {
  float factor = issue.hyper[0];
  return mapBroadcast(
      core, issue, {{1, "dy"}, {2, "x"}, {3, "mean"}},
      [=](const float *const *v, int64_t i) { return ((v[1][i] - v[2][i]) * factor) * v[0][i]; });
}

static Status inverseDeviationPart(CorePart &core, const Issue &issue) {
  float epsilon = issue.hyper[0];
  return mapBroadcast(core, issue, {{1, "var"}}, [=](const float *const *v, int64_t i) {
    return 1.0f / std::sqrt(v[0][i] + epsilon);
  });
}

static Status normalizePart(CorePart &core, const Issue &issue) {
  return mapBroadcast(core, issue,
                      {{1, "x"}, {2, "mean"}, {3, "inverse"}, {4, "scale"}, {5, "bias"}},
                      [](const float *const *v, int64_t i) {
                        return std::fma((v[0][i] - v[1][i]) * v[2][i], v[3][i], v[4][i]);
                      });
}

static Status normalizeGradPart(CorePart &core, const Issue &issue) {
  auto unscaled = [](const float *const *v, int64_t i) {
    float normal = (v[1][i] - v[2][i]) * v[3][i];
    return std::fma(-normal, v[5][i], v[0][i] - v[4][i]) * v[3][i];
  };
  if (!issue.flag)
    return mapBroadcast(
        core, issue,
        {{1, "dy"}, {2, "x"}, {3, "mean"}, {4, "inverse"}, {5, "sum"}, {6, "products"}}, unscaled);
  return mapBroadcast(
      core, issue,
      {{1, "dy"}, {2, "x"}, {3, "mean"}, {4, "inverse"}, {5, "sum"}, {6, "products"}, {7, "scale"}},
      [&](const float *const *v, int64_t i) { return unscaled(v, i) * v[6][i]; });
}

static Status normalizeFixedGradPart(CorePart &core, const Issue &issue) {
  return mapBroadcast(
      core, issue, {{1, "dy"}, {2, "inverse"}, {3, "scale"}},
      [](const float *const *v, int64_t i) { return (v[0][i] * v[2][i]) * v[1][i]; });
}

static Status movingAveragePart(CorePart &core, const Issue &issue) {
  float keep = issue.hyper[0], take = issue.hyper[1];
  return mapBroadcast(core, issue, {{1, "old"}, {2, "src"}}, [=](const float *const *v, int64_t i) {
    return std::fma(v[0][i], keep, v[1][i] * take);
  });
}

static Status fillPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  float *result = part.buffer(0, dst->count());
  std::fill(result, result + dst->count(), issue.hyper[0]);
  part.store(result, *dst, 0, {uint64_t(dst->count())});
  return Status::success();
}

Status vSpread(State &state, const mach::VSpread &) { return submitVector(state, spreadPart); }

Status vVarianceGrad(State &state, const mach::VVarianceGrad &) {
  return submitVector(state, varianceGradPart);
}

Status vInverseDeviation(State &state, const mach::VInverseDeviation &) {
  return submitVector(state, inverseDeviationPart);
}

Status vNormalize(State &state, const mach::VNormalize &) {
  return submitVector(state, normalizePart);
}

Status vNormalizeGrad(State &state, const mach::VNormalizeGrad &instr) {
  return submitVector(state, normalizeGradPart, [&](Issue &issue) { issue.flag = instr.scaled; });
}

Status vNormalizeFixedGrad(State &state, const mach::VNormalizeFixedGrad &) {
  return submitVector(state, normalizeFixedGradPart);
}

Status vMovingAverage(State &state, const mach::VMovingAverage &) {
  return submitVector(state, movingAveragePart);
}

Status vFill(State &state, const mach::VFill &) { return submitVector(state, fillPart); }

} // namespace slp::exec
