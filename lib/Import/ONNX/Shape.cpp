//===- Shape.cpp - ONNX Constant, Flatten, Reshape --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Tensors.h"

#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static LogicalResult importFlatten(Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  int64_t rank = x.size(), axis = node.integer("axis", 1);
  if (axis < -rank || axis > rank)
    return node.fail("expected an axis of -" + Twine(rank) + " to " + Twine(rank) + ", found " +
                     Twine(axis));
  axis = axis < 0 ? axis + rank : axis;
  return node.setOutput(node.reshape(node.input(0), {product(x, 0, axis), product(x, axis, rank)}));
}

static LogicalResult importReshape(Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  SmallVector<int64_t> shape = *node.constant(1);
  auto misfit = [&] {
    return node.fail("expected a shape of " + Twine(product(x)) + " elements, found " +
                     printShape(*node.constant(1)) + " for input " + printShape(x));
  };
  int64_t known = 1, unknown = -1;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size == 0) { // as in the input
      if (i >= x.size())
        return misfit();
      size = x[i];
    }
    if (size < -1 || (size == -1 && unknown >= 0))
      return misfit();
    if (size == -1)
      unknown = i;
    else if (llvm::MulOverflow(known, size, known))
      return misfit();
  }
  if (unknown >= 0) {
    shape[unknown] = product(x) / known;
    known *= shape[unknown];
  }
  if (known != product(x))
    return misfit();
  return node.setOutput(node.reshape(node.input(0), shape));
}

static LogicalResult importConstant(Node &node) {
  const onnx::AttributeProto *value = node.attribute("value");
  if (!value)
    return node.fail("expected the attribute value");
  Result<SmallVector<int64_t>> integers = integersOf(value->t());
  if (!integers)
    return node.fail(integers.message());
  node.graph.constants[node.outputName(0)] = integers.take();
  return success();
}

void slp::import_onnx::addShapeOperators(OperatorTable &table) {
  table["Constant"] = {
      "", 1, {{"value", AttributeKind::tensor, ""}}, importConstant, "int64, for shapes"};
  table["Flatten"] = {"f", 1, {{"axis", AttributeKind::integer, ""}}, importFlatten, ""};
  table["Reshape"] = {"fc",
                      1,
                      {{"allowzero", AttributeKind::integer, "0"}},
                      importReshape,
                      "constant shape, 0 and -1 included"};
}
