//===- MicroBatch.h - whether micro-batches are the whole batch
//---------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by Pipeline.cpp after import.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_PIPELINE_MICROBATCH_H
#define LIB_PIPELINE_MICROBATCH_H

#include "slp/Import/ONNX.h"
#include "slp/Pipeline/Pipeline.h"

namespace slp {

/// Notes what keeps a step of `options.microBatch` images at a time from being the step of
/// `options.batch` images, with the node at which it begins; nothing where the two are the same
/// (docs/forms.md, "Micro-batches"). `module` is the model at `path`, imported with
/// `importOptions`; it is imported again, with other batches, to see what depends on them.
void noteMicroBatches(mlir::ModuleOp module, llvm::StringRef path,
                      const ImportOptions &importOptions, const CompileOptions &options);

} // namespace slp

#endif // LIB_PIPELINE_MICROBATCH_H
