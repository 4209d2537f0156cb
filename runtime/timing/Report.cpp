//===- Report.cpp - where the cycles of a run went --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Report.h"

#include <numeric>

namespace slp::timing {

const char *toString(Cause cause) {
  static constexpr const char *names[numCauses] = {
      "busy", "data", "latency", "semaphore", "imbalance", "bus", "issue", "queue", "fence"};
  return names[static_cast<size_t>(cause)];
}

const char *toString(WallPart part) {
  static constexpr const char *names[numWallParts] = {"mac",     "vector",    "load",  "store",
                                                      "latency", "semaphore", "issue", "queue"};
  return names[static_cast<size_t>(part)];
}

Cycle GroupCycles::wallTotal() const { return std::accumulate(wall.begin(), wall.end(), Cycle(0)); }

template <typename T, size_t N>
static void add(std::array<T, N> &to, const std::array<T, N> &from) {
  for (size_t i = 0; i < N; ++i)
    to[i] += from[i];
}

GroupCycles &GroupCycles::operator+=(const GroupCycles &other) {
  add(wall, other.wall);
  lines += other.lines;
  busyLines += other.busyLines;
  scanningLines += other.scanningLines;
  saved += other.saved;
  for (size_t e = 0; e < maxEngines; ++e)
    add(engine[e], other.engine[e]);
  return *this;
}

Report &Report::operator+=(const Report &other) {
  cycles += other.cycles;
  if (groups.size() < other.groups.size())
    groups.resize(other.groups.size());
  for (size_t g = 0; g < other.groups.size(); ++g)
    groups[g] += other.groups[g];
  if (engines.empty())
    engines = other.engines;
  else
    for (size_t i = 0; i < other.engines.size(); ++i)
      add(engines[i].cycles, other.engines[i].cycles);
  add(queueFull, other.queueFull);
  return *this;
}

Status Report::checkTotal() const {
  if (cycles <= maxTotalCycles)
    return Status::success();
  return Error{"all steps together take more than " + std::to_string(maxTotalCycles) +
               " cycles, the most that is counted: the rates of the chip description are out of "
               "proportion, or --functional-only does without them"};
}

} // namespace slp::timing
