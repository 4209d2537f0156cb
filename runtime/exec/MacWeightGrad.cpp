//===- MacWeightGrad.cpp - convolution, gradient of the weights -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `conv.wg`: per image a product of two matrices, with the output pixels as terms. The inputs that
// one weight (ci, kh, kw) meets are gathered into a row of `columns`, zeros standing for padding;
// the rows are the kernel's pixels and the output channels its lanes. The products are added to
// chains: one an image, which are added up in totals, or one through all images.
//
// Errors of closed gates are zeros, which leaves their terms out; rows run by which of their lanes
// have an open weight group.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/MacWeightGrad.h"

#include "runtime/exec/Prepare.h"
#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/StructConvWg.h.inc"

#include <algorithm>

namespace slp::exec {

/// Floats of gathered inputs to hold at a time, so that they stay in the host's cache.
static constexpr int64_t columnFloats = 48 * 1024;

/// Rows that a kernel computes at once: fewer in a chunk waste it.
static constexpr int64_t chunkRows = 12;

Status WeightGradient::checkImages(const Core &core) const {
  const TileView &x = core.x, &dy = core.dy;
  if (x.box.lo[0] != dy.box.lo[0] || x.box.size[0] != dy.box.size[0])
    return Error{"x and dy cover different images"};
  if (dy.whole(3) && dy.whole(4))
    return Status::success();
  if (!dy.whole(4))
    return Error{"a tile of part of an image must hold whole output rows"};
  int granule = MacEngine::showsGroups(chip.numerics) ? chip.numerics.block() : 1;
  if (dy.box.lo[3] * dy.extent[4] % granule)
    return Error{"the tile starts at pixel " + std::to_string(dy.box.lo[3] * dy.extent[4]) +
                 " of the image, expected a multiple of " + std::to_string(granule) +
                 ": dot groups would differ"};
  if (dy.box.size[0] > 1)
    return Error{"a tile of several images must hold whole images"};
  return Status::success();
}

/// The chain of the image in work, in bank 1 where the total lies in bank 0.
Status WeightGradient::resolveChain(Core &core) const {
  const TileView &acc = core.acc;
  if (!chainPerImage) {
    core.chain = acc;
    return Status::success();
  }
  Descriptor second = issue.operand[0];
  second.tile.base += uint64_t(chip.structure.accBankBytes.value);
  second.tile.format = accumulatorFormat(chip);
  if (acc.address >= uint64_t(chip.structure.accBankBytes.value))
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
  Result<TileView> chain = core.part->view(second, "acc (bank 1)");
  if (!chain)
    return chain.takeError();
  core.chain = *chain;
  return Status::success();
}

/// Narrows x and dy to what the accumulators need.
Status WeightGradient::resolveNeeds(Core &core) const {
  const TileView &acc = core.acc;
  Box errors = core.dy.box;
  errors.lo[1] = acc.box.lo[0];
  errors.size[1] = acc.box.size[0];
  errors.lo[2] = acc.box.lo[1];
  errors.size[2] = acc.box.size[1];
  Result<TileView> dyNeed = subview(core.dy, errors, "dy");
  if (!dyNeed)
    return dyNeed.takeError();
  core.dy = *dyNeed;
  const TileView &dy = core.dy, &x = core.x;
  int64_t spanRows = (dy.box.size[3] - 1) * window.sh + (acc.box.size[3] - 1) * window.dh + 1;
  int64_t spanColumns = (dy.box.size[4] - 1) * window.sw + (acc.box.size[4] - 1) * window.dw + 1;
  if (Status s = checkPacked(
          {acc.box.size[0], dy.box.size[0], acc.box.size[2], spanRows, spanColumns}, "x");
      !s)
    return s;
  int64_t loY = INT64_MAX, hiY = -1, loX = INT64_MAX, hiX = -1;
  auto widen = [](int64_t at, int64_t extent, int64_t &lo, int64_t &hi) {
    if (at < 0 || at >= extent)
      return;
    lo = std::min(lo, at);
    hi = std::max(hi, at);
  };
  for (int64_t o = dy.box.lo[3]; o < dy.end(3); ++o)
    for (int64_t k = acc.box.lo[3]; k < acc.end(3); ++k)
      widen(o * window.sh - window.pt + k * window.dh, x.extent[3], loY, hiY);
  for (int64_t o = dy.box.lo[4]; o < dy.end(4); ++o)
    for (int64_t k = acc.box.lo[4]; k < acc.end(4); ++k)
      widen(o * window.sw - window.pl + k * window.dw, x.extent[4], loX, hiX);
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
  core.x = *xNeed;
  return Status::success();
}

Status WeightGradient::resolveMasks(Core &core) const {
  const Box &acc = core.acc.box;
  for (int d : {1, 2})
    if (Status s = checkMaskStart(issue, core.acc, d); !s)
      return s;
  Box pixels = core.dy.box, weights = acc;
  setBlocks(pixels, 2, acc.lo[1], acc.size[1]);
  setBlocks(weights, 1, acc.lo[1], acc.size[1]);
  setBlocks(weights, 2, acc.lo[2], acc.size[2]);
  Result<Mask> gate = Mask::read(*core.part, issue, issue.gate, pixels, "gate");
  if (!gate)
    return gate.takeError();
  core.gate = gate.take();
  Result<Mask> weightGroups = Mask::read(*core.part, issue, issue.group, weights, "group");
  if (!weightGroups)
    return weightGroups.takeError();
  core.group = weightGroups.take();
  return Status::success();
}

/// Whether the core differs from the first one in the output or the input channels alone.
bool WeightGradient::fits(const Core &core) const {
  const Core &head = cores.front();
  int own = sharesInput ? 1 : 2; // the dimension of acc that may differ
  auto equal = [](const TileView &a, const TileView &b, int d) {
    return a.box.lo[d] == b.box.lo[d] && a.box.size[d] == b.box.size[d] &&
           a.extent[d] == b.extent[d];
  };
  for (int d = 0; d < maxRank; ++d)
    if (d != own && !equal(core.acc, head.acc, d))
      return false;
  for (int d : {0, 3, 4})
    if (!equal(core.dy, head.dy, d) || !equal(core.x, head.x, d))
      return false;
  return sharesInput ? sameElements(core.x, head.x)
                     : sameElements(core.dy, head.dy) && core.gate == head.gate;
}

/// Whether the host can unpack the core's inputs beside those there are.
bool WeightGradient::hasRoom(const Core &core) const {
  int64_t ofChannel = ((core.dy.box.size[3] - 1) * window.sh + core.acc.box.size[3] * window.dh) *
                      ((core.dy.box.size[4] - 1) * window.sw + core.acc.box.size[4] * window.dw);
  return sharesInput || (rowsTotal / taps() + core.acc.box.size[2]) <= packedMost / ofChannel;
}

Result<bool> WeightGradient::add(CorePart &part) {
  Core core;
  core.part = &part;
  Result<TileView> acc = part.view(issue.operand[0], "acc");
  if (!acc)
    return acc.takeError();
  Result<TileView> x = part.view(issue.operand[1], "x");
  if (!x)
    return x.takeError();
  Result<TileView> dy = part.view(issue.operand[2], "dy");
  if (!dy)
    return dy.takeError();
  core.acc = *acc;
  core.x = *x;
  core.dy = *dy;
  if (core.acc.empty() || core.dy.empty())
    return true;
  if (Status s = resolveChain(core); !s)
    return s.takeError();
  if (Status s = checkImages(core); !s)
    return s.takeError();
  if (Status s = resolveNeeds(core); !s)
    return s.takeError();
  if (Status s = resolveMasks(core); !s)
    return s.takeError();
  if (!cores.empty() && (!fits(core) || !hasRoom(core)))
    return false;
  if (cores.empty() || sharesInput)
    lanes.add(core.acc.box.size[1]);
  cores.push_back(core);
  if (cores.size() == 1 || !sharesInput) {
    cores.back().row = rowsTotal;
    rowsTotal += rowsOf(cores.back());
  }
  return true;
}

void WeightGradient::placeInput() {
  const TileView &acc = firstAcc(), &dy = firstError();
  firstY = dy.box.lo[3] * window.sh - window.pt + acc.box.lo[3] * window.dh;
  firstX = dy.box.lo[4] * window.sw - window.pl + acc.box.lo[4] * window.dw;
  spanY = (dy.box.size[3] - 1) * window.sh + (acc.box.size[3] - 1) * window.dh + 1;
  spanX = (dy.box.size[4] - 1) * window.sw + (acc.box.size[4] - 1) * window.dw + 1;
}

/// Chunks of rows that stay in the host's cache, and enough of them for its threads.
void WeightGradient::listChunks() {
  int64_t most = std::max<int64_t>(chunkRows, columnFloats / width());
  int64_t threads = group.pool ? group.pool->threads() : 1;
  most = std::min(most, std::max<int64_t>(chunkRows, ceilDiv(rowsTotal, threads)));
  size_t owners = sharesInput ? 1 : cores.size();
  for (size_t c = 0; c < owners; ++c)
    for (int64_t first = 0; first < rowsOf(cores[c]); first += most) {
      Chunk chunk;
      chunk.core = c;
      chunk.first = cores[c].row + first;
      chunk.rows = std::min(most, rowsOf(cores[c]) - first);
      chunk.nonZeroTerms.assign(size_t(lanes.blocks() * macLanes), 0);
      chunk.bothWide.assign(chunk.nonZeroTerms.size(), 0);
      chunk.metByWide.assign(chunk.nonZeroTerms.size(), 0);
      chunks.push_back(std::move(chunk));
    }
  scratch.xOffset.resize(size_t(most));
  scratch.accOffset.resize(size_t(most));
  for (int64_t r = 0; r < most; ++r) {
    scratch.xOffset[size_t(r)] = int32_t(r * width());
    scratch.accOffset[size_t(r)] = int32_t(r * macLanes);
  }
}

/// scratch.x [ci][row][column] from the core's first row on, zeros where padding is.
void WeightGradient::packInput(Core &core, int64_t ofGroup, int64_t image) {
  const TileView &x = core.x;
  float *begin = scratch.x.data() + core.row / taps() * spanY * spanX;
  std::fill_n(begin, core.acc.box.size[2] * spanY * spanX, 0.0f);
  if (x.empty())
    return;
  TileView view = slice(slice(x, 0, image, 1), 1, ofGroup, 1);
  float *to = begin + (x.box.lo[3] - firstY) * spanX + (x.box.lo[4] - firstX);
  codec.gather(view, to, {0, 0, spanY * spanX, spanX, 1});
  if (skipsInputs())
    core.nonZeroInputs +=
        uint64_t(std::count_if(begin, begin + core.acc.box.size[2] * spanY * spanX,
                               [](float value) { return value != 0; }));
}

/// scratch.w [lane block][pixel][16].
void WeightGradient::packError(int64_t ofGroup, int64_t image, int64_t laneBlock) {
  float *to = scratch.w.data() + laneBlock * width() * macLanes;
  std::fill_n(to, width() * macLanes, 0.0f);
  lanes.forBlock(laneBlock, [&](size_t c, int64_t first, int64_t lane, int64_t n) {
    const TileView &dy = cores[c].dy;
    TileView view = slice(slice(dy, 0, image, 1), 1, ofGroup, 1);
    codec.gather(slice(view, 2, cores[c].acc.box.lo[1] + first, n), to + lane,
                 {0, 0, 1, dy.box.size[4] * macLanes, macLanes});
  });
  if (firstGate().mayClose())
    closeErrors(image, laneBlock);
  if (skipsErrors())
    countErrors(laneBlock, ofGroup);
  if (wideErrors.empty())
    return;
  uint16_t *marks = wideErrors.data() + laneBlock * width();
  markWideLanes(codec, to, width(), marks);
  countMarkedLanes(marks, pixels(), tapsOfPixel.data(), metByWide.data() + laneBlock * macLanes);
}

/// scratch.closed: the packed error without what closed gates take out; that itself is counted.
void WeightGradient::closeErrors(int64_t image, int64_t laneBlock) {
  int64_t size = width() * macLanes;
  float *to = scratch.closed.data() + laneBlock * size;
  std::copy_n(scratch.w.data() + laneBlock * size, size, to);
  lanes.forBlock(laneBlock, [&](size_t c, int64_t first, int64_t lane, int64_t n) {
    const Core &core = cores[c];
    forBlocks(core.acc.box.lo[1] + first, n, [&](int64_t channels, int64_t at, int64_t count) {
      float *ofPixel = to + lane + at;
      for (int64_t y = core.dy.box.lo[3]; y < core.dy.end(3); ++y)
        for (int64_t x = core.dy.box.lo[4]; x < core.dy.end(4); ++x, ofPixel += macLanes)
          if (!core.gate.isOpen(image, 0, channels, y, x))
            std::fill_n(ofPixel, count, 0.0f);
    });
  });
}

/// For each row of a chunk, the lanes whose weight groups are open.
std::vector<uint16_t> WeightGradient::openLanes(const Chunk &chunk, int64_t laneBlock,
                                                uint16_t &used) const {
  std::vector<uint16_t> open(size_t(chunk.rows), 0);
  used = 0;
  lanes.forBlock(laneBlock, [&](size_t c, int64_t first, int64_t lane, int64_t n) {
    const Core &core = cores[sharesInput ? c : chunk.core];
    const Box &filter = core.acc.box;
    used |= laneBits(lane, n);
    forBlocks(filter.lo[1] + first, n, [&](int64_t channels, int64_t at, int64_t count) {
      for (int64_t r = 0; r < chunk.rows; ++r) {
        int64_t row = chunk.first + r - core.row, tap = row % taps();
        if (core.group.isOpen(0, channels, (filter.lo[2] + row / taps()) / maskChannels,
                              filter.lo[3] + tap / filter.size[4],
                              filter.lo[4] + tap % filter.size[4]))
          open[size_t(r)] |= laneBits(lane + at, count);
      }
    });
  });
  return open;
}

/// task.columns [row][pixel] for joint rows (ci, kh, kw) from firstRow on.
void WeightGradient::gatherColumns(MacScratch &task, int64_t firstRow, int64_t rows) const {
  const Box &filter = firstAcc().box, &errors = firstError().box;
  clearFloats(task.columns, rows * width());
  for (int64_t r = 0; r < rows; ++r) {
    int64_t ci = (firstRow + r) / taps(), tap = (firstRow + r) % taps();
    const float *from = scratch.x.data() + ci * spanY * spanX +
                        tap / filter.size[4] * window.dh * spanX + tap % filter.size[4] * window.dw;
    float *to = task.columns.data() + r * width();
    for (int64_t oy = 0; oy < errors.size[3]; ++oy) {
      const float *line = from + oy * window.sh * spanX;
      if (window.sw == 1) {
        to = std::copy_n(line, errors.size[4], to);
        continue;
      }
      for (int64_t ox = 0; ox < errors.size[4]; ++ox)
        *to++ = line[ox * window.sw];
    }
  }
}

/// Adds the terms of one image to the chains of the chunk's rows in scratch.acc [lane
/// block][row][16].
void WeightGradient::runChunk(Chunk &chunk, int64_t ofGroup, const MacEngine &engine) {
  MacScratch &task = MacScratch::ofThread();
  gatherColumns(task, chunk.first, chunk.rows);
  if (countsWork)
    countChunk(chunk, task);
  if (skipsInputs())
    for (int64_t r = 0; r < chunk.rows; ++r) {
      const float *row = task.columns.data() + r * width();
      nonZeroInputs[size_t((ofGroup - firstAcc().box.lo[0]) * rowsTotal + chunk.first + r)] +=
          uint64_t(std::count_if(row, row + pixels(), [](float value) { return value != 0; }));
    }
  const MacTap tap = {0, 0};
  const std::vector<float> &errors = firstGate().mayClose() ? scratch.closed : scratch.w;
  bool hasGroups = std::any_of(cores.begin(), cores.end(),
                               [](const Core &core) { return core.group.mayClose(); });
  for (int64_t b = 0; b < lanes.blocks(); ++b) {
    MacLoop loop;
    loop.acc = scratch.acc.data() + (b * rowsTotal + chunk.first) * macLanes;
    loop.x = task.columns.data();
    loop.w = errors.data() + b * width() * macLanes;
    loop.accOffset = scratch.accOffset.data();
    loop.xOffset = scratch.xOffset.data();
    loop.pixels = int(chunk.rows);
    loop.taps = &tap;
    loop.numTaps = 1;
    loop.blocks = int(width() / block);
    loop.xBlock = block;
    loop.wBlock = block * macLanes;
    loop.blockTerms = block;
    loop.lastTerms = int(pixels() - (loop.blocks - 1) * block);
    if (!hasGroups) {
      engine.run(loop, chunk.events);
      continue;
    }
    uint16_t used;
    std::vector<uint16_t> open = openLanes(chunk, b, used);
    runOpen(engine, loop, open, used, task, chunk.events);
  }
}

/// Calls f(core, first, n, at) for the output channels [first, first + n) of each core, counted in
/// its tile: in joint arrays their rows begin at `at`, 16 floats apart.
template <typename F> void WeightGradient::forTiles(F f) const {
  for (int64_t b = 0; b < lanes.blocks(); ++b)
    lanes.forBlock(b, [&](size_t owner, int64_t first, int64_t lane, int64_t n) {
      size_t begin = sharesInput ? owner : 0, end = sharesInput ? owner + 1 : cores.size();
      for (size_t c = begin; c < end; ++c)
        f(cores[c], first, n, (b * rowsTotal + cores[c].row) * macLanes + lane);
    });
}

void WeightGradient::loadLanes(TileView Core::*view, int64_t ofGroup,
                               std::vector<float> &to) const {
  int64_t kw = firstAcc().box.size[4];
  forTiles([&](const Core &core, int64_t first, int64_t n, int64_t at) {
    TileView channels = slice(slice(core.*view, 0, ofGroup, 1), 1, core.acc.box.lo[1] + first, n);
    codec.gather(channels, to.data() + at, {0, 1, taps() * macLanes, kw * macLanes, macLanes});
  });
}

void WeightGradient::storeLanes(TileView Core::*view, int64_t ofGroup,
                                const std::vector<float> &from) const {
  forTiles([&](const Core &core, int64_t first, int64_t n, int64_t at) {
    int64_t rows = rowsOf(core);
    scratch.dense.resize(size_t(n * rows));
    float *to = scratch.dense.data();
    for (int64_t lane = 0; lane < n; ++lane)
      for (int64_t r = 0; r < rows; ++r)
        *to++ = from[size_t(at + lane + r * macLanes)];
    codec.put(scratch.dense.data(),
              slice(slice(core.*view, 0, ofGroup, 1), 1, core.acc.box.lo[1] + first, n));
  });
}

void WeightGradient::joinTotal(const MacEngine &engine) {
  for (size_t i = 0; i < scratch.total.size(); ++i)
    scratch.total[i] = scratch.total[i] + scratch.acc[i];
  engine.roundSums(scratch.total, firstAcc().format, cores.front().part->events[0]);
}

void WeightGradient::run() {
  if (cores.empty())
    return;
  const TileView &dy = firstError(), &x = cores.front().x;
  open = dy.box.lo[3] == 0;
  close = dy.end(3) == dy.extent[3];
  mode = startMode(issue, open && dy.box.lo[0] == 0);
  isMixed = countsWork && !issue.fp16 &&
            (x.format == mach::format::mixed || dy.format == mach::format::mixed);
  if (cores.front().part->hasValues())
    compute();
  for (const Core &core : cores)
    noteAccesses(core);
  for (size_t c = 0; c < cores.size() && countsWork; ++c)
    reportWork(c);
}

/// Masks have noted themselves. The chain of an image is clobbered even where the image is whole,
/// and nothing of it is read.
void WeightGradient::noteAccesses(const Core &core) const {
  core.part->noteRead(core.x);
  core.part->noteRead(core.dy);
  if (mode == mach::accMode::continue_)
    core.part->noteRead(core.acc);
  core.part->noteWrite(core.acc);
  if (!chainPerImage)
    return;
  if (!open)
    core.part->noteRead(core.chain);
  core.part->noteWrite(core.chain);
}

void WeightGradient::compute() {
  const TileView &acc = firstAcc(), &dy = firstError(), &x = cores.front().x;
  placeInput();
  listChunks();
  scratch.x.resize(size_t(rowsTotal / taps() * spanY * spanX));
  scratch.w.resize(size_t(lanes.blocks() * width() * macLanes));
  if (firstGate().mayClose())
    scratch.closed.resize(scratch.w.size());
  if (isMixed && dy.format == mach::format::mixed) {
    wideErrors.resize(size_t(lanes.blocks() * width()));
    metByWide.resize(size_t(lanes.blocks() * macLanes));
  }
  if (!wideErrors.empty() || skipsErrors())
    for (int64_t p = 0; p < pixels(); ++p)
      tapsOfPixel.push_back(presentTaps(p));
  if (skipsInputs())
    nonZeroInputs.resize(size_t(acc.box.size[0] * rowsTotal));
  if (skipsErrors()) {
    listKindsOfRows();
    nonZeroErrors.resize(size_t(acc.box.size[0] * lanes.blocks() * macLanes) * kindsOfRows.size());
    tapsOfErrors.resize(size_t(lanes.blocks() * macLanes));
    errorsOfLane.resize(tapsOfErrors.size());
  }
  MacEngine engine(*cores[0].part, x, dy);
  int64_t size = lanes.blocks() * rowsTotal * macLanes;
  for (int64_t g = acc.box.lo[0]; g < acc.end(0); ++g) {
    std::vector<float> &result = chainPerImage ? scratch.total : scratch.acc;
    clearFloats(result, size);
    if (mode == mach::accMode::continue_)
      loadLanes(&Core::acc, g, result);
    for (int64_t image = dy.box.lo[0]; image < dy.end(0); ++image) {
      if (chainPerImage) {
        clearFloats(scratch.acc, size);
        if (!open)
          loadLanes(&Core::chain, g, scratch.acc);
      }
      forTasks(group.pool, sharesInput ? 1 : int64_t(cores.size()),
               [&](int c) { packInput(cores[size_t(c)], g, image); });
      forTasks(group.pool, lanes.blocks(), [&](int b) { packError(g, image, b); });
      forTasks(group.pool, int64_t(chunks.size()),
               [&](int c) { runChunk(chunks[size_t(c)], g, engine); });
      if (chainPerImage && close)
        joinTotal(engine);
    }
    storeLanes(&Core::acc, g, result);
    if (chainPerImage && !close)
      storeLanes(&Core::chain, g, scratch.acc);
  }
  for (const Chunk &chunk : chunks)
    cores.front().part->events[0] += chunk.events;
}

static Status convWgGroup(CoreGroup &group, const Issue &issue) {
  return runGroup<WeightGradient>(group, issue);
}

Status convWg(State &state, const mach::ConvWg &) {
  Result<Issue> issue = prepareOperands(state);
  if (!issue)
    return issue.takeError();
  const mach::TensorTile &x = issue->operand[1].tile, &dy = issue->operand[2].tile;
  issue->fp16 = isWide(x.format) || isWide(dy.format);
  const auto &a = issue->operand[0].tile.tile, &e = dy.tile;
  issue->estimate =
      double(a[0] * a[1] * a[2]) * double(a[3] * a[4]) * double(e[0]) * double(e[3] * e[4]);
  if (Status s = checkMasks(*issue, /*groupDim=*/0); !s)
    return s;
  issue->executeGroup = convWgGroup;
  issue->sharable[0] = 1;
  issue->sharable[1] = 2;
  return state.submit(*issue);
}

} // namespace slp::exec
