//===- VerifySchedule.cpp - are all conflicting accesses ordered? -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A vector clock per engine, advanced through a bounded unrolling of each task in program order.
// The rules V1 to V9 are those of the pass description.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/ChipOps.h"
#include "dialects/Mach/ElementFormat.h"
#include "runtime/isa/CompressedLayout.h"
#include "runtime/isa/StructConvWg.h.inc"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

#include <array>
#include <deque>
#include <map>

namespace slp {
#define GEN_PASS_DEF_VERIFYSCHEDULE
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

constexpr int engineCount = 7;
/// By engine: how much of its work is done.
using Counts = std::array<int64_t, engineCount>;

/// What an engine knows to be done. An engine that every core has knows more of its own core than
/// of the others; one with a single queue, which waits for all cores, knows the same of all.
struct Clock {
  Counts own{}; // on the same core
  Counts all{}; // on every core
};

/// Of one bank: cores, which stands for the banks of all of them, or shared.
struct Semaphore {
  Bank bank;
  int64_t number;
  bool operator<(const Semaphore &other) const {
    return std::tie(bank, number) < std::tie(other.bank, other.number);
  }
};

struct SemaphoreState {
  std::optional<Engine> producer, consumer;
  std::deque<Clock> credits; // one per unit given and not yet taken
};

/// Bytes [begin, end) of a memory.
struct Range {
  Space space;
  int64_t begin, end;
  bool operator<(const Range &other) const {
    return std::tie(space, begin, end) < std::tie(other.space, other.begin, other.end);
  }
};

/// The last access of each engine to a range, and the ops that made it.
struct Accesses {
  std::array<int64_t, engineCount> lastRead{}, lastWrite{};
  std::array<Operation *, engineCount> reader{}, writer{};
};

/// How an op that data decides behaves: trips of a loop, or 1 for the first arm of a `chip.if` and
/// 0 for the other; in its even executions and in its odd ones.
struct Behaviour {
  int64_t even, odd;
};

class TaskVerifier {
public:
  TaskVerifier(TaskOp task, const chip::Chip &chip) : task(task), chip(chip) {}
  LogicalResult verify();

private:
  LogicalResult verifyNetZero(Block &block);
  LogicalResult verifyInPlace();
  LogicalResult verifyWrites();
  LogicalResult verifyWritesOfOne(StoreOp store);
  LogicalResult verifyMoves();
  LogicalResult verifyPlaces();
  LogicalResult verifyReads();
  LogicalResult collectDecisions();
  LogicalResult runDecided();
  bool tilesAreDisjoint(AllocOp alloc, bool onAllCores, Operation *within = nullptr,
                        bool inOrder = false);
  LogicalResult run(Block &block);
  LogicalResult run(Operation *op);
  LogicalResult wait(WaitOp op);
  LogicalResult signal(SignalOp op);
  LogicalResult access(Operation *op, Value buffer, bool read, bool write, int64_t shift = 0);
  LogicalResult accessTensor(Operation *op, Value view, bool write);
  LogicalResult order(Operation *op, Accesses &known, bool read, bool write, bool onAllCores,
                      llvm::function_ref<void(InFlightDiagnostic &)> describe);
  LogicalResult setEngine(Operation *op, std::optional<Engine> &slot, Engine engine,
                          std::optional<Engine> other, StringRef verb);

  /// Whether the engine waits for all cores of the task.
  bool seesAllCores(Engine engine) { return !isPerCore(engine) || task.getCores() == 1; }

  TaskOp task;
  const chip::Chip &chip;
  int64_t maxSlots = 1;
  std::array<Clock, engineCount> clocks{};
  std::map<Semaphore, SemaphoreState> semaphores;
  DenseMap<Value, int64_t> uses; // by buffer: executions of its alloc
  std::map<Range, Accesses> accesses;
  std::map<std::string, Accesses> compressed; // by tensor
  /// What data decides, with every behaviour that is tried, and which of them now is.
  llvm::MapVector<Operation *, std::vector<Behaviour>> decisions;
  DenseMap<Operation *, Behaviour> decided;
  DenseMap<Operation *, int64_t> executions;
};

} // namespace

template <typename SemaphoreOp> static Semaphore semaphoreOf(SemaphoreOp op) {
  return {op.getBank(), int64_t(op.getSemaphore())};
}

/// V1: signals and waits of each semaphore cancel in every block.
LogicalResult TaskVerifier::verifyNetZero(Block &block) {
  std::map<Semaphore, int64_t> net;
  for (Operation &op : block) {
    if (auto w = dyn_cast<WaitOp>(op))
      net[semaphoreOf(w)] -= w.getCount();
    if (auto s = dyn_cast<SignalOp>(op))
      net[semaphoreOf(s)] += s.getCount();
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        if (failed(verifyNetZero(inner)))
          return failure();
  }
  for (auto [semaphore, sum] : net)
    if (sum)
      return block.getParentOp()->emitError("semaphore ")
             << semaphore.number << (semaphore.bank == Bank::shared ? " of the shared buffer" : "")
             << " has a net effect of " << sum << ", expected zero in each body";
  return success();
}

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

/// The most iterations of a loop: its trip count, or what its chip.count allows; -1 for another.
static int64_t mostTripsOf(scf::ForOp loop) {
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
bool TaskVerifier::tilesAreDisjoint(AllocOp alloc, bool onAllCores, Operation *within,
                                    bool inOrder) {
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
LogicalResult TaskVerifier::verifyInPlace() {
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

static bool isCompressed(Value buffer) {
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
LogicalResult TaskVerifier::verifyWritesOfOne(StoreOp store) {
  auto alloc = store.getBuffer().getDefiningOp<AllocOp>();
  // What lies in the shared buffer is moved once.
  if (!alloc || !tilesAreDisjoint(alloc, !isShared(store.getBuffer()), /*within=*/nullptr,
                                  /*inOrder=*/true))
    return store.emitOpError("writes the same elements on several cores or in several iterations");
  if (!isInjective(cast<MemRefType>(store.getTarget().getType())))
    return store.emitOpError("writes through a view of which two elements are one of the tensor");
  return success();
}

LogicalResult TaskVerifier::verifyWrites() {
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
LogicalResult TaskVerifier::verifyMoves() {
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

/// The accumulator bytes that an instruction uses beyond its operands, as the distance from its
/// first result: conv.wg keeps the chain of an image in bank 1, the total in bank 0, unless one
/// chain runs through all images.
static int64_t hiddenShift(EngineInstruction instr, const chip::Chip &chip) {
  bool hasChain =
      instr.getInfo().opcode == mach::ConvWg::opcode && chip.numerics.hasChainPerImage();
  return hasChain ? int64_t(chip.structure.accBankBytes) : 0;
}

static int64_t bytesOf(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  return type.getNumElements() * elementBytes(type.getElementType());
}

/// V7: copies of buffers share no bytes and lie inside their memories.
LogicalResult TaskVerifier::verifyPlaces() {
  std::map<Range, AllocOp> places; // by what they cover, in ascending order
  auto place = [&](AllocOp alloc, int64_t shift) -> LogicalResult {
    Space space = spaceOf(cast<MemRefType>(alloc.getResult().getType()));
    int64_t capacity = space == Space::shared ? int64_t(chip.structure.sharedBytes)
                       : space == Space::spm  ? int64_t(chip.structure.scratchpadBytes)
                                              : 2 * int64_t(chip.structure.accBankBytes);
    int64_t bytes = bytesOf(alloc.getResult());
    for (int64_t slot = 0; slot < int64_t(alloc.getSlots()); ++slot) {
      int64_t begin = *alloc.getOffset() + slot * *alloc.getSlotBytes() + shift;
      Range range{space, begin, begin + bytes};
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

/// V2: one engine on each side of a semaphore, and not the same.
LogicalResult TaskVerifier::setEngine(Operation *op, std::optional<Engine> &slot, Engine engine,
                                      std::optional<Engine> other, StringRef verb) {
  if (slot && *slot != engine)
    return op->emitOpError("is a second engine that ")
           << verb << " the semaphore, after " << stringifyEnum(*slot);
  if (other && *other == engine)
    return op->emitOpError("lets engine ")
           << stringifyEnum(engine) << " both signal and wait for one semaphore";
  slot = engine;
  return success();
}

/// V3.
LogicalResult TaskVerifier::wait(WaitOp op) {
  SemaphoreState &state = semaphores[semaphoreOf(op)];
  if (failed(setEngine(op, state.consumer, op.getEngine(), state.producer, "waits for")))
    return failure();
  if (state.credits.size() < op.getCount())
    return op.emitOpError("finds ")
           << state.credits.size() << " of " << op.getCount() << " credits in program order";
  Clock &clock = clocks[int(op.getEngine())];
  for (uint64_t i = 0; i < op.getCount(); ++i) {
    const Clock &credit = state.credits.front();
    // All cores do the same: a credit of each of them tells of each what this one knows of its own.
    const Counts &ofAll = seesAllCores(op.getEngine()) ? credit.own : credit.all;
    for (int e = 0; e < engineCount; ++e) {
      clock.own[e] = std::max(clock.own[e], credit.own[e]);
      clock.all[e] = std::max(clock.all[e], ofAll[e]);
    }
    state.credits.pop_front();
  }
  return success();
}

/// V5.
LogicalResult TaskVerifier::signal(SignalOp op) {
  SemaphoreState &state = semaphores[semaphoreOf(op)];
  if (failed(setEngine(op, state.producer, op.getEngine(), state.consumer, "signals")))
    return failure();
  state.credits.insert(state.credits.end(), op.getCount(), clocks[int(op.getEngine())]);
  if (state.credits.size() > 255)
    return op.emitOpError("raises the semaphore above 255");
  return success();
}

/// An access to a range, which must come behind those of other engines that it conflicts with, on
/// its own core or on all. `describe` completes "may run before engine load is done with".
LogicalResult TaskVerifier::order(Operation *op, Accesses &known, bool read, bool write,
                                  bool onAllCores,
                                  llvm::function_ref<void(InFlightDiagnostic &)> describe) {
  int engine = int(*engineOf(op));
  const Clock &clock = clocks[engine];
  for (int e = 0; e < engineCount; ++e) {
    if (e == engine)
      continue;
    bool isRead = write && known.lastRead[e] > known.lastWrite[e];
    int64_t last = isRead ? known.lastRead[e] : known.lastWrite[e];
    if ((onAllCores ? clock.all : clock.own)[e] >= last)
      continue;
    InFlightDiagnostic d = op->emitOpError("may run before engine ")
                           << stringifyEnum(Engine(e))
                           << (clock.own[e] >= last ? " of another core" : "") << " is done with ";
    describe(d);
    d.attachNote((isRead ? known.reader[e] : known.writer[e])->getLoc())
        << "that engine's access, earlier in program order";
    return d;
  }
  if (read) {
    known.lastRead[engine] = clock.own[engine];
    known.reader[engine] = op;
  }
  if (write) {
    known.lastWrite[engine] = clock.own[engine];
    known.writer[engine] = op;
  }
  return success();
}

/// V4. By V7 two accesses conflict only if they are to the same copy.
LogicalResult TaskVerifier::access(Operation *op, Value buffer, bool read, bool write,
                                   int64_t shift) {
  auto alloc = buffer.getDefiningOp<AllocOp>();
  if (!alloc)
    return op->emitOpError("uses a buffer that is not from chip.alloc");
  Space space = spaceOf(cast<MemRefType>(buffer.getType()));
  alloc = alloc.getOwner();
  int64_t slot = uses[alloc.getResult()] % int64_t(alloc.getSlots());
  int64_t begin = *alloc.getOffset() + slot * *alloc.getSlotBytes() + shift;
  Range range{space, begin, begin + bytesOf(buffer)};
  // All cores have one shared buffer, and each a scratchpad of its own.
  return order(op, accesses[range], read, write, space == Space::shared,
               [&](InFlightDiagnostic &d) {
                 d << "bytes " << begin << " to " << range.end << " of " << stringifyEnum(space);
               });
}

/// V8. What a store does to a compressed tensor it does to whole blocks, and here to all of them.
LogicalResult TaskVerifier::accessTensor(Operation *op, Value view, bool write) {
  auto of = view.getDefiningOp<ViewOp>();
  if (!of || !isCompressed(view))
    return success();
  // The cores of a store take turns, and it begins when all of them have come to it; groups have
  // stores of their own.
  if (write && task.getGroups() > 1)
    return op->emitOpError("writes the compressed tensor ")
           << of.getTensorAttr() << " in groups of cores, which are not ordered";
  return order(op, compressed[of.getTensor().str()], !write, write, /*onAllCores=*/false,
               [&](InFlightDiagnostic &d) {
                 d << "the compressed tensor " << of.getTensorAttr()
                   << ", of which a store rewrites whole blocks";
               });
}

LogicalResult TaskVerifier::run(Operation *op) {
  auto decide = [&] {
    Behaviour now = decided.lookup(op);
    return executions[op]++ % 2 ? now.odd : now.even;
  };
  if (auto branch = dyn_cast<IfOp>(op)) {
    Region &arm = decide() ? branch.getThen() : branch.getOtherwise();
    return arm.empty() ? success() : run(arm.front());
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    int64_t n = decisions.count(op) ? decide() : std::min<int64_t>(mostTripsOf(loop), maxSlots + 2);
    for (int64_t i = 0; i < n; ++i)
      if (failed(run(*loop.getBody())))
        return failure();
    return success();
  }
  if (auto w = dyn_cast<WaitOp>(op))
    return wait(w);
  if (auto s = dyn_cast<SignalOp>(op))
    return signal(s);
  if (auto alloc = dyn_cast<AllocOp>(op)) {
    ++uses[alloc.getResult()];
    return success();
  }
  std::optional<Engine> engine = engineOf(op);
  if (!engine)
    return success();
  Clock &clock = clocks[int(*engine)];
  ++clock.own[int(*engine)];
  if (seesAllCores(*engine))
    clock.all = clock.own;
  if (auto load = dyn_cast<LoadOp>(op))
    return failed(accessTensor(op, load.getSource(), false))
               ? failure()
               : access(op, load.getBuffer(), false, true);
  if (auto store = dyn_cast<StoreOp>(op))
    return failed(accessTensor(op, store.getTarget(), true))
               ? failure()
               : access(op, store.getBuffer(), true, false);
  if (auto move = dyn_cast<MoveOp>(op))
    return failed(access(op, move.getSource(), true, false))
               ? failure()
               : access(op, move.getTarget(), false, true);
  auto instr = cast<EngineInstruction>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    const mach::OperandRole &role = instr.getField(operand).role;
    if (failed(access(op, operand.get(), role.isRead(), role.isWritten())))
      return failure();
  }
  if (int64_t shift = hiddenShift(instr, chip))
    return access(op, op->getOperand(0), true, true, shift);
  return success();
}

LogicalResult TaskVerifier::run(Block &block) {
  for (Operation &op : block)
    if (failed(run(&op)))
      return failure();
  return success();
}

/// V9: what the sequencer reads no store of the task writes.
LogicalResult TaskVerifier::verifyReads() {
  std::map<std::string, StoreOp> stores; // by tensor
  task.walk([&](StoreOp store) {
    if (auto view = store.getTarget().getDefiningOp<ViewOp>())
      stores.try_emplace(view.getTensor().str(), store);
  });
  WalkResult result = task.walk([&](Operation *op) -> WalkResult {
    if (!isa<CountOp, ElementOp>(op))
      return success();
    auto view = op->getOperand(0).getDefiningOp<ViewOp>();
    auto store = view ? stores.find(view.getTensor().str()) : stores.end();
    if (store == stores.end())
      return success();
    InFlightDiagnostic d = op->emitOpError("reads tensor ")
                           << view.getTensorAttr() << ", which the task writes";
    d.attachNote(store->second.getLoc()) << "written here";
    return d;
  });
  return failure(result.wasInterrupted());
}

/// Every behaviour of what data decides: all trips from 0 to two more than there are copies, both
/// arms, and, inside a loop, any two of them in turn.
LogicalResult TaskVerifier::collectDecisions() {
  constexpr int64_t mostRuns = 10000;
  int64_t runs = 1;
  WalkResult result = task.walk<WalkOrder::PreOrder>([&](Operation *op) -> WalkResult {
    int64_t most = 1;
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      if (loop.getStaticTripCount())
        return success();
      most = std::min(mostTripsOf(loop), maxSlots + 2);
      if (most < 0)
        return op->emitError("expected a loop with a constant trip count, or from 0 by 1 to a "
                             "chip.count");
    } else if (!isa<IfOp>(op)) {
      return success();
    }
    std::vector<Behaviour> &behaviours = decisions[op];
    bool isRepeated = op->getParentOfType<scf::ForOp>() != nullptr;
    for (int64_t even = 0; even <= most; ++even)
      for (int64_t odd = 0; odd <= most; ++odd)
        if (even == odd || isRepeated)
          behaviours.push_back({even, odd});
    runs *= int64_t(behaviours.size());
    if (runs > mostRuns)
      return task.emitOpError("has loops and branches on data with more than ")
             << mostRuns << " combinations of trips and arms to prove";
    return success();
  });
  return failure(result.wasInterrupted());
}

/// Runs the task with the behaviours that are decided; if that fails, says which they are.
LogicalResult TaskVerifier::runDecided() {
  clocks = {};
  semaphores.clear();
  uses.clear();
  accesses.clear();
  compressed.clear();
  executions.clear();
  if (succeeded(run(task.getBody().front())))
    return success();
  for (auto &[op, behaviours] : decisions) {
    auto [even, odd] = decided.lookup(op);
    auto describe = [isLoop = isa<scf::ForOp>(op)](int64_t n) {
      return isLoop ? std::to_string(n) + " iterations" : n ? "the first arm" : "the other arm";
    };
    InFlightDiagnostic d = op->emitRemark("if data decides on ") << describe(even);
    if (even != odd)
      d << ", and next time on " << describe(odd);
  }
  return failure();
}

LogicalResult TaskVerifier::verify() {
  task.walk([&](AllocOp alloc) { maxSlots = std::max<int64_t>(maxSlots, alloc.getSlots()); });
  Block &body = task.getBody().front();
  if (failed(verifyNetZero(body)) || failed(verifyReads()) || failed(collectDecisions()) ||
      failed(verifyInPlace()) || failed(verifyMoves()) || failed(verifyWrites()) ||
      failed(verifyPlaces()))
    return failure();
  // As an odometer counts: one behaviour of each.
  std::vector<size_t> chosen(decisions.size());
  while (true) {
    for (auto [index, entry] : llvm::enumerate(decisions))
      decided[entry.first] = entry.second[chosen[index]];
    if (failed(runDecided()))
      return failure();
    size_t digit = 0;
    for (auto &[op, behaviours] : decisions) {
      if (++chosen[digit] < behaviours.size())
        break;
      chosen[digit++] = 0;
    }
    if (digit == decisions.size())
      return success();
  }
}

/// V7: tensors in DRAM share no bytes. Those without an address have not been placed.
static LogicalResult verifyTensors(ModuleOp module) {
  SmallVector<std::tuple<int64_t, int64_t, TensorOp>> places; // begin, end
  for (auto tensor : module.getOps<TensorOp>()) {
    if (!tensor.getAddress())
      continue;
    auto type = cast<MemRefType>(tensor.getType());
    int64_t begin = *tensor.getAddress(), elements = type.getNumElements();
    int64_t end = begin + elements * elementBytes(type.getElementType());
    if (auto format = mach::compressedFormat(type.getElementType())) {
      end = begin + mach::CompressedLayout(*format).payloadsOf(elements);
      begin -= mach::CompressedLayout::blocksOf(elements) * mach::bitmapBytes;
    }
    places.emplace_back(begin, end, tensor);
  }
  llvm::sort(places, [](const auto &a, const auto &b) { return std::get<0>(a) < std::get<0>(b); });
  for (size_t i = 1; i < places.size(); ++i) {
    auto [begin, end, tensor] = places[i];
    auto [otherBegin, otherEnd, other] = places[i - 1];
    if (begin >= otherEnd)
      continue;
    InFlightDiagnostic d = tensor.emitOpError("overlaps another tensor at bytes ")
                           << begin << " to " << end << " of dram";
    d.attachNote(other.getLoc()) << "at bytes " << otherBegin << " to " << otherEnd;
    return d;
  }
  return success();
}

namespace {
struct VerifySchedule : slp::impl::VerifyScheduleBase<VerifySchedule> {
  using Base::Base;
  void runOnOperation() override {
    FailureOr<chip::Chip> chip = chipOf(getOperation());
    if (failed(chip) || failed(verifyTensors(getOperation())))
      return signalPassFailure();
    WalkResult result = getOperation().walk(
        [&](TaskOp task) { return WalkResult(TaskVerifier(task, *chip).verify()); });
    if (result.wasInterrupted())
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
