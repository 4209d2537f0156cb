//===- ScheduleState.cpp - where a run through a region has come to ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ScheduleState.h"

#include <algorithm>
#include <cstring>

using namespace slp;

void ScheduleState::beginTask(const TaskProgram &task) {
  size_t columns = clocks.columns();
  copies.assign(task.buffers.size(), 0);
  slots.assign(task.slots * columns, {});
  before.assign(task.slots * columns, {});
  tensors.assign(task.tensors.size() * columns, {});
  compressed.assign(task.compressed * columns, {});
}

void ScheduleState::turn(const TaskProgram &task, int32_t number) {
  const Buffer &buffer = task.buffers[size_t(number)];
  if (buffer.slots == 1)
    return;
  copies[size_t(number)] = int32_t((copies[size_t(number)] + 1) % buffer.slots);
  for (int32_t index : buffer.places) {
    const Place &place = task.places[size_t(index)];
    for (auto *of : {&slots, &before}) {
      auto first = of->begin() + std::ptrdiff_t(place.slot * clocks.columns());
      std::rotate(first, first + std::ptrdiff_t(clocks.columns()),
                  first + std::ptrdiff_t(size_t(buffer.slots) * clocks.columns()));
    }
  }
}

bool ScheduleState::isKnown(size_t engine, size_t ofClass, int32_t count,
                            Observers observers) const {
  for (size_t x = 0; x < scheduleEngines; ++x) {
    if (!(observers.engines >> x & 1))
      continue;
    bool isPerCore = ScheduleClocks::perCore(x);
    // A queue is in order.
    if (x == engine && (observers.scope == Scope::core || !isPerCore || clocks.hasOneCore()))
      continue;
    if (observers.scope == Scope::core) {
      if (clocks.knownOnCore(x, engine, ofClass) < count)
        return false;
      continue;
    }
    for (size_t k = 0; k < (isPerCore ? clocks.classes() : 1); ++k)
      if (clocks.knownOfAll(x, k, engine, ofClass) < count)
        return false;
  }
  return true;
}

bool ScheduleState::dropKnown(LastAccess &last, size_t column, Observers observers) const {
  size_t engine = column % scheduleEngines, ofClass = column / scheduleEngines;
  if (last.read && isKnown(engine, ofClass, last.read, observers))
    last.read = last.reader = 0;
  if (last.write && isKnown(engine, ofClass, last.write, observers))
    last.write = last.writer = 0;
  return !last.read && !last.write;
}

void ScheduleState::dropKnown(const TaskFrame &frame) {
  size_t columns = clocks.columns();
  auto drop = [&](LastAccess *accesses, Observers observers) {
    for (size_t column = 0; column < columns; ++column)
      dropKnown(accesses[column], column, observers);
  };
  for (auto [index, place] : llvm::enumerate(frame.program->places)) {
    int64_t copies = frame.program->buffers[size_t(place.buffer)].slots;
    for (size_t i = place.slot; i < place.slot + size_t(copies); ++i) {
      drop(&slots[i * columns], frame.fromTask[index]);
      if (frame.hasBefore)
        drop(&before[i * columns], frame.inTask[index]);
    }
  }
  for (size_t i = 0; i < frame.program->tensors.size(); ++i)
    drop(&tensors[i * columns], frame.ofTensors[i]);
}

void SemaphoreState::renumber(const Renumbering &number, const ScheduleClocks &clocks) {
  for (auto [k, queue] : llvm::enumerate(credits)) {
    std::vector<int32_t> &left = queue.left();
    for (size_t i = 0; i < left.size(); i += clocks.clockSize())
      clocks.renumber(number, &left[i], k);
  }
}

/// Work since the task began; what is older has its numbers, see RegionProof::renumber.
void ScheduleState::renumber(const TaskFrame &frame) {
  Renumbering number(frame.before, clocks.begun());
  size_t columns = clocks.columns();
  auto forAll = [&](auto visit) {
    for (auto *of : {&slots, &tensors, &compressed})
      for (size_t i = 0; i < of->size(); i += columns)
        for (size_t column = 0; column < columns; ++column)
          visit(column, (*of)[i + column]);
  };
  forAll([&](size_t column, const LastAccess &last) { last.note(number, column); });
  number.finish();
  forAll([&](size_t column, LastAccess &last) { last.renumber(number, column); });
  clocks.renumber(number);
  for (int32_t semaphore : frame.program->semaphores)
    semaphores[size_t(semaphore)].renumber(number, clocks);
}

static llvm::ArrayRef<int32_t> numbersOf(const std::vector<LastAccess> &accesses) {
  static_assert(sizeof(LastAccess) == 4 * sizeof(int32_t));
  return {reinterpret_cast<const int32_t *>(accesses.data()), 4 * accesses.size()};
}

StateForm ScheduleState::normalForm(const TaskFrame &frame) {
  dropKnown(frame);
  renumber(frame);
  StateForm form;
  auto add = [&](llvm::ArrayRef<int32_t> numbers) {
    form.insert(form.end(), numbers.begin(), numbers.end());
  };
  add(clocks.numbers());
  for (int32_t index : frame.program->semaphores) {
    SemaphoreState &semaphore = semaphores[size_t(index)];
    add({semaphore.producer, semaphore.consumer});
    for (CreditQueue &queue : semaphore.credits) {
      form.push_back(int32_t(queue.left().size()));
      add(queue.left());
    }
  }
  add(numbersOf(slots));
  if (frame.hasBefore)
    add(numbersOf(before));
  add(numbersOf(tensors));
  add(numbersOf(compressed));
  form.insert(form.end(), parity.begin(), parity.end());
  return form;
}

void ScheduleState::restore(const TaskFrame &frame, const StateForm &form) {
  llvm::ArrayRef<int32_t> rest = form;
  auto take = [&](size_t size) {
    llvm::ArrayRef<int32_t> first = rest.take_front(size);
    rest = rest.drop_front(size);
    return first;
  };
  auto takeAccesses = [&](std::vector<LastAccess> &accesses) {
    llvm::ArrayRef<int32_t> numbers = take(4 * accesses.size());
    if (!numbers.empty())
      std::memcpy(accesses.data(), numbers.data(), numbers.size() * sizeof(int32_t));
  };
  clocks.restore(take(clocks.numbers().size()));
  for (int32_t index : frame.program->semaphores) {
    SemaphoreState &semaphore = semaphores[size_t(index)];
    semaphore.producer = take(1)[0];
    semaphore.consumer = take(1)[0];
    for (CreditQueue &queue : semaphore.credits) {
      llvm::ArrayRef<int32_t> left = take(size_t(take(1)[0]));
      queue.left().assign(left.begin(), left.end());
    }
  }
  takeAccesses(slots);
  if (frame.hasBefore)
    takeAccesses(before);
  takeAccesses(tensors);
  takeAccesses(compressed);
  for (int8_t &even : parity)
    even = int8_t(take(1)[0]);
}
