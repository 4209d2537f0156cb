//===- TrainState.h - states, their reads and writes, without the ops' classes ----------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What nearly everyone asks of `train.state`, `train.read` and `train.write`: an edit of these ops
// then rebuilds few files. Who changes more of a state includes the op.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINSTATE_H
#define DIALECTS_TRAIN_TRAINSTATE_H

#include "dialects/Train/TrainDialect.h"

#include "mlir/IR/BuiltinOps.h"

namespace slp::train {

/// What a `train.state` says; false where there is none.
struct State {
  mlir::Operation *op = nullptr;
  mlir::StringAttr symbol; ///< its name
  mlir::RankedTensorType type;
  mlir::Attribute init;           ///< null for zero
  num_ir::RoundingAttr rounding;  ///< of its initial value; null for the nearest, ties to even
  mlir::FlatSymbolRefAttr copyOf; ///< the state whose compute copy it is; null if it is none
  bool isStatistic = false, isFrozen = false;

  llvm::StringRef name() const { return symbol; }
  mlir::Location loc() const { return op->getLoc(); }
  explicit operator bool() const { return op != nullptr; }
};

/// The op as a state; none for another op and for null.
State asState(mlir::Operation *op);
/// All states of a module, in its order.
llvm::SmallVector<State> statesOf(mlir::ModuleOp module);
/// The state of a name in the module, or in the one around an op.
State findState(mlir::Operation *op, llvm::StringRef name);

/// Builds a state in the format of `type`.
State createState(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
                  mlir::RankedTensorType type, mlir::Attribute init, bool isStatistic,
                  bool isFrozen);

/// Builds the compute copy of a state, behind it, in a narrow format.
State createCopy(mlir::OpBuilder &builder, State original, llvm::StringRef name,
                 mlir::RankedTensorType type, num_ir::RoundingAttr rounding);

/// Makes the state a statistic.
void setStatistic(State &state);

/// The state that the op, a `train.read`, reads; null for another op and for null.
mlir::FlatSymbolRefAttr stateReadBy(mlir::Operation *op);
/// The same of the op that defines the value.
mlir::FlatSymbolRefAttr stateReadBy(mlir::Value value);
/// The state that the op, a `train.write`, writes its operand to; null for another op and for null.
mlir::FlatSymbolRefAttr stateWrittenBy(mlir::Operation *op);

/// Builds a `train.read` of a state of this type.
mlir::Value createRead(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
                       llvm::StringRef state);
/// Builds a `train.write` of the value.
void createWrite(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef state,
                 mlir::Value value);

} // namespace slp::train

#endif // DIALECTS_TRAIN_TRAINSTATE_H
