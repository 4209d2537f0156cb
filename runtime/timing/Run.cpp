//===- Run.cpp - the event simulation of one run ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Run.h"

#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"
#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructFence.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructLds.h.inc"
#include "runtime/isa/StructSignal.h.inc"
#include "runtime/isa/StructWait.h.inc"

#include <algorithm>
#include <cassert>

namespace slp::timing {

using mach::Engine;
using mach::Space;

static_assert(maxEngines >= mach::numEngineValues);

static size_t indexOf(Cause cause) { return static_cast<size_t>(cause); }
static size_t indexOf(Space space) { return static_cast<size_t>(space); }
static size_t indexOf(Engine engine) { return static_cast<size_t>(engine); }

/// Whether an engine brings bytes towards the cores; else, of the transfer engines, it takes them
/// away.
static bool loads(Engine engine) { return engine == Engine::load || engine == Engine::shared_load; }

//===----------------------------------------------------------------------------------------===//
// Semaphores
//===----------------------------------------------------------------------------------------===//

void Semaphores::give(Semaphore &semaphore, const Credit &credit) {
  semaphore.credits.push_back(credit);
  semaphore.total += credit.count;
}

Credit Semaphores::take(Semaphore &semaphore, uint64_t count) {
  assert(count <= semaphore.total && "more than there is");
  semaphore.total -= count;
  Credit last;
  while (count > 0) {
    Credit &front = semaphore.credits.front();
    if (front.available >= last.available)
      last = front;
    uint64_t taken = std::min(count, front.count);
    count -= taken;
    front.count -= taken;
    if (front.count == 0)
      semaphore.credits.pop_front();
  }
  return last;
}

//===----------------------------------------------------------------------------------------===//
// Queues and issue
//===----------------------------------------------------------------------------------------===//

Model::Run::Run(const Costs &costs, const Groups &groups, WorkListener *listener)
    : costs(costs), groups(groups), listener(listener), sequencer(costs.issuePerCycle),
      dram(costs.dramBus()), toCores(costs.toCores()), fromCores(costs.fromCores()),
      semaphores(costs.cores) {
  for (Engine engine : {Engine::mac, Engine::load, Engine::store})
    for (int core = 0; core < costs.cores; ++core) {
      Queue &queue = queues.emplace_back();
      queue.engine = engine;
      queue.core = core;
    }
  for (Engine engine : {Engine::vector, Engine::shared_load, Engine::shared_store})
    queues.emplace_back().engine = engine;
  for (const Queue &queue : queues)
    report.engines.push_back({queue.engine, queue.core, {}});
  report.engines.push_back({Engine::seq, 0, {}});
  report.groups.resize(groups.size());
}

QueueId Model::Run::queueOf(Engine engine, int core) const {
  switch (engine) {
  case Engine::mac:
    return core;
  case Engine::load:
    return costs.cores + core;
  case Engine::store:
    return 2 * costs.cores + core;
  case Engine::shared_load:
    return 3 * costs.cores + 1;
  case Engine::shared_store:
    return 3 * costs.cores + 2;
  case Engine::vector:
  case Engine::seq:
    break;
  }
  return 3 * costs.cores;
}

std::vector<QueueId> Model::Run::queuesOf(const exec::Event &event) const {
  std::vector<QueueId> ids;
  if (!mach::isPerCore(event.engine))
    ids.push_back(queueOf(event.engine, 0));
  else
    for (int core = 0; core < costs.cores; ++core)
      if (event.mask >> core & 1)
        ids.push_back(queueOf(event.engine, core));
  return ids;
}

void Model::Run::issue(const exec::Event &event) {
  ++order;
  checkTime(sequencer.now());
  if (!error.empty())
    return;
  if (event.opcode == mach::Fence::opcode || event.opcode == mach::Halt::opcode) {
    uint32_t group = groups.of(event.pc);
    Cycle cycles = 0;
    Cycle issued = sequencer.issue(1, cycles);
    accountSequencer(group, Cause::busy, cycles);
    drain(group, event.pc, issued);
    halted = event.opcode == mach::Halt::opcode;
  } else if (event.engine == Engine::seq) {
    issueScalar(event);
  } else {
    issueToQueues(event);
  }
}

void Model::Run::issueScalar(const exec::Event &event) {
  uint32_t group = groups.of(event.pc);
  Cycle cycles = 0;
  // A descriptor is fetched like instructions, word by word.
  int words = event.opcode == mach::Desc::opcode ? int(mach::TensorTile::numWords) : 1;
  Cycle issued = sequencer.issue(words, cycles);
  accountSequencer(group, Cause::busy, cycles);
  uint64_t bytes = event.work.empty() ? 0 : event.work[0].bytesRead[indexOf(mach::space::dram)];
  if (event.opcode != mach::Lds::opcode || bytes == 0)
    return;
  advance(issued);
  Cycle arrival = dram.take(issued, bytes).end + costs.dramLatency;
  accountSequencer(group, Cause::latency, sequencer.stall(arrival, Cause::latency));
}

std::vector<Entry> Model::Run::entriesOf(const exec::Event &event,
                                         const std::vector<QueueId> &ids) {
  static const exec::CoreWork nothing;
  auto workOf = [&](size_t i) -> const exec::CoreWork & {
    return i < event.work.size() ? event.work[i] : nothing;
  };
  Entry base;
  base.group = groups.of(event.pc);
  base.order = order;
  base.pc = event.pc;
  base.mask = event.mask;
  base.bank = event.bank;
  base.semaphore = event.semaphore;
  base.count = event.count;
  if (event.opcode == mach::Wait::opcode)
    base.kind = Entry::Kind::wait;
  if (event.opcode == mach::Signal::opcode)
    base.kind = Entry::Kind::signal;
  std::vector<Entry> entries(ids.size(), base);
  if (mach::isPerCore(event.engine))
    for (size_t i = 0; i < ids.size(); ++i)
      entries[i].mask = uint64_t(1) << queues[ids[i]].core;
  if (base.kind != Entry::Kind::work)
    return entries;

  switch (event.engine) {
  case Engine::mac: {
    auto record = std::make_shared<MacRecord>();
    record->remaining = int(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      MacTime time = costs.mac(workOf(i), event.fp16);
      GroupCycles &group = report.groups[base.group];
      group.lines += time.lines;
      group.busyLines += time.busy;
      group.scanningLines += time.scanning;
      group.saved += time.saved;
      entries[i].duration = time.cycles;
      entries[i].mac = record;
    }
    break;
  }
  case Engine::vector: {
    uint64_t operations = 0;
    for (const exec::CoreWork &work : event.work) {
      operations += work.operations;
      for (Space space : {mach::space::spm, mach::space::acc}) {
        entries[0].bytesFromCores += work.bytesRead[indexOf(space)];
        entries[0].bytesToCores += work.bytesWritten[indexOf(space)];
      }
    }
    entries[0].duration = costs.vector(event.opcode, operations);
    break;
  }
  case Engine::load:
  case Engine::store:
  case Engine::shared_load:
  case Engine::shared_store: {
    bool isLoad = loads(event.engine);
    std::shared_ptr<Join> join;
    if ((event.multicast || event.joint) && ids.size() > 1) {
      join = std::make_shared<Join>();
      join->queues = ids;
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      const exec::CoreWork &work = workOf(join ? 0 : i);
      const uint64_t *here = isLoad ? work.bytesWritten : work.bytesRead;
      const uint64_t *there = isLoad ? work.bytesRead : work.bytesWritten;
      entries[i].dramBytes = there[indexOf(mach::space::dram)];
      if (!isLoad) // blocks of a compressed tensor that are rewritten in part
        entries[i].dramBytes += work.bytesRead[indexOf(mach::space::dram)];
      entries[i].coreBytes = here[indexOf(mach::space::spm)] + here[indexOf(mach::space::acc)];
      // The transport carries a multicast once, whatever the number of cores that write it.
      if (join && isLoad)
        entries[i].coreBytes /= ids.size();
      entries[i].join = join;
    }
    break;
  }
  case Engine::seq:
    break;
  }
  return entries;
}

void Model::Run::issueToQueues(const exec::Event &event) {
  uint32_t group = groups.of(event.pc);
  std::vector<QueueId> ids = queuesOf(event);
  auto full = [&] {
    return std::find_if(ids.begin(), ids.end(),
                        [&](QueueId id) { return queues[id].entries.size() >= costs.queueDepth; });
  };
  Cycle time = sequencer.now();
  advance(time);
  for (auto it = full(); it != ids.end(); it = full()) {
    if (starts.empty()) {
      deadlock(event.pc, group,
               "the " + std::string(mach::toString(event.engine)) + " queue" +
                   ownerOf(queues[*it]) + " is full");
      return;
    }
    time = std::max(time, starts.top().ready);
    startEarliest();
    if (!error.empty())
      return;
  }
  Cycle stalled = sequencer.stall(time, Cause::queue);
  accountSequencer(group, Cause::queue, stalled);
  report.queueFull[indexOf(event.engine)] += stalled;
  Cycle cycles = 0;
  Cycle issued = sequencer.issue(1, cycles);
  accountSequencer(group, Cause::busy, cycles);

  std::vector<Entry> entries = entriesOf(event, ids);
  for (size_t i = 0; i < ids.size(); ++i) {
    Queue &queue = queues[ids[i]];
    entries[i].issued = issued;
    queue.entries.push_back(std::move(entries[i]));
    if (queue.entries.size() == 1)
      schedule(ids[i]);
  }
}

//===----------------------------------------------------------------------------------------===//
// Starting work
//===----------------------------------------------------------------------------------------===//

void Model::Run::advance(Cycle time) {
  while (error.empty() && !starts.empty() && starts.top().ready <= time)
    startEarliest();
}

void Model::Run::checkTime(Cycle time) {
  if (time > maxRunCycles && error.empty())
    error = "the run takes more than " + std::to_string(maxRunCycles) +
            " cycles, the most that is simulated: the rates of the chip description are out of "
            "proportion";
}

void Model::Run::startEarliest() {
  Start first = starts.top();
  starts.pop();
  if (std::shared_ptr<Join> join = queues[first.queue].entries.front().join)
    startJoined(*join, first.ready);
  else
    start(first.queue, first.ready);
}

bool Model::Run::takeCredit(QueueId id, const Entry &entry, Gap &gap) {
  bool enough = true;
  semaphores.forEach(entry, [&](Semaphores::Semaphore &semaphore) {
    if (enough && semaphore.total < entry.count) {
      semaphore.waiters.push_back(id);
      enough = false;
    }
  });
  if (!enough)
    return false;
  Cycle latest = 0;
  semaphores.forEach(entry, [&](Semaphores::Semaphore &semaphore) {
    Credit credit = Semaphores::take(semaphore, entry.count);
    if (credit.available <= latest)
      return;
    latest = credit.available;
    gap.dataEnd = credit.dataEnd;
    gap.latencyEnd = credit.latencyEnd;
    gap.first = credit.first;
  });
  gap.ready = std::max(gap.ready, latest);
  return true;
}

void Model::Run::schedule(QueueId id) {
  Queue &queue = queues[id];
  const Entry &entry = queue.entries.front();
  Gap gap;
  gap.from = queue.free;
  gap.issued = entry.issued;
  gap.ready = std::max(queue.free, entry.issued);
  gap.group = entry.group;
  if (entry.kind == Entry::Kind::wait && !takeCredit(id, entry, gap))
    return;
  queue.head = gap;
  Cycle ready = gap.ready;
  if (entry.join) {
    entry.join->ready = std::max(entry.join->ready, ready);
    if (++entry.join->arrived < entry.join->queues.size())
      return;
    ready = entry.join->ready;
  }
  starts.push({ready, entry.order, id});
}

std::tuple<Cycle, Cycle, Cycle> Model::Run::takeBuses(Engine engine, const Entry &entry,
                                                      Cycle ready) {
  Bus::Slot outside = dram.take(ready, entry.dramBytes);
  Bus &transport = loads(engine) ? toCores : fromCores;
  // Bytes stream through: the transport begins when DRAM does, and the slower of both decides.
  Bus::Slot inside = transport.take(outside.start, entry.coreBytes);
  Cycle end = std::max(outside.end, inside.end);
  Cycle busy = std::min(std::max(outside.duration, inside.duration), end - ready);
  return {end, busy, end + (entry.dramBytes > 0 ? costs.dramLatency : 0)};
}

void Model::Run::start(QueueId id, Cycle ready) {
  Queue &queue = queues[id];
  Entry entry = std::move(queue.entries.front());
  queue.entries.pop_front();
  accountWall(queue.head);
  close(id, queue.head);
  switch (entry.kind) {
  case Entry::Kind::wait:
    queue.free = ready;
    break;
  case Entry::Kind::signal:
    queue.free = ready;
    give(queue, entry, ready);
    break;
  case Entry::Kind::work:
    if (queue.engine == Engine::mac || queue.engine == Engine::vector) {
      compute(queue, entry, ready);
    } else {
      auto [end, busy, done] = takeBuses(queue.engine, entry, ready);
      transfer(queue, entry, ready, end, busy, done);
    }
    break;
  }
  if (!queue.entries.empty())
    schedule(id);
}

void Model::Run::startJoined(const Join &join, Cycle ready) {
  // The last queue to arrive explains what the chip waited for.
  const Gap *latest = &queues[join.queues[0]].head;
  for (QueueId id : join.queues)
    if (queues[id].head.ready > latest->ready)
      latest = &queues[id].head;
  accountWall(*latest);
  const Queue &first = queues[join.queues[0]];
  auto [end, busy, done] = takeBuses(first.engine, first.entries.front(), ready);
  std::vector<QueueId> ids = join.queues; // the entries own the join
  for (QueueId id : ids) {
    Queue &queue = queues[id];
    Entry entry = std::move(queue.entries.front());
    queue.entries.pop_front();
    Gap gap = queue.head;
    gap.rest = Cause::imbalance;
    gap.ready = ready;
    close(id, gap);
    transfer(queue, entry, ready, end, busy, done);
  }
  for (QueueId id : ids)
    if (!queues[id].entries.empty())
      schedule(id);
}

void Model::Run::compute(Queue &queue, const Entry &entry, Cycle ready) {
  QueueId id = queueOf(queue.engine, queue.core);
  // Bytes of the vector unit stream through the transport while its lanes work.
  Bus::Slot in = fromCores.take(ready, entry.bytesFromCores);
  Bus::Slot out = toCores.take(ready, entry.bytesToCores);
  Cycle end = std::max({ready + entry.duration, in.end, out.end});
  Cycle busy = std::min(std::max({entry.duration, in.duration, out.duration}), end - ready);
  checkTime(end);
  if (listener)
    listener->worked(queue.engine, queue.core, entry.pc, ready, end);
  CauseCycles cycles{};
  cycles[indexOf(Cause::busy)] = busy;
  cycles[indexOf(Cause::bus)] = end - ready - busy;
  account(id, entry.group, cycles);
  bool isMac = queue.engine == Engine::mac;
  wall.work(isMac ? WallPart::mac : WallPart::vector, entry.order, entry.group, end);
  queue.free = queue.workEnd = queue.done = end;
  if (!isMac)
    return;
  queue.lastMac = entry.mac;
  MacRecord &record = *entry.mac;
  record.lastEnd = std::max(record.lastEnd, end);
  if (--record.remaining > 0)
    return;
  std::vector<std::pair<QueueId, Gap>> deferred = std::move(record.deferred);
  for (auto &[waiting, gap] : deferred) {
    // The core may have gone on to another instruction since: explain with this record.
    std::shared_ptr<MacRecord> current = queues[waiting].lastMac;
    queues[waiting].lastMac = entry.mac;
    close(waiting, gap);
    queues[waiting].lastMac = current;
  }
}

void Model::Run::transfer(Queue &queue, const Entry &entry, Cycle ready, Cycle end, Cycle busy,
                          Cycle done) {
  checkTime(std::max(end, done));
  if (listener)
    listener->worked(queue.engine, queue.core, entry.pc, ready, end);
  CauseCycles cycles{};
  cycles[indexOf(Cause::busy)] = busy;
  cycles[indexOf(Cause::bus)] = end - ready - busy;
  account(queueOf(queue.engine, queue.core), entry.group, cycles);
  wall.work(loads(queue.engine) ? WallPart::load : WallPart::store, entry.order, entry.group, end);
  queue.free = queue.workEnd = end;
  queue.done = std::max(queue.done, done);
}

void Model::Run::give(Queue &queue, const Entry &entry, Cycle ready) {
  Credit credit;
  credit.count = entry.count;
  credit.available = std::max(queue.done, ready) + costs.semaphore;
  credit.dataEnd = queue.workEnd;
  credit.latencyEnd = queue.done;
  credit.first = loads(queue.engine) ? Cause::data : Cause::semaphore;
  semaphores.forEach(entry, [&](Semaphores::Semaphore &semaphore) {
    Semaphores::give(semaphore, credit);
    std::vector<QueueId> waiters;
    waiters.swap(semaphore.waiters);
    for (QueueId id : waiters)
      schedule(id);
  });
}

void Model::Run::drain(uint32_t group, uint64_t pc, Cycle issued) {
  while (!starts.empty() && error.empty())
    startEarliest();
  if (!error.empty())
    return;
  Cycle end = std::max(issued, sequencer.frontier());
  for (const Queue &queue : queues) {
    if (!queue.entries.empty()) {
      deadlock(pc, group, "no queue can go on");
      return;
    }
    end = std::max({end, queue.done, queue.free});
  }
  Gap gap;
  gap.issued = issued;
  gap.ready = end;
  gap.group = group;
  gap.rest = Cause::fence;
  accountWall(gap);
  for (QueueId id = 0; id < queues.size(); ++id) {
    gap.from = queues[id].free;
    close(id, gap);
    queues[id].free = end;
    queues[id].lastMac.reset();
  }
  accountSequencer(group, Cause::fence, sequencer.stall(end, Cause::fence));
  report.cycles = end;
  checkTime(end);
}

} // namespace slp::timing
