//===- TrainElementwiseOps.cpp - element by element -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainElementwiseOps.h"

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

namespace slp::train {
/// The shape to which the operands broadcast.
static LogicalResult inferElementwise(Operation *op, Shapes &shapes);
} // namespace slp::train

#define GET_OP_CLASSES
#include "dialects/Train/TrainElementwiseOps.cpp.inc"

void TrainDialect::addElementwiseOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainElementwiseOps.cpp.inc"
      >();
}

LogicalResult RoundOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

LogicalResult ReluOp::inferShapes(Shapes &shapes) {
  push(shapes, getX());
  return success();
}

LogicalResult slp::train::inferElementwise(Operation *op, Shapes &shapes) {
  SmallVector<int64_t> result(shapeOf(op->getOperand(0)));
  for (Value operand : llvm::drop_begin(op->getOperands())) {
    ArrayRef<int64_t> shape = shapeOf(operand);
    bool fits = shape.size() == result.size();
    for (size_t d = 0; fits && d < shape.size(); ++d) {
      fits = shape[d] == result[d] || shape[d] == 1 || result[d] == 1;
      if (shape[d] != 1)
        result[d] = shape[d];
    }
    if (!fits)
      return op->emitOpError("expected operands of one rank and equal sizes or 1, found ")
             << op->getOperandTypes();
  }
  shapes.push_back(result);
  return success();
}

LogicalResult BiasAddOp::inferShapes(Shapes &shapes) {
  ArrayRef<int64_t> x = shapeOf(getX());
  if (x.size() < 2)
    return emitOpError("expected an input of rank 2 or more, found ") << getX().getType();
  if (shapeOf(getBias()) != ArrayRef<int64_t>{x[1]})
    return emitOpError("expected a bias of ") << x[1] << " elements, found " << getBias().getType();
  push(shapes, getX());
  return success();
}
