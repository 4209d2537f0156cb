//===- Sensitivity.h - formats by what a profile measured -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads what `slp-sim --profile` wrote (docs/fidelity.md) and chooses fp8 or fp16 for the operands
// of each layer. Called by PrecisionPlan.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_SENSITIVITY_H
#define LIB_TRANSFORMS_TRAIN_SENSITIVITY_H

#include "lib/Transforms/Train/PrecisionPolicy.h"

#include "runtime/chips/Chip.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace slp {

/// The format of one kind of a layer's operands, and the numbers that decided.
struct SensitivityChoice {
  std::string format; ///< fp8 or fp16
  std::string reason;
};

/// What a profile says of a model.
struct SensitivityTable {
  double lossScale = 1;                          ///< of the run that was measured
  llvm::StringMap<SensitivityChoice> choices[3]; ///< by layer, for each TensorKind
};

/// Chooses for every MAC of @step in `module`, of stage differentiate, by the profile in the file
/// `path`: fp8 where all that the layer reads of a kind stays within `limits`; else, and where
/// nothing is known, fp16 if the chip has fp16-mac. Fails with one error line for a file that is no
/// profile, one of another model, or one that measured other formats.
mlir::FailureOr<SensitivityTable>
chooseByProfile(mlir::ModuleOp module, const chip::Chip &chip, const SensitivityLimits &limits,
                llvm::StringRef path, llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_SENSITIVITY_H
