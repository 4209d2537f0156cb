//===- Wall.cpp - what the chip as a whole was doing ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Wall.h"

#include <algorithm>

namespace slp::timing {

Cycle Wall::advance(Cycle time, std::vector<GroupCycles> &groups) {
  while (cursor < time && !active.empty()) {
    const Work &best = active.top();
    if (best.end <= cursor) {
      active.pop();
      continue;
    }
    Cycle until = std::min(best.end, time);
    groups[best.group].wall[static_cast<size_t>(best.part)] += until - cursor;
    cursor = until;
  }
  return cursor;
}

void Wall::idle(const WallCycles &parts, GroupCycles &group) {
  for (size_t i = 0; i < numWallParts; ++i) {
    group.wall[i] += parts[i];
    cursor += parts[i];
  }
}

void Wall::work(WallPart part, int64_t order, uint32_t group, Cycle end) {
  if (end > cursor)
    active.push({part, order, group, end});
}

} // namespace slp::timing
