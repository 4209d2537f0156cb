//===- TrainDialect.cpp - registration and verifiers of the train dialect ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"
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
// Attributes on ops of other dialects
//===----------------------------------------------------------------------------------------===//

LogicalResult TrainDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == getNamesAttrName()) {
    auto names = dyn_cast<ArrayAttr>(attribute.getValue());
    if (!names || names.size() != op->getNumResults() ||
        !llvm::all_of(names, llvm::IsaPred<StringAttr>))
      return op->emitOpError("expected train.names to be one string per result, found ")
             << attribute.getValue();
  } else if (name == "train.model") {
    if (!isa<StringAttr>(attribute.getValue()))
      return op->emitOpError("expected train.model to be a file name, found ")
             << attribute.getValue();
  } else if (name == "train.precision") {
    if (!isa<DictionaryAttr>(attribute.getValue()))
      return op->emitOpError("expected train.precision to be a dictionary, found ")
             << attribute.getValue();
  } else {
    return op->emitOpError("has an attribute ") << attribute.getName() << ", unknown to train";
  }
  return success();
}

static LogicalResult verifyTensorName(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() == getArgNameAttrName() && isa<StringAttr>(attribute.getValue()))
    return success();
  return op->emitOpError("expected train.name and a string, found ")
         << attribute.getName() << " = " << attribute.getValue();
}

LogicalResult TrainDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned,
                                                     NamedAttribute attribute) {
  return verifyTensorName(op, attribute);
}

LogicalResult TrainDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned,
                                                        NamedAttribute attribute) {
  return verifyTensorName(op, attribute);
}

//===----------------------------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------------------------===//

static bool isNarrow(Type type) { return isa<slp::num_ir::FloatType>(getElementTypeOrSelf(type)); }

LogicalResult slp::train::verifyRounding(Operation *op) {
  bool isMac = isa<ConvOp, ConvBpOp, ConvWgOp, MatMulOp>(op);
  bool isNeeded = !isMac && llvm::any_of(op->getResultTypes(), isNarrow);
  bool isThere = op->hasAttr("rounding");
  if (isNeeded && !isThere)
    return op->emitOpError("expected a rounding for a result of ")
           << *llvm::find_if(op->getResultTypes(), isNarrow);
  if (!isNeeded && isThere)
    return op->emitOpError(isMac ? "expected no rounding: the accumulator has its own"
                                 : "expected no rounding: every result is f32");
  return success();
}

/// docs/numerics.md section 8: multiplying by the scale and dividing it out are exact.
static LogicalResult verifyLossScale(Operation *op, const APFloat &scale) {
  if (scale.isNormal() && !scale.isNegative() && scale.getExactLog2() != INT_MIN)
    return success();
  return op->emitOpError("expected a power of two as loss_scale, found ") << scale.convertToFloat();
}

LogicalResult CrossEntropyGradOp::verify() { return verifyLossScale(*this, getLossScale()); }
LogicalResult SgdOp::verify() { return verifyLossScale(*this, getLossScale()); }

//===----------------------------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------------------------===//

LogicalResult StateOp::verify() {
  if (isNarrow(getType()) && !getRounding())
    return emitOpError("expected a rounding for a state of ") << getType();
  if (!isNarrow(getType()) && getRounding())
    return emitOpError("expected no rounding: the state is f32");
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
  for (Operation *op = (*this)->getPrevNode(); op; op = op->getPrevNode())
    if (auto other = dyn_cast<WriteOp>(op); other && other.getStateAttr() == getStateAttr()) {
      InFlightDiagnostic d = emitOpError("is a second write of ") << getStateAttr();
      d.attachNote(other.getLoc()) << "first write here";
      return d;
    }
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
