//===- Fold.h - the table of operators that are computed at import ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Shape arithmetic of exported graphs: nodes whose inputs are all known, and Shape and Size of any
// tensor. Import.cpp asks this table before the operator table. To add an operator, add a function
// and an entry to the file it belongs to.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_IMPORT_ONNX_FOLD_H
#define LIB_IMPORT_ONNX_FOLD_H

#include "lib/Import/ONNX/Node.h"

#include <map>

namespace slp::import_onnx {

/// Sets the node's outputs by Node::setConstant. False: not computable here, the operator table
/// decides. Failure after an error. Inputs that are present are known (for Shape and Size, their
/// shape is), and at least as many as `FoldRule::inputs`.
using FoldFunction = mlir::FailureOr<bool> (*)(Node &);

struct FoldRule {
  unsigned inputs; // at least
  FoldFunction fold;
  bool needsValues = true; // false: the shapes are enough
};

using FoldTable = std::map<std::string, FoldRule>;

void addArithmeticFolds(FoldTable &table);
void addEinsumFolds(FoldTable &table);
void addMovementFolds(FoldTable &table);
void addOrderedFolds(FoldTable &table);
void addQuantizeFolds(FoldTable &table);
void addReductionFolds(FoldTable &table);
void addSourceFolds(FoldTable &table);

/// All of the above, by operator of the domain ai.onnx.
const FoldTable &foldTable();

//===----------------------------------------------------------------------------------------===//
// What folds share
//===----------------------------------------------------------------------------------------===//

/// A constant of zeros, refused if the constants of the graph would become too large.
mlir::FailureOr<Constant> makeResult(const Node &node, llvm::ArrayRef<int64_t> shape, int32_t type);

/// Folded, unless `result` is a failure.
mlir::FailureOr<bool> done(mlir::LogicalResult result);

/// Walks the indices of `shape` in row-major order.
struct Indices {
  explicit Indices(llvm::ArrayRef<int64_t> shape);
  bool any() const { return left > 0; }
  void next();

  llvm::SmallVector<int64_t> shape, index;
  int64_t left;
};

/// The row-major offset of `index` in a tensor of `shape`, which may have fewer dimensions and 1s
/// where it broadcasts.
int64_t offsetOf(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape);

/// A constant of `shape` of which the element at each index is element `source(index)` of `from`.
mlir::FailureOr<Constant> pick(const Node &node, const Constant &from,
                               llvm::ArrayRef<int64_t> shape,
                               llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> source);

} // namespace slp::import_onnx

#endif // LIB_IMPORT_ONNX_FOLD_H
