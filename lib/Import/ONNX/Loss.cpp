//===- Loss.cpp - ONNX Softmax and SoftmaxCrossEntropyLoss ------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainLossOps.h"
#include "dialects/Train/TrainRowOps.h"

#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static LogicalResult importSoftmax(Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  int64_t rank = x.size();
  // Until operator set 12, softmax ran over all dimensions from `axis` on.
  bool flattens = node.version() < 13;
  int64_t axis = node.integer("axis", flattens ? 1 : -1);
  if (axis < -rank || axis >= rank)
    return node.fail("expected an axis of -" + Twine(rank) + " to " + Twine(rank - 1) + ", found " +
                     Twine(axis));
  axis = axis < 0 ? axis + rank : axis;
  if (!flattens && axis != rank - 1)
    return node.fail("attribute axis = " + Twine(axis) +
                     " is not supported, expected the last dimension");
  Value rows = node.reshape(node.tensor(0), {product(x, 0, axis), product(x, axis, rank)});
  auto softmax = node.create<train::SoftmaxOp>(rows);
  return softmax ? node.setOutput(node.reshape(softmax.getY(), x)) : failure();
}

static LogicalResult importLoss(Node &node) {
  if (node.graph.loss)
    return node.fail("expected one loss, found a second");
  OpBuilder &b = node.builder;
  auto loss = node.create<train::CrossEntropyOp>({node.tensor(0), node.tensor(1)}, {},
                                                 {b.getF32Type(), b.getF32Type()});
  if (!loss)
    return failure();
  node.graph.loss = loss.getLoss();
  node.graph.logits = node.tensor(0);
  if (node.hasOutput(1)) // the gradient operators of artifacts read it
    node.graph.logitsOf[node.outputName(1)] = node.tensor(0);
  return node.setOutput(loss.getLoss(), "losses");
}

void slp::import_onnx::addLossOperators(OperatorTable &table) {
  table["Softmax"] = {
      "f", 1, {{"axis", AttributeKind::integer, ""}}, importSoftmax, "over the last dimension"};
  table["SoftmaxCrossEntropyLoss"] = {
      "fl|-",
      2,
      {{"ignore_index", AttributeKind::integer, "a number below 0",
        [](const onnx::AttributeProto &attribute) { return attribute.i() < 0; }},
       {"reduction", AttributeKind::string, "mean"}},
      importLoss,
      "logits of rank 2, without weights and log_prob; every label is a class"};
}
