//===- ScheduleClocks.cpp - what each engine knows to be done ---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ScheduleClocks.h"

#include <algorithm>

using namespace slp;

Renumbering::Renumbering(llvm::ArrayRef<int32_t> kept, llvm::ArrayRef<int32_t> counts)
    : kept(kept.begin(), kept.end()), starts(counts.size()) {
  size_t size = 0;
  for (size_t column = 0; column < counts.size(); ++column) {
    starts[column] = size;
    size += size_t(counts[column] - kept[column]) + 1;
  }
  numbers.resize(size);
}

void Renumbering::finish() {
  for (size_t column = 0; column < starts.size(); ++column) {
    size_t end = column + 1 < starts.size() ? starts[column + 1] : numbers.size();
    int32_t last = kept[column];
    for (size_t i = starts[column]; i < end; ++i)
      numbers[i] = last += numbers[i];
  }
}

ScheduleClocks::ScheduleClocks(llvm::ArrayRef<int64_t> cores) : ends(cores) {
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  size_t size = columns();
  for (size_t e = 0; e < scheduleEngines; ++e) {
    starts[e] = size;
    size += (perCore(e) ? classes() : 1) * clockSize();
  }
  values.resize(size);
}

size_t ScheduleClocks::classesOf(int64_t cores) const {
  return size_t(std::find(ends.begin(), ends.end(), cores) - ends.begin()) + 1;
}

void ScheduleClocks::work(size_t engine, size_t classes) {
  if (!perCore(engine)) {
    int32_t *all = clockOf(engine, 0) + scheduleEngines;
    for (size_t k = 0; k < this->classes(); ++k)
      all[columnOf(engine, k)] = ++values[columnOf(engine, k)];
    return;
  }
  for (size_t k = 0; k < classes; ++k) {
    int32_t *clock = clockOf(engine, k);
    clock[engine] = ++values[columnOf(engine, k)];
    if (hasOneCore(k))
      clock[scheduleEngines + columnOf(engine, k)] = clock[engine];
  }
}

static void raise(int32_t *counts, const int32_t *to, size_t size) {
  for (size_t i = 0; i < size; ++i)
    counts[i] = std::max(counts[i], to[i]);
}

void ScheduleClocks::take(size_t engine, size_t giver, size_t ofClass, const int32_t *given) {
  // What an engine with one queue knows of all cores it knows of this one.
  size_t ofThisClass = scheduleEngines + columnOf(0, ofClass);
  const int32_t *ofCore = perCore(giver) ? given : given + ofThisClass;
  int32_t *clock = clockOf(engine, ofClass);
  raise(clock + scheduleEngines, given + scheduleEngines, columns());
  if (perCore(engine))
    raise(clock, ofCore, scheduleEngines);
  if (!perCore(engine) || hasOneCore(ofClass)) // each core of the class gave a credit
    raise(clock + ofThisClass, ofCore, scheduleEngines);
}

void ScheduleClocks::renumber(const Renumbering &number, int32_t *clock, size_t ofClass) const {
  for (size_t e = 0; e < scheduleEngines; ++e)
    clock[e] = number(columnOf(e, ofClass), clock[e]);
  for (size_t column = 0; column < columns(); ++column)
    clock[scheduleEngines + column] = number(column, clock[scheduleEngines + column]);
}

void ScheduleClocks::renumber(const Renumbering &number) {
  for (size_t column = 0; column < columns(); ++column)
    values[column] = number(column, values[column]);
  for (size_t e = 0; e < scheduleEngines; ++e)
    for (size_t k = 0; k < (perCore(e) ? classes() : 1); ++k)
      renumber(number, clockOf(e, k), k);
}
