//===- MixingStates.h - thresholds of element-wise mixing -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What `precision` adds to the graph for tensors of mixed formats: one threshold a tensor, one
// control for all, and the ops that move them from step to step. Called by AssignPrecision.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_MIXINGSTATES_H
#define LIB_TRANSFORMS_TRAIN_MIXINGSTATES_H

#include "lib/Transforms/Train/PrecisionPlan.h"

#include "dialects/Train/ClassifyOp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace slp {

class MixingStates {
public:
  MixingStates(mlir::ModuleOp module, const PrecisionPlan &plan) : module(module), plan(plan) {}

  /// `x` in the mixed format `type`, classified behind `x` by a threshold that is a state: NODE/
  /// threshold, or NODE/dx/threshold in phase bp. @eval shares the thresholds of @step: the k-th
  /// tensor of a node and phase has the k-th.
  mlir::Value classify(mlir::OpBuilder &builder, mlir::func::FuncOp fn, mlir::Value x,
                       num_ir::MixedType type, train::Phase phase);

  /// Appends to `fn` what gives all its thresholds, and the control, their next values. Only
  /// training moves them: not @eval.
  void finish(mlir::OpBuilder &builder, mlir::func::FuncOp fn);

private:
  std::string stateOf(mlir::func::FuncOp fn, mlir::Value x, train::Phase phase);
  /// The state of this name, or of one like it if the model has taken the name.
  std::string declare(mlir::Location loc, llvm::StringRef wanted, llvm::ArrayRef<float> initial);
  mlir::Value read(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                   int64_t size);

  mlir::ModuleOp module;
  const PrecisionPlan &plan;
  llvm::StringMap<unsigned> uses;        ///< by function and state: tensors so far
  llvm::StringMap<std::string> declared; ///< by wanted name: the state's
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<train::ClassifyOp>>
      classified; ///< by function
};

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_MIXINGSTATES_H
