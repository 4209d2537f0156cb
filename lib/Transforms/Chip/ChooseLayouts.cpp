//===- ChooseLayouts.cpp - the pass chip-choose-layouts ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipNest.h"
#include "dialects/Chip/TensorOp.h"
#include "slp/Transforms/Chip/Passes.h"

namespace slp {
#define GEN_PASS_DEF_CHOOSELAYOUTS
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {
struct ChooseLayouts : slp::impl::ChooseLayoutsBase<ChooseLayouts> {
  using Base::Base;
  void runOnOperation() override;
};
} // namespace

void ChooseLayouts::runOnOperation() {
  // On-chip memories are laid out anew in each task, so that nothing else can hold a tensor between
  // two nests.
  for (auto tensor : getOperation().getOps<TensorOp>()) {
    if (!tensor.getHome())
      tensor.setHome(Space::dram);
    if (!tensor.getLayout())
      tensor.setLayout(Layout::row_major);
  }
  getOperation().walk([](BufferOp buffer) {
    if (buffer.getTensor() && !buffer.getStrides())
      buffer.setStrides(rowMajor(buffer.getExtents()));
  });
}
