//===- PlaceBuffers.cpp - addresses -----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Footprint.h"
#include "Lifetimes.h"
#include "dialects/Chip/NestOp.h"
#include "dialects/Chip/RegionOp.h"
#include "dialects/Chip/TaskOp.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

#include <map>

namespace slp {
#define GEN_PASS_DEF_PLACEBUFFERS
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

/// Tensors begin at a DRAM burst.
static constexpr int64_t tensorAlignment = 64;
/// Buffers begin at a vector of 16 bytes.
static constexpr int64_t bufferAlignment = 16;

FailureOr<chip::Chip> slp::chipOf(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>("slp.chip");
  if (!name)
    return module.emitError(
        "expected a module attribute slp.chip, which convert-train-to-chip sets");
  Result<chip::Chip> chip = chip::load(name.str());
  if (!chip)
    return module.emitError() << chip.message();
  return chip.take();
}

namespace {
struct PlaceBuffers : slp::impl::PlaceBuffersBase<PlaceBuffers> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult placeTensors(const chip::Chip &chip);
  /// `fromAbove`: from the upper end of scratchpads and shared buffer downwards.
  LogicalResult placeTask(TaskOp task, const chip::Chip &chip, const SymbolTable &symbols,
                          bool fromAbove);
};
} // namespace

LogicalResult PlaceBuffers::placeTask(TaskOp task, const chip::Chip &chip,
                                      const SymbolTable &symbols, bool fromAbove) {
  int64_t used[4] = {0, 0, 0, 0};
  int64_t start[4] = {0, 0, 0, 0};
  int64_t capacity[4] = {0, chip.structure.sharedBytes, chip.structure.scratchpadBytes,
                         2 * chip.structure.accBankBytes};
  if (std::optional<ArrayRef<int64_t>> room = task.getRoom()) {
    start[int(Space::shared)] = (*room)[0];
    capacity[int(Space::shared)] = (*room)[1] - (*room)[0];
  }
  WalkResult result =
      task.walk([&](AllocOp alloc) {
        if (AllocOp owner = alloc.getOwner(); owner != alloc) {
          alloc.setOffsetAttr(owner.getOffsetAttr());
          alloc.setSlotBytesAttr(owner.getSlotBytesAttr());
          return WalkResult::advance();
        }
        if (alloc.getHolds()) {
          alloc.setOffset(*symbols.lookup<TensorOp>(*alloc.getHolds()).getAddress());
          alloc.setSlotBytes(llvm::alignTo(bytesOf(alloc.getResult()), bufferAlignment));
          return WalkResult::advance();
        }
        auto type = cast<MemRefType>(alloc.getResult().getType());
        int space = int(spaceOf(type));
        int64_t bytes = llvm::alignTo(bytesOf(alloc.getResult()), bufferAlignment);
        if (spaceOf(type) == Space::acc && bytes <= chip.structure.accBankBytes)
          bytes = chip.structure.accBankBytes;
        if (bytes >= copyBytesLimit) {
          alloc.emitOpError("has copies of ")
              << bytes << " bytes, of which a descriptor tells the distance up to "
              << copyBytesLimit - 1;
          return WalkResult::interrupt();
        }
        int64_t begin = used[space];
        alloc.setSlotBytes(bytes);
        used[space] += bytes * alloc.getSlots();
        bool isBelow = !fromAbove || spaceOf(type) == Space::acc;
        alloc.setOffset(start[space] + (isBelow ? begin : capacity[space] - used[space]));
        if (used[space] <= capacity[space])
          return WalkResult::advance();
        alloc.emitOpError("needs ")
            << used[space] << " bytes of " << stringifyEnum(spaceOf(type)) << ", of which "
            << chip.name << " has " << capacity[space]
            << (task.getRoom() && space == int(Space::shared) ? " beside what stays there" : "");
        return WalkResult::interrupt();
      });
  return failure(result.wasInterrupted());
}

/// What a tensor takes of DRAM, nothing if it stays on the chip; the bitmaps of a compressed one in
/// front of it included.
static int64_t bytesOf(TensorOp tensor) {
  if (tensor.getHome().value_or(Space::dram) != Space::dram)
    return 0;
  ByteRange range = rangeAt(tensor, 0);
  return int64_t(llvm::alignTo(range.end - range.begin, tensorAlignment));
}

/// Puts a tensor where it takes bytes from `begin` on.
static void placeAt(TensorOp tensor, int64_t begin) {
  tensor.setAddress(begin - rangeAt(tensor, 0).begin);
}

/// One behind the other. Returns where they end.
static int64_t placeApart(ArrayRef<TensorOp> tensors, int64_t begin) {
  for (TensorOp tensor : tensors) {
    placeAt(tensor, begin);
    begin += bytesOf(tensor);
  }
  return begin;
}

/// From `begin` on, largest first, each as low as those allow that are alive when it is. Returns
/// where they end.
static int64_t placeByLifetime(SmallVector<TensorOp> tensors, const Lifetimes &lifetimes,
                               int64_t begin) {
  llvm::sort(tensors, [](TensorOp a, TensorOp b) {
    auto keyOf = [](TensorOp tensor) { return std::pair(-bytesOf(tensor), tensor.getSymName()); };
    return keyOf(a) < keyOf(b);
  });
  std::map<int64_t, SmallVector<std::pair<int64_t, TensorOp>>> placed; // by begin: end and tensor
  int64_t end = begin;
  for (TensorOp tensor : tensors) {
    int64_t at = begin, bytes = bytesOf(tensor);
    for (auto &[otherBegin, others] : placed)
      for (auto &[otherEnd, other] : others)
        if (at + bytes > otherBegin && at < otherEnd && !lifetimes.canShare(tensor, other))
          at = otherEnd;
    placeAt(tensor, at);
    placed[at].emplace_back(at + bytes, tensor);
    end = std::max(end, at + bytes);
  }
  return end;
}

static void remarkMemory(ModuleOp module, int64_t apart, int64_t byLifetime, int64_t least,
                         bool isShared) {
  auto opts = remark::RemarkOpts::name("dram").category("memory");
  if (auto r = remark::analysis(module.getLoc(), opts))
    r << "tensors take " + std::to_string(apart) + " bytes of DRAM apart, " +
             std::to_string(byLifetime) + " if those share bytes that are not alive together, " +
             "at least " + std::to_string(least) + (isShared ? "; they share" : "; they lie apart");
}

LogicalResult PlaceBuffers::placeTensors(const chip::Chip &chip) {
  ModuleOp module = getOperation();
  Lifetimes lifetimes(module);
  SmallVector<TensorOp> all;
  for (auto tensor : module.getOps<TensorOp>())
    if (tensor.getHome().value_or(Space::dram) == Space::dram)
      all.push_back(tensor);
  SmallVector<TensorOp> passing, staying;
  for (TensorOp tensor : all)
    (lifetimes.passes(tensor) ? passing : staying).push_back(tensor);
  int64_t byLifetime = placeByLifetime(passing, lifetimes, placeApart(staying, 0));
  int64_t apart = 0;
  for (TensorOp tensor : all)
    apart += bytesOf(tensor);
  bool isShared = dram == "shared" || (dram == "auto" && apart > chip.structure.dramBytes);
  remarkMemory(module, apart, byLifetime,
               lifetimes.leastBytes(module, [](TensorOp tensor) { return bytesOf(tensor); }),
               isShared);
  if (!isShared)
    placeApart(all, 0);
  int64_t end = isShared ? byLifetime : apart;
  if (end <= chip.structure.dramBytes)
    return success();
  TensorOp first, largest; // beyond the memory; of all
  for (TensorOp tensor : all) {
    if (!first && rangeOf(tensor).end > chip.structure.dramBytes)
      first = tensor;
    if (!largest || bytesOf(tensor) > bytesOf(largest))
      largest = tensor;
  }
  return (first ? first : largest).emitError("all tensors together need ")
         << end << " bytes of dram, of which " << chip.name << " has "
         << int64_t(chip.structure.dramBytes) << "; the largest, \"" << largest.getSymName()
         << "\", takes " << bytesOf(largest);
}

void PlaceBuffers::runOnOperation() {
  FailureOr<chip::Chip> chip = chipOf(getOperation());
  if (failed(chip))
    return signalPassFailure();
  WalkResult isExpanded = getOperation().walk([](NestOp nest) {
    nest.emitOpError("has no loops yet; run chip-expand-nests first");
    return WalkResult::interrupt();
  });
  if (isExpanded.wasInterrupted())
    return signalPassFailure();
  if (failed(placeTensors(*chip)))
    return signalPassFailure();
  SymbolTable symbols(getOperation());
  bool fromAbove = false;
  WalkResult result = getOperation().walk([&](TaskOp task) {
    // In turn, so that a task's first buffers lie where the one before has none.
    bool isFirst = !isa<RegionOp>(task->getParentOp()) || !task->getPrevNode();
    fromAbove = !isFirst && !fromAbove;
    return WalkResult(placeTask(task, *chip, symbols, fromAbove));
  });
  if (result.wasInterrupted())
    signalPassFailure();
}
