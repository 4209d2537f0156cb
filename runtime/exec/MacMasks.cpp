//===- MacMasks.cpp - terms that gates and weight groups close --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/MacMasks.h"

#include <map>

namespace slp::exec {

Result<Mask> Mask::read(const CorePart &part, const Issue &issue, int operand, const Box &needed,
                        const char *name) {
  Mask mask;
  if (operand < 0)
    return mask;
  Result<TileView> whole = part.view(issue.operand[operand], name);
  if (!whole)
    return whole.takeError();
  Result<TileView> view = subview(*whole, needed, name);
  if (!view)
    return view.takeError();
  mask.view = *view;
  mask.isOperand = true;
  part.noteRead(*view);
  if (!part.hasValues() || view->empty())
    return mask;
  std::vector<float> values(size_t(view->count()));
  part.codec.gather(*view, values.data());
  mask.open.reserve(values.size());
  for (float value : values)
    mask.open.push_back(value != 0);
  return mask;
}

Status checkMasks(const Issue &issue, size_t groupDim) {
  if (!issue.isMasked())
    return Status::success();
  if (issue.skip != mach::Skip(0))
    return Error{"a gate or group with skip: expected one of them"};
  for (int i : {1, 2})
    if (mach::isCompressed(issue.operand[i].tile.format))
      return Error{"a gate or group with a compressed factor, " +
                   std::string(mach::toString(issue.operand[i].tile.format))};
  if (uint64_t groups = issue.operand[0].tile.extent[groupDim]; groups != 1)
    return Error{"a gate or group of a convolution with " + std::to_string(groups) +
                 " groups, expected 1"};
  return Status::success();
}

Status checkMaskStart(const Issue &issue, const TileView &acc, int d) {
  if (!issue.isMasked() || acc.empty() || acc.box.lo[d] % maskChannels == 0)
    return Status::success();
  return Error{"the tile of `acc` starts at channel " + std::to_string(acc.box.lo[d]) +
               ", expected a multiple of " + std::to_string(maskChannels) +
               " with a gate or group"};
}

void runOpen(const MacEngine &engine, const MacLoop &loop, const std::vector<uint16_t> &open,
             uint16_t used, MacScratch &scratch, num::Events &events) {
  std::map<uint16_t, std::vector<int>> pixelsOf; // by their open lanes
  for (int p = 0; p < loop.pixels; ++p)
    if (open[size_t(p)])
      pixelsOf[open[size_t(p)]].push_back(p);
  for (const auto &[lanes, pixels] : pixelsOf) {
    MacLoop part = loop;
    scratch.maskedX.clear();
    scratch.maskedAcc.clear();
    for (int p : pixels) {
      scratch.maskedX.push_back(loop.xOffset[p]);
      scratch.maskedAcc.push_back(loop.accOffset[p]);
    }
    part.xOffset = scratch.maskedX.data();
    part.accOffset = scratch.maskedAcc.data();
    part.pixels = int(pixels.size());
    if (lanes != used) {
      scratch.masked.assign(loop.w, loop.w + loop.blocks * loop.wBlock);
      for (size_t i = 0; i < scratch.masked.size(); ++i)
        if (!(lanes >> (i % macLanes) & 1))
          scratch.masked[i] = 0;
      part.w = scratch.masked.data();
    }
    engine.run(part, events);
  }
}

} // namespace slp::exec
