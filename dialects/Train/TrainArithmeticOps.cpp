//===- TrainArithmeticOps.cpp - sums, differences, products, quotients ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainArithmeticOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainArithmeticOps.cpp.inc"

void TrainDialect::addArithmeticOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainArithmeticOps.cpp.inc"
      >();
}

#include "dialects/Train/TrainArithmeticOpsKinds.cpp.inc"
