//===- Dense.cpp - ONNX Gemm and MatMul -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainMacOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static LogicalResult importGemm(Node &node) {
  OpBuilder &b = node.builder;
  SmallVector<NamedAttribute> attributes;
  if (node.integer("transA", 0))
    attributes.push_back(b.getNamedAttr("transpose_a", b.getUnitAttr()));
  if (node.integer("transB", 0))
    attributes.push_back(b.getNamedAttr("transpose_b", b.getUnitAttr()));
  SmallVector<Value> operands = {node.tensor(0), node.tensor(1)};
  if (Value c = node.tensor(2)) {
    ArrayRef<int64_t> shape = shapeOf(c);
    bool isVector = shape.size() == 1 || (shape.size() == 2 && shape[0] == 1);
    if (!isVector)
      return node.fail("expected C of shape N or 1xN, found " + printShape(shape));
    operands.push_back(node.reshape(c, shape.back()));
  }
  auto product = node.create<train::MatMulOp>(operands, attributes);
  return node.setOutput(product ? product.getY() : Value());
}

/// (..., K) x (K, N): the leading dimensions become one.
static LogicalResult importMatMul(Node &node) {
  ArrayRef<int64_t> a = node.shape(0), b = node.shape(1);
  if (a.size() < 2 || b.size() != 2)
    return node.fail("expected operands of rank 2 or more and 2, found " + printShape(a) + " and " +
                     printShape(b));
  Value rows = node.reshape(node.tensor(0), {product(a, 0, a.size() - 1), a.back()});
  auto matmul = node.create<train::MatMulOp>(ValueRange{rows, node.tensor(1)});
  if (!matmul)
    return failure();
  SmallVector<int64_t> shape(a.drop_back());
  shape.push_back(b[1]);
  return node.setOutput(node.reshape(matmul.getY(), shape));
}

void slp::import_onnx::addDenseOperators(OperatorTable &table) {
  table["Gemm"] = {"ff|f",
                   1,
                   {{"alpha", AttributeKind::number, "1"},
                    {"beta", AttributeKind::number, "1"},
                    {"transA", AttributeKind::integer, ""},
                    {"transB", AttributeKind::integer, ""}},
                   importGemm,
                   "C absent or of shape (N) or (1, N)"};
  table["MatMul"] = {"ff", 1, {}, importMatMul, "the second operand of rank 2"};
}
