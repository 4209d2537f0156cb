//===- Run.h - the event simulation of one run ------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The private half of Model: state from the first instruction to halt. Conservative: the first
// entry of a queue starts only when no instruction still to be issued could start something
// earlier, so nothing is ever undone.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_TIMING_RUN_H
#define RUNTIME_TIMING_RUN_H

#include "runtime/timing/Costs.h"
#include "runtime/timing/Model.h"
#include "runtime/timing/Queue.h"
#include "runtime/timing/Sequencer.h"
#include "runtime/timing/Wall.h"

#include <functional>
#include <queue>
#include <string>
#include <tuple>

namespace slp::timing {

struct Model::Run {
  Run(const Costs &costs, const Groups &groups, WorkListener *listener);

  void issue(const exec::Event &event);
  /// Lets all queues run empty and brings every engine to the same cycle. `issued`: when the fence
  /// was.
  void drain(uint32_t group, uint64_t pc, Cycle issued);
  /// The end of a program that has no halt.
  void drain() { drain(0, 0, sequencer.frontier()); }

  Report report;
  std::string error; // empty: fine
  bool halted = false;

private:
  QueueId queueOf(mach::Engine engine, int core) const;
  /// " of core 3", where the queue is a core's.
  static std::string ownerOf(const Queue &queue);
  /// Queues an event enters.
  std::vector<QueueId> queuesOf(const exec::Event &event) const;
  void issueScalar(const exec::Event &event);
  void issueToQueues(const exec::Event &event);
  std::vector<Entry> entriesOf(const exec::Event &event, const std::vector<QueueId> &ids);

  /// Starts everything that can start up to `time`.
  void advance(Cycle time);
  void startEarliest();
  /// Finds out when the first entry of a queue starts, or what it waits for.
  void schedule(QueueId id);
  bool takeCredit(QueueId id, const Entry &entry, Gap &gap);
  void start(QueueId id, Cycle ready);
  void startJoined(const Join &join, Cycle ready);
  void compute(Queue &queue, const Entry &entry, Cycle ready);
  void transfer(Queue &queue, const Entry &entry, Cycle ready, Cycle end, Cycle busy, Cycle done);
  void give(Queue &queue, const Entry &entry, Cycle ready);
  std::tuple<Cycle, Cycle, Cycle> takeBuses(mach::Engine engine, const Entry &entry, Cycle ready);

  /// Explains the cycles of a gap from `from` on.
  CauseCycles explain(const Gap &gap, Cycle from) const;
  void close(QueueId id, const Gap &gap);
  void account(QueueId id, uint32_t group, const CauseCycles &cycles);
  void accountSequencer(uint32_t group, Cause cause, Cycle cycles);
  void accountWall(const Gap &gap);
  /// Ends the simulation if time has come to more than it counts.
  void checkTime(Cycle time);
  void deadlock(uint64_t pc, uint32_t group, const std::string &what);

  const Costs costs;
  const Groups &groups;
  WorkListener *const listener; // null: nobody
  Sequencer sequencer;
  Bus dram, toCores, fromCores;
  std::vector<Queue> queues;
  Semaphores semaphores;
  Wall wall;
  int64_t order = 0;
  /// First entries whose start is known. Of two at the same time the older in program order goes
  /// first.
  struct Start {
    Cycle ready;
    int64_t order;
    QueueId queue;
    bool operator>(const Start &other) const {
      return std::tie(ready, order, queue) > std::tie(other.ready, other.order, other.queue);
    }
  };
  std::priority_queue<Start, std::vector<Start>, std::greater<Start>> starts;
};

} // namespace slp::timing

#endif // RUNTIME_TIMING_RUN_H
