//===- Pool.cpp - ONNX pooling operators ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Operators.h"

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

static LogicalResult importAveragePool(Node &node) {
  OpBuilder &b = node.builder;
  auto window = windowOf(node);
  if (failed(window))
    return failure();
  bool counts = node.integer("count_include_pad", 0) != 0;
  // PyTorch writes padding that counts as a Pad node of its own.
  if (auto padded = node.graph.padded.find(node.inputName(0)); padded != node.graph.padded.end()) {
    if (llvm::any_of(node.integers("pads", {}), [](int64_t pad) { return pad != 0; }))
      return node.fail("expected no pads after a Pad node");
    (*window)[2] = train::i64s(b, "pads", padded->second.pads);
    counts = true;
  }
  if (counts)
    window->push_back(b.getNamedAttr("count_include_pad", b.getUnitAttr()));
  auto pool = node.create<train::AvgPoolOp>(node.tensor(0), *window);
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

/// Padding by nothing is a no-op; padding before an average is that op's own.
static LogicalResult importPad(Node &node) {
  SmallVector<int64_t> pads = node.integersAt("pads", 1).value_or(SmallVector<int64_t>());
  ArrayRef<int64_t> x = node.shape(0);
  if (pads.size() != 2 * x.size())
    return node.fail("expected " + Twine(2 * x.size()) + " constant pads, found " +
                     Twine(pads.size()));
  if (llvm::all_of(pads, [](int64_t pad) { return pad == 0; }))
    return node.setOutput(node.tensor(0));
  if (x.size() != 4 || pads[0] || pads[1] || pads[4] || pads[5])
    return node.fail("expected pads of height and width only, found " + printShape(pads));
  node.graph.padded[node.outputName(0)] = {node.tensor(0), {pads[2], pads[3], pads[6], pads[7]}};
  return success();
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
  table["AveragePool"] = {"p", 1, with({{"count_include_pad", AttributeKind::integer, ""}}),
                          importAveragePool, "two-dimensional"};
  table["MaxPool"] = {"f", 2,
                      with({{"dilations", AttributeKind::integers, "[1, 1]"},
                            {"storage_order", AttributeKind::integer, "0"}}),
                      importMaxPool,
                      "two-dimensional, at most 256 elements a window, without Indices"};
  table["GlobalAveragePool"] = {"f", 1, {}, importGlobalAveragePool, "two-dimensional"};
  table["Pad"] = {"f|c-",
                  1,
                  {{"mode", AttributeKind::string, "constant"},
                   {"pads", AttributeKind::integers, ""},
                   {"value", AttributeKind::number, "0"}},
                  importPad,
                  "by zeros, constant, height and width only, and only before an AveragePool"};
}
