//===- MacWeightGrad.cpp - convolution, gradient of the weights -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `conv.wg`: per image a product of two matrices, with the output pixels as terms. The inputs that
// one weight (ci, kh, kw) meets are gathered into a row of `columns`, zeros standing for padding;
// the rows are the kernel's pixels and the output channels its lanes.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Mac.h"
#include "runtime/exec/State.h"
#include "runtime/isa/EnumEngine.h.inc"

#include <algorithm>

namespace slp::exec {
namespace {

/// Floats of gathered inputs to hold at a time, so that they stay in the host's cache.
constexpr int64_t columnFloats = 48 * 1024;

/// One core's part.
class WeightGradient {
public:
  WeightGradient(CorePart &p, const Issue &i)
      : part(p), issue(i), window(i.window), scratch(MacScratch::ofThread()),
        block(MacEngine::rowBlock(p.chip.numerics)) {}
  Status run();

private:
  Status resolveTiles();
  Status checkImages() const;
  Status checkNeeds();
  void packInput(int64_t group, int64_t image);
  void packError(int64_t group, int64_t image);
  void gatherColumns(int64_t firstRow, int64_t rows);
  void runChain(const MacEngine &engine);
  void joinTotal(const MacEngine &engine);
  void loadLanes(const TileView &view, int64_t group, std::vector<float> &to) const;
  void storeLanes(const TileView &view, int64_t group, const std::vector<float> &from);
  void countTerms();
  int64_t presentRows(int64_t pixel) const;
  uint64_t presentTerms() const;

  int64_t rowsTotal() const { return acc.box.size[2] * acc.box.size[3] * acc.box.size[4]; }
  int64_t laneBlocks() const { return ceilDiv(acc.box.size[1], macLanes); }
  int64_t pixels() const { return dy.box.size[3] * dy.box.size[4]; }
  int64_t width() const { return roundUp(pixels(), block); }

  CorePart &part;
  const Issue &issue;
  const Window &window;
  MacScratch &scratch;
  int block; // terms of a block
  TileView acc, chain, x, dy;
  // Packed input: rows and columns from these coordinates on, padding included.
  int64_t firstY = 0, spanY = 0, firstX = 0, spanX = 0;
  uint64_t nonZeroTerms = 0;
  WideTerms wide;
  bool isMixed = false; // and to be counted
  // Whether the tile holds the first and the last row of its images, and the mode in effect.
  bool open = false, close = false;
  mach::AccMode mode{};
};

Status WeightGradient::checkImages() const {
  if (x.box.lo[0] != dy.box.lo[0] || x.box.size[0] != dy.box.size[0])
    return Error{"x and dy cover different images"};
  if (dy.whole(3) && dy.whole(4))
    return Status::success();
  if (!dy.whole(4))
    return Error{"a tile of part of an image must hold whole output rows"};
  int granule = part.chip.numerics.block();
  if (dy.box.lo[3] * dy.extent[4] % granule)
    return Error{"the tile starts at pixel " + std::to_string(dy.box.lo[3] * dy.extent[4]) +
                 " of the image, expected a multiple of " + std::to_string(granule) +
                 ": dot groups would differ"};
  if (dy.box.size[0] > 1)
    return Error{"a tile of several images must hold whole images"};
  return Status::success();
}

Status WeightGradient::resolveTiles() {
  Result<TileView> a = part.view(issue.operand[0], "acc");
  if (!a)
    return a.takeError();
  Result<TileView> xView = part.view(issue.operand[1], "x");
  if (!xView)
    return xView.takeError();
  Result<TileView> dyView = part.view(issue.operand[2], "dy");
  if (!dyView)
    return dyView.takeError();
  acc = *a;
  x = *xView;
  dy = *dyView;
  if (acc.empty() || dy.empty())
    return Status::success();
  Descriptor second = issue.operand[0];
  second.tile.base += uint64_t(part.chip.structure.accBankBytes.value);
  second.tile.format = accumulatorFormat(part.chip);
  if (acc.address >= uint64_t(part.chip.structure.accBankBytes.value))
    return Error{"operand `acc` must lie in accumulator bank 0"};
  // Elements of a wider chain lie as many times farther apart.
  int chainBytes = mach::elementBytes(second.tile.format),
      totalBytes = mach::elementBytes(acc.format);
  if (chainBytes > totalBytes)
    for (auto &stride : second.tile.stride)
      stride *= chainBytes / totalBytes;
  for (int d = 0; d < acc.rank; ++d)
    if (acc.box.size[d] > 1 && int64_t(second.tile.stride[d]) < chainBytes)
      return Error{"operand `acc` leaves " + std::to_string(acc.stride[d]) +
                   " bytes for an element of the total, which has " + std::to_string(totalBytes)};
  Result<TileView> c = part.view(second, "acc (bank 1)");
  if (!c)
    return c.takeError();
  chain = *c;
  if (Status s = checkImages(); !s)
    return s;
  open = dy.box.lo[3] == 0;
  close = dy.end(3) == dy.extent[3];
  mode = startMode(issue.mode, open && dy.box.lo[0] == 0);
  return checkNeeds();
}

/// Narrows x and dy to what the accumulators need.
Status WeightGradient::checkNeeds() {
  Box errors = dy.box;
  errors.lo[1] = acc.box.lo[0];
  errors.size[1] = acc.box.size[0];
  errors.lo[2] = acc.box.lo[1];
  errors.size[2] = acc.box.size[1];
  Result<TileView> dyNeed = subview(dy, errors, "dy");
  if (!dyNeed)
    return dyNeed.takeError();
  dy = *dyNeed;
  firstY = dy.box.lo[3] * window.sh - window.pt + acc.box.lo[3] * window.dh;
  firstX = dy.box.lo[4] * window.sw - window.pl + acc.box.lo[4] * window.dw;
  spanY = (dy.box.size[3] - 1) * window.sh + (acc.box.size[3] - 1) * window.dh + 1;
  spanX = (dy.box.size[4] - 1) * window.sw + (acc.box.size[4] - 1) * window.dw + 1;
  int64_t loY = INT64_MAX, hiY = -1, loX = INT64_MAX, hiX = -1;
  auto widen = [](int64_t at, int64_t extent, int64_t &lo, int64_t &hi) {
    if (at < 0 || at >= extent)
      return;
    lo = std::min(lo, at);
    hi = std::max(hi, at);
  };
  for (int64_t o = 0; o < dy.box.size[3]; ++o)
    for (int64_t k = 0; k < acc.box.size[3]; ++k)
      widen(firstY + o * window.sh + k * window.dh, x.extent[3], loY, hiY);
  for (int64_t o = 0; o < dy.box.size[4]; ++o)
    for (int64_t k = 0; k < acc.box.size[4]; ++k)
      widen(firstX + o * window.sw + k * window.dw, x.extent[4], loX, hiX);
  Box inputs = x.box;
  inputs.lo[1] = acc.box.lo[0];
  inputs.size[1] = acc.box.size[0];
  inputs.lo[2] = acc.box.lo[2];
  inputs.size[2] = acc.box.size[2];
  inputs.lo[3] = hiY < 0 ? 0 : loY;
  inputs.size[3] = hiY < 0 ? 0 : hiY - loY + 1;
  inputs.lo[4] = hiX < 0 ? 0 : loX;
  inputs.size[4] = hiX < 0 ? 0 : hiX - loX + 1;
  Result<TileView> xNeed = subview(x, inputs, "x");
  if (!xNeed)
    return xNeed.takeError();
  x = *xNeed;
  return Status::success();
}

/// scratch.x [ci][row][column], zeros where padding is.
void WeightGradient::packInput(int64_t group, int64_t image) {
  clearFloats(scratch.x, acc.box.size[2] * spanY * spanX);
  if (x.empty())
    return;
  TileView view = slice(slice(x, 0, image, 1), 1, group, 1);
  float *to = scratch.x.data() + (x.box.lo[3] - firstY) * spanX + (x.box.lo[4] - firstX);
  part.codec.gather(view, to, {0, 0, spanY * spanX, spanX, 1});
}

/// scratch.w [lane block][pixel][16].
void WeightGradient::packError(int64_t group, int64_t image) {
  clearFloats(scratch.w, laneBlocks() * width() * macLanes);
  scratch.otherCounts.assign(size_t(width()), 0); // of errors, per pixel
  scratch.otherWideCounts.assign(size_t(width()), 0);
  TileView view = slice(slice(dy, 0, image, 1), 1, group, 1);
  for (int64_t b = 0; b < laneBlocks(); ++b) {
    int64_t first = acc.box.lo[1] + b * macLanes;
    TileView lanes = slice(view, 2, first, std::min<int64_t>(macLanes, acc.end(1) - first));
    part.codec.gather(lanes, scratch.w.data() + b * width() * macLanes,
                      {0, 0, 1, dy.box.size[4] * macLanes, macLanes});
    if (part.countsWork)
      part.kernels.countLanes(scratch.w.data() + b * width() * macLanes, width(),
                              scratch.otherCounts.data());
    if (isMixed && dy.format == mach::Format::mixed)
      countWideLanes(part.codec, scratch.w.data() + b * width() * macLanes, width(),
                     scratch.otherWideCounts.data());
  }
}

/// scratch.columns [row][pixel] for rows (ci, kh, kw) from firstRow on.
void WeightGradient::gatherColumns(int64_t firstRow, int64_t rows) {
  int64_t taps = acc.box.size[3] * acc.box.size[4];
  clearFloats(scratch.columns, rows * width());
  for (int64_t r = 0; r < rows; ++r) {
    int64_t ci = (firstRow + r) / taps, tap = (firstRow + r) % taps;
    const float *from = scratch.x.data() + ci * spanY * spanX +
                        tap / acc.box.size[4] * window.dh * spanX +
                        tap % acc.box.size[4] * window.dw;
    float *to = scratch.columns.data() + r * width();
    for (int64_t oy = 0; oy < dy.box.size[3]; ++oy) {
      const float *line = from + oy * window.sh * spanX;
      for (int64_t ox = 0; ox < dy.box.size[4]; ++ox)
        *to++ = line[ox * window.sw];
    }
  }
}

/// Terms of which neither operand is zero: for each pixel, inputs times errors.
void WeightGradient::countTerms() {
  for (int64_t p = 0; p < pixels(); ++p)
    nonZeroTerms += uint64_t(scratch.counts[size_t(p)]) * scratch.otherCounts[size_t(p)];
  for (int64_t p = 0; isMixed && p < pixels(); ++p)
    wide.add(uint64_t(presentRows(p)), scratch.wideCounts[size_t(p)], uint64_t(acc.box.size[1]),
             scratch.otherWideCounts[size_t(p)]);
}

/// Inputs that meet the error of pixel `p` of the tile: those of its window inside the extents.
int64_t WeightGradient::presentRows(int64_t p) const {
  int64_t oy = dy.box.lo[3] + p / dy.box.size[4], ox = dy.box.lo[4] + p % dy.box.size[4];
  int64_t inColumn = 0, inRow = 0;
  for (int64_t kh = acc.box.lo[3]; kh < acc.end(3); ++kh) {
    int64_t iy = oy * window.sh - window.pt + kh * window.dh;
    inColumn += iy >= 0 && iy < x.extent[3];
  }
  for (int64_t kw = acc.box.lo[4]; kw < acc.end(4); ++kw) {
    int64_t ix = ox * window.sw - window.pl + kw * window.dw;
    inRow += ix >= 0 && ix < x.extent[4];
  }
  return acc.box.size[2] * inColumn * inRow;
}

/// Adds the terms of one image to the chain in scratch.acc [lane block][row][16].
void WeightGradient::runChain(const MacEngine &engine) {
  int64_t chunk = std::max<int64_t>(12, columnFloats / width());
  scratch.counts.assign(size_t(width()), 0); // of inputs, per pixel
  scratch.wideCounts.assign(size_t(width()), 0);
  const MacTap tap = {0, 0};
  for (int64_t first = 0; first < rowsTotal(); first += chunk) {
    int64_t rows = std::min(chunk, rowsTotal() - first);
    gatherColumns(first, rows);
    if (part.countsWork)
      part.kernels.countColumns(scratch.columns.data(), rows, width(), scratch.counts.data());
    if (isMixed && x.format == mach::Format::mixed)
      countWideColumns(part.codec, scratch.columns.data(), rows, width(),
                       scratch.wideCounts.data());
    scratch.xOffset.resize(size_t(rows));
    scratch.accOffset.resize(size_t(rows));
    for (int64_t r = 0; r < rows; ++r) {
      scratch.xOffset[size_t(r)] = int32_t(r * width());
      scratch.accOffset[size_t(r)] = int32_t(r * macLanes);
    }
    for (int64_t b = 0; b < laneBlocks(); ++b) {
      MacLoop loop;
      loop.acc = scratch.acc.data() + (b * rowsTotal() + first) * macLanes;
      loop.x = scratch.columns.data();
      loop.w = scratch.w.data() + b * width() * macLanes;
      loop.accOffset = scratch.accOffset.data();
      loop.xOffset = scratch.xOffset.data();
      loop.pixels = int(rows);
      loop.taps = &tap;
      loop.numTaps = 1;
      loop.blocks = int(width() / block);
      loop.xBlock = block;
      loop.wBlock = block * macLanes;
      loop.blockTerms = block;
      loop.lastTerms = int(pixels() - (loop.blocks - 1) * block);
      engine.run(loop, part.events[0]);
    }
  }
  if (part.countsWork)
    countTerms();
}

void WeightGradient::loadLanes(const TileView &view, int64_t group, std::vector<float> &to) const {
  for (int64_t b = 0; b < laneBlocks(); ++b) {
    int64_t first = acc.box.lo[1] + b * macLanes;
    TileView lanes =
        slice(slice(view, 0, group, 1), 1, first, std::min<int64_t>(macLanes, acc.end(1) - first));
    part.codec.gather(
        lanes, to.data() + b * rowsTotal() * macLanes,
        {0, 1, acc.box.size[3] * acc.box.size[4] * macLanes, acc.box.size[4] * macLanes, macLanes});
  }
}

void WeightGradient::storeLanes(const TileView &view, int64_t group,
                                const std::vector<float> &from) {
  int64_t rows = rowsTotal();
  scratch.dense.resize(size_t(acc.box.size[1] * rows));
  float *to = scratch.dense.data();
  for (int64_t co = 0; co < acc.box.size[1]; ++co) {
    const float *lane = from.data() + co / macLanes * rows * macLanes + co % macLanes;
    for (int64_t r = 0; r < rows; ++r)
      *to++ = lane[r * macLanes];
  }
  part.codec.put(scratch.dense.data(), slice(view, 0, group, 1));
}

void WeightGradient::joinTotal(const MacEngine &engine) {
  for (size_t i = 0; i < scratch.total.size(); ++i)
    scratch.total[i] = scratch.total[i] + scratch.acc[i];
  engine.roundSums(scratch.total, acc.format, part.events[0]);
}

/// Pairs of a tap and a pixel of the tile that read inside the extents.
uint64_t WeightGradient::presentTerms() const {
  uint64_t present = 0;
  for (int64_t kh = acc.box.lo[3]; kh < acc.end(3); ++kh)
    for (int64_t kw = acc.box.lo[4]; kw < acc.end(4); ++kw) {
      uint64_t inRow = 0;
      for (int64_t ox = dy.box.lo[4]; ox < dy.end(4); ++ox) {
        int64_t ix = ox * window.sw - window.pl + kw * window.dw;
        inRow += ix >= 0 && ix < x.extent[4];
      }
      for (int64_t oy = dy.box.lo[3]; oy < dy.end(3); ++oy) {
        int64_t iy = oy * window.sh - window.pt + kh * window.dh;
        present += iy >= 0 && iy < x.extent[3] ? inRow : 0;
      }
    }
  return present;
}

Status WeightGradient::run() {
  if (Status s = resolveTiles(); !s || acc.empty() || dy.empty())
    return s;
  MacEngine engine(part, x, dy);
  isMixed = part.countsWork && !issue.fp16 &&
            (x.format == mach::Format::mixed || dy.format == mach::Format::mixed);
  int64_t size = laneBlocks() * rowsTotal() * macLanes;
  for (int64_t group = acc.box.lo[0]; group < acc.end(0); ++group) {
    clearFloats(scratch.total, size);
    if (mode == mach::AccMode::continue_)
      loadLanes(acc, group, scratch.total);
    for (int64_t image = dy.box.lo[0]; image < dy.end(0); ++image) {
      clearFloats(scratch.acc, size);
      if (!open)
        loadLanes(chain, group, scratch.acc);
      packInput(group, image);
      packError(group, image);
      runChain(engine);
      if (close)
        joinTotal(engine);
    }
    storeLanes(acc, group, scratch.total);
    if (!close)
      storeLanes(chain, group, scratch.acc);
  }
  if (!part.countsWork)
    return Status::success();
  uint64_t weights = uint64_t(acc.box.size[0] * acc.box.size[1] * acc.box.size[2]);
  uint64_t images = uint64_t(dy.box.size[0]);
  part.work.macs = images * weights * presentTerms();
  part.work.zeroMacs = part.work.macs - nonZeroTerms;
  part.work.wideMacs = wide.either;
  part.work.bothWideMacs = wide.both;
  part.work.macSlots =
      images * uint64_t(acc.count()) * uint64_t(ceilDiv(pixels(), part.chip.numerics.dot));
  part.countRead(x);
  part.countRead(dy);
  if (mode == mach::AccMode::continue_)
    part.countRead(acc);
  if (!open)
    part.countRead(chain);
  part.countWrite(close ? acc : chain);
  return Status::success();
}

Status convWgPart(CorePart &part, const Issue &issue) { return WeightGradient(part, issue).run(); }

} // namespace

Status convWg(State &state, const mach::ConvWg &instr) {
  const Descriptor *d = state.descriptor;
  if (instr.mode == mach::AccMode::bias)
    return Error{"conv.wg has no bias: its mode is zero or continue"};
  if (Status s = checkAccumulator(d[instr.acc], 5, acrossFormat(state.chip)); !s)
    return s;
  if (Status s = checkMacOperand(state.chip, d[instr.x], "x", 5); !s)
    return s;
  if (Status s = checkMacOperand(state.chip, d[instr.dy], "dy", 5); !s)
    return s;
  Issue issue = state.prepare(instr.opcode, mach::Engine::mac, state.mask[instr.mask]);
  issue.operand[0] = d[instr.acc];
  issue.operand[1] = d[instr.x];
  issue.operand[2] = d[instr.dy];
  issue.destination[0] = 0;
  issue.window = state.geometry[instr.geom];
  issue.mode = instr.mode;
  issue.fp16 = isWide(d[instr.x].tile.format) || isWide(d[instr.dy].tile.format);
  const auto &a = d[instr.acc].tile.tile, &e = d[instr.dy].tile.tile;
  issue.estimate =
      double(a[0] * a[1] * a[2]) * double(a[3] * a[4]) * double(e[0]) * double(e[3] * e[4]);
  issue.execute = convWgPart;
  return state.submit(issue);
}

} // namespace slp::exec
