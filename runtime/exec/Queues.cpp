//===- Queues.cpp - engines that run ahead of each other --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Queues.h"

#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/StructWait.h.inc"

namespace slp::exec {

Queues::Queues(State &s, uint64_t seed, size_t d) : state(s), random(seed), depth(d) {}

size_t Queues::queueOf(mach::Engine engine, unsigned core) const {
  switch (engine) {
  case mach::Engine::load:
    return core;
  case mach::Engine::store:
    return coresMax + core;
  case mach::Engine::mac:
    return 2 * coresMax + core;
  case mach::Engine::shared_load:
    return single + 1;
  case mach::Engine::shared_store:
    return single + 2;
  default:
    return single; // vector
  }
}

std::vector<size_t> Queues::queuesOf(const Issue &issue) const {
  if (!mach::isPerCore(issue.engine))
    return {queueOf(issue.engine, 0)};
  std::vector<size_t> result;
  for (unsigned core = 0; core < coresMax; ++core)
    if (issue.mask >> core & 1)
      result.push_back(queueOf(issue.engine, core));
  return result;
}

bool Queues::canRun(size_t queue) const {
  if (queues[queue].empty())
    return false;
  const EntryPtr &entry = queues[queue].front();
  const Issue &issue = entry->issue;
  if (issue.joint)
    for (size_t other : queuesOf(issue))
      if (queues[other].front() != entry)
        return false;
  uint64_t cores = issue.joint ? issue.mask : uint64_t(1) << (queue % coresMax);
  return issue.opcode != mach::Wait::opcode || state.canTake(issue, cores);
}

Result<bool> Queues::runOne() {
  std::vector<size_t> candidates;
  for (size_t q = 0; q < queues.size(); ++q)
    if (canRun(q))
      candidates.push_back(q);
  if (candidates.empty())
    return false;
  if (Status s = runHead(candidates[random() % candidates.size()]); !s)
    return s.takeError();
  return true;
}

Result<bool> Queues::runParts(Entry &entry, uint64_t cores) {
  const Issue &issue = entry.issue;
  if (!issue.steps) {
    if (Status s = state.execute(issue, cores, entry.event); !s)
      return s.takeError();
    return true;
  }
  auto core = unsigned(__builtin_ctzll(cores)); // what has steps goes core by core
  std::unique_ptr<PartInSteps> &part = entry.inSteps[core];
  if (!part) {
    Result<std::unique_ptr<PartInSteps>> begun = state.begin(issue, core);
    if (!begun)
      return begun.takeError();
    part = begun.take();
  }
  if (!part->steps->step())
    return false;
  if (Status s = state.finish(issue, *part, entry.event); !s)
    return s.takeError();
  entry.inSteps.erase(core);
  return true;
}

Status Queues::runHead(size_t queue) {
  EntryPtr entry = queues[queue].front();
  const Issue &issue = entry->issue;
  uint64_t cores = uint64_t(1) << (queue % coresMax);
  if (issue.joint) {
    // Semaphores are taken for all cores at once, and a multicast is one reading.
    bool isAtOnce = !issue.execute || issue.multicast;
    cores = isAtOnce ? issue.mask : entry->left & (~entry->left + 1);
  }
  Result<bool> done = runParts(*entry, cores);
  if (!done.ok())
    return state.fault(issue.pc, done.message());
  if (!*done)
    return Status::success();
  entry->left &= ~cores;
  if (!issue.joint)
    queues[queue].pop_front();
  else if (entry->left == 0)
    for (size_t q : queuesOf(issue))
      queues[q].pop_front();
  reportInOrder();
  return Status::success();
}

void Queues::reportInOrder() {
  while (!unreported.empty() && unreported.front()->left == 0) {
    if (state.options.observer)
      state.options.observer->issued(unreported.front()->event);
    unreported.pop_front();
  }
}

Error Queues::deadlock(const std::string &who) const {
  return Error{"deadlock: " + who + " and no queue can go on; " + state.describeQueues()};
}

Status Queues::push(const Issue &issue) {
  for (uint64_t steps = random() % 4; steps; --steps)
    if (Result<bool> ran = runOne(); !ran.ok())
      return ran.takeError();
  std::vector<size_t> targets = queuesOf(issue);
  auto hasRoom = [&] {
    for (size_t q : targets)
      if (queues[q].size() >= depth)
        return false;
    return true;
  };
  while (!hasRoom()) {
    Result<bool> ran = runOne();
    if (!ran.ok())
      return ran.takeError();
    if (!*ran)
      return deadlock("a queue is full");
  }
  auto entry = std::make_shared<Entry>(Entry{issue, {}, issue.mask, {}});
  State::describe(issue, entry->event);
  for (size_t q : targets)
    queues[q].push_back(entry);
  unreported.push_back(std::move(entry));
  return Status::success();
}

void Queues::pushFinished(Event event) {
  unreported.push_back(std::make_shared<Entry>(Entry{Issue(), std::move(event), 0, {}}));
  reportInOrder();
}

Status Queues::drain() {
  while (true) {
    Result<bool> ran = runOne();
    if (!ran.ok())
      return ran.takeError();
    if (*ran)
      continue;
    for (const std::deque<EntryPtr> &queue : queues)
      if (!queue.empty())
        return deadlock("the sequencer waits for empty queues");
    return Status::success();
  }
}

std::string Queues::describe() const {
  static const char *const perCore[] = {"load", "store", "mac"};
  static const char *const others[] = {"vector", "shared_load", "shared_store"};
  std::string result;
  for (size_t q = 0; q < queues.size(); ++q) {
    if (queues[q].empty())
      continue;
    uint64_t at = queues[q].front()->issue.pc;
    result += result.empty() ? "" : ", ";
    result += q < single ? perCore[q / coresMax] + (" of core " + std::to_string(q % coresMax))
                         : std::string(others[q - single]);
    result += " holds " + std::to_string(queues[q].size()) + " from instruction " +
              std::to_string(at) + " `" + state.textOf(at) + "`";
  }
  return result.empty() ? "all empty" : result;
}

} // namespace slp::exec
