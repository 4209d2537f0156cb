//===- PrecisionPlan.h - which format a layer's tensors get, and why --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A precision policy on one chip and one model. Called by AssignPrecision.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_PRECISIONPLAN_H
#define LIB_TRANSFORMS_TRAIN_PRECISIONPLAN_H

#include "lib/Transforms/Train/PrecisionPolicy.h"
#include "lib/Transforms/Train/Sensitivity.h"

#include "slp/Transforms/Train/Passes.h"

#include "dialects/Train/TrainNodeName.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"

namespace slp {

/// What a tensor is to the layer that multiplies it.
enum class TensorKind { activations, errors, weights };

/// An element type, and the rule that gave it.
struct FormatChoice {
  mlir::Type type;
  std::string reason;
  /// MACs read it as two fp8 numbers: its rounding, and that of what the rounding leaves.
  bool isSplit = false;
};

bool isMac(mlir::Operation *op);

/// Whether an op passes on elements of operand 0 as they are, or zeros: its results have the
/// operand's format.
bool isSelection(mlir::Operation *op);

/// Whether an op changes at most the place or the format of the elements of operand 0.
bool isMove(mlir::Operation *op);

/// What a value is to the MAC that reads it: a state that went through moves at most is a weight.
TensorKind kindOf(mlir::Value value);

class PrecisionPlan {
public:
  /// Fails, with an error that names it, for a layer or format that does not exist, a format that
  /// cannot be multiplied, a feature that the chip lacks, or a wrong loss scale.
  static mlir::FailureOr<PrecisionPlan> create(mlir::ModuleOp module, const chip::Chip &chip,
                                               const PrecisionOptions &options);

  /// The format of a layer's operands of one kind.
  FormatChoice of(llvm::StringRef layer, TensorKind kind) const;

  /// A type as a policy would name it: "fp8", "fp8+4", "mixed", "coded fp16"; "fp32" for f32.
  std::string nameOf(mlir::Type element) const;

  /// What is stored, where no MAC reads it, in the place of a layer's format `operands`.
  mlir::Type betweenFor(mlir::Type operands) const;

  const PrecisionPolicy &policy() const { return thePolicy; }

  mlir::Type f32, fp8, arithmetic, loss, master, optimizer, statistics;
  num_ir::AccumulateAttr accumulate;
  num_ir::RoundingAttr rounding, updateRounding;
  mlir::FloatAttr lossScale;
  /// Of element-wise mixing; without meaning where no tensor is mixed.
  float low = 0;   ///< errors below become FP16
  float share = 0; ///< target to begin with
  int64_t period = 1;
  float improvement = 0, growth = 1, largest = 0; ///< how the target adapts

private:
  PrecisionPlan(mlir::ModuleOp module, const chip::Chip &chip, PrecisionPolicy policy)
      : module(module), chip(chip), thePolicy(std::move(policy)) {}
  mlir::InFlightDiagnostic error() const;
  mlir::FailureOr<mlir::Type> typeNamed(llvm::StringRef name, llvm::Twine what) const;
  mlir::LogicalResult resolveAll();
  mlir::LogicalResult resolveKind(llvm::StringRef name, TensorKind kind, llvm::Twine what);
  mlir::LogicalResult resolveSensitivity(llvm::StringRef profile);
  mlir::LogicalResult resolveLossScale(double wanted);
  void resolveMixing();
  mlir::LogicalResult findLayers();
  llvm::StringRef wordFor(llvm::StringRef layer, TensorKind kind, std::string &reason) const;

  mutable mlir::ModuleOp module; // a handle whose accessors are not const
  const chip::Chip &chip;
  PrecisionPolicy thePolicy;
  llvm::StringMap<mlir::Type> types[3]; ///< of words, by kind
  mlir::Type between;                   ///< null: as the operands
  std::string firstLayer, lastLayer;
  std::optional<SensitivityTable> sensitivity; ///< of policy sensitivity
};

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_PRECISIONPLAN_H
