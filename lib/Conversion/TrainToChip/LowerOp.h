//===- LowerOp.h - from train ops to nests ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each op family has one file with its nests; lowerOp is the table that finds them.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_TRAINTOCHIP_LOWEROP_H
#define LIB_CONVERSION_TRAINTOCHIP_LOWEROP_H

#include "Nest.h"

#include "dialects/Train/TrainDialect.h"

namespace slp {

/// Where the tensors of a function are in DRAM, and what they are called.
class TensorMap {
public:
  /// The DRAM symbol that holds a value; every operand of a lowered op has one.
  std::string symbolOf(mlir::Value value) const { return symbols.lookup(value); }
  void set(mlir::Value value, llvm::StringRef symbol) { symbols[value] = symbol.str(); }
  bool has(mlir::Value value) const { return symbols.count(value); }

private:
  llvm::DenseMap<mlir::Value, std::string> symbols;
};

/// The name of a result in the train IR.
std::string trainNameOf(mlir::Value result);

/// The train.round that turns a MAC result into its only use, or null.
train::RoundOp fusedRoundOf(mlir::Operation *macOp);

/// The train.relu that is the only use of that rounded result, or null.
train::ReluOp fusedReluOf(mlir::Operation *macOp);

/// True for an op that is done on the tiles of a MAC op while they drain, and has no nest of its
/// own.
bool isFused(mlir::Operation *op);

/// Appends the nests of `op` in execution order; fails with an error if the op has no lowering.
mlir::LogicalResult lowerOp(mlir::Operation *op, const TensorMap &tensors,
                            std::vector<Nest> &nests);

/// True for conv, conv_bp, conv_wg and matmul.
bool isMacOp(mlir::Operation *op);

//===- one per family ---------------------------------------------------------------------===//

Nest lowerConv(train::ConvOp op, const TensorMap &tensors);
Nest lowerConvBp(train::ConvBpOp op, const TensorMap &tensors);
Nest lowerConvWg(train::ConvWgOp op, const TensorMap &tensors);
Nest lowerMatMul(train::MatMulOp op, const TensorMap &tensors);
Nest lowerElementwise(mlir::Operation *op, llvm::StringRef instruction, const TensorMap &tensors);
Nest lowerBiasAdd(train::BiasAddOp op, const TensorMap &tensors);
Nest lowerBiasGrad(train::BiasGradOp op, const TensorMap &tensors);
Nest lowerSgd(train::SgdOp op, const TensorMap &tensors);
Nest lowerMaxPool(train::MaxPoolOp op, const TensorMap &tensors);
Nest lowerMaxPoolGrad(train::MaxPoolGradOp op, const TensorMap &tensors);
Nest lowerAvgPool(train::AvgPoolOp op, const TensorMap &tensors);
Nest lowerAvgPoolGrad(train::AvgPoolGradOp op, const TensorMap &tensors);
Nest lowerRows(mlir::Operation *op, llvm::StringRef instruction, const TensorMap &tensors);
void lowerCrossEntropy(train::CrossEntropyOp op, const TensorMap &tensors,
                       std::vector<Nest> &nests);
Nest lowerCrossEntropyGrad(train::CrossEntropyGradOp op, const TensorMap &tensors);

//===- pieces they share ------------------------------------------------------------------===//

/// An empty nest with the op's name, location and phase.
Nest startNest(mlir::Operation *op, bool onCores);
/// Row-major strides, in elements.
llvm::SmallVector<int64_t> rowMajor(llvm::ArrayRef<int64_t> shape);
llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);
mlir::Type elementOf(mlir::Value value);
/// Adds a buffer that is a tile of the DRAM tensor `value`, row-major over the extents of `dims`.
unsigned addBuffer(Nest &nest, const TensorMap &tensors, mlir::Value value, chip_ir::Space space,
                   llvm::ArrayRef<NestDim> dims, bool load, bool store);
/// Input coordinates of a window that slides along a loop over output coordinates.
NestDim windowInput(int loop, int64_t inputExtent, int64_t kernel, int64_t stride, int64_t pad,
                    int64_t dilation);
/// Input coordinates along a loop that counts strides: gradients of windows.
NestDim strideUnits(int loop, int64_t inputExtent, int64_t stride);
/// Output coordinates that reach the inputs of `strideUnits`.
NestDim windowOutputs(int loop, int64_t outputExtent, int64_t kernel, int64_t stride, int64_t pad,
                      int64_t dilation);
llvm::SmallVector<int64_t> geometryOf(const train::Window &window, bool countPad = false);

} // namespace slp

#endif // LIB_CONVERSION_TRAINTOCHIP_LOWEROP_H
