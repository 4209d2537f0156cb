//===- LowerElementwise.cpp - element by element ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The vector unit works in the shared buffer: load, one instruction, store.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/BiasAddOp.h"
#include "dialects/Train/ReluOp.h"
#include "dialects/Train/RoundOp.h"
#include "dialects/Train/TrainKept.h"
#include "runtime/isa/Instructions.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

constexpr size_t maxDims = 5;

/// Result, then operands, with neighbouring dimensions made one wherever the same of them
/// broadcast. `isFirstApart`: the first stays one by itself.
static SmallVector<SmallVector<int64_t>> collapse(ArrayRef<SmallVector<int64_t>> shapes,
                                                  bool isFirstApart) {
  SmallVector<SmallVector<int64_t>> collapsed(shapes.size());
  ArrayRef<int64_t> result = shapes.front();
  for (size_t d = result.size(); d-- > 0;) {
    if (result[d] == 1)
      continue;
    bool isFirst = isFirstApart && d == 0;
    bool isSame = !isFirst && !collapsed.front().empty() &&
                  collapsed.front().back() * result[d] <= longestDim;
    for (auto [shape, known] : llvm::zip(shapes, collapsed))
      isSame = isSame && (shape[d] == 1) == (known.back() == 1);
    for (auto [shape, known] : llvm::zip(shapes, collapsed))
      if (isSame)
        known.back() *= shape[d];
      else
        known.push_back(shape[d]);
  }
  for (SmallVector<int64_t> &shape : collapsed)
    std::reverse(shape.begin(), shape.end());
  return collapsed;
}

/// `instruction` on all elements of the result; `shapes` are those of result and operands, of one
/// rank.
static LogicalResult lowerBroadcast(Operation *op, const NestRun &run,
                                    ArrayRef<SmallVector<int64_t>> shapes, const TensorMap &tensors,
                                    std::vector<Nest> &nests) {
  SmallVector<SmallVector<int64_t>> collapsed =
      collapse(shapes, op->hasAttr(getOverKeptAttrName()));
  if (collapsed.front().size() > maxDims)
    return op->emitOpError("broadcasts in ")
           << collapsed.front().size() << " groups of dimensions, the chip takes " << maxDims;
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverAll(nest, collapsed.front());
  SmallVector<unsigned> ins;
  for (auto [operand, shape] : llvm::zip(op->getOperands(), llvm::drop_begin(collapsed))) {
    SmallVector<NestDim> operandDims;
    for (auto [dim, size] : llvm::zip(dims, shape))
      operandDims.push_back(size == dim.extent ? dim : NestDim::whole(1));
    ins.push_back(addBuffer(nest, tensors, operand, Space::shared, operandDims, true, false));
  }
  unsigned out = addBuffer(nest, tensors, op->getResult(0), Space::shared, dims, false, true);
  NestRun &added = addRun(nest, op, run.instruction, {out}, ins);
  added.fields = run.fields;
  added.scalars = run.scalars;
  nests.push_back(std::move(nest));
  return success();
}

static LogicalResult lowerFunction(ElementwiseInterface op, const TensorMap &tensors,
                                   std::vector<Nest> &nests) {
  static constexpr const char *instructions[] = {"v.unary", "v.binary", "v.select"};
  NestRun run;
  run.instruction = instructions[op->getNumOperands() - 1];
  if (op->getNumOperands() < 3)
    setField(run, op, "fn", op->getName().stripDialect());
  run.scalars = op.getNumbers();
  SmallVector<SmallVector<int64_t>> shapes;
  shapes.emplace_back(shapeOf(op->getResult(0)));
  for (Value operand : op->getOperands())
    shapes.emplace_back(shapeOf(operand));
  return lowerBroadcast(op, run, shapes, tensors, nests);
}

static LogicalResult lowerBiasAdd(BiasAddOp op, const TensorMap &tensors,
                                  std::vector<Nest> &nests) {
  SmallVector<int64_t> x(shapeOf(op.getX())), bias(x.size(), 1);
  bias[1] = x[1];
  NestRun run;
  run.instruction = "v.binary";
  setField(run, op, "fn", "add");
  return lowerBroadcast(op, run, {x, x, bias}, tensors, nests);
}

/// The op of an elementwise function has its name.
static void addFunction(LoweringTable &table, std::string_view name) {
  table.addNamed("train." + std::string(name),
                 [](Operation *op, const TensorMap &tensors, std::vector<Nest> &nests) {
                   return lowerFunction(cast<ElementwiseInterface>(op), tensors, nests);
                 });
}

void slp::addElementwiseLowerings(LoweringTable &table) {
  table.add<RoundOp>(
      +[](RoundOp op, const TensorMap &t) { return lowerElementwise(op, "v.round", t); });
  table.add<ReluOp>(
      +[](ReluOp op, const TensorMap &t) { return lowerElementwise(op, "v.relu", t); });
  table.addMany<BiasAddOp>(lowerBiasAdd);
  for (uint64_t i = 0; mach::isUnaryFn(i); ++i)
    addFunction(table, toString(static_cast<mach::UnaryFn>(i)));
  for (uint64_t i = 0; mach::isBinaryFn(i); ++i)
    addFunction(table, toString(static_cast<mach::BinaryFn>(i)));
  addFunction(table, "select");
}
