//===- Reduce.cpp - ONNX reductions -----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Integers.h"
#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/ReduceMaxOp.h"
#include "dialects/Train/ReduceMeanOp.h"
#include "dialects/Train/ReduceMinOp.h"
#include "dialects/Train/ReduceProdOp.h"
#include "dialects/Train/ReduceSumAbsOp.h"
#include "dialects/Train/ReduceSumOp.h"
#include "dialects/Train/ReduceSumSquareOp.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// The dimensions to reduce, in ascending order: all if the model names none, or none if it says
/// that this is no operation.
static FailureOr<SmallVector<int64_t>> axesOf(Node &node) {
  int64_t rank = node.rank(0);
  SmallVector<int64_t> axes;
  if (node.hasInput(1) && !node.constant(1))
    return node.fail("expected constant axes, found input \"" + node.inputName(1) + "\"");
  if (std::optional<SmallVector<int64_t>> given = node.integersAt("axes", 1))
    axes = *given;
  if (!axes.empty())
    return node.positiveAxes(axes, rank);
  if (node.integer("noop_with_empty_axes", 0) == 0)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return axes;
}

/// Makes `y`, which has every dimension, the output, without the dimensions `axes` unless the node
/// keeps them.
static LogicalResult setReduced(Node &node, Value y, ArrayRef<int64_t> axes) {
  if (!y)
    return failure();
  if (node.integer("keepdims", 1) != 0)
    return node.setOutput(y);
  SmallVector<int64_t> left;
  for (auto [d, extent] : llvm::enumerate(node.shape(0)))
    if (!llvm::is_contained(axes, int64_t(d)))
      left.push_back(extent);
  return node.setOutput(node.reshape(y, left));
}

template <typename Op> static LogicalResult importReduction(Node &node) {
  FailureOr<SmallVector<int64_t>> axes = axesOf(node);
  if (failed(axes))
    return failure();
  Value x = operand(node, 0);
  if (axes->empty() && !std::is_same_v<Op, train::ReduceSumSquareOp> &&
      !std::is_same_v<Op, train::ReduceSumAbsOp>)
    return node.setOutput(x);
  SmallVector<int64_t> kept(shapeOf(x));
  // A dimension of extent 1 more: a scalar, and what is squared but not summed, reduce over it.
  Value operand = x;
  if (axes->empty()) {
    SmallVector<int64_t> shape = kept;
    shape.push_back(1);
    operand = node.reshape(x, shape);
    axes->push_back(shape.size() - 1);
    auto y = node.create<Op>(operand, train::i64s(node.builder, "axes", *axes));
    return y ? node.setOutput(node.reshape(y.getY(), kept)) : failure();
  }
  auto y = node.create<Op>(operand, train::i64s(node.builder, "axes", *axes));
  return setReduced(node, y ? y.getY() : Value(), *axes);
}

/// Axes and x of a reduction that is made of others; fails for one over nothing.
static FailureOr<SmallVector<int64_t>> someAxesOf(Node &node) {
  FailureOr<SmallVector<int64_t>> axes = axesOf(node);
  if (succeeded(axes) && axes->empty())
    return node.fail("a reduction over no axes is not supported");
  return axes;
}

/// function(reduction(x))
template <typename Op, typename Function> static LogicalResult importOfReduction(Node &node) {
  FailureOr<SmallVector<int64_t>> axes = someAxesOf(node);
  if (failed(axes))
    return failure();
  auto sum = node.create<Op>(operand(node, 0), train::i64s(node.builder, "axes", *axes));
  Value y = sum ? build<Function>(node, sum.getY()) : Value();
  return setReduced(node, y, *axes);
}

/// m + log(sum(exp(x - m))) with the maximum m, so that nothing overflows.
static LogicalResult importLogSumExp(Node &node) {
  FailureOr<SmallVector<int64_t>> axes = someAxesOf(node);
  if (failed(axes))
    return failure();
  NamedAttribute over = train::i64s(node.builder, "axes", *axes);
  Value x = operand(node, 0);
  auto largest = node.create<train::ReduceMaxOp>(x, over);
  Value exp =
      largest ? build<train::ExpOp>(node, build<train::SubOp>(node, {x, largest.getY()})) : Value();
  auto sum = exp ? node.create<train::ReduceSumOp>(exp, over) : train::ReduceSumOp();
  Value log = sum ? build<train::LogOp>(node, sum.getY()) : Value();
  Value y = log ? build<train::AddOp>(node, {log, largest.getY()}) : Value();
  return setReduced(node, y, *axes);
}

void slp::import_onnx::addReduceOperators(OperatorTable &table) {
  auto add = [&](const char *name, LogicalResult (*import)(Node &),
                 const char *versions = "1, 11, 13, 18") {
    table[name] = {"f|c",
                   1,
                   {{"axes", AttributeKind::integers, ""},
                    {"keepdims", AttributeKind::integer, ""},
                    {"noop_with_empty_axes", AttributeKind::integer, ""}},
                   import,
                   "constant axes",
                   versions};
  };
  add("ReduceSum", ofIntegersToo<importReduction<train::ReduceSumOp>>, "1, 11, 13");
  add("ReduceMean", importReduction<train::ReduceMeanOp>);
  add("ReduceSumSquare", importReduction<train::ReduceSumSquareOp>);
  add("ReduceL1", importReduction<train::ReduceSumAbsOp>);
  add("ReduceL2", importOfReduction<train::ReduceSumSquareOp, train::SqrtOp>);
  add("ReduceLogSum", importOfReduction<train::ReduceSumOp, train::LogOp>);
  add("ReduceLogSumExp", importLogSumExp);
  add("ReduceMax", ofIntegersToo<importReduction<train::ReduceMaxOp>>, "1, 11, 12, 13, 18, 20");
  add("ReduceMin", ofIntegersToo<importReduction<train::ReduceMinOp>>, "1, 11, 12, 13, 18, 20");
  add("ReduceProd", ofIntegersToo<importReduction<train::ReduceProdOp>>);
  for (const char *name : {"ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"})
    table[name].inputs = "a|c";
}
