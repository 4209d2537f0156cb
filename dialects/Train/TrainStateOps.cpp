//===- TrainStateOps.cpp - parameters and optimizer state -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainStateOps.h"

#include "dialects/Train/TrainShapes.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace slp::train;

#define GET_OP_CLASSES
#include "dialects/Train/TrainStateOps.cpp.inc"

void TrainDialect::addStateOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Train/TrainStateOps.cpp.inc"
      >();
}

LogicalResult StateOp::verify() {
  if (isNarrow(getType()) && !getRounding())
    return emitOpError("expected a rounding for a state of ") << getType();
  if (!isNarrow(getType()) && getRounding())
    return emitOpError("expected no rounding: the state is f32");
  Attribute init = getInitAttr();
  if (!init || isa<FileAttr>(init))
    return success();
  if (auto random = dyn_cast<RandomAttr>(init)) {
    if (random.getFanIn() == 0)
      return emitOpError("expected a fan_in of at least 1");
    return success();
  }
  auto dense = dyn_cast<DenseElementsAttr>(init);
  if (!dense || !dense.getElementType().isF32())
    return emitOpError("expected an initial value of #train.file, #train.random or a dense f32 "
                       "attribute, found ")
           << init;
  auto type = cast<RankedTensorType>(getType());
  if (dense.getType().getShape() != type.getShape())
    return emitOpError("expected an initial value of shape ")
           << RankedTensorType::get(type.getShape(), dense.getElementType()) << ", found "
           << dense.getType();
  int64_t most = getFrozen() ? maxFrozenBytes : maxInlineBytes;
  if (!dense.isSplat() && dense.getNumElements() * 4 > most)
    return emitOpError("expected at most ")
           << most << " bytes of inline initial value, found " << dense.getNumElements() * 4;
  return success();
}

LogicalResult ConstantOp::verify() {
  auto dense = dyn_cast<DenseElementsAttr>(getValue());
  if (!dense)
    return emitOpError("expected a dense value, found ") << getValue();
  if (!dense.isSplat() && dense.getNumElements() * 4 > maxInlineBytes)
    return emitOpError("expected at most ")
           << maxInlineBytes << " bytes, found " << dense.getNumElements() * 4;
  return success();
}

LogicalResult StateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getCopyOf())
    return success();
  auto original = symbols.lookupNearestSymbolFrom<StateOp>(*this, getCopyOfAttr());
  if (!original)
    return emitOpError("is a copy of ") << getCopyOfAttr() << ", which is not a train.state";
  if (original.getCopyOf())
    return emitOpError("is a copy of ") << getCopyOfAttr() << ", which is a copy itself";
  auto shape = [](StateOp state) { return cast<RankedTensorType>(state.getType()).getShape(); };
  if (shape(original) != shape(*this))
    return emitOpError("expected the shape of what it is a copy of, ")
           << original.getType() << ", found " << getType();
  if (getInit() || getRounding() == num_ir::Rounding::stochastic)
    return emitOpError("is a copy, expected no initial value and no random numbers");
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

/// The first write of a block checks all of the block, so that verifying takes time linear in its
/// ops.
static LogicalResult verifyWritesOnce(WriteOp first) {
  for (Operation *op = first->getPrevNode(); op; op = op->getPrevNode())
    if (isa<WriteOp>(op))
      return success(); // not the first
  llvm::DenseMap<Attribute, WriteOp> writes;
  for (Operation *op = first; op; op = op->getNextNode()) {
    auto write = dyn_cast<WriteOp>(op);
    if (!write)
      continue;
    auto [other, isNew] = writes.try_emplace(write.getStateAttr(), write);
    if (isNew)
      continue;
    InFlightDiagnostic d = write.emitOpError("is a second write of ") << write.getStateAttr();
    d.attachNote(other->second.getLoc()) << "first write here";
    return d;
  }
  return success();
}

LogicalResult WriteOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (failed(verifyWritesOnce(*this)))
    return failure();
  return verifyStateUse(*this, getStateAttr(), getValue().getType(), symbols);
}

#include "dialects/Train/TrainStateOpsKinds.cpp.inc"
