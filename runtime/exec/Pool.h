//===- Pool.h - host threads for the cores of one instruction ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A small persistent pool. The machine gives it the tasks of one instruction; tasks touch disjoint
// memory and results are put together in their order afterwards, so that the number of threads
// never shows.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_POOL_H
#define RUNTIME_EXEC_POOL_H

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace slp::exec {

class Pool {
public:
  /// `threads` counts the caller; 0: as many as the host has.
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  int threads() const { return int(workers.size()) + 1; }
  /// Calls task(i) for i in [0, n), in any order and on any thread, and returns when all are done.
  /// One caller at a time; a task may not call it. What a task throws is thrown here, at the latest
  /// when all are done, on whichever thread it ran.
  template <typename Task> void run(int n, Task &&task) {
    using Plain = std::remove_reference_t<Task>;
    auto call = [](void *t, int i) { (*static_cast<Plain *>(t))(i); };
    runTasks(n, call, const_cast<void *>(static_cast<const void *>(&task)));
  }

private:
  using Call = void (*)(void *task, int i);

  /// Which tasks are open, in one word so that a thread takes one by one exchange: the number of
  /// the run, its tasks, and the next of them.
  struct Ticket {
    static constexpr int taskBits = 20;
    static constexpr uint64_t taskMask = (1u << taskBits) - 1;
    uint64_t bits;
    static Ticket of(uint64_t run, int tasks) {
      return {run << (2 * taskBits) | uint64_t(tasks) << taskBits};
    }
    uint64_t run() const { return bits >> (2 * taskBits); }
    int tasks() const { return int(bits >> taskBits & taskMask); }
    int next() const { return int(bits & taskMask); }
  };

  void runTasks(int n, Call call, void *task);
  void work();
  /// Waits for another run than number `seen`. False: the pool ends.
  bool awaitRun(uint64_t seen);
  void takeTasks(uint64_t run);
  void runTask(int i);

  std::vector<std::thread> workers;
  std::atomic<uint64_t> ticket{0};
  std::atomic<int> done{0};
  // Of the current run; whoever has taken one of its tasks may read them.
  Call currentCall = nullptr;
  void *currentTask = nullptr;
  std::atomic<bool> hasFailed{false};
  std::exception_ptr failure; // of the first task that threw

  std::mutex mutex; // of those asleep
  std::condition_variable wake;
  std::atomic<int> asleep{0};
  std::atomic<bool> stopping{false};
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_POOL_H
