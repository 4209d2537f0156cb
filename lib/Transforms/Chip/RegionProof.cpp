//===- RegionProof.cpp - a run through the tasks of a region with clocks ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "RegionProof.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

using Kind = ScheduleStep::Kind;

static std::vector<int64_t> coresOf(ArrayRef<TaskOp> tasks) {
  std::vector<int64_t> cores;
  for (TaskOp task : tasks)
    cores.push_back(int64_t(task.getCores()));
  return cores;
}

RegionProof::RegionProof(ArrayRef<TaskOp> tasks, const chip::Chip &chip,
                         const DenseMap<Operation *, int32_t> &decisions)
    : cores(coresOf(tasks)), program(tasks, chip, decisions) {}

//===----------------------------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------------------------===//

LogicalResult RegionProof::run(ArrayRef<Behaviour> behaviours) {
  decided = behaviours;
  state.emplace(cores, program.semaphores.size(), behaviours.size());
  ranges.clear();
  tensors.clear();
  for (size_t number = 0; number < program.tasks.size(); ++number) {
    beginTask(number);
    if (failed(runSteps(program.tasks[number].body)))
      return failure();
    endTask();
  }
  return success();
}

static Scope scopeOf(Space space) {
  // All cores have one shared buffer, and each a scratchpad of its own.
  return space == Space::shared || space == Space::dram ? Scope::all : Scope::core;
}

/// Engines that come to a memory in one of the tasks from `first` on.
static Observers observersOf(const ScheduleProgram &program, size_t first, Space space) {
  Observers observers{0, scopeOf(space)};
  for (size_t i = first; i < program.tasks.size(); ++i)
    observers.engines |= program.tasks[i].engines[size_t(space)];
  return observers;
}

/// What every engine knows to be done, and what no task from `number` on has to wait for, is done
/// for good.
void RegionProof::dropKnown(size_t number) {
  std::array<Observers, getMaxEnumValForSpace() + 1> observers;
  for (size_t space = 0; space < observers.size(); ++space)
    observers[space] = observersOf(program, number, Space(space));
  auto isDone = [&](std::vector<LastAccess> &accesses, Space space) {
    bool isDone = true;
    for (auto [column, last] : llvm::enumerate(accesses))
      isDone &= state->dropKnown(last, column, observers[size_t(space)]);
    return isDone;
  };
  for (auto it = ranges.begin(); it != ranges.end();)
    it = isDone(it->second, it->first.space) ? ranges.erase(it) : std::next(it);
  for (auto it = tensors.begin(); it != tensors.end();)
    it = program.lastTasks[size_t(it->first)] < number || isDone(it->second, Space::dram)
             ? tensors.erase(it)
             : std::next(it);
}

/// Numbers work by what earlier tasks did and is not known to be done. No task adds to these
/// numbers, so that they are the same all through it.
void RegionProof::renumber() {
  ScheduleClocks &clocks = state->clocks;
  Renumbering number(std::vector<int32_t>(clocks.columns()), clocks.begun());
  auto forAll = [&](auto visit) {
    for (auto &[range, accesses] : ranges)
      for (auto [column, last] : llvm::enumerate(accesses))
        visit(column, last);
    for (auto &[tensor, accesses] : tensors)
      for (auto [column, last] : llvm::enumerate(accesses))
        visit(column, last);
  };
  forAll([&](size_t column, const LastAccess &last) { last.note(number, column); });
  number.finish();
  forAll([&](size_t column, LastAccess &last) { last.renumber(number, column); });
  clocks.renumber(number);
  for (SemaphoreState &semaphore : state->semaphores)
    semaphore.renumber(number, clocks);
}

void RegionProof::beginTask(size_t number) {
  dropKnown(number);
  renumber();
  const TaskProgram &task = program.tasks[number];
  const ScheduleClocks &clocks = state->clocks;
  passages.clear();
  frame = TaskFrame();
  frame.program = &task;
  frame.classes = clocks.classesOf(int64_t(TaskOp(task.task).getCores()));
  frame.before.assign(clocks.begun().begin(), clocks.begun().end());
  for (int32_t tensor : task.tensors)
    frame.ofTensors.push_back(program.lastTasks[size_t(tensor)] > number
                                  ? observersOf(program, number + 1, Space::dram)
                                  : Observers());
  for (const Place &place : task.places) {
    Space space = place.first.space;
    frame.inTask.push_back({task.engines[size_t(space)], scopeOf(space)});
    frame.fromTask.push_back(observersOf(program, number, space));
  }
  state->beginTask(task);
  beginBuffers();
  beginTensors();
}

static void join(LastAccess &last, const LastAccess &other) {
  last.read = std::max(last.read, other.read);
  last.write = std::max(last.write, other.write);
}

/// To know the last of several accesses of an engine is to know all of them.
void RegionProof::beginBuffers() {
  size_t columns = state->clocks.columns();
  for (const Place &place : frame.program->places)
    for (int64_t copy = 0; copy < frame.program->buffers[size_t(place.buffer)].slots; ++copy) {
      ByteRange range = place.rangeOf(copy);
      for (auto &[other, accesses] : ranges) {
        if (!other.overlaps(range))
          continue;
        frame.hasBefore = true;
        for (size_t column = 0; column < columns; ++column)
          join(state->before[(place.slot + size_t(copy)) * columns + column], accesses[column]);
      }
    }
}

void RegionProof::beginTensors() {
  size_t columns = state->clocks.columns();
  frame.tensorsBefore.resize(frame.program->tensors.size() * columns);
  for (auto [index, tensor] : llvm::enumerate(frame.program->tensors)) {
    bool hasBefore = false;
    for (int32_t other : program.sameBytes[size_t(tensor)])
      if (auto it = tensors.find(other); it != tensors.end()) {
        hasBefore = true;
        for (size_t column = 0; column < columns; ++column)
          join(frame.tensorsBefore[index * columns + column], it->second[column]);
      }
    frame.hasTensorBefore.push_back(hasBefore);
  }
}

void RegionProof::endTask() {
  if (program.tasks.size() == 1)
    return;
  size_t columns = state->clocks.columns();
  auto merge = [&](auto &all, auto key, const LastAccess *accesses) {
    bool isUsed = llvm::any_of(ArrayRef(accesses, columns),
                               [](const LastAccess &last) { return last.read || last.write; });
    if (!isUsed)
      return;
    std::vector<LastAccess> &known = all[key];
    known.resize(columns);
    for (size_t column = 0; column < columns; ++column) {
      const LastAccess &last = accesses[column];
      if (last.read) {
        known[column].read = last.read;
        known[column].reader = last.reader;
      }
      if (last.write) {
        known[column].write = last.write;
        known[column].writer = last.writer;
      }
    }
  };
  for (const Place &place : frame.program->places) {
    int64_t copies = frame.program->buffers[size_t(place.buffer)].slots;
    for (int64_t i = 0; i < copies; ++i)
      merge(ranges, place.rangeOf((state->copies[size_t(place.buffer)] + i) % copies),
            &state->slots[(place.slot + size_t(i)) * columns]);
  }
  for (auto [index, tensor] : llvm::enumerate(frame.program->tensors))
    merge(tensors, tensor, &state->tensors[index * columns]);
}

//===----------------------------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------------------------===//

static uint64_t hashOf(const StateForm &form) {
  return llvm::xxh3_64bits(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(form.data()),
                                          form.size() * sizeof(int32_t)));
}

LogicalResult RegionProof::runLoop(const ScheduleStep &loop, int64_t trips) {
  // A normal form costs about as much as some hundred ops.
  constexpr double least = 200;
  if (trips < 2 || loop.weight < least) {
    for (int64_t i = 0; i < trips; ++i, ++bodies)
      if (failed(runSteps(loop.body)))
        return failure();
    return success();
  }
  StateForm form = state->normalForm(frame);
  uint64_t hash = hashOf(form);
  auto turn = [&](ArrayRef<int32_t> turned) {
    for (auto [copy, by, buffer] : llvm::zip(state->copies, turned, frame.program->buffers))
      copy = int32_t((copy + by) % buffer.slots);
  };
  auto &known = passages[&loop];
  for (auto [it, end] = known.equal_range(hash); it != end; ++it) {
    const Passage &passage = it->second;
    if (passage.trips != trips || passage.begin != form)
      continue;
    state->restore(frame, passage.end);
    turn(passage.turned);
    return success();
  }
  std::vector<int32_t> copies = state->copies;
  if (failed(runTrips(loop, trips, form)))
    return failure();
  for (auto [copy, now, buffer] : llvm::zip(copies, state->copies, frame.program->buffers))
    copy = int32_t((now - copy + buffer.slots) % buffer.slots);
  StateForm end = state->normalForm(frame);
  known.emplace(hash, Passage{trips, std::move(form), std::move(end), std::move(copies)});
  return success();
}

/// `form`: of the state now.
LogicalResult RegionProof::runTrips(const ScheduleStep &loop, int64_t trips, StateForm form) {
  struct Head {
    uint64_t hash;
    StateForm form;
    std::vector<int32_t> copies;
  };
  std::vector<Head> heads;
  for (int64_t i = 0; i < trips; ++i, ++bodies) {
    if (i > 0)
      form = state->normalForm(frame);
    uint64_t hash = hashOf(form);
    auto same = llvm::find_if(
        heads, [&](const Head &head) { return head.hash == hash && head.form == form; });
    if (same != heads.end()) {
      // From here on it goes round.
      int64_t first = same - heads.begin(), period = i - first;
      int64_t rounds = (trips - i) / period;
      const Head &last = heads[size_t(first + (trips - i) % period)];
      for (auto [copy, began, ended, buffer] :
           llvm::zip(state->copies, same->copies, last.copies, frame.program->buffers)) {
        int64_t aRound = copy - began, rest = ended - began;
        int64_t turned = (copy + rounds % buffer.slots * aRound + rest) % buffer.slots;
        copy = int32_t((turned + buffer.slots) % buffer.slots);
      }
      state->restore(frame, last.form);
      return success();
    }
    heads.push_back({hash, std::move(form), state->copies});
    if (failed(runSteps(loop.body)))
      return failure();
  }
  return success();
}

int64_t RegionProof::decide(const ScheduleStep &step) {
  Behaviour now = decided[size_t(step.decision)];
  int8_t &parity = state->parity[size_t(step.decision)];
  parity = 1 - parity;
  return parity ? now.even : now.odd; // it is that of the next execution
}

LogicalResult RegionProof::runSteps(const std::vector<ScheduleStep> &steps) {
  for (const ScheduleStep &step : steps)
    if (failed(runStep(step)))
      return failure();
  return success();
}

LogicalResult RegionProof::runStep(const ScheduleStep &step) {
  switch (step.kind) {
  case Kind::loop:
    return runLoop(step, step.decision < 0 ? step.count : decide(step));
  case Kind::branch:
    return runSteps(decide(step) ? step.body : step.otherwise);
  case Kind::wait:
    return wait(step);
  case Kind::signal:
    return signal(step);
  case Kind::alloc:
    state->turn(*frame.program, step.index);
    return success();
  case Kind::work:
    return work(step);
  }
  llvm_unreachable("all kinds are above");
}

//===----------------------------------------------------------------------------------------===//
// Semaphores
//===----------------------------------------------------------------------------------------===//

/// V2: one engine on each side of a semaphore, and not the same.
LogicalResult RegionProof::setEngine(const ScheduleStep &step, int32_t &slot, int32_t other,
                                     StringRef verb) {
  auto engine = int32_t(step.engine);
  if (slot >= 0 && slot != engine)
    return opOf(step)->emitOpError("is a second engine that ")
           << verb << " the semaphore, after " << stringifyEnum(engineAt(size_t(slot)));
  if (other == engine)
    return opOf(step)->emitOpError("lets engine ")
           << stringifyEnum(engineAt(step.engine)) << " both signal and wait for one semaphore";
  slot = engine;
  return success();
}

/// V3.
LogicalResult RegionProof::wait(const ScheduleStep &step) {
  SemaphoreState &semaphore = state->semaphores[size_t(step.index)];
  if (failed(setEngine(step, semaphore.consumer, semaphore.producer, "waits for")))
    return failure();
  ScheduleClocks &clocks = state->clocks;
  size_t classes = step.across ? clocks.classes() : frame.classes;
  for (size_t k = 0; k < classes; ++k)
    if (size_t credits = semaphore.credits[k].size(clocks.clockSize());
        credits < size_t(step.count))
      return opOf(step)->emitOpError("finds ")
             << credits << " of " << step.count << " credits in program order";
  for (int64_t i = 0; i < step.count; ++i)
    for (size_t k = 0; k < classes; ++k) {
      CreditQueue &queue = semaphore.credits[k];
      clocks.take(step.engine, size_t(semaphore.producer), k, queue.first());
      queue.take(clocks.clockSize());
    }
  return success();
}

/// V5.
LogicalResult RegionProof::signal(const ScheduleStep &step) {
  SemaphoreState &semaphore = state->semaphores[size_t(step.index)];
  if (failed(setEngine(step, semaphore.producer, semaphore.consumer, "signals")))
    return failure();
  const ScheduleClocks &clocks = state->clocks;
  size_t classes = step.across ? clocks.classes() : frame.classes;
  for (size_t k = 0; k < classes; ++k) {
    CreditQueue &queue = semaphore.credits[k];
    if (queue.size(clocks.clockSize()) + size_t(step.count) > 255)
      return opOf(step)->emitOpError("raises the semaphore above 255");
    for (int64_t i = 0; i < step.count; ++i)
      queue.give(clocks.give(step.engine, k));
  }
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------------------------===//

bool RegionProof::isBehind(size_t engine, size_t other, size_t ofClass, int32_t count,
                           Scope scope) const {
  const ScheduleClocks &clocks = state->clocks;
  bool isPerCore = ScheduleClocks::perCore(engine);
  // A queue is in order; V6 speaks of the cores of one task.
  if (engine == other && (scope == Scope::core || !isPerCore || clocks.hasOneCore() ||
                          count > frame.before[columnOf(other, ofClass)]))
    return true;
  if (scope == Scope::core)
    return clocks.knownOnCore(engine, other, ofClass) >= count;
  for (size_t k = 0; k < (isPerCore ? frame.classes : 1); ++k)
    if (clocks.knownOfAll(engine, k, other, ofClass) < count)
      return false;
  return true;
}

bool RegionProof::isOrdered(size_t engine, const LastAccess *known, bool write, Scope scope) const {
  size_t classes = scope == Scope::core ? frame.classes : state->clocks.classes();
  for (size_t k = 0; k < classes; ++k)
    for (size_t e = 0; e < scheduleEngines; ++e) {
      const LastAccess &last = known[columnOf(e, k)];
      int32_t count = write ? std::max(last.read, last.write) : last.write;
      if (count && !isBehind(engine, e, k, count, scope))
        return false;
    }
  return true;
}

/// An access of a step must come behind those that it conflicts with. `describe` completes "may run
/// before engine load is done with".
LogicalResult RegionProof::order(const ScheduleStep &step, const LastAccess *known, bool write,
                                 Scope scope, Describe describe) {
  size_t classes = scope == Scope::core ? frame.classes : state->clocks.classes();
  for (size_t k = 0; k < classes; ++k)
    for (size_t e = 0; e < scheduleEngines; ++e) {
      const LastAccess &last = known[columnOf(e, k)];
      bool isRead = write && last.read > last.write;
      int32_t count = isRead ? last.read : last.write;
      if (!count || isBehind(step.engine, e, k, count, scope))
        continue;
      bool isKnownOnCore = state->clocks.knownOnCore(step.engine, e, k) >= count;
      InFlightDiagnostic d = opOf(step)->emitOpError("may run before engine ")
                             << stringifyEnum(engineAt(e));
      d << (scope == Scope::all && isKnownOnCore ? " of another core" : "") << " is done with ";
      describe(d);
      d.attachNote(program.ops[size_t(isRead ? last.reader : last.writer)]->getLoc())
          << "that engine's access, earlier in program order";
      return d;
    }
  return success();
}

void RegionProof::record(const ScheduleStep &step, LastAccess *known, bool read, bool write) {
  for (size_t k = 0; k < frame.classes; ++k) {
    size_t column = columnOf(step.engine, k);
    int32_t now = state->clocks.begun(column);
    if (read) {
      known[column].read = now;
      known[column].reader = step.op;
    }
    if (write) {
      known[column].write = now;
      known[column].writer = step.op;
    }
  }
}

LogicalResult RegionProof::work(const ScheduleStep &step) {
  state->clocks.work(step.engine, frame.classes);
  if (step.tensor && failed(access(step, *step.tensor)))
    return failure();
  for (const PlaceAccess &of : step.accesses)
    if (failed(access(step, of)))
      return failure();
  return success();
}

/// V4. By V7 two accesses of one task conflict only if they are to the same copy.
LogicalResult RegionProof::access(const ScheduleStep &step, const PlaceAccess &access) {
  if (access.place < 0)
    return opOf(step)->emitOpError("uses a buffer that is not from chip.alloc");
  const Place &place = frame.program->places[size_t(access.place)];
  Scope scope = scopeOf(place.first.space);
  bool isFree = isOrdered(step.engine, state->present(place), access.write, scope) &&
                (!frame.hasBefore ||
                 isOrdered(step.engine, state->presentBefore(place), access.write, scope));
  if (!isFree)
    return refuse(step, access);
  record(step, state->present(place), access.read, access.write);
  return success();
}

LogicalResult RegionProof::refuse(const ScheduleStep &step, const PlaceAccess &access) {
  const Place &place = frame.program->places[size_t(access.place)];
  ByteRange range = place.rangeOf(state->copies[size_t(place.buffer)]);
  std::vector<std::pair<ByteRange, const LastAccess *>> all;
  for (auto &[other, accesses] : ranges)
    if (other.overlaps(range))
      all.emplace_back(other, accesses.data());
  // Of the same bytes those of this task come first.
  auto at = llvm::find_if(all, [&](const auto &other) { return !(other.first < range); });
  all.insert(at, {range, state->present(place)});
  for (auto [other, accesses] : all)
    if (failed(
            order(step, accesses, access.write, scopeOf(range.space), [&](InFlightDiagnostic &d) {
              d << "bytes " << range.begin << " to " << range.end << " of "
                << stringifyEnum(range.space);
            })))
      return failure();
  llvm_unreachable("one of them is not ordered");
}

/// V8, V10. What a task does to a tensor comes behind what earlier tasks of the region did, on all
/// cores, to bytes of it. What a store does to a compressed tensor it does to whole blocks, and
/// here to all of them.
LogicalResult RegionProof::access(const ScheduleStep &step, const TensorAccess &access) {
  size_t columns = state->clocks.columns();
  if (access.tensor >= 0) {
    auto tensor = size_t(access.tensor);
    if (frame.hasTensorBefore[tensor] &&
        !isOrdered(step.engine, &frame.tensorsBefore[tensor * columns], access.write, Scope::all))
      return refuse(step, access);
    record(step, &state->tensors[tensor * columns], !access.write, access.write);
  }
  if (access.compressed < 0)
    return success();
  // The cores of a store take turns, and it begins when all of them have come to it; groups have
  // stores of their own.
  if (access.write && TaskOp(frame.program->task).getGroups() > 1)
    return opOf(step)->emitOpError("writes the compressed tensor ")
           << access.name << " in groups of cores, which are not ordered";
  LastAccess *known = &state->compressed[size_t(access.compressed) * columns];
  if (failed(order(step, known, access.write, Scope::core, [&](InFlightDiagnostic &d) {
        d << "the compressed tensor " << access.name << ", of which a store rewrites whole blocks";
      })))
    return failure();
  record(step, known, !access.write, access.write);
  return success();
}

LogicalResult RegionProof::refuse(const ScheduleStep &step, const TensorAccess &access) {
  int32_t tensor = frame.program->tensors[size_t(access.tensor)];
  for (int32_t other : program.sameBytes[size_t(tensor)]) {
    auto it = tensors.find(other);
    if (it != tensors.end() &&
        failed(order(step, it->second.data(), access.write, Scope::all, [&](InFlightDiagnostic &d) {
          d << "tensor " << access.name;
          if (other != tensor)
            d << ", in the place of which is "
              << FlatSymbolRefAttr::get(program.tensors[size_t(other)]);
          d << " in an earlier task";
        })))
      return failure();
  }
  llvm_unreachable("one of them is not ordered");
}
