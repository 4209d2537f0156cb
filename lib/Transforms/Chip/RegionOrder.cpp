//===- RegionOrder.cpp - what tasks of one region wait for
//-------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "RegionOrder.h"

#include "dialects/Chip/LoadOp.h"
#include "dialects/Chip/MoveOp.h"
#include "dialects/Chip/StoreOp.h"
#include "dialects/Chip/ViewOp.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

#include <array>
#include <map>
#include <vector>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

static Operation *inBlockOf(TaskOp task, Operation *op) {
  return task.getBody().front().findAncestorOpInBlock(*op);
}

/// Whether an op of a task runs whatever data say.
static bool isCertain(Operation *op) {
  for (Operation *at = op->getParentOp(); at && !isa<TaskOp>(at); at = at->getParentOp()) {
    auto loop = dyn_cast<scf::ForOp>(at);
    std::optional<APInt> trips = loop ? loop.getStaticTripCount() : std::nullopt;
    if (!trips || trips->isZero())
      return false;
  }
  return true;
}

namespace {

constexpr size_t engineCount = getMaxEnumValForEngine() + 1;

/// Of each engine, up to which task its work is done; tasks are counted from 1.
using Tasks = std::array<size_t, engineCount>;

/// What is known to be done to who has come to a place in an engine's queue. An engine with one
/// queue does for all cores what it does.
struct Knowledge {
  Tasks own{}; // on the same core; of no use to an engine with one queue
  Tasks all{}; // on every core of the region

  void merge(const Knowledge &other) {
    for (size_t e = 0; e < engineCount; ++e) {
      own[e] = std::max(own[e], other.own[e]);
      all[e] = std::max(all[e], other.all[e]);
    }
  }
};

/// A use of bytes that others may use: by `engine`, first of all by `first`, an op of the task's
/// block.
struct Use {
  ByteRange bytes;
  Engine engine;
  bool isWritten;
  Operation *first;
};

/// What has to be done before an op, of each engine up to which task.
struct Demand {
  Engine taker;
  Operation *before;
  Tasks onCore{}, onAllCores{};
};

class RegionOrder {
public:
  RegionOrder(ArrayRef<TaskOp> tasks, ArrayRef<SmallVector<HandOver>> handOvers,
              const chip::Chip &chip)
      : tasks(tasks), handOvers(handOvers), chip(chip),
        symbols(tasks.front()->getParentOfType<ModuleOp>()) {
    for (TaskOp task : this->tasks)
      cores = std::max(cores, int64_t(task.getCores()));
  }
  FailureOr<SmallVector<Link>> run();

private:
  LogicalResult collect(TaskOp task);
  LogicalResult collectBuffer(AllocOp alloc);
  void collectTransfer(Operation *op, Value view, bool isWritten);
  SmallVector<Demand> demands() const;
  void order(size_t index);
  /// Whether a hand-over happens whatever data say, on all cores of the region: it tells of the
  /// task's cores alone.
  bool passesOn(const HandOver &handOver) const {
    auto task = handOver.alloc->getParentOfType<TaskOp>();
    return !handOver.isBackwards() && int64_t(task.getCores()) == cores &&
           isCertain(handOver.after) && isCertain(handOver.before);
  }
  void numberOps(TaskOp task);
  void meet(const Demand &demand);
  void waitFor(Engine giver, Engine taker, std::optional<size_t> task, Operation *before,
               const Knowledge &given);
  void passOn(const HandOver &handOver);
  void passOnAtEnd(ArrayRef<HandOver> ofTask);
  bool tellsOfAll(const HandOver &handOver) const;
  void remember(Engine engine, Operation *at);

  ArrayRef<TaskOp> tasks;
  ArrayRef<SmallVector<HandOver>> handOvers;
  const chip::Chip &chip;
  SymbolTable symbols;
  int64_t cores = 1;
  SmallVector<Link> links;

  // Of the tasks before the present one.
  struct Past {
    Use use;
    size_t task;
  };
  SmallVector<Past> past;
  std::vector<std::array<Knowledge, engineCount>> behind; // by task: at its end

  // Of the present task.
  SmallVector<Use> uses;
  SmallVector<std::pair<Use, Engine>> onChip; // a buffer's bytes, with each engine that uses them
  DenseMap<Operation *, size_t> number;       // in program order
  std::array<Knowledge, engineCount> known;
  /// How each engine's knowledge grew within the task.
  std::array<std::vector<std::pair<size_t, Knowledge>>, engineCount> history;
};

} // namespace

/// Whether an op writes a buffer that it uses.
static bool isWrittenBy(AllocOp buffer, Operation *user) {
  if (auto move = dyn_cast<MoveOp>(user))
    return move.getTarget() == buffer.getResult();
  if (isa<StoreOp>(user))
    return false;
  auto instr = dyn_cast<EngineInstruction>(user);
  return !instr || llvm::any_of(user->getOpOperands(), [&](OpOperand &operand) {
    return operand.get() == buffer.getResult() && instr.getField(operand).role.isWritten();
  });
}

LogicalResult RegionOrder::collectBuffer(AllocOp alloc) {
  if (alloc.getBase())
    return success();
  FailureOr<SmallVector<Turn>> turns = turnsOf(alloc);
  if (failed(turns))
    return failure();
  auto task = alloc->getParentOfType<TaskOp>();
  if (alloc.getHolds()) { // which tasks may read one after the other, in any order
    for (Operation *user : alloc.getResult().getUsers())
      if (std::optional<Engine> engine = engineOf(user))
        onChip.push_back(
            {{rangeOf(alloc), *engine, isWrittenBy(alloc, user), inBlockOf(task, user)}, *engine});
    return success();
  }
  // Whoever takes the first turn writes, and the others wait for it.
  for (const Turn &turn : *turns)
    onChip.push_back({{rangeOf(alloc), turns->front().engine, /*isWritten=*/true,
                       inBlockOf(task, turns->front().first)},
                      turn.engine});
  return success();
}

void RegionOrder::collectTransfer(Operation *op, Value view, bool isWritten) {
  auto tensor = symbols.lookup<TensorOp>(view.getDefiningOp<ViewOp>().getTensor());
  uses.push_back(
      {rangeOf(tensor), *engineOf(op), isWritten, inBlockOf(op->getParentOfType<TaskOp>(), op)});
}

LogicalResult RegionOrder::collect(TaskOp task) {
  uses.clear();
  onChip.clear();
  WalkResult result = task.walk([&](Operation *op) -> WalkResult {
    if (auto alloc = dyn_cast<AllocOp>(op))
      return collectBuffer(alloc);
    if (auto load = dyn_cast<LoadOp>(op))
      collectTransfer(load, load.getSource(), /*isWritten=*/false);
    if (auto store = dyn_cast<StoreOp>(op))
      collectTransfer(store, store.getTarget(), /*isWritten=*/true);
    auto instr = dyn_cast<EngineInstruction>(op);
    if (int64_t shift = instr ? hiddenShift(instr, chip) : 0) {
      auto result = instr->getOperand(0).getDefiningOp<AllocOp>().getOwner();
      ByteRange bytes = rangeOf(result);
      bytes.begin += shift;
      bytes.end += shift;
      onChip.push_back(
          {{bytes, instr.getEngine(), /*isWritten=*/true, inBlockOf(task, op)}, instr.getEngine()});
    }
    return success();
  });
  return failure(result.wasInterrupted());
}

/// What the present task asks of those before it, in program order of the ops that wait.
SmallVector<Demand> RegionOrder::demands() const {
  std::map<std::pair<size_t, Engine>, Demand> found;
  auto add = [&](const Use &use, const Past &past) {
    if (!use.bytes.overlaps(past.use.bytes) || !(use.isWritten || past.use.isWritten))
      return;
    auto [it, isNew] =
        found.try_emplace({number.lookup(use.first), use.engine}, Demand{use.engine, use.first});
    bool isOfCore = use.bytes.space == Space::spm || use.bytes.space == Space::acc;
    Tasks &tasks = isOfCore && isPerCore(use.engine) ? it->second.onCore : it->second.onAllCores;
    size_t &last = tasks[size_t(past.use.engine)];
    last = std::max(last, past.task);
  };
  for (const Past &past : this->past) {
    for (const Use &use : uses)
      add(use, past);
    for (const auto &[use, engine] : onChip)
      add(use, past);
  }
  SmallVector<Demand> result;
  for (auto &[at, demand] : found)
    result.push_back(demand);
  return result;
}

void RegionOrder::numberOps(TaskOp task) {
  number.clear();
  size_t next = 0;
  task.walk<WalkOrder::PreOrder>([&](Operation *op) { number[op] = next++; });
}

void RegionOrder::remember(Engine engine, Operation *at) {
  history[size_t(engine)].emplace_back(number.lookup(at), known[size_t(engine)]);
}

/// What a taker learns of what its giver knows: an engine with one queue waits for each core, which
/// tells of itself.
static Knowledge learntFrom(Knowledge given, Engine giver, Engine taker) {
  if (!isPerCore(taker) && isPerCore(giver))
    for (size_t e = 0; e < engineCount; ++e)
      given.all[e] = std::max(given.all[e], given.own[e]);
  return given;
}

/// The taker learns what the giver knew.
void RegionOrder::waitFor(Engine giver, Engine taker, std::optional<size_t> task, Operation *before,
                          const Knowledge &given) {
  links.push_back({giver, taker, task, before});
  known[size_t(taker)].merge(learntFrom(given, giver, taker));
  remember(taker, before);
}

void RegionOrder::meet(const Demand &demand) {
  size_t taker = size_t(demand.taker);
  for (size_t e = 0; e < engineCount; ++e) {
    auto giver = Engine(e);
    size_t onCore = demand.onCore[e], onAll = demand.onAllCores[e];
    // A queue is in order: on its own core, or where there is but one.
    if (giver == demand.taker) {
      onCore = 0;
      if (!isPerCore(giver) || cores == 1)
        onAll = 0;
    }
    bool knowsCore = known[taker].own[e] >= onCore || known[taker].all[e] >= onCore;
    bool knowsAll = known[taker].all[e] >= onAll;
    if (knowsCore && knowsAll)
      continue;
    size_t task = std::max(knowsCore ? 0 : onCore, knowsAll ? 0 : onAll);
    const Knowledge &given = behind[task - 1][e];
    bool isDirect = knowsAll || cores == 1 || !isPerCore(giver) || !isPerCore(demand.taker);
    if (isDirect) {
      waitFor(giver, demand.taker, task - 1, demand.before, given);
      continue;
    }
    if (known[size_t(meetingPlace)].all[e] < task)
      waitFor(giver, meetingPlace, task - 1, demand.before, given);
    waitFor(meetingPlace, demand.taker, std::nullopt, demand.before, known[size_t(meetingPlace)]);
  }
}

/// Whether the last of these hand-overs comes behind all that the giver does in the task.
bool RegionOrder::tellsOfAll(const HandOver &handOver) const {
  size_t last = number.lookup(handOver.after);
  return llvm::none_of(number, [&](const auto &entry) {
    return entry.second > last && engineOf(entry.first) == handOver.giver &&
           !handOver.after->isAncestor(entry.first);
  });
}

/// At the end of a task takers know what they were handed last.
void RegionOrder::passOnAtEnd(ArrayRef<HandOver> ofTask) {
  std::multimap<size_t, const HandOver *> telling; // by when they are waited for
  for (const HandOver &handOver : ofTask)
    if (passesOn(handOver) && tellsOfAll(handOver))
      telling.emplace(number.lookup(handOver.before), &handOver);
  for (auto [when, handOver] : telling)
    known[size_t(handOver->taker)].merge(
        learntFrom(known[size_t(handOver->giver)], handOver->giver, handOver->taker));
}

/// What the giver of a hand-over knew when it was done, its taker knows from then on.
void RegionOrder::passOn(const HandOver &handOver) {
  const auto &grown = history[size_t(handOver.giver)];
  size_t at = number.lookup(handOver.after);
  const Knowledge *given = nullptr;
  for (const auto &[when, knowledge] : grown)
    if (when <= at)
      given = &knowledge;
  known[size_t(handOver.taker)].merge(learntFrom(*given, handOver.giver, handOver.taker));
  remember(handOver.taker, handOver.before);
}

void RegionOrder::order(size_t index) {
  TaskOp task = tasks[index];
  numberOps(task);
  for (size_t e = 0; e < engineCount; ++e)
    history[e] = {{0, known[e]}};
  std::multimap<size_t, const HandOver *> certain; // by when they are waited for
  for (const HandOver &handOver : handOvers[index])
    if (passesOn(handOver))
      certain.emplace(number.lookup(handOver.before), &handOver);
  auto next = certain.begin();
  auto passOnBefore = [&](size_t end) {
    for (; next != certain.end() && next->first < end; ++next)
      passOn(*next->second);
  };
  for (const Demand &demand : demands()) {
    passOnBefore(number.lookup(demand.before));
    meet(demand);
  }
  passOnBefore(number.size());
}

FailureOr<SmallVector<Link>> RegionOrder::run() {
  for (size_t index = 0; index < tasks.size(); ++index) {
    if (failed(collect(tasks[index])))
      return failure();
    order(index);
    for (size_t e = 0; e < engineCount; ++e) {
      known[e].own[e] = index + 1;
      if (!isPerCore(Engine(e)) || cores == 1)
        known[e].all[e] = index + 1;
    }
    passOnAtEnd(handOvers[index]);
    behind.push_back(known);
    for (const Use &use : uses)
      past.push_back({use, index + 1});
    for (const auto &[use, engine] : onChip)
      past.push_back({{use.bytes, engine, use.isWritten, use.first}, index + 1});
  }
  return links;
}

FailureOr<SmallVector<Link>> slp::linksOf(ArrayRef<TaskOp> tasks,
                                          ArrayRef<SmallVector<HandOver>> handOvers,
                                          const chip::Chip &chip) {
  return RegionOrder(tasks, handOvers, chip).run();
}
