//===- Conv.cpp - ONNX Conv and ConvTranspose -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/ShapeRules.h"
#include "lib/Import/ONNX/Volume.h"

#include "dialects/Train/BiasAddOp.h"
#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvOp.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// The window of a convolution whose kernel is that of the weights, input 1.
static FailureOr<SpatialWindow> convWindow(Node &node) {
  ArrayRef<int64_t> x = node.shape(0), w = node.shape(1);
  if (x.size() < 3 || x.size() > 5 || w.size() != x.size())
    return node.fail("expected a convolution in one to three dimensions (input and weights of rank "
                     "3 to 5), found input " +
                     printShape(x) + ", weights " + printShape(w));
  SmallVector<int64_t> kernel = node.integers("kernel_shape", w.drop_front(2));
  if (ArrayRef<int64_t>(kernel) != w.drop_front(2))
    return node.fail("expected kernel_shape " + printShape(w.drop_front(2)) +
                     " as the weights have, found " + printShape(kernel));
  return readWindow(node, kernel);
}

static SmallVector<NamedAttribute> convAttributes(Node &node, const SpatialWindow &window) {
  OpBuilder &b = node.builder;
  SmallVector<NamedAttribute> attributes = planeAttributes(b, window, /*withKernel=*/false);
  attributes.push_back(b.getNamedAttr("group", b.getI64IntegerAttr(node.integer("group", 1))));
  return attributes;
}

/// `y` without the row that a one-dimensional convolution was given.
static LogicalResult setPlane(Node &node, Value y) {
  if (!y || node.rank(0) == 4)
    return node.setOutput(y);
  ArrayRef<int64_t> shape = shapeOf(y);
  return node.setOutput(node.reshape(y, {shape[0], shape[1], shape[3]}));
}

static LogicalResult importConv(Node &node) {
  FailureOr<SpatialWindow> window = convWindow(node);
  if (failed(window))
    return failure();
  applyAutoPad(node, node.shape(0).drop_front(2), *window);
  if (node.rank(0) == 5)
    return node.setOutput(convolveVolume(node, *window));
  SmallVector<Value> operands = {node.reshape(node.tensor(0), withRows(node.shape(0))),
                                 node.reshape(node.tensor(1), withRows(node.shape(1)))};
  if (Value bias = node.tensor(2))
    operands.push_back(bias);
  auto conv = node.create<train::ConvOp>(operands, convAttributes(node, *window));
  return setPlane(node, conv ? conv.getY() : Value());
}

/// Pads of a transposed convolution and the size of its result: x is what a convolution would make
/// of that result. `output_padding` is padding taken away behind.
static LogicalResult transposedWindow(Node &node, SpatialWindow &window, Sizes &output) {
  ArrayRef<int64_t> x = node.shape(0).drop_front(2);
  size_t n = x.size();
  SmallVector<int64_t> more = node.integers("output_padding", SmallVector<int64_t>(n, 0));
  SmallVector<int64_t> wanted = node.integers("output_shape", {});
  if (wanted.size() == n + 2) // with batch and channels
    wanted.erase(wanted.begin(), wanted.begin() + 2);
  if (more.size() != n || (!wanted.empty() && wanted.size() != n))
    return node.fail("expected " + Twine(n) + " values of output_padding and output_shape, found " +
                     Twine(more.size()) + " and " + Twine(wanted.size()));
  AutoPad mode = autoPadOf(node);
  bool isSame = mode == AutoPad::sameUpper || mode == AutoPad::sameLower;
  for (size_t d = 0; d < n; ++d) {
    if (more[d] < 0 || more[d] > int64_t(1) << 31)
      return node.fail("expected an output_padding of at least 0, found " + Twine(more[d]));
    int64_t full = window.strides[d] * (x[d] - 1) + more[d] + window.span(d);
    if (!wanted.empty() || isSame) {
      int64_t size = wanted.empty() ? x[d] * window.strides[d] : wanted[d];
      int64_t total = full - size;
      splitPadding(window, d, std::max<int64_t>(total, 0), mode != AutoPad::sameUpper);
      window.after[d] += std::min<int64_t>(total, 0);
    }
    output.push_back(full - window.before[d] - window.after[d]);
    if (output.back() < 1)
      return node.fail("expected pads that leave a result, found a size of " +
                       Twine(output.back()));
    window.after[d] -= more[d];
  }
  return success();
}

static LogicalResult importConvTranspose(Node &node) {
  FailureOr<SpatialWindow> window = convWindow(node);
  Sizes output;
  if (failed(window) || failed(transposedWindow(node, *window, output)))
    return failure();
  OpBuilder &b = node.builder;
  int64_t channels = 0;
  if (llvm::MulOverflow(node.shape(1)[1], node.integer("group", 1), channels) || channels < 1)
    return node.fail("expected a group of at least 1, found " + Twine(node.integer("group", 1)));
  if (output.size() == 3)
    return node.setOutput(spreadVolume(node, *window, channels, output));
  SmallVector<int64_t> shape = {node.shape(0)[0], channels};
  shape.append(asPlane(output));
  SmallVector<NamedAttribute> attributes = convAttributes(node, *window);
  attributes.push_back(train::i64s(b, "input_shape", shape));
  auto conv = node.create<train::ConvBpOp>({node.reshape(node.tensor(0), withRows(node.shape(0))),
                                            node.reshape(node.tensor(1), withRows(node.shape(1)))},
                                           attributes);
  if (!conv)
    return failure();
  Value y = conv.getDx();
  if (Value bias = node.tensor(2)) {
    auto sum = node.create<train::BiasAddOp>({y, bias});
    y = sum ? sum.getY() : Value();
  }
  return setPlane(node, y);
}

void slp::import_onnx::addConvOperators(OperatorTable &table) {
  std::vector<AttributeRule> window = {autoPadRule(),
                                       {"dilations", AttributeKind::integers, ""},
                                       {"group", AttributeKind::integer, ""},
                                       {"kernel_shape", AttributeKind::integers, ""},
                                       {"pads", AttributeKind::integers, ""},
                                       {"strides", AttributeKind::integers, ""}};
  table["Conv"] = {"fw|w", 1, window, importConv, "one to three dimensions", "1, 11, 22"};
  window.push_back({"output_padding", AttributeKind::integers, ""});
  window.push_back({"output_shape", AttributeKind::integers, ""});
  table["ConvTranspose"] = {"fw|w",     1, window, importConvTranspose, "one to three dimensions",
                            "1, 11, 22"};
}
