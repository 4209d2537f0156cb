//===- FoldReduction.cpp - reductions of known values -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Fold.h"
#include "lib/Import/ONNX/ShapeRules.h"

#include "onnx/onnx_pb.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

namespace {
/// acc with the next element; integers report overflow.
struct Sum {
  static constexpr bool hasStart = true;
  static constexpr int64_t start = 0;
  static bool integer(int64_t &acc, int64_t x) { return !llvm::AddOverflow(acc, x, acc); }
  static double number(double acc, double x) { return acc + x; }
};
struct Product {
  static constexpr bool hasStart = true;
  static constexpr int64_t start = 1;
  static bool integer(int64_t &acc, int64_t x) { return !llvm::MulOverflow(acc, x, acc); }
  static double number(double acc, double x) { return acc * x; }
};
struct Maximum {
  static constexpr bool hasStart = false;
  static constexpr int64_t start = 0;
  static bool integer(int64_t &acc, int64_t x) { return acc = std::max(acc, x), true; }
  static double number(double acc, double x) { return acc < x || x != x ? x : acc; }
};
struct Minimum {
  static constexpr bool hasStart = false;
  static constexpr int64_t start = 0;
  static bool integer(int64_t &acc, int64_t x) { return acc = std::min(acc, x), true; }
  static double number(double acc, double x) { return x < acc || x != x ? x : acc; }
};
} // namespace

template <typename Rule> static FailureOr<bool> foldReduce(Node &node) {
  const Constant &x = *node.known(0);
  FailureOr<ReducedAxes> reduced = reducedAxes(node);
  if (failed(reduced))
    return failure();
  ReducedAxes kept{reduced->axes, true};
  Sizes inner = reducedShape(x.shape, kept);
  FailureOr<Constant> result = makeResult(node, reducedShape(x.shape, *reduced), x.type);
  if (failed(result))
    return failure();
  if (!Rule::hasStart && x.size() == 0 && result->size() != 0)
    return node.fail("expected elements to reduce, found " + printShape(x.shape));
  std::vector<bool> isStarted(result->size());
  llvm::fill(result->numbers, double(Rule::start));
  llvm::fill(result->integers, Rule::start);
  int64_t at = 0;
  for (Indices i(x.shape); i.any(); i.next(), ++at) {
    int64_t to = offsetOf(i.index, inner);
    bool isFirst = !Rule::hasStart && !isStarted[to];
    isStarted[to] = true;
    if (x.isFloating())
      result->numbers[to] =
          isFirst ? x.numbers[at] : Rule::number(result->numbers[to], x.numbers[at]);
    else if (isFirst)
      result->integers[to] = x.integers[at];
    else if (!Rule::integer(result->integers[to], x.integers[at]))
      return node.fail("integer overflow in " + node.operatorName());
  }
  for (double &value : result->numbers)
    value = roundToType(value, x.type);
  for (int64_t value : result->integers)
    if (!fitsType(value, x.type))
      return node.fail("integer overflow in " + node.operatorName());
  return done(node.setConstant(0, std::move(*result)));
}

/// (rank, count): the indices of all elements that are not zero.
static FailureOr<bool> foldNonZero(Node &node) {
  const Constant &x = *node.known(0);
  std::vector<Sizes> found;
  int64_t at = 0;
  for (Indices i(x.shape); i.any(); i.next(), ++at)
    if (x.number(at) != 0)
      found.push_back(i.index);
  int64_t rank = x.shape.size(), count = found.size();
  FailureOr<Constant> result = makeResult(node, {rank, count}, onnx::TensorProto::INT64);
  if (failed(result))
    return failure();
  for (int64_t d = 0; d < rank; ++d)
    for (int64_t i = 0; i < count; ++i)
      result->integers[d * count + i] = found[i][d];
  return done(node.setConstant(0, std::move(*result)));
}

void slp::import_onnx::addReductionFolds(FoldTable &table) {
  table["NonZero"] = {1, foldNonZero};
  table["ReduceMax"] = {1, foldReduce<Maximum>};
  table["ReduceMin"] = {1, foldReduce<Minimum>};
  table["ReduceProd"] = {1, foldReduce<Product>};
  table["ReduceSum"] = {1, foldReduce<Sum>};
}
