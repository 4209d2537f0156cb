//===- State.cpp - issuing and executing instructions -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What every instruction goes through: preparation, its core parts (on several host threads where
// that pays), semaphores, counters, capture, and the text of faults.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/State.h"

#include "runtime/exec/CheckOrder.h"
#include "runtime/exec/Queues.h"
#include "runtime/isa/EngineSeq.h.inc"
#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/StructWait.h.inc"

#include <algorithm>
#include <utility>

namespace slp::exec {

/// Below this many multiply-accumulates waking a thread costs more than it saves.
constexpr double worthThreads = 60000;

State::State(const chip::Chip &c, const image::Image &i, num::HostPath path)
    : chip(c), image(i), codec(chip.numerics, path), kernels(macKernels(path)),
      semaphores(size_t(chip.structure.cores.value)), sharedTiles(semaphores.size()),
      events(i.debug.captures.size()), hostWrote(i.tensors.size()) {
  for (image::Tensor &tensor : image.tensors)
    tensor.init = {}; // Machine::create takes it from the image
  for (const image::NamedDescriptor &d : image.descriptors)
    if (Status s = names.addDescriptor(d.name); !s)
      break; // names that repeat only cost fault messages their names
}

State::~State() = default;

void State::reset() {
  pc = next = 0;
  halted = false;
  loops.clear();
  std::fill(std::begin(scalar), std::end(scalar), 0);
  std::fill(std::begin(descriptor), std::end(descriptor), Descriptor());
  std::fill(std::begin(mask), std::end(mask), 0);
  std::fill(std::begin(geometry), std::end(geometry), Window());
  std::fill(std::begin(hyper) + hostNumbers, std::end(hyper) - 1, 0.0f); // h15 is the host's, too
  saturations = 0;
  for (SemaphoreBank &bank : semaphores)
    bank.fill(0);
  sharedSemaphores.fill(0);
}

Status State::beginCheck() {
  if (!options.checkOrder) {
    wasUnchecked = true;
    return Status::success();
  }
  if (queues)
    return Error{"the order is checked in program order, not in an interleaving"};
  if (!checker)
    checker = std::make_unique<CheckOrder>(*this);
  if (std::exchange(wasUnchecked, false))
    checker->forgetDram();
  for (size_t i = 0; i < hostWrote.size(); ++i)
    if (std::exchange(hostWrote[i], 0))
      checker->noteWritten(image.tensors[i]);
  checker->beginRun();
  checkOrder = checker.get();
  return Status::success();
}

void State::noteHostWrite(const image::Tensor &tensor) {
  hostWrote[size_t(&tensor - image.tensors.data())] = 1;
}

void State::keepShared() {
  if (checker)
    checker->keepShared();
}

std::optional<OrderFault> State::orderFault() const {
  return checker ? checker->fault() : std::nullopt;
}

Issue State::prepare(mach::Opcode opcode, mach::Engine engine, uint64_t cores) const {
  Issue issue;
  issue.pc = pc;
  issue.opcode = opcode;
  issue.engine = engine;
  issue.mask = cores;
  issue.joint = !mach::isPerCore(engine);
  return issue;
}

void State::describe(const Issue &issue, Event &event) {
  event.work.clear();
  event.pc = issue.pc;
  event.opcode = issue.opcode;
  event.engine = issue.engine;
  event.mask = issue.mask;
  event.multicast = issue.multicast;
  event.joint = issue.joint;
  event.fp16 = issue.fp16;
  event.bank = issue.bank;
  event.semaphore = issue.semaphore;
  event.count = issue.count;
}

/// Whether the work of the instruction, not only its result, depends on values.
static bool dependsOnValues(const Issue &issue) {
  return std::any_of(std::begin(issue.operand), std::end(issue.operand),
                     [](const Descriptor &d) { return mach::isCompressed(d.tile.format); });
}

Status State::submit(const Issue &issue) {
  if (issue.mask == 0)
    return Error{"the core mask is empty"};
  if (options.values == Values::absent && dependsOnValues(issue))
    return Error{"a run without values meets a compressed operand, whose work depends on them"};
  if (queues)
    return queues->push(issue);
  bool isSemaphore = !issue.execute && !issue.executeGroup;
  if (checkOrder && isSemaphore)
    if (Status s = checkOrder->synchronise(issue); !s)
      return s;
  if (issue.opcode == mach::Wait::opcode && !canTake(issue, issue.mask))
    return Error{"deadlock: semaphore s" + std::to_string(issue.semaphore) +
                 (issue.bank == mach::Bank::shared ? " of the shared buffer" : "") +
                 " holds less than " + std::to_string(issue.count) +
                 " and everything before has finished; " + describeQueues()};
  describe(issue, scratch);
  if (Status s = execute(issue, issue.mask, scratch); !s)
    return s;
  if (checkOrder && !isSemaphore)
    if (Status s = checkOrder->execute(issue); !s)
      return s;
  if (options.observer)
    options.observer->issued(scratch);
  return Status::success();
}

CorePart State::partOf(const Issue &issue, unsigned core) const {
  const image::DebugRecord *record = recordOf(issue.pc);
  CorePart part{memories,       chip, codec, kernels, core, options.observer != nullptr,
                options.values, {}};
  if (checkOrder)
    part.accesses = &checkOrder->accessesOf(core);
  for (int i = 0; i < maxDestinations; ++i)
    part.countsEvents[i] = record && record->capture[i] >= 0;
  return part;
}

/// Groups of parts that have a tile in common: by the first sharable operand, or by the second
/// where that makes fewer groups.
void State::groupParts(const Issue &issue) {
  size_t fewest = SIZE_MAX;
  for (int operand : issue.sharable) {
    if (operand < 0)
      break;
    std::vector<CoreGroup> candidate;
    std::vector<uint64_t> identities;
    for (CorePart &part : parts) {
      uint64_t identity = sharedTiles.identity(issue.operand[operand], part.core);
      auto same = std::find(identities.begin(), identities.end(), identity);
      if (identity == 0 || same == identities.end()) {
        identities.push_back(identity);
        candidate.push_back({{&part}, operand, nullptr});
      } else {
        candidate[size_t(same - identities.begin())].parts.push_back(&part);
      }
    }
    if (candidate.size() < fewest) {
      fewest = candidate.size();
      groups = std::move(candidate);
    }
  }
}

/// Calls task(i), a Status, for i in [0, n) on the pool. The error of the lowest i.
template <typename Task> static Status runSideBySide(Pool &pool, int n, Task task) {
  std::vector<Status> results(size_t(n), Status::success());
  pool.run(n, [&](int i) { results[size_t(i)] = task(i); });
  for (Status &s : results)
    if (!s)
      return std::move(s);
  return Status::success();
}

Status State::runGroups(const Issue &issue) {
  groupParts(issue);
  int n = int(groups.size());
  bool isWorth = pool->threads() > 1 && issue.estimate * double(parts.size()) >= worthThreads;
  if (isWorth && n >= pool->threads())
    return runSideBySide(*pool, n,
                         [&](int i) { return issue.executeGroup(groups[size_t(i)], issue); });
  for (CoreGroup &group : groups) {
    group.pool = isWorth ? pool.get() : nullptr;
    if (Status s = issue.executeGroup(group, issue); !s)
      return s;
  }
  return Status::success();
}

Status State::runParts(const Issue &issue) {
  if (issue.executeGroup)
    return runGroups(issue);
  int n = int(parts.size());
  if (n == 1 || pool->threads() == 1 || issue.estimate * n < worthThreads) {
    for (CorePart &part : parts)
      if (Status s = issue.execute(part, issue); !s)
        return s;
    return Status::success();
  }
  return runSideBySide(*pool, n, [&](int i) { return issue.execute(parts[size_t(i)], issue); });
}

static void add(CoreWork &to, const CoreWork &from) {
  to.macs += from.macs;
  to.zeroMacs += from.zeroMacs;
  to.skippedMacs += from.skippedMacs;
  to.gatedMacs += from.gatedMacs;
  to.groupedMacs += from.groupedMacs;
  to.wideMacs += from.wideMacs;
  to.bothWideMacs += from.bothWideMacs;
  to.elements += from.elements;
  to.operations += from.operations;
  to.dramUsefulBytes += from.dramUsefulBytes;
  to.macSlots += from.macSlots;
  for (size_t i = 0; i < maxSpaces; ++i) {
    to.bytesRead[i] += from.bytesRead[i];
    to.bytesWritten[i] += from.bytesWritten[i];
  }
}

Status State::report(const Issue &issue, const CorePart &part, Event &event) {
  if (issue.joint && !event.work.empty())
    add(event.work.back(), part.work);
  else
    event.work.push_back(part.work);
  for (int i = 0; i < maxDestinations && !issue.again; ++i) {
    saturations += part.events[i].saturation + part.events[i].invalid;
    if (part.countsEvents[i])
      events[size_t(recordOf(issue.pc)->capture[i])] += part.events[i];
  }
  if (options.capturer && (part.countsEvents[0] || part.countsEvents[1]))
    return capture(*this, issue, part.core);
  return Status::success();
}

Status State::execute(const Issue &issue, uint64_t cores, Event &event) {
  if (!issue.execute && !issue.executeGroup) {
    if (Status s = synchronise(issue, cores); !s)
      return s;
    int entries = issue.joint ? 1 : __builtin_popcountll(cores);
    event.work.resize(event.work.size() + size_t(entries));
    return Status::success();
  }
  parts.clear();
  for (unsigned core = 0; core < 64; ++core) // the width of the mask, which cannot be shifted out
    if (cores >> core & 1) {
      parts.push_back(partOf(issue, core));
      if (issue.multicast)
        break;
    }
  for (int i : issue.destination)
    if (i >= 0)
      sharedTiles.forget(issue.operand[i], cores);
  if (Status s = runParts(issue); !s)
    return s;
  if (issue.multicast)
    sharedTiles.add(issue.operand[issue.destination[0]], cores);
  for (const CorePart &part : parts)
    if (Status s = report(issue, part, event); !s)
      return s;
  return Status::success();
}

Result<std::unique_ptr<PartInSteps>> State::begin(const Issue &issue, unsigned core) const {
  auto begun = std::make_unique<PartInSteps>(partOf(issue, core));
  Result<std::unique_ptr<PartSteps>> steps = issue.steps(begun->part, issue);
  if (!steps)
    return steps.takeError();
  begun->steps = steps.take();
  return begun;
}

Status State::finish(const Issue &issue, const PartInSteps &part, Event &event) {
  return report(issue, part.part, event);
}

bool State::canTake(const Issue &issue, uint64_t cores) const {
  if (issue.bank == mach::Bank::shared)
    return sharedSemaphores[issue.semaphore] >= issue.count;
  for (size_t core = 0; core < semaphores.size(); ++core)
    if (cores >> core & 1 && semaphores[core][issue.semaphore] < issue.count)
      return false;
  return true;
}

/// Takes from or adds to one semaphore of `owner`.
static Status count(const Issue &issue, uint8_t &value, const std::string &owner) {
  if (issue.opcode == mach::Wait::opcode) {
    value = uint8_t(value - issue.count);
    return Status::success();
  }
  if (int(value) + issue.count > 255)
    return Error{"semaphore s" + std::to_string(issue.semaphore) + " of " + owner +
                 " would exceed 255"};
  value = uint8_t(value + issue.count);
  return Status::success();
}

Status State::synchronise(const Issue &issue, uint64_t cores) {
  if (issue.bank == mach::Bank::shared)
    return count(issue, sharedSemaphores[issue.semaphore], "the shared buffer");
  for (size_t core = 0; core < semaphores.size(); ++core)
    if (cores >> core & 1)
      if (Status s =
              count(issue, semaphores[core][issue.semaphore], "core " + std::to_string(core));
          !s)
        return s;
  return Status::success();
}

Status State::drain() {
  if (checkOrder)
    return checkOrder->fence();
  return queues ? queues->drain() : Status::success();
}

void State::observeSequencer(mach::Opcode opcode) {
  if (!options.observer)
    return;
  Event own;
  Event &event = queues ? own : scratch; // a queue keeps it
  event.pc = pc;
  event.opcode = opcode;
  event.engine = mach::engine::seq;
  event.mask = 1;
  event.multicast = event.joint = event.fp16 = false;
  event.bank = mach::Bank::cores;
  event.semaphore = event.count = 0;
  event.work.assign(1, sequencerWork);
  if (queues)
    queues->pushFinished(std::move(event));
  else
    options.observer->issued(event);
}

const image::DebugRecord *State::recordOf(uint64_t at) const {
  return at < image.debug.records.size() ? &image.debug.records[at] : nullptr;
}

std::string State::textOf(uint64_t at) const { return mach::print(text[at], names, int64_t(at)); }

std::string State::placeOf(uint64_t at) const {
  std::string where = "instruction " + std::to_string(at);
  if (at >= text.size())
    return where;
  where += " `" + textOf(at) + "`";
  const image::DebugRecord *record = recordOf(at);
  if (record && record->node >= 0 && size_t(record->node) < image.debug.nodes.size())
    where += " (node " + image.debug.nodes[size_t(record->node)] + ")";
  return where;
}

Error State::fault(uint64_t at, const std::string &message) const {
  return Error{placeOf(at) + ": " + message};
}

/// " s3=1 s5=2": those of a bank that are not zero.
static std::string heldIn(const State::SemaphoreBank &bank) {
  std::string held;
  for (size_t s = 0; s < bank.size(); ++s)
    if (bank[s])
      held += " s" + std::to_string(s) + "=" + std::to_string(bank[s]);
  return held;
}

std::string State::describeQueues() const {
  std::string result = "semaphores";
  bool any = false;
  auto add = [&](const std::string &owner, const std::string &held) {
    result += (any ? ", " : ": ") + owner + held;
    any = true;
  };
  // Cores mostly do the same: neighbours with equal semaphores are named together.
  for (size_t core = 0, end = 0; core < semaphores.size(); core = end) {
    for (end = core + 1; end < semaphores.size() && semaphores[end] == semaphores[core];)
      ++end;
    std::string held = heldIn(semaphores[core]);
    if (held.empty())
      continue;
    add(end == core + 1 ? "core " + std::to_string(core)
                        : "cores " + std::to_string(core) + " to " + std::to_string(end - 1),
        held);
  }
  if (std::string held = heldIn(sharedSemaphores); !held.empty())
    add("the shared buffer", held);
  if (!any)
    result += ": all 0";
  return result + "; queues: " + (queues ? queues->describe() : std::string("all empty"));
}

} // namespace slp::exec
