//===- VerifySchedule.cpp - are all conflicting accesses ordered? -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Vector clocks, advanced through a bounded unrolling of the tasks between two fences in program
// order. The rules V1 to V11 are those of the pass description.
//
//===----------------------------------------------------------------------------------------===//

#include "Footprint.h"
#include "HomeRules.h"
#include "Lifetimes.h"
#include "ScheduleClocks.h"
#include "ScheduleRules.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/ChipOps.h"
#include "slp/Transforms/Chip/Passes.h"

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
  /// By class of cores: one clock per unit given and not yet taken.
  std::vector<std::deque<Clock>> credits;
};

/// The last access of each engine to some bytes, counted in the work that the engine has begun, by
/// class of cores, and the ops that made it.
struct Accesses {
  struct Last {
    int64_t read = 0, write = 0;
    Operation *reader = nullptr, *writer = nullptr;
  };
  std::vector<std::array<Last, scheduleEngines>> ofClass;
};

/// How an op that data decides behaves: trips of a loop, or 1 for the first arm of a `chip.if` and
/// 0 for the other; in its even executions and in its odd ones.
struct Behaviour {
  int64_t even, odd;
};

/// Whose work must be done before an access: that of the same core, or of all of them.
enum class Scope { core, all };

class RegionVerifier {
public:
  /// `region`: what errors of all tasks together are reported on.
  RegionVerifier(Operation *region, SmallVector<TaskOp> tasks, const chip::Chip &chip)
      : region(region), tasks(std::move(tasks)), chip(chip),
        symbols(region->getParentOfType<ModuleOp>()), cores(coresOf(this->tasks)), clocks(cores) {}
  LogicalResult verify();

private:
  using Describe = llvm::function_ref<void(InFlightDiagnostic &)>;
  using Net = std::map<std::pair<Semaphore, bool>, int64_t>; // by semaphore; `across` or not

  static std::vector<int64_t> coresOf(ArrayRef<TaskOp> tasks);
  bool isJoined() const { return tasks.size() > 1; }
  size_t classes() { return clocks.classesOf(int64_t(task.getCores())); }

  LogicalResult verifyNetZero(Block &block);
  LogicalResult verifyNetZero();
  LogicalResult verifyReads();
  LogicalResult collectDecisions(TaskOp of);
  LogicalResult runDecided();
  LogicalResult runTasks();
  LogicalResult run(Block &block);
  LogicalResult run(Operation *op);
  LogicalResult wait(WaitOp op);
  LogicalResult signal(SignalOp op);
  LogicalResult access(Operation *op, Value buffer, bool read, bool write, int64_t shift = 0);
  LogicalResult accessTensor(Operation *op, Value view, bool write);
  LogicalResult accessDram(Operation *op, ViewOp view, bool write);
  LogicalResult order(Operation *op, const Accesses &known, bool write, Scope scope,
                      bool ofEarlierTasks, Describe describe);
  LogicalResult orderBehind(Operation *op, Engine other, size_t ofClass, const Accesses::Last &last,
                            bool write, Scope scope, bool ofEarlierTasks, Describe describe);
  void record(Operation *op, Accesses &known, bool read, bool write);
  LogicalResult setEngine(Operation *op, std::optional<Engine> &slot, Engine engine,
                          std::optional<Engine> other, StringRef verb);

  Operation *region;
  SmallVector<TaskOp> tasks;
  const chip::Chip &chip;
  SymbolTable symbols;
  std::vector<int64_t> cores;
  ScheduleClocks clocks;
  std::map<Semaphore, SemaphoreState> semaphores;
  std::map<ByteRange, Accesses> accesses;
  std::map<std::string, Accesses> dram; // by tensor

  // Of the task that is being run.
  TaskOp task;
  int64_t maxSlots = 1;
  DenseMap<Value, int64_t> uses;                           // by buffer: executions of its alloc
  std::map<ByteRange, SmallVector<Accesses *>> met;        // what a range has bytes in common with
  std::map<std::string, Accesses> compressed;              // by tensor
  std::array<std::vector<int64_t>, scheduleEngines> begun; // before it, by class
  /// What data decides, with every behaviour that is tried, and which of them now is.
  llvm::MapVector<Operation *, std::vector<Behaviour>> decisions;
  DenseMap<Operation *, Behaviour> decided;
  DenseMap<Operation *, int64_t> executions;
};

} // namespace

std::vector<int64_t> RegionVerifier::coresOf(ArrayRef<TaskOp> tasks) {
  std::vector<int64_t> cores;
  for (TaskOp task : tasks)
    cores.push_back(int64_t(task.getCores()));
  return cores;
}

template <typename SemaphoreOp> static Semaphore semaphoreOf(SemaphoreOp op) {
  return {op.getBank(), int64_t(op.getSemaphore())};
}

static std::string nameOf(Semaphore semaphore) {
  return std::to_string(semaphore.number) +
         (semaphore.bank == Bank::shared ? " of the shared buffer" : "");
}

/// V1: signals and waits of each semaphore cancel in every block.
LogicalResult RegionVerifier::verifyNetZero(Block &block) {
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
    if (sum && !(isJoined() && isa<TaskOp>(block.getParentOp())))
      return block.getParentOp()->emitError("semaphore ")
             << nameOf(semaphore) << " has a net effect of " << sum
             << ", expected zero in each body";
  return success();
}

/// V1, of all tasks together: what `across` cores is given is taken across them, too.
LogicalResult RegionVerifier::verifyNetZero() {
  std::map<std::pair<Semaphore, int64_t>, int64_t> net; // by semaphore and cores
  for (TaskOp of : tasks) {
    Block &body = of.getBody().front();
    if (failed(verifyNetZero(body)))
      return failure();
    auto add = [&](auto op, int64_t count) {
      int64_t on = op.getAcross() ? *llvm::max_element(cores) : int64_t(of.getCores());
      if (op.getBank() == Bank::shared)
        on = 1;
      net[{semaphoreOf(op), on}] += count;
    };
    for (auto w : body.getOps<WaitOp>())
      add(w, -int64_t(w.getCount()));
    for (auto s : body.getOps<SignalOp>())
      add(s, int64_t(s.getCount()));
  }
  for (auto [at, sum] : net)
    if (sum)
      return region->emitError("semaphore ")
             << nameOf(at.first) << " has a net effect of " << sum << " on " << at.second
             << " cores, expected zero in each region";
  return success();
}

/// V2: one engine on each side of a semaphore, and not the same.
LogicalResult RegionVerifier::setEngine(Operation *op, std::optional<Engine> &slot, Engine engine,
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
LogicalResult RegionVerifier::wait(WaitOp op) {
  SemaphoreState &state = semaphores[semaphoreOf(op)];
  state.credits.resize(clocks.classes());
  if (failed(setEngine(op, state.consumer, op.getEngine(), state.producer, "waits for")))
    return failure();
  size_t classes = op.getAcross() ? clocks.classes() : this->classes();
  for (size_t k = 0; k < classes; ++k)
    if (state.credits[k].size() < op.getCount())
      return op.emitOpError("finds ")
             << state.credits[k].size() << " of " << op.getCount() << " credits in program order";
  for (uint64_t i = 0; i < op.getCount(); ++i) {
    Credit credit;
    for (size_t k = 0; k < classes; ++k) {
      credit.push_back(std::move(state.credits[k].front()));
      state.credits[k].pop_front();
    }
    clocks.take(op.getEngine(), *state.producer, credit);
  }
  return success();
}

/// V5.
LogicalResult RegionVerifier::signal(SignalOp op) {
  SemaphoreState &state = semaphores[semaphoreOf(op)];
  state.credits.resize(clocks.classes());
  if (failed(setEngine(op, state.producer, op.getEngine(), state.consumer, "signals")))
    return failure();
  Credit credit = clocks.give(op.getEngine(), op.getAcross() ? clocks.classes() : classes());
  for (auto [k, clock] : llvm::enumerate(credit)) {
    state.credits[k].insert(state.credits[k].end(), op.getCount(), clock);
    if (state.credits[k].size() > 255)
      return op.emitOpError("raises the semaphore above 255");
  }
  return success();
}

/// An access of `op` must come behind one of another engine, or of its own engine on another core.
LogicalResult RegionVerifier::orderBehind(Operation *op, Engine other, size_t ofClass,
                                          const Accesses::Last &last, bool write, Scope scope,
                                          bool ofEarlierTasks, Describe describe) {
  Engine engine = *engineOf(op);
  int64_t limit = begun[size_t(other)][ofClass];
  auto counts = [&](int64_t count) {
    return count > 0 && (!ofEarlierTasks || count <= limit) ? count : 0;
  };
  int64_t lastRead = write ? counts(last.read) : 0, lastWrite = counts(last.write);
  bool isRead = lastRead > lastWrite;
  int64_t count = std::max(lastRead, lastWrite);
  if (count == 0)
    return success();
  if (engine == other) {
    // A queue is in order; V6 speaks of the cores of one task.
    bool isOneQueue = scope == Scope::core || !isPerCore(engine) || *llvm::max_element(cores) == 1;
    if (isOneQueue || count > limit)
      return success();
  }
  size_t classes = isPerCore(engine) ? this->classes() : 1;
  for (size_t k = 0; k < classes; ++k) {
    if (scope == Scope::core && isPerCore(engine) && k != ofClass)
      continue;
    int64_t onCore = clocks.knownOnCore(engine, other, ofClass);
    int64_t known = scope == Scope::core ? onCore : clocks.knownOfAll(engine, k, other, ofClass);
    if (known >= count)
      continue;
    InFlightDiagnostic d = op->emitOpError("may run before engine ") << stringifyEnum(other);
    d << (scope == Scope::all && onCore >= count ? " of another core" : "") << " is done with ";
    describe(d);
    d.attachNote((isRead ? last.reader : last.writer)->getLoc())
        << "that engine's access, earlier in program order";
    return d;
  }
  return success();
}

/// An access must come behind those that it conflicts with. `describe` completes "may run before
/// engine load is done with".
LogicalResult RegionVerifier::order(Operation *op, const Accesses &known, bool write, Scope scope,
                                    bool ofEarlierTasks, Describe describe) {
  size_t classes = scope == Scope::core ? this->classes() : clocks.classes();
  for (size_t k = 0; k < std::min(classes, known.ofClass.size()); ++k)
    for (size_t e = 0; e < scheduleEngines; ++e)
      if (failed(orderBehind(op, Engine(e), k, known.ofClass[k][e], write, scope, ofEarlierTasks,
                             describe)))
        return failure();
  return success();
}

void RegionVerifier::record(Operation *op, Accesses &known, bool read, bool write) {
  Engine engine = *engineOf(op);
  known.ofClass.resize(clocks.classes());
  for (size_t k = 0; k < classes(); ++k) {
    Accesses::Last &last = known.ofClass[k][size_t(engine)];
    if (read) {
      last.read = clocks.begun(engine, k);
      last.reader = op;
    }
    if (write) {
      last.write = clocks.begun(engine, k);
      last.writer = op;
    }
  }
}

/// V4. By V7 two accesses of one task conflict only if they are to the same copy.
LogicalResult RegionVerifier::access(Operation *op, Value buffer, bool read, bool write,
                                     int64_t shift) {
  auto alloc = buffer.getDefiningOp<AllocOp>();
  if (!alloc)
    return op->emitOpError("uses a buffer that is not from chip.alloc");
  Space space = spaceOf(cast<MemRefType>(buffer.getType()));
  alloc = alloc.getOwner();
  int64_t slot = uses[alloc.getResult()] % int64_t(alloc.getSlots());
  int64_t begin = *alloc.getOffset() + slot * *alloc.getSlotBytes() + shift;
  ByteRange range{space, begin, begin + bytesOf(buffer)};
  auto [it, isNew] = met.try_emplace(range);
  if (isNew) {
    accesses[range];
    for (auto &[other, known] : accesses)
      if (other.overlaps(range))
        it->second.push_back(&known);
  }
  // All cores have one shared buffer, and each a scratchpad of its own.
  Scope scope = space == Space::shared ? Scope::all : Scope::core;
  for (const Accesses *known : it->second)
    if (failed(
            order(op, *known, write, scope, /*ofEarlierTasks=*/false, [&](InFlightDiagnostic &d) {
              d << "bytes " << range.begin << " to " << range.end << " of " << stringifyEnum(space);
            })))
      return failure();
  record(op, accesses[range], read, write);
  return success();
}

/// V10. What a task does to a tensor comes behind what earlier tasks of the region did, on all
/// cores, to bytes of it.
LogicalResult RegionVerifier::accessDram(Operation *op, ViewOp view, bool write) {
  auto tensor = symbols.lookup<TensorOp>(view.getTensor());
  for (auto &[name, known] : dram) {
    auto other = symbols.lookup<TensorOp>(name);
    bool isPlaced = tensor.getAddress() && other.getAddress();
    if (isPlaced ? !rangeOf(tensor).overlaps(rangeOf(other)) : tensor != other)
      continue;
    if (failed(order(op, known, write, Scope::all, /*ofEarlierTasks=*/true,
                     [&](InFlightDiagnostic &d) {
                       d << "tensor " << view.getTensorAttr();
                       if (tensor != other)
                         d << ", in the place of which is " << FlatSymbolRefAttr::get(other);
                       d << " in an earlier task";
                     })))
      return failure();
  }
  record(op, dram[view.getTensor().str()], !write, write);
  return success();
}

/// V8, V10. What a store does to a compressed tensor it does to whole blocks, and here to all of
/// them.
LogicalResult RegionVerifier::accessTensor(Operation *op, Value view, bool write) {
  auto of = view.getDefiningOp<ViewOp>();
  if (!of)
    return success();
  if (isJoined() && failed(accessDram(op, of, write)))
    return failure();
  if (!isCompressed(view))
    return success();
  // The cores of a store take turns, and it begins when all of them have come to it; groups have
  // stores of their own.
  if (write && task.getGroups() > 1)
    return op->emitOpError("writes the compressed tensor ")
           << of.getTensorAttr() << " in groups of cores, which are not ordered";
  Accesses &known = compressed[of.getTensor().str()];
  if (failed(order(op, known, write, Scope::core, /*ofEarlierTasks=*/false,
                   [&](InFlightDiagnostic &d) {
                     d << "the compressed tensor " << of.getTensorAttr()
                       << ", of which a store rewrites whole blocks";
                   })))
    return failure();
  record(op, known, !write, write);
  return success();
}

LogicalResult RegionVerifier::run(Operation *op) {
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
  clocks.work(*engine, classes());
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

LogicalResult RegionVerifier::run(Block &block) {
  for (Operation &op : block)
    if (failed(run(&op)))
      return failure();
  return success();
}

/// V9: what the sequencer reads no store of the region writes.
LogicalResult RegionVerifier::verifyReads() {
  std::map<std::string, StoreOp> stores; // by tensor
  for (TaskOp of : tasks)
    of.walk([&](StoreOp store) {
      if (auto view = store.getTarget().getDefiningOp<ViewOp>())
        stores.try_emplace(view.getTensor().str(), store);
    });
  auto verify = [&](Operation *op) -> WalkResult {
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
  };
  for (TaskOp of : tasks)
    if (of.walk(verify).wasInterrupted())
      return failure();
  return success();
}

static int64_t mostSlotsOf(TaskOp task) {
  int64_t most = 1;
  task.walk([&](AllocOp alloc) { most = std::max<int64_t>(most, alloc.getSlots()); });
  return most;
}

/// Every behaviour of what data decides: all trips from 0 to two more than there are copies, both
/// arms, and, inside a loop, any two of them in turn.
LogicalResult RegionVerifier::collectDecisions(TaskOp of) {
  constexpr int64_t mostRuns = 10000;
  int64_t runs = 1, most = mostSlotsOf(of) + 2;
  WalkResult result = of.walk<WalkOrder::PreOrder>([&](Operation *op) -> WalkResult {
    int64_t last = 1;
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      if (loop.getStaticTripCount())
        return success();
      last = std::min(mostTripsOf(loop), most);
      if (last < 0)
        return op->emitError("expected a loop with a constant trip count, or from 0 by 1 to a "
                             "chip.count");
    } else if (!isa<IfOp>(op)) {
      return success();
    }
    if (isJoined())
      return op->emitError("is decided by data in a region of several tasks, expected a fence "
                           "before and behind its task");
    std::vector<Behaviour> &behaviours = decisions[op];
    bool isRepeated = op->getParentOfType<scf::ForOp>() != nullptr;
    for (int64_t even = 0; even <= last; ++even)
      for (int64_t odd = 0; odd <= last; ++odd)
        if (even == odd || isRepeated)
          behaviours.push_back({even, odd});
    runs *= int64_t(behaviours.size());
    if (runs > mostRuns)
      return of.emitOpError("has loops and branches on data with more than ")
             << mostRuns << " combinations of trips and arms to prove";
    return success();
  });
  return failure(result.wasInterrupted());
}

LogicalResult RegionVerifier::runTasks() {
  for (TaskOp of : tasks) {
    task = of;
    maxSlots = mostSlotsOf(of);
    uses.clear();
    met.clear();
    compressed.clear();
    for (size_t e = 0; e < scheduleEngines; ++e) {
      begun[e].clear();
      for (size_t k = 0; k < clocks.classes(); ++k)
        begun[e].push_back(clocks.begun(Engine(e), k));
    }
    if (failed(run(of.getBody().front())))
      return failure();
  }
  return success();
}

/// Runs the tasks with the behaviours that are decided; if that fails, says which they are.
LogicalResult RegionVerifier::runDecided() {
  clocks = ScheduleClocks(cores);
  semaphores.clear();
  accesses.clear();
  dram.clear();
  executions.clear();
  if (succeeded(runTasks()))
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

LogicalResult RegionVerifier::verify() {
  if (tasks.empty())
    return success();
  if (failed(verifyNetZero()) || failed(verifyReads()))
    return failure();
  for (TaskOp of : tasks)
    if (failed(collectDecisions(of)) || failed(verifyTaskRules(of, chip)))
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

/// V7: tensors in DRAM share no bytes while both are alive. Those without an address have not been
/// placed.
static LogicalResult verifyTensors(ModuleOp module) {
  Lifetimes lifetimes(module);
  SmallVector<std::pair<ByteRange, TensorOp>> places;
  for (auto tensor : module.getOps<TensorOp>())
    if (tensor.getAddress() && tensor.getHome().value_or(Space::dram) == Space::dram)
      places.emplace_back(rangeOf(tensor), tensor);
  llvm::sort(places, [](const auto &a, const auto &b) { return a.first < b.first; });
  for (size_t i = 0; i < places.size(); ++i)
    for (size_t j = i + 1; j < places.size() && places[j].first.overlaps(places[i].first); ++j) {
      auto [other, otherTensor] = places[i];
      auto [range, tensor] = places[j];
      if (lifetimes.canShare(tensor, otherTensor))
        continue;
      InFlightDiagnostic d = tensor.emitOpError("overlaps another tensor at bytes ")
                             << range.begin << " to " << range.end << " of dram";
      d.attachNote(otherTensor.getLoc()) << "at bytes " << other.begin << " to " << other.end;
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
    WalkResult result = getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) -> WalkResult {
      SmallVector<TaskOp> tasks;
      if (auto region = dyn_cast<RegionOp>(op))
        tasks = llvm::to_vector(region.getBody().front().getOps<TaskOp>());
      else if (auto task = dyn_cast<TaskOp>(op))
        tasks.push_back(task);
      else
        return WalkResult::advance();
      if (failed(RegionVerifier(op, std::move(tasks), *chip).verify()))
        return WalkResult::interrupt();
      return WalkResult::skip();
    });
    if (result.wasInterrupted() || failed(verifyHomes(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
