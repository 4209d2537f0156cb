//===- TrainMixedOps.cpp - element-wise mixing of FP8 and FP16 ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainMixedOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainMixedOps.cpp.inc"

/// Bins of a histogram, and numbers of a control.
static constexpr int64_t bins = 128, controls = 4;

void TrainDialect::addMixedOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainMixedOps.cpp.inc"
      >();
}

static LogicalResult expectVector(Operation *op, Value v, int64_t size, StringRef what) {
  if (shapeOf(v) == ArrayRef<int64_t>(size))
    return success();
  return op->emitOpError("expected a ")
         << what << " of " << size << (size == 1 ? " element" : " elements") << ", found "
         << v.getType();
}

LogicalResult ClassifyOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  shapes.push_back({bins});
  return expectVector(*this, getThreshold(), 1, "threshold");
}

LogicalResult ThresholdOp::inferShapes(Shapes &shapes) {
  push(shapes, getOld());
  if (failed(expectVector(*this, getOld(), 1, "threshold")) ||
      failed(expectVector(*this, getHistogram(), bins, "histogram")))
    return failure();
  return expectVector(*this, getControl(), controls, "control");
}

LogicalResult ShareTargetOp::inferShapes(Shapes &shapes) {
  push(shapes, getOld());
  if (failed(expectVector(*this, getOld(), controls, "control")))
    return failure();
  return expectRank(*this, getLoss(), 0, "loss");
}

#include "dialects/Train/TrainMixedOpsKinds.cpp.inc"
