//===- TrainGroups.cpp - weight groups ----------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainGroups.h"

#include "dialects/Train/GroupPullOp.h"
#include "dialects/Train/GroupRefreshOp.h"
#include "dialects/Train/TrainMasks.h"
#include "dialects/Train/TrainShapes.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp::train;

SmallVector<int64_t> slp::train::groupShapeOf(ArrayRef<int64_t> weights) {
  SmallVector<int64_t> shape(weights);
  for (int64_t &channels : MutableArrayRef(shape).take_front(2))
    channels = llvm::divideCeil(channels, maskChannels);
  return shape;
}

/// Checks the weights, what has an element for each of their groups, and the numbers.
static LogicalResult checkGroups(Operation *op, Value w, ArrayRef<Value> ofGroups, Value numbers) {
  if (failed(expectRank(op, w, 4, "weights")))
    return failure();
  SmallVector<int64_t> shape = groupShapeOf(shapeOf(w));
  for (Value value : ofGroups)
    if (shapeOf(value) != ArrayRef(shape))
      return op->emitOpError("expected an operand of shape ")
             << RankedTensorType::get(shape, getElementTypeOrSelf(value)) << ", found "
             << value.getType();
  if (shapeOf(numbers) != ArrayRef<int64_t>{groupNumbers})
    return op->emitOpError("expected ")
           << int(groupNumbers) << " numbers, found " << numbers.getType();
  return success();
}

LogicalResult GroupPullOp::inferShapes(Shapes &shapes) {
  if (failed(checkGroups(*this, getW(), {getGroups()}, getNumbers())))
    return failure();
  for (unsigned i = 0; i < 3; ++i)
    push(shapes, getGroups());
  return success();
}

LogicalResult GroupRefreshOp::inferShapes(Shapes &shapes) {
  if (failed(checkGroups(*this, getW(), {getGroups(), getMean()}, getNumbers())))
    return failure();
  push(shapes, getGroups());
  push(shapes, getMean());
  return success();
}
