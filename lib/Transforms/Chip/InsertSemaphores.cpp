//===- InsertSemaphores.cpp - hand buffers from engine to engine ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "HandOver.h"
#include "RegionOrder.h"
#include "dialects/Chip/LoadOp.h"
#include "dialects/Chip/MoveOp.h"
#include "dialects/Chip/RegionOp.h"
#include "dialects/Chip/SignalOp.h"
#include "dialects/Chip/WaitOp.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

#include <array>
#include <map>

namespace slp {
#define GEN_PASS_DEF_INSERTSEMAPHORES
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

/// Gives numbers to what engines hand to each other in the tasks of a region. A semaphore is a
/// channel from one engine to another: signals are given, and waits end, in the order of the two
/// queues. So tasks can have the same one, without anything between them, if it has the same
/// meaning in each: its credits are then those of the task before, or free copies.
class Numbers {
public:
  /// `spare`: of each kind of free copies so many times the semaphores that a task has at most, so
  /// that the next task takes others.
  Numbers(ArrayRef<SmallVector<HandOver>> handOvers, size_t spare);

  /// The semaphore of a hand-over of the task that began last.
  int64_t of(const HandOver &handOver);
  void beginTask() { given.clear(); }
  /// The semaphore of what goes from task to task.
  int64_t between(Engine giver, Engine taker, Bank bank);
  bool fit() const { return *llvm::max_element(next) <= 64; }

  struct FreeCopies {
    Bank bank;
    Engine giver, taker;
    int64_t slots, number;
  };
  /// The semaphores whose credits are free copies, in the order of their first use.
  ArrayRef<FreeCopies> freeCopies() const { return copies; }

private:
  using Channel = std::tuple<Bank, Engine, Engine, int64_t>; // with copies; 0 if none
  struct Pool {
    size_t most = 0, next = 0;
    SmallVector<int64_t> numbers;
  };
  static Channel channelOf(const HandOver &handOver) {
    return {handOver.bank(), handOver.giver, handOver.taker, handOver.slots};
  }

  std::array<int64_t, 2> next = {0, 0}; // by bank
  std::map<Channel, size_t> given;      // in the present task
  std::map<Channel, Pool> pools;
  std::map<std::tuple<Engine, Engine>, int64_t> channels;
  SmallVector<FreeCopies> copies;
};

/// The tasks between two fences, and what orders them.
class RegionScheduler {
public:
  RegionScheduler(SmallVector<TaskOp> tasks, const chip::Chip &chip)
      : tasks(std::move(tasks)), chip(chip) {}
  LogicalResult plan();
  /// Whether the semaphores suffice.
  bool fits() const { return numbers->fit(); }
  void insert();
  void remarkWaits();

private:
  void number(size_t spare);

  SmallVector<TaskOp> tasks;
  const chip::Chip &chip;
  SmallVector<SmallVector<HandOver>> handOvers; // by task
  SmallVector<SmallVector<int64_t>> semaphores; // the same
  SmallVector<Link> links;
  SmallVector<int64_t> linkSemaphores;
  std::optional<Numbers> numbers;
};

struct InsertSemaphores : slp::impl::InsertSemaphoresBase<InsertSemaphores> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult schedule(RegionOp region, const chip::Chip &chip);
};

} // namespace

//===----------------------------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------------------------===//

Numbers::Numbers(ArrayRef<SmallVector<HandOver>> handOvers, size_t spare) {
  for (const SmallVector<HandOver> &ofTask : handOvers) {
    std::map<Channel, size_t> count;
    for (const HandOver &handOver : ofTask)
      ++count[channelOf(handOver)];
    for (auto [channel, n] : count) {
      bool isFreeCopies = std::get<3>(channel) != 0;
      size_t &most = pools[channel].most;
      most = std::max(most, isFreeCopies ? n * spare : n);
    }
  }
}

int64_t Numbers::of(const HandOver &handOver) {
  Channel channel = channelOf(handOver);
  Pool &pool = pools[channel];
  auto fresh = [&] {
    pool.numbers.push_back(next[size_t(handOver.bank())]++);
    if (handOver.isBackwards())
      copies.push_back(
          {handOver.bank(), handOver.giver, handOver.taker, handOver.slots, pool.numbers.back()});
    return pool.numbers.back();
  };
  if (!handOver.isBackwards()) {
    size_t at = given[channel]++;
    return at < pool.numbers.size() ? pool.numbers[at] : fresh();
  }
  if (pool.numbers.size() < pool.most)
    return fresh();
  return pool.numbers[pool.next++ % pool.most];
}

int64_t Numbers::between(Engine giver, Engine taker, Bank bank) {
  auto [it, isNew] = channels.try_emplace({giver, taker}, 0);
  if (isNew)
    it->second = next[size_t(bank)]++;
  return it->second;
}

//===----------------------------------------------------------------------------------------===//
// A region
//===----------------------------------------------------------------------------------------===//

static Bank bankOf(const Link &link) {
  return isPerCore(link.giver) || isPerCore(link.taker) ? Bank::cores : Bank::shared;
}

LogicalResult RegionScheduler::plan() {
  for (TaskOp task : tasks) {
    FailureOr<SmallVector<HandOver>> ofTask = handOversOf(task);
    if (failed(ofTask))
      return failure();
    handOvers.push_back(std::move(*ofTask));
  }
  if (tasks.size() > 1) {
    FailureOr<SmallVector<Link>> found = linksOf(tasks, handOvers, chip);
    if (failed(found))
      return failure();
    links = std::move(*found);
  }
  number(/*spare=*/tasks.size() > 1 ? 2 : 1);
  if (!fits())
    number(/*spare=*/1);
  return success();
}

void RegionScheduler::number(size_t spare) {
  numbers.emplace(handOvers, spare);
  semaphores.clear();
  linkSemaphores.clear();
  for (const SmallVector<HandOver> &ofTask : handOvers) {
    numbers->beginTask();
    SmallVector<int64_t> &of = semaphores.emplace_back();
    for (const HandOver &handOver : ofTask)
      of.push_back(numbers->of(handOver));
  }
  for (const Link &link : links)
    linkSemaphores.push_back(numbers->between(link.giver, link.taker, bankOf(link)));
}

void RegionScheduler::insert() {
  bool isJoined = tasks.size() > 1;
  OpBuilder b(tasks.front());
  auto wait = [&](Location loc, Engine engine, int64_t semaphore, int64_t count, Bank bank,
                  bool across) { WaitOp::create(b, loc, engine, semaphore, count, bank, across); };
  auto signal = [&](Location loc, Engine engine, int64_t semaphore, int64_t count, Bank bank,
                    bool across) {
    SignalOp::create(b, loc, engine, semaphore, count, bank, across);
  };
  for (auto [ofTask, numbersOfTask] : llvm::zip_equal(handOvers, semaphores))
    for (auto [handOver, semaphore] : llvm::zip_equal(ofTask, numbersOfTask)) {
      Location loc = handOver.alloc.getLoc();
      b.setInsertionPointAfter(handOver.after);
      signal(loc, handOver.giver, semaphore, 1, handOver.bank(), false);
      if (handOver.isBackwards())
        b.setInsertionPointAfter(handOver.alloc);
      else
        b.setInsertionPoint(handOver.before);
      wait(loc, handOver.taker, semaphore, 1, handOver.bank(), false);
    }
  for (auto [link, semaphore] : llvm::zip_equal(links, linkSemaphores)) {
    Location loc = link.before->getLoc();
    if (link.task)
      b.setInsertionPointToEnd(&tasks[*link.task].getBody().front());
    else
      b.setInsertionPoint(link.before);
    signal(loc, link.giver, semaphore, 1, bankOf(link), true);
    b.setInsertionPoint(link.before);
    wait(loc, link.taker, semaphore, 1, bankOf(link), true);
  }
  for (const Numbers::FreeCopies &free : numbers->freeCopies()) {
    Location loc = tasks.front().getLoc();
    b.setInsertionPointToStart(&tasks.front().getBody().front());
    signal(loc, free.giver, free.number, free.slots, free.bank, isJoined);
    b.setInsertionPointToEnd(&tasks.back().getBody().front());
    wait(loc, free.taker, free.number, free.slots, free.bank, isJoined);
  }
}

/// The op of a task that first brings something to the chip, or to its cores; null if none does.
static Operation *firstLoadOf(TaskOp task) {
  Operation *first = nullptr;
  task.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (!isa<LoadOp>(op) && !(isa<MoveOp>(op) && engineOf(op) == Engine::load))
      return WalkResult::advance();
    first = op;
    return WalkResult::interrupt();
  });
  return first;
}

/// Says which tasks cannot begin to load while those before them still compute.
void RegionScheduler::remarkWaits() {
  llvm::MapVector<Operation *, SmallVector<std::string>> waits; // by task
  const Link *met = nullptr; // what the meeting place has waited for last
  for (const Link &link : links) {
    if (link.taker == meetingPlace)
      met = &link;
    auto task = link.before->getParentOfType<TaskOp>();
    Operation *first = firstLoadOf(task);
    const Link *from = link.task ? &link : met;
    if (!first || engineOf(first) != link.taker || !from || !from->task)
      continue;
    Operation *anchor = task.getBody().front().findAncestorOpInBlock(*first);
    if (link.before != anchor && !link.before->isBeforeInBlock(anchor))
      continue;
    TaskOp before = tasks[*from->task];
    waits[task].push_back(("engine " + stringifyEnum(from->giver) + " of node \"" +
                           before.getName() + "\" (" + before.getOp() + ", " + before.getPhase() +
                           ")")
                              .str());
  }
  for (auto &[op, engines] : waits) {
    auto task = cast<TaskOp>(op);
    auto opts = remark::RemarkOpts::name("first-load").category("regions");
    if (auto r = remark::missed(task.getLoc(), opts))
      r << task.getOp().str() + ", " + task.getPhase().str() + ": its first load waits for " +
               llvm::join(engines, ", ");
  }
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

static void finish(RegionScheduler &region) {
  region.insert();
  region.remarkWaits();
}

/// A region that needs more semaphores than there are becomes two.
LogicalResult InsertSemaphores::schedule(RegionOp region, const chip::Chip &chip) {
  auto tasks = llvm::to_vector(region.getBody().front().getOps<TaskOp>());
  if (tasks.empty())
    return success();
  RegionScheduler scheduler(tasks, chip);
  if (failed(scheduler.plan()))
    return failure();
  if (scheduler.fits()) {
    finish(scheduler);
    return success();
  }
  if (tasks.size() == 1)
    return tasks.front().emitOpError("needs more than 64 semaphores");
  OpBuilder b(region);
  b.setInsertionPointAfter(region);
  auto second = RegionOp::create(b, region.getLoc());
  Block *body = b.createBlock(&second.getBody());
  for (TaskOp task : ArrayRef(tasks).drop_front(tasks.size() / 2))
    task->moveBefore(body, body->end());
  if (auto r = remark::missed(tasks[tasks.size() / 2].getLoc(),
                              remark::RemarkOpts::name("fence").category("regions")))
    r << "a fence before it: the region needs more than 64 semaphores";
  return failed(schedule(region, chip)) ? failure() : schedule(second, chip);
}

void InsertSemaphores::runOnOperation() {
  SmallVector<RegionOp> regions;
  SmallVector<TaskOp> alone;
  getOperation().walk([&](Operation *op) {
    if (auto region = dyn_cast<RegionOp>(op))
      regions.push_back(region);
    if (auto task = dyn_cast<TaskOp>(op); task && !isa<RegionOp>(task->getParentOp()))
      alone.push_back(task);
  });
  // What is alone asks nothing of others, nor of the chip.
  FailureOr<chip::Chip> chip =
      regions.empty() ? FailureOr<chip::Chip>(chip::Chip()) : chipOf(getOperation());
  if (failed(chip))
    return signalPassFailure();
  for (RegionOp region : regions)
    if (failed(schedule(region, *chip)))
      return signalPassFailure();
  for (TaskOp task : alone) {
    RegionScheduler scheduler({task}, *chip);
    if (failed(scheduler.plan()))
      return signalPassFailure();
    if (!scheduler.fits()) {
      task.emitOpError("needs more than 64 semaphores");
      return signalPassFailure();
    }
    finish(scheduler);
  }
  getOperation()->setAttr("slp.stage", StringAttr::get(&getContext(), "schedule"));
}
