//===- Sequencer.cpp - when instructions are issued -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Sequencer.h"

#include <algorithm>

namespace slp::timing {

static size_t indexOf(Cause cause) { return static_cast<size_t>(cause); }

Cycle Sequencer::issue(int words, Cycle &cycles) {
  for (int i = 0; i < words; ++i) {
    if (used == issuePerCycle) {
      ++cycle;
      used = 0;
    }
    if (used == 0)
      ++cycles;
    ++used;
  }
  return cycle + 1;
}

Cycle Sequencer::stall(Cycle until, Cause why) {
  Cycle from = frontier();
  if (until <= from) {
    // Too short to cost a cycle: at most the slots left in this one.
    if (until > now())
      used = issuePerCycle;
    return 0;
  }
  if (why == Cause::fence) {
    stalls.clear();
  } else {
    CauseCycles before = stalledBefore(from);
    stalls.push_back(
        {from, until, before[indexOf(Cause::queue)], before[indexOf(Cause::latency)], why});
  }
  cycle = until;
  used = 0;
  return until - from;
}

CauseCycles Sequencer::stalledBefore(Cycle time) const {
  auto it = std::partition_point(stalls.begin(), stalls.end(),
                                 [&](const Stall &stall) { return stall.from < time; });
  if (it == stalls.begin())
    return {};
  const Stall &last = *std::prev(it);
  CauseCycles sums{};
  sums[indexOf(Cause::queue)] = last.queueBefore;
  sums[indexOf(Cause::latency)] = last.latencyBefore;
  sums[indexOf(last.why)] += std::min(time, last.to) - last.from;
  return sums;
}

CauseCycles Sequencer::during(Cycle from, Cycle to) const {
  CauseCycles result{};
  if (from >= to)
    return result;
  CauseCycles start = stalledBefore(from), end = stalledBefore(to);
  Cycle stalled = 0;
  for (size_t i = 0; i < numCauses; ++i) {
    result[i] = end[i] - start[i];
    stalled += result[i];
  }
  result[indexOf(Cause::issue)] += to - from - stalled;
  return result;
}

} // namespace slp::timing
