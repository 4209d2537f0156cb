//===- Elementwise.cpp - ONNX Add, Relu -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainElementwiseOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static LogicalResult importRelu(Node &node) {
  auto relu = node.create<train::ReluOp>(node.tensor(0));
  return node.setOutput(relu ? relu.getY() : Value());
}

/// The dimension of `x` along which `bias`, broadcast from the right, is a vector; -1 if it is
/// none.
static int64_t vectorDimension(ArrayRef<int64_t> x, ArrayRef<int64_t> bias) {
  if (bias.empty() || bias.size() > x.size())
    return -1;
  int64_t dimension = -1;
  for (auto [i, size] : llvm::enumerate(bias)) {
    int64_t at = x.size() - bias.size() + i;
    if (size == 1)
      continue;
    if (dimension >= 0 || size != x[at])
      return -1;
    dimension = at;
  }
  return dimension;
}

static LogicalResult importAdd(Node &node) {
  Value a = node.tensor(0), b = node.tensor(1);
  if (shapeOf(a) == shapeOf(b)) {
    auto sum = node.create<train::AddOp>(ValueRange{a, b});
    return node.setOutput(sum ? sum.getY() : Value());
  }
  if (product(shapeOf(a)) < product(shapeOf(b)))
    std::swap(a, b);
  ArrayRef<int64_t> x = shapeOf(a);
  int64_t dimension = vectorDimension(x, shapeOf(b));
  bool isChannel = dimension == 1 && (x.size() == 2 || x.size() == 4);
  bool isLast = dimension >= 1 && dimension == int64_t(x.size()) - 1;
  if (!isChannel && !isLast)
    return node.fail("expected operands of one shape, or a vector along the channels or the last "
                     "dimension, found " +
                     printShape(node.shape(0)) + " and " + printShape(node.shape(1)));
  Value bias = node.reshape(b, product(shapeOf(b)));
  // bias_add knows vectors along dimension 1 only: for the last one the others become one.
  Value rows = isChannel ? a : node.reshape(a, {product(x, 0, x.size() - 1), x.back()});
  auto sum = node.create<train::BiasAddOp>(ValueRange{rows, bias});
  return sum ? node.setOutput(node.reshape(sum.getY(), x)) : failure();
}

void slp::import_onnx::addElementwiseOperators(OperatorTable &table) {
  table["Add"] = {
      "ff", 1, {}, importAdd, "one shape, or a vector along the channels or the last dimension"};
  table["Relu"] = {"f", 1, {}, importRelu, ""};
}
