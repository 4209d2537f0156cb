//===- VectorLikelihood.cpp - log softmax and the negative log likelihood ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5. Rows are whole.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"
#include "runtime/isa/StructVLogSoftmax.h.inc"
#include "runtime/isa/StructVLogSoftmaxGrad.h.inc"
#include "runtime/isa/StructVNll.h.inc"
#include "runtime/isa/StructVNllGrad.h.inc"
#include "runtime/num/ExpLog.h"
#include "runtime/num/RowSum.h"

namespace slp::exec {

static Status logSoftmaxPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  if (Status s = expectWhole(*dst, 1, "dst"); !s)
    return s;
  Result<float *> src = part.fetch(1, "src", dst->box);
  if (!src)
    return src.takeError();
  int64_t n = dst->box.size[1];
  float *y = part.buffer(0, dst->count());
  for (int64_t row = 0; row < dst->box.size[0]; ++row) {
    const float *x = *src + row * n;
    float *out = y + row * n, max = n ? x[0] : 0.0f; // a row may have no elements
    for (int64_t i = 1; i < n; ++i)
      max = x[i] > max ? x[i] : max;
    for (int64_t i = 0; i < n; ++i)
      out[i] = num::exp(x[i] - max);
    float logSum = num::log(num::rowSum(out, size_t(n)));
    for (int64_t i = 0; i < n; ++i)
      out[i] = (x[i] - max) - logSum;
  }
  part.store(y, *dst, 0, {uint64_t(dst->count()), 0, 0, uint64_t(dst->box.size[0])});
  return Status::success();
}

static Status logSoftmaxGradPart(CorePart &core, const Issue &issue) {
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
    const float *errors = *dy + row * n;
    float sum = num::rowSum(errors, size_t(n));
    for (int64_t i = 0; i < n; ++i)
      dx[row * n + i] = errors[i] - num::exp((*y)[row * n + i]) * sum;
  }
  part.store(dx, *dst, 0, {uint64_t(dst->count())});
  return Status::success();
}

namespace {

/// Labels of some rows and the weights of their classes.
class Shares {
public:
  Shares(VectorPart &vectorPart, int64_t numClasses) : part(vectorPart), classes(numClasses) {}

  /// Reads the labels of rows [first, first + rows), operand `labels`, and, if the issue's flag is
  /// set, the weights of all classes, operand `labels` + 1.
  Status read(int operand, int64_t first, int64_t rows) {
    Result<TileView> tile = part.view(operand, "labels");
    if (!tile)
      return tile.takeError();
    Result<TileView> need = subview(*tile, {{first, 0, 0, 0, 0}, {rows, 1, 1, 1, 1}}, "labels");
    if (!need)
      return need.takeError();
    labels.resize(size_t(rows));
    if (rows)
      gatherIntegers(*need, labels.data());
    part.part.noteRead(*need);
    part.part.countRead(*need);
    if (!part.issue.flag)
      return Status::success();
    Result<float *> values =
        part.fetch(operand + 1, "weights", {{0, 0, 0, 0, 0}, {classes, 1, 1, 1, 1}});
    if (!values)
      return values.takeError();
    weights = *values;
    return Status::success();
  }

  bool counts(int64_t row) const {
    int64_t label = labels[size_t(row)];
    return label >= 0 && label < classes && label != part.issue.immediate[0];
  }
  int64_t label(int64_t row) const { return labels[size_t(row)]; }
  float share(int64_t row) const {
    return !counts(row) ? 0.0f : weights ? weights[label(row)] : 1.0f;
  }

private:
  VectorPart &part;
  int64_t classes;
  std::vector<int32_t> labels;
  const float *weights = nullptr;
};

} // namespace

static Status nllPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> shareTile = part.view(1, "shares");
  if (!shareTile)
    return shareTile.takeError();
  Result<TileView> shareView = subview(*shareTile, dst->box, "shares");
  if (!shareView)
    return shareView.takeError();
  Result<TileView> x = part.view(2, "x");
  if (!x)
    return x.takeError();
  if (Status s = expectWhole(*x, 1, "x"); !s)
    return s;
  int64_t first = dst->box.lo[0], rows = dst->box.size[0], n = x->extent[1];
  Result<float *> values = part.fetch(2, "x", *x, {{first, 0, 0, 0, 0}, {rows, n, 1, 1, 1}});
  if (!values)
    return values.takeError();
  Shares shares(part, n);
  if (Status s = shares.read(3, first, rows); !s)
    return s;
  float *losses = part.buffer(0, rows), *shareValues = part.buffer(1, rows);
  for (int64_t i = 0; i < rows; ++i) {
    shareValues[i] = shares.share(i);
    bool isCounted = shares.counts(i);
    losses[i] = isCounted ? -(shareValues[i] * (*values)[i * n + shares.label(i)]) : 0.0f;
  }
  core.codec.scatter(shareValues, *shareView, issue.run, core.events[1]);
  core.noteWrite(*shareView);
  core.countWrite(*shareView);
  part.store(losses, *dst, 0, {0, 0, 0, uint64_t(rows)});
  return Status::success();
}

static Status nllGradPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  if (Status s = expectWhole(*dst, 1, "dst"); !s)
    return s;
  int64_t first = dst->box.lo[0], rows = dst->box.size[0], n = dst->extent[1];
  Result<float *> dy = part.fetch(1, "dy", {{first, 0, 0, 0, 0}, {rows, 1, 1, 1, 1}});
  if (!dy)
    return dy.takeError();
  Shares shares(part, n);
  if (Status s = shares.read(2, first, rows); !s)
    return s;
  float *dx = part.buffer(0, dst->count());
  std::fill(dx, dx + dst->count(), 0.0f);
  for (int64_t i = 0; i < rows; ++i)
    if (shares.counts(i))
      dx[i * n + shares.label(i)] = -(shares.share(i) * (*dy)[i]);
  part.store(dx, *dst, 0, {uint64_t(dst->count()), 0, 0, uint64_t(rows)});
  return Status::success();
}

Status vLogSoftmax(State &state, const mach::VLogSoftmax &) {
  return submitVector(state, logSoftmaxPart);
}

Status vLogSoftmaxGrad(State &state, const mach::VLogSoftmaxGrad &) {
  return submitVector(state, logSoftmaxGradPart);
}

Status vNll(State &state, const mach::VNll &instr) {
  return submitVector(state, nllPart, [&](Issue &issue) {
    issue.flag = instr.weighted;
    issue.immediate[0] = instr.ignore;
  });
}

Status vNllGrad(State &state, const mach::VNllGrad &instr) {
  return submitVector(state, nllGradPart, [&](Issue &issue) {
    issue.flag = instr.weighted;
    issue.immediate[0] = instr.ignore;
  });
}

} // namespace slp::exec
