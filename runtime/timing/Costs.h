//===- Costs.h - how long one piece of work takes ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Durations from the rates of the chip description, without any waiting. Rates are turned into
// integers once, in ticks of 2^-20 cycle, so that the sum of many durations is exact and the same
// on every host. A duration beyond maxRunCycles is one cycle more than that, which ends the run.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_COSTS_H
#define RUNTIME_TIMING_COSTS_H

#include "runtime/chips/Chip.h"
#include "runtime/exec/Machine.h"
#include "runtime/timing/Report.h"

#include <array>

namespace slp::timing {

constexpr int64_t ticksPerCycle = 1 << 20;

/// A resource that serves requests one at a time, in the order of the calls. Fractions of a cycle
/// are kept between requests; what a user sees are whole cycles, rounded up.
class Bus {
public:
  explicit Bus(int64_t ticksPerByte) : ticksPerByte(ticksPerByte) {}
  struct Slot {
    Cycle start = 0;    // first cycle of service
    Cycle end = 0;      // first cycle after it
    Cycle duration = 0; // end - start for an idle bus
  };
  /// Takes the bus for `bytes`, not before `ready`. No bytes: an empty slot at `ready`.
  Slot take(Cycle ready, uint64_t bytes);

private:
  int64_t ticksPerByte;
  int64_t freeAt = 0; // ticks
};

/// What a core does in a MAC instruction.
struct MacTime {
  Cycle cycles = 0; // with the start
  /// Where zeros are skipped, else 0: `cycles` without the start times the number of lines; what
  /// these are busy; and of that, in items that wait for the scan of their positions.
  Cycle lines = 0, busy = 0, scanning = 0;
  /// Where terms are closed: cycles that it would have taken longer without.
  Cycle saved = 0;
};

class Costs {
public:
  explicit Costs(const chip::Chip &chip);

  /// Cycles of one core: start + those of its lines of PEs. A PE takes whole dot groups where it
  /// does at least one a cycle, else element by element. With mixed operands the time of an item is
  /// that of FP8, plus its share of what the chip's table adds for each pair with one FP16 element
  /// and with two. Where zeros are skipped, an item takes what is left, or longer if its positions
  /// are more than the scan takes; and the chip's balancer spreads items over the lines. Dot groups
  /// that are closed take none.
  MacTime mac(const exec::CoreWork &work, bool fp16) const;
  /// Cycles of the vector unit: start + ceil(lane operations * cycles of the class / lanes).
  Cycle vector(mach::Opcode opcode, uint64_t operations) const;

  Bus dramBus() const { return Bus(dramTicksPerByte); }
  Bus toCores() const { return Bus(toCoresTicksPerByte); }
  Bus fromCores() const { return Bus(fromCoresTicksPerByte); }

  Cycle dramLatency = 0;
  Cycle semaphore = 0;
  int issuePerCycle = 1;
  size_t queueDepth = 1;
  int cores = 1;

private:
  int dot = 1;
  int lines = 1;
  int64_t fp8Rate, fp16Rate;  // multiply-accumulates of a PE per cycle
  int64_t scanned = 1;        // positions that a line scans a cycle
  int policy = 0, window = 1; // of the balancer, by chip::balancerChoices
  double oneWide,
      bothWide; // time of a pair with one FP16 element, with two, in that of an FP8 pair
  Cycle macStart, vectorStart;
  int64_t lanes;
  int64_t dramTicksPerByte, toCoresTicksPerByte, fromCoresTicksPerByte;
  std::array<int64_t, 256> vectorTicks{}; // by opcode: ticks of one lane per operation
};

} // namespace slp::timing

#endif // RUNTIME_TIMING_COSTS_H
