//===- TrainScaleOps.cpp - dynamic loss scaling -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainScaleOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainScaleOps.cpp.inc"

/// Good steps are counted in FP32.
static constexpr int64_t longestInterval = int64_t(1) << 24;

void TrainDialect::addScaleOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainScaleOps.cpp.inc"
      >();
}

LogicalResult SaturationsOp::inferShapes(Shapes &shapes) {
  shapes.push_back({1});
  return success();
}

static LogicalResult expectVector(Operation *op, Value v, int64_t size, StringRef what) {
  if (shapeOf(v) == ArrayRef<int64_t>{size})
    return success();
  return op->emitOpError("expected ") << what << " of shape " << size << ", found " << v.getType();
}

LogicalResult LossScaleUpdateOp::inferShapes(Shapes &shapes) {
  push(shapes, getState());
  shapes.push_back({});
  if (failed(expectVector(*this, getState(), scaleElements, "a state")))
    return failure();
  return expectVector(*this, getCount(), 1, "a count");
}

unsigned LossScaleUpdateOp::numInPlace() { return 1; }

LogicalResult LossScaleUpdateOp::verify() {
  for (const auto &[value, name] :
       {std::pair(getGrowth(), "growth"), std::pair(getBackoff(), "backoff"),
        std::pair(getLeast(), "least"), std::pair(getMost(), "most")})
    if (!value.isNormal() || value.isNegative() || value.getExactLog2() == INT_MIN)
      return emitOpError("expected a power of two as ")
             << name << ", found " << value.convertToFloat();
  float growth = getGrowth().convertToFloat(), backoff = getBackoff().convertToFloat();
  if (growth < 1 || backoff > 1)
    return emitOpError("expected a growth of at least 1 and a backoff of at most 1, found ")
           << growth << " and " << backoff;
  if (getLeast().convertToFloat() > getMost().convertToFloat())
    return emitOpError("expected a least scale that is not above the greatest, found ")
           << getLeast().convertToFloat() << " and " << getMost().convertToFloat();
  if (getInterval() < 1 || int64_t(getInterval()) > longestInterval)
    return emitOpError("expected an interval of 1 to ")
           << longestInterval << " steps, found " << getInterval();
  return success();
}

#include "dialects/Train/TrainScaleOpsKinds.cpp.inc"
