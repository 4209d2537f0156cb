//===- Elementwise.cpp - ONNX functions of several tensors ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A constant operand that is one number goes into the op as a number: no tensor of it is stored.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Integers.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/ReluOp.h"
#include "dialects/Train/TrainArithmeticOps.h"
#include "dialects/Train/TrainElementwiseOps.h"
#include "dialects/Train/TrainLogicOps.h"
#include "dialects/Train/TrainValues.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

//===----------------------------------------------------------------------------------------===//
// Shared
//===----------------------------------------------------------------------------------------===//

/// Integers that are known now, in f32.
static Value knownIntegers(Node &node, const Constant &c) {
  SmallVector<float> elements(c.integers.begin(), c.integers.end());
  auto type = RankedTensorType::get(c.shape, node.builder.getF32Type());
  return train::createConstant(node.builder, node.loc,
                               DenseElementsAttr::get(type, ArrayRef(elements)));
}

Value slp::import_onnx::operand(Node &node, unsigned i) {
  const Constant *c = node.known(i);
  if (c && node.isIndex(i) && c->size() * 4 <= train::maxInlineBytes)
    return knownIntegers(node, *c);
  Value value = toFloat(node, node.tensor(i));
  if (!value)
    (void)node.fail("the constant input \"" + node.inputName(i) + "\" of " +
                    printShape(node.shape(i)) + " is not supported here, expected one number");
  return value;
}

namespace slp::import_onnx {
#define SLP_BUILT_OP(Op)                                                                           \
  template Value build<train::Op>(Node &, ValueRange, std::initializer_list<Number>);
#include "lib/Import/ONNX/BuiltOps.def"
} // namespace slp::import_onnx

Value slp::import_onnx::affine(Node &node, Value x, double scale, double offset) {
  return build<train::AffineOp>(node, x, {{"scale", scale}, {"offset", offset}});
}

Value slp::import_onnx::clip(Node &node, Value x, double low, double high) {
  return build<train::ClipOp>(node, x, {{"min", low}, {"max", high}});
}

static Value withRank(Node &node, Value x, size_t rank) {
  SmallVector<int64_t> shape(rank - shapeOf(x).size(), 1);
  llvm::append_range(shape, shapeOf(x));
  return node.reshape(x, shape);
}

void slp::import_onnx::alignRanks(Node &node, Value &a, Value &b) {
  if (!a || !b)
    return;
  size_t rank = std::max(shapeOf(a).size(), shapeOf(b).size());
  a = withRank(node, a, rank);
  b = withRank(node, b, rank);
}

/// The number that input `i` is, if it is a constant of equal elements that does not make the
/// result larger than the other operand of shape `other`.
static std::optional<double> numberOf(const Node &node, unsigned i, ArrayRef<int64_t> other) {
  const Constant *c = node.known(i);
  if (!c || c->size() < 1)
    return std::nullopt;
  for (int64_t k = 1; k < c->size(); ++k)
    if (c->number(k) != c->number(0))
      return std::nullopt;
  size_t rank = c->shape.size();
  for (size_t d = 0; d < rank; ++d) {
    bool isBeyond = rank - d > other.size();
    if (c->shape[d] != 1 && (isBeyond || c->shape[d] != other[other.size() - (rank - d)]))
      return std::nullopt;
  }
  return c->number(0);
}

/// Operand 1 as operators before version 7 broadcast it: its dimensions are those of operand 0 from
/// `axis` on, or the last ones.
static Value olderOperand(Node &node, Value a, Value b) {
  if (!a || !b || !node.hasAttribute("axis") || node.version() >= 7)
    return b;
  int64_t rank = shapeOf(a).size(), axis = node.integer("axis", 0);
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis + int64_t(shapeOf(b).size()) > rank)
    return (void)node.fail("expected an axis within the " + Twine(rank) + " dimensions, found " +
                           Twine(node.integer("axis", 0))),
           Value();
  SmallVector<int64_t> shape(rank, 1);
  llvm::copy(shapeOf(b), shape.begin() + axis);
  return node.reshape(b, shape);
}

/// Op of inputs 0 and 1.
template <typename Op> static Value buildOfInputs(Node &node) {
  Value a = operand(node, 0), b = operand(node, 1);
  return buildBroadcast<Op>(node, a, olderOperand(node, a, b));
}

template <typename Op> static LogicalResult importBinary(Node &node) {
  return node.setOutput(buildOfInputs<Op>(node));
}

/// The same with the operands exchanged: a > b is b < a.
template <typename Op> static LogicalResult importExchanged(Node &node) {
  Value a = operand(node, 0), b = operand(node, 1);
  return node.setOutput(buildBroadcast<Op>(node, olderOperand(node, a, b), a));
}

/// `x` with the rank of the result, when input `i` is a constant of a higher one.
static Value raised(Node &node, Value x, unsigned i) {
  return x ? withRank(node, x, std::max(shapeOf(x).size(), node.shape(i).size())) : x;
}

//===----------------------------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------------------------===//

/// The input that is a tensor and the number that the other one is.
struct WithNumber {
  Value x;
  double number;
  bool isFirst; // the number is input 0
};

static std::optional<WithNumber> splitNumber(Node &node) {
  for (unsigned i : {1, 0})
    if (!node.isConstant(1 - i) || i == 1)
      if (auto number = numberOf(node, i, node.shape(1 - i))) {
        Value x = operand(node, 1 - i);
        return WithNumber{raised(node, x, i), *number, i == 0};
      }
  return std::nullopt;
}

static LogicalResult importAdd(Node &node) {
  if (auto n = splitNumber(node))
    return node.setOutput(affine(node, n->x, 1, n->number));
  return importBinary<train::AddOp>(node);
}

static LogicalResult importSub(Node &node) {
  if (auto n = splitNumber(node))
    return node.setOutput(n->isFirst ? affine(node, n->x, -1, n->number)
                                     : affine(node, n->x, 1, -n->number));
  return importBinary<train::SubOp>(node);
}

static LogicalResult importMul(Node &node) {
  if (auto n = splitNumber(node))
    return node.setOutput(affine(node, n->x, n->number, 0));
  return importBinary<train::MulOp>(node);
}

static LogicalResult importDiv(Node &node) {
  // What is left of a quotient of integers is cut off: it has to be correctly rounded.
  if (auto n = node.isIndex(0) ? std::nullopt : splitNumber(node)) {
    if (n->isFirst) {
      Value inverse = build<train::ReciprocalOp>(node, n->x);
      return node.setOutput(n->number == 1 ? inverse : affine(node, inverse, n->number, 0));
    }
    if (n->number == 0)
      return node.fail("divides by zero");
    return node.setOutput(affine(node, n->x, 1 / n->number, 0));
  }
  return importBinary<train::DivOp>(node);
}

static LogicalResult importPow(Node &node) {
  if (auto exponent = numberOf(node, 1, node.shape(0))) {
    Value x = raised(node, operand(node, 0), 1);
    if (*exponent == 1)
      return node.setOutput(x);
    if (*exponent == 0.5)
      return node.setOutput(build<train::SqrtOp>(node, x));
    return node.setOutput(build<train::PowerOp>(node, x, {{"exponent", *exponent}}));
  }
  return importBinary<train::PowOp>(node);
}

/// Combines all inputs from the first on.
template <typename Op> static Value fold(Node &node) {
  Value result = operand(node, 0);
  for (unsigned i = 1; i < node.numInputs(); ++i)
    result = buildBroadcast<Op>(node, result, operand(node, i));
  return result;
}

static LogicalResult importSum(Node &node) { return node.setOutput(fold<train::AddOp>(node)); }

static LogicalResult importMean(Node &node) {
  Value sum = fold<train::AddOp>(node);
  if (node.numInputs() == 1)
    return node.setOutput(sum);
  return node.setOutput(affine(node, sum, 1.0 / node.numInputs(), 0));
}

template <typename Op, bool isMax> static LogicalResult importExtreme(Node &node) {
  if (node.numInputs() == 2)
    if (auto n = splitNumber(node))
      return node.setOutput(
          clip(node, n->x, isMax ? n->number : -maxFloat, isMax ? maxFloat : n->number));
  return node.setOutput(fold<Op>(node));
}

/// The slopes broadcast to x in one direction; of version 1 and 6 they may be one number a channel.
static LogicalResult importPrelu(Node &node) {
  Value x = operand(node, 0), slope = operand(node, 1);
  if (!x || !slope)
    return failure();
  if (shapeOf(slope).size() == 1 && shapeOf(x).size() >= 2 && node.version() < 7)
    slope = node.reshape(slope, [&] {
      SmallVector<int64_t> shape(shapeOf(x).size(), 1);
      shape[1] = shapeOf(slope)[0];
      return shape;
    }());
  return node.setOutput(buildBroadcast<train::PreluOp>(node, x, slope));
}

//===----------------------------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------------------------===//

static LogicalResult importWhere(Node &node) {
  Value cond = operand(node, 0), a = operand(node, 1), b = operand(node, 2);
  alignRanks(node, cond, a);
  alignRanks(node, cond, b);
  alignRanks(node, a, b);
  return node.setOutput(build<train::SelectOp>(node, {cond, a, b}));
}

void slp::import_onnx::addElementwiseOperators(OperatorTable &table) {
  const std::vector<AttributeRule> older = {{"axis", AttributeKind::integer, ""},
                                            {"broadcast", AttributeKind::integer, ""},
                                            {"consumed_inputs", AttributeKind::integers, ""}};
  auto add = [&](const char *name, const char *inputs, LogicalResult (*import)(Node &),
                 const char *versions, const char *notes = "") {
    table[name] = {inputs, 1, older, import, notes, versions};
  };
  add("Add", "aa", ofIntegersToo<importAdd>, "1, 6, 7, 13, 14");
  add("Sub", "aa", ofIntegersToo<importSub>, "1, 6, 7, 13, 14");
  add("Mul", "aa", ofIntegersToo<importMul>, "1, 6, 7, 13, 14");
  add("Div", "aa", ofIntegersToo<importDiv>, "1, 6, 7, 13, 14");
  add("Pow", "fa", importPow, "1, 7, 12, 13, 15", "an integer exponent is a constant");
  add("Sum", "f*", importSum, "1, 6, 8, 13");
  add("Mean", "f*", importMean, "1, 6, 8, 13");
  add("Max", "a*", ofIntegersToo<importExtreme<train::MaxOp, true>>, "1, 6, 8, 12, 13");
  add("Min", "a*", ofIntegersToo<importExtreme<train::MinOp, false>>, "1, 6, 8, 12, 13");
  add("PRelu", "fw", importPrelu, "1, 6, 7, 9, 16");
  add("Equal", "dd", importBinary<train::EqualOp>, "1, 7, 11, 13, 19");
  add("Less", "dd", importBinary<train::LessOp>, "1, 7, 9, 13");
  add("LessOrEqual", "dd", importBinary<train::LessEqualOp>, "12, 16");
  add("Greater", "dd", importExchanged<train::LessOp>, "1, 7, 9, 13");
  add("GreaterOrEqual", "dd", importExchanged<train::LessEqualOp>, "12, 16");
  add("And", "bb", importBinary<train::LogicalAndOp>, "1, 7");
  add("Or", "bb", importBinary<train::LogicalOrOp>, "1, 7");
  add("Xor", "bb", importBinary<train::LogicalXorOp>, "1, 7");
  add("Where", "baa", ofIntegersToo<importWhere, 1>, "9, 16");
}
