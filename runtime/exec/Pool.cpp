//===- Pool.cpp - host threads for the cores of one instruction -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Workers sleep between instructions; a caller with one task, or alone, never wakes them.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Pool.h"

#include <algorithm>

namespace slp::exec {

Pool::Pool(int threads) {
  int count = threads > 0 ? threads : int(std::max(1u, std::thread::hardware_concurrency()));
  for (int i = 1; i < count; ++i)
    workers.emplace_back([this] { work(); });
}

Pool::~Pool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  start.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void Pool::takeTasks(const std::function<void(int)> &task, int n) {
  for (int i = next.fetch_add(1); i < n; i = next.fetch_add(1))
    task(i);
}

void Pool::run(int n, const std::function<void(int)> &task) {
  if (workers.empty() || n < 2) {
    for (int i = 0; i < n; ++i)
      task(i);
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex);
    current = &task;
    tasks = n;
    busy = int(workers.size());
    next = 0;
    ++generation;
  }
  start.notify_all();
  takeTasks(task, n);
  std::unique_lock<std::mutex> lock(mutex);
  finished.wait(lock, [this] { return busy == 0; });
}

void Pool::work() {
  uint64_t seen = 0;
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    start.wait(lock, [&] { return stopping || generation != seen; });
    if (stopping)
      return;
    seen = generation;
    const std::function<void(int)> &task = *current;
    int n = tasks;
    lock.unlock();
    takeTasks(task, n);
    lock.lock();
    if (--busy == 0)
      finished.notify_one();
  }
}

} // namespace slp::exec
