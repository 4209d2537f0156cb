//===- Broadcast.cpp - gradients of functions of several tensors ------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// An operand that served several elements of the result gets the sum of their gradients.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Autodiff/Gradients.h"

#include "dialects/Train/AddOp.h"
#include "dialects/Train/AffineOp.h"
#include "dialects/Train/DivOp.h"
#include "dialects/Train/LessOp.h"
#include "dialects/Train/LogOp.h"
#include "dialects/Train/LogicalNotOp.h"
#include "dialects/Train/MaxOp.h"
#include "dialects/Train/MaxShareOp.h"
#include "dialects/Train/MinOp.h"
#include "dialects/Train/MulOp.h"
#include "dialects/Train/PowOp.h"
#include "dialects/Train/PreluGradOp.h"
#include "dialects/Train/PreluOp.h"
#include "dialects/Train/PreluSlopeOp.h"
#include "dialects/Train/ReluGradOp.h"
#include "dialects/Train/SelectOp.h"
#include "dialects/Train/SigmoidGradOp.h"
#include "dialects/Train/SigmoidOp.h"
#include "dialects/Train/SubOp.h"
#include "dialects/Train/TrainValues.h"

using namespace mlir;
using namespace slp::train;
using slp::autodiff::GradientOf;

static ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }

/// Whether `value` is a parameter, perhaps under another shape.
static bool isParameter(Value value) { return isRead(beforeReshapes(value).getDefiningOp()); }

namespace {
/// Builds gradients of one op.
class Backward {
public:
  Backward(Operation *op, OpBuilder &builder) : op(op), b(builder) {}

  template <typename Op> Value build(ValueRange operands) {
    return create<Op>(operands, phaseOf(b, Phase::bp));
  }
  Value scaled(Value x, float scale, float offset = 0, Phase phase = Phase::bp) {
    return create<AffineOp>(x, {b.getNamedAttr("scale", b.getF32FloatAttr(scale)),
                                b.getNamedAttr("offset", b.getF32FloatAttr(offset)),
                                phaseOf(b, phase)});
  }
  /// The phase of the gradient of operand `i`.
  Phase phaseFor(unsigned i) { return isParameter(op->getOperand(i)) ? Phase::wg : Phase::bp; }
  /// `grad` summed over the dimensions in which operand `i` has extent 1 and the result has not.
  Value sumTo(unsigned i, Value grad);

private:
  template <typename Op> Value create(ValueRange operands, ArrayRef<NamedAttribute> attributes) {
    if (llvm::is_contained(operands, Value()))
      return {}; // has failed with a message
    auto result = createInferred<Op>(b, op->getLoc(), operands, attributes);
    return result ? result->getResult(0) : Value();
  }

  Operation *op;
  OpBuilder &b;
};
} // namespace

Value Backward::sumTo(unsigned i, Value grad) {
  if (!grad)
    return grad;
  Value operand = op->getOperand(i);
  return slp::autodiff::sumToShape(b, op->getLoc(), grad, shapeOf(operand), phaseFor(i));
}

namespace {
/// Base of a model of an op with two operands: `Model::first(back, op, dy)` and `second` give the
/// gradients before they are summed; null after an error.
template <typename Model, typename Op> struct BinaryGradient : GradientOf<Model, Op> {
  static LogicalResult gradient(Op op, OpBuilder &b, ValueRange resultGrads, ArrayRef<bool> needed,
                                SmallVectorImpl<Value> &grads) {
    Backward back(op, b);
    grads.assign(2, Value());
    if (needed[0])
      grads[0] = back.sumTo(0, Model::first(back, op, resultGrads[0]));
    if (needed[1])
      grads[1] = back.sumTo(1, Model::second(back, op, resultGrads[0]));
    return success((!needed[0] || grads[0]) && (!needed[1] || grads[1]));
  }
};

struct AddGradient : BinaryGradient<AddGradient, AddOp> {
  static Value first(Backward &, AddOp, Value dy) { return dy; }
  static Value second(Backward &, AddOp, Value dy) { return dy; }
};

struct SubGradient : BinaryGradient<SubGradient, SubOp> {
  static Value first(Backward &, SubOp, Value dy) { return dy; }
  static Value second(Backward &back, SubOp, Value dy) { return back.scaled(dy, -1); }
};

struct MulGradient : BinaryGradient<MulGradient, MulOp> {
  static Value first(Backward &back, MulOp op, Value dy) {
    return back.build<MulOp>({dy, op.getB()});
  }
  static Value second(Backward &back, MulOp op, Value dy) {
    return back.build<MulOp>({dy, op.getA()});
  }
};

struct DivGradient : BinaryGradient<DivGradient, DivOp> {
  static Value first(Backward &back, DivOp op, Value dy) {
    return back.build<DivOp>({dy, op.getB()});
  }
  /// -(dy / b) * (a / b)
  static Value second(Backward &back, DivOp op, Value dy) {
    return back.scaled(back.build<MulOp>({first(back, op, dy), op.getY()}), -1);
  }
};

struct PowGradient : BinaryGradient<PowGradient, PowOp> {
  /// dy * (b * a ^ (b - 1))
  static Value first(Backward &back, PowOp op, Value dy) {
    Value power = back.build<PowOp>({op.getA(), back.scaled(op.getB(), 1, -1)});
    return back.build<MulOp>({dy, back.build<MulOp>({op.getB(), power})});
  }
  /// dy * (a ^ b * log(a))
  static Value second(Backward &back, PowOp op, Value dy) {
    Value log = back.build<LogOp>(op.getA());
    return back.build<MulOp>({dy, back.build<MulOp>({op.getY(), log})});
  }
};

/// `max` shares the gradient where its operands are equal; so does `min`.
template <typename Op, bool isMax>
struct ExtremeGradient : BinaryGradient<ExtremeGradient<Op, isMax>, Op> {
  static Value first(Backward &back, Op op, Value dy) {
    return share(back, dy, op.getA(), op.getB());
  }
  static Value second(Backward &back, Op op, Value dy) {
    return share(back, dy, op.getB(), op.getA());
  }
  static Value share(Backward &back, Value dy, Value mine, Value other) {
    return back.build<MulOp>({dy, isMax ? back.build<MaxShareOp>({mine, other})
                                        : back.build<MaxShareOp>({other, mine})});
  }
};

struct PreluGradient : BinaryGradient<PreluGradient, PreluOp> {
  static Value first(Backward &back, PreluOp op, Value dy) {
    return back.build<MulOp>({dy, back.build<PreluSlopeOp>({op.getA(), op.getB()})});
  }
  static Value second(Backward &back, PreluOp op, Value dy) {
    return back.build<PreluGradOp>({dy, op.getA()});
  }
};

/// None, or with `straight_through` that of a sigmoid of the difference, whose slope there is
/// given.
struct LessGradient : GradientOf<LessGradient, LessOp> {
  static LogicalResult gradient(LessOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    grads.assign(2, Value());
    if (!op.getStraightThrough())
      return success();
    Backward back(op, b);
    float slope = op.getStraightThrough()->convertToFloat();
    Value z = back.build<SubOp>({op.getB(), op.getA()});
    Value s = back.build<SigmoidOp>(back.scaled(z, slope));
    Value dz = back.scaled(back.build<SigmoidGradOp>({resultGrads[0], s}), slope);
    if (needed[0])
      grads[0] = back.scaled(back.sumTo(0, dz), -1, 0, back.phaseFor(0));
    if (needed[1])
      grads[1] = back.sumTo(1, dz);
    return success((!needed[0] || grads[0]) && (!needed[1] || grads[1]));
  }
};

/// dy where the operand was taken, else 0; the condition is a truth value and has no gradient.
struct SelectGradient : GradientOf<SelectGradient, SelectOp> {
  static LogicalResult gradient(SelectOp op, OpBuilder &b, ValueRange resultGrads,
                                ArrayRef<bool> needed, SmallVectorImpl<Value> &grads) {
    Backward back(op, b);
    grads.assign(3, Value());
    Value dy = resultGrads[0], cond = op.getCond();
    if (needed[1])
      grads[1] = back.sumTo(1, back.build<ReluGradOp>({dy, cond}));
    if (needed[2])
      grads[2] = back.sumTo(2, back.build<ReluGradOp>({dy, back.build<LogicalNotOp>(cond)}));
    return success((!needed[1] || grads[1]) && (!needed[2] || grads[2]));
  }
};
} // namespace

void slp::autodiff::attachBroadcastGradients(MLIRContext &context) {
  AddOp::attachInterface<AddGradient>(context);
  SubOp::attachInterface<SubGradient>(context);
  MulOp::attachInterface<MulGradient>(context);
  DivOp::attachInterface<DivGradient>(context);
  PowOp::attachInterface<PowGradient>(context);
  MaxOp::attachInterface<ExtremeGradient<MaxOp, true>>(context);
  MinOp::attachInterface<ExtremeGradient<MinOp, false>>(context);
  PreluOp::attachInterface<PreluGradient>(context);
  LessOp::attachInterface<LessGradient>(context);
  SelectOp::attachInterface<SelectGradient>(context);
}
