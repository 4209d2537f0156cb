//===- Ordered.cpp - ONNX operators that ask where an element stands --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// ArgMax, ArgMin, CumSum, Trilu.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Fold.h"
#include "lib/Import/ONNX/Integers.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/ReduceMaxOp.h"
#include "dialects/Train/ReduceMinOp.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

//===----------------------------------------------------------------------------------------===//
// CumSum
//===----------------------------------------------------------------------------------------===//

/// The dimension that a CumSum goes along.
static FailureOr<int64_t> cumSumAxis(const Node &node) {
  std::optional<Sizes> axis = node.constant(1);
  if (!axis || axis->size() != 1)
    return node.fail("expected one constant axis");
  return node.positiveAxis(axis->front(), node.rank(0));
}

/// Sums of 2, 4, 8, ... neighbours, in f32 but for the last.
static LogicalResult importCumSum(Node &node) {
  FailureOr<int64_t> axis = cumSumAxis(node);
  if (failed(axis))
    return failure();
  Value x = operand(node, 0);
  int64_t size = node.shape(0)[*axis];
  bool isReverse = node.integer("reverse", 0) != 0;
  // Each element `distance` places further on, zeros behind it.
  auto shifted = [&](Value from, int64_t distance) {
    Sizes forth(node.rank(0), 0), back(node.rank(0), 0);
    forth[*axis] = distance;
    back[*axis] = -distance;
    return isReverse ? pad(node, from, back, forth, 0) : pad(node, from, forth, back, 0);
  };
  if (node.integer("exclusive", 0) != 0)
    x = size > 1 ? shifted(x, 1) : affine(node, x, 0, 0);
  for (int64_t distance = 1; distance < size && x; distance *= 2) {
    x = build<train::AddOp>(node, {x, shifted(x, distance)});
    if (2 * distance < size)
      keepF32(x);
  }
  return node.setOutput(x);
}

static FailureOr<bool> foldCumSum(Node &node) {
  const Constant &x = *node.known(0);
  FailureOr<int64_t> axis = cumSumAxis(node);
  if (failed(axis))
    return failure();
  bool isReverse = node.integer("reverse", 0) != 0, isExclusive = node.integer("exclusive", 0) != 0;
  FailureOr<Constant> result = makeResult(node, x.shape, x.type);
  if (failed(result))
    return failure();
  int64_t size = x.shape[*axis], inner = product(x.shape, *axis + 1, x.shape.size());
  for (int64_t first = 0; first < x.size(); first += size * inner)
    for (int64_t column = 0; column < inner; ++column) {
      double number = 0;
      int64_t integer = 0;
      for (int64_t k = 0; k < size; ++k) {
        int64_t at = first + column + (isReverse ? size - 1 - k : k) * inner;
        if (isExclusive && x.isFloating())
          result->numbers[at] = roundToType(number, x.type);
        else if (isExclusive)
          result->integers[at] = integer;
        if (x.isFloating())
          number += x.numbers[at];
        else if (llvm::AddOverflow(integer, x.integers[at], integer) || !fitsType(integer, x.type))
          return node.fail("integer overflow in CumSum");
        if (!isExclusive && x.isFloating())
          result->numbers[at] = roundToType(number, x.type);
        else if (!isExclusive)
          result->integers[at] = integer;
      }
    }
  return done(node.setConstant(0, std::move(*result)));
}

//===----------------------------------------------------------------------------------------===//
// Trilu
//===----------------------------------------------------------------------------------------===//

/// Zeros beyond a diagonal, found by comparing the numbers of rows and columns.
static LogicalResult importTrilu(Node &node) {
  size_t rank = node.rank(0);
  std::optional<Sizes> diagonal = node.constant(1);
  if (rank < 2 || (node.hasInput(1) && (!diagonal || diagonal->size() != 1)))
    return node.fail("expected an input of rank 2 or more and one constant diagonal");
  int64_t rows = node.shape(0)[rank - 2], columns = node.shape(0)[rank - 1];
  // Beyond the matrix every diagonal is alike.
  int64_t k = diagonal ? std::clamp(diagonal->front(), -rows, columns) : 0;
  Value row = iota(node, rank, rank - 2, rows, 1, double(k)),
        column = iota(node, rank, rank - 1, columns);
  bool isUpper = node.integer("upper", 1) != 0;
  Value kept =
      build<train::LessEqualOp>(node, isUpper ? ValueRange{row, column} : ValueRange{column, row});
  Value zero = constantOf(node, Sizes(rank, 1), 0.0f);
  return node.setOutput(build<train::SelectOp>(node, {kept, operand(node, 0), zero}));
}

//===----------------------------------------------------------------------------------------===//
// ArgMax, ArgMin
//===----------------------------------------------------------------------------------------===//

/// The first, or last, of the positions whose element is the extreme one.
template <typename Extreme> static LogicalResult importArg(Node &node) {
  FailureOr<int64_t> axis = node.positiveAxis(node.integer("axis", 0), node.rank(0));
  if (failed(axis))
    return failure();
  Value x = operand(node, 0);
  if (!x)
    return failure();
  Sizes shape(shapeOf(x));
  int64_t size = shape[*axis];
  NamedAttribute over = train::i64s(node.builder, "axes", *axis);
  bool isLast = node.integer("select_last_index", 0) != 0;
  auto extreme = node.create<Extreme>(x, over);
  if (!extreme)
    return failure();
  Value found = build<train::EqualOp>(node, {x, extreme.getY()});
  Value none = constantOf(node, Sizes(shape.size(), 1), isLast ? -1.0f : float(size));
  Value places =
      keepF32(build<train::SelectOp>(node, {found, iota(node, shape.size(), *axis, size), none}));
  if (!places)
    return failure();
  Value place;
  if (isLast) {
    auto last = node.create<train::ReduceMaxOp>(places, over);
    place = last ? last.getY() : Value();
  } else {
    auto first = node.create<train::ReduceMinOp>(places, over);
    place = first ? first.getY() : Value();
  }
  place = toInteger(node, place);
  if (place && node.integer("keepdims", 1) == 0) {
    shape.erase(shape.begin() + *axis);
    place = node.reshape(place, shape);
  }
  return node.setOutput(place);
}

void slp::import_onnx::addOrderedFolds(FoldTable &table) { table["CumSum"] = {2, foldCumSum}; }

void slp::import_onnx::addOrderedOperators(OperatorTable &table) {
  using Kind = AttributeKind;
  const std::vector<AttributeRule> ofArg = {{"axis", Kind::integer, ""},
                                            {"keepdims", Kind::integer, ""},
                                            {"select_last_index", Kind::integer, ""}};
  table["ArgMax"] = {"a",
                     1,
                     ofArg,
                     importArg<train::ReduceMaxOp>,
                     "through which no gradient flows",
                     "1, 11, 12, 13"};
  table["ArgMin"] = {"a",
                     1,
                     ofArg,
                     importArg<train::ReduceMinOp>,
                     "through which no gradient flows",
                     "1, 11, 12, 13"};
  table["CumSum"] = {"ac",
                     1,
                     {{"exclusive", Kind::integer, ""}, {"reverse", Kind::integer, ""}},
                     ofIntegersToo<importCumSum>,
                     "constant axis",
                     "11, 14"};
  table["Trilu"] = {
      "a|c", 1, {{"upper", Kind::integer, ""}}, ofIntegersToo<importTrilu>, "constant diagonal",
      "14"};
}
