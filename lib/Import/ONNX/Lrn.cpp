//===- Lrn.cpp - ONNX LRN ---------------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Local response normalization is no op of its own: the mean of squares over neighbouring channels
// is an average pool in which channels are rows.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/AvgPoolOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// x * (bias + alpha * mean of squares)^-beta, padding counted as elements.
static LogicalResult importLrn(Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  int64_t size = node.integer("size", 0);
  if (x.size() < 3)
    return node.fail("expected an input of rank 3 or more, found " + printShape(x));
  if (size < 1 || size > int64_t(1) << 31)
    return node.fail("expected a size of at least 1, found " + Twine(size));
  OpBuilder &b = node.builder;
  Value input = node.tensor(0);
  Value squares = build<train::MulOp>(node, {input, input});
  if (!squares)
    return failure();
  Value rows = node.reshape(squares, {x[0], 1, x[1], product(x, 2, x.size())});
  int64_t before = (size - 1) / 2;
  auto mean = node.create<train::AvgPoolOp>(
      rows, {train::i64s(b, "kernel", {size, 1}),
             train::i64s(b, "pads", {before, 0, size - 1 - before, 0}),
             b.getNamedAttr("count_include_pad", b.getUnitAttr())});
  if (!mean)
    return failure();
  Value base = affine(node, node.reshape(mean.getY(), x), node.number("alpha", 0.0001),
                      node.number("bias", 1));
  Value factor = base
                     ? build<train::PowerOp>(node, base, {{"exponent", -node.number("beta", 0.75)}})
                     : Value();
  return node.setOutput(factor ? build<train::MulOp>(node, {input, factor}) : Value());
}

void slp::import_onnx::addLrnOperators(OperatorTable &table) {
  table["LRN"] = {"f",
                  1,
                  {{"alpha", AttributeKind::number, ""},
                   {"beta", AttributeKind::number, ""},
                   {"bias", AttributeKind::number, ""},
                   {"size", AttributeKind::integer, ""}},
                  importLrn,
                  "",
                  "1, 13"};
}
