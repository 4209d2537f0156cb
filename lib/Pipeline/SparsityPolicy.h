//===- SparsityPolicy.h - which mechanisms of sparsity a program uses -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_PIPELINE_SPARSITYPOLICY_H
#define LIB_PIPELINE_SPARSITYPOLICY_H

#include "runtime/chips/Chip.h"

#include "mlir/IR/Diagnostics.h"

#include <optional>
#include <string>
#include <vector>

namespace slp {

/// The layers of a mechanism: globs of names of ONNX nodes. Without any, those that it is meant
/// for.
struct MaskedLayers {
  std::vector<std::string> layers;
};

/// Those of channel gating, and what the chip's description gives otherwise.
struct GatedLayers : MaskedLayers {
  std::optional<int64_t> groups;   // chunks of channels
  std::optional<double> threshold; // first value of all thresholds; 0
};

/// Mechanisms, by the features of a chip of the same names.
struct SparsityPolicy {
  bool zeroSkip = false, gradientSkip = false;
  std::optional<GatedLayers> channelGating;
  std::optional<MaskedLayers> weightGroups;

  /// Whether it changes what a step computes, so that it is fixed by stage differentiate. Skipping
  /// zeros changes nothing, and is fixed by stage tile.
  bool changesStep() const { return gradientSkip || channelGating || weightGroups; }
};

/// What --sparsity says: none, names of mechanisms with commas between them, or a policy's file,
/// which ends in .yaml. Fails, with one error, at what is unknown or given twice.
mlir::FailureOr<SparsityPolicy>
loadSparsity(llvm::StringRef text, llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// Fails, with one error, if the chip lacks a mechanism.
mlir::LogicalResult checkSparsity(const SparsityPolicy &policy, const chip::Chip &chip,
                                  llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace slp

#endif // LIB_PIPELINE_SPARSITYPOLICY_H
