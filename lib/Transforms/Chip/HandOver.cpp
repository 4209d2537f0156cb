//===- HandOver.cpp - what the engines of a buffer hand to each other -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "HandOver.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

FailureOr<SmallVector<Turn>> slp::turnsOf(AllocOp alloc) {
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

FailureOr<SmallVector<HandOver>> slp::handOversOf(TaskOp task) {
  SmallVector<HandOver> all;
  WalkResult walked =
      task.walk([&](AllocOp alloc) { return WalkResult(addHandOvers(alloc, all)); });
  if (walked.wasInterrupted())
    return failure();
  return neededOf(all);
}
