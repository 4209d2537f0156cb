//===- TrainUpdateOps.cpp - optimizers --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainUpdateOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainUpdateOps.cpp.inc"

void TrainDialect::addUpdateOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainUpdateOps.cpp.inc"
      >();
}

LogicalResult SgdOp::inferShapes(Shapes &shapes) {
  if (failed(expectSameShape(*this, getW(), getV())) ||
      failed(expectSameShape(*this, getW(), getDw())))
    return failure();
  push(shapes, getW());
  push(shapes, getV());
  return success();
}

LogicalResult SgdOp::verify() { return verifyLossScale(*this, getLossScale()); }
