//===- Pool.cpp - host threads for the cores of one instruction -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A step has tens of thousands of runs a few hundred microseconds apart. Workers therefore look for
// the next run for a while before they sleep, and a run ends when its tasks are done: nobody waits
// for a worker that took none.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace slp::exec {

/// How long a worker looks for the next run before it sleeps: as long as waking it may take.
static constexpr std::chrono::microseconds patience{50};

/// Gives the other hardware thread of the core a moment.
static void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

Pool::Pool(int threads) {
  int count = threads > 0 ? threads : int(std::max(1u, std::thread::hardware_concurrency()));
  for (int i = 1; i < count; ++i)
    workers.emplace_back([this] { work(); });
}

Pool::~Pool() {
  stopping = true;
  {
    std::lock_guard<std::mutex> lock(mutex); // nobody is between its check and its sleep
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

/// What leaves a host thread would end the process.
void Pool::runTask(int i) {
  try {
    currentCall(currentTask, i);
  } catch (...) {
    if (!hasFailed.exchange(true))
      failure = std::current_exception();
  }
}

/// A task can be taken only while its run lasts: the exchange fails once the next one has begun.
void Pool::takeTasks(uint64_t run) {
  Ticket t{ticket.load()};
  while (t.run() == run && t.next() < t.tasks()) {
    if (!ticket.compare_exchange_weak(t.bits, t.bits + 1))
      continue;
    runTask(t.next());
    done.fetch_add(1, std::memory_order_release);
    t.bits = ticket.load();
  }
}

void Pool::runTasks(int n, Call call, void *task) {
  if (workers.empty() || n < 2 || uint64_t(n) > Ticket::taskMask) {
    for (int i = 0; i < n; ++i)
      call(task, i);
    return;
  }
  currentCall = call;
  currentTask = task;
  done = 0;
  // The number comes back after 2^24 runs, when no worker can still look for tasks of the last one.
  uint64_t run = (Ticket{ticket.load()}.run() + 1) & 0xffffff;
  ticket = Ticket::of(run, n).bits;
  if (asleep > 0) {
    std::lock_guard<std::mutex> lock(mutex);
    wake.notify_all();
  }
  takeTasks(run);
  for (int i = 0; done.load(std::memory_order_acquire) != n; ++i)
    i < 1000 ? relax() : std::this_thread::yield();
  if (hasFailed.exchange(false))
    std::rethrow_exception(std::exchange(failure, nullptr));
}

bool Pool::awaitRun(uint64_t seen) {
  auto isNews = [&] { return stopping || Ticket{ticket.load()}.run() != seen; };
  auto end = std::chrono::steady_clock::now() + patience;
  while (!isNews()) {
    for (int i = 0; i < 20 && !isNews(); ++i)
      relax();
    if (std::chrono::steady_clock::now() < end)
      continue;
    std::unique_lock<std::mutex> lock(mutex);
    ++asleep;
    wake.wait(lock, isNews);
    --asleep;
  }
  return !stopping;
}

void Pool::work() {
  for (uint64_t seen = 0; awaitRun(seen);) {
    seen = Ticket{ticket.load()}.run();
    takeTasks(seen);
  }
}

} // namespace slp::exec
