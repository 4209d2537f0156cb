//===- MixingStates.cpp - thresholds of element-wise mixing -----------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/MixingStates.h"

#include "dialects/Train/ClassifyOp.h"
#include "dialects/Train/ShareTargetOp.h"
#include "dialects/Train/ThresholdOp.h"
#include "dialects/Train/TrainState.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

/// The state that holds the target share and how the loss goes (docs/numerics.md section 9).
static constexpr StringLiteral controlName = "fp16_share";
static constexpr int64_t controlSize = 4;

std::string MixingStates::stateOf(func::FuncOp fn, Value x, Phase phase) {
  std::string node = nodeNameOf(x.getLoc());
  if (auto argument = dyn_cast<BlockArgument>(x))
    if (auto name = fn.getArgAttrOfType<StringAttr>(argument.getArgNumber(), getArgNameAttrName()))
      node = name.str();
  std::string base = (node.empty() ? "tensor" : node) + (phase == Phase::fp ? "" : "/dx");
  unsigned number = ++uses[(fn.getName() + "\n" + base).str()];
  return base + "/threshold" + (number == 1 ? "" : "#" + std::to_string(number));
}

std::string MixingStates::declare(Location loc, StringRef wanted, ArrayRef<float> initial) {
  std::string &name = declared[wanted];
  if (!name.empty())
    return name;
  name = wanted.str();
  while (module.lookupSymbol(name)) // a parameter of the model
    name += "#";
  OpBuilder b(*module.getOps<func::FuncOp>().begin());
  auto type = RankedTensorType::get({int64_t(initial.size())}, plan.f32);
  bool isZero = llvm::all_of(initial, [](float x) { return x == 0; });
  Attribute init = isZero ? Attribute() : DenseElementsAttr::get(type, initial);
  createState(b, loc, name, type, init, /*isStatistic=*/true, /*isFrozen=*/false);
  return name;
}

Value MixingStates::read(OpBuilder &builder, Location loc, StringRef name, int64_t size) {
  auto type = RankedTensorType::get({size}, plan.f32);
  return createRead(builder, loc, type, name);
}

Value MixingStates::classify(OpBuilder &builder, func::FuncOp fn, Value x, num_ir::MixedType type,
                             Phase phase) {
  Location loc = x.getLoc();
  std::string state = declare(loc, stateOf(fn, x, phase), {0.0f});
  // Small errors would become zeros: they are FP16 instead.
  auto low = builder.getF32FloatAttr(phase == Phase::bp ? plan.low : 0.0f);
  auto shape = cast<RankedTensorType>(x.getType());
  auto histogram = RankedTensorType::get({128}, builder.getI32Type());
  auto op = ClassifyOp::create(builder, loc, shape.clone(type), histogram, x,
                               read(builder, loc, state, 1), low,
                               PhaseAttr::get(builder.getContext(), phase), plan.rounding);
  classified[fn].push_back(op);
  return op.getY();
}

/// The loss, which is the first scalar that a function returns, or null.
static Value lossOf(func::FuncOp fn) {
  for (Value value : fn.getBody().front().getTerminator()->getOperands()) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() == 0 && type.getElementType().isF32())
      return value;
  }
  return nullptr;
}

void MixingStates::finish(OpBuilder &builder, func::FuncOp fn) {
  if (fn.getName() == "eval" || classified[fn].empty())
    return;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(fn.getBody().front().getTerminator());
  std::string controlState = declare(module.getLoc(), controlName, {plan.share, 0, 0, 0});
  Value control = read(builder, fn.getLoc(), controlState, controlSize);
  for (ClassifyOp op : classified[fn]) {
    Value old = op.getThreshold();
    Value next = ThresholdOp::create(builder, op.getLoc(), old.getType(), old, op.getHistogram(),
                                     control, op.getLow(), Phase::up, num_ir::RoundingAttr());
    createWrite(builder, op.getLoc(), stateReadBy(old).getValue(), next);
  }
  Value loss = lossOf(fn);
  if (!loss || !plan.policy().adapt)
    return;
  Value next =
      ShareTargetOp::create(builder, loss.getLoc(), control.getType(), control, loss, plan.period,
                            llvm::APFloat(plan.improvement), llvm::APFloat(plan.growth),
                            llvm::APFloat(plan.largest), Phase::up, num_ir::RoundingAttr());
  createWrite(builder, loss.getLoc(), controlState, next);
}
