//===- TrainDialect.cpp - registration and verifiers of the train dialect ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace slp::train;

#include "dialects/Train/TrainOpsDialect.cpp.inc"
#include "dialects/Train/TrainOpsEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Train/TrainOpsAttributes.cpp.inc"

#include "dialects/Train/TrainInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Train/TrainOps.cpp.inc"

void TrainDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Train/TrainOpsAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------------------------===//

LogicalResult StateOp::verify() {
  Attribute init = getInitAttr();
  if (!init || isa<FileAttr>(init))
    return success();
  auto dense = dyn_cast<DenseElementsAttr>(init);
  if (!dense || !dense.getElementType().isF32())
    return emitOpError("expected an initial value of #train.file or a dense f32 attribute, found ")
           << init;
  auto type = cast<RankedTensorType>(getType());
  if (dense.getType().getShape() != type.getShape())
    return emitOpError("expected an initial value of shape ")
           << RankedTensorType::get(type.getShape(), dense.getElementType()) << ", found "
           << dense.getType();
  if (!dense.isSplat() && dense.getNumElements() * 4 > 4096)
    return emitOpError("expected at most 4096 bytes of inline initial value, found ")
           << dense.getNumElements() * 4;
  return success();
}

static LogicalResult verifyStateUse(Operation *op, FlatSymbolRefAttr name, Type type,
                                    SymbolTableCollection &symbols) {
  auto state = symbols.lookupNearestSymbolFrom<StateOp>(op, name);
  if (!state)
    return op->emitOpError("names ") << name << ", which is not a train.state";
  if (state.getType() != type) {
    InFlightDiagnostic d = op->emitOpError("expected the state's type ")
                           << state.getType() << ", found " << type;
    d.attachNote(state.getLoc()) << "state defined here";
    return d;
  }
  return success();
}

LogicalResult ReadOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyStateUse(*this, getStateAttr(), getResult().getType(), symbols);
}

LogicalResult WriteOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyStateUse(*this, getStateAttr(), getValue().getType(), symbols);
}

//===----------------------------------------------------------------------------------------===//
// Multiply-accumulate
//===----------------------------------------------------------------------------------------===//

/// After `precision` a MAC op gives the accumulator's format: `format`, or `across` for conv_wg.
static LogicalResult verifyAccumulate(Operation *op, std::optional<slp::num_ir::AccumulateAttr> acc,
                                      bool across) {
  Type element = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
  if (!acc) {
    if (!element.isF32())
      return op->emitOpError("expected f32 before precision is assigned, found ") << element;
    return success();
  }
  Type expected = across ? acc->getAcross() : acc->getFormat();
  if (element != expected)
    return op->emitOpError("expected a result in the accumulator's format ")
           << expected << ", found " << element;
  return success();
}

LogicalResult ConvOp::verify() {
  return verifyAccumulate(*this, getAccumulate(), /*across=*/false);
}

LogicalResult ConvBpOp::verify() {
  return verifyAccumulate(*this, getAccumulate(), /*across=*/false);
}

LogicalResult ConvWgOp::verify() {
  return verifyAccumulate(*this, getAccumulate(), /*across=*/true);
}

LogicalResult MatMulOp::verify() {
  return verifyAccumulate(*this, getAccumulate(), /*across=*/false);
}

LogicalResult ReshapeOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()),
       to = cast<RankedTensorType>(getY().getType());
  if (from.getElementType() != to.getElementType() || from.getNumElements() != to.getNumElements())
    return emitOpError("expected the same element type and number of elements, found ")
           << from << " and " << to;
  return success();
}
