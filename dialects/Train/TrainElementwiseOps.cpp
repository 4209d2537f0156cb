//===- TrainElementwiseOps.cpp - element by element -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainElementwiseOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainElementwiseOps.cpp.inc"

void TrainDialect::addElementwiseOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainElementwiseOps.cpp.inc"
      >();
}

LogicalResult RoundOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

LogicalResult ReluOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

LogicalResult ReluGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getDy());
  return expectSameShape(*this, getDy(), getY());
}

LogicalResult AddOp::inferShapes(Shapes &shapes) {
  push(shapes, getA());
  return expectSameShape(*this, getA(), getB());
}

LogicalResult BiasAddOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> x = shapeOf(getX());
  if (x.size() < 2)
    return emitOpError("expected an input of rank 2 or more, found ") << getX().getType();
  if (shapeOf(getBias()) != ArrayRef<int64_t>{x[1]})
    return emitOpError("expected a bias of ") << x[1] << " elements, found " << getBias().getType();
  push(shapes, getX());
  return success();
}
