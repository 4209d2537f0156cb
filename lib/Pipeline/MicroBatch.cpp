//===- MicroBatch.cpp - whether micro-batches are the whole batch
//-------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Pipeline/MicroBatch.h"

#include "lib/Analysis/BatchCoupling.h"

#include "dialects/Train/TrainNodeName.h"

#include "slp/Transforms/Train/Passes.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace slp;

/// @step of the module, if it has a loss.
static func::FuncOp stepWithLoss(ModuleOp module) {
  auto step = module ? module.lookupSymbol<func::FuncOp>("step") : func::FuncOp();
  bool hasLoss = step && step.getNumResults() != 0 && step.getNumResults() <= 2 &&
                 cast<ShapedType>(step.getResultTypes().front()).getRank() == 0;
  return hasLoss ? step : func::FuncOp();
}

/// The model once more, with its backward pass recognised, and without a word: what is to be said
/// has been said.
static OwningOpRef<ModuleOp> importAgain(MLIRContext &context, StringRef path,
                                         ImportOptions options, int64_t batch) {
  options.batch = batch;
  ScopedDiagnosticHandler silence(&context, [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> module = importONNX(context, path, options);
  PassManager pm(&context);
  pm.addPass(createTrainRecognizeBackward());
  return module && succeeded(pm.run(*module)) ? std::move(module) : OwningOpRef<ModuleOp>();
}

static BatchVerdict compare(OwningOpRef<ModuleOp> &part, OwningOpRef<ModuleOp> &whole,
                            int64_t factor) {
  func::FuncOp a = stepWithLoss(part.get()), b = stepWithLoss(whole.get());
  return a && b ? compareBatches(a, b, factor) : BatchVerdict{BatchVerdict::unknown};
}

/// `node "pool" (train.reduce_max)`.
static std::string describe(Operation *op) {
  std::string name = train::nodeNameOf(op->getLoc()), kind = op->getName().getStringRef().str();
  return name.empty() ? kind : "node \"" + name + "\" (" + kind + ")";
}

void slp::noteMicroBatches(ModuleOp module, StringRef path, const ImportOptions &importOptions,
                           const CompileOptions &options) {
  MLIRContext &context = *module.getContext();
  int64_t runs = options.microBatch ? options.batch / options.microBatch : 1;
  if (runs == 1 || !stepWithLoss(module))
    return;
  // A dimension of one image looks like one that is repeated: two batches of several then.
  bool isOne = options.microBatch == 1;
  int64_t factor = isOne ? 2 : runs;
  OwningOpRef<ModuleOp> part =
      importAgain(context, path, importOptions, isOne ? options.batch : options.microBatch);
  OwningOpRef<ModuleOp> whole =
      importAgain(context, path, importOptions, isOne ? options.batch * 2 : options.batch);
  BatchVerdict verdict = compare(part, whole, factor);
  if (verdict.kind == BatchVerdict::mean)
    return;
  Diagnostic note(UnknownLoc::get(&context), DiagnosticSeverity::Note);
  note << path << ": --micro-batch=" << options.microBatch
       << ": losses and gradients of micro-batches are averaged, ";
  if (verdict.kind == BatchVerdict::sum)
    note << "but this loss is a sum over images: a step is 1/" << runs
         << " of that of the whole batch, which an --lr " << runs
         << " times as large makes up for with plain SGD";
  else if (verdict.kind == BatchVerdict::coupled)
    note << "which is not the step of the whole batch: " << describe(verdict.op) << " "
         << verdict.why;
  else
    note << "which is the step of the whole batch if the loss is a mean over images; that is not "
            "known"
         << (verdict.op ? " because of " + describe(verdict.op) : "");
  context.getDiagEngine().emit(std::move(note));
}
