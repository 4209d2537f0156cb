//===- TrainElementwiseOps.cpp - functions, element by element --------------------------------===//
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

#include "dialects/Train/TrainElementwiseOpsKinds.cpp.inc"
