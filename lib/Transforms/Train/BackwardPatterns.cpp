//===- BackwardPatterns.cpp - gradients written in ordinary ops -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// See BackwardPatterns.h. Each pattern looks at one op and what feeds it, and says why the op it
// builds computes the same numbers.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Transforms/Train/BackwardPatterns.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/AvgPoolGradOp.h"
#include "dialects/Train/BiasGradOp.h"
#include "dialects/Train/ConstantOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOp.h"
#include "dialects/Train/CrossEntropyGradOp.h"
#include "dialects/Train/ExpandOpKind.h"
#include "dialects/Train/GatherOp.h"
#include "dialects/Train/GradientOp.h"
#include "dialects/Train/LessOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/ReluGradOp.h"
#include "dialects/Train/ReshapeOp.h"
#include "dialects/Train/SelectOp.h"
#include "dialects/Train/SliceOp.h"
#include "dialects/Train/SoftmaxOp.h"
#include "dialects/Train/SpreadOp.h"
#include "dialects/Train/SpreadOpKind.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TrainBuilders.h"
#include "dialects/Train/TrainState.h"
#include "dialects/Train/TrainValues.h"
#include "dialects/Train/TransposeOp.h"
#include "dialects/Train/WriteOp.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::train;

//===----------------------------------------------------------------------------------------===//
// What the patterns ask of values
//===----------------------------------------------------------------------------------------===//

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static bool isZero(Value value) {
  auto constant = beforeReshapes(value).getDefiningOp<ConstantOp>();
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return dense && dense.getElementType().isF32() && dense.isSplat() &&
         dense.getSplatValue<float>() == 0;
}

/// What is positive where `condition`, 0 or 1, is 1; null if it is no comparison with zero.
static Value positiveOperand(Value condition) {
  auto less = condition.getDefiningOp<LessOp>();
  return less && isZero(less.getA()) ? less.getB() : Value();
}

/// x of scale * x, and the scale.
static std::pair<Value, float> splitScale(Value value) {
  auto affine = value.getDefiningOp<AffineOp>();
  if (!affine || !affine.getOffset().isZero())
    return {Value(), 0};
  return {affine.getX(), affine.getScale().convertToFloat()};
}

/// Whether `scale` is the quotient 1 / count, however it was rounded.
static bool isShare(float scale, int64_t count) {
  return std::fabs(double(scale) * double(count) - 1) < 1e-6;
}

/// x of a transposition by `perm`.
static Value transposed(Value value, ArrayRef<int64_t> perm) {
  auto transpose = value.getDefiningOp<TransposeOp>();
  return transpose && transpose.getPerm() == perm ? transpose.getX() : Value();
}

namespace {
class Recognizer {
public:
  Recognizer(ModuleOp module) : module(module), builder(module.getContext()) {}
  /// What `op` computes, in an op of its own; null if it is nothing known.
  Value recognize(Operation *op);
  void recognizeUpdate(WriteOp write);

private:
  Value reluGrad(Operation *op);
  Value biasGrad(ReshapeOp op);
  Value averageGrad(Operation *op);
  Value lossGrad(AffineOp op);
  Value weightGrad(TransposeOp op);

  /// An op, or null where operands do not fit.
  template <typename Op>
  Op create(Operation *like, ValueRange operands, ArrayRef<NamedAttribute> attributes) {
    ScopedDiagnosticHandler silence(module.getContext(), [](Diagnostic &) { return success(); });
    builder.setInsertionPoint(like);
    Op op = createInferred<Op>(builder, like->getLoc(), operands, attributes);
    if (op && op->getResult(0).getType() != like->getResult(0).getType()) {
      op->erase();
      return {};
    }
    if (op && like->hasAttr(getNamesAttrName()))
      op->setAttr(getNamesAttrName(), like->getAttr(getNamesAttrName()));
    return op;
  }

  ModuleOp module;
  OpBuilder builder;
};
} // namespace

/// select(0 < y, dy, 0) and dy * (0 < y): dy where y is positive.
Value Recognizer::reluGrad(Operation *op) {
  Value dy, y;
  if (auto select = dyn_cast<SelectOp>(op); select && isZero(select.getB())) {
    y = positiveOperand(select.getCond());
    dy = select.getA();
  } else if (auto mul = dyn_cast<MulOp>(op)) {
    y = positiveOperand(mul.getB());
    dy = mul.getA();
    if (!y) {
      y = positiveOperand(mul.getA());
      dy = mul.getB();
    }
  }
  if (!y || shapeOf(y) != shapeOf(dy))
    return {};
  auto grad = create<ReluGradOp>(op, {dy, y}, phaseOf(builder, Phase::bp));
  return grad ? grad.getDx() : Value();
}

/// The sum over everything but dimension 1, as a vector.
Value Recognizer::biasGrad(ReshapeOp op) {
  auto sum = op.getX().getDefiningOp<ReduceSumOp>();
  if (!sum || shapeOf(op.getY()).size() != 1)
    return {};
  ArrayRef<int64_t> x = shapeOf(sum.getX());
  SmallVector<int64_t> others;
  for (int64_t d = 0; d < int64_t(x.size()); ++d)
    if (d != 1)
      others.push_back(d);
  if ((x.size() != 2 && x.size() != 4) || sum.getAxes() != ArrayRef<int64_t>(others))
    return {};
  auto grad = create<BiasGradOp>(op, sum.getX(), phaseOf(builder, Phase::wg));
  return grad ? grad.getDb() : Value();
}

/// An error of one number a channel, its share given to each element of the plane.
Value Recognizer::averageGrad(Operation *op) {
  Value source = op->getOperand(0);
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  if (shape.size() != 4 || shapeOf(source) != ArrayRef<int64_t>({shape[0], shape[1], 1, 1}))
    return {};
  int64_t pixels = shape[2] * shape[3];
  auto [dy, scale] = splitScale(source);
  bool isDivided = false; // by the spread itself
  if (auto spread = dyn_cast<SpreadOp>(op)) {
    float divisor = spread.getDivisor().convertToFloat();
    isDivided = divisor == float(pixels);
    if (!isDivided && divisor != 1)
      return {};
  }
  if (isDivided)
    dy = source;
  else if (!dy || !isShare(scale, pixels))
    return {};
  auto grad =
      create<AvgPoolGradOp>(op, dy,
                            {i64s(builder, "kernel", shape.drop_front(2)),
                             i64s(builder, "input_shape", shape), phaseOf(builder, Phase::bp)});
  return grad ? grad.getDx() : Value();
}

/// (softmax(x) - one hot(labels)) / N.
Value Recognizer::lossGrad(AffineOp op) {
  auto [difference, scale] = splitScale(op.getY());
  auto sub = difference ? difference.getDefiningOp<SubOp>() : SubOp();
  auto softmax = sub ? sub.getA().getDefiningOp<SoftmaxOp>() : SoftmaxOp();
  auto gather = softmax ? beforeReshapes(sub.getB()).getDefiningOp<GatherOp>() : GatherOp();
  if (!gather || shapeOf(softmax.getX()).size() != 2 || !isShare(scale, shapeOf(softmax.getX())[0]))
    return {};
  // One hot is a row of the identity.
  int64_t classes = shapeOf(softmax.getX())[1];
  auto table = gather.getTable().getDefiningOp<ConstantOp>();
  auto dense = table ? dyn_cast<DenseElementsAttr>(table.getValue()) : DenseElementsAttr();
  if (!dense || shapeOf(table.getY()) != ArrayRef<int64_t>({1, classes, classes}))
    return {};
  for (auto [i, value] : llvm::enumerate(dense.getValues<float>()))
    if (value != (int64_t(i) / classes == int64_t(i) % classes ? 1.0f : 0.0f))
      return {};
  auto grad = create<CrossEntropyGradOp>(op, {softmax.getX(), gather.getIndices()},
                                         phaseOf(builder, Phase::bp));
  return grad ? grad.getDx() : Value();
}

/// A convolution in which images and channels have changed places: its window slides by the forward
/// one's dilations, and its taps are as far apart as the forward strides. Taps that the forward
/// kernel does not have are cut off.
Value Recognizer::weightGrad(TransposeOp op) {
  const int64_t swapArray[] = {1, 0, 2, 3};
  ArrayRef<int64_t> swap(swapArray);
  if (op.getPerm() != swap)
    return {};
  Value product = op.getX();
  if (auto slice = product.getDefiningOp<SliceOp>()) {
    auto areAll = [](ArrayRef<int64_t> values, int64_t wanted) {
      return llvm::all_of(values, [&](int64_t value) { return value == wanted; });
    };
    if (!areAll(slice.getStarts(), 0) || !areAll(slice.getSteps(), 1) ||
        slice.getSizes().take_front(2) != shapeOf(slice.getX()).take_front(2))
      return {};
    product = slice.getX();
  }
  auto conv = product.getDefiningOp<ConvOp>();
  if (!conv || conv.getBias() || conv.getGroup() != 1)
    return {};
  Value x = transposed(conv.getX(), swap), dy = transposed(conv.getW(), swap);
  if (!x || !dy)
    return {};
  auto grad = create<ConvWgOp>(
      op, {x, dy},
      {i64s(builder, "strides", conv.getDilations()), i64s(builder, "pads", conv.getPads()),
       i64s(builder, "dilations", conv.getStrides()),
       i64s(builder, "kernel", shapeOf(op.getY()).drop_front(2)), phaseOf(builder, Phase::wg)});
  return grad ? grad.getDw() : Value();
}

Value Recognizer::recognize(Operation *op) {
  if (isa<SelectOp, MulOp>(op))
    return reluGrad(op);
  if (isOneOf<ExpandOp, SpreadOp>(op))
    return averageGrad(op);
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return biasGrad(reshape);
  if (auto affine = dyn_cast<AffineOp>(op))
    return lossGrad(affine);
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return weightGrad(transpose);
  return {};
}

/// w - rate * g, with one rate in the whole step: the optimizer's update without momentum.
void Recognizer::recognizeUpdate(WriteOp write) {
  Value w, step;
  float sign = 1;
  if (auto sub = write.getValue().getDefiningOp<SubOp>()) {
    w = sub.getA();
    step = sub.getB();
  } else if (auto add = write.getValue().getDefiningOp<AddOp>()) {
    w = add.getA();
    step = add.getB();
    sign = -1;
    if (!stateReadBy(w))
      std::swap(w, step);
  } else {
    return;
  }
  auto read = stateReadBy(w);
  auto [grad, scale] = splitScale(step);
  float rate = sign * scale;
  if (!read || read != write.getStateAttr() || !grad || rate <= 0 || grad.getType() != w.getType())
    return;
  NamedAttrList numbers(module->getAttrOfType<DictionaryAttr>(getHyperAttrName()));
  auto known = dyn_cast_or_null<FloatAttr>(numbers.get("lr"));
  if (known && known.getValue().convertToFloat() != rate)
    return;
  for (StringRef name : {"momentum", "weight-decay"}) {
    auto other = dyn_cast_or_null<FloatAttr>(numbers.get(name));
    if (other && !other.getValue().isZero())
      return; // another parameter's, whose optimizer the machine would share
    numbers.set(name, builder.getF32FloatAttr(0));
  }
  numbers.set("lr", builder.getF32FloatAttr(rate));
  module->setAttr(getHyperAttrName(), numbers.getDictionary(module.getContext()));
  if (!module->hasAttr(getFileOptimizerAttrName()))
    module->setAttr(getFileOptimizerAttrName(), builder.getStringAttr("sgd"));
  builder.setInsertionPoint(write);
  GradientOp::create(builder, write.getLoc(), write.getStateAttr(), grad);
  write.erase();
}

void slp::recognizeBackward(ModuleOp module, func::FuncOp step) {
  Recognizer recognizer(module);
  for (Operation &op : llvm::make_early_inc_range(step.getBody().front().without_terminator()))
    if (Value value = recognizer.recognize(&op))
      op.getResult(0).replaceAllUsesWith(value);
  for (WriteOp write : llvm::make_early_inc_range(step.getOps<WriteOp>()))
    recognizer.recognizeUpdate(write);
}
