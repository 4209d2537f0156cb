//===- Integers.cpp - integers that a step computes -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Integers.h"

#include "dialects/Train/ConcatOpKind.h"
#include "dialects/Train/ExpandOpKind.h"
#include "dialects/Train/ReshapeOpKind.h"
#include "dialects/Train/ToFloatOp.h"
#include "dialects/Train/ToFloatOpKind.h"
#include "dialects/Train/ToIntegerOp.h"
#include "dialects/Train/ToIntegerOpKind.h"
#include "dialects/Train/TrainContract.h"
#include "dialects/Train/TransposeOpKind.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <numeric>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static bool isInteger(Value x) {
  return cast<RankedTensorType>(x.getType()).getElementType().isInteger(32);
}

Value slp::import_onnx::toFloat(Node &node, Value x) {
  if (!x || !isInteger(x))
    return x;
  auto op = node.create<train::ToFloatOp>(x);
  return op ? op.getY() : Value();
}

Value slp::import_onnx::toInteger(Node &node, Value x) {
  if (!x || isInteger(x))
    return x;
  if (auto op = x.getDefiningOp<train::ToFloatOp>()) // nothing was computed
    return op.getX();
  auto op = node.create<train::ToIntegerOp>(x, {}, node.builder.getI32Type());
  return op ? op.getY() : Value();
}

/// Whether `precision` chooses the format of the op's results by who reads them.
static bool isChosen(Operation *op) {
  auto storage = dyn_cast<train::StorageInterface>(op);
  return storage && (storage.getStorageClass() == train::StorageClass::activation ||
                     storage.getStorageClass() == train::StorageClass::arithmetic);
}

Value slp::import_onnx::keepF32(Value x) {
  if (Operation *op = x ? x.getDefiningOp() : nullptr; op && isChosen(op))
    op->setAttr(train::getF32AttrName(), UnitAttr::get(op->getContext()));
  return x;
}

LogicalResult slp::import_onnx::checkPlaces(Node &node, int64_t places) {
  if (places <= int64_t(1) << 24)
    return success();
  return node.fail("indices of " + Twine(places) +
                   " places are not supported, expected at most 2^24");
}

/// The least of both lists, each repeated to the length of a common period.
static SmallVector<int64_t> leastOf(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  SmallVector<int64_t> result(std::lcm(a.size(), b.size()));
  for (auto [i, size] : llvm::enumerate(result))
    size = std::min(a[i % a.size()], b[i % b.size()]);
  return result;
}

void slp::import_onnx::noteIndices(Value indices, ArrayRef<int64_t> sizes) {
  SmallVector<Value> open = {indices};
  llvm::DenseSet<Value> seen = {indices, Value()};
  while (!open.empty()) {
    Value value = open.pop_back_val();
    if (auto argument = dyn_cast_or_null<BlockArgument>(value)) {
      auto step = cast<func::FuncOp>(argument.getOwner()->getParentOp());
      unsigned i = argument.getArgNumber();
      SmallVector<int64_t> all(sizes);
      if (auto known = step.getArgAttrOfType<DenseI64ArrayAttr>(i, train::getPlacesAttrName()))
        all = leastOf(known.asArrayRef(), sizes);
      step.setArgAttr(i, train::getPlacesAttrName(),
                      Builder(step.getContext()).getDenseI64ArrayAttr(all));
      continue;
    }
    Operation *op = value ? value.getDefiningOp() : nullptr;
    // The first ones leave the row-major order; the others serve lists of one size.
    bool passes =
        isOneOf<train::ReshapeOp, train::ToFloatOp, train::ToIntegerOp>(op) ||
        (sizes.size() == 1 && isOneOf<train::TransposeOp, train::ExpandOp, train::ConcatOp>(op));
    for (Value operand : passes ? ValueRange(op->getOperands()) : ValueRange())
      if (seen.insert(operand).second)
        open.push_back(operand);
  }
}

LogicalResult slp::import_onnx::importAsFloats(Node &node, unsigned at,
                                               LogicalResult (*import)(Node &)) {
  if (!node.isIndex(at))
    return import(node);
  Block *block = node.builder.getInsertionBlock();
  Operation *last = block->empty() ? nullptr : &block->back();
  if (failed(import(node)))
    return failure();
  Block::iterator first = last ? std::next(last->getIterator()) : block->begin();
  for (Operation &op : llvm::make_range(first, block->end()))
    for (Value result : op.getResults())
      if (!isInteger(result))
        keepF32(result);
  SmallVector<Value> results;
  for (unsigned i = 0; i < node.numOutputs(); ++i) {
    Value value = node.hasOutput(i) ? node.graph.values.lookup(node.outputName(i)) : Value();
    results.push_back(toInteger(node, value));
    if (value && !results.back())
      return failure();
    // The name is that of the integers.
    if (value && results.back() != value && value.getLoc() == node.loc)
      value.getDefiningOp()->removeAttr(train::getNamesAttrName());
  }
  return node.setOutputs(results);
}
