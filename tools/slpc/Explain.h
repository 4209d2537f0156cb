//===- Explain.h - why the tensors of a node have their formats -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `slpc --explain=NODE`: gathers the remarks of category precision by node, and prints those about
// one node and the states that it reads.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPC_EXPLAIN_H
#define TOOLS_SLPC_EXPLAIN_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace slp {

/// What stage precision decided, by the name of the node or state, in order and without
/// repetitions.
using Decisions = llvm::StringMap<std::vector<std::string>>;

/// Lets every decision of stage precision go into `decisions`, which outlives the context's use.
mlir::LogicalResult collectDecisions(mlir::MLIRContext &context, Decisions &decisions);

/// Prints the decisions about `node` and about the states it reads. `module` has been through stage
/// precision. False, and `error` names the closest nodes, if there is no such node.
bool explain(mlir::ModuleOp module, llvm::StringRef node, const Decisions &decisions,
             llvm::raw_ostream &os, std::string &error);

} // namespace slp

#endif // TOOLS_SLPC_EXPLAIN_H
