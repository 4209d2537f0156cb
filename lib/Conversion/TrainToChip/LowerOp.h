//===- LowerOp.h - from train ops to nests ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Each family of ops has one file Lower<Family>.cpp with its nests, and registers them in the
// table.
//
//===----------------------------------------------------------------------------------------===//

#ifndef LIB_CONVERSION_TRAINTOCHIP_LOWEROP_H
#define LIB_CONVERSION_TRAINTOCHIP_LOWEROP_H

#include "Nest.h"

#include "dialects/Train/TrainDialect.h"
#include "runtime/chips/Chip.h"

#include "llvm/ADT/StringMap.h"

#include <functional>

namespace slp::train {
class NormalizeSumsOp;
} // namespace slp::train

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

/// Appends the nests of `op` in execution order; fails with an error if it cannot.
using Lowering =
    std::function<mlir::LogicalResult(mlir::Operation *, const TensorMap &, std::vector<Nest> &)>;

/// The lowering of each op, by its name ("train.conv").
class LoweringTable {
public:
  /// `lower` makes the op's one nest.
  template <typename Op> void add(Nest (*lower)(Op, const TensorMap &)) {
    addMany<Op>([lower](Op op, const TensorMap &tensors, std::vector<Nest> &nests) {
      nests.push_back(lower(op, tensors));
      return mlir::success();
    });
  }
  /// `lower` appends any number of nests, or fails.
  template <typename Op, typename Function> void addMany(Function lower) {
    lowerings[Op::getOperationName()] = [lower](mlir::Operation *op, const TensorMap &tensors,
                                                std::vector<Nest> &nests) {
      return lower(mlir::cast<Op>(op), tensors, nests);
    };
  }
  /// The same for the op of this name.
  void addNamed(llvm::StringRef op, Lowering lower) { lowerings[op] = std::move(lower); }
  const Lowering *find(llvm::StringRef op) const {
    auto it = lowerings.find(op);
    return it == lowerings.end() ? nullptr : &it->second;
  }

private:
  llvm::StringMap<Lowering> lowerings;
};

void addChannelLowerings(LoweringTable &table);
void addElementwiseLowerings(LoweringTable &table);
void addGroupLowerings(LoweringTable &table);
void addLossLowerings(LoweringTable &table);
void addMacLowerings(LoweringTable &table);
void addNormLowerings(LoweringTable &table);
void addMixedLowerings(LoweringTable &table);
void addMoveLowerings(LoweringTable &table);
void addReduceLowerings(LoweringTable &table);
void addRowLowerings(LoweringTable &table);
void addScaleLowerings(LoweringTable &table);
void addUpdateLowerings(LoweringTable &table);
void addWindowLowerings(LoweringTable &table);

/// Whether an op of this name ("train.conv") has a lowering. Reads, writes, reshapes and constants
/// need none.
bool hasLowering(llvm::StringRef op);

/// Appends the nests of `op` in execution order; fails with an error if the op has no lowering.
mlir::LogicalResult lowerOp(mlir::Operation *op, const TensorMap &tensors,
                            std::vector<Nest> &nests);

/// Gives the buffers that hold results their rounding and random stream (docs/numerics.md sections
/// 2 and 7). Fails with an error where a result has none: `train-name-tensors` has not run.
mlir::LogicalResult setRoundings(const chip::Chip &chip, std::vector<Nest> &nests);

//===- pieces they share ------------------------------------------------------------------===//

/// An empty nest with the op's name, location and phase.
Nest startNest(mlir::Operation *op, bool onCores);
using chip_ir::rowMajor;
llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);
mlir::Type elementOf(mlir::Value value);
/// Adds a buffer that is a tile of the DRAM tensor `value`, whose elements the extents of `dims`
/// hold in their order.
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
/// One parallel loop per dimension of `shape`, in order, and the coordinates along them.
llvm::SmallVector<NestDim> loopOverAll(Nest &nest, llvm::ArrayRef<int64_t> shape);
/// The same where dimensions mean nothing: of more than five the outer ones, which follow each
/// other in memory, are one.
llvm::SmallVector<NestDim> loopOverElements(Nest &nest, llvm::ArrayRef<int64_t> shape);
/// The same with the loops of `axes` as reductions, in order; `out` gets the coordinates of what is
/// reduced. The last dimension is cut between pieces of 4096 elements only (docs/numerics.md §5).
llvm::SmallVector<NestDim> loopOverReduction(Nest &nest, llvm::ArrayRef<int64_t> shape,
                                             llvm::ArrayRef<int64_t> axes,
                                             llvm::SmallVector<NestDim> &out);
/// Coordinates of the weights (Co, Ci, KH, KW) of a convolution, and of what has an element for
/// each of their groups.
struct GroupDims {
  llvm::SmallVector<NestDim> weights, groups;
};
/// One parallel loop per dimension of the groups of 8 x 8 channels at one tap of weights `shape`.
GroupDims loopOverGroups(Nest &nest, llvm::ArrayRef<int64_t> shape);
/// Adds a buffer of `value` for the coordinates `dims`, of which an extent of 1 serves all.
unsigned addServingBuffer(Nest &nest, const TensorMap &tensors, mlir::Value value,
                          llvm::ArrayRef<NestDim> dims);
/// Adds what `instruction` makes of a statistic, buffer `source`, in f32 and once for all elements
/// that share it, in front of the loops over these; `scalar` is its number. Returns the buffer.
unsigned addOfStatistic(Nest &nest, mlir::Operation *op, unsigned source,
                        llvm::StringRef instruction, float scalar);
/// Sets fields of an instruction that are neither registers nor a mode.
void setField(NestRun &run, mlir::Operation *op, llvm::StringRef field, int64_t value);
void setField(NestRun &run, mlir::Operation *op, llvm::StringRef field, llvm::StringRef value);
/// The bits of the field `axes`.
int64_t axesMask(llvm::ArrayRef<int64_t> axes);
/// A loop over the rows of an (n, c) matrix, and coordinates of whole rows.
llvm::SmallVector<NestDim> rowDims(Nest &nest, llvm::ArrayRef<int64_t> shape);
/// Adds `instruction`, whose outputs are tiles of the op's results in order.
NestRun &addRun(Nest &nest, mlir::Operation *op, llvm::StringRef instruction,
                llvm::ArrayRef<unsigned> outs, llvm::ArrayRef<unsigned> ins);
/// The sums of a normalisation's gradient over all dimensions but the channels.
Nest lowerNormalizeChannelSums(train::NormalizeSumsOp op, const TensorMap &tensors);
/// A nest over all elements of the result, whose operands have its shape.
Nest lowerElementwise(mlir::Operation *op, llvm::StringRef instruction, const TensorMap &tensors);
llvm::SmallVector<int64_t> geometryOf(const train::Window &window, bool countPad = false);

} // namespace slp

#endif // LIB_CONVERSION_TRAINTOCHIP_LOWEROP_H
