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
#include "runtime/isa/StructDesc.h.inc"
#include "slp/Pipeline/Pipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <array>
#include <set>

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

/// By space: the most bytes that the buffers of one task take. The descriptors of a task begin with
/// register 0.
static std::array<uint64_t, 4> mostOnChip(const image::Image &image) {
  std::array<uint64_t, 4> most{};
  std::array<std::set<std::pair<uint64_t, uint64_t>>, 4> places; // begin, end; of the present task
  auto endTask = [&] {
    for (size_t space = 0; space < places.size(); ++space) {
      uint64_t bytes = 0, reached = 0;
      for (auto [begin, end] : places[space]) {
        bytes += end - std::min(end, std::max(begin, reached));
        reached = std::max(reached, end);
      }
      most[space] = std::max(most[space], bytes);
      places[space].clear();
    }
  };
  for (mach::Word word : image.text) {
    Result<mach::Instruction> instr = mach::decode(word);
    std::optional<mach::Desc> desc = instr ? instr->as<mach::Desc>() : std::nullopt;
    if (!desc)
      continue;
    if (desc->dd == 0)
      endTask();
    const mach::TensorTile &tile = image.descriptors[desc->src].tile;
    places[size_t(tile.space)].emplace(tile.base, tile.base + tile.slots * tile.slotBytes);
  }
  endTask();
  return most;
}

void slp::printSummary(StringRef name, const image::Image &image, const chip::Chip &chip,
                       const std::optional<Trained> &trained, llvm::raw_ostream &os) {
  uint64_t dram = 0;
  std::array<uint64_t, 4> used = mostOnChip(image);
  for (const image::Tensor &tensor : image.tensors)
    dram = std::max(dram, tensor.address + tensor.bytes);
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
