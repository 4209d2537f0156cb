//===- FormRegions.cpp - the pass chip-form-regions -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipInstruction.h"
#include "dialects/Chip/CountOp.h"
#include "dialects/Chip/ElementOp.h"
#include "dialects/Chip/IfOp.h"
#include "dialects/Chip/RegionOp.h"
#include "dialects/Chip/TaskOp.h"
#include "runtime/isa/StructVClearSaturations.h.inc"
#include "runtime/isa/StructVSaturations.h.inc"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"

namespace slp {
#define GEN_PASS_DEF_FORMREGIONS
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

/// Why a fence has to stand before a task, or on both sides of it; empty if none has to.
static StringRef fenceBefore(TaskOp task, bool &alsoBehind) {
  StringRef why;
  task.walk([&](Operation *op) {
    if (isa<CountOp, ElementOp, IfOp>(op)) {
      why = "a number decides what it does";
      alsoBehind = true;
      return WalkResult::interrupt();
    }
    auto instr = dyn_cast<EngineInstruction>(op);
    if (!instr)
      return WalkResult::advance();
    mach::Opcode opcode = instr.getInfo().opcode;
    if (opcode == mach::VSaturations::opcode || opcode == mach::VClearSaturations::opcode)
      why = "it reads or clears the counter of saturations, as it is when it is issued";
    return WalkResult::advance();
  });
  return why;
}

namespace {
struct FormRegions : slp::impl::FormRegionsBase<FormRegions> {
  using Base::Base;
  void runOnOperation() override {
    for (auto fn : getOperation().getOps<func::FuncOp>())
      form(fn);
  }

private:
  void form(func::FuncOp fn);
};
} // namespace

void FormRegions::form(func::FuncOp fn) {
  SmallVector<SmallVector<TaskOp>> regions;
  bool isOpen = false;
  for (auto task : fn.getOps<TaskOp>()) {
    bool alsoBehind = false;
    StringRef why = fenceBefore(task, alsoBehind);
    if (!regions.empty() && !why.empty())
      if (auto r =
              remark::missed(task.getLoc(), remark::RemarkOpts::name("fence").category("regions")))
        r << task.getOp().str() + ", " + task.getPhase().str() +
                 (alsoBehind ? ": fences before and behind it: " : ": a fence before it: ") +
                 why.str();
    if (!isOpen || !why.empty())
      regions.emplace_back();
    regions.back().push_back(task);
    isOpen = !alsoBehind;
  }
  for (SmallVector<TaskOp> &tasks : regions) {
    if (tasks.size() == 1)
      continue; // a task that stands alone is between fences
    OpBuilder b(tasks.front());
    auto region = RegionOp::create(b, tasks.front().getLoc());
    Block *body = b.createBlock(&region.getBody());
    for (TaskOp task : tasks)
      task->moveBefore(body, body->end());
  }
}
