//===- TrainNormOps.cpp - normalisation, running averages, dropout ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainNormOps.h"

#include "dialects/Train/TrainShapes.h"
#include "dialects/Train/TrainStateOps.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainNormOps.cpp.inc"

void TrainDialect::addNormOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainNormOps.cpp.inc"
      >();
}

/// Fails unless each of `values` serves all coordinates of `x`.
static LogicalResult expectServes(Operation *op, Value x, ValueRange values) {
  for (Value value : values)
    if (!serves(shapeOf(value), shapeOf(x)))
      return op->emitOpError("expected extents of 1 or those of ")
             << x.getType() << ", found " << value.getType();
  return success();
}

LogicalResult NormalizeOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  if (failed(expectServes(*this, getX(), {getMean(), getVar(), getScale(), getBias()})))
    return failure();
  if (!getAxes())
    return success();
  SmallVector<int64_t> reduced;
  if (failed(reduceShape(*this, shapeOf(getX()), *getAxes(), reduced)))
    return failure();
  for (Value value : {getMean(), getVar()})
    if (shapeOf(value) != ArrayRef<int64_t>(reduced))
      return emitOpError("expected statistics of shape ")
             << RankedTensorType::get(reduced, getElementTypeOrSelf(value)) << ", found "
             << value.getType();
  return success();
}

LogicalResult NormalizeOp::verifySymbolUses(SymbolTableCollection &symbols) {
  ArrayAttr running = getRunningAttr();
  if (!running)
    return success();
  if (running.size() != 2)
    return emitOpError("expected the states of mean and variance, found ") << running;
  for (auto [name, value] :
       llvm::zip(running.getAsRange<FlatSymbolRefAttr>(), ValueRange{getMean(), getVar()})) {
    auto state = symbols.lookupNearestSymbolFrom<StateOp>(*this, name);
    if (!state)
      return emitOpError("names ") << name << ", which is not a train.state";
    auto type = cast<RankedTensorType>(state.getType());
    if (type.getNumElements() != cast<RankedTensorType>(value.getType()).getNumElements())
      return emitOpError("expected a state of as many elements as ")
             << value.getType() << ", found " << name << " of " << type;
  }
  return success();
}

LogicalResult NormalizeSumsOp::inferShapes(Shapes &shapes) {
  SmallVector<int64_t> reduced;
  if (failed(expectSameShape(*this, getDy(), getX())) ||
      failed(expectServes(*this, getX(), {getMean(), getVar()})) ||
      failed(reduceShape(*this, shapeOf(getX()), getAxes(), reduced)))
    return failure();
  shapes.append(2, reduced);
  return success();
}

LogicalResult NormalizeGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  if (failed(expectSameShape(*this, getDy(), getX())))
    return failure();
  return expectServes(*this, getX(), getOperands().drop_front(2));
}

LogicalResult NormalizeFixedGradOp::inferShapes(Shapes &shapes) {
  push(shapes, getDy());
  return expectServes(*this, getDy(), {getVar(), getScale()});
}

LogicalResult MovingAverageOp::inferShapes(Shapes &shapes) {
  push(shapes, getOld());
  return expectSameShape(*this, getOld(), getValue());
}

LogicalResult DropoutOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

LogicalResult DropoutOp::verify() {
  float ratio = getRatio().convertToFloat();
  if (ratio >= 0 && ratio < 1)
    return success();
  return emitOpError("expected a ratio of at least 0 and below 1, found ") << ratio;
}

#include "dialects/Train/TrainNormOpsKinds.cpp.inc"
