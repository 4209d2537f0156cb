//===- FoldArithmetic.cpp - elementwise arithmetic on known values ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Floating results are computed in double precision and rounded once to the type: for FLOAT and
// narrower types that is the correctly rounded result of +, -, *, / and sqrt. Functions that IEEE
// does not define to the bit (exp, log, ...) are not folded.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Fold.h"
#include "lib/Import/ONNX/ShapeRules.h"

#include "onnx/onnx_pb.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <optional>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using onnx::TensorProto;

namespace {
/// One element; nothing if it cannot be computed (overflow, division by zero).
using IntegerFunction = std::optional<int64_t> (*)(int64_t a, int64_t b);
using NumberFunction = double (*)(double a, double b);
} // namespace

/// Elementwise on two inputs, or on one and ignoring b. `type` is the result's element type, 0 for
/// the operand's.
static FailureOr<Constant> combine(Node &node, const Constant &a, const Sizes &aShape,
                                   const Constant &b, const Sizes &bShape, IntegerFunction integer,
                                   NumberFunction number, int32_t type = 0) {
  if (a.isFloating() != b.isFloating())
    return node.fail("expected operands of one type, found " + typeName(a.type) + " and " +
                     typeName(b.type));
  if (a.isFloating() ? !number : !integer)
    return node.fail(node.operatorName() + " of " + typeName(a.type) + " is not supported");
  FailureOr<Sizes> shape = broadcastShape(node, {aShape, bShape});
  if (failed(shape))
    return failure();
  FailureOr<Constant> result = makeResult(node, *shape, type ? type : a.type);
  if (failed(result))
    return failure();
  int64_t at = 0;
  for (Indices i(*shape); i.any(); i.next(), ++at) {
    int64_t ia = offsetOf(i.index, aShape), ib = offsetOf(i.index, bShape);
    if (a.isFloating()) {
      double value = number(a.numbers[ia], b.numbers[ib]);
      if (result->isFloating())
        result->numbers[at] = roundToType(value, result->type);
      else
        result->integers[at] = value != 0;
      continue;
    }
    std::optional<int64_t> value = integer(a.integers[ia], b.integers[ib]);
    if (!value || !fitsType(*value, result->type))
      return node.fail("integer overflow or division by zero in " + node.operatorName());
    result->integers[at] = *value;
  }
  return result;
}

static FailureOr<bool> foldUnary(Node &node, IntegerFunction integer, NumberFunction number) {
  const Constant &x = *node.known(0);
  FailureOr<Constant> result = combine(node, x, x.shape, x, x.shape, integer, number);
  return failed(result) ? FailureOr<bool>(failure())
                        : done(node.setConstant(0, std::move(*result)));
}

static FailureOr<bool> foldBinary(Node &node, IntegerFunction integer, NumberFunction number,
                                  int32_t type = 0) {
  FailureOr<SmallVector<Sizes>> shapes = operandShapes(node, 2);
  if (failed(shapes))
    return failure();
  FailureOr<Constant> result = combine(node, *node.known(0), (*shapes)[0], *node.known(1),
                                       (*shapes)[1], integer, number, type);
  return failed(result) ? FailureOr<bool>(failure())
                        : done(node.setConstant(0, std::move(*result)));
}

/// Any number of operands, from the left.
static FailureOr<bool> foldMany(Node &node, IntegerFunction integer, NumberFunction number) {
  Constant total = *node.known(0);
  for (unsigned i = 1; i < node.numInputs(); ++i) {
    const Constant &next = *node.known(i);
    FailureOr<Constant> result =
        combine(node, total, total.shape, next, next.shape, integer, number);
    if (failed(result))
      return failure();
    total = std::move(*result);
  }
  return done(node.setConstant(0, std::move(total)));
}

//===----------------------------------------------------------------------------------------===//
// One element
//===----------------------------------------------------------------------------------------===//

static std::optional<int64_t> add(int64_t a, int64_t b) {
  int64_t r;
  return llvm::AddOverflow(a, b, r) ? std::nullopt : std::optional(r);
}
static std::optional<int64_t> subtract(int64_t a, int64_t b) {
  int64_t r;
  return llvm::SubOverflow(a, b, r) ? std::nullopt : std::optional(r);
}
static std::optional<int64_t> multiply(int64_t a, int64_t b) {
  int64_t r;
  return llvm::MulOverflow(a, b, r) ? std::nullopt : std::optional(r);
}
static std::optional<int64_t> divide(int64_t a, int64_t b) {
  if (b == 0 || (a == INT64_MIN && b == -1))
    return std::nullopt;
  return a / b; // towards zero, as C and ONNX do
}
/// The sign of the divisor, as Python's.
static std::optional<int64_t> floorModulo(int64_t a, int64_t b) {
  if (b == 0)
    return std::nullopt;
  if (b == -1)
    return 0;
  int64_t r = a % b;
  return r && (r < 0) != (b < 0) ? r + b : r;
}
/// The sign of the dividend, as C's.
static std::optional<int64_t> truncatedModulo(int64_t a, int64_t b) {
  if (b == 0)
    return std::nullopt;
  return b == -1 ? 0 : a % b;
}
static std::optional<int64_t> power(int64_t a, int64_t b) {
  if (b < 0)
    return std::nullopt;
  int64_t result = 1;
  if (a == 0 || a == 1 || a == -1)
    return b == 0 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : a;
  for (; b > 0; --b) // overflows after 63 steps at most
    if (llvm::MulOverflow(result, a, result))
      return std::nullopt;
  return result;
}

/// x^e where IEEE operations give it: whole exponents up to 64 and halves.
static std::optional<double> powerOf(double x, double e) {
  if (e == 0.5)
    return std::sqrt(x);
  if (e == -0.5)
    return 1 / std::sqrt(x);
  if (std::trunc(e) != e || std::fabs(e) > 64)
    return std::nullopt;
  double result = 1;
  for (int i = 0; i < std::fabs(e); ++i)
    result *= x;
  return e < 0 ? 1 / result : result;
}

static FailureOr<bool> foldPow(Node &node) {
  const Constant &x = *node.known(0), &e = *node.known(1);
  if (!x.isFloating() && !e.isFloating())
    return foldBinary(node, power, nullptr);
  FailureOr<SmallVector<Sizes>> shapes = operandShapes(node, 2);
  if (failed(shapes))
    return failure();
  FailureOr<Sizes> shape = broadcastShape(node, *shapes);
  if (failed(shape) || !x.isFloating())
    return failed(shape) ? FailureOr<bool>(failure()) : FailureOr<bool>(false);
  FailureOr<Constant> result = makeResult(node, *shape, x.type);
  if (failed(result))
    return failure();
  int64_t at = 0;
  for (Indices i(*shape); i.any(); i.next(), ++at) {
    std::optional<double> value = powerOf(x.number(offsetOf(i.index, (*shapes)[0])),
                                          e.number(offsetOf(i.index, (*shapes)[1])));
    if (!value)
      return false;
    result->numbers[at] = roundToType(*value, x.type);
  }
  return done(node.setConstant(0, std::move(*result)));
}

static FailureOr<bool> foldMod(Node &node) {
  bool isC = node.integer("fmod", 0) != 0;
  if (node.known(0)->isFloating() && !isC)
    return node.fail("Mod of floating operands needs fmod = 1");
  return foldBinary(node, isC ? truncatedModulo : floorModulo,
                    [](double a, double b) { return std::fmod(a, b); });
}

static FailureOr<bool> foldWhere(Node &node) {
  const Constant &condition = *node.known(0), &a = *node.known(1), &b = *node.known(2);
  if (a.type != b.type || condition.isFloating())
    return node.fail("expected a condition of BOOL and operands of one type, found " +
                     typeName(condition.type) + ", " + typeName(a.type) + " and " +
                     typeName(b.type));
  FailureOr<Sizes> shape = broadcastShape(node, {condition.shape, a.shape, b.shape});
  if (failed(shape))
    return failure();
  FailureOr<Constant> result = makeResult(node, *shape, a.type);
  if (failed(result))
    return failure();
  int64_t at = 0;
  for (Indices i(*shape); i.any(); i.next(), ++at) {
    const Constant &from = condition.integers[offsetOf(i.index, condition.shape)] ? a : b;
    int64_t source = offsetOf(i.index, from.shape);
    if (from.isFloating())
      result->numbers[at] = from.numbers[source];
    else
      result->integers[at] = from.integers[source];
  }
  return done(node.setConstant(0, std::move(*result)));
}

template <typename Compare> static FailureOr<bool> foldCompare(Node &node) {
  return foldBinary(
      node, [](int64_t a, int64_t b) { return std::optional<int64_t>(Compare()(a, b)); },
      [](double a, double b) { return double(Compare()(a, b)); }, TensorProto::BOOL);
}

using Integer = std::optional<int64_t>;

void slp::import_onnx::addArithmeticFolds(FoldTable &table) {
  table["Abs"] = {1, [](Node &n) {
                    return foldUnary(
                        n, [](int64_t a, int64_t) { return a < 0 ? subtract(0, a) : Integer(a); },
                        [](double a, double) { return std::fabs(a); });
                  }};
  table["Add"] = {
      2, [](Node &n) { return foldBinary(n, add, [](double a, double b) { return a + b; }); }};
  table["And"] = {2, [](Node &n) {
                    return foldBinary(
                        n, [](int64_t a, int64_t b) { return Integer(a && b); }, nullptr);
                  }};
  table["Ceil"] = {1, [](Node &n) {
                     return foldUnary(n, nullptr, [](double a, double) { return std::ceil(a); });
                   }};
  table["Div"] = {
      2, [](Node &n) { return foldBinary(n, divide, [](double a, double b) { return a / b; }); }};
  table["Equal"] = {2, foldCompare<std::equal_to<>>};
  table["Floor"] = {1, [](Node &n) {
                      return foldUnary(n, nullptr, [](double a, double) { return std::floor(a); });
                    }};
  table["Greater"] = {2, foldCompare<std::greater<>>};
  table["GreaterOrEqual"] = {2, foldCompare<std::greater_equal<>>};
  table["Less"] = {2, foldCompare<std::less<>>};
  table["LessOrEqual"] = {2, foldCompare<std::less_equal<>>};
  table["Max"] = {1, [](Node &n) {
                    return foldMany(
                        n, [](int64_t a, int64_t b) { return Integer(std::max(a, b)); },
                        [](double a, double b) { return a < b || b != b ? b : a; });
                  }};
  table["Min"] = {1, [](Node &n) {
                    return foldMany(
                        n, [](int64_t a, int64_t b) { return Integer(std::min(a, b)); },
                        [](double a, double b) { return b < a || b != b ? b : a; });
                  }};
  table["Mod"] = {2, foldMod};
  table["Mul"] = {
      2, [](Node &n) { return foldBinary(n, multiply, [](double a, double b) { return a * b; }); }};
  table["Neg"] = {1, [](Node &n) {
                    return foldUnary(
                        n, [](int64_t a, int64_t) { return subtract(0, a); },
                        [](double a, double) { return -a; });
                  }};
  table["Not"] = {1, [](Node &n) {
                    return foldUnary(n, [](int64_t a, int64_t) { return Integer(!a); }, nullptr);
                  }};
  table["Or"] = {2, [](Node &n) {
                   return foldBinary(
                       n, [](int64_t a, int64_t b) { return Integer(a || b); }, nullptr);
                 }};
  table["Pow"] = {2, foldPow};
  table["Reciprocal"] = {
      1, [](Node &n) { return foldUnary(n, nullptr, [](double a, double) { return 1 / a; }); }};
  table["Sqrt"] = {1, [](Node &n) {
                     return foldUnary(n, nullptr, [](double a, double) { return std::sqrt(a); });
                   }};
  table["Sub"] = {
      2, [](Node &n) { return foldBinary(n, subtract, [](double a, double b) { return a - b; }); }};
  table["Sum"] = {
      1, [](Node &n) { return foldMany(n, add, [](double a, double b) { return a + b; }); }};
  table["Where"] = {3, foldWhere};
  table["Xor"] = {2, [](Node &n) {
                    return foldBinary(
                        n, [](int64_t a, int64_t b) { return Integer(a != b); }, nullptr);
                  }};
}
