//===- Summary.cpp - what slpc has made, in two lines -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "Summary.h"

#include "dialects/Train/TrainState.h"
#include "runtime/isa/SpaceAcc.h.inc"
#include "runtime/isa/SpaceShared.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"
#include "slp/Pipeline/Pipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace mlir;
using namespace slp;

static bool isUpdate(Operation *op) {
  auto phase = op ? op->getAttrOfType<train::PhaseAttr>("phase") : nullptr;
  return phase && phase.getValue() == train::Phase::up;
}

std::optional<Trained> slp::countTrained(ModuleOp module) {
  if (stageOf(module) > Stage::precision)
    return std::nullopt;
  Trained trained;
  auto step = module.lookupSymbol<func::FuncOp>("step");
  if (!step)
    return trained;
  llvm::StringSet<> used; // by more than the updates: no state of an optimizer
  for (Operation &op : step.getBody().front())
    if (auto read = train::stateReadBy(&op);
        read && llvm::any_of(op.getUsers(), [](Operation *user) { return !isUpdate(user); }))
      used.insert(read.getValue());
  for (Operation &op : step.getBody().front())
    if (auto name = train::stateWrittenBy(&op);
        name && isUpdate(op.getOperand(0).getDefiningOp()) && used.contains(name.getValue())) {
      ++trained.parameters;
      trained.values += cast<RankedTensorType>(op.getOperand(0).getType()).getNumElements();
    }
  return trained;
}

/// "12,345 of 16,384 bytes of WHAT".
static std::string share(uint64_t used, uint64_t of, StringRef what) {
  return llvm::formatv("{0:N} of {1:N} bytes of {2}", used, of, what);
}

void slp::printSummary(StringRef name, const image::Image &image, const chip::Chip &chip,
                       const std::optional<Trained> &trained, llvm::raw_ostream &os) {
  uint64_t dram = 0, used[4] = {};
  for (const image::Tensor &tensor : image.tensors)
    dram = std::max(dram, tensor.address + tensor.bytes);
  for (const image::NamedDescriptor &d : image.descriptors) {
    uint64_t &most = used[size_t(d.tile.space)];
    most = std::max(most, d.tile.base + d.tile.slots * d.tile.slotBytes);
  }
  auto of = [&](mach::Space space) { return used[size_t(space)]; };
  const chip::Structure &s = chip.structure;

  os << name << ": for " << chip.name << ", ";
  if (trained && trained->parameters)
    os << llvm::formatv("trains {0:N} values in {1:N} parameter{2}, ", trained->values,
                        trained->parameters, trained->parameters == 1 ? "" : "s");
  else if (trained)
    os << "trains no parameter, ";
  os << llvm::formatv("{0:N} images a step\n", image.batch * image.microBatches);
  os << name << ": takes " << share(dram, s.dramBytes, "DRAM") << "; at most "
     << share(of(mach::space::shared), s.sharedBytes, "the shared buffer") << ", "
     << share(of(mach::space::spm), s.scratchpadBytes, "a core's scratchpad") << ", "
     << share(of(mach::space::acc), 2 * int64_t(s.accBankBytes), "its accumulators") << "\n";
}
