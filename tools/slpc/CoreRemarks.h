//===- CoreRemarks.h - says which layers more cores make slower -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Behind slpc --remarks=cores, and a note without it.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TOOLS_SLPC_COREREMARKS_H
#define TOOLS_SLPC_COREREMARKS_H

#include "slp/Measure/CoreCounts.h"

#include "mlir/IR/MLIRContext.h"

namespace slp {

/// The category of these remarks.
constexpr llvm::StringLiteral coreRemarks = "cores";

/// Steps (measure::compareCoreCounts) up to which layers are compared without being asked.
constexpr int64_t quickSteps = 20000;

/// One remark for each slow layer.
void remarkSlowLayers(mlir::MLIRContext &context, const measure::CoreCounts &counts);

/// The note that counts them. Nothing if there are none and nobody asked for remarks.
void noteSlowLayers(const measure::CoreCounts &counts, const chip::Chip &chip, bool isAsked,
                    llvm::raw_ostream &os);

} // namespace slp

#endif // TOOLS_SLPC_COREREMARKS_H
