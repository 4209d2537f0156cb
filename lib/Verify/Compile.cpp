//===- Compile.cpp - from a module to what is compared ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The straight line, with a copy kept where the definition is fixed.
//
//===----------------------------------------------------------------------------------------===//

#include "slp/Verify/Verify.h"

#include "slp/Emit/Emit.h"

using namespace mlir;
using namespace slp;
using namespace slp::verify;

FailureOr<Program> verify::compile(OwningOpRef<ModuleOp> module, const CompileOptions &options,
                                   const chip::Chip &chip, llvm::StringRef modelFolder) {
  if (stageOf(*module) > Stage::precision)
    return module->emitError() << "expected a module of stage precision or before, found one of "
                               << stringifyStage(stageOf(*module));
  if (options.precision == "fp32")
    return emitError(UnknownLoc::get(module->getContext()))
           << "precision fp32 is for the reference only; expected fp16 or fp8";
  if (failed(runStages(*module, Stage::precision, options, chip)))
    return failure();
  Program program;
  program.train = module->clone();
  if (failed(runStages(*module, Stage::emit, options, chip)))
    return failure();
  FailureOr<image::Image> image = emitImage(*module, chip, modelFolder);
  if (failed(image))
    return failure();
  program.image = std::move(*image);
  return program;
}
