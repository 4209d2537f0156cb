//===- CountWeightGrad.cpp - work of conv.wg --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Terms, items and bytes of the gradient of the weights, for the timing model and the statistics
// (docs/timing.md, T7).
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/MacWeightGrad.h"

#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/FormatMixed.h.inc"

#include <numeric>

namespace slp::exec {

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

/// Output pixels of the tile, as outputs of the window.
WindowAxis WeightGradient::rowAxis() const {
  const TileView &dy = firstError(), &x = cores.front().x;
  return {window.kh,    window.sh,      window.pt,   window.dh,
          dy.box.lo[3], dy.box.size[3], x.extent[3], /*backward=*/false};
}

WindowAxis WeightGradient::columnAxis() const {
  const TileView &dy = firstError(), &x = cores.front().x;
  return {window.kw,    window.sw,      window.pl,   window.dw,
          dy.box.lo[4], dy.box.size[4], x.extent[4], /*backward=*/false};
}

std::vector<ItemSize> WeightGradient::sizesOfTaps() const {
  const Box &filter = firstAcc().box, &errors = firstError().box;
  std::vector<ItemSize> sizes =
      exec::sizesOfTaps(rowAxis(), columnAxis(), filter.lo[3], filter.size[3], filter.lo[4],
                        filter.size[4], chip.numerics.dot);
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
  bool isSkipping = issue.skip != mach::Skip::none;
  work.items.isSkipping = isSkipping;
  if (issue.skip == mach::Skip::b)
    return reportErrorItems(index);
  uint64_t outputGroups = uint64_t(ceilDiv(filter.size[1], chip.structure.pes));
  if (nonZeroInputs.empty()) {
    work.items = countWeightItems(sizes, copies, outputGroups);
    work.items.isSkipping = isSkipping;
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

/// A core's masks, to count by.
MaskedConv WeightGradient::maskedOf(const Core &core) const {
  const Box &errors = core.dy.box, &filter = core.acc.box;
  return {core.gate,
          core.group,
          {errors.lo[0], errors.size[0]},
          {filter.lo[1], filter.size[1]},
          {filter.lo[2], filter.size[2]},
          chip.numerics.dot,
          chip.structure.pes};
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
  if (core.part->hasValues())
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
  MaskedConv masked = maskedOf(core);
  bool isMasked = core.gate.mayClose() || core.group.mayClose();
  if (isMasked)
    masked.countWeightGrad(rowAxis(), columnAxis(), {acc.box.lo[3], acc.box.size[3]},
                           {acc.box.lo[4], acc.box.size[4]}, work);
  else
    reportItems(index);
  for (const Mask *mask : {&core.gate, &core.group})
    if (mask->isThere())
      core.part->countRead(mask->tile());
  bool hasValues = core.part->hasValues();
  if (skipsInputs() && hasValues)
    core.part->countStreamed(core.x, cores[sharesInput ? 0 : index].nonZeroInputs);
  else
    core.part->countRead(core.x);
  if (skipsErrors() && hasValues)
    core.part->countStreamed(core.dy, ofLanes(errorsOfLane));
  else
    core.part->countReadWithout(core.dy, isMasked ? masked.closedErrors(core.dy.box) : 0);
  if (mode == mach::accMode::continue_)
    core.part->countRead(acc);
  if (chainPerImage && !open)
    core.part->countRead(core.chain);
  core.part->countWrite(close ? acc : core.chain);
}

} // namespace slp::exec
