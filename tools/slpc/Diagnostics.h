//===- Diagnostics.h - one line per error -----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// How the compiler's tools print MLIR diagnostics: tool, severity, place, text. A place is a line
// of a file, or the model and the name of an ONNX node.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPC_DIAGNOSTICS_H
#define TOOLS_SLPC_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

#include <string>

namespace slp {

/// Prints every diagnostic of `context` to stderr while it lives, one a line with its notes;
/// remarks and notes of their own only if asked for. `model` is the path that names of nodes are
/// printed behind.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext &context, std::string tool, std::string model, bool remarks,
                    bool notes = true);

private:
  mlir::ScopedDiagnosticHandler handler;
};

/// "file:3:7", `node "conv1"`, or nothing.
std::string describeLocation(mlir::Location loc);

} // namespace slp

#endif // TOOLS_SLPC_DIAGNOSTICS_H
