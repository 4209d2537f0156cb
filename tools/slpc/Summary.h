//===- Summary.h - what slpc has made, in two lines -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Printed by slpc after each image, unless --quiet says otherwise.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPC_SUMMARY_H
#define TOOLS_SLPC_SUMMARY_H

#include "runtime/chips/Chip.h"
#include "runtime/image/Image.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>

namespace slp {

/// Parameters that a step updates.
struct Trained {
  int64_t parameters = 0, values = 0;
};

/// Counts the states of the forward pass that the update phase of @step writes. Nothing if the
/// module is past the stages that know: its tensors have become memory.
std::optional<Trained> countTrained(mlir::ModuleOp module);

/// What is trained, and what of each memory of the chip it takes, in lines that begin with `name`.
void printSummary(llvm::StringRef name, const image::Image &image, const chip::Chip &chip,
                  const std::optional<Trained> &trained, llvm::raw_ostream &os);

} // namespace slp

#endif // TOOLS_SLPC_SUMMARY_H
