//===- InsertSemaphores.cpp - hand buffers from engine to engine ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/SignalOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/WaitOp.h"
#include "slp/Transforms/Chip/Passes.h"

#include <array>

namespace slp {
#define GEN_PASS_DEF_INSERTSEMAPHORES
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

/// One engine's turn with a buffer: its first and last op in the buffer's block (or the loop around
/// them).
struct Turn {
  Engine engine;
  Operation *first, *last;
};

struct InsertSemaphores : slp::impl::InsertSemaphoresBase<InsertSemaphores> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult schedule(TaskOp task);
  LogicalResult schedule(TaskOp task, AllocOp alloc);

  std::array<int64_t, 2> nextSemaphore; // by bank
};

} // namespace

/// The turns of a buffer in program order; fails if engines do not take turns.
static FailureOr<SmallVector<Turn>> turnsOf(AllocOp alloc) {
  Block *block = alloc->getBlock();
  SmallVector<std::pair<Operation *, Engine>> uses;
  auto addUsers = [&](AllocOp name) {
    for (Operation *user : name.getResult().getUsers())
      if (std::optional<Engine> engine = engineOf(user))
        uses.emplace_back(user, *engine);
  };
  addUsers(alloc);
  for (Operation *user : alloc.getResult().getUsers())
    if (auto other = dyn_cast<AllocOp>(user)) // another name for it
      addUsers(other);
  auto anchor = [&](Operation *op) { return block->findAncestorOpInBlock(*op); };
  llvm::sort(uses, [&](const auto &a, const auto &b) {
    return a.first->getBlock() == b.first->getBlock()
               ? a.first->isBeforeInBlock(b.first)
               : anchor(a.first)->isBeforeInBlock(anchor(b.first));
  });
  SmallVector<Turn> turns;
  for (auto [user, engine] : uses) {
    Operation *at = anchor(user);
    if (!turns.empty() && turns.back().engine == engine) {
      turns.back().last = at;
      continue;
    }
    for (const Turn &turn : turns)
      if (turn.engine == engine || turn.last == at)
        return alloc.emitOpError("is used by engine ")
               << stringifyEnum(engine) << " between uses of another engine";
    turns.push_back({engine, at, at});
  }
  return turns;
}

/// Engines that all have one queue need one semaphore, not one on each core.
static Bank bankOf(Engine giver, Engine taker) {
  return isPerCore(giver) || isPerCore(taker) ? Bank::cores : Bank::shared;
}

LogicalResult InsertSemaphores::schedule(TaskOp task, AllocOp alloc) {
  if (alloc.getBase())
    return success();
  FailureOr<SmallVector<Turn>> turns = turnsOf(alloc);
  if (failed(turns))
    return failure();
  if (turns->size() < 2)
    return success();

  OpBuilder b(alloc);
  Location loc = alloc.getLoc();
  auto wait = [&](Engine engine, int64_t semaphore, int64_t count, Bank bank) {
    WaitOp::create(b, loc, engine, semaphore, count, bank);
  };
  auto signal = [&](Engine engine, int64_t semaphore, int64_t count, Bank bank) {
    SignalOp::create(b, loc, engine, semaphore, count, bank);
  };
  for (size_t i = 0; i + 1 < turns->size(); ++i) {
    const Turn &giver = (*turns)[i], &taker = (*turns)[i + 1];
    Bank bank = bankOf(giver.engine, taker.engine);
    int64_t handOver = nextSemaphore[size_t(bank)]++;
    b.setInsertionPointAfter(giver.last);
    signal(giver.engine, handOver, 1, bank);
    b.setInsertionPoint(taker.first);
    wait(taker.engine, handOver, 1, bank);
  }
  Engine first = turns->front().engine, last = turns->back().engine;
  Bank bank = bankOf(last, first);
  int64_t giveBack = nextSemaphore[size_t(bank)]++;
  b.setInsertionPointAfter(alloc);
  wait(first, giveBack, 1, bank);
  b.setInsertionPointAfter(turns->back().last);
  signal(last, giveBack, 1, bank);
  b.setInsertionPointToStart(&task.getBody().front());
  signal(last, giveBack, alloc.getSlots(), bank);
  b.setInsertionPointToEnd(&task.getBody().front());
  wait(first, giveBack, alloc.getSlots(), bank);
  if (*llvm::max_element(nextSemaphore) > 64)
    return task.emitOpError("needs more than 64 semaphores");
  return success();
}

LogicalResult InsertSemaphores::schedule(TaskOp task) {
  SmallVector<AllocOp> allocs;
  task.walk([&](AllocOp alloc) { allocs.push_back(alloc); });
  nextSemaphore = {0, 0};
  for (AllocOp alloc : allocs)
    if (failed(schedule(task, alloc)))
      return failure();
  return success();
}

void InsertSemaphores::runOnOperation() {
  WalkResult result = getOperation().walk([&](TaskOp task) { return WalkResult(schedule(task)); });
  if (result.wasInterrupted())
    return signalPassFailure();
  getOperation()->setAttr("slp.stage", StringAttr::get(&getContext(), "schedule"));
}
