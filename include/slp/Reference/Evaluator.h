//===- Evaluator.h - evaluates train IR by its definition -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Runs the functions of a module of the stages import to precision, op by op, as docs/numerics.md
// says: slow, plain, and sharing no code with runtime/. Called by slp-verify, which compares the
// simulator with it, and by tests.
//
//===----------------------------------------------------------------------------------------===//

#ifndef SLP_REFERENCE_EVALUATOR_H
#define SLP_REFERENCE_EVALUATOR_H

#include "slp/Reference/Tensor.h"

#include "dialects/Train/TrainDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <map>
#include <string>

namespace slp::train {
struct State;
}

namespace slp::reference {

/// What the host gives at run time, in the order of its registers.
struct Hyper {
  float learningRate = 0, momentum = 0; // momentum is beta1 of adam
  float weightDecay = 0, dampening = 0;
  float beta2 = 0, epsilon = 0;
  float correction1 = 1, correction2 = 1; // 1 / (1 - beta^step)
  float run = 1;                          // number of the run of accumulate or step, from 1
  float clipNorm = 1;
  float skipBelow = 0; // images of a smaller loss are dropped
};

/// Values by tensor name.
template <typename Real> using NamedTensorsOf = std::map<std::string, TensorOf<Real>, std::less<>>;
using NamedTensors = NamedTensorsOf<float>;

/// Of FP32, the definition, or of double precision, which tests compare with: modules of the stages
/// import and differentiate, without optimizers, whose tensors are all f32 or whole numbers.
template <typename Real> class EvaluatorOf {
public:
  /// Reads the initial values of a state whose `init` is a #train.file, in FP32 and row-major;
  /// has reported an error if it fails.
  using ReadFile = llvm::function_ref<mlir::FailureOr<std::vector<float>>(const train::State &)>;
  /// Called for every op result, in order of execution. `name` is the result's entry in
  /// `train.names`, empty if it has none.
  using Observe = llvm::function_ref<void(llvm::StringRef name, const TensorOf<Real> &values,
                                          mlir::OpResult result)>;

  /// Sets every state to its initial value, rounded to the state's format. The module must outlive
  /// the evaluator. Errors are reported on the state's op.
  static mlir::FailureOr<EvaluatorOf> create(mlir::ModuleOp module, ReadFile readFile);

  void setHyper(const Hyper &values) { hyper = values; }

  /// Runs a function (`step`, `eval`) with its arguments by their `train.name`. Writes to states
  /// take effect when the function ends. Fails, with an error on the op, for a missing input, one
  /// of another shape or not representable in the argument's format, and for an op it cannot
  /// evaluate; the states are then as before.
  mlir::LogicalResult run(llvm::StringRef function, const NamedTensorsOf<Real> &inputs,
                          Observe observe);

  /// Null if there is no such state.
  const TensorOf<Real> *readState(llvm::StringRef name) const;
  /// Sets a state, and its compute copy; values must be representable in its format. Fails for a
  /// copy itself.
  mlir::LogicalResult writeState(llvm::StringRef name, std::vector<Real> values);
  /// All states, by name.
  const NamedTensorsOf<Real> &states() const { return state; }

private:
  explicit EvaluatorOf(mlir::ModuleOp module) : module(module) {}
  /// Makes a compute copy of the value that its original has.
  void makeCopy(const train::State &copy);

  mlir::ModuleOp module;
  Hyper hyper;
  NamedTensorsOf<Real> state;
};

using Evaluator = EvaluatorOf<float>;
using DoubleEvaluator = EvaluatorOf<double>;

} // namespace slp::reference

#endif // SLP_REFERENCE_EVALUATOR_H
