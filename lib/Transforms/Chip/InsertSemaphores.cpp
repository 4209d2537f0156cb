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

/// What one engine hands to another with a semaphore: `giver` has done `after`, and `taker` may do
/// `before`. Both are ops of one block. With `slots` it is free slots that are handed back, so many
/// of which there are at first.
struct HandOver {
  AllocOp alloc;
  Engine giver, taker;
  Operation *after, *before;
  int64_t slots;

  bool isBackwards() const { return slots != 0; }
  /// Engines that all have one queue need one semaphore, not one on each core.
  Bank bank() const { return isPerCore(giver) || isPerCore(taker) ? Bank::cores : Bank::shared; }
};

struct InsertSemaphores : slp::impl::InsertSemaphoresBase<InsertSemaphores> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult schedule(TaskOp task);
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

/// What the engines of a buffer hand to each other, in the order of their turns.
static LogicalResult addHandOvers(AllocOp alloc, SmallVectorImpl<HandOver> &result) {
  if (alloc.getBase())
    return success();
  FailureOr<SmallVector<Turn>> turns = turnsOf(alloc);
  if (failed(turns))
    return failure();
  if (turns->size() < 2)
    return success();
  for (size_t i = 0; i + 1 < turns->size(); ++i) {
    const Turn &giver = (*turns)[i], &taker = (*turns)[i + 1];
    result.push_back({alloc, giver.engine, taker.engine, giver.last, taker.first, 0});
  }
  result.push_back({alloc, turns->back().engine, turns->front().engine, turns->back().last, alloc,
                    int64_t(alloc.getSlots())});
  return success();
}

/// Whether who has waited for `other` need not wait for `one`: queues are in order, so what has
/// been given earlier is there, and what is taken later has waited.
static bool isImpliedBy(const HandOver &one, const HandOver &other) {
  auto isNotBehind = [](Operation *a, Operation *b) { return a == b || a->isBeforeInBlock(b); };
  return one.giver == other.giver && one.taker == other.taker && one.slots == other.slots &&
         one.after->getBlock() == other.after->getBlock() && isNotBehind(one.after, other.after) &&
         isNotBehind(other.before, one.before);
}

/// Those that no other implies; of two that imply each other the first stays.
static SmallVector<HandOver> neededOf(ArrayRef<HandOver> all) {
  SmallVector<HandOver> needed;
  for (size_t i = 0; i < all.size(); ++i) {
    bool isImplied = false;
    for (size_t j = 0; j < all.size() && !isImplied; ++j)
      isImplied = i != j && isImpliedBy(all[i], all[j]) && (j < i || !isImpliedBy(all[j], all[i]));
    if (!isImplied)
      needed.push_back(all[i]);
  }
  return needed;
}

LogicalResult InsertSemaphores::schedule(TaskOp task) {
  SmallVector<HandOver> all;
  WalkResult walked =
      task.walk([&](AllocOp alloc) { return WalkResult(addHandOvers(alloc, all)); });
  if (walked.wasInterrupted())
    return failure();
  std::array<int64_t, 2> next = {0, 0}; // by bank
  OpBuilder b(task);
  for (HandOver &handOver : neededOf(all)) {
    Location loc = handOver.alloc.getLoc();
    Bank bank = handOver.bank();
    int64_t semaphore = next[size_t(bank)]++;
    auto wait = [&](int64_t count) {
      WaitOp::create(b, loc, handOver.taker, semaphore, count, bank);
    };
    auto signal = [&](int64_t count) {
      SignalOp::create(b, loc, handOver.giver, semaphore, count, bank);
    };
    b.setInsertionPointAfter(handOver.after);
    signal(1);
    if (!handOver.isBackwards()) {
      b.setInsertionPoint(handOver.before);
      wait(1);
      continue;
    }
    b.setInsertionPointAfter(handOver.alloc);
    wait(1);
    b.setInsertionPointToStart(&task.getBody().front());
    signal(handOver.slots);
    b.setInsertionPointToEnd(&task.getBody().front());
    wait(handOver.slots);
  }
  if (*llvm::max_element(next) > 64)
    return task.emitOpError("needs more than 64 semaphores");
  return success();
}

void InsertSemaphores::runOnOperation() {
  WalkResult result = getOperation().walk([&](TaskOp task) { return WalkResult(schedule(task)); });
  if (result.wasInterrupted())
    return signalPassFailure();
  getOperation()->setAttr("slp.stage", StringAttr::get(&getContext(), "schedule"));
}
