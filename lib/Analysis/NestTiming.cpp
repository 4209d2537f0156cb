//===- NestTiming.cpp - cycles of a nest by the machine's timing model ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/NestTiming.h"

#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"
#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLoop.h.inc"
#include "runtime/isa/StructMvLoad.h.inc"
#include "runtime/isa/StructSignal.h.inc"
#include "runtime/isa/StructWait.h.inc"
#include "runtime/timing/Model.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

/// Instructions that are run; a long nest is cut to about so many.
constexpr double mostInstructions = 500;

/// One place in the body of a loop: work, or the loop inside. What stands before and behind it.
struct Place {
  const PlannedWork *work = nullptr; // null: the loop, or a buffer that is not loaded
  bool isLoop = false;
  std::vector<exec::Event> events; // waits, and the instruction
  std::vector<exec::Event> behind; // signals
};

/// The instructions of a nest, level by level.
class NestProgram {
public:
  NestProgram(const NestView &nest, const NestPlan &plan, const Tiling &tiling,
              const chip::Chip &chip)
      : nest(nest), plan(plan), tiling(tiling), chip(chip), levels(plan.loops.size() + 1),
        placeOfAlloc(nest.buffers.size()) {}

  /// False if there are more hand-overs than semaphores.
  bool build();
  double run(double bound);

private:
  struct Use {
    size_t place;
    Engine engine;
  };
  struct HandOver {
    unsigned depth;
    Engine giver, taker;
    size_t after, before; // places
    int64_t slots;        // 0: forwards
  };

  void listPlaces();
  void addBuffer(unsigned depth, unsigned buffer, bool isLoaded);
  std::vector<Use> usesOf(unsigned buffer) const;
  void listHandOvers();
  static bool isImpliedBy(const HandOver &one, const HandOver &other);
  bool insertSemaphores();
  void insertWork();
  exec::Event eventOf(const PlannedWork &work) const;
  exec::Event semaphore(bool isWait, Engine engine, mach::Bank bank, int64_t number,
                        int64_t count) const;
  exec::Event scalar(int words) const;
  int scalarsOf(const BufferView &buffer) const;
  double countOf(unsigned depth) const;
  void emit(timing::Model &model, unsigned depth);

  const NestView &nest;
  const NestPlan &plan;
  const Tiling &tiling;
  const chip::Chip &chip;
  std::vector<std::vector<Place>> levels;
  std::vector<size_t> placeOfAlloc;
  std::vector<HandOver> handOvers;
  std::vector<exec::Event> head, tail;
  SmallVector<int64_t> trips; // that are run
  unsigned sampled = 0;       // the level whose iterations are counted
  uint64_t iteration = 0;     // of it
};

/// When the work of each iteration ends.
class IterationEnds : public timing::WorkListener {
public:
  void worked(mach::Engine, int, uint64_t pc, timing::Cycle, timing::Cycle end) override {
    if (ends.size() <= pc)
      ends.resize(pc + 1, 0);
    ends[pc] = std::max(ends[pc], end);
  }
  std::vector<timing::Cycle> ends; // by iteration; 0: what is in front of all of them
};

} // namespace

//===----------------------------------------------------------------------------------------===//
// Places (ExpandNests.cpp)
//===----------------------------------------------------------------------------------------===//

void NestProgram::addBuffer(unsigned depth, unsigned buffer, bool isLoaded) {
  placeOfAlloc[buffer] = levels[depth].size();
  Place &place = levels[depth].emplace_back();
  if (isLoaded)
    place.work = &plan.loads[buffer];
}

void NestProgram::listPlaces() {
  for (unsigned depth = 0; depth < levels.size(); ++depth) {
    std::vector<Place> &level = levels[depth];
    // Buffers that are loaded come first: by itself a nest waits for no other.
    for (bool isLoaded : {true, false})
      for (unsigned i = 0; i < nest.buffers.size(); ++i) {
        bool isThisOne = (plan.loads[i].kind != PlannedWork::Kind::none) == isLoaded;
        if (plan.depthOfBuffer[i] == depth && isThisOne)
          addBuffer(depth, i, isLoaded);
      }
    auto addRuns = [&](bool isInFront, bool iteratesAll) {
      for (auto [run, work] : llvm::zip_equal(nest.runs, plan.runs))
        if (EngineInstruction op = run;
            work.depth == depth && op.getInFront() == isInFront && !op.getIterates() == iteratesAll)
          level.emplace_back().work = &work;
    };
    addRuns(/*isInFront=*/true, /*iteratesAll=*/false);
    if (depth + 1 < levels.size())
      level.emplace_back().isLoop = true;
    else
      addRuns(/*isInFront=*/false, /*iteratesAll=*/true);
    addRuns(/*isInFront=*/false, /*iteratesAll=*/false);
    for (const PlannedWork &store : plan.stores)
      if (store.kind != PlannedWork::Kind::none && store.depth == depth)
        level.emplace_back().work = &store;
  }
}

//===----------------------------------------------------------------------------------------===//
// Semaphores (HandOver.cpp)
//===----------------------------------------------------------------------------------------===//

std::vector<NestProgram::Use> NestProgram::usesOf(unsigned buffer) const {
  unsigned depth = plan.depthOfBuffer[buffer];
  std::vector<Use> uses;
  size_t loopAt = 0;
  for (size_t i = 0; i < levels[depth].size(); ++i)
    if (levels[depth][i].isLoop)
      loopAt = i;
  auto usesIt = [&](const PlannedWork &work) {
    if (work.kind != PlannedWork::Kind::run)
      return work.index == buffer;
    EngineInstruction run = nest.runs[work.index];
    return llvm::is_contained(run->getOperands(), nest.buffers[buffer].op.getResult());
  };
  for (size_t i = 0; i < levels[depth].size(); ++i) {
    const Place &place = levels[depth][i];
    if (place.work && usesIt(*place.work))
      uses.push_back({i, place.work->engine});
    if (!place.isLoop)
      continue;
    for (unsigned inside = depth + 1; inside < levels.size(); ++inside)
      for (const Place &deeper : levels[inside])
        if (deeper.work && usesIt(*deeper.work))
          uses.push_back({loopAt, deeper.work->engine});
  }
  return uses;
}

void NestProgram::listHandOvers() {
  for (unsigned i = 0; i < nest.buffers.size(); ++i) {
    struct Turn {
      Engine engine;
      size_t first, last;
    };
    std::vector<Turn> turns;
    for (const Use &use : usesOf(i)) {
      if (!turns.empty() && turns.back().engine == use.engine)
        turns.back().last = use.place;
      else
        turns.push_back({use.engine, use.place, use.place});
    }
    if (turns.size() < 2)
      continue;
    unsigned depth = plan.depthOfBuffer[i];
    for (size_t t = 0; t + 1 < turns.size(); ++t)
      handOvers.push_back(
          {depth, turns[t].engine, turns[t + 1].engine, turns[t].last, turns[t + 1].first, 0});
    handOvers.push_back({depth, turns.back().engine, turns.front().engine, turns.back().last,
                         placeOfAlloc[i], nest.slotsOf(nest.buffers[i], tiling)});
  }
}

bool NestProgram::isImpliedBy(const HandOver &one, const HandOver &other) {
  return one.giver == other.giver && one.taker == other.taker && one.slots == other.slots &&
         one.depth == other.depth && one.after <= other.after && other.before <= one.before;
}

exec::Event NestProgram::semaphore(bool isWait, Engine engine, mach::Bank bank, int64_t number,
                                   int64_t count) const {
  exec::Event event;
  event.opcode = isWait ? mach::Wait::opcode : mach::Signal::opcode;
  event.engine = static_cast<mach::Engine>(engine);
  event.mask = 1;
  event.bank = bank;
  event.semaphore = uint8_t(number);
  event.count = uint8_t(count);
  return event;
}

bool NestProgram::insertSemaphores() {
  std::vector<HandOver> needed;
  for (size_t i = 0; i < handOvers.size(); ++i) {
    bool isImplied = false;
    for (size_t j = 0; j < handOvers.size() && !isImplied; ++j)
      isImplied = i != j && isImpliedBy(handOvers[i], handOvers[j]) &&
                  (j < i || !isImpliedBy(handOvers[j], handOvers[i]));
    if (!isImplied)
      needed.push_back(handOvers[i]);
  }
  int64_t next[2] = {0, 0};
  for (const HandOver &handOver : needed) {
    bool isOfCores = chip_ir::isPerCore(handOver.giver) || chip_ir::isPerCore(handOver.taker);
    mach::Bank bank = isOfCores ? mach::Bank::cores : mach::Bank::shared;
    int64_t number = next[size_t(bank)]++;
    if (number >= 64)
      return false;
    std::vector<Place> &level = levels[handOver.depth];
    exec::Event give = semaphore(false, handOver.giver, bank, number, 1);
    exec::Event take = semaphore(true, handOver.taker, bank, number, 1);
    Place &after = level[handOver.after], &before = level[handOver.before];
    after.behind.push_back(give);
    before.events.push_back(take);
    if (handOver.slots == 0)
      continue;
    head.push_back(semaphore(false, handOver.giver, bank, number, handOver.slots));
    tail.push_back(semaphore(true, handOver.taker, bank, number, handOver.slots));
  }
  return true;
}

//===----------------------------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------------------------===//

static uint64_t whole(double number) { return uint64_t(std::llround(std::max(0.0, number))); }

exec::Event NestProgram::eventOf(const PlannedWork &work) const {
  exec::Event event;
  event.engine = static_cast<mach::Engine>(work.engine);
  event.mask = 1;
  event.opcode = work.opcode;
  if (work.kind != PlannedWork::Kind::run) // whose time engine and bytes tell
    event.opcode = work.dramBytes > 0 ? mach::Ld::opcode : mach::MvLoad::opcode;
  exec::CoreWork &core = event.work.emplace_back();
  constexpr auto dram = size_t(mach::space::dram), spm = size_t(mach::space::spm);
  switch (work.kind) {
  case PlannedWork::Kind::load:
    core.bytesRead[dram] = whole(work.dramBytes);
    core.bytesWritten[spm] = whole(work.coreBytes);
    break;
  case PlannedWork::Kind::store:
    core.bytesWritten[dram] = whole(work.dramBytes);
    core.bytesRead[spm] = whole(work.coreBytes);
    break;
  case PlannedWork::Kind::run:
    core.operations = whole(work.operations);
    core.bytesRead[spm] = whole(work.bytesFromCores);
    core.bytesWritten[spm] = whole(work.bytesToCores);
    if (work.engine == Engine::mac) { // one item of that many cycles
      double cycles = std::max(0.0, work.macCycles - double(chip.rates.macStartCycles));
      uint64_t elements = whole(cycles * chip.peRate(work.isWide));
      event.fp16 = work.isWide;
      auto dot = uint64_t(chip.numerics.dot);
      core.items.add(1, elements, (elements + dot - 1) / dot);
    }
    break;
  case PlannedWork::Kind::none:
    break;
  }
  return event;
}

/// An instruction of the sequencer, or a descriptor, which takes six words.
exec::Event NestProgram::scalar(int words) const {
  exec::Event event;
  event.engine = mach::Engine::seq;
  event.opcode = words > 1 ? mach::Desc::opcode : mach::Loop::opcode;
  event.mask = 1;
  return event;
}

/// Instructions that move a buffer's descriptor to its next tile.
int NestProgram::scalarsOf(const BufferView &buffer) const {
  int count = nest.slotsOf(buffer, tiling) > 1;
  for (const NestDim &dim : buffer.dims)
    if (dim.loop >= 0 && llvm::is_contained(plan.loops, unsigned(dim.loop)))
      count += dim.coef == 1 ? 1 : 2;
  return count;
}

void NestProgram::insertWork() {
  std::vector<exec::Event> descriptors;
  for (unsigned i = 0; i < nest.buffers.size(); ++i) {
    const BufferView &buffer = nest.buffers[i];
    int number = 1 + int(bool(buffer.op.getLoad())) + int(bool(buffer.op.getStore()));
    for (int d = 0; d < number; ++d)
      descriptors.push_back(scalar(6));
    // In front of what waits for a copy, and of the transfer.
    std::vector<exec::Event> &events = levels[plan.depthOfBuffer[i]][placeOfAlloc[i]].events;
    events.insert(events.begin(), size_t(scalarsOf(buffer)), scalar(1));
  }
  head.insert(head.begin(), descriptors.begin(), descriptors.end());
  for (std::vector<Place> &level : levels)
    for (Place &place : level) {
      if (place.work)
        place.events.push_back(eventOf(*place.work));
      if (place.isLoop)
        place.events.push_back(scalar(1));
    }
}

bool NestProgram::build() {
  listPlaces();
  listHandOvers();
  if (!insertSemaphores())
    return false;
  insertWork();
  return true;
}

//===----------------------------------------------------------------------------------------===//
// Running them
//===----------------------------------------------------------------------------------------===//

/// Instructions of one iteration at a level, with the trips that are run.
double NestProgram::countOf(unsigned depth) const {
  double count = 0;
  for (const Place &place : levels[depth]) {
    count += double(place.events.size() + place.behind.size());
    if (place.isLoop)
      count += double(trips[depth]) * countOf(depth + 1);
  }
  return count;
}

void NestProgram::emit(timing::Model &model, unsigned depth) {
  auto issueAll = [&](std::vector<exec::Event> &events) {
    for (exec::Event &event : events) {
      event.pc = iteration;
      model.issued(event);
    }
  };
  for (Place &place : levels[depth]) {
    issueAll(place.events);
    for (int64_t trip = 0; place.isLoop && trip < trips[depth]; ++trip) {
      iteration += depth == sampled;
      emit(model, depth + 1);
    }
    issueAll(place.behind);
  }
}

double NestProgram::run(double bound) {
  trips = plan.trips;
  // From the outside in, loops make fewer steps, one at last, until the rest is short enough.
  unsigned depths = unsigned(trips.size());
  sampled = 0;
  double count = countOf(0);
  for (unsigned depth = 0; depth < depths && count > mostInstructions; ++depth) {
    sampled = depth;
    double inside = countOf(depth + 1);
    int64_t fits = std::max<int64_t>(1, int64_t(mostInstructions / std::max(1.0, inside)));
    constexpr int64_t least = 6; // to see how one iteration follows another
    if (fits >= least || depth + 1 == depths) {
      trips[depth] = std::min(trips[depth], std::max(fits, least));
      break;
    }
    // Few iterations, or those of a loop inside if they are too long even so.
    trips[depth] = std::min<int64_t>(trips[depth], inside > 4 * mostInstructions ? 1 : 3);
    count = countOf(0);
    if (trips[depth] > 1 && count <= 4 * mostInstructions)
      break;
    trips[depth] = 1;
    count = countOf(0);
  }
  timing::Groups groups;
  timing::Model model(chip, groups);
  IterationEnds listener;
  model.listen(&listener);
  for (const exec::Event &event : head)
    model.issued(event);
  emit(model, 0);
  for (const exec::Event &event : tail)
    model.issued(event);
  Result<timing::Report> report = model.finish();
  if (!report)
    return bound;
  double cycles = double(report->cycles);
  if (trips == plan.trips || trips.empty())
    return cycles;
  // The later iterations say how one follows another, but for the last, whose end is that of what
  // stands behind the loop, too.
  const std::vector<timing::Cycle> &ends = listener.ends;
  size_t run = size_t(trips[sampled]), from = run / 2, to = run - 1;
  double rate = cycles / double(run), all = plan.iterations(sampled + 1);
  if (from > 0 && from < to && to < ends.size())
    rate = double(ends[to] - ends[from]) / double(to - from);
  double steady = std::max(rate * all, bound);
  return std::max(0.0, cycles - rate * double(run)) + steady;
}

std::optional<double> slp::cyclesByModel(const NestView &nest, const NestPlan &plan,
                                         const Tiling &tiling, const chip::Chip &oneCore,
                                         double bound) {
  NestProgram program(nest, plan, tiling, oneCore);
  if (!program.build())
    return std::nullopt;
  return program.run(bound);
}
