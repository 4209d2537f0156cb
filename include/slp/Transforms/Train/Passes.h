//===- Passes.h - stage precision -------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_TRANSFORMS_TRAIN_PASSES_H
#define SLP_TRANSFORMS_TRAIN_PASSES_H

#include "dialects/Num/NumDialect.h"
#include "runtime/chips/Chip.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace slp {

/// A format of a chip description as a type, its rounding as an attribute.
num_ir::FloatType formatType(mlir::MLIRContext *context, const num::Format &format);
num_ir::RoundingAttr roundingAttr(mlir::MLIRContext *context, num::Rounding rounding);

/// Sets the module's attribute `num.formats`: all formats of the chip, by name. Whoever gives
/// tensors types of the chip does this too; without it the lowering knows fp8 and fp16 only.
void setFormats(mlir::ModuleOp module, const chip::Chip &chip);

struct PrecisionOptions {
  std::string policy = "fp16"; // fp32, fp16, fp8, fgmp, sensitivity, or a YAML file
  std::string masterWeights;   // of states: fp8, fp16, fp32; empty: the policy's
  double lossScale = 0;        // a power of two; 0: the policy's
  std::string profileUse;      // of policy sensitivity: what slp-sim --profile wrote
};

/// Assigns formats, accumulators and roundings (docs/numerics.md section 8) to @step and @eval, and
/// sets `slp.stage` and `train.precision`. Fails with an error, before anything is changed, if the
/// policy, an option or a feature that the chip lacks stands in the way.
mlir::LogicalResult assignPrecision(mlir::ModuleOp module, const chip::Chip &chip,
                                    const PrecisionOptions &options);

#define GEN_PASS_DECL
#include "slp/Transforms/Train/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "slp/Transforms/Train/Passes.h.inc"

} // namespace slp

#endif // SLP_TRANSFORMS_TRAIN_PASSES_H
