//===- Reduce.cpp - ONNX reductions -----------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainReduceOps.h"

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

template <typename Op> static LogicalResult importReduction(Node &node) {
  FailureOr<SmallVector<int64_t>> axes = axesOf(node);
  if (failed(axes))
    return failure();
  Value x = node.tensor(0);
  if (axes->empty() && !std::is_same_v<Op, train::ReduceSumSquareOp> &&
      !std::is_same_v<Op, train::ReduceSumAbsOp>)
    return node.setOutput(x);
  SmallVector<int64_t> kept(shapeOf(x)), dropped;
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
  if (!y)
    return failure();
  if (node.integer("keepdims", 1) != 0)
    return node.setOutput(y.getY());
  for (auto [d, extent] : llvm::enumerate(kept))
    if (!llvm::is_contained(*axes, int64_t(d)))
      dropped.push_back(extent);
  return node.setOutput(node.reshape(y.getY(), dropped));
}

void slp::import_onnx::addReduceOperators(OperatorTable &table) {
  auto add = [&](const char *name, LogicalResult (*import)(Node &), bool hasGradient,
                 const char *versions = "1, 11, 13, 18") {
    table[name] = {"f|c",
                   1,
                   {{"axes", AttributeKind::integers, ""},
                    {"keepdims", AttributeKind::integer, ""},
                    {"noop_with_empty_axes", AttributeKind::integer, ""}},
                   import,
                   "constant axes",
                   versions,
                   hasGradient};
  };
  add("ReduceSum", importReduction<train::ReduceSumOp>, true, "1, 11, 13");
  add("ReduceMean", importReduction<train::ReduceMeanOp>, true);
  add("ReduceSumSquare", importReduction<train::ReduceSumSquareOp>, false);
  add("ReduceL1", importReduction<train::ReduceSumAbsOp>, false);
  add("ReduceMax", importReduction<train::ReduceMaxOp>, false, "1, 11, 12, 13, 18, 20");
  add("ReduceMin", importReduction<train::ReduceMinOp>, false, "1, 11, 12, 13, 18, 20");
  add("ReduceProd", importReduction<train::ReduceProdOp>, false);
}
