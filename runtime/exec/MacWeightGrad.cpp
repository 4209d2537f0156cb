//===- MacWeightGrad.cpp - convolution, gradient of the weights -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `conv.wg`: per image a product of two matrices, with the output pixels as terms. The inputs that
// one weight (ci, kh, kw) meets are gathered into a row of `columns`, zeros standing for padding;
// the rows are the kernel's pixels and the output channels its lanes. The products are added to
// chains: one an image, which are added up in totals, or one through all images.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/CountItems.h"
#include "runtime/exec/Mac.h"
#include "runtime/exec/Prepare.h"
#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/EnumSkip.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/StructConvWg.h.inc"

#include <algorithm>
#include <map>
#include <numeric>

namespace slp::exec {
namespace {

/// Floats of gathered inputs to hold at a time, so that they stay in the host's cache.
constexpr int64_t columnFloats = 48 * 1024;

/// Rows that a kernel computes at once: fewer in a chunk waste it.
constexpr int64_t chunkRows = 12;

/// conv.wg of cores that read one input tile, each with output channels of its own, or one error
/// tile, each with input channels of its own. The output channels of all cores lie side by side in
/// the lanes, their input channels below each other in the rows.
class WeightGradient {
public:
  WeightGradient(CoreGroup &g, const Issue &i)
      : group(g), issue(i), window(i.window), scratch(MacScratch::ofThread()),
        chip(g.parts[0]->chip), codec(g.parts[0]->codec), kernels(g.parts[0]->kernels),
        countsWork(g.parts[0]->countsWork), sharesInput(g.shared == 1),
        chainPerImage(chip.numerics.hasChainPerImage()), block(MacEngine::rowBlock(chip.numerics)) {
  }

  /// Adds a core. False: it reads other elements of the shared tile than those before it.
  Result<bool> add(CorePart &part);
  void run();

private:
  struct Core {
    CorePart *part = nullptr;
    TileView acc, x, dy;
    TileView chain;  // of the image in work; `acc` itself where one chain runs through all images
    int64_t row = 0; // its first joint row
    uint64_t nonZeroInputs = 0;
  };
  /// Rows of one core, or of all if they share them: what one task computes and counts.
  struct Chunk {
    size_t core = 0;
    int64_t first = 0, rows = 0; // of the joint rows
    num::Events events;
    std::vector<uint64_t> nonZeroTerms, bothWide; // by lane
    uint64_t wideInputs = 0;
    // Where zeros are skipped: terms whose streamed operand is none and whose other one is FP16.
    std::vector<uint64_t> metByWide;
  };

  Status resolveChain(Core &core) const;
  Status checkImages(const Core &core) const;
  Status resolveNeeds(Core &core) const;
  bool fits(const Core &core) const;
  bool hasRoom(const Core &core) const;
  void placeInput();
  void listChunks();
  void packInput(Core &core, int64_t ofGroup, int64_t image);
  void packError(int64_t ofGroup, int64_t image, int64_t laneBlock);
  void gatherColumns(MacScratch &task, int64_t firstRow, int64_t rows) const;
  void runChunk(Chunk &chunk, int64_t ofGroup, const MacEngine &engine);
  void countChunk(Chunk &chunk, MacScratch &task) const;
  void joinTotal(const MacEngine &engine);
  void compute();
  template <typename F> void forTiles(F f) const;
  void loadLanes(TileView Core::*view, int64_t ofGroup, std::vector<float> &to) const;
  void storeLanes(TileView Core::*view, int64_t ofGroup, const std::vector<float> &from) const;
  uint32_t presentTaps(int64_t pixel) const;
  uint64_t presentTerms() const;
  std::vector<ItemSize> sizesOfTaps() const;
  std::vector<uint8_t> pixelsOf(int64_t firstRow, int64_t rows) const;
  void listKindsOfRows();
  void countErrors(int64_t laneBlock, int64_t ofGroup);
  void reportItems(size_t index) const;
  void reportErrorItems(size_t index) const;
  void reportWork(size_t index) const;

  const TileView &firstAcc() const { return cores.front().acc; }
  const TileView &firstError() const { return cores.front().dy; }
  int64_t taps() const { return firstAcc().box.size[3] * firstAcc().box.size[4]; }
  int64_t rowsOf(const Core &core) const { return core.acc.box.size[2] * taps(); }
  int64_t pixels() const { return firstError().box.size[3] * firstError().box.size[4]; }
  int64_t width() const { return roundUp(pixels(), block); }

  CoreGroup &group;
  const Issue &issue;
  const Window &window;
  MacScratch &scratch;
  const chip::Chip &chip;
  const Codec &codec;
  const MacKernels &kernels;
  bool countsWork, sharesInput, chainPerImage;
  int block; // terms of a block
  std::vector<Core> cores;
  JointLanes lanes; // with a shared error those of the first core, which are everyone's
  int64_t rowsTotal = 0;
  std::vector<Chunk> chunks;
  // Packed input: rows and columns from these coordinates on, padding included.
  int64_t firstY = 0, spanY = 0, firstX = 0, spanX = 0;
  bool isMixed = false; // and to be counted
  // Whether the tile holds the first and the last row of its images, and the mode in effect.
  bool open = false, close = false;
  mach::AccMode mode{};
  // Of the packed error, where it is mixed: the bit set of FP16 lanes of each block and pixel, and
  // for each lane the taps that its FP16 elements meet.
  bool skipsInputs() const { return countsWork && issue.skip == mach::Skip::a; }
  bool skipsErrors() const { return countsWork && issue.skip == mach::Skip::b; }
  // Streamed elements that are not zero, over all images: inputs by group and joint row; errors by
  // group, kind of the rows that meet them, and lane; how many taps these errors meet, and how many
  // there are, by lane.
  std::vector<uint64_t> nonZeroInputs, nonZeroErrors, tapsOfErrors, errorsOfLane;
  // Which pixels some row of a group of rows meets inside the extents: the kinds there are.
  std::map<std::vector<uint8_t>, size_t> kindsOfRows;
  std::vector<uint16_t> wideErrors;
  std::vector<uint64_t> metByWide;
  std::vector<uint32_t> tapsOfPixel;
};

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
  return sharesInput ? sameElements(core.x, head.x) : sameElements(core.dy, head.dy);
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
  if (skipsErrors())
    countErrors(laneBlock, ofGroup);
  if (wideErrors.empty())
    return;
  uint16_t *marks = wideErrors.data() + laneBlock * width();
  markWideLanes(codec, to, width(), marks);
  countMarkedLanes(marks, pixels(), tapsOfPixel.data(), metByWide.data() + laneBlock * macLanes);
}

/// Which pixels the rows (ci, kh, kw) [first, first + n) of a core meet inside the extents.
std::vector<uint8_t> WeightGradient::pixelsOf(int64_t firstRow, int64_t n) const {
  const Box &filter = firstAcc().box, &errors = firstError().box;
  const TileView &x = cores.front().x;
  std::vector<uint8_t> met(size_t(pixels()), 0);
  for (int64_t r = firstRow; r < firstRow + std::min(n, taps()); ++r) {
    int64_t kh = filter.lo[3] + r % taps() / filter.size[4],
            kw = filter.lo[4] + r % taps() % filter.size[4];
    for (int64_t p = 0; p < pixels(); ++p) {
      int64_t iy = (errors.lo[3] + p / errors.size[4]) * window.sh - window.pt + kh * window.dh;
      int64_t ix = (errors.lo[4] + p % errors.size[4]) * window.sw - window.pl + kw * window.dw;
      met[size_t(p)] |= iy >= 0 && iy < x.extent[3] && ix >= 0 && ix < x.extent[4];
    }
  }
  return met;
}

/// Groups of rows begin at multiples of the PEs of a line.
void WeightGradient::listKindsOfRows() {
  int64_t pes = chip.structure.pes;
  for (const Core &core : cores)
    for (int64_t r = 0; r < rowsOf(core) && r / pes <= taps(); r += pes)
      kindsOfRows.emplace(pixelsOf(r, std::min(pes, rowsOf(core) - r)), 0);
  for (const Core &core : cores) { // the last one may have fewer rows
    int64_t last = (rowsOf(core) - 1) / pes * pes;
    kindsOfRows.emplace(pixelsOf(last, rowsOf(core) - last), 0);
  }
  size_t number = 0;
  for (auto &[pixelsMet, kind] : kindsOfRows)
    kind = number++;
}

/// Errors of the packed image that are not zero, for each kind of rows.
void WeightGradient::countErrors(int64_t laneBlock, int64_t ofGroup) {
  const float *errors = scratch.w.data() + laneBlock * width() * macLanes;
  size_t group = size_t(ofGroup - firstAcc().box.lo[0]);
  size_t lanesInAll = size_t(lanes.blocks() * macLanes);
  for (const auto &[pixelsMet, kind] : kindsOfRows) {
    uint64_t *to = nonZeroErrors.data() + (group * kindsOfRows.size() + kind) * lanesInAll +
                   size_t(laneBlock * macLanes);
    for (int64_t p = 0; p < pixels(); ++p)
      for (int lane = 0; lane < macLanes; ++lane)
        to[lane] += (errors[p * macLanes + lane] != 0) & pixelsMet[size_t(p)];
  }
  for (int64_t p = 0; p < pixels(); ++p)
    for (int lane = 0; lane < macLanes; ++lane) {
      bool isThere = errors[p * macLanes + lane] != 0;
      tapsOfErrors[size_t(laneBlock * macLanes + lane)] += isThere ? tapsOfPixel[size_t(p)] : 0;
      errorsOfLane[size_t(laneBlock * macLanes + lane)] += isThere;
    }
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

/// Taps that meet the error of pixel `p` of the tile inside the extents.
uint32_t WeightGradient::presentTaps(int64_t p) const {
  const TileView &acc = firstAcc(), &dy = firstError(), &x = cores.front().x;
  int64_t oy = dy.box.lo[3] + p / dy.box.size[4], ox = dy.box.lo[4] + p % dy.box.size[4];
  uint32_t inColumn = 0, inRow = 0;
  for (int64_t kh = acc.box.lo[3]; kh < acc.end(3); ++kh) {
    int64_t iy = oy * window.sh - window.pt + kh * window.dh;
    inColumn += iy >= 0 && iy < x.extent[3];
  }
  for (int64_t kw = acc.box.lo[4]; kw < acc.end(4); ++kw) {
    int64_t ix = ox * window.sw - window.pl + kw * window.dw;
    inRow += ix >= 0 && ix < x.extent[4];
  }
  return inColumn * inRow;
}

/// Terms of which neither operand is zero: for each error, the inputs of its pixel that are not
/// zero. Likewise those of which both are FP16.
void WeightGradient::countChunk(Chunk &chunk, MacScratch &task) const {
  task.taskCounts.assign(size_t(width()), 0);
  kernels.countColumns(task.columns.data(), chunk.rows, width(), task.taskCounts.data());
  for (int64_t b = 0; b < lanes.blocks(); ++b)
    kernels.countTerms(scratch.w.data() + b * width() * macLanes, pixels(), task.taskCounts.data(),
                       chunk.nonZeroTerms.data() + b * macLanes);
  if (!isMixed)
    return;
  if (skipsInputs() && !wideErrors.empty())
    for (int64_t b = 0; b < lanes.blocks(); ++b)
      countMarkedLanes(wideErrors.data() + b * width(), pixels(), task.taskCounts.data(),
                       chunk.metByWide.data() + b * macLanes);
  if (cores.front().x.format != mach::format::mixed)
    return;
  task.taskWideCounts.assign(size_t(width()), 0);
  countWideColumns(codec, task.columns.data(), chunk.rows, width(), task.taskWideCounts.data());
  if (skipsErrors())
    for (int64_t b = 0; b < lanes.blocks(); ++b)
      kernels.countTerms(scratch.w.data() + b * width() * macLanes, pixels(),
                         task.taskWideCounts.data(), chunk.metByWide.data() + b * macLanes);
  chunk.wideInputs +=
      std::accumulate(task.taskWideCounts.begin(), task.taskWideCounts.end(), uint64_t(0));
  for (int64_t b = 0; b < lanes.blocks() && !wideErrors.empty(); ++b)
    countMarkedLanes(wideErrors.data() + b * width(), pixels(), task.taskWideCounts.data(),
                     chunk.bothWide.data() + b * macLanes);
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
  for (int64_t b = 0; b < lanes.blocks(); ++b) {
    MacLoop loop;
    loop.acc = scratch.acc.data() + (b * rowsTotal + chunk.first) * macLanes;
    loop.x = task.columns.data();
    loop.w = scratch.w.data() + b * width() * macLanes;
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
    engine.run(loop, chunk.events);
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

/// Pairs of a tap and a pixel of the tile that read inside the extents.
uint64_t WeightGradient::presentTerms() const {
  const TileView &acc = firstAcc(), &dy = firstError(), &x = cores.front().x;
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

std::vector<ItemSize> WeightGradient::sizesOfTaps() const {
  const Box &filter = firstAcc().box, &errors = firstError().box;
  const TileView &x = cores.front().x;
  WindowAxis rows{window.kh,    window.sh,      window.pt,   window.dh,
                  errors.lo[3], errors.size[3], x.extent[3], /*backward=*/false};
  WindowAxis columns{window.kw,    window.sw,      window.pl,   window.dw,
                     errors.lo[4], errors.size[4], x.extent[4], /*backward=*/false};
  std::vector<ItemSize> sizes = exec::sizesOfTaps(rows, columns, filter.lo[3], filter.size[3],
                                                  filter.lo[4], filter.size[4], chip.numerics.dot);
  for (ItemSize &size : sizes) {
    size.elements *= uint64_t(errors.size[0]);
    size.groups *= uint64_t(errors.size[0]);
  }
  return sizes;
}

/// An input channel and tap with each group of output channels is an item; where the errors are
/// streamed, an output channel with each group of input channels and taps.
void WeightGradient::reportItems(size_t index) const {
  const Core &core = cores[index];
  CoreWork &work = core.part->work;
  const Box &filter = core.acc.box;
  std::vector<ItemSize> sizes = sizesOfTaps();
  uint64_t channels = uint64_t(filter.size[1]), copies = uint64_t(filter.size[0] * filter.size[2]);
  for (const ItemSize &size : sizes)
    work.macSlots += size.groups * copies * channels;
  work.items.isSkipping = issue.skip != mach::Skip::none;
  if (issue.skip == mach::Skip::b)
    return reportErrorItems(index);
  uint64_t outputGroups = uint64_t(ceilDiv(filter.size[1], chip.structure.pes));
  if (nonZeroInputs.empty()) {
    for (const ItemSize &size : sizes)
      work.items.add(outputGroups, size.elements, size.groups);
    work.items.repeats = copies;
    return;
  }
  for (int64_t g = 0; g < filter.size[0]; ++g)
    for (int64_t r = 0; r < rowsOf(core); ++r) {
      const ItemSize &size = sizes[size_t(r % taps())];
      uint64_t zeros =
          size.elements - nonZeroInputs[size_t(g * rowsTotal + (sharesInput ? 0 : core.row) + r)];
      work.items.add(outputGroups, size.elements, size.groups, zeros);
      work.skippedMacs += zeros * channels;
    }
}

void WeightGradient::reportErrorItems(size_t index) const {
  const Core &core = cores[index];
  CoreWork &work = core.part->work;
  const Box &filter = core.acc.box;
  int64_t pes = chip.structure.pes, firstLane = sharesInput ? lanes.start(index) : 0;
  uint64_t images = uint64_t(core.dy.box.size[0]);
  size_t lanesInAll = size_t(lanes.blocks() * macLanes);
  // What all output channels have in common.
  std::vector<std::pair<uint64_t, size_t>> groupsOfRows; // elements, kind
  for (int64_t r = 0; r < rowsOf(core); r += pes) {
    std::vector<uint8_t> met = pixelsOf(r, std::min(pes, rowsOf(core) - r));
    auto kind = kindsOfRows.find(met);
    groupsOfRows.emplace_back(images * std::accumulate(met.begin(), met.end(), uint64_t(0)),
                              kind == kindsOfRows.end() ? 0 : kind->second);
  }
  uint64_t kept = 0;
  for (int64_t g = 0; g < filter.size[0]; ++g)
    for (int64_t co = 0; co < filter.size[1]; ++co)
      for (auto [elements, kind] : groupsOfRows) {
        uint64_t zeros = 0;
        if (!nonZeroErrors.empty())
          zeros = elements - nonZeroErrors[(size_t(g) * kindsOfRows.size() + kind) * lanesInAll +
                                           size_t(firstLane + co)];
        work.items.add(1, elements, uint64_t(ceilDiv(int64_t(elements), chip.numerics.dot)), zeros);
      }
  if (nonZeroErrors.empty())
    return;
  for (int64_t co = 0; co < filter.size[1]; ++co)
    kept += tapsOfErrors[size_t(firstLane + co)] * uint64_t(filter.size[2]);
  work.skippedMacs = work.macs - kept;
}

void WeightGradient::reportWork(size_t index) const {
  const Core &core = cores[index];
  const TileView &acc = core.acc;
  int64_t firstLane = sharesInput ? lanes.start(index) : 0;
  auto ofLanes = [&](const std::vector<uint64_t> &counts) {
    return std::accumulate(counts.begin() + firstLane, counts.begin() + firstLane + acc.box.size[1],
                           uint64_t(0));
  };
  uint64_t nonZero = 0, both = 0, met = 0, wideInputs = 0;
  for (const Chunk &chunk : chunks) {
    if (!sharesInput && chunk.core != index)
      continue;
    nonZero += ofLanes(chunk.nonZeroTerms);
    both += ofLanes(chunk.bothWide);
    met += ofLanes(chunk.metByWide);
    wideInputs += chunk.wideInputs;
  }
  CoreWork &work = core.part->work;
  uint64_t weights = uint64_t(acc.box.size[0] * acc.box.size[1] * acc.box.size[2]);
  uint64_t images = uint64_t(core.dy.box.size[0]);
  work.macs = images * weights * presentTerms();
  if (core.part->hasValues)
    work.zeroMacs = work.macs - nonZero;
  if (isMixed) {
    uint64_t ofErrors = wideErrors.empty() ? 0 : uint64_t(acc.box.size[2]) * ofLanes(metByWide);
    uint64_t ofInputs = wideInputs * uint64_t(acc.box.size[1]);
    if (skipsInputs())
      ofErrors = met;
    if (skipsErrors())
      ofInputs = met;
    work.wideMacs = ofInputs + ofErrors - both;
    work.bothWideMacs = both;
  }
  reportItems(index);
  bool hasValues = core.part->hasValues;
  if (skipsInputs() && hasValues)
    core.part->countStreamed(core.x, cores[sharesInput ? 0 : index].nonZeroInputs);
  else
    core.part->countRead(core.x);
  if (skipsErrors() && hasValues)
    core.part->countStreamed(core.dy, ofLanes(errorsOfLane));
  else
    core.part->countRead(core.dy);
  if (mode == mach::accMode::continue_)
    core.part->countRead(acc);
  if (chainPerImage && !open)
    core.part->countRead(core.chain);
  core.part->countWrite(close ? acc : core.chain);
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
  if (cores.front().part->hasValues)
    compute();
  for (size_t c = 0; c < cores.size() && countsWork; ++c)
    reportWork(c);
}

void WeightGradient::compute() {
  const TileView &acc = firstAcc(), &dy = firstError(), &x = cores.front().x;
  placeInput();
  listChunks();
  scratch.x.resize(size_t(rowsTotal / taps() * spanY * spanX));
  scratch.w.resize(size_t(lanes.blocks() * width() * macLanes));
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

Status convWgGroup(CoreGroup &group, const Issue &issue) {
  return runGroup<WeightGradient>(group, issue);
}

} // namespace

Status convWg(State &state, const mach::ConvWg &) {
  Result<Issue> issue = prepareOperands(state);
  if (!issue)
    return issue.takeError();
  const mach::TensorTile &x = issue->operand[1].tile, &dy = issue->operand[2].tile;
  issue->fp16 = isWide(x.format) || isWide(dy.format);
  const auto &a = issue->operand[0].tile.tile, &e = dy.tile;
  issue->estimate =
      double(a[0] * a[1] * a[2]) * double(a[3] * a[4]) * double(e[0]) * double(e[3] * e[4]);
  issue->executeGroup = convWgGroup;
  issue->sharable[0] = 1;
  issue->sharable[1] = 2;
  return state.submit(*issue);
}

} // namespace slp::exec
