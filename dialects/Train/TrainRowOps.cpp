//===- TrainRowOps.cpp - functions of whole rows ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainRowOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainRowOps.cpp.inc"

void TrainDialect::addRowOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainRowOps.cpp.inc"
      >();
}

LogicalResult SoftmaxOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return expectRank(*this, getX(), 2, "an input");
}

LogicalResult SoftmaxGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getDy());
  if (failed(expectRank(*this, getDy(), 2, "an error")))
    return failure();
  return expectSameShape(*this, getDy(), getY());
}

LogicalResult LogSoftmaxOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return expectRank(*this, getX(), 2, "an input");
}

LogicalResult LogSoftmaxGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getDy());
  if (failed(expectRank(*this, getDy(), 2, "an error")))
    return failure();
  return expectSameShape(*this, getDy(), getY());
}

#include "dialects/Train/TrainRowOpsKinds.cpp.inc"
