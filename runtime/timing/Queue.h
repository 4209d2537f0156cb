//===- Queue.h - what waits in front of an engine ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Plain data of the event simulation, shared by its steps (Run.h).
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_QUEUE_H
#define RUNTIME_TIMING_QUEUE_H

#include "runtime/isa/EnumBank.h.inc"
#include "runtime/timing/Report.h"

#include <deque>
#include <memory>
#include <vector>

namespace slp::timing {

using QueueId = uint32_t;

/// An interval in which an engine did nothing, and what it takes to explain it: before `issued` the
/// sequencer is to blame; then `first` until `dataEnd`, DRAM latency until `latencyEnd`, `rest`
/// until `ready`.
struct Gap {
  Cycle from = 0, issued = 0, ready = 0;
  uint32_t group = 0;
  Cycle dataEnd = 0, latencyEnd = 0;
  Cause first = Cause::semaphore, rest = Cause::semaphore;
};

/// One MAC instruction on several cores. A gap behind it can be explained only when the last core
/// is done.
struct MacRecord {
  int remaining = 0; // cores that have not started
  Cycle lastEnd = 0; // when the last core is done, once remaining is 0
  std::vector<std::pair<QueueId, Gap>> deferred;
};

/// A multicast load, or a store of several cores to a compressed tensor: one transfer that several
/// queues start together.
struct Join {
  std::vector<QueueId> queues;
  size_t arrived = 0;
  Cycle ready = 0;
};

/// One instruction in one queue.
struct Entry {
  enum class Kind : uint8_t { work, wait, signal };
  Kind kind = Kind::work;
  mach::Bank bank{}; // of the semaphore
  uint8_t semaphore = 0, count = 0;
  uint32_t group = 0;
  int64_t order = 0; // place in the program's run
  uint64_t pc = 0;
  uint64_t mask = 0; // cores whose semaphore is meant, in bank cores
  Cycle issued = 0;
  Cycle duration = 0;     // mac, vector
  uint64_t dramBytes = 0; // transfers
  uint64_t coreBytes = 0; // of those, what crosses the transport between shared buffer and cores
  uint64_t bytesFromCores = 0, bytesToCores = 0; // vector: likewise
  std::shared_ptr<MacRecord> mac;
  std::shared_ptr<Join> join;
};

/// An engine, of one core where each has one, with its queue. An entry leaves the queue when its
/// work starts.
struct Queue {
  mach::Engine engine{};
  int core = 0;
  std::deque<Entry> entries;
  Gap head;          // gap before the first entry, valid once its start is known
  Cycle free = 0;    // the engine can start something else
  Cycle workEnd = 0; // bytes of the last transfer are through; mac, vector: work is done
  Cycle done = 0;    // everything started is finished, latency included
  std::shared_ptr<MacRecord> lastMac;
};

/// What a signal gave and no wait has taken.
struct Credit {
  uint64_t count = 0;
  Cycle available = 0;
  Cycle dataEnd = 0, latencyEnd = 0; // of the work behind the signal
  Cause first = Cause::semaphore;    // data if that work was a load
};

/// Counting semaphores of all cores and of the shared buffer: first given, first taken.
class Semaphores {
public:
  explicit Semaphores(int cores) : cores(cores), all(size_t(cores + 1) * perBank) {}
  static constexpr size_t perBank = 64;

  struct Semaphore {
    std::deque<Credit> credits;
    uint64_t total = 0;
    std::vector<QueueId> waiters; // queues whose first entry lacks credit here
  };
  /// Calls `f` for each semaphore that a wait or signal means.
  template <typename F> void forEach(const Entry &entry, F f) {
    if (entry.bank == mach::Bank::shared)
      return f(all[size_t(cores) * perBank + entry.semaphore]);
    for (int core = 0; core < cores; ++core)
      if (entry.mask >> core & 1)
        f(all[size_t(core) * perBank + entry.semaphore]);
  }

  static void give(Semaphore &semaphore, const Credit &credit);
  /// Takes `count` <= total; returns the piece of credit that came last.
  static Credit take(Semaphore &semaphore, uint64_t count);

private:
  int cores;
  std::vector<Semaphore> all; // by core, then those of the shared buffer
};

} // namespace slp::timing

#endif // RUNTIME_TIMING_QUEUE_H
