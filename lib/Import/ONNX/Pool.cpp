//===- Pool.cpp - ONNX pooling operators ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Window.h"

#include "dialects/Train/AvgPoolGradOp.h"
#include "dialects/Train/AvgPoolOp.h"
#include "dialects/Train/MaxPoolGradOp.h"
#include "dialects/Train/MaxPoolOp.h"
#include "dialects/Train/PadOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// The window of a pooling node with an input of shape `x`, auto_pad resolved; at most `most`
/// spatial dimensions.
static FailureOr<SpatialWindow> poolWindow(Node &node, ArrayRef<int64_t> x, int64_t most) {
  int64_t n = int64_t(x.size()) - 2;
  if (n < 1 || n > most)
    return node.fail("expected pooling over one to " + Twine(most) + " dimensions (input of rank " +
                     "3 to " + Twine(most + 2) + "), found input " + printShape(x));
  SmallVector<int64_t> kernel = node.integers("kernel_shape", {});
  if (int64_t(kernel.size()) != n)
    return node.fail("expected " + Twine(n) + " values of kernel_shape, found " +
                     Twine(kernel.size()));
  FailureOr<SpatialWindow> window = readWindow(node, kernel);
  if (succeeded(window))
    applyAutoPad(node, x.drop_front(2), *window);
  return window;
}

/// The attributes of a train pool; auto_pad says itself how many windows there are.
static SmallVector<NamedAttribute> poolAttributes(Node &node, const SpatialWindow &window) {
  OpBuilder &b = node.builder;
  SmallVector<NamedAttribute> attributes = planeAttributes(b, window, /*withKernel=*/true);
  if (node.integer("ceil_mode", 0) && autoPadOf(node) == AutoPad::none)
    attributes.push_back(b.getNamedAttr("ceil_mode", b.getUnitAttr()));
  return attributes;
}

/// max_pool of `x` with an index as wide as the kernel needs.
static train::MaxPoolOp createMaxPool(Node &node, Value x, ArrayRef<NamedAttribute> attributes,
                                      int64_t elements) {
  OpBuilder &b = node.builder;
  Type index = elements > 256 ? b.getI32Type() : b.getI8Type();
  return node.create<train::MaxPoolOp>(x, attributes, {b.getF32Type(), index});
}

/// The depth of a window as its rows, and one column.
static SpatialWindow depthAsRows(const SpatialWindow &window) {
  SpatialWindow rows = partOf(window, 0, 1);
  rows.kernel.push_back(1);
  rows.strides.push_back(1);
  rows.dilations.push_back(1);
  rows.before.push_back(0);
  rows.after.push_back(0);
  return rows;
}

/// The maximum over height and width, then over the depth of those: the first of equal elements in
/// row-major order is the same as that of the whole window.
static LogicalResult importVolumeMaxPool(Node &node, const SpatialWindow &window) {
  ArrayRef<int64_t> x = node.shape(0);
  SpatialWindow plane = partOf(window, 1, 2), rows = depthAsRows(window);
  auto flat = createMaxPool(node, node.reshape(node.tensor(0), {x[0], x[1] * x[2], x[3], x[4]}),
                            poolAttributes(node, plane), product(plane.kernel));
  if (!flat)
    return failure();
  int64_t height = shapeOf(flat.getY())[2], width = shapeOf(flat.getY())[3];
  auto deep = createMaxPool(node, node.reshape(flat.getY(), {x[0], x[1], x[2], height * width}),
                            poolAttributes(node, rows), rows.kernel[0]);
  if (!deep)
    return failure();
  return node.setOutput(
      node.reshape(deep.getY(), {x[0], x[1], shapeOf(deep.getY())[2], height, width}));
}

/// (N, C, 1, L) as (N, C, L) for a node with such an input.
static Value withoutRow(Node &node, Value y) {
  if (!y || node.rank(0) == 4)
    return y;
  ArrayRef<int64_t> shape = shapeOf(y);
  return node.reshape(y, {shape[0], shape[1], shape[3]});
}

static LogicalResult importMaxPool(Node &node) {
  FailureOr<SpatialWindow> window = poolWindow(node, node.shape(0), 3);
  if (failed(window))
    return failure();
  if (node.hasOutput(1) && (node.rank(0) == 5 || node.integer("storage_order", 0)))
    return node.fail("Indices are supported for one and two dimensions and storage_order 0");
  if (node.rank(0) == 5)
    return importVolumeMaxPool(node, *window);
  auto pool = createMaxPool(node, node.reshape(node.tensor(0), withRows(node.shape(0))),
                            poolAttributes(node, *window), product(window->kernel));
  if (!pool)
    return failure();
  if (!node.hasOutput(1))
    return node.setOutput(withoutRow(node, pool.getY()), "index");
  if (node.rank(0) == 4)
    return node.setOutputs({pool.getY(), pool.getIndex()});
  return node.setOutputs({withoutRow(node, pool.getY()), pool.getIndex()});
}

/// max_pool_grad as a layer: the pool whose Indices are given says where the elements go.
static LogicalResult importMaxUnpool(Node &node) {
  FailureOr<SpatialWindow> window = poolWindow(node, node.shape(0), 2);
  if (failed(window))
    return failure();
  Value index = node.tensor(1);
  auto pool = index.getDefiningOp<train::MaxPoolOp>();
  SmallVector<int64_t> kernel = asPlane(window->kernel), strides = asPlane(window->strides);
  if (pool.getKernel() != ArrayRef<int64_t>(kernel) ||
      pool.getStrides() != ArrayRef<int64_t>(strides) ||
      pool.getPads() != ArrayRef<int64_t>(window->pads()))
    return node.fail("expected kernel_shape, strides and pads of the MaxPool that made the "
                     "indices");
  if (kernel[0] > strides[0] || kernel[1] > strides[1])
    return node.fail("expected windows that do not overlap: kernel " + printShape(kernel) +
                     ", strides " + printShape(strides));
  ArrayRef<int64_t> x = shapeOf(pool.getX());
  SmallVector<int64_t> result(x);
  if (node.rank(0) == 3)
    result.erase(result.begin() + 2);
  if (node.hasInput(2)) {
    std::optional<SmallVector<int64_t>> wanted = node.constant(2);
    if (!wanted || *wanted != result)
      return node.fail("expected output_shape " + printShape(result) + ", as the MaxPool's input");
  } else {
    for (size_t d = 0; d < 2; ++d) {
      int64_t inferred = (shapeOf(pool.getY())[d + 2] - 1) * strides[d] + kernel[d] -
                         pool.getPads()[d] - pool.getPads()[d + 2];
      if (inferred != x[d + 2])
        return node.fail("expected output_shape " + printShape(result) +
                         ", as the MaxPool's input; without it the result has a size of " +
                         Twine(inferred));
    }
  }
  OpBuilder &b = node.builder;
  SmallVector<NamedAttribute> attributes = {
      train::i64s(b, "kernel", pool.getKernel()), train::i64s(b, "strides", pool.getStrides()),
      train::i64s(b, "pads", pool.getPads()), train::i64s(b, "dilations", pool.getDilations()),
      train::i64s(b, "input_shape", x)};
  if (pool.getCeilMode())
    attributes.push_back(b.getNamedAttr("ceil_mode", b.getUnitAttr()));
  auto unpool = node.create<train::MaxPoolGradOp>(
      {node.reshape(node.tensor(0), withRows(node.shape(0))), index}, attributes);
  return node.setOutput(unpool ? withoutRow(node, unpool.getDx()) : Value());
}

/// The padding by zeros that makes `x`, if a window of `window` without pads can do it: PyTorch
/// writes padding that counts as a Pad node of its own. Null otherwise.
static train::PadOp zerosAround(Value x, const SpatialWindow &window) {
  auto pad = x.getDefiningOp<train::PadOp>();
  size_t rank = window.kernel.size();
  if (!pad || !pad.getValue().isZero() || pad.getLow().size() != rank + 2 ||
      llvm::any_of(window.pads(), [](int64_t n) { return n != 0; }))
    return nullptr;
  for (ArrayRef<int64_t> side : {pad.getLow(), pad.getHigh()}) {
    if (side[0] || side[1])
      return nullptr;
    for (auto [n, size] : llvm::zip(side.drop_front(2), window.kernel))
      if (n < 0 || n >= size)
        return nullptr;
  }
  return pad;
}

/// avg_pool of a window with one or two dimensions; `counts` the padding too.
static Value average(Node &node, Value x, const SpatialWindow &window, bool counts) {
  SmallVector<NamedAttribute> attributes = poolAttributes(node, window);
  if (counts)
    attributes.push_back(
        node.builder.getNamedAttr("count_include_pad", node.builder.getUnitAttr()));
  auto pool = node.create<train::AvgPoolOp>(x, attributes);
  return pool ? pool.getY() : Value();
}

/// The mean over height and width, then over the depth of those: a window has as many elements as
/// its plane times as many as its depth, in padding or not.
static Value averageVolume(Node &node, Value x, const SpatialWindow &window, bool counts) {
  SmallVector<int64_t> shape(shapeOf(x));
  Value flat = average(node, node.reshape(x, {shape[0], shape[1] * shape[2], shape[3], shape[4]}),
                       partOf(window, 1, 2), counts);
  if (!flat)
    return nullptr;
  int64_t height = shapeOf(flat)[2], width = shapeOf(flat)[3];
  Value deep = average(node, node.reshape(flat, {shape[0], shape[1], shape[2], height * width}),
                       depthAsRows(window), counts);
  return deep ? node.reshape(deep, {shape[0], shape[1], shapeOf(deep)[2], height, width}) : deep;
}

static LogicalResult importAveragePool(Node &node) {
  FailureOr<SpatialWindow> window = poolWindow(node, node.shape(0), 3);
  if (failed(window))
    return failure();
  bool counts = node.integer("count_include_pad", 0) != 0;
  Value x = node.tensor(0);
  if (auto pad = zerosAround(x, *window)) {
    size_t rank = window->kernel.size();
    window->before.assign(pad.getLow().end() - rank, pad.getLow().end());
    window->after.assign(pad.getHigh().end() - rank, pad.getHigh().end());
    counts = true;
    x = pad.getX();
  }
  if (window->kernel.size() == 3)
    return node.setOutput(averageVolume(node, x, *window, counts));
  Value y = average(node, node.reshape(x, withRows(shapeOf(x))), *window, counts);
  y = withoutRow(node, y);
  if (y)
    node.graph.averagePools[node.outputName(0).str()] = {SmallVector<int64_t>(node.shape(0)),
                                                         SmallVector<int64_t>(shapeOf(y))};
  return node.setOutput(y);
}

/// The input's shape of the AveragePool that `dy`, its gradient, belongs to: that of Y if it is
/// called Y_grad, else the only one whose result has this shape. Empty if that is none or several.
static SmallVector<int64_t> pooledShape(Node &node) {
  StringRef y = node.inputName(0);
  if (y.consume_back("_grad"))
    if (auto it = node.graph.averagePools.find(y); it != node.graph.averagePools.end())
      return it->second.input;
  SmallVector<int64_t> input;
  for (const auto &[name, shapes] : node.graph.averagePools) {
    if (node.shape(0) != ArrayRef<int64_t>(shapes.output) || input == shapes.input)
      continue;
    if (!input.empty())
      return {};
    input = shapes.input;
  }
  return input;
}

/// (dY) to dX of ONNX Runtime's artifacts.
static LogicalResult importAveragePoolGrad(Node &node) {
  OpBuilder &b = node.builder;
  SmallVector<int64_t> x = pooledShape(node);
  if (x.empty())
    return node.fail("expected input \"" + node.inputName(0) +
                     "\" to be the gradient of one AveragePool, Y_grad for its output Y");
  FailureOr<SpatialWindow> window = poolWindow(node, x, 2);
  if (failed(window))
    return failure();
  SmallVector<NamedAttribute> attributes = poolAttributes(node, *window);
  attributes.push_back(train::i64s(b, "input_shape", withRows(x)));
  attributes.push_back(train::phaseOf(b, train::Phase::bp));
  if (node.integer("count_include_pad", 0))
    attributes.push_back(b.getNamedAttr("count_include_pad", b.getUnitAttr()));
  auto dx = node.create<train::AvgPoolGradOp>(node.reshape(node.tensor(0), withRows(node.shape(0))),
                                              attributes);
  return node.setOutput(dx ? node.reshape(dx.getDx(), x) : Value());
}

/// The whole plane as one window; further dimensions are columns.
static LogicalResult importGlobalPool(Node &node) {
  ArrayRef<int64_t> x = node.shape(0);
  if (x.size() < 3)
    return node.fail("expected an input of rank 3 or more, found " + printShape(x));
  SmallVector<int64_t> plane = withRows(x);
  plane = {plane[0], plane[1], plane[2], product(plane, 3, plane.size())};
  Value input = node.reshape(node.tensor(0), plane), y;
  NamedAttribute kernel =
      train::i64s(node.builder, "kernel", ArrayRef<int64_t>(plane).drop_front(2));
  bool isMax = node.operatorName() == "GlobalMaxPool";
  if (isMax) {
    auto pool = createMaxPool(node, input, kernel, plane[2] * plane[3]);
    y = pool ? pool.getY() : Value();
  } else {
    auto pool = node.create<train::AvgPoolOp>(input, kernel);
    y = pool ? pool.getY() : Value();
  }
  if (!y)
    return failure();
  SmallVector<int64_t> shape(x.size(), 1);
  shape[0] = x[0];
  shape[1] = x[1];
  return node.setOutput(node.reshape(y, shape), isMax ? "index" : "");
}

void slp::import_onnx::addPoolOperators(OperatorTable &table) {
  std::vector<AttributeRule> window = {{"kernel_shape", AttributeKind::integers, ""},
                                       {"pads", AttributeKind::integers, ""},
                                       {"strides", AttributeKind::integers, ""}};
  auto with = [&](std::vector<AttributeRule> more) {
    std::vector<AttributeRule> all = window;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  std::vector<AttributeRule> unpool = window;
  window.push_back(autoPadRule());
  window.push_back({"ceil_mode", AttributeKind::integer, ""});
  window.push_back({"dilations", AttributeKind::integers, ""});
  table["AveragePool"] = {"f",
                          1,
                          with({{"count_include_pad", AttributeKind::integer, ""}}),
                          importAveragePool,
                          "one to three dimensions",
                          "1, 7, 10, 11, 19, 22"};
  Operator &gradient = table["AveragePoolGrad"] = table["AveragePool"];
  gradient.import = importAveragePoolGrad;
  gradient.notes = "of an AveragePool of the graph, one or two dimensions";
  gradient.versions = "1";
  gradient.hasGradient = false;
  gradient.forms = "c";
  table["MaxPool"] = {"f",
                      2,
                      with({{"storage_order", AttributeKind::integer, ""}}),
                      importMaxPool,
                      "one to three dimensions; Indices only for a MaxUnpool",
                      "1, 8, 10, 11, 12, 22"};
  table["MaxUnpool"] = {"fx|c",
                        1,
                        unpool,
                        importMaxUnpool,
                        "of the Indices of a MaxPool, windows that do not overlap",
                        "9, 11, 22"};
  table["GlobalAveragePool"] = {"f", 1, {}, importGlobalPool, "", "1, 22"};
  table["GlobalMaxPool"] = {"f", 1, {}, importGlobalPool, "", "1, 22"};
}
