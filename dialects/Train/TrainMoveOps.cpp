//===- TrainMoveOps.cpp - the same elements elsewhere -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainMoveOps.h"

#include "dialects/Train/TrainShapes.h"

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
