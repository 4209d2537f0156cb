//===- PrecisionPolicy.h - what a user asks of the formats ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A policy by name (fp32, fp16, fp8, fgmp, sensitivity) or from a YAML file, as words; what the
// words mean on a chip is AssignPrecision.cpp's business. docs/precision.md explains every key.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_PRECISIONPOLICY_H
#define LIB_TRANSFORMS_TRAIN_PRECISIONPOLICY_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/Support/LLVM.h"

#include <optional>
#include <string>
#include <vector>

namespace slp {

/// Formats by name; empty: what holds for all layers.
struct LayerFormats {
  std::string activations, errors, weights;
};

/// One entry of the table of layers.
struct LayerRule {
  std::string name; ///< pattern of ONNX node names
  LayerFormats formats;
};

/// Limits of policy sensitivity: a tensor is FP8 if its profile stays below all of them.
struct SensitivityLimits {
  /// Relative: root of the mean square, of the error over the values. Two mantissa bits alone give
  /// about 0.053.
  double error = 0.06;
  double underflow = 0.02; ///< share of the elements that are not zero
  double overflow = 0.0;   ///< share of the elements
};

struct PrecisionPolicy {
  std::string name; ///< as the user gave it
  LayerFormats base;
  std::string first, last; ///< of the first and the last layer; empty or "base": as the others
  std::string loss = "fp16", arithmetic = "fp16";
  /// Of what no multiplication reads; "operands": as those of its layer; empty: fp16, unless those
  /// are wide themselves.
  std::string between;
  std::string master = "fp16", optimizer; ///< optimizer empty: as master
  std::string statistics = "fp32";        ///< running statistics
  std::string updateRounding;             ///< of states; empty: the chip's
  std::vector<LayerRule> layers;
  double lossScale = 0;        ///< 0: the default of the narrowest error format
  bool coded = false;          ///< activations and errors without their zeros
  std::optional<double> share; ///< FP16 share that fgmp aims at; none: the chip's
  bool adapt = true;           ///< whether the share grows when the loss stalls
  bool isSensitive = false;    ///< choose by profile
  SensitivityLimits limits;

  bool isReferenceOnly() const { return name == "fp32"; }
  /// The first rule whose pattern fits `layer`, or null.
  const LayerRule *ruleFor(llvm::StringRef layer) const;
};

/// A policy by its name, or from the file `nameOrPath` (which ends in .yaml or .yml). Fails with
/// one error line that names the file, the line and what was expected.
mlir::FailureOr<PrecisionPolicy>
loadPolicy(llvm::StringRef nameOrPath, llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_PRECISIONPOLICY_H
