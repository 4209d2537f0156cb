//===- Dense.cpp - ONNX Gemm and MatMul -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/ShapeRules.h"

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainElementwiseOps.h"
#include "dialects/Train/TrainMacOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

static SmallVector<NamedAttribute> transposes(OpBuilder &b, bool a, bool bToo) {
  SmallVector<NamedAttribute> attributes;
  if (a)
    attributes.push_back(b.getNamedAttr("transpose_a", b.getUnitAttr()));
  if (bToo)
    attributes.push_back(b.getNamedAttr("transpose_b", b.getUnitAttr()));
  return attributes;
}

static LogicalResult importGemm(Node &node) {
  if (node.rank(0) != 2 || node.rank(1) != 2)
    return node.fail("expected two matrices, found " + printShape(node.shape(0)) + " and " +
                     printShape(node.shape(1)));
  SmallVector<NamedAttribute> attributes =
      transposes(node.builder, node.integer("transA", 0), node.integer("transB", 0));
  SmallVector<Value> operands = {node.tensor(0), node.tensor(1)};
  int64_t columns = node.shape(1)[node.integer("transB", 0) ? 0 : 1];
  Value c = node.tensor(2);
  // A row of N numbers is what the accumulators start from.
  bool isRow =
      c && product(shapeOf(c)) == columns && !shapeOf(c).empty() && shapeOf(c).back() == columns;
  if (isRow)
    operands.push_back(node.reshape(c, columns));
  auto product = node.create<train::MatMulOp>(operands, attributes);
  if (!product || !c || isRow)
    return node.setOutput(product ? product.getY() : Value());
  if (shapeOf(c) != shapeOf(product.getY()))
    return node.fail("expected C of shape N, 1xN or " + printShape(shapeOf(product.getY())) +
                     ", found " + printShape(shapeOf(c)));
  auto sum = node.create<train::AddOp>({product.getY(), c});
  return node.setOutput(sum ? sum.getY() : Value());
}

/// (..., M, K) x (..., K, N). The rows of all batches meet one right matrix; otherwise each batch
/// has its own.
static Value multiply(Node &node, Value a, Value b, bool transposeA, bool transposeB) {
  SmallVector<int64_t> left(shapeOf(a)), right(shapeOf(b));
  SmallVector<int64_t> result;
  // Vectors are a row on the left, a column on the right, and leave no dimension.
  bool isRow = left.size() == 1, isColumn = right.size() == 1;
  if (isRow)
    left.insert(left.begin(), 1);
  if (isColumn)
    right.push_back(1);
  transposeA &= !isRow;
  transposeB &= !isColumn;
  Sizes batchesA(ArrayRef<int64_t>(left).drop_back(2)),
      batchesB(ArrayRef<int64_t>(right).drop_back(2));
  FailureOr<Sizes> batches = broadcastShape(node, {batchesA, batchesB});
  if (failed(batches))
    return nullptr;
  int64_t m = left[left.size() - (transposeA ? 1 : 2)];
  int64_t n = right[right.size() - (transposeB ? 2 : 1)];
  result = *batches;
  if (!isRow)
    result.push_back(m);
  if (!isColumn)
    result.push_back(n);
  ArrayRef<int64_t> matrixA = ArrayRef<int64_t>(left).take_back(2),
                    matrixB = ArrayRef<int64_t>(right).take_back(2);
  int64_t count = product(*batches), countA = product(batchesA), countB = product(batchesB);
  SmallVector<Value> operands;
  if (countB == 1 && !transposeA) {
    operands = {node.reshape(a, {countA * matrixA[0], matrixA[1]}), node.reshape(b, matrixB)};
  } else if (countA == 1 && countB == 1) {
    operands = {node.reshape(a, matrixA), node.reshape(b, matrixB)};
  } else if (countA == count && countB == count) {
    operands = {node.reshape(a, {count, matrixA[0], matrixA[1]}),
                node.reshape(b, {count, matrixB[0], matrixB[1]})};
  } else {
    node.fail("expected equal batches or a single right matrix, found " + printShape(shapeOf(a)) +
              " and " + printShape(shapeOf(b)));
    return nullptr;
  }
  auto matmul =
      node.create<train::MatMulOp>(operands, transposes(node.builder, transposeA, transposeB));
  return matmul ? node.reshape(matmul.getY(), result) : Value();
}

static LogicalResult importMatMul(Node &node) {
  for (unsigned i : {0u, 1u})
    if (node.rank(i) < 1)
      return node.fail("expected operands of rank 1 or more, found a scalar");
  return node.setOutput(
      multiply(node, node.tensor(0), node.tensor(1), /*transposeA=*/false, /*transposeB=*/false));
}

void slp::import_onnx::addDenseOperators(OperatorTable &table) {
  table["Gemm"] = {"ff|f",
                   1,
                   {{"alpha", AttributeKind::number, "1"},
                    {"beta", AttributeKind::number, "1"},
                    {"broadcast", AttributeKind::integer, ""},
                    {"transA", AttributeKind::integer, ""},
                    {"transB", AttributeKind::integer, ""}},
                   importGemm,
                   "C absent or of shape (N), (1, N) or (M, N)",
                   "1, 6, 7, 9, 11, 13"};
  table["MatMul"] = {"ff", 1, {}, importMatMul, "", "1, 9, 13"};
}
