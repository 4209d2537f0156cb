//===- EvaluateModule.h - train IR as a string, evaluated -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What the tests of the reference have in common.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_REFERENCE_EVALUATEMODULE_H
#define TEST_UNIT_REFERENCE_EVALUATEMODULE_H

#include "slp/Reference/Evaluator.h"

#include "dialects/Train/TrainState.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

#include <string>

namespace slp::reference {

/// A parsed module, its evaluator, and the last error reported.
class EvaluatedModule {
public:
  explicit EvaluatedModule(const std::string &ir)
      : handler(&context, [this](mlir::Diagnostic &d) { error = d.str(); }) {
    context.loadDialect<mlir::func::FuncDialect, num_ir::NumDialect, train::TrainDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(ir, &context);
    EXPECT_TRUE(module) << error;
    if (!module)
      return;
    auto created = Evaluator::create(*module, [&](const train::State &) {
      return mlir::FailureOr<std::vector<float>>(fileValues);
    });
    if (mlir::succeeded(created))
      evaluator.emplace(std::move(*created));
  }

  /// All named results of a function; empty after an error.
  NamedTensors run(llvm::StringRef function, const NamedTensors &inputs) {
    NamedTensors results;
    if (mlir::failed(evaluator->run(function, inputs,
                                    [&](llvm::StringRef name, const Tensor &values,
                                        mlir::OpResult) { results[name.str()] = values; })))
      return {};
    return results;
  }

  std::string error;
  std::optional<Evaluator> evaluator;
  static inline const std::vector<float> fileValues = {1.0f, 2.0f};

private:
  mlir::MLIRContext context;
  mlir::ScopedDiagnosticHandler handler;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

inline Tensor makeTensor(llvm::ArrayRef<int64_t> shape, std::vector<float> values) {
  Tensor tensor(shape);
  EXPECT_EQ(tensor.values.size(), values.size());
  tensor.values = std::move(values);
  return tensor;
}

/// Deterministic values that are multiples of 1/16 in [-1, 1]: sums of products of them are exact
/// in FP32.
inline Tensor makeExact(llvm::ArrayRef<int64_t> shape, uint32_t seed) {
  Tensor tensor(shape);
  uint32_t state = seed * 2654435761u + 1;
  for (float &value : tensor.values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int>(state >> 16) % 33 - 16) / 16.0f;
  }
  return tensor;
}

} // namespace slp::reference

#endif // TEST_UNIT_REFERENCE_EVALUATEMODULE_H
