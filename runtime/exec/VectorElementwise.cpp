//===- VectorElementwise.cpp - element by element ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rounding and ReLU of docs/numerics.md section 5; other functions of elements are in
// VectorFunctions.cpp, optimizers in VectorUpdate.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"

#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/StructVRelu.h.inc"
#include "runtime/isa/StructVRound.h.inc"

#include <algorithm>
#include <cmath>

namespace slp::exec {

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
  part.store(result, *dst, 0, {uint64_t(n)});
  return Status::success();
}

static Status roundPart(CorePart &part, const Issue &issue) {
  return mapUnary(part, issue, [](float x) { return x; });
}

/// Whole numbers that FP32 has one by one.
static Status wholePart(CorePart &core, const Issue &issue) {
  constexpr float most = 1 << 24;
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> src = part.fetch(1, "src", dst->box);
  if (!src)
    return src.takeError();
  int64_t n = dst->count();
  std::vector<int32_t> result(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    float x = (*src)[i];
    result[size_t(i)] = std::isnan(x) ? 0 : int32_t(std::clamp(x, -most, most));
  }
  part.storeIntegers(result.data(), *dst, {uint64_t(n)});
  return Status::success();
}

static Status reluPart(CorePart &part, const Issue &issue) {
  return mapUnary(part, issue, [](float x) { return x > 0.0f ? x : 0.0f; });
}

Status vRound(State &state, const mach::VRound &instr) {
  bool isWhole = state.descriptor[instr.dst].tile.format == mach::format::i32;
  return submitVector(state, isWhole ? wholePart : roundPart);
}

Status vRelu(State &state, const mach::VRelu &) { return submitVector(state, reluPart); }

} // namespace slp::exec
