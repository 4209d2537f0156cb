//===- TrainEpilogueOps.cpp - what can end a MAC op -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainEpilogueOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainEpilogueOps.cpp.inc"

void TrainDialect::addEpilogueOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainEpilogueOps.cpp.inc"
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

LogicalResult BiasAddOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> x = shapeOf(getX());
  if (x.size() < 2)
    return emitOpError("expected an input of rank 2 or more, found ") << getX().getType();
  if (shapeOf(getBias()) != ArrayRef<int64_t>{x[1]})
    return emitOpError("expected a bias of ") << x[1] << " elements, found " << getBias().getType();
  push(shapes, getX());
  return success();
}

#include "dialects/Train/TrainEpilogueOpsKinds.cpp.inc"
