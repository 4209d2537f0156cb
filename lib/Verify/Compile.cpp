//===- Compile.cpp - from a module to what is compared ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The straight line, with a copy kept where the definition is fixed.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Verify.h"

#include "slp/Emit/Emit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::verify;

/// The step of `module` by policy fp32, whose loss scale is 1.
static FailureOr<OwningOpRef<ModuleOp>> assignFp32(ModuleOp module, CompileOptions options,
                                                   const chip::Chip &chip) {
  if (!module.lookupSymbol<func::FuncOp>("step"))
    return emitError(UnknownLoc::get(module.getContext()))
           << "--fidelity measures a training step, and the model has none: give it a --loss";
  OwningOpRef<ModuleOp> fp32 = module.clone();
  options.precision = "fp32";
  options.masterWeights.clear();
  options.profileUse.clear();
  options.lossScale = CompileOptions().lossScale;
  if (failed(runStages(*fp32, Stage::precision, options, chip)))
    return failure();
  return fp32;
}

FailureOr<Program> verify::compile(OwningOpRef<ModuleOp> module, const CompileOptions &options,
                                   const chip::Chip &chip, llvm::StringRef modelFolder,
                                   bool withFp32) {
  if (stageOf(*module) > Stage::precision)
    return module->emitError() << "expected a module of stage precision or before, found one of "
                               << stringifyStage(stageOf(*module));
  if (options.precision == "fp32")
    return emitError(UnknownLoc::get(module->getContext()))
           << "precision fp32 is for the reference only; expected fp16 or fp8";
  Program program;
  if (withFp32) {
    if (stageOf(*module) == Stage::precision)
      return emitError(UnknownLoc::get(module->getContext()))
             << "--fidelity: expected a module of stage differentiate or before, found one of "
             << "precision";
    if (failed(runStages(*module, Stage::differentiate, options, chip)))
      return failure();
    FailureOr<OwningOpRef<ModuleOp>> fp32 = assignFp32(*module, options, chip);
    if (failed(fp32))
      return failure();
    program.fp32 = std::move(*fp32);
  }
  if (failed(runStages(*module, Stage::precision, options, chip)))
    return failure();
  program.train = module->clone();
  if (failed(runStages(*module, Stage::emit, options, chip)))
    return failure();
  FailureOr<image::Image> image = emitImage(*module, chip, modelFolder);
  if (failed(image))
    return failure();
  program.image = std::move(*image);
  return program;
}
