//===- FidelityMeter.h - runs the fp32 step beside a low-precision one ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Called by Verify.cpp, before, during and after each run of the low-precision reference.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_VERIFY_FIDELITYMETER_H
#define LIB_VERIFY_FIDELITYMETER_H

#include "slp/Reference/Evaluator.h"
#include "slp/Verify/Fidelity.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"

namespace slp::verify {

class FidelityMeter {
public:
  /// `fp32` and `low` are modules of stage precision, made of one module of stage differentiate,
  /// and outlive the meter. `evaluator` is that of `fp32`.
  FidelityMeter(mlir::ModuleOp fp32, mlir::ModuleOp low, reference::Evaluator evaluator)
      : fp32(fp32), low(low), evaluator(std::move(evaluator)) {}

  /// Runs the fp32 function from the states in which `from` is; states that only the policy has are
  /// left out. Call before `from` runs.
  mlir::LogicalResult begin(llvm::StringRef function, const reference::NamedTensors &inputs,
                            const reference::Hyper &hyper, const reference::Evaluator &from);
  /// A result of the low-precision run.
  void observe(llvm::StringRef name, const reference::Tensor &values, mlir::OpResult result);
  /// Adds the run to step `step`, from 1.
  void end(int step);

  FidelityReport takeReport();

private:
  struct Exact {
    std::string name, node, phase, key;
    mlir::OpResult result;
    reference::Tensor values;
  };
  struct Stored {
    reference::Tensor values;
    mlir::Type element;
  };
  FidelityRow rowOf(int step, const Exact &from, const Stored &to) const;
  /// Node, phase, op and which of their kind, for tensors whose names differ.
  std::string keyOf(mlir::OpResult result, llvm::StringMap<int> &ordinals) const;
  void findScaled(llvm::StringRef function);
  void add(int step, const Exact &exact, const Stored &stored);

  mlir::ModuleOp fp32, low;
  reference::Evaluator evaluator;
  double scale = 1;                   ///< of this run's loss
  llvm::DenseSet<mlir::Value> scaled; ///< fp32 values that the loss scale multiplies
  std::vector<Exact> exact;           ///< of this run, in order
  llvm::StringMap<Stored> stored, storedByKey;
  llvm::StringMap<int> ordinals;
  llvm::DenseMap<mlir::Value, std::string> names;          ///< of fp32 values that are measured
  llvm::StringMap<llvm::SmallVector<bool, 2>> narrowReads; ///< of MACs, by key: which operands
  llvm::StringSet<> unmatched;
  FidelityReport report;
};

} // namespace slp::verify

#endif // LIB_VERIFY_FIDELITYMETER_H
