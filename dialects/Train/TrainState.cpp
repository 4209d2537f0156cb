//===- TrainState.cpp - states, their reads and writes, without the ops' classes --------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainState.h"

#include "dialects/Train/ReadOp.h"
#include "dialects/Train/StateOp.h"
#include "dialects/Train/WriteOp.h"

using namespace mlir;

namespace slp::train {

State asState(Operation *op) {
  auto state = dyn_cast_or_null<StateOp>(op);
  if (!state)
    return {};
  return {op,
          state.getSymNameAttr(),
          cast<RankedTensorType>(state.getType()),
          state.getInitAttr(),
          state.getRoundingAttr(),
          state.getCopyOfAttr(),
          state.getStatistic(),
          state.getFrozen()};
}

SmallVector<State> statesOf(ModuleOp module) {
  SmallVector<State> states;
  for (StateOp op : module.getOps<StateOp>())
    states.push_back(asState(op));
  return states;
}

State findState(Operation *op, StringRef name) {
  return asState(SymbolTable::lookupNearestSymbolFrom(op, StringAttr::get(op->getContext(), name)));
}

State createState(OpBuilder &builder, Location loc, StringRef name, RankedTensorType type,
                  Attribute init, bool isStatistic, bool isFrozen) {
  auto unit = [&](bool is) { return is ? builder.getUnitAttr() : UnitAttr(); };
  return asState(StateOp::create(builder, loc, builder.getStringAttr(name), TypeAttr::get(type),
                                 init, num_ir::RoundingAttr(), FlatSymbolRefAttr(),
                                 unit(isStatistic), unit(isFrozen)));
}

State createCopy(OpBuilder &builder, State original, StringRef name, RankedTensorType type,
                 num_ir::RoundingAttr rounding) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfter(original.op);
  return asState(StateOp::create(builder, original.loc(), builder.getStringAttr(name),
                                 TypeAttr::get(type), Attribute(), rounding,
                                 FlatSymbolRefAttr::get(original.symbol), UnitAttr(),
                                 original.isFrozen ? builder.getUnitAttr() : UnitAttr()));
}

void setStatistic(State &state) {
  cast<StateOp>(state.op).setStatistic(true);
  state.isStatistic = true;
}

FlatSymbolRefAttr stateReadBy(Operation *op) {
  auto read = dyn_cast_or_null<ReadOp>(op);
  return read ? read.getStateAttr() : FlatSymbolRefAttr();
}

FlatSymbolRefAttr stateReadBy(Value value) { return stateReadBy(value.getDefiningOp()); }

FlatSymbolRefAttr stateWrittenBy(Operation *op) {
  auto write = dyn_cast_or_null<WriteOp>(op);
  return write ? write.getStateAttr() : FlatSymbolRefAttr();
}

Value createRead(OpBuilder &builder, Location loc, Type type, StringRef state) {
  return ReadOp::create(builder, loc, type, state);
}

void createWrite(OpBuilder &builder, Location loc, StringRef state, Value value) {
  WriteOp::create(builder, loc, state, value);
}

} // namespace slp::train
