//===- TrainValues.cpp - where a value comes from ---------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainValues.h"

#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/ReadOp.h"
#include "dialects/Train/ReshapeOp.h"

using namespace mlir;

namespace slp::train {

bool isReshape(Operation *op) { return isa_and_nonnull<ReshapeOp>(op); }
bool isRead(Operation *op) { return isa_and_nonnull<ReadOp>(op); }
bool isConstant(Operation *op) { return isa_and_nonnull<ConstantOp>(op); }

Value beforeReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

Value createReshape(OpBuilder &builder, Location loc, Type type, Value x, Phase phase) {
  return ReshapeOp::create(builder, loc, type, x, phase);
}

Value createConstant(OpBuilder &builder, Location loc, ElementsAttr values) {
  return ConstantOp::create(builder, loc, values.getType(), values);
}

} // namespace slp::train
