//===- Einsum.cpp - ONNX Einsum ---------------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// From the left, two operands at a time. An index that only one of them has and that nobody else
// wants is summed at once; what both have and nobody else wants is what a matrix product sums over.
// Where there is no such index the operands are multiplied element by element, on the vector unit.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/EinsumEquation.h"
#include "lib/Import/ONNX/Fold.h"
#include "lib/Import/ONNX/Moves.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/MatMulOp.h"
#include "dialects/Train/ReduceSumOp.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

namespace {
/// A tensor whose dimensions are indices, each of which it has once and in full.
struct Indexed {
  Value x; // null after an error
  IndexLabels labels;
  bool has(IndexLabel label) const { return llvm::is_contained(labels, label); }
};

class EinsumBuilder {
public:
  EinsumBuilder(Node &node, const EinsumEquation &equation) : node(node), equation(equation) {}
  Value build();

private:
  Indexed operandOf(unsigned i);
  /// The dimensions in this order. They are all those of `t`.
  Value ordered(const Indexed &t, ArrayRef<IndexLabel> labels);
  Indexed diagonal(Indexed t, size_t first, size_t second);
  /// Summed over what only `t` has of what `others` ask for.
  Indexed reduced(Indexed t, ArrayRef<IndexLabel> others);
  Indexed product(const Indexed &a, const Indexed &b, ArrayRef<IndexLabel> wanted);
  Indexed multiplied(const Indexed &a, const Indexed &b);
  /// What operands from `begin` on and the result have.
  IndexLabels wantedFrom(size_t begin) const;

  Node &node;
  const EinsumEquation &equation;
};
} // namespace

/// The elements of `t` whose indices `first` and `second`, of one label, are equal.
Indexed EinsumBuilder::diagonal(Indexed t, size_t first, size_t second) {
  Sizes perm = {int64_t(first), int64_t(second)};
  IndexLabels labels = {t.labels[first]};
  for (size_t d = 0; d < t.labels.size(); ++d)
    if (d != first && d != second) {
      perm.push_back(d);
      labels.push_back(t.labels[d]);
    }
  Value x = transpose(node, t.x, perm);
  if (!x)
    return {};
  Sizes shape(shapeOf(x).drop_front());
  int64_t size = shape.front();
  shape.front() = size * size;
  x = sliceAlong(node, node.reshape(x, shape), 0, {0, size + 1, size});
  return {x, labels};
}

Indexed EinsumBuilder::operandOf(unsigned i) {
  Indexed t{operand(node, i), equation.operands[i]};
  for (size_t second = 1; t.x && second < t.labels.size(); ++second) {
    size_t first = llvm::find(t.labels, t.labels[second]) - t.labels.begin();
    if (first == second)
      continue;
    if (shapeOf(t.x)[first] != shapeOf(t.x)[second]) {
      (void)node.fail("attribute equation: a repeated index of operand " + Twine(i) +
                      " has the sizes " + Twine(shapeOf(t.x)[first]) + " and " +
                      Twine(shapeOf(t.x)[second]));
      return {};
    }
    t = diagonal(t, first, second);
    second = 0;
  }
  if (!t.x)
    return {};
  // An extent of 1 that stands for many is no index of this operand.
  IndexLabels labels;
  Sizes shape;
  for (auto [label, size] : llvm::zip_equal(t.labels, shapeOf(t.x)))
    if (size == equation.sizeOf(label)) {
      labels.push_back(label);
      shape.push_back(size);
    }
  return {node.reshape(t.x, shape), labels};
}

Value EinsumBuilder::ordered(const Indexed &t, ArrayRef<IndexLabel> labels) {
  Sizes perm;
  for (IndexLabel label : labels)
    perm.push_back(llvm::find(t.labels, label) - t.labels.begin());
  return transpose(node, t.x, perm);
}

Indexed EinsumBuilder::reduced(Indexed t, ArrayRef<IndexLabel> others) {
  Sizes axes;
  IndexLabels left;
  for (auto [d, label] : llvm::enumerate(t.labels))
    if (llvm::is_contained(others, label))
      left.push_back(label);
    else
      axes.push_back(d);
  if (axes.empty() || !t.x)
    return t;
  auto sum = node.create<train::ReduceSumOp>(t.x, train::i64s(node.builder, "axes", axes));
  return {sum ? node.reshape(sum.getY(), equation.shapeOf(left)) : Value(), left};
}

/// Element by element, with all indices of both.
Indexed EinsumBuilder::multiplied(const Indexed &a, const Indexed &b) {
  IndexLabels all = a.labels;
  for (IndexLabel label : b.labels)
    if (!a.has(label))
      all.push_back(label);
  auto aligned = [&](const Indexed &t) {
    IndexLabels own;
    Sizes shape;
    for (IndexLabel label : all) {
      shape.push_back(t.has(label) ? equation.sizeOf(label) : 1);
      if (t.has(label))
        own.push_back(label);
    }
    Value x = ordered(t, own);
    return x ? node.reshape(x, shape) : x;
  };
  return {import_onnx::build<train::MulOp>(node, {aligned(a), aligned(b)}), all};
}

Indexed EinsumBuilder::product(const Indexed &a, const Indexed &b, ArrayRef<IndexLabel> wanted) {
  IndexLabels batch, left, inner, right;
  for (IndexLabel label : a.labels)
    (!b.has(label) ? left : llvm::is_contained(wanted, label) ? batch : inner).push_back(label);
  for (IndexLabel label : b.labels)
    if (!a.has(label))
      right.push_back(label);
  if (inner.empty())
    return multiplied(a, b);
  auto join = [](std::initializer_list<ArrayRef<IndexLabel>> parts) {
    IndexLabels all;
    for (ArrayRef<IndexLabel> part : parts)
      llvm::append_range(all, part);
    return all;
  };
  auto count = [&](ArrayRef<IndexLabel> labels) {
    return import_onnx::product(equation.shapeOf(labels));
  };
  // (batch, rows, columns) of `t`, or, where it lies so, (batch, columns, rows).
  auto matrix = [&](const Indexed &t, ArrayRef<IndexLabel> rows, ArrayRef<IndexLabel> columns,
                    bool &isTransposed) {
    isTransposed = t.labels == join({batch, columns, rows}) && !rows.empty() && !columns.empty();
    if (isTransposed)
      std::swap(rows, columns);
    Value x = ordered(t, join({batch, rows, columns}));
    Sizes shape = {count(batch), count(rows), count(columns)};
    return x ? node.reshape(x, batch.empty() ? ArrayRef(shape).drop_front() : ArrayRef(shape)) : x;
  };
  bool isA, isB;
  Value x = matrix(a, left, inner, isA), y = matrix(b, inner, right, isB);
  if (!x || !y)
    return {};
  SmallVector<NamedAttribute> attributes;
  if (isA)
    attributes.push_back(node.builder.getNamedAttr("transpose_a", node.builder.getUnitAttr()));
  if (isB)
    attributes.push_back(node.builder.getNamedAttr("transpose_b", node.builder.getUnitAttr()));
  auto op = node.create<train::MatMulOp>({x, y}, attributes);
  IndexLabels labels = join({batch, left, right});
  return {op ? node.reshape(op.getY(), equation.shapeOf(labels)) : Value(), labels};
}

IndexLabels EinsumBuilder::wantedFrom(size_t begin) const {
  IndexLabels wanted = equation.result;
  for (const IndexLabels &labels : ArrayRef(equation.operands).drop_front(begin))
    llvm::append_range(wanted, labels);
  return wanted;
}

Value EinsumBuilder::build() {
  Indexed all = operandOf(0);
  for (unsigned i = 1; i < node.numInputs() && all.x; ++i) {
    Indexed next = operandOf(i);
    if (!next.x)
      return nullptr;
    IndexLabels wanted = wantedFrom(i + 1), ofBoth = wanted;
    llvm::append_range(ofBoth, next.labels);
    Indexed a = reduced(all, ofBoth);
    ofBoth = wanted;
    llvm::append_range(ofBoth, a.labels);
    Indexed b = reduced(next, ofBoth);
    if (!a.x || !b.x)
      return nullptr;
    // Rows first: the operand of which the result has an index first.
    auto own = llvm::find_if(equation.result,
                             [&](IndexLabel label) { return a.has(label) != b.has(label); });
    bool isExchanged = own != equation.result.end() && b.has(*own);
    all = isExchanged ? product(b, a, wanted) : product(a, b, wanted);
  }
  all = reduced(all, equation.result);
  return all.x ? ordered(all, equation.result) : Value();
}

static LogicalResult importEinsum(Node &node) {
  FailureOr<EinsumEquation> equation = parseEinsum(node);
  return failed(equation) ? failure() : node.setOutput(EinsumBuilder(node, *equation).build());
}

//===----------------------------------------------------------------------------------------===//
// Known operands
//===----------------------------------------------------------------------------------------===//

/// Products from the left and their sum, in double precision or in 64 bits.
static FailureOr<bool> foldEinsum(Node &node) {
  FailureOr<EinsumEquation> equation = parseEinsum(node);
  if (failed(equation))
    return failure();
  const Constant &first = *node.known(0);
  for (unsigned i = 1; i < node.numInputs(); ++i)
    if (node.known(i)->type != first.type)
      return node.fail("expected operands of one type, found " + typeName(first.type) + " and " +
                       typeName(node.known(i)->type));
  IndexLabels labels = equation->result;
  for (auto [label, size] : equation->sizes)
    if (!llvm::is_contained(labels, label))
      labels.push_back(label);
  FailureOr<Constant> result = makeResult(node, equation->shapeOf(equation->result), first.type);
  int64_t terms = countElements(equation->shapeOf(labels));
  if (failed(result) || terms < 0 || terms > maxConstantElements)
    return failed(result)
               ? FailureOr<bool>(failure())
               : FailureOr<bool>(node.fail("sums of more than " + Twine(maxConstantElements) +
                                           " terms are not computed at import"));
  int64_t inner = result->size() ? terms / result->size() : 1, at = 0;
  for (Indices i(equation->shapeOf(labels)); i.any(); i.next(), ++at) {
    double number = 1;
    int64_t integer = 1;
    bool isFine = true;
    for (auto [k, own] : llvm::enumerate(equation->operands)) {
      const Constant &x = *node.known(k);
      Sizes index;
      for (IndexLabel label : own)
        index.push_back(i.index[llvm::find(labels, label) - labels.begin()]);
      int64_t offset = offsetOf(index, x.shape);
      if (x.isFloating())
        number *= x.numbers[offset];
      else
        isFine &= !llvm::MulOverflow(integer, x.integers[offset], integer);
    }
    int64_t to = at / inner;
    if (first.isFloating())
      result->numbers[to] += number;
    else
      isFine &= !llvm::AddOverflow(result->integers[to], integer, result->integers[to]);
    if (!isFine)
      return node.fail("integer overflow in Einsum");
  }
  for (double &value : result->numbers)
    value = roundToType(value, first.type);
  for (int64_t value : result->integers)
    if (!fitsType(value, first.type))
      return node.fail("integer overflow in Einsum");
  return done(node.setConstant(0, std::move(*result)));
}

void slp::import_onnx::addEinsumFolds(FoldTable &table) { table["Einsum"] = {1, foldEinsum}; }

void slp::import_onnx::addEinsumOperators(OperatorTable &table) {
  table["Einsum"] = {"f*", 1, {{"equation", AttributeKind::string, ""}}, importEinsum, "", "12"};
}
