//===- VerifySchedule.cpp - are all conflicting accesses ordered? -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A vector clock per engine, advanced through a bounded unrolling of each task in program order.
// The rules V1 to V6 are those of the pass description.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipDialect.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

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

constexpr int engineCount = 5;
/// By engine: how much of its work is known to be done.
using Clock = std::array<int64_t, engineCount>;

struct SemaphoreState {
  std::optional<Engine> producer, consumer;
  std::deque<Clock> credits; // one per unit given and not yet taken
};

/// One copy of a buffer: its bytes, and the last access of each engine.
struct Range {
  Space space;
  int64_t begin, end;
  std::array<int64_t, engineCount> lastRead{}, lastWrite{};
};

class TaskVerifier {
public:
  explicit TaskVerifier(TaskOp task) : task(task) {}
  LogicalResult verify();

private:
  LogicalResult verifyNetZero(Block &block);
  LogicalResult verifyInPlace();
  LogicalResult run(Block &block);
  LogicalResult run(Operation *op);
  LogicalResult wait(WaitOp op);
  LogicalResult signal(SignalOp op);
  LogicalResult access(Operation *op, Value buffer, bool read, bool write);
  LogicalResult setEngine(Operation *op, std::optional<Engine> &slot, Engine engine,
                          std::optional<Engine> other, StringRef verb);

  TaskOp task;
  int64_t maxSlots = 1;
  std::array<Clock, engineCount> clocks{};
  std::map<int64_t, SemaphoreState> semaphores;
  DenseMap<Value, int64_t> uses; // by buffer: executions of its alloc
  std::map<std::tuple<int, int64_t, int64_t>, Range> ranges;
};

} // namespace

/// V1: signals and waits of each semaphore cancel in every block.
LogicalResult TaskVerifier::verifyNetZero(Block &block) {
  std::map<int64_t, int64_t> net;
  for (Operation &op : block) {
    if (auto w = dyn_cast<WaitOp>(op))
      net[w.getSemaphore()] -= w.getCount();
    if (auto s = dyn_cast<SignalOp>(op))
      net[s.getSemaphore()] += s.getCount();
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        if (failed(verifyNetZero(inner)))
          return failure();
  }
  for (auto [semaphore, sum] : net)
    if (sum)
      return block.getParentOp()->emitError("semaphore ")
             << semaphore << " has a net effect of " << sum << ", expected zero in each body";
  return success();
}

/// V6: a tensor read and written in one task goes through one buffer that moves with every loop.
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
      bool inPlace =
          alloc && load.getBuffer() == store.getBuffer() && load.getSource() == store.getTarget();
      for (auto loop = alloc ? alloc->getParentOfType<scf::ForOp>() : scf::ForOp(); loop && inPlace;
           loop = loop->getParentOfType<scf::ForOp>())
        inPlace = llvm::any_of(alloc.getOrigin(), [&](Value v) {
          return v == loop.getInductionVar() ||
                 (v.getDefiningOp() && llvm::is_contained(v.getDefiningOp()->getOperands(),
                                                          Value(loop.getInductionVar())));
        });
      if (inPlace)
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
  SemaphoreState &state = semaphores[op.getSemaphore()];
  if (failed(setEngine(op, state.consumer, op.getEngine(), state.producer, "waits for")))
    return failure();
  if (state.credits.size() < op.getCount())
    return op.emitOpError("finds ")
           << state.credits.size() << " of " << op.getCount() << " credits in program order";
  Clock &clock = clocks[int(op.getEngine())];
  for (uint64_t i = 0; i < op.getCount(); ++i) {
    for (int e = 0; e < engineCount; ++e)
      clock[e] = std::max(clock[e], state.credits.front()[e]);
    state.credits.pop_front();
  }
  return success();
}

/// V5.
LogicalResult TaskVerifier::signal(SignalOp op) {
  SemaphoreState &state = semaphores[op.getSemaphore()];
  if (failed(setEngine(op, state.producer, op.getEngine(), state.consumer, "signals")))
    return failure();
  state.credits.insert(state.credits.end(), op.getCount(), clocks[int(op.getEngine())]);
  if (state.credits.size() > 255)
    return op.emitOpError("raises the semaphore above 255");
  return success();
}

/// V4.
LogicalResult TaskVerifier::access(Operation *op, Value buffer, bool read, bool write) {
  auto alloc = buffer.getDefiningOp<AllocOp>();
  if (!alloc || !alloc.getOffset() || !alloc.getSlotBytes())
    return op->emitOpError("uses a buffer without an address");
  auto type = cast<MemRefType>(buffer.getType());
  int64_t slot = uses[buffer] % int64_t(alloc.getSlots());
  int64_t begin = *alloc.getOffset() + slot * *alloc.getSlotBytes();
  int64_t bytes = type.getNumElements() * elementBytes(type.getElementType());
  Space space = spaceOf(type);
  Range &range =
      ranges.try_emplace({int(space), begin, begin + bytes}, Range{space, begin, begin + bytes})
          .first->second;
  int engine = int(*engineOf(op));
  Clock &clock = clocks[engine];
  for (auto &[key, other] : ranges) {
    if (other.space != space || other.end <= begin || begin + bytes <= other.begin)
      continue;
    for (int e = 0; e < engineCount; ++e) {
      if (e == engine)
        continue;
      int64_t last = write ? std::max(other.lastRead[e], other.lastWrite[e]) : other.lastWrite[e];
      if (clock[e] < last)
        return op->emitOpError("may run before engine ")
               << stringifyEnum(Engine(e)) << " is done with bytes " << begin << " to "
               << begin + bytes << " of " << stringifyEnum(space);
    }
  }
  if (read)
    range.lastRead[engine] = clock[engine];
  if (write)
    range.lastWrite[engine] = clock[engine];
  return success();
}

LogicalResult TaskVerifier::run(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    std::optional<APInt> trip = loop.getStaticTripCount();
    if (!trip)
      return op->emitError("expected a loop with a constant trip count");
    int64_t n = std::min<int64_t>(trip->getSExtValue(), maxSlots + 2);
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
  ++clocks[int(*engine)][int(*engine)];
  if (auto load = dyn_cast<LoadOp>(op))
    return access(op, load.getBuffer(), false, true);
  if (auto store = dyn_cast<StoreOp>(op))
    return access(op, store.getBuffer(), true, false);
  auto work = cast<RunOp>(op);
  for (Value out : work.getOuts())
    if (failed(access(op, out, true, true)))
      return failure();
  for (Value in : work.getIns())
    if (failed(access(op, in, true, false)))
      return failure();
  return success();
}

LogicalResult TaskVerifier::run(Block &block) {
  for (Operation &op : block)
    if (failed(run(&op)))
      return failure();
  return success();
}

LogicalResult TaskVerifier::verify() {
  task.walk([&](AllocOp alloc) { maxSlots = std::max<int64_t>(maxSlots, alloc.getSlots()); });
  Block &body = task.getBody().front();
  if (failed(verifyNetZero(body)) || failed(verifyInPlace()))
    return failure();
  return run(body);
}

namespace {
struct VerifySchedule : slp::impl::VerifyScheduleBase<VerifySchedule> {
  using Base::Base;
  void runOnOperation() override {
    WalkResult result =
        getOperation().walk([](TaskOp task) { return WalkResult(TaskVerifier(task).verify()); });
    if (result.wasInterrupted())
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
