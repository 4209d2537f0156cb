//===- ListParams.h - what is trained, frozen, constant, and why ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// slpc --list-params.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPC_LISTPARAMS_H
#define TOOLS_SLPC_LISTPARAMS_H

#include "slp/Pipeline/Pipeline.h"

namespace slp {

/// A table with a row for each float initializer: name, shape, what it is, why. `module` has been
/// differentiated; `report` is the importer's, or empty for a module that was read as IR, of which
/// the states are listed.
std::string listParams(mlir::ModuleOp module, const ImportReport &report,
                       const CompileOptions &options);

} // namespace slp

#endif // TOOLS_SLPC_LISTPARAMS_H
