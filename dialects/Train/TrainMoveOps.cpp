//===- TrainMoveOps.cpp - the same elements elsewhere -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainMoveOps.h"

#include "dialects/Train/TrainShapes.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainMoveOps.cpp.inc"

void TrainDialect::addMoveOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainMoveOps.cpp.inc"
      >();
}

LogicalResult ReshapeOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()),
       to = cast<RankedTensorType>(getY().getType());
  if (from.getElementType() != to.getElementType() || from.getNumElements() != to.getNumElements())
    return emitOpError("expected the same element type and number of elements, found ")
           << from << " and " << to;
  return success();
}

LogicalResult TransposeOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> x = shapeOf(getX()), perm = getPerm();
  SmallVector<int64_t> sorted(perm), y;
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, x.size())))
    return emitOpError("expected a permutation of ") << x.size() << " dimensions, found " << perm;
  for (int64_t from : perm)
    y.push_back(x[from]);
  shapes.push_back(y);
  return success();
}

LogicalResult SliceOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> x = shapeOf(getX()), starts = getStarts(), sizes = getSizes(),
                    steps = getSteps();
  if (starts.size() != x.size() || sizes.size() != x.size() || steps.size() != x.size())
    return emitOpError("expected ")
           << x.size() << " starts, sizes and steps, found " << starts.size() << ", "
           << sizes.size() << " and " << steps.size();
  for (auto [d, extent] : llvm::enumerate(x)) {
    int64_t last = 0;
    bool fits = starts[d] >= 0 && starts[d] < extent && sizes[d] >= 1 && steps[d] != 0 &&
                !llvm::MulOverflow(sizes[d] - 1, steps[d], last) &&
                !llvm::AddOverflow(starts[d], last, last) && last >= 0 && last < extent;
    if (!fits)
      return emitOpError("expected a part of dimension ")
             << d << " of " << getX().getType() << ", found start " << starts[d] << ", size "
             << sizes[d] << ", step " << steps[d];
  }
  shapes.emplace_back(sizes);
  return success();
}

LogicalResult ConcatOp::inferShapes(Shapes &shapes) {
  if (getX().empty())
    return emitOpError("expected an operand");
  SmallVector<int64_t> y(shapeOf(getX().front()));
  int64_t axis = getAxis();
  if (axis < 0 || axis >= int64_t(y.size()))
    return emitOpError("expected an axis of 0 to ") << int64_t(y.size()) - 1 << ", found " << axis;
  for (Value part : llvm::drop_begin(getX())) {
    ArrayRef<int64_t> shape = shapeOf(part);
    bool fits = shape.size() == y.size();
    for (size_t d = 0; fits && d < y.size(); ++d)
      fits = int64_t(d) == axis || shape[d] == y[d];
    if (!fits)
      return emitOpError("expected operands of one shape but for dimension ")
             << axis << ", found " << getX().front().getType() << " and " << part.getType();
    y[axis] += shape[axis];
  }
  shapes.push_back(y);
  return success();
}

LogicalResult PadOp::inferShapes(Shapes &shapes) {
  SmallVector<int64_t> y(shapeOf(getX()));
  if (getLow().size() != y.size() || getHigh().size() != y.size())
    return emitOpError("expected ") << y.size() << " low and high pads, found " << getLow().size()
                                    << " and " << getHigh().size();
  if (!getValue().isFinite())
    return emitOpError("expected a finite value, found ") << getValue().convertToFloat();
  constexpr int64_t limit = int64_t(1) << 31;
  for (auto [size, low, high] : llvm::zip(y, getLow(), getHigh())) {
    bool fits = low <= limit && low >= -limit && high <= limit && high >= -limit;
    size = fits ? size + low + high : 0;
    if (size < 1)
      return emitOpError("expected pads that leave an element, found low ")
             << getLow() << " and high " << getHigh() << " of " << getX().getType();
  }
  shapes.push_back(y);
  return success();
}

LogicalResult ExpandOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> x = shapeOf(getX()), y = getShape();
  bool fits = x.size() == y.size();
  for (size_t d = 0; fits && d < x.size(); ++d)
    fits = y[d] >= 1 && (x[d] == y[d] || x[d] == 1);
  if (!fits)
    return emitOpError("expected a shape that ")
           << getX().getType() << " can be repeated to, found " << y;
  shapes.emplace_back(y);
  return success();
}

LogicalResult GatherOp::inferShapes(Shapes &shapes) {
  if (failed(expectRank(*this, getTable(), 3, "a table")) ||
      failed(expectRank(*this, getIndices(), 1, "indices")))
    return failure();
  ArrayRef<int64_t> table = shapeOf(getTable());
  shapes.push_back({table[0], shapeOf(getIndices())[0], table[2]});
  return success();
}

LogicalResult ToFloatOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

LogicalResult ToIntegerOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

StorageClass ScatterAddOp::getStorageClass() {
  return getPhase() == Phase::wg ? StorageClass::statistic : StorageClass::activation;
}

LogicalResult ScatterAddOp::inferShapes(Shapes &shapes) {
  if (failed(expectRank(*this, getDy(), 3, "an error")) ||
      failed(expectRank(*this, getIndices(), 1, "indices")))
    return failure();
  ArrayRef<int64_t> dy = shapeOf(getDy());
  if (shapeOf(getIndices())[0] != dy[1])
    return emitOpError("expected ") << dy[1] << " indices, found " << getIndices().getType();
  if (getRows() < 1)
    return emitOpError("expected at least one row, found ") << getRows();
  shapes.push_back({dy[0], int64_t(getRows()), dy[2]});
  return success();
}

#include "dialects/Train/TrainMoveOpsKinds.cpp.inc"
