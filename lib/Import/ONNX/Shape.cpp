//===- Shape.cpp - ONNX Flatten, Identity, Reshape, Squeeze, Unsqueeze ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/ShapeRules.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static LogicalResult importFlatten(Node &node) {
  FailureOr<Sizes> shape = flattenedShape(node);
  return failed(shape) ? failure() : node.setOutput(node.reshape(node.tensor(0), *shape));
}

static LogicalResult importReshape(Node &node) {
  FailureOr<Sizes> shape = reshapedShape(node);
  return failed(shape) ? failure() : node.setOutput(node.reshape(node.tensor(0), *shape));
}

static LogicalResult importSqueeze(Node &node) {
  FailureOr<Sizes> shape = squeezedShape(node);
  return failed(shape) ? failure() : node.setOutput(node.reshape(node.tensor(0), *shape));
}

static LogicalResult importUnsqueeze(Node &node) {
  FailureOr<Sizes> shape = unsqueezedShape(node);
  return failed(shape) ? failure() : node.setOutput(node.reshape(node.tensor(0), *shape));
}

static LogicalResult importIdentity(Node &node) { return node.setOutput(node.tensor(0)); }

void slp::import_onnx::addShapeOperators(OperatorTable &table) {
  table["Flatten"] = {"a",           1,  {{"axis", AttributeKind::integer, ""}},
                      importFlatten, "", "1, 9, 11, 13, 21"};
  table["Identity"] = {"a", 1, {}, importIdentity, "", "1, 13, 14, 16, 19, 21"};
  table["Reshape"] = {
      "a|c",
      1,
      {{"allowzero", AttributeKind::integer, ""}, {"shape", AttributeKind::integers, ""}},
      importReshape,
      "constant shape",
      "1, 5, 13, 14, 19, 21"};
  table["Squeeze"] = {
      "a|c",          1, {{"axes", AttributeKind::integers, ""}}, importSqueeze, "constant axes",
      "1, 11, 13, 21"};
  table["Unsqueeze"] = {
      "a|c",          1, {{"axes", AttributeKind::integers, ""}}, importUnsqueeze, "constant axes",
      "1, 11, 13, 21"};
}
