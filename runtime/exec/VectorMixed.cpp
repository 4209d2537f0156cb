//===- VectorMixed.cpp - element-wise mixing of FP8 and FP16 ----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Classification, histograms, thresholds and their target: docs/numerics.md sections 5 and 9.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"
#include "runtime/isa/FormatFp16.h.inc"
#include "runtime/isa/FormatFp8.h.inc"
#include "runtime/isa/StructVClassify.h.inc"
#include "runtime/isa/StructVHistogram.h.inc"
#include "runtime/isa/StructVShareTarget.h.inc"
#include "runtime/isa/StructVThreshold.h.inc"
#include "runtime/num/Round.h"

#include <algorithm>
#include <cmath>

namespace slp::exec {

static constexpr int bins = 128;
/// A count stays here: beyond it FP32, in which the host reads counts, has gaps.
static constexpr int32_t largestCount = 1 << 24;
static constexpr Box oneElement{{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}};

/// The bin of a magnitude above zero: its exponent and the first two bits behind the point, from
/// 2^-15 on.
static int binOf(uint32_t magnitude) {
  int quarter = int(magnitude >> 21) - ((127 - 15) << 2);
  return std::clamp(quarter, 0, bins - 1);
}

/// The least magnitude of bin b, also of b = 128.
static float edgeOf(int b) { return num::floatOf(uint32_t(b + ((127 - 15) << 2)) << 21); }

static Status classifyPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  if (dst->empty())
    return Status::success();
  Result<float *> x = part.fetch(1, "src", dst->box);
  if (!x)
    return x.takeError();
  Result<float *> threshold = part.fetch(2, "threshold", oneElement);
  if (!threshold)
    return threshold.takeError();
  size_t n = size_t(dst->count());
  float *narrow = part.buffer(0, dst->count());
  std::copy_n(*x, n, narrow);
  // Both roundings, then a choice: each counts only what it is chosen for.
  float limit = **threshold, low = issue.hyper[0];
  for (size_t i = 0; i < n; ++i) {
    float magnitude = std::fabs((*x)[i]);
    bool isWide = magnitude >= limit || magnitude < low;
    (isWide ? narrow : *x)[i] = 0;
  }
  TileView asNarrow = *dst, asWide = *dst;
  asNarrow.format = mach::format::fp8;
  asWide.format = mach::format::fp16;
  core.codec.round(narrow, asNarrow, issue.run, core.events[0]);
  core.codec.round(*x, asWide, issue.run, core.events[0]);
  for (size_t i = 0; i < n; ++i)
    narrow[i] += (*x)[i];
  core.codec.put(narrow, *dst);
  core.noteWrite(*dst);
  part.count(n, {n});
  if (core.countsWork)
    core.countWrite(*dst);
  return Status::success();
}

Status vClassify(State &state, const mach::VClassify &) {
  return submitVector(state, classifyPart);
}

/// The counts of a histogram operand. Unless `isRead` the instruction only puts others there.
static Result<std::vector<int32_t>> fetchCounts(VectorPart &part, int operand, bool isRead = true) {
  Result<TileView> view = part.view(operand, "histogram");
  if (!view)
    return view.takeError();
  if (view->count() != bins)
    return Error{"operand `histogram` has " + std::to_string(view->count()) +
                 " counts, expected 128"};
  std::vector<int32_t> counts(bins);
  gatherIntegers(*view, counts.data());
  if (isRead)
    part.part.noteRead(*view);
  if (part.part.countsWork)
    part.part.countRead(*view);
  return counts;
}

static Status histogramPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> src = part.view(1, "src");
  if (!src)
    return src.takeError();
  bool holdsFirst = true;
  for (int d = 0; d < src->rank; ++d)
    holdsFirst &= src->box.lo[d] == 0;
  bool starts = !part.goesOn(0, holdsFirst);
  if (src->empty() && !starts)
    return Status::success();
  Result<std::vector<int32_t>> counts = fetchCounts(part, 0, !starts);
  if (!counts)
    return counts.takeError();
  if (starts)
    std::fill(counts->begin(), counts->end(), 0);
  Result<float *> x = part.fetch(1, "src", *src, src->box);
  if (!x)
    return x.takeError();
  for (int64_t i = 0; i < src->count(); ++i) {
    uint32_t magnitude = num::bitsOf((*x)[i]) & 0x7fffffffu;
    if (magnitude == 0 || magnitude > 0x7f800000u) // NaN is nothing
      continue;
    int32_t &count = (*counts)[size_t(binOf(magnitude))];
    count = std::min(count + 1, largestCount);
  }
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  scatterIntegers(counts->data(), *dst);
  core.noteWrite(*dst);
  part.count(uint64_t(src->count()), {0, uint64_t(src->count())});
  core.countWrite(*dst);
  return Status::success();
}

Status vHistogram(State &state, const mach::VHistogram &) {
  return submitVector(state, histogramPart);
}

/// The new threshold, or the old one where nothing was counted.
static float thresholdOf(const std::vector<int32_t> &counts, float share, float low, float old) {
  int64_t all = 0, below = 0;
  for (int b = 0; b < bins; ++b) {
    all += counts[size_t(b)];
    below += edgeOf(b + 1) <= low ? counts[size_t(b)] : 0;
  }
  if (all == 0)
    return old;
  float room = float(all) * share - float(below);
  room = room > 0 ? room : 0;
  int64_t above = 0;
  for (int b = bins - 1; b >= 0; --b) {
    int64_t next = above + counts[size_t(b)];
    if (float(next) > room) {
      float part = (room - float(above)) / float(counts[size_t(b)]);
      return std::fma(-part, edgeOf(b + 1) - edgeOf(b), edgeOf(b + 1));
    }
    above = next;
  }
  return 0;
}

static Status thresholdPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "threshold");
  if (!dst)
    return dst.takeError();
  Result<float *> threshold = part.fetch(0, "threshold", oneElement);
  if (!threshold)
    return threshold.takeError();
  Result<std::vector<int32_t>> counts = fetchCounts(part, 1);
  if (!counts)
    return counts.takeError();
  Result<float *> control = part.fetch(2, "control", oneElement);
  if (!control)
    return control.takeError();
  **threshold = thresholdOf(*counts, **control, issue.hyper[0], **threshold);
  part.store(*threshold, *dst, 0, {1});
  return Status::success();
}

Status vThreshold(State &state, const mach::VThreshold &) {
  return submitVector(state, thresholdPart);
}

static Status shareTargetPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "control");
  if (!dst)
    return dst.takeError();
  if (dst->count() != 4)
    return Error{"operand `control` has " + std::to_string(dst->count()) + " elements, expected 4"};
  Result<float *> control = part.fetch(0, "control", dst->box);
  if (!control)
    return control.takeError();
  Result<float *> loss = part.fetch(1, "loss", oneElement);
  if (!loss)
    return loss.takeError();
  float &target = (*control)[0], &sum = (*control)[1], &best = (*control)[2], &runs = (*control)[3];
  float period = issue.hyper[0];
  sum = sum + **loss;
  runs = runs + 1;
  if (runs >= period) {
    float mean = sum / period;
    float grown = target * issue.hyper[2];
    if (best == 0 || mean < best * (1 - issue.hyper[1]))
      best = mean;
    else
      target = grown < issue.hyper[3] ? grown : issue.hyper[3];
    sum = 0;
    runs = 0;
  }
  part.store(*control, *dst, 0, {4});
  return Status::success();
}

Status vShareTarget(State &state, const mach::VShareTarget &) {
  return submitVector(state, shareTargetPart);
}

} // namespace slp::exec
