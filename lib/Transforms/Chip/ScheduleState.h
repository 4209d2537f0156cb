//===- ScheduleState.h - where a run through a region has come to -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// All that a body of a task changes and reads while chip-verify-schedule runs through it, and its
// normal form: two situations from which everything goes on alike have the same one.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_CHIP_SCHEDULESTATE_H
#define LIB_TRANSFORMS_CHIP_SCHEDULESTATE_H

#include "ScheduleClocks.h"
#include "ScheduleProgram.h"

namespace slp {

/// The last access of an engine on a class to some bytes: when that was by the engine's work, and
/// the ops that made it. 0: none that matters.
struct LastAccess {
  int32_t read = 0, write = 0;
  int32_t reader = 0, writer = 0;

  void note(Renumbering &number, size_t column) const {
    number.note(column, read);
    number.note(column, write);
  }
  void renumber(const Renumbering &number, size_t column) {
    read = number(column, read);
    write = number(column, write);
  }
};

/// What is given and not yet taken of one semaphore on one class of cores.
class CreditQueue {
public:
  size_t size(size_t clockSize) const { return (clocks.size() - taken) / clockSize; }
  void give(llvm::ArrayRef<int32_t> clock) {
    clocks.insert(clocks.end(), clock.begin(), clock.end());
  }
  const int32_t *first() const { return &clocks[taken]; }
  void take(size_t clockSize) { taken += clockSize; }

  /// What is left, one clock after the other.
  std::vector<int32_t> &left() {
    clocks.erase(clocks.begin(), clocks.begin() + std::ptrdiff_t(taken));
    taken = 0;
    return clocks;
  }

private:
  std::vector<int32_t> clocks;
  size_t taken = 0; // numbers
};

struct SemaphoreState {
  int32_t producer = -1, consumer = -1; // engines
  std::vector<CreditQueue> credits;     // by class

  void renumber(const Renumbering &number, const ScheduleClocks &clocks);
};

/// Whose work must be done before an access: that of the same core, or of all of them.
enum class Scope { core, all };

/// Engines whose accesses come behind those of some bytes.
struct Observers {
  uint32_t engines = 0; // a bit each
  Scope scope = Scope::core;
};

/// What does not change while a task runs.
struct TaskFrame {
  const TaskProgram *program = nullptr;
  size_t classes = 0;          // that the task has
  std::vector<int32_t> before; // by column: work that was begun before the task
  bool hasBefore = false;      // some bytes of its buffers are still in use by earlier tasks
  /// Of the bytes of each place: in this task and, of those that follow, too.
  std::vector<Observers> inTask, fromTask;
  std::vector<Observers> ofTensors; // in tasks that follow
  /// By tensor of the task and column: what earlier tasks do to bytes of it.
  std::vector<LastAccess> tensorsBefore;
  std::vector<bool> hasTensorBefore;
};

/// A state as numbers, from which it can be had back.
using StateForm = std::vector<int32_t>;

class ScheduleState {
public:
  ScheduleState(llvm::ArrayRef<int64_t> cores, size_t semaphores, size_t decisions)
      : clocks(cores), semaphores(semaphores), parity(decisions) {
    for (SemaphoreState &semaphore : this->semaphores)
      semaphore.credits.resize(clocks.classes());
  }

  void beginTask(const TaskProgram &task);

  /// A buffer goes on to its next copy.
  void turn(const TaskProgram &task, int32_t buffer);
  /// Of the copy of a place that is in use, by column.
  LastAccess *present(const Place &place) { return &slots[place.slot * clocks.columns()]; }
  LastAccess *presentBefore(const Place &place) { return &before[place.slot * clocks.columns()]; }

  /// Drops what every engine that may come to the bytes knows to be done; true if nothing is left.
  bool dropKnown(LastAccess &last, size_t column, Observers observers) const;

  /// The normal form. Nothing depends on counts but the order of what is known of an engine's work
  /// and when it was that it last used something; so they are numbered anew by those accesses.
  /// Those that all know to be done are dropped, and which copy of a buffer is in use is left out:
  /// they are alike, and stand in the order in which they come to be used.
  StateForm normalForm(const TaskFrame &frame);
  void restore(const TaskFrame &frame, const StateForm &form);

  ScheduleClocks clocks;
  std::vector<SemaphoreState> semaphores; // of the region
  std::vector<int8_t> parity;             // by decision: of its executions

  // Of the task.
  std::vector<int32_t> copies;        // by buffer: that is in use
  std::vector<LastAccess> slots;      // by place, copy from the one in use on, column
  std::vector<LastAccess> before;     // the same, by earlier tasks
  std::vector<LastAccess> tensors;    // by tensor and column
  std::vector<LastAccess> compressed; // the same

private:
  bool isKnown(size_t engine, size_t ofClass, int32_t count, Observers observers) const;
  void dropKnown(const TaskFrame &frame);
  void renumber(const TaskFrame &frame);
};

} // namespace slp

#endif // LIB_TRANSFORMS_CHIP_SCHEDULESTATE_H
