//===- Fold.cpp - the table of operators that are computed at import --------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Fold.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

const FoldTable &slp::import_onnx::foldTable() {
  static const FoldTable table = [] {
    FoldTable t;
    addArithmeticFolds(t);
    addEinsumFolds(t);
    addMovementFolds(t);
    addOrderedFolds(t);
    addQuantizeFolds(t);
    addReductionFolds(t);
    addSourceFolds(t);
    return t;
  }();
  return table;
}

FailureOr<Constant> slp::import_onnx::makeResult(const Node &node, ArrayRef<int64_t> shape,
                                                 int32_t type) {
  int64_t count = countElements(shape);
  if (count >= 0 && count <= maxConstantElements - node.graph.folded)
    return Constant::zeros(shape, type);
  return node.fail("constants of more than " + Twine(maxConstantElements) +
                   " elements in all are not computed at import, found " + printShape(shape));
}

FailureOr<bool> slp::import_onnx::done(LogicalResult result) {
  return failed(result) ? FailureOr<bool>(failure()) : FailureOr<bool>(true);
}

Indices::Indices(ArrayRef<int64_t> shape)
    : shape(shape), index(shape.size()), left(countElements(shape)) {}

void Indices::next() {
  --left;
  for (size_t d = shape.size(); d-- > 0;) {
    if (++index[d] < shape[d])
      return;
    index[d] = 0;
  }
}

int64_t slp::import_onnx::offsetOf(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t offset = 0;
  size_t lead = index.size() - shape.size();
  for (size_t d = 0; d < shape.size(); ++d)
    offset = offset * shape[d] + (shape[d] == 1 ? 0 : index[lead + d]);
  return offset;
}

FailureOr<Constant> slp::import_onnx::pick(const Node &node, const Constant &from,
                                           ArrayRef<int64_t> shape,
                                           function_ref<int64_t(ArrayRef<int64_t>)> source) {
  FailureOr<Constant> result = makeResult(node, shape, from.type);
  if (failed(result))
    return failure();
  int64_t at = 0;
  for (Indices i(shape); i.any(); i.next(), ++at) {
    int64_t s = source(i.index);
    if (from.isFloating())
      result->numbers[at] = from.numbers[s];
    else
      result->integers[at] = from.integers[s];
  }
  return result;
}
