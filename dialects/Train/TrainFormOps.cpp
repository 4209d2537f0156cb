//===- TrainFormOps.cpp - what a file says of its own training ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainFormOps.h"

#include "dialects/Train/TrainStateOps.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainFormOps.cpp.inc"

void TrainDialect::addFormOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainFormOps.cpp.inc"
      >();
}

LogicalResult DerivativeOp::verify() {
  if (cast<ShapedType>(getY().getType()).getNumElements() != 1)
    return emitOpError("expected a derivative of one number, found ") << getY().getType();
  if (getXs().getTypes() != getDxs().getTypes())
    return emitOpError("expected one result of the type of each variable");
  return success();
}

LogicalResult GradientOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto state = symbols.lookupNearestSymbolFrom<StateOp>(*this, getStateAttr());
  if (!state)
    return emitOpError("names ") << getStateAttr() << ", which is not a train.state";
  if (state.getType() != getValue().getType())
    return emitOpError("expected the state's type ")
           << state.getType() << ", found " << getValue().getType();
  for (Operation *op = (*this)->getPrevNode(); op; op = op->getPrevNode())
    if (auto other = dyn_cast<GradientOp>(op); other && other.getStateAttr() == getStateAttr())
      return emitOpError("is a second gradient of ") << getStateAttr();
  return success();
}

#include "dialects/Train/TrainFormOpsKinds.cpp.inc"
