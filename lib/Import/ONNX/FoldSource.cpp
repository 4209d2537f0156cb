//===- FoldSource.cpp - Constant, Shape, Size, Range and other beginnings ---------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Fold.h"

#include "onnx/onnx_pb.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using onnx::TensorProto;

static FailureOr<bool> foldConstant(Node &node) {
  if (const onnx::AttributeProto *value = node.attribute("value")) {
    if (value->type() != onnx::AttributeProto::TENSOR)
      return node.fail("attribute value: expected TENSOR");
    if (value->t().data_location() == TensorProto::EXTERNAL)
      return node.fail("external data of a Constant are not supported");
    Result<Constant> constant = readConstant(value->t(), "");
    if (!constant)
      return node.fail(constant.message());
    return done(node.setConstant(0, constant.take()));
  }
  if (node.hasAttribute("value_float"))
    return done(node.setConstant(0, Constant::ofNumbers({}, {node.number("value_float", 0)})));
  if (node.hasAttribute("value_int"))
    return done(node.setConstant(0, Constant::ofIntegers({}, {node.integer("value_int", 0)})));
  if (node.hasAttribute("value_floats")) {
    auto values = node.numbers("value_floats");
    return done(node.setConstant(
        0, Constant::ofNumbers(int64_t(values.size()), {values.begin(), values.end()})));
  }
  if (node.hasAttribute("value_ints")) {
    auto values = node.integers("value_ints", {});
    return done(node.setConstant(
        0, Constant::ofIntegers(int64_t(values.size()), {values.begin(), values.end()})));
  }
  return node.fail("expected the attribute value, value_float, value_floats, value_int or "
                   "value_ints");
}

static FailureOr<bool> foldShape(Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  int64_t rank = x.size();
  auto position = [&](StringRef name, int64_t absent) {
    int64_t at = node.integer(name, absent);
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t start = position("start", 0), end = std::max(start, position("end", rank));
  x = x.slice(start, end - start);
  return done(node.setConstant(0, Constant::ofIntegers(int64_t(x.size()), {x.begin(), x.end()})));
}

static FailureOr<bool> foldSize(Node &node) {
  return done(node.setConstant(0, Constant::ofIntegers({}, {product(node.shape(0))})));
}

static FailureOr<bool> foldConstantOfShape(Node &node) {
  auto shape = node.constant(0);
  if (!shape || node.rank(0) != 1)
    return node.fail("expected a shape of INT64");
  Constant fill = Constant::ofNumbers({1}, {0.0});
  if (const onnx::AttributeProto *value = node.attribute("value")) {
    Result<Constant> given = readConstant(value->t(), "");
    if (!given || given->size() != 1)
      return node.fail("attribute value: " +
                       (given ? std::string("expected one element") : given.message()));
    fill = given.take();
  }
  FailureOr<Constant> result = makeResult(node, *shape, fill.type);
  if (failed(result))
    return failure();
  if (fill.isFloating())
    llvm::fill(result->numbers, fill.numbers[0]);
  else
    llvm::fill(result->integers, fill.integers[0]);
  return done(node.setConstant(0, std::move(*result)));
}

static FailureOr<bool> foldRange(Node &node) {
  const Constant &start = *node.known(0), &limit = *node.known(1), &delta = *node.known(2);
  if (start.size() != 1 || limit.size() != 1 || delta.size() != 1 || delta.number(0) == 0)
    return node.fail("expected three numbers, the last one not 0");
  double wanted = std::ceil((limit.number(0) - start.number(0)) / delta.number(0));
  if (!(wanted <= double(maxConstantElements)))
    return node.fail("expected a range of at most " + Twine(maxConstantElements) + " elements");
  int64_t count = std::max<int64_t>(0, int64_t(std::max(wanted, 0.0)));
  FailureOr<Constant> result = makeResult(node, count, start.type);
  if (failed(result))
    return failure();
  for (int64_t i = 0; i < count; ++i)
    if (start.isFloating())
      result->numbers[i] = roundToType(start.numbers[0] + double(i) * delta.number(0), start.type);
    else // between start and limit: no overflow
      result->integers[i] =
          int64_t(uint64_t(start.integers[0]) + uint64_t(i) * uint64_t(delta.integers[0]));
  return done(node.setConstant(0, std::move(*result)));
}

static FailureOr<bool> foldEyeLike(Node &node) {
  ArrayRef<int64_t> shape = node.shape(0);
  if (shape.size() != 2)
    return node.fail("expected an input of rank 2, found " + printShape(shape));
  int32_t like = node.known(0)     ? node.known(0)->type
                 : node.isIndex(0) ? int32_t(TensorProto::INT64)
                                   : int32_t(TensorProto::FLOAT);
  int64_t type = node.integer("dtype", like);
  if (!llvm::isInt<32>(type) || elementBytes(type) == 0)
    return node.fail("attribute dtype: " + typeName(type) + " is not supported");
  FailureOr<Constant> result = makeResult(node, shape, type);
  if (failed(result))
    return failure();
  int64_t k = std::clamp(node.integer("k", 0), -shape[0], shape[1]);
  for (int64_t row = 0; row < shape[0]; ++row) {
    int64_t column = row + k;
    if (column < 0 || column >= shape[1])
      continue;
    if (result->isFloating())
      result->numbers[row * shape[1] + column] = 1;
    else
      result->integers[row * shape[1] + column] = 1;
  }
  return done(node.setConstant(0, std::move(*result)));
}

void slp::import_onnx::addSourceFolds(FoldTable &table) {
  table["Constant"] = {0, foldConstant};
  table["ConstantOfShape"] = {1, foldConstantOfShape};
  table["EyeLike"] = {1, foldEyeLike, /*needsValues=*/false};
  table["Range"] = {3, foldRange};
  table["Shape"] = {1, foldShape, /*needsValues=*/false};
  table["Size"] = {1, foldSize, /*needsValues=*/false};
}
