//===- Accounts.cpp - gives every cycle a cause
//-------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The part of the event simulation that explains time. Nothing here decides when something happens.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/timing/Run.h"

#include "runtime/isa/EngineSeq.h.inc"

#include <algorithm>

namespace slp::timing {

static size_t indexOf(Cause cause) { return static_cast<size_t>(cause); }
static size_t indexOf(mach::Engine engine) { return static_cast<size_t>(engine); }

CauseCycles Model::Run::explain(const Gap &gap, Cycle from) const {
  CauseCycles result = sequencer.during(from, std::min(gap.issued, gap.ready));
  Cycle time = std::max(from, gap.issued);
  auto until = [&](Cycle end, Cause cause) {
    end = std::min(end, gap.ready);
    if (end <= time)
      return;
    result[indexOf(cause)] += end - time;
    time = end;
  };
  until(gap.dataEnd, gap.first);
  until(gap.latencyEnd, Cause::latency);
  until(gap.ready, gap.rest);
  return result;
}

void Model::Run::close(QueueId id, const Gap &gap) {
  if (gap.ready <= gap.from)
    return;
  Cycle from = gap.from;
  if (MacRecord *record = queues[id].lastMac.get()) {
    if (record->remaining > 0) {
      record->deferred.emplace_back(id, gap);
      return;
    }
    Cycle cut = std::clamp(record->lastEnd, from, gap.ready);
    CauseCycles cycles{};
    cycles[indexOf(Cause::imbalance)] = cut - from;
    account(id, gap.group, cycles);
    from = cut;
  }
  account(id, gap.group, explain(gap, from));
}

void Model::Run::account(QueueId id, uint32_t group, const CauseCycles &cycles) {
  CauseCycles &ofEngine = report.engines[id].cycles;
  CauseCycles &ofGroup = report.groups[group].engine[indexOf(queues[id].engine)];
  for (size_t i = 0; i < numCauses; ++i) {
    ofEngine[i] += cycles[i];
    ofGroup[i] += cycles[i];
  }
}

void Model::Run::accountSequencer(uint32_t group, Cause cause, Cycle cycles) {
  report.engines.back().cycles[indexOf(cause)] += cycles;
  report.groups[group].engine[indexOf(mach::engine::seq)][indexOf(cause)] += cycles;
}

void Model::Run::accountWall(const Gap &gap) {
  Cycle from = wall.advance(gap.ready, report.groups);
  if (from >= gap.ready)
    return;
  CauseCycles causes = explain(gap, from);
  WallCycles parts{};
  auto move = [&](Cause cause, WallPart part) {
    parts[static_cast<size_t>(part)] += causes[indexOf(cause)];
  };
  move(Cause::data, WallPart::load);
  move(Cause::latency, WallPart::latency);
  move(Cause::semaphore, WallPart::semaphore);
  move(Cause::imbalance, WallPart::semaphore);
  move(Cause::issue, WallPart::issue);
  move(Cause::queue, WallPart::queue);
  // No engine works and a fence is not over: the last transfer's latency is left.
  move(Cause::fence, WallPart::latency);
  wall.idle(parts, report.groups[gap.group]);
}

std::string Model::Run::ownerOf(const Queue &queue) {
  return mach::isPerCore(queue.engine) ? " of core " + std::to_string(queue.core) : "";
}

void Model::Run::deadlock(uint64_t pc, uint32_t group, const std::string &what) {
  error = "deadlock at instruction " + std::to_string(pc);
  if (group != 0)
    error += " (node " + groups[group].name + ", " + phaseName(groups[group].phase) + ")";
  error += ": " + what;
  int listed = 0;
  for (const Queue &queue : queues) {
    if (queue.entries.empty() || listed == 4)
      continue;
    const Entry &first = queue.entries.front();
    error += listed++ == 0 ? "; waiting: " : ", ";
    error += std::string(mach::toString(queue.engine)) + ownerOf(queue) + " at instruction " +
             std::to_string(first.pc);
    if (first.kind == Entry::Kind::wait)
      error += " for semaphore " + std::to_string(first.semaphore) +
               (first.bank == mach::Bank::shared ? " of the shared buffer" : "");
  }
}

} // namespace slp::timing
