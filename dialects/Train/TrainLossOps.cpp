//===- TrainLossOps.cpp - losses --------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainLossOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainLossOps.cpp.inc"

void TrainDialect::addLossOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainLossOps.cpp.inc"
      >();
}

static LogicalResult expectLabels(Operation *op, Value x, Value labels) {
  if (failed(expectRank(op, x, 2, "logits")))
    return failure();
  if (shapeOf(labels) == ArrayRef<int64_t>{shapeOf(x)[0]})
    return success();
  return op->emitOpError("expected ") << shapeOf(x)[0] << " labels, found " << labels.getType();
}

LogicalResult CrossEntropyOp::inferShapes(Shapes &shapes) {
  if (failed(expectLabels(*this, getX(), getLabels())))
    return failure();
  shapes.push_back({});
  shapes.push_back({shapeOf(getX())[0]});
  return success();
}

LogicalResult CrossEntropyGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  if (getScale() && failed(expectRank(*this, getScale(), 0, "scale")))
    return failure();
  return expectLabels(*this, getX(), getLabels());
}

LogicalResult CrossEntropyGradOp::verify() { return verifyLossScale(*this, getLossScale()); }

static LogicalResult expectWeights(Operation *op, Value weights, int64_t classes) {
  if (!weights || shapeOf(weights) == ArrayRef<int64_t>{classes})
    return success();
  return op->emitOpError("expected ") << classes << " weights, found " << weights.getType();
}

LogicalResult NllOp::inferShapes(Shapes &shapes) {
  if (failed(expectLabels(*this, getX(), getLabels())))
    return failure();
  push(shapes, getLabels());
  push(shapes, getLabels());
  return expectWeights(*this, getWeights(), shapeOf(getX())[1]);
}

LogicalResult NllGradOp::inferShapes(Shapes &shapes) {
  if (failed(expectRank(*this, getDy(), 1, "an error")) ||
      failed(expectWeights(*this, getWeights(), getClasses())))
    return failure();
  int64_t rows = shapeOf(getDy())[0];
  shapes.push_back({rows, int64_t(getClasses())});
  if (shapeOf(getLabels()) == ArrayRef<int64_t>{rows})
    return success();
  return emitOpError("expected ") << rows << " labels, found " << getLabels().getType();
}

LogicalResult KeepOp::inferShapes(Shapes &shapes) {
  push(shapes, getLosses());
  push(shapes, getLosses());
  shapes.push_back({1});
  return expectRank(*this, getLosses(), 1, "losses");
}

LogicalResult DropOp::inferShapes(Shapes &shapes) {
  push(shapes, getDx());
  ArrayRef<int64_t> dx = shapeOf(getDx());
  if (!dx.empty() && shapeOf(getMask()) == dx.take_front())
    return success();
  return emitOpError("expected a mask of the images of ")
         << getDx().getType() << ", found " << getMask().getType();
}

LogicalResult SeedOp::inferShapes(Shapes &shapes) {
  shapes.push_back({});
  return success();
}

LogicalResult SeedOp::verify() { return verifyLossScale(*this, getLossScale()); }

#include "dialects/Train/TrainLossOpsKinds.cpp.inc"
