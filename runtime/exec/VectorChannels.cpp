//===- VectorChannels.cpp - sums and statistics by channel ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// docs/numerics.md section 5, "Sums by channel". First parts, one for each image, channel and strip
// of 8 columns, whose tiles may come row by row; then the parts in the order of images and strips.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Broadcast.h"

#include "runtime/isa/InstrNormalize.h.inc"

#include <algorithm>
#include <cmath>

namespace slp::exec {

/// Columns of a strip.
constexpr int64_t stripColumns = 8;
/// Numbers of a part of the statistics: first element, sum of differences, of their squares.
constexpr int64_t statisticsParts = 3;

namespace {

/// A dense tile as images, channels, rows and columns. Groups of channels count as channels.
struct ChannelTile {
  Box box;         // of the operand
  int channelDims; // with a group: 2
  int64_t images, channels, rows, columns;
  int64_t imageStep, channelStep, rowStep, columnStep; // elements
  int64_t firstStrip, strips;
  bool begins = true; // holds the first row

  /// The coordinates of the parts; `numbers` is how many each has, 0 for one without a dimension.
  Box parts(int64_t numbers) const {
    Box b;
    bool isRank2 = imageStep == 0;
    b.lo[0] = isRank2 ? 0 : box.lo[0];
    b.size[0] = images;
    for (int d = 1; d <= channelDims; ++d) {
      b.lo[d] = box.lo[d];
      b.size[d] = box.size[d];
    }
    b.lo[channelDims + 1] = firstStrip;
    b.size[channelDims + 1] = strips;
    if (numbers)
      b.size[channelDims + 2] = numbers;
    return b;
  }
};

} // namespace

/// The elements of `src` that are of the channels of `dst`, which has so many `numbers` of a part,
/// 0 for one without a dimension. Fails where its tile breaks the order.
static Result<ChannelTile> channelTileOf(const TileView &dst, const TileView &src,
                                         int64_t numbers) {
  ChannelTile t;
  t.channelDims = dst.rank - (numbers ? 3 : 2);
  if (t.channelDims == 2 && src.rank != 5)
    return Error{"operand `dst` has groups of channels, expected five dimensions of the other, "
                 "found " +
                 std::to_string(src.rank)};
  int last = src.rank == 2 ? 0 : src.rank - 1;
  t.box = src.box;
  t.channels = 1;
  for (int d = 1; d <= t.channelDims; ++d) {
    t.box.lo[d] = dst.box.lo[d];
    t.box.size[d] = dst.box.size[d];
    t.channels *= t.box.size[d];
  }
  int64_t first = src.box.lo[last], end = src.end(last), extent = src.extent[last];
  int64_t all = (extent + stripColumns - 1) / stripColumns;
  int64_t strips = dst.extent[t.channelDims + 1];
  if (strips != all)
    return Error{"operand `dst` has " + std::to_string(strips) + " strips, expected " +
                 std::to_string(all) + " for " + std::to_string(extent) + " columns"};
  if (!src.empty() && (first % stripColumns || (end % stripColumns && end != extent)))
    return Error{"the tile holds columns " + std::to_string(first) + " to " + std::to_string(end) +
                 ", expected whole strips of " + std::to_string(stripColumns)};
  if (src.rank == 5 && t.channelDims == 1 && src.box.size[2] > 1 && !src.whole(3) && !src.empty())
    return Error{"a tile of several planes must hold whole planes"};
  t.firstStrip = first / stripColumns;
  t.strips = (t.box.size[last] + stripColumns - 1) / stripColumns;
  t.columns = t.box.size[last];
  t.images = t.rows = 1;
  if (src.rank == 2) {
    t.imageStep = t.rowStep = 0;
    t.channelStep = 1;
    t.columnStep = t.channels;
    return t;
  }
  t.images = t.box.size[0];
  for (int d = t.channelDims + 1; d < last; ++d) {
    t.rows *= t.box.size[d];
    t.begins &= src.box.lo[d] == 0;
  }
  t.columnStep = 1;
  t.rowStep = t.columns;
  t.channelStep = t.rows * t.rowStep;
  t.imageStep = t.channels * t.channelStep;
  return t;
}

/// tree8 of n columns, 1 to 8, of which the first is `v` and `step` lies between two.
template <typename F> static float tree8(const float *v, int64_t step, int64_t n, F f) {
  float p[stripColumns] = {};
  for (int64_t j = 0; j < n; ++j)
    p[j] = f(v[j * step]);
  for (int j = 0; j < 4; ++j)
    p[j] = p[j] + p[j + 4];
  return (p[0] + p[2]) + (p[1] + p[3]);
}

/// Calls `strip(first element of the tile, columns, part)` for every strip of every row, rows of a
/// strip in order; parts are counted row-major over (image, channel, strip).
template <typename F> static void forStrips(const ChannelTile &t, F strip) {
  for (int64_t n = 0; n < t.images; ++n)
    for (int64_t c = 0; c < t.channels; ++c)
      for (int64_t row = 0; row < t.rows; ++row)
        for (int64_t s = 0; s < t.strips; ++s) {
          int64_t at = n * t.imageStep + c * t.channelStep + row * t.rowStep +
                       s * stripColumns * t.columnStep;
          strip(at, std::min(stripColumns, t.columns - s * stripColumns),
                (n * t.channels + c) * t.strips + s, row);
        }
}

/// parts += tree8 of the strips of `values`.
static void addStrips(const ChannelTile &t, const float *values, float *parts) {
  forStrips(t, [&](int64_t at, int64_t n, int64_t part, int64_t) {
    parts[part] = parts[part] + tree8(values + at, t.columnStep, n, [](float v) { return v; });
  });
}

/// The parts so far, or +0.
static float *startParts(VectorPart &part, bool goesOn, int operand, const TileView &dst) {
  float *parts = part.buffer(operand, dst.count());
  if (goesOn) {
    part.part.codec.gather(dst, parts);
    part.part.noteRead(dst);
  } else {
    std::fill(parts, parts + dst.count(), 0.0f);
  }
  return parts;
}

static Status channelSumsPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> whole = part.view(0, "dst");
  if (!whole)
    return whole.takeError();
  Result<TileView> src = part.view(1, "src");
  if (!src)
    return src.takeError();
  Result<ChannelTile> t = channelTileOf(*whole, *src, 0);
  if (!t)
    return t.takeError();
  Result<TileView> dst = subview(*whole, t->parts(0), "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> x = part.fetch(1, "src", *src, t->box);
  if (!x)
    return x.takeError();
  float *parts = startParts(part, part.goesOn(0, t->begins), 0, *dst);
  addStrips(*t, *x, parts);
  part.store(parts, *dst, 0, {0, uint64_t(t->box.count())});
  return Status::success();
}

static Status statisticsPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> whole = part.view(0, "dst");
  if (!whole)
    return whole.takeError();
  if (Status s = expectWhole(*whole, whole->rank - 1, "dst"); !s)
    return s;
  Result<TileView> src = part.view(1, "src");
  if (!src)
    return src.takeError();
  Result<ChannelTile> t = channelTileOf(*whole, *src, statisticsParts);
  if (!t)
    return t.takeError();
  Result<TileView> dst = subview(*whole, t->parts(statisticsParts), "dst");
  if (!dst)
    return dst.takeError();
  Result<float *> x = part.fetch(1, "src", *src, t->box);
  if (!x)
    return x.takeError();
  bool isLater = part.goesOn(0, t->begins);
  float *parts = startParts(part, isLater, 0, *dst);
  forStrips(*t, [&](int64_t at, int64_t n, int64_t index, int64_t row) {
    float *p = parts + statisticsParts * index;
    const float *v = *x + at;
    if (row == 0 && !isLater)
      p[0] = v[0];
    float first = p[0];
    p[1] = p[1] + tree8(v, t->columnStep, n, [=](float e) { return e - first; });
    p[2] = p[2] + tree8(v, t->columnStep, n, [=](float e) {
             float d = e - first;
             return d * d;
           });
  });
  part.store(parts, *dst, 0, {0, uint64_t(t->box.count())});
  return Status::success();
}

static Status normalizeChannelSumsPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> whole = part.view(0, "dst");
  if (!whole)
    return whole.takeError();
  Result<TileView> productTile = part.view(1, "products");
  if (!productTile)
    return productTile.takeError();
  Result<TileView> dy = part.view(2, "dy");
  if (!dy)
    return dy.takeError();
  Result<ChannelTile> t = channelTileOf(*whole, *dy, 0);
  if (!t)
    return t.takeError();
  Result<TileView> dst = subview(*whole, t->parts(0), "dst");
  if (!dst)
    return dst.takeError();
  Result<TileView> products = subview(*productTile, t->parts(0), "products");
  if (!products)
    return products.takeError();
  BroadcastRows rows(part, t->box, dy->rank);
  for (auto [operand, name] : {std::pair(2, "dy"), {3, "x"}, {4, "mean"}, {5, "inverse"}})
    if (Status s = rows.add(operand, name); !s)
      return s;
  std::vector<float> errors, terms;
  errors.reserve(size_t(t->box.count()));
  terms.reserve(size_t(t->box.count()));
  rows.forEach([&](const float *const *v, const Dims &, int64_t n) {
    const float *error = v[0], *x = v[1], *mean = v[2], *inverse = v[3];
    for (int64_t i = 0; i < n; ++i) {
      errors.push_back(error[i]);
      terms.push_back(error[i] * ((x[i] - mean[i]) * inverse[i]));
    }
  });
  bool isLater = part.goesOn(0, t->begins);
  float *sums = startParts(part, isLater, 0, *dst);
  float *weighted = startParts(part, isLater, 1, *products);
  addStrips(*t, errors.data(), sums);
  addStrips(*t, terms.data(), weighted);
  core.codec.scatter(weighted, *products, issue.run, core.events[1]);
  core.noteWrite(*products);
  core.countWrite(*products);
  part.store(sums, *dst, 0, {0, uint64_t(t->box.count())});
  return Status::success();
}

//===----------------------------------------------------------------------------------------===//
// Parts in order
//===----------------------------------------------------------------------------------------===//

namespace {

/// Parts of the channels of a destination, as (image, channel, strip).
struct Parts {
  const float *values;
  Box box;
  bool begins, ends; // hold the first part, the last
};

} // namespace

static Result<Parts> partsOf(VectorPart &part, int operand, const TileView &dst) {
  Result<TileView> view = part.view(operand, "parts");
  if (!view)
    return view.takeError();
  if (view->box.size[0] > 1 && !view->whole(2) && !view->empty())
    return Error{"a tile of parts of several images must hold all strips"};
  Parts parts;
  parts.box = view->box;
  parts.box.lo[1] = dst.box.lo[0];
  parts.box.size[1] = dst.box.size[0];
  Result<float *> values = part.fetch(operand, "parts", *view, parts.box);
  if (!values)
    return values.takeError();
  parts.values = *values;
  parts.begins = view->box.lo[0] == 0 && view->box.lo[2] == 0;
  parts.ends = !view->empty() && view->end(0) == view->extent[0] && view->end(2) == view->extent[2];
  return parts;
}

static Status channelJoinPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "dst");
  if (!dst)
    return dst.takeError();
  Result<Parts> parts = partsOf(part, 1, *dst);
  if (!parts)
    return parts.takeError();
  float *sums = startParts(part, part.goesOn(0, parts->begins), 0, *dst);
  const Dims &size = parts->box.size;
  for (int64_t n = 0; n < size[0]; ++n)
    for (int64_t c = 0; c < size[1]; ++c)
      for (int64_t s = 0; s < size[2]; ++s)
        sums[c] = sums[c] + parts->values[(n * size[1] + c) * size[2] + s];
  part.store(sums, *dst, 0, {0, uint64_t(parts->box.count())});
  return Status::success();
}

static Status statisticsJoinPart(CorePart &core, const Issue &issue) {
  VectorPart part(core, issue);
  Result<TileView> dst = part.view(0, "mean");
  if (!dst)
    return dst.takeError();
  Result<TileView> varTile = part.view(1, "var");
  if (!varTile)
    return varTile.takeError();
  Result<TileView> varView = subview(*varTile, dst->box, "var");
  if (!varView)
    return varView.takeError();
  Result<Parts> parts = partsOf(part, 2, *dst);
  if (!parts)
    return parts.takeError();
  bool isFirst = !part.goesOn(0, parts->begins);
  float *means = startParts(part, !isFirst, 0, *dst);
  float *squares = startParts(part, !isFirst, 1, *varView);
  const int64_t rows = issue.immediate[0], columns = issue.immediate[1];
  const Box &box = parts->box;
  int64_t before = box.lo[0] * rows * columns + box.lo[2] * stripColumns * rows;
  for (int64_t n = 0; n < box.size[0]; ++n)
    for (int64_t s = 0; s < box.size[2]; ++s) {
      int64_t first = (box.lo[2] + s) * stripColumns;
      int64_t count = rows * std::min(stripColumns, columns - first), total = before + count;
      float fraction = float(count) / float(total), others = float(before) * fraction;
      for (int64_t c = 0; c < box.size[1]; ++c) {
        const float *p = parts->values + ((n * box.size[1] + c) * box.size[2] + s) * 3;
        float q = p[1] / float(count);
        float mean = p[0] + q, square = std::fma(-p[1], q, p[2]);
        if (isFirst) {
          means[c] = mean;
          squares[c] = square;
          continue;
        }
        float delta = mean - means[c];
        means[c] = std::fma(delta, fraction, means[c]);
        squares[c] = (squares[c] + square) + (delta * delta) * others;
      }
      before = total;
      isFirst = false;
    }
  if (parts->ends)
    for (int64_t c = 0; c < box.size[1]; ++c)
      squares[c] = (squares[c] > 0.0f ? squares[c] : 0.0f) / float(before);
  core.codec.scatter(squares, *varView, issue.run, core.events[1]);
  core.noteWrite(*varView);
  core.countWrite(*varView);
  uint64_t joined = uint64_t(box.count()) / uint64_t(statisticsParts);
  part.store(means, *dst, 0, {0, joined, 0, parts->ends ? uint64_t(box.size[1]) : 0});
  return Status::success();
}

//===----------------------------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------------------------===//

Status vChannelSums(State &state, const mach::VChannelSums &) {
  return submitVector(state, channelSumsPart);
}

Status vStatistics(State &state, const mach::VStatistics &) {
  return submitVector(state, statisticsPart);
}

Status vNormalizeChannelSums(State &state, const mach::VNormalizeChannelSums &) {
  return submitVector(state, normalizeChannelSumsPart);
}

Status vChannelJoin(State &state, const mach::VChannelJoin &) {
  return submitVector(state, channelJoinPart);
}

Status vStatisticsJoin(State &state, const mach::VStatisticsJoin &instr) {
  Result<Issue> issue = prepareVector(state, statisticsJoinPart);
  if (!issue)
    return issue.takeError();
  const mach::TensorTile &parts = issue->operand[2].tile;
  if (parts.extent[3] != statisticsParts || parts.tile[3] != statisticsParts)
    return Error{"operand `parts` has " + std::to_string(parts.tile[3]) +
                 " numbers of a part, expected " + std::to_string(statisticsParts)};
  uint64_t strips = (instr.columns + stripColumns - 1) / stripColumns;
  if (parts.extent[2] != strips || instr.rows == 0)
    return Error{"operand `parts` has " + std::to_string(parts.extent[2]) + " strips for " +
                 std::to_string(instr.rows) + " rows of " + std::to_string(instr.columns) +
                 " columns"};
  // Counts are whole numbers of 64 bits.
  if (double(instr.rows) * double(instr.columns) * double(parts.extent[0]) >= 0x1p62)
    return Error{"a channel has more than 2^62 elements"};
  issue->immediate[0] = int64_t(instr.rows);
  issue->immediate[1] = int64_t(instr.columns);
  return state.submit(*issue);
}

} // namespace slp::exec
