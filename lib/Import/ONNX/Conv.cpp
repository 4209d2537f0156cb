//===- Conv.cpp - ONNX Conv -------------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainMacOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static LogicalResult importConv(Node &node) {
  ArrayRef<int64_t> x = node.shape(0), w = node.shape(1);
  if (x.size() != 4 || w.size() != 4)
    return node.fail("expected a two-dimensional convolution (input and weights of rank 4), found "
                     "input " +
                     printShape(x) + ", weights " + printShape(w));
  SmallVector<int64_t> kernel = node.integers("kernel_shape", w.drop_front(2));
  if (ArrayRef<int64_t>(kernel) != w.drop_front(2))
    return node.fail("expected kernel_shape " + printShape(w.drop_front(2)) +
                     " as the weights have, found " + printShape(kernel));
  OpBuilder &b = node.builder;
  SmallVector<Value> operands = {node.tensor(0), node.tensor(1)};
  if (Value bias = node.tensor(2))
    operands.push_back(bias);
  auto conv = node.create<train::ConvOp>(
      operands, {train::i64s(b, "strides", node.integers("strides", {1, 1})),
                 train::i64s(b, "pads", node.integers("pads", {0, 0, 0, 0})),
                 train::i64s(b, "dilations", node.integers("dilations", {1, 1})),
                 b.getNamedAttr("group", b.getI64IntegerAttr(node.integer("group", 1)))});
  return node.setOutput(conv ? conv.getY() : Value());
}

void slp::import_onnx::addConvOperators(OperatorTable &table) {
  table["Conv"] = {"ff|f",
                   1,
                   {{"auto_pad", AttributeKind::string, "NOTSET"},
                    {"dilations", AttributeKind::integers, ""},
                    {"group", AttributeKind::integer, ""},
                    {"kernel_shape", AttributeKind::integers, ""},
                    {"pads", AttributeKind::integers, ""},
                    {"strides", AttributeKind::integers, ""}},
                   importConv,
                   "two-dimensional"};
}
