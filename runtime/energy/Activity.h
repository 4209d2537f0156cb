//===- Activity.h - how much of everything was done -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Exact counts per group of instructions: work, traffic, instructions. Energy multiplies them,
// views print them.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_ENERGY_ACTIVITY_H
#define RUNTIME_ENERGY_ACTIVITY_H

#include "runtime/exec/Machine.h"
#include "runtime/timing/Groups.h"

#include <array>
#include <cstdint>
#include <vector>

namespace slp::energy {

/// Counts of one group, or of several added.
struct Activity {
  uint64_t instructions = 0;
  uint64_t fp8Macs = 0, fp16Macs = 0;      // terms computed, by format of the operands
  uint64_t skippedMacs = 0;                // terms inside the extents that were skipped
  uint64_t gatedMacs = 0, groupedMacs = 0; // of both, closed by a gate; by a weight group alone
  uint64_t zeroMacs = 0;                   // of both, with a zero operand
  uint64_t macSlots = 0;                   // dot groups offered
  uint64_t vectorElements = 0, vectorOperations = 0;
  std::array<uint64_t, exec::maxSpaces> bytesRead{},
      bytesWritten{}; // by mach::Space; dram in whole bursts
  uint64_t dramUsefulBytes = 0;

  /// Terms inside the extents, skipped or not.
  uint64_t macs() const { return fp8Macs + fp16Macs + skippedMacs; }
  Activity &operator+=(const Activity &other);
};

/// Counts what a machine does.
class ActivityCounter : public exec::Observer {
public:
  /// `groups` outlives the counter.
  explicit ActivityCounter(const timing::Groups &groups) : groups(groups), counts(groups.size()) {}
  void issued(const exec::Event &event) override;
  /// Counts since the last call, by group.
  std::vector<Activity> take();

private:
  const timing::Groups &groups;
  std::vector<Activity> counts;
};

} // namespace slp::energy

#endif // RUNTIME_ENERGY_ACTIVITY_H
