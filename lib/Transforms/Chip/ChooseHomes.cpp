//===- ChooseHomes.cpp - the pass chip-choose-homes -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Carries out what HomePlan.h plans.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/HomePlan.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/IR/Remarks.h"

namespace slp {
#define GEN_PASS_DEF_CHOOSEHOMES
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

/// A tensor on the chip in the place of a state, which stays in DRAM for the host.
static TensorOp copyOnChip(const HomeCandidate &candidate) {
  TensorOp state = candidate.tensor;
  OpBuilder b(state);
  b.setInsertionPointAfter(state);
  std::string name = (state.getSymName() + ".chip").str();
  while (SymbolTable::lookupSymbolIn(state->getParentOp(), name)) // the graph has such a tensor
    name += '_';
  auto copy = cast<TensorOp>(b.clone(*state));
  copy.setSymName(name);
  copy.setRole(Role::copy);
  copy.setCopyOf(state.getSymName());
  copy.removeInitAttr();
  copy.removeInitRoundingAttr();
  for (BufferOp buffer : candidate.buffers)
    buffer.setTensorAttr(FlatSymbolRefAttr::get(copy.getSymNameAttr()));
  return copy;
}

static void settle(const HomeCandidate &candidate) {
  TensorOp tensor = candidate.isState() ? copyOnChip(candidate) : candidate.tensor;
  for (BufferOp buffer : candidate.buffers)
    buffer.setOnChip(true);
  auto type = cast<MemRefType>(tensor.getType());
  auto space = SpaceAttr::get(tensor.getContext(), Space::shared);
  tensor.setType(MemRefType::get(type.getShape(), type.getElementType(), type.getLayout(), space));
  tensor.setHome(Space::shared);
  tensor.setAddress(candidate.place->begin);
  if (auto r =
          remark::passed(tensor.getLoc(), remark::RemarkOpts::name("home").category("homes"))) {
    size_t nestsOf = candidate.buffers.size();
    r << "\"" + tensor.getSymName().str() + "\" stays in the shared buffer, " +
             std::to_string(candidate.bytes) + " bytes, for " + std::to_string(nestsOf) +
             (nestsOf == 1 ? " nest" : " nests") + (candidate.isState() ? ", over steps" : "");
  }
}

namespace {
struct ChooseHomes : slp::impl::ChooseHomesBase<ChooseHomes> {
  using Base::Base;
  void runOnOperation() override {
    FailureOr<chip::Chip> chip = chipOf(getOperation());
    if (failed(chip))
      return signalPassFailure();
    HomePlan plan(getOperation(), *chip, seed);
    for (const HomeCandidate *resident : plan.chosen())
      settle(*resident);
    for (auto [function, nests] : llvm::enumerate(plan.getNests()))
      for (auto [number, nest] : llvm::enumerate(nests))
        fitBetweenHomes(nest, plan.roomAt(function, number), plan.getCapacity());
  }
};
} // namespace
