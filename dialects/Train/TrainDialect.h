//===- TrainDialect.h - the train dialect without its ops
//---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef DIALECTS_TRAIN_TRAINDIALECT_H
#define DIALECTS_TRAIN_TRAINDIALECT_H

#include "dialects/Num/NumDialect.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Train/TrainOpsEnums.h.inc"

#include "dialects/Train/TrainOpsDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Train/TrainOpsAttributes.h.inc"

namespace slp::train {

/// A sliding window: pads are top, left, bottom, right.
struct Window {
  int64_t kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight, dilationH,
      dilationW;
  /// Output size for an input of `h` rows, 0 or less if the window does not fit.
  int64_t outputRows(int64_t h) const;
  int64_t outputColumns(int64_t w) const;
};

/// The window of attributes as train ops carry them.
Window makeWindow(llvm::ArrayRef<int64_t> kernel, llvm::ArrayRef<int64_t> strides,
                  llvm::ArrayRef<int64_t> pads, llvm::ArrayRef<int64_t> dilations);

/// Checks result types against InferShapeInterface::inferShapes; used by the interface's verifier.
mlir::LogicalResult verifyInferredShapes(mlir::Operation *op);

/// Checks that `rounding` is there if and only if a result has to be rounded.
mlir::LogicalResult verifyRounding(mlir::Operation *op);

/// Discardable attribute with the names of an op's result tensors, unique in the module (ArrayAttr
/// of strings).
inline llvm::StringRef getNamesAttrName() { return "train.names"; }
/// Discardable argument attribute with the name of a function argument's tensor.
inline llvm::StringRef getArgNameAttrName() { return "train.name"; }
/// Discardable unit attribute: the results of the op are f32 in every policy.
inline llvm::StringRef getF32AttrName() { return "train.f32"; }

/// Attribute of a module of stage `import`: gradients and updates are in the graph, and
/// `differentiate` adds those of `train.gradient` and `train.derivative` alone.
inline llvm::StringRef getOwnUpdatesAttrName() { return "train.own_updates"; }
/// Attribute of a module: numbers of the optimizer that the file gives, as a dictionary of f32 by
/// the names of slp-sim's options.
inline llvm::StringRef getHyperAttrName() { return "train.hyper"; }
/// Attribute of a module: the optimizer that the file gives, as --optimizer names it.
inline llvm::StringRef getFileOptimizerAttrName() { return "train.file_optimizer"; }

/// Values that are IR: the most bytes of a constant or an initial value that are not all the same,
/// and of a frozen state's.
constexpr int64_t maxInlineBytes = 4096, maxFrozenBytes = 1 << 20;

} // namespace slp::train

#include "dialects/Train/TrainInterfaces.h.inc"

#endif // DIALECTS_TRAIN_TRAINDIALECT_H
