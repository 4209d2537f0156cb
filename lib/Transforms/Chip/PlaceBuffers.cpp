//===- PlaceBuffers.cpp - addresses -----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/NestOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/TensorOp.h"
#include "dialects/Mach/ElementFormat.h"
#include "runtime/isa/CompressedLayout.h"
#include "slp/Transforms/Chip/Passes.h"

#include "llvm/Support/MathExtras.h"

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

static int64_t bytesOf(MemRefType type) {
  return type.getNumElements() * elementBytes(type.getElementType());
}

namespace {
struct PlaceBuffers : slp::impl::PlaceBuffersBase<PlaceBuffers> {
  using Base::Base;
  void runOnOperation() override;

private:
  LogicalResult placeTask(TaskOp task, const chip::Chip &chip);
};
} // namespace

LogicalResult PlaceBuffers::placeTask(TaskOp task, const chip::Chip &chip) {
  OpBuilder b(&getContext());
  int64_t used[4] = {0, 0, 0, 0};
  int64_t capacity[4] = {0, chip.structure.sharedBytes, chip.structure.scratchpadBytes,
                         2 * chip.structure.accBankBytes};
  WalkResult result = task.walk([&](AllocOp alloc) {
    if (AllocOp owner = alloc.getOwner(); owner != alloc) {
      alloc.setOffsetAttr(owner.getOffsetAttr());
      alloc.setSlotBytesAttr(owner.getSlotBytesAttr());
      return WalkResult::advance();
    }
    auto type = cast<MemRefType>(alloc.getResult().getType());
    int space = int(spaceOf(type));
    int64_t bytes = llvm::alignTo(bytesOf(type), bufferAlignment);
    if (spaceOf(type) == Space::acc && bytes <= chip.structure.accBankBytes)
      bytes = chip.structure.accBankBytes;
    if (bytes >= copyBytesLimit) {
      alloc.emitOpError("has copies of ")
          << bytes << " bytes, of which a descriptor tells the distance up to "
          << copyBytesLimit - 1;
      return WalkResult::interrupt();
    }
    alloc.setOffset(used[space]);
    alloc.setSlotBytes(bytes);
    used[space] += bytes * alloc.getSlots();
    if (used[space] <= capacity[space])
      return WalkResult::advance();
    alloc.emitOpError("needs ") << used[space] << " bytes of " << stringifyEnum(spaceOf(type))
                                << ", of which " << chip.name << " has " << capacity[space];
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
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
  int64_t address = 0, largestBytes = 0;
  TensorOp first, largest; // beyond the memory; of all
  for (TensorOp tensor : getOperation().getOps<TensorOp>()) {
    auto type = cast<MemRefType>(tensor.getType());
    int64_t bytes = bytesOf(type), begin = address;
    if (auto format = mach::compressedFormat(type.getElementType())) {
      address += mach::CompressedLayout::bitmapsOf(type.getNumElements());
      bytes = mach::CompressedLayout(*format).payloadsOf(type.getNumElements());
    }
    tensor.setAddress(address);
    address = llvm::alignTo(address + bytes, tensorAlignment);
    if (!first && address > chip->structure.dramBytes)
      first = tensor;
    if (address - begin > largestBytes) {
      largestBytes = address - begin;
      largest = tensor;
    }
  }
  if (first) {
    first.emitError("all tensors together need ")
        << address << " bytes of dram, of which " << chip->name << " has "
        << int64_t(chip->structure.dramBytes) << "; the largest, \"" << largest.getSymName()
        << "\", takes " << largestBytes;
    return signalPassFailure();
  }
  WalkResult result =
      getOperation().walk([&](TaskOp task) { return WalkResult(placeTask(task, *chip)); });
  if (result.wasInterrupted())
    signalPassFailure();
}
