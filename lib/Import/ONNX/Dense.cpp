//===- Dense.cpp - ONNX Gemm and MatMul -------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/ShapeRules.h"

#include "dialects/Train/ExpandOp.h"
#include "dialects/Train/MatMulOp.h"

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
  double alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  Value c = beta == 0 ? Value() : node.tensor(2);
  if (c && beta != 1)
    c = affine(node, c, beta, 0);
  if (!c && beta != 0 && node.hasInput(2))
    return failure();
  // A row of N numbers is what the accumulators start from, unless the product is scaled alone.
  bool isRow = c && alpha == 1 && product(shapeOf(c)) == columns && !shapeOf(c).empty() &&
               shapeOf(c).back() == columns;
  if (isRow)
    operands.push_back(node.reshape(c, columns));
  auto product = node.create<train::MatMulOp>(operands, attributes);
  if (!product)
    return failure();
  SmallVector<int64_t> shape(shapeOf(product.getY()));
  Value y = alpha == 1 ? product.getY() : affine(node, product.getY(), alpha, 0);
  if (!y || !c || isRow)
    return node.setOutput(y);
  FailureOr<Sizes> both = broadcastShape(node, {shape, Sizes(shapeOf(c))});
  if (failed(both))
    return failure();
  if (*both != shape)
    return node.fail("expected C of a shape that broadcasts to " + printShape(shape) + ", found " +
                     printShape(shapeOf(c)));
  return node.setOutput(buildBroadcast<train::AddOp>(node, y, c));
}

/// `x` of shape (own..., matrix) as (B, matrix) with a matrix for each of the `batches`.
static Value repeated(Node &node, Value x, const Sizes &batches, const Sizes &own,
                      ArrayRef<int64_t> matrix) {
  SmallVector<int64_t> aligned(batches.size() - own.size(), 1), full(batches);
  for (ArrayRef<int64_t> part : {ArrayRef<int64_t>(own), matrix})
    aligned.append(part.begin(), part.end());
  full.append(matrix.begin(), matrix.end());
  Value y = node.reshape(x, aligned);
  if (aligned != full) {
    auto expand = node.create<train::ExpandOp>(y, train::i64s(node.builder, "shape", full));
    if (!expand)
      return nullptr;
    y = expand.getY();
  }
  return node.reshape(y, {product(batches), matrix[0], matrix[1]});
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
    operands = {repeated(node, a, *batches, batchesA, matrixA),
                repeated(node, b, *batches, batchesB, matrixB)};
    if (llvm::is_contained(operands, Value()))
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

/// MatMul of operands whose last two dimensions may be exchanged, times a number.
static LogicalResult importFusedMatMul(Node &node) {
  for (unsigned i : {0u, 1u})
    if (node.rank(i) < 1)
      return node.fail("expected operands of rank 1 or more, found a scalar");
  Value y = multiply(node, node.tensor(0), node.tensor(1), node.integer("transA", 0),
                     node.integer("transB", 0));
  double alpha = node.number("alpha", 1);
  return node.setOutput(y && alpha != 1 ? affine(node, y, alpha, 0) : y);
}

void slp::import_onnx::addDenseOperators(OperatorTable &table) {
  table["Gemm"] = {"fw|w",
                   1,
                   {{"alpha", AttributeKind::number, ""},
                    {"beta", AttributeKind::number, ""},
                    {"broadcast", AttributeKind::integer, ""},
                    {"transA", AttributeKind::integer, ""},
                    {"transB", AttributeKind::integer, ""}},
                   importGemm,
                   "",
                   "1, 6, 7, 9, 11, 13"};
  table["com.microsoft.FusedMatMul"] = {"ww",
                                        1,
                                        {{"alpha", AttributeKind::number, ""},
                                         {"transA", AttributeKind::integer, ""},
                                         {"transB", AttributeKind::integer, ""},
                                         {"transBatchA", AttributeKind::integer, "0"},
                                         {"transBatchB", AttributeKind::integer, "0"}},
                                        importFusedMatMul,
                                        ""};
  table["MatMul"] = {"ww", 1, {}, importMatMul, "", "1, 9, 13"};
}
