//===- Resume.h - what the stages of a module were told ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The IR between two stages is a file that users keep. It says in the module attribute
// `slp.options` which choices are behind it, so that a later run can neither forget nor contradict
// them. resumeOptions, declared in slp/Pipeline/Pipeline.h, reads what is recorded here.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_PIPELINE_RESUME_H
#define LIB_PIPELINE_RESUME_H

#include "slp/Pipeline/Pipeline.h"

namespace slp {

/// Records the options that `stage` reads, apart from the chip.
void recordOptions(mlir::ModuleOp module, Stage stage, const CompileOptions &options);

/// Records the chip that formats and tiles are for: name or path, and the structure hash.
void recordChip(mlir::ModuleOp module, llvm::StringRef target, const chip::Chip &chip);

} // namespace slp

#endif // LIB_PIPELINE_RESUME_H
