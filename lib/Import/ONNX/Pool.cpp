//===- Pool.cpp - ONNX pooling operators ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

#include "dialects/Train/TrainMoveOps.h"
#include "dialects/Train/TrainWindowOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// The attributes of train's pools, or failure if the window is not two-dimensional.
static FailureOr<SmallVector<NamedAttribute>> windowOf(Node &node) {
  if (node.shape(0).size() != 4)
    return node.fail("expected two-dimensional pooling (input of rank 4), found input " +
                     printShape(node.shape(0)));
  SmallVector<int64_t> kernel = node.integers("kernel_shape", {});
  if (kernel.size() != 2)
    return node.fail("expected two values of kernel_shape, found " + Twine(kernel.size()));
  OpBuilder &b = node.builder;
  return SmallVector<NamedAttribute>{
      train::i64s(b, "kernel", kernel), train::i64s(b, "strides", node.integers("strides", {1, 1})),
      train::i64s(b, "pads", node.integers("pads", {0, 0, 0, 0})),
      train::i64s(b, "dilations", node.integers("dilations", {1, 1}))};
}

static LogicalResult importMaxPool(Node &node) {
  auto window = windowOf(node);
  if (failed(window))
    return failure();
  OpBuilder &b = node.builder;
  auto pool =
      node.create<train::MaxPoolOp>(node.tensor(0), *window, {b.getF32Type(), b.getI8Type()});
  if (pool && node.hasOutput(1)) // for gradients
    node.graph.values[node.outputName(1)] = pool.getIndex();
  return node.setOutput(pool ? pool.getY() : Value(), "index");
}

/// The padding that makes `x` by zeros in height and width, or null.
static train::PadOp zerosAround(Value x) {
  auto pad = x.getDefiningOp<train::PadOp>();
  auto isNone = [](int64_t n) { return n == 0; };
  bool isZeros = pad && pad.getValue().isZero() && pad.getLow().size() == 4 &&
                 llvm::all_of(pad.getLow().take_front(2), isNone) &&
                 llvm::all_of(pad.getHigh().take_front(2), isNone) &&
                 llvm::all_of(pad.getLow(), [](int64_t n) { return n >= 0; }) &&
                 llvm::all_of(pad.getHigh(), [](int64_t n) { return n >= 0; });
  return isZeros ? pad : train::PadOp();
}

static LogicalResult importAveragePool(Node &node) {
  OpBuilder &b = node.builder;
  auto window = windowOf(node);
  if (failed(window))
    return failure();
  bool counts = node.integer("count_include_pad", 0) != 0;
  // PyTorch writes padding that counts as a Pad node of its own.
  Value x = node.tensor(0);
  if (auto pad = zerosAround(x)) {
    if (llvm::any_of(node.integers("pads", {}), [](int64_t pad) { return pad != 0; }))
      return node.fail("expected no pads after a Pad node");
    ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
    (*window)[2] = train::i64s(b, "pads", {low[2], low[3], high[2], high[3]});
    counts = true;
    x = pad.getX();
  }
  if (counts)
    window->push_back(b.getNamedAttr("count_include_pad", b.getUnitAttr()));
  auto pool = node.create<train::AvgPoolOp>(x, *window);
  return node.setOutput(pool ? pool.getY() : Value());
}

static LogicalResult importGlobalAveragePool(Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  if (x.size() != 4)
    return node.fail("expected two-dimensional pooling (input of rank 4), found input " +
                     printShape(x));
  auto pool = node.create<train::AvgPoolOp>(node.tensor(0),
                                            train::i64s(node.builder, "kernel", x.drop_front(2)));
  return node.setOutput(pool ? pool.getY() : Value());
}

void slp::import_onnx::addPoolOperators(OperatorTable &table) {
  std::vector<AttributeRule> window = {{"auto_pad", AttributeKind::string, "NOTSET"},
                                       {"ceil_mode", AttributeKind::integer, "0"},
                                       {"kernel_shape", AttributeKind::integers, ""},
                                       {"pads", AttributeKind::integers, ""},
                                       {"strides", AttributeKind::integers, ""}};
  auto with = [&](std::vector<AttributeRule> more) {
    std::vector<AttributeRule> all = window;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  table["AveragePool"] = {"f", 1, with({{"count_include_pad", AttributeKind::integer, ""}}),
                          importAveragePool, "two-dimensional"};
  table["MaxPool"] = {"f", 2,
                      with({{"dilations", AttributeKind::integers, "[1, 1]"},
                            {"storage_order", AttributeKind::integer, "0"}}),
                      importMaxPool,
                      "two-dimensional, at most 256 elements a window, without Indices"};
  table["GlobalAveragePool"] = {"f", 1, {}, importGlobalAveragePool, "two-dimensional"};
}
