//===- TrainUpdateOps.cpp - optimizers --------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainUpdateOps.h"

#include "dialects/Train/TrainGroups.h"
#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainUpdateOps.cpp.inc"

void TrainDialect::addUpdateOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainUpdateOps.cpp.inc"
      >();
}

static LogicalResult expectScalar(Operation *op, Value v, StringRef what) {
  return v ? expectRank(op, v, 0, what) : success();
}

/// The first `count` operands have one shape, which the results have too.
static LogicalResult inferAlike(Operation *op, unsigned count, Shapes &shapes) {
  for (unsigned i = 1; i < count; ++i)
    if (failed(expectSameShape(op, op->getOperand(0), op->getOperand(i))))
      return failure();
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    push(shapes, op->getOperand(0));
  return success();
}

/// States, then the gradient, then the factor, then the pull.
template <typename Op> static LogicalResult inferUpdate(Op op, Shapes &shapes) {
  if (failed(inferAlike(op, op->getNumResults() + 1, shapes)))
    return failure();
  if (Value pull = op.getPull()) {
    if (failed(expectRank(op, op.getW(), 4, "weights")))
      return failure();
    SmallVector<int64_t> shape = groupShapeOf(shapeOf(op.getW()));
    if (shapeOf(pull) != ArrayRef(shape))
      return op->emitOpError("expected a pull of shape ")
             << RankedTensorType::get(shape, getElementTypeOrSelf(pull)) << ", found "
             << pull.getType();
  }
  return expectScalar(op, op.getFactor(), "factor");
}

template <typename Op> static LogicalResult verifyScale(Op op) {
  if (op.getMicroBatches() < 1)
    return op.emitOpError("expected at least 1 micro-batch, found ") << op.getMicroBatches();
  return verifyLossScale(op, op.getLossScale());
}

template <typename Op> static LogicalResult verifyUpdate(Op op) {
  for (const llvm::APFloat &scale : {op.getLrScale(), op.getDecayScale()})
    if (!scale.isFinite() || (scale.isNegative() && !scale.isZero()))
      return op.emitOpError("expected scales of at least 0, found ") << scale.convertToFloat();
  return verifyScale(op);
}

LogicalResult SgdOp::inferShapes(Shapes &shapes) { return inferUpdate(*this, shapes); }
LogicalResult SgdOp::verify() { return verifyUpdate(*this); }
LogicalResult AdagradOp::inferShapes(Shapes &shapes) { return inferUpdate(*this, shapes); }
LogicalResult AdagradOp::verify() { return verifyUpdate(*this); }
LogicalResult AdamOp::inferShapes(Shapes &shapes) { return inferUpdate(*this, shapes); }
LogicalResult AdamOp::verify() {
  if (getDecayLast() && !getDecoupled())
    return emitOpError("expected decay_last on a decoupled update only");
  return verifyUpdate(*this);
}

LogicalResult AccumulateOp::inferShapes(Shapes &shapes) { return inferAlike(*this, 2, shapes); }
LogicalResult DrainOp::inferShapes(Shapes &shapes) { return inferAlike(*this, 2, shapes); }
unsigned DrainOp::numInPlace() { return 1; }

LogicalResult SquareSumOp::inferShapes(Shapes &shapes) {
  shapes.push_back({});
  return expectScalar(*this, getTotal(), "total");
}
LogicalResult SquareSumOp::verify() { return verifyScale(*this); }

LogicalResult ClipFactorOp::inferShapes(Shapes &shapes) {
  shapes.push_back({});
  if (failed(expectScalar(*this, getUnscale(), "unscale")))
    return failure();
  return expectScalar(*this, getTotal(), "total");
}

/// States, then the gradient, the rate and the step number.
template <typename Op> static LogicalResult inferPreview(Op op, Shapes &shapes) {
  if (failed(inferAlike(op, op->getNumResults() + 1, shapes)) ||
      failed(expectScalar(op, op.getR(), "rate")))
    return failure();
  return expectScalar(op, op.getT(), "step number");
}

LogicalResult PreviewAdagradOp::inferShapes(Shapes &shapes) { return inferPreview(*this, shapes); }
LogicalResult PreviewMomentumOp::inferShapes(Shapes &shapes) { return inferPreview(*this, shapes); }
LogicalResult PreviewAdamOp::inferShapes(Shapes &shapes) { return inferPreview(*this, shapes); }

#include "dialects/Train/TrainUpdateOpsKinds.cpp.inc"
