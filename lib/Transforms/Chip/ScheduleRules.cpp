//===- ScheduleRules.cpp - rules that hold whatever order engines work in --------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Rules V6 and V7 of chip-verify-schedule, as far as they speak of one task.
//
//===----------------------------------------------------------------------------------------===//

#include "ScheduleRules.h"

#include "Footprint.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/ChipOps.h"
#include "dialects/Mach/ElementFormat.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

#include <map>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

class TaskRules {
public:
  TaskRules(TaskOp task, const chip::Chip &chip) : task(task), chip(chip) {}
  LogicalResult verify() {
    return failed(verifyInPlace()) || failed(verifyMoves()) || failed(verifyWrites()) ||
                   failed(verifyPlaces())
               ? failure()
               : success();
  }

private:
  LogicalResult verifyInPlace();
  LogicalResult verifyWrites();
  LogicalResult verifyWritesOfOne(StoreOp store);
  LogicalResult verifyMoves();
  LogicalResult verifyPlaces();
  bool tilesAreDisjoint(AllocOp alloc, bool onAllCores, Operation *within = nullptr,
                        bool inOrder = false);

  TaskOp task;
  const chip::Chip &chip;
};

} // namespace

/// How far a coordinate moves when `variable` grows by one.
static int64_t factorOf(Value coordinate, Value variable) {
  if (coordinate == variable)
    return 1;
  auto apply = coordinate.getDefiningOp<affine::AffineApplyOp>();
  if (!apply || apply.getNumOperands() != 1 || apply.getOperand(0) != variable)
    return 0;
  Builder b(variable.getContext());
  auto evaluate = [&](int64_t x) {
    SmallVector<Attribute> result;
    if (failed(apply.getAffineMap().constantFold({b.getIndexAttr(x)}, result)))
      return int64_t(0);
    return cast<IntegerAttr>(result[0]).getInt();
  };
  return evaluate(1) - evaluate(0);
}

int64_t slp::mostTripsOf(scf::ForOp loop) {
  if (std::optional<APInt> trip = loop.getStaticTripCount())
    return trip->getSExtValue();
  auto count = loop.getUpperBound().getDefiningOp<CountOp>();
  bool isByOne =
      getConstantIntValue(loop.getLowerBound()) == 0 && getConstantIntValue(loop.getStep()) == 1;
  return count && isByOne ? int64_t(count.getMost()) : -1;
}

/// Whether a coordinate was read from memory.
static bool isRead(Value coordinate) {
  auto apply = coordinate.getDefiningOp<affine::AffineApplyOp>();
  Value variable = apply && apply.getNumOperands() == 1 ? apply.getOperand(0) : coordinate;
  return isa_and_nonnull<CountOp, ElementOp>(variable.getDefiningOp());
}

/// True if no two iterations of the loops around a buffer, and no two cores, have an element in
/// common. What lies in the shared buffer no core has. Of the loops around `within`, if there is
/// one, one iteration is meant. A coordinate that was read reaches the whole dimension; with
/// `inOrder` iterations of one core that differ in nothing else may meet.
///
/// Loops, the cores of a group and the groups each move the tile. They are put in an order in which
/// each moves it, in some dimension, beyond everything that those before it reach: then tiles
/// differ there if it is the last of the order that differs.
bool TaskRules::tilesAreDisjoint(AllocOp alloc, bool onAllCores, Operation *within, bool inOrder) {
  struct Mover {
    SmallVector<int64_t> moves; // by dimension
    int64_t count;
  };
  SmallVector<int64_t> reach(cast<MemRefType>(alloc.getResult().getType()).getShape());
  size_t rank = reach.size();
  bool hasRead = false;
  for (size_t d = 0; d < rank; ++d)
    if (isRead(alloc.getOrigin()[d])) {
      reach[d] += alloc.getExtents()[d];
      hasRead = true;
    }
  SmallVector<Mover> movers;
  auto addMover = [&](int64_t count, llvm::function_ref<int64_t(size_t)> moves) {
    if (count < 2)
      return;
    Mover &mover = movers.emplace_back(Mover{{}, count});
    for (size_t d = 0; d < rank; ++d)
      mover.moves.push_back(std::abs(moves(d)));
  };
  if (onAllCores) {
    addMover(task.getCoresOfGroup(), [&](size_t d) { return alloc.getCoreStride()[d]; });
    addMover(int64_t(task.getGroups()), [&](size_t d) { return alloc.groupStrideOf(d); });
  }
  for (auto loop = alloc->getParentOfType<scf::ForOp>();
       loop && !(within && loop->isAncestor(within)); loop = loop->getParentOfType<scf::ForOp>()) {
    std::optional<int64_t> step = getConstantIntValue(loop.getStep());
    int64_t trips = mostTripsOf(loop);
    if (!step || trips < 0)
      return false;
    auto moves = [&](size_t d) {
      return factorOf(alloc.getOrigin()[d], loop.getInductionVar()) * *step;
    };
    bool movesNothing = llvm::all_of(llvm::seq(rank), [&](size_t d) { return moves(d) == 0; });
    if (!(inOrder && hasRead && movesNothing))
      addMover(trips, moves);
  }
  while (!movers.empty()) {
    // The one that moves least: what is reached beyond it would be in the way of it.
    Mover *next = nullptr;
    int64_t least = 0;
    for (Mover &mover : movers)
      for (size_t d = 0; d < rank; ++d)
        if (mover.moves[d] >= reach[d] && (!next || mover.moves[d] < least)) {
          next = &mover;
          least = mover.moves[d];
        }
    if (!next)
      return false;
    for (size_t d = 0; d < rank; ++d)
      reach[d] += next->moves[d] * (next->count - 1);
    movers.erase(next);
  }
  return true;
}

static bool isShared(Value buffer) {
  return spaceOf(cast<MemRefType>(buffer.getType())) == Space::shared;
}

/// V6: a tensor read and written in one task goes through one buffer whose tiles are disjoint.
LogicalResult TaskRules::verifyInPlace() {
  std::map<std::string, SmallVector<LoadOp>> loads;
  task.walk([&](LoadOp load) {
    if (auto view = load.getSource().getDefiningOp<ViewOp>())
      loads[view.getTensor().str()].push_back(load);
  });
  WalkResult result = task.walk([&](StoreOp store) {
    auto view = store.getTarget().getDefiningOp<ViewOp>();
    if (!view)
      return WalkResult::advance();
    for (LoadOp load : loads[view.getTensor().str()]) {
      auto alloc = store.getBuffer().getDefiningOp<AllocOp>();
      if (alloc && load.getBuffer() == store.getBuffer() && load.getSource() == store.getTarget() &&
          tilesAreDisjoint(alloc, !isShared(alloc.getResult())))
        continue;
      InFlightDiagnostic d = store.emitOpError("writes tensor ")
                             << view.getTensorAttr() << ", which the task reads elsewhere";
      d.attachNote(load.getLoc()) << "read here";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

bool slp::isCompressed(Value buffer) {
  return mach::compressedFormat(cast<MemRefType>(buffer.getType()).getElementType()).has_value();
}

/// True if no element of the tensor is two of the view.
static bool isInjective(MemRefType view) {
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (failed(view.getStridesAndOffset(strides, offset)))
    return false;
  SmallVector<std::pair<int64_t, int64_t>> dims; // stride, size
  for (auto [stride, size] : llvm::zip(strides, view.getShape()))
    if (size > 1)
      dims.emplace_back(std::abs(stride), size);
  llvm::sort(dims);
  int64_t reach = 0; // of the dimensions so far, from their first element to their last
  for (auto [stride, size] : dims) {
    if (stride <= reach)
      return false;
    reach += stride * (size - 1);
  }
  return true;
}

/// V6: queues of different cores are not ordered with each other, and nor are those of two engines.
LogicalResult TaskRules::verifyWritesOfOne(StoreOp store) {
  auto alloc = store.getBuffer().getDefiningOp<AllocOp>();
  // What lies in the shared buffer is moved once.
  if (!alloc || !tilesAreDisjoint(alloc, !isShared(store.getBuffer()), /*within=*/nullptr,
                                  /*inOrder=*/true))
    return store.emitOpError("writes the same elements on several cores or in several iterations");
  if (!isInjective(cast<MemRefType>(store.getTarget().getType())))
    return store.emitOpError("writes through a view of which two elements are one of the tensor");
  return success();
}

LogicalResult TaskRules::verifyWrites() {
  bool isOneCore = task.getCores() == 1;
  std::map<std::string, StoreOp> stores; // by tensor
  WalkResult result = task.walk([&](StoreOp store) -> WalkResult {
    if (!isOneCore && failed(verifyWritesOfOne(store)))
      return failure();
    auto view = store.getTarget().getDefiningOp<ViewOp>();
    if (!view || isCompressed(store.getBuffer())) // in order: V8
      return success();
    auto [first, isNew] = stores.try_emplace(view.getTensor().str(), store);
    bool isOneQueue = isOneCore && engineOf(store) == engineOf(first->second);
    if (isNew || isOneQueue)
      return success();
    InFlightDiagnostic d = store.emitOpError("writes tensor ") << view.getTensorAttr();
    if (isOneCore)
      d << " like another store, on another engine, with which nothing orders it";
    else
      d << " like another store, on " << task.getCores() << " cores, which are not ordered";
    d.attachNote(first->second.getLoc()) << "the other store";
    return d;
  });
  return failure(result.wasInterrupted());
}

/// V6: what several cores move into one copy of a shared buffer does not meet there.
LogicalResult TaskRules::verifyMoves() {
  if (task.getCores() == 1)
    return success();
  DenseMap<Value, MoveOp> moves; // by target
  WalkResult result = task.walk([&](MoveOp move) -> WalkResult {
    if (!isShared(move.getTarget()))
      return success();
    auto source = move.getSource().getDefiningOp<AllocOp>();
    if (!tilesAreDisjoint(source, /*onAllCores=*/true, move.getTarget().getDefiningOp()))
      return move.emitOpError("writes the same elements on several cores or in several iterations");
    auto [first, isNew] = moves.try_emplace(move.getTarget(), move);
    if (isNew)
      return success();
    InFlightDiagnostic d = move.emitOpError("writes a buffer like another move, on ")
                           << task.getCores() << " cores, which are not ordered";
    d.attachNote(first->second.getLoc()) << "the other move";
    return d;
  });
  return failure(result.wasInterrupted());
}

/// V7: copies of buffers share no bytes and lie inside their memories.
LogicalResult TaskRules::verifyPlaces() {
  std::map<ByteRange, AllocOp> places; // by what they cover, in ascending order
  auto place = [&](AllocOp alloc, int64_t shift) -> LogicalResult {
    Space space = spaceOf(cast<MemRefType>(alloc.getResult().getType()));
    int64_t capacity = space == Space::shared ? int64_t(chip.structure.sharedBytes)
                       : space == Space::spm  ? int64_t(chip.structure.scratchpadBytes)
                                              : 2 * int64_t(chip.structure.accBankBytes);
    int64_t bytes = bytesOf(alloc.getResult());
    for (int64_t slot = 0; slot < int64_t(alloc.getSlots()); ++slot) {
      int64_t begin = *alloc.getOffset() + slot * *alloc.getSlotBytes() + shift;
      ByteRange range{space, begin, begin + bytes};
      if (begin < 0 || range.end > capacity)
        return alloc.emitOpError("lies at bytes ")
               << begin << " to " << range.end << " of " << stringifyEnum(space) << ", which has "
               << capacity;
      for (auto &[other, owner] : places) {
        if (other.space != space || other.end <= begin || range.end <= other.begin)
          continue;
        if (owner == alloc && other.begin == begin && shift)
          continue; // named by two instructions
        InFlightDiagnostic d = alloc.emitOpError("overlaps another copy at bytes ")
                               << begin << " to " << range.end << " of " << stringifyEnum(space);
        d.attachNote(owner.getLoc()) << "at bytes " << other.begin << " to " << other.end;
        return d;
      }
      places[range] = alloc;
    }
    return success();
  };
  WalkResult result = task.walk([&](Operation *op) -> WalkResult {
    if (auto alloc = dyn_cast<AllocOp>(op)) {
      if (!alloc.getOffset() || !alloc.getSlotBytes())
        return alloc.emitOpError("has no address");
      AllocOp owner = alloc.getOwner();
      if (owner == alloc)
        return place(alloc, 0);
      if (alloc.getOffset() != owner.getOffset() || alloc.getSlotBytes() != owner.getSlotBytes())
        return alloc.emitOpError("lies elsewhere than the buffer it is of");
      return success();
    }
    auto instr = dyn_cast<EngineInstruction>(op);
    if (int64_t shift = instr ? hiddenShift(instr, chip) : 0)
      if (auto alloc = instr->getOperand(0).getDefiningOp<AllocOp>())
        return place(alloc.getOwner(), shift);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult slp::verifyTaskRules(TaskOp task, const chip::Chip &chip) {
  return TaskRules(task, chip).verify();
}
