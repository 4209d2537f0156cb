//===- OrderClocks.cpp - what each queue knows to be done -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/OrderClocks.h"

#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/StructWait.h.inc"

#include <algorithm>

namespace slp::exec {

/// Engines that every core has; those of which there is one follow them.
static constexpr mach::Engine ofCores[] = {mach::Engine::load, mach::Engine::store,
                                           mach::Engine::mac};
static constexpr mach::Engine single[] = {mach::Engine::vector, mach::Engine::shared_load,
                                          mach::Engine::shared_store};

OrderClocks::OrderClocks(unsigned n)
    : cores(n), clocks(std::size(ofCores) * n + std::size(single)),
      semaphores((n + 1) * semaphoreNumbers) {
  for (Clock &clock : clocks)
    clock.assign(clocks.size(), 0);
}

size_t OrderClocks::queueOf(mach::Engine engine, unsigned core) const {
  for (size_t i = 0; i < std::size(ofCores); ++i)
    if (engine == ofCores[i])
      return i * cores + core;
  size_t at = size_t(std::find(std::begin(single), std::end(single), engine) - std::begin(single));
  return std::size(ofCores) * cores + at;
}

mach::Engine OrderClocks::engineOf(size_t queue) const {
  size_t first = std::size(ofCores) * cores;
  return queue < first ? ofCores[queue / cores] : single[queue - first];
}

void OrderClocks::join(Clock &to, const Clock &from) {
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = std::max(to[i], from[i]);
}

uint32_t OrderClocks::enter(const Issue &issue, uint64_t mask) {
  auto core = unsigned(__builtin_ctzll(mask));
  size_t queue = queueOf(issue.engine, core);
  auto number = uint32_t(firstSinceFence + entries.size());
  entries.push_back({uint32_t(issue.pc), uint16_t(queue)});
  uint64_t others = mach::isPerCore(issue.engine) ? mask & (mask - 1) : 0;
  auto forOthers = [&](auto f) {
    for (uint64_t left = others; left; left &= left - 1)
      f(clocks[queueOf(issue.engine, unsigned(__builtin_ctzll(left)))]);
  };
  forOthers([&](const Clock &clock) { join(clocks[queue], clock); });
  clocks[queue][queue] = number;
  forOthers([&](Clock &clock) { clock = clocks[queue]; });
  // A queue's own part names its last entry, which may be one that entered several.
  for (uint64_t left = others; left; left &= left - 1) {
    size_t other = queueOf(issue.engine, unsigned(__builtin_ctzll(left)));
    clocks[other][other] = std::max(clocks[other][other], number);
  }
  return number;
}

uint32_t OrderClocks::fence() {
  firstSinceFence += uint32_t(entries.size()) + 1;
  entries.clear();
  for (Clock &clock : clocks)
    std::fill(clock.begin(), clock.end(), 0);
  for (Semaphore &semaphore : semaphores)
    semaphore.lastSignal = semaphore.lastWait = 0;
  return firstSinceFence - 1;
}

uint32_t OrderClocks::beginRun() {
  std::fill(semaphores.begin(), semaphores.end(), Semaphore());
  outstanding = 0;
  return fence();
}

void OrderClocks::restart() {
  entries.clear();
  firstSinceFence = 2;
}

unsigned OrderClocks::Semaphore::count() const {
  unsigned sum = 0;
  for (const Credit &credit : credits)
    sum += credit.count;
  return sum;
}

/// O2: of what uses a semaphore in one direction each comes behind the one before it.
std::optional<OrderClocks::Trouble> OrderClocks::checkTurn(uint32_t last, Name name,
                                                           size_t queue) const {
  if (!last || isOrdered(last, queue))
    return std::nullopt;
  const Entry &other = entry(last);
  return Trouble{Trouble::crossed, name, 0, other.pc, other.queue};
}

std::optional<OrderClocks::Trouble> OrderClocks::wait(const Issue &issue, Name name, size_t queue) {
  Semaphore &of = semaphore(name);
  if (unsigned held = of.count(); held < issue.count)
    return Trouble{Trouble::missing, name, held, of.signalPc, of.signalQueue};
  if (std::optional<Trouble> trouble = checkTurn(of.lastWait, name, queue))
    return trouble;
  for (unsigned left = issue.count; left;) {
    Credit &oldest = of.credits.front();
    join(clocks[queue], *oldest.clock);
    unsigned taken = std::min(left, oldest.count);
    left -= taken;
    oldest.count -= taken;
    if (!oldest.count)
      of.credits.pop_front();
  }
  outstanding -= issue.count;
  return std::nullopt;
}

std::optional<OrderClocks::Trouble> OrderClocks::synchronise(const Issue &issue) {
  bool isWait = issue.opcode == mach::Wait::opcode, isOne = !mach::isPerCore(issue.engine);
  bool isShared = issue.bank == mach::Bank::shared;
  uint32_t number = 0;
  std::shared_ptr<const Clock> clock;
  std::vector<Name> names;
  for (uint64_t left = issue.mask; left; left &= left - 1) {
    auto core = unsigned(__builtin_ctzll(left));
    names.push_back({isShared ? cores : core, issue.semaphore});
  }
  for (Name name : names) {
    uint64_t mask = isShared ? 1 : uint64_t(1) << name.owner;
    size_t queue = queueOf(issue.engine, isShared ? 0 : name.owner);
    if (isWait)
      if (std::optional<Trouble> trouble = wait(issue, name, queue))
        return trouble;
    if (!isOne || !number)
      number = enter(issue, mask);
    Semaphore &of = semaphore(name);
    if (isWait) {
      of.lastWait = number;
      continue;
    }
    if (std::optional<Trouble> trouble = checkTurn(of.lastSignal, name, queue))
      return trouble;
    of.lastSignal = number;
    of.signalPc = int64_t(issue.pc);
    of.signalQueue = uint16_t(queue);
    if (!issue.count)
      continue;
    if (!isOne || !clock)
      clock = std::make_shared<const Clock>(clocks[queue]);
    of.credits.push_back({clock, {uint32_t(issue.pc), uint16_t(queue)}, issue.count});
    outstanding += issue.count;
  }
  return std::nullopt;
}

std::optional<OrderClocks::Trouble> OrderClocks::findSurplus() const {
  if (!outstanding)
    return std::nullopt;
  for (unsigned owner = 0; owner <= cores; ++owner)
    for (unsigned number = 0; number < semaphoreNumbers; ++number) {
      const Semaphore &of = semaphores[owner * semaphoreNumbers + number];
      if (!of.credits.empty())
        return Trouble{Trouble::surplus,
                       {owner, number},
                       of.count(),
                       of.credits.front().from.pc,
                       of.credits.front().from.queue};
    }
  return std::nullopt;
}

} // namespace slp::exec
