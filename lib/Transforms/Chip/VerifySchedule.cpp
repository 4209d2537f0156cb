//===- VerifySchedule.cpp - are all conflicting accesses ordered? -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The rules V1 to V11 are those of the pass description. Those of the order are checked by a run
// through the tasks between two fences (RegionProof.h).
//
//===----------------------------------------------------------------------------------------===//

#include "Footprint.h"
#include "HomeRules.h"
#include "Lifetimes.h"
#include "RegionProof.h"
#include "ScheduleRules.h"
#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/ChipOps.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

#include <map>

namespace slp {
#define GEN_PASS_DEF_VERIFYSCHEDULE
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

/// The rules that need no run, and the runs, of the tasks of a region.
class RegionVerifier {
public:
  /// `region`: what errors of all tasks together are reported on.
  RegionVerifier(Operation *region, SmallVector<TaskOp> tasks, const chip::Chip &chip)
      : region(region), tasks(std::move(tasks)), chip(chip) {}
  LogicalResult verify();

private:
  bool isJoined() const { return tasks.size() > 1; }
  LogicalResult verifyNetZero(Block &block);
  LogicalResult verifyNetZero();
  LogicalResult verifyReads();
  LogicalResult collectDecisions(TaskOp of);
  void remarkDecisions(ArrayRef<Behaviour> decided);

  Operation *region;
  SmallVector<TaskOp> tasks;
  const chip::Chip &chip;
  /// What data decides, with every behaviour that is tried.
  llvm::MapVector<Operation *, std::vector<Behaviour>> decisions;
};

} // namespace

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
  int64_t most = 0;
  for (TaskOp of : tasks)
    most = std::max(most, int64_t(of.getCores()));
  for (TaskOp of : tasks) {
    Block &body = of.getBody().front();
    if (failed(verifyNetZero(body)))
      return failure();
    auto add = [&](auto op, int64_t count) {
      int64_t on = op.getAcross() ? most : int64_t(of.getCores());
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

/// After an error: with which of the decisions.
void RegionVerifier::remarkDecisions(ArrayRef<Behaviour> decided) {
  for (auto [entry, behaviour] : llvm::zip(decisions, decided)) {
    Operation *op = entry.first;
    auto describe = [isLoop = isa<scf::ForOp>(op)](int64_t n) {
      return isLoop ? std::to_string(n) + " iterations" : n ? "the first arm" : "the other arm";
    };
    InFlightDiagnostic d = op->emitRemark("if data decides on ") << describe(behaviour.even);
    if (behaviour.even != behaviour.odd)
      d << ", and next time on " << describe(behaviour.odd);
  }
}

LogicalResult RegionVerifier::verify() {
  if (tasks.empty())
    return success();
  if (failed(verifyNetZero()) || failed(verifyReads()))
    return failure();
  for (TaskOp of : tasks)
    if (failed(collectDecisions(of)) || failed(verifyTaskRules(of, chip)))
      return failure();
  DenseMap<Operation *, int32_t> numbers;
  for (auto &[op, behaviours] : decisions)
    numbers.try_emplace(op, int32_t(numbers.size()));
  RegionProof proof(tasks, chip, numbers);
  // As an odometer counts: one behaviour of each.
  std::vector<size_t> chosen(decisions.size());
  std::vector<Behaviour> decided(decisions.size());
  while (true) {
    for (auto [index, entry] : llvm::enumerate(decisions))
      decided[index] = entry.second[chosen[index]];
    if (failed(proof.run(decided))) {
      remarkDecisions(decided);
      return failure();
    }
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
