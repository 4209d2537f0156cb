//===- Pull.cpp - the gradient of what pulls a parameter to a target --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See Pull.h.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Pull.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainPull.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"

using namespace mlir;
using namespace slp::train;

FailureOr<Value> slp::autodiff::addPull(OpBuilder &b, const State &state, Value gradient,
                                        Value seed) {
  auto pull = state.op->getAttrOfType<ArrayAttr>(getPullAttrName());
  if (!pull)
    return gradient;
  Location loc = NameLoc::get(state.symbol);
  SmallVector<NamedAttribute> attributes = {phaseOf(b, Phase::wg),
                                            b.getNamedAttr(getF32AttrName(), b.getUnitAttr())};
  SmallVector<Value> numbers;
  for (auto symbol : pull.getAsRange<FlatSymbolRefAttr>()) {
    State number = findState(state.op, symbol.getValue());
    auto scalar = RankedTensorType::get({1}, b.getF32Type());
    if (!number || number.type != scalar || state.type.getRank() != 1)
      return state.op->emitOpError("expected a vector that two states of one number pull, found ")
             << symbol;
    numbers.push_back(createRead(b, loc, number.type, number.name()));
  }
  // ((state - target) * (2 * lambda)) * seed
  Value value = createRead(b, loc, state.type, state.name());
  auto distance = createInferred<SubOp>(b, loc, {value, numbers[1]}, attributes);
  SmallVector<NamedAttribute> twice = attributes;
  twice.push_back(b.getNamedAttr("scale", b.getF32FloatAttr(2)));
  twice.push_back(b.getNamedAttr("offset", b.getF32FloatAttr(0)));
  auto strength = createInferred<AffineOp>(b, loc, numbers[0], twice);
  auto force = createInferred<MulOp>(b, loc, {distance.getY(), strength.getY()}, attributes);
  Value scale = createReshape(b, loc, RankedTensorType::get({1}, b.getF32Type()), seed, Phase::wg);
  auto scaled = createInferred<MulOp>(b, loc, {force.getY(), scale}, attributes);
  return createInferred<AddOp>(b, loc, {gradient, scaled.getY()}, attributes).getY();
}
