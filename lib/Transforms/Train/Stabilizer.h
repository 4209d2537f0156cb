//===- Stabilizer.h - what the families of stable composites share ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Of the pass train-stabilize-composites. One file a family: StableLogarithms.cpp, StableNorms.cpp.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_TRANSFORMS_TRAIN_STABILIZER_H
#define LIB_TRANSFORMS_TRAIN_STABILIZER_H

#include "dialects/Train/TrainBuilders.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace slp {

/// What was recognised, by what a user has to know of it.
class StableNotes {
public:
  /// A node whose form FP32 itself loses, or whose gradient PyTorch has no number for. `text` says
  /// so, and is the same for all nodes of a kind.
  void add(llvm::StringRef text, mlir::Location node) { nodes[text].push_back(node); }
  /// One note a kind, at its first node; the others are named, a few of them.
  void emit() const;

private:
  llvm::MapVector<llvm::StringRef, llvm::SmallVector<mlir::Location>> nodes;
};

/// Builds ops in the place of another, in its phase and under its node's name.
class PieceBuilder {
public:
  explicit PieceBuilder(mlir::Operation *at) : at(at), b(at) {}

  template <typename Op>
  mlir::Value make(mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> numbers = {}) {
    llvm::SmallVector<mlir::NamedAttribute> attributes(numbers);
    if (mlir::Attribute phase = at->getAttr("phase"))
      attributes.push_back(b.getNamedAttr("phase", phase));
    Op op = train::createInferred<Op>(b, at->getLoc(), operands, attributes);
    made.push_back(op);
    return op->getResult(0);
  }
  mlir::Value affine(mlir::Value x, double scale, double offset);
  mlir::Value clip(mlir::Value x, double low, double high);
  /// -x; what x is the opposite of, if it is one.
  mlir::Value negated(mlir::Value x);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  /// `op`, of which operand 0 is `x`, once more.
  mlir::Value moved(mlir::Operation *op, mlir::Value x);
  mlir::NamedAttribute number(llvm::StringRef name, double value) {
    return b.getNamedAttr(name, b.getF32FloatAttr(float(value)));
  }
  mlir::OpBuilder &builder() { return b; }

  /// `value` takes the place of the op, which goes with all that only it read.
  void replaceBy(mlir::Value value, llvm::StringRef what);
  /// The op reads `value` as operand `i`; what it read goes if nobody else reads it.
  void replaceOperand(unsigned i, mlir::Value value);
  /// Erases what was made, after a form that does not fit.
  void discard();

private:
  mlir::Operation *at;
  mlir::OpBuilder b;
  llvm::SmallVector<mlir::Operation *> made;
};

/// Marks the op that makes `value`: its result is f32 in every policy.
void keepWide(mlir::Value value);

/// Logarithms of what only approaches zero: of sigmoid, softmax, sums of exp and what is made of
/// them; x * log(x).
void stabilizeLogarithms(mlir::func::FuncOp fn, StableNotes &notes);

/// exp(x) / sum(exp(x)), sums and roots of squares, quotients by a norm.
void stabilizeNorms(mlir::func::FuncOp fn, StableNotes &notes);

} // namespace slp

#endif // LIB_TRANSFORMS_TRAIN_STABILIZER_H
