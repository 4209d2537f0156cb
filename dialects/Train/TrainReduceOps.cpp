//===- TrainReduceOps.cpp - sums over dimensions ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainReduceOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainReduceOps.cpp.inc"

void TrainDialect::addReduceOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainReduceOps.cpp.inc"
      >();
}

LogicalResult BiasGradOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> dy = shapeOf(getDy());
  if (dy.size() != 2 && dy.size() != 4)
    return emitOpError("expected an error of rank 2 or 4, found ") << getDy().getType();
  shapes.push_back({dy[1]});
  return success();
}

template <typename Op> static LogicalResult inferReduction(Op op, Shapes &shapes) {
  return reduceShape(op, shapeOf(op.getX()), op.getAxes(), shapes.emplace_back());
}

LogicalResult ReduceSumOp::inferShapes(Shapes &shapes) { return inferReduction(*this, shapes); }
LogicalResult ReduceMeanOp::inferShapes(Shapes &shapes) { return inferReduction(*this, shapes); }
LogicalResult ReduceSumSquareOp::inferShapes(Shapes &shapes) {
  return inferReduction(*this, shapes);
}
LogicalResult ReduceSumAbsOp::inferShapes(Shapes &shapes) { return inferReduction(*this, shapes); }
LogicalResult ReduceMaxOp::inferShapes(Shapes &shapes) { return inferReduction(*this, shapes); }
LogicalResult ReduceMinOp::inferShapes(Shapes &shapes) { return inferReduction(*this, shapes); }
LogicalResult ReduceProdOp::inferShapes(Shapes &shapes) { return inferReduction(*this, shapes); }

static LogicalResult expectMean(Operation *op, Value x, Value mean) {
  if (serves(shapeOf(mean), shapeOf(x)))
    return success();
  return op->emitOpError("expected extents of 1 or those of ")
         << x.getType() << ", found " << mean.getType();
}

LogicalResult VarianceOp::inferShapes(Shapes &shapes) {
  if (failed(expectMean(*this, getX(), getMean())))
    return failure();
  return inferReduction(*this, shapes);
}

LogicalResult StatisticsOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> x = shapeOf(getX());
  if (x.size() < 2)
    return emitOpError("expected an operand of rank 2 or more, found ") << getX().getType();
  SmallVector<int64_t> reduced(x.size(), 1);
  reduced[1] = x[1];
  shapes.append(2, reduced);
  return success();
}

LogicalResult VarianceGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  if (failed(expectMean(*this, getX(), getMean())))
    return failure();
  return expectMean(*this, getX(), getDy());
}

LogicalResult SpreadOp::inferShapes(Shapes &shapes) {
  shapes.emplace_back(getShape());
  if (areAll(getShape(), getShape().size(), 1) && serves(shapeOf(getX()), getShape()))
    return success();
  return emitOpError("expected extents of 1 or those of the shape, found ") << getX().getType();
}

#include "dialects/Train/TrainReduceOpsKinds.cpp.inc"
