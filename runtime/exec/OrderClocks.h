//===- OrderClocks.h - what each queue knows to be done ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Vector clocks of the queues and what semaphores carry of them: O1 to O3 of docs/check-order.md.
// Whatever enters a queue has a number, and numbers ascend in program order: a clock names of each
// queue the last one that is known to be done. What lies before a fence is known to all, so that
// clocks begin anew there. For CheckOrder.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_ORDERCLOCKS_H
#define RUNTIME_EXEC_ORDERCLOCKS_H

#include "runtime/exec/Issue.h"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace slp::exec {

class OrderClocks {
public:
  explicit OrderClocks(unsigned cores);

  /// What has entered a queue, or all queues of `mask` at once.
  struct Entry {
    uint32_t pc;
    uint16_t queue; // of several the first
  };
  /// An instruction enters the queues of the cores in `mask`, as one. Returns its number.
  uint32_t enter(const Issue &issue, uint64_t mask);
  /// Of what has entered since the last fence.
  const Entry &entry(uint32_t number) const { return entries[number - firstSinceFence]; }
  bool isBeforeFence(uint32_t number) const { return number < firstSinceFence; }
  /// Whether an earlier entry is done when the head of `queue` begins.
  bool isOrdered(uint32_t earlier, size_t queue) const {
    if (isBeforeFence(earlier))
      return true;
    size_t of = entry(earlier).queue;
    return of == queue || clocks[queue][of] >= earlier;
  }
  /// Everything before comes before everything behind. Returns a number between.
  uint32_t fence();
  /// A fence, behind which all semaphores are zero.
  uint32_t beginRun();
  /// Whether numbers, which have 32 bits, become scarce.
  bool isNearlyFull() const { return firstSinceFence + entries.size() > limit / 2; }
  bool isFull() const { return firstSinceFence + entries.size() > limit; }
  /// Numbers begin anew, at a fence; what had one is before it.
  void restart();

  size_t queueOf(mach::Engine engine, unsigned core) const;
  mach::Engine engineOf(size_t queue) const;
  /// -1: of no core.
  int coreOf(size_t queue) const { return queue < 3 * cores ? int(queue % cores) : -1; }

  /// A semaphore's number, and its core or `cores` for the shared bank.
  struct Name {
    unsigned owner, number;
  };
  struct Trouble {
    enum Kind { missing, crossed, surplus } kind;
    Name semaphore;
    unsigned count;     // held
    int64_t other = -1; // pc; -1: nobody
    uint16_t queue = 0; // of the other one
  };
  /// A wait or signal; empty if there is nothing wrong with it.
  std::optional<Trouble> synchronise(const Issue &issue);
  /// A semaphore that is not zero.
  std::optional<Trouble> findSurplus() const;

private:
  using Clock = std::vector<uint32_t>;                        // by queue
  static constexpr uint64_t limit = (uint64_t(1) << 32) - 64; // 64 cores enter one by one
  struct Credit {
    std::shared_ptr<const Clock> clock;
    Entry from;
    unsigned count;
  };
  struct Semaphore {
    std::deque<Credit> credits;
    uint32_t lastSignal = 0, lastWait = 0; // numbers; 0: none
    int64_t signalPc = -1;
    uint16_t signalQueue = 0;
    unsigned count() const;
  };
  std::optional<Trouble> wait(const Issue &issue, Name name, size_t queue);
  std::optional<Trouble> checkTurn(uint32_t last, Name name, size_t queue) const;
  static void join(Clock &to, const Clock &from);
  Semaphore &semaphore(Name name) {
    return semaphores[name.owner * semaphoreNumbers + name.number];
  }

  static constexpr unsigned semaphoreNumbers = 64;
  unsigned cores;
  uint32_t firstSinceFence = 2;
  std::vector<Entry> entries; // since then
  std::vector<Clock> clocks;  // by queue
  std::vector<Semaphore> semaphores;
  uint64_t outstanding = 0; // credits
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_ORDERCLOCKS_H
