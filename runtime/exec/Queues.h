//===- Queues.h - engines that run ahead of each other ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The bounded in-order queues of the engines, run in a random legal interleaving. Nothing is done
// at once that the machine does not do at once: between the cores of one instruction, and between
// the steps of a store to a compressed tensor, other queues go on. Tests use it to show that a
// program's semaphores order everything that needs order: values must come out as in program order.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_QUEUES_H
#define RUNTIME_EXEC_QUEUES_H

#include "runtime/exec/State.h"

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <random>

namespace slp::exec {

class Queues {
public:
  /// `depth`: entries of each queue.
  Queues(State &state, uint64_t seed, size_t depth);

  /// Enters the queues of all its cores, running others until there is room. Fails on a deadlock,
  /// or with the fault of an instruction that ran meanwhile.
  Status push(const Issue &issue);
  /// Takes the event of a sequencer instruction into the order of reports.
  void pushFinished(Event event);
  /// Runs until all queues are empty.
  Status drain();
  /// One phrase per queue that holds something.
  std::string describe() const;

private:
  struct Entry {
    Issue issue;
    Event event;
    uint64_t left;                                            // cores whose part is not done
    std::map<unsigned, std::unique_ptr<PartInSteps>> inSteps; // by core: begun and not done
  };
  using EntryPtr = std::shared_ptr<Entry>;
  static constexpr size_t coresMax = 64;
  static constexpr size_t single = 3 * coresMax; // index of the first queue that is no core's

  size_t queueOf(mach::Engine engine, unsigned core) const;
  std::vector<size_t> queuesOf(const Issue &issue) const;
  bool canRun(size_t queue) const;
  /// Runs a random head. Returns false if none can run.
  Result<bool> runOne();
  Status runHead(size_t queue);
  /// Goes on with the parts of `cores`. Returns true when they are done.
  Result<bool> runParts(Entry &entry, uint64_t cores);
  void reportInOrder();
  Error deadlock(const std::string &who) const;

  State &state;
  std::mt19937_64 random;
  size_t depth;
  // load, store, mac per core; vector, shared_load, shared_store
  std::array<std::deque<EntryPtr>, single + 3> queues;
  std::deque<EntryPtr> unreported;
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_QUEUES_H
