//===- Precisions.cpp - which precisions the shipped chips run --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// For slpc --list-ops. Nobody but train-assign-precision knows what a policy needs of a chip: it
// runs on a step of an input without ops.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Pipeline/Precisions.h"

#include "runtime/chips/Chip.h"
#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/TrainDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace slp;

static bool accepts(const std::string &chip, const std::string &policy) {
  MLIRContext context;
  context.loadDialect<func::FuncDialect, train::TrainDialect>();
  ScopedDiagnosticHandler silence(&context, [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder b = OpBuilder::atBlockBegin(module->getBody());
  auto step =
      func::FuncOp::create(b, b.getUnknownLoc(), "step",
                           b.getFunctionType(RankedTensorType::get({1}, b.getF32Type()), {}));
  b.setInsertionPointToStart(step.addEntryBlock());
  func::ReturnOp::create(b, b.getUnknownLoc());
  (*module)->setAttr("slp.stage", b.getStringAttr("differentiate"));
  PassManager pm(&context);
  TrainAssignPrecisionOptions options;
  options.target = chip;
  options.policy = policy;
  pm.addPass(createTrainAssignPrecision(options));
  return succeeded(pm.run(*module));
}

std::vector<ChipPrecisions> slp::listChipPrecisions() {
  std::vector<ChipPrecisions> chips;
  for (const std::string &name : chip::shippedNames()) {
    ChipPrecisions chip{name, {}};
    for (const char *policy : {"fp16", "fp8", "fgmp"})
      if (accepts(name, policy))
        chip.precisions.push_back(policy);
    chips.push_back(std::move(chip));
  }
  return chips;
}
