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
