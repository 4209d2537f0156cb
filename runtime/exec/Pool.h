//===- Pool.h - host threads for the cores of one instruction ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A small persistent pool. The machine gives it one task per core; tasks touch disjoint memory and
// results are put together in core order afterwards, so that the number of threads never shows.
//
//===----------------------------------------------------------------------------------------===//

#ifndef RUNTIME_EXEC_POOL_H
#define RUNTIME_EXEC_POOL_H

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
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
  /// Calls task(i) for i in [0, n), in any order, and returns when all are done.
  void run(int n, const std::function<void(int)> &task);

private:
  void work();
  void takeTasks(const std::function<void(int)> &task, int n);

  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable start, finished;
  const std::function<void(int)> *current = nullptr;
  int tasks = 0, busy = 0;
  uint64_t generation = 0;
  bool stopping = false;
  std::atomic<int> next{0};
};

} // namespace slp::exec

#endif // RUNTIME_EXEC_POOL_H
