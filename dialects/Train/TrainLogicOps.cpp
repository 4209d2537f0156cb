//===- TrainLogicOps.cpp - what compares or chooses -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainLogicOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainLogicOps.cpp.inc"

LogicalResult LessOp::verify() {
  std::optional<APFloat> slope = getStraightThrough();
  if (slope && !(slope->isFinite() && !slope->isZero() && !slope->isNegative()))
    return emitOpError("expected straight_through to be a finite number above 0, found ")
           << slope->convertToFloat();
  return success();
}

void TrainDialect::addLogicOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainLogicOps.cpp.inc"
      >();
}

#include "dialects/Train/TrainLogicOpsKinds.cpp.inc"
