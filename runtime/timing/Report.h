//===- Report.h - where the cycles of a run went ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The result of runtime/timing, read by energy (static energy) and views. Two partitions of the
// same time: the wall clock, and each engine of each core. docs/timing.md defines every component.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_REPORT_H
#define RUNTIME_TIMING_REPORT_H

#include "runtime/api/Result.h"
#include "runtime/isa/Instructions.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace slp::timing {

/// Whole cycles of the chip's clock.
using Cycle = int64_t;

/// The longest run that is simulated: its ticks of 2^-20 cycle, and those of one piece of work
/// more, have 63 bits.
constexpr Cycle maxRunCycles = Cycle(1) << 41;
/// The most that runs may take together: a double, as readers of JSON have it, is exact, and the
/// cycles of all engines of 64 cores have 63 bits.
constexpr Cycle maxTotalCycles = Cycle(1) << 53;

/// What one engine of one core does in a cycle. Exactly one of these at a time.
enum class Cause : uint8_t {
  busy,      // executing; sequencer: issuing
  data,      // waits for a load that is moving bytes
  latency,   // waits for DRAM latency only
  semaphore, // waits for another engine
  imbalance, // idle while other cores still work on the same instruction
  bus,       // bytes ready, DRAM or the transport to and from the cores taken by others
  issue,     // nothing issued to it yet, the sequencer is working
  queue,     // nothing issued to it yet, the sequencer is held by a full queue
  fence,     // everything issued is done, a fence or halt waits for others
};
constexpr size_t numCauses = 9;
const char *toString(Cause cause);

/// What the chip as a whole does in a cycle, first match first.
enum class WallPart : uint8_t {
  mac,       // at least one MAC core works
  vector,    // else the vector unit works
  load,      // else a load is under way or waits for its turn
  store,     // else a store
  latency,   // else DRAM latency
  semaphore, // else the way of a signal to its waiter
  issue,     // else the sequencer issues
  queue,     // else the sequencer is held by a full queue
};
constexpr size_t numWallParts = 8;
const char *toString(WallPart part);

using CauseCycles = std::array<Cycle, numCauses>;
using WallCycles = std::array<Cycle, numWallParts>;
/// Room for every number that the field `engine` can hold, so that a new value of mach::Engine
/// leaves this header as it is.
constexpr size_t maxEngines = 8;

/// One ONNX node in one phase; the index is that of Groups.
struct GroupCycles {
  WallCycles wall{};
  /// Of MAC instructions that skip zeros: cycles of the lines of PEs, of these busy, and of these
  /// in items that wait for the scan of their positions. Lines over busy is the imbalance.
  Cycle lines = 0, busyLines = 0, scanningLines = 0;
  /// Cycles of MAC engines, added over cores, that closed gates and weight groups have saved.
  Cycle saved = 0;
  /// By mach::Engine: cycles of its queues, added over cores. For mac the sum over groups is cycles
  /// * cores.
  std::array<CauseCycles, maxEngines> engine{};
  Cycle wallTotal() const;
  GroupCycles &operator+=(const GroupCycles &other);
};

/// One engine of one core (core 0 for those of which the chip has one). The causes add up to
/// Report::cycles.
struct EngineCycles {
  mach::Engine engine{};
  int core = 0;
  CauseCycles cycles{};
};

struct Report {
  Cycle cycles = 0; // from the first issue to halt; over all runs added
  std::vector<GroupCycles> groups;
  std::vector<EngineCycles> engines;
  /// By mach::Engine: cycles the sequencer was held because a queue of it was full.
  std::array<Cycle, maxEngines> queueFull{};

  /// Adds a run of the same program on the same chip.
  Report &operator+=(const Report &other);
  /// Fails if the runs took more than `maxTotalCycles`. To be asked after each that is added.
  Status checkTotal() const;
};

} // namespace slp::timing

#endif // RUNTIME_TIMING_REPORT_H
