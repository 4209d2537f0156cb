//===- Wall.h - what the chip as a whole was doing --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Gives every cycle of the wall clock to one group and one part: the most valuable work under way
// (MAC before vector before load before store, then program order), or the reason why none was. Fed
// by the model in order of start time.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_WALL_H
#define RUNTIME_TIMING_WALL_H

#include "runtime/timing/Report.h"

#include <queue>
#include <vector>

namespace slp::timing {

class Wall {
public:
  /// Gives away the cycles before `time` as far as work under way covers them; returns the first
  /// cycle that is not covered, or `time`. Cycles in between belong to the caller (see `idle`).
  Cycle advance(Cycle time, std::vector<GroupCycles> &groups);
  /// Gives the cycles up to the sum of `parts` to a group; call after `advance`.
  void idle(const WallCycles &parts, GroupCycles &group);
  /// Work of an instruction under way in [now, end); `order` is its place in the program's run.
  void work(WallPart part, int64_t order, uint32_t group, Cycle end);
  Cycle time() const { return cursor; }

private:
  struct Work {
    WallPart part;
    int64_t order;
    uint32_t group;
    Cycle end;
    /// std::priority_queue has its greatest element on top.
    bool operator<(const Work &other) const {
      return part != other.part ? part > other.part : order > other.order;
    }
  };
  std::priority_queue<Work> active;
  Cycle cursor = 0;
};

} // namespace slp::timing

#endif // RUNTIME_TIMING_WALL_H
