//===- ScheduleClocks.cpp - what each engine knows to be done ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ScheduleClocks.h"

#include <algorithm>

using namespace slp;
using slp::chip_ir::Engine;

static void raise(Counts &counts, const Counts &to) {
  for (size_t e = 0; e < scheduleEngines; ++e)
    counts[e] = std::max(counts[e], to[e]);
}

ScheduleClocks::ScheduleClocks(llvm::ArrayRef<int64_t> cores) : ends(cores) {
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  for (size_t e = 0; e < scheduleEngines; ++e) {
    clocks[e].resize(classes());
    for (Clock &clock : clocks[e])
      clock.all.resize(classes());
    counts[e].resize(classes());
  }
}

size_t ScheduleClocks::classesOf(int64_t cores) const {
  return size_t(std::find(ends.begin(), ends.end(), cores) - ends.begin()) + 1;
}

void ScheduleClocks::work(Engine engine, size_t classes) {
  auto e = size_t(engine);
  if (!isPerCore(engine)) {
    Clock &clock = clocks[e][0];
    ++clock.own[e];
    for (size_t k = 0; k < this->classes(); ++k)
      clock.all[k][e] = ++counts[e][k];
    return;
  }
  for (size_t k = 0; k < classes; ++k) {
    Clock &clock = clocks[e][k];
    clock.own[e] = ++counts[e][k];
    if (hasOneCore(k))
      clock.all[k][e] = clock.own[e];
  }
}

int64_t ScheduleClocks::knownOnCore(Engine engine, Engine other, size_t ofClass) const {
  const Clock &clock = clockOf(engine, ofClass);
  return isPerCore(engine) ? clock.own[size_t(other)] : clock.all[ofClass][size_t(other)];
}

Credit ScheduleClocks::give(Engine engine, size_t classes) const {
  Credit credit;
  for (size_t k = 0; k < classes; ++k)
    credit.push_back(clockOf(engine, k));
  return credit;
}

void ScheduleClocks::take(Engine engine, Engine giver, const Credit &credit) {
  for (auto [k, given] : llvm::enumerate(credit)) {
    // What an engine with one queue knows of all cores it knows of this one.
    const Counts &ofCore = isPerCore(giver) ? given.own : given.all[k];
    Clock &clock = clocks[size_t(engine)][isPerCore(engine) ? k : 0];
    for (size_t j = 0; j < classes(); ++j)
      raise(clock.all[j], given.all[j]);
    if (isPerCore(engine))
      raise(clock.own, ofCore);
    if (!isPerCore(engine) || hasOneCore(k)) // each core of the class gave a credit
      raise(clock.all[k], ofCore);
  }
}
