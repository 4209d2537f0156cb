//===- VectorReduce.cpp - sums over rows ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Softmax, cross entropy and means of docs/numerics.md section 5. The order of a
// row's sum is num::rowSum's; exp and log are the written ones, never the host's.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"
#include "runtime/isa/EnumOptional.h.inc"
#include "runtime/isa/StructVCrossEntropy.h.inc"
#include "runtime/isa/StructVCrossEntropyGrad.h.inc"
#include "runtime/isa/StructVMean.h.inc"
#include "runtime/isa/StructVSoftmax.h.inc"
#include "runtime/isa/StructVSoftmaxGrad.h.inc"
#include "runtime/num/ExpLog.h"
#include "runtime/num/RowSum.h"

namespace slp::exec {

/// exp(x - max) of a row into e; returns the maximum and, in `sum`, their sum.
static float exponentials(const float *x, int64_t n, float *e, float &sum) {
  float max = n ? x[0] : 0.0f; // a row may have no elements
  for (int64_t i = 1; i < n; ++i)
    max = x[i] > max ? x[i] : max;
  for (int64_t i = 0; i < n; ++i)
    e[i] = num::exp(x[i] - max);
  sum = num::rowSum(e, size_t(n));
  return max;
}

static Status softmaxPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  if (Status s = expectWhole(*dst, 1, "dst"); !s)
    return s;
  Result<float *> x = part.fetch(1, "src", dst->box);
  if (!x)
    return x.takeError();
  int64_t n = dst->box.size[1];
  float *y = part.buffer(0, dst->count());
  for (int64_t row = 0; row < dst->box.size[0]; ++row) {
    float *out = y + row * n, sum;
    exponentials(*x + row * n, n, out, sum);
    for (int64_t i = 0; i < n; ++i)
      out[i] = out[i] / sum;
  }
  part.store(y, *dst, 0, {uint64_t(dst->count())});
  return Status::success();
}

static Status softmaxGradPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  if (Status s = expectWhole(*dst, 1, "dst"); !s)
    return s;
  Result<float *> dy = part.fetch(1, "dy", dst->box);
  if (!dy)
    return dy.takeError();
  Result<float *> y = part.fetch(2, "y", dst->box);
  if (!y)
    return y.takeError();
  int64_t n = dst->box.size[1];
  float *dx = part.buffer(0, dst->count());
  for (int64_t row = 0; row < dst->box.size[0]; ++row) {
    const float *dyRow = *dy + row * n, *yRow = *y + row * n;
    float *out = dx + row * n;
    for (int64_t i = 0; i < n; ++i)
      out[i] = yRow[i] * dyRow[i];
    float t = num::rowSum(out, size_t(n));
    for (int64_t i = 0; i < n; ++i)
      out[i] = yRow[i] * (dyRow[i] - t);
  }
  part.store(dx, *dst, 0, {uint64_t(dst->count())});
  return Status::success();
}

/// Labels of images [lo, lo + n).
static Result<std::vector<int32_t>> fetchLabels(VectorPart &part, int64_t lo, int64_t n) {
  Result<TileView> tile = part.view(2, "labels");
  if (!tile)
    return tile.takeError();
  Result<TileView> need = subview(*tile, {{lo, 0, 0, 0, 0}, {n, 1, 1, 1, 1}}, "labels");
  if (!need)
    return need.takeError();
  std::vector<int32_t> labels(size_t(n), 0);
  if (n)
    gatherIntegers(*need, labels.data());
  part.part.noteRead(*need);
  part.part.countRead(*need);
  return labels;
}

static Status crossEntropyPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> logits = part.view(1, "x");
  if (!logits)
    return logits.takeError();
  if (Status s = expectWhole(*logits, 1, "x"); !s)
    return s;
  int64_t first = dst->box.lo[0], images = dst->box.size[0], n = logits->extent[1];
  Result<float *> x = part.fetch(1, "x", *logits, {{first, 0, 0, 0, 0}, {images, n, 1, 1, 1}});
  if (!x)
    return x.takeError();
  Result<std::vector<int32_t>> labels = fetchLabels(part, first, images);
  if (!labels)
    return labels.takeError();
  float *loss = part.buffer(0, images), *e = part.buffer(3, n);
  for (int64_t i = 0; i < images; ++i) {
    const float *row = *x + i * n;
    float sum, max = exponentials(row, n, e, sum);
    int32_t label = (*labels)[size_t(i)];
    bool isClass = label >= 0 && label < n;
    loss[i] = isClass ? num::log(sum) - (row[label] - max) : num::log(sum) + max;
  }
  part.store(loss, *dst, 0, {0, uint64_t(images * n), 0, uint64_t(images)});
  return Status::success();
}

static Status crossEntropyGradPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  if (Status s = expectWhole(*dst, 1, "dst"); !s)
    return s;
  Result<float *> x = part.fetch(1, "x", dst->box);
  if (!x)
    return x.takeError();
  int64_t images = dst->box.size[0], n = dst->box.size[1];
  Result<std::vector<int32_t>> labels = fetchLabels(part, dst->box.lo[0], images);
  if (!labels)
    return labels.takeError();
  float *dx = part.buffer(0, dst->count()), scale = issue.hyper[0];
  if (issue.hasOptional) {
    Result<float *> lossScale = part.fetch(3, "lossScale", Box());
    if (!lossScale)
      return lossScale.takeError();
    scale = **lossScale * scale;
  }
  for (int64_t i = 0; i < images; ++i) {
    float *out = dx + i * n, sum;
    exponentials(*x + i * n, n, out, sum);
    for (int64_t c = 0; c < n; ++c)
      out[c] = (out[c] / sum - (c == (*labels)[size_t(i)] ? 1.0f : 0.0f)) * scale;
  }
  part.store(dx, *dst, 0, {uint64_t(dst->count())});
  return Status::success();
}

static Status meanPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  if (dst->count() != 1)
    return Error{"operand `dst` has " + std::to_string(dst->count()) + " elements, expected one"};
  Result<TileView> src = part.view(1, "src");
  if (!src)
    return src.takeError();
  if (src->empty() || !src->whole(0))
    return Error{"the tile of `src` must hold the whole vector"};
  Result<float *> x = part.fetch(1, "src", *src, src->box);
  if (!x)
    return x.takeError();
  int64_t n = src->count();
  float result = num::rowSum(*x, size_t(n)) / float(n);
  part.store(&result, *dst, 0, {1, uint64_t(n)});
  return Status::success();
}

Status vSoftmax(State &state, const mach::VSoftmax &) { return submitVector(state, softmaxPart); }

Status vSoftmaxGrad(State &state, const mach::VSoftmaxGrad &) {
  return submitVector(state, softmaxGradPart);
}

Status vCrossEntropy(State &state, const mach::VCrossEntropy &) {
  return submitVector(state, crossEntropyPart);
}

Status vCrossEntropyGrad(State &state, const mach::VCrossEntropyGrad &) {
  return submitVector(state, crossEntropyGradPart);
}

Status vMean(State &state, const mach::VMean &) { return submitVector(state, meanPart); }

} // namespace slp::exec
