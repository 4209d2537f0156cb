//===- Volume.cpp - convolutions in three dimensions ------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The slices of all images that a tap in depth meets are the images of one two-dimensional
// convolution: (N, D, C, H, W) without the border between N and D.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Import/ONNX/Volume.h"

#include "lib/Import/ONNX/Arithmetic.h"
#include "lib/Import/ONNX/Moves.h"

#include "dialects/Train/TrainEpilogueOps.h"
#include "dialects/Train/TrainMacOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;

/// Each is an op of its own, with three more for its gradients.
static constexpr int64_t maxTaps = 1024;

static SmallVector<NamedAttribute> planeOf(Node &node, const SpatialWindow &window) {
  OpBuilder &b = node.builder;
  SmallVector<NamedAttribute> all = planeAttributes(b, partOf(window, 1, 2), /*withKernel=*/false);
  all.push_back(b.getNamedAttr("group", b.getI64IntegerAttr(node.integer("group", 1))));
  return all;
}

/// (N, C, D, H, W) as (N, D, C, H, W), and back.
static Value exchangeDepth(Node &node, Value x) { return transpose(node, x, {0, 2, 1, 3, 4}); }

/// Slice `tap` in depth of the weights, a kernel of rows and columns.
static Value kernelAt(Node &node, Value w, int64_t tap) {
  Value plane = sliceAlong(node, w, 2, {tap, 1, 1});
  ArrayRef<int64_t> shape = shapeOf(w);
  return plane ? node.reshape(plane, {shape[0], shape[1], shape[3], shape[4]}) : plane;
}

static LogicalResult checkTaps(Node &node, const SpatialWindow &window) {
  if (window.kernel[0] <= maxTaps)
    return success();
  return node.fail("kernels of a depth of more than " + Twine(maxTaps) +
                   " are not supported, found " + printShape(window.kernel));
}

Value slp::import_onnx::convolveVolume(Node &node, const SpatialWindow &window) {
  Value x = operand(node, 0), w = operand(node, 1), bias = node.tensor(2), y;
  if (!x || !w || failed(checkTaps(node, window)))
    return nullptr;
  SmallVector<int64_t> shape(shapeOf(x));
  int64_t padded = shape[2] + window.before[0] + window.after[0];
  if (padded < window.span(0)) {
    (void)node.fail("expected a depth of at least " + Twine(window.span(0)) +
                    " with its padding, found " + Twine(padded));
    return nullptr;
  }
  int64_t depth = (padded - window.span(0)) / window.strides[0] + 1;
  Value slices = exchangeDepth(
      node, pad(node, x, {0, 0, window.before[0], 0, 0}, {0, 0, window.after[0], 0, 0}, 0));
  for (int64_t tap = 0; tap < window.kernel[0]; ++tap) {
    Value images =
        sliceAlong(node, slices, 1, {tap * window.dilations[0], window.strides[0], depth});
    Value kernel = kernelAt(node, w, tap);
    if (!images || !kernel)
      return nullptr;
    SmallVector<Value> operands = {
        node.reshape(images, {shape[0] * depth, shape[1], shape[3], shape[4]}), kernel};
    if (bias && tap == 0)
      operands.push_back(bias);
    auto part = node.create<train::ConvOp>(operands, planeOf(node, window));
    if (!part)
      return nullptr;
    y = y ? build<train::AddOp>(node, {y, part.getY()}) : part.getY();
  }
  if (!y)
    return nullptr;
  ArrayRef<int64_t> flat = shapeOf(y);
  return exchangeDepth(node, node.reshape(y, {shape[0], depth, flat[1], flat[2], flat[3]}));
}

Value slp::import_onnx::spreadVolume(Node &node, const SpatialWindow &window, int64_t channels,
                                     ArrayRef<int64_t> output) {
  Value x = operand(node, 0), w = operand(node, 1), y;
  if (!x || !w || failed(checkTaps(node, window)))
    return nullptr;
  SmallVector<int64_t> shape(shapeOf(x));
  int64_t n = shape[0], depth = shape[2], stride = window.strides[0];
  SmallVector<NamedAttribute> attributes = planeOf(node, window);
  attributes.push_back(
      train::i64s(node.builder, "input_shape", {n * depth, channels, output[1], output[2]}));
  Value slices = exchangeDepth(node, x);
  if (!slices)
    return nullptr;
  Value images = node.reshape(slices, {n * depth, shape[1], shape[3], shape[4]});
  for (int64_t tap = 0; tap < window.kernel[0]; ++tap) {
    Value kernel = kernelAt(node, w, tap);
    if (!kernel)
      return nullptr;
    auto part = node.create<train::ConvBpOp>({images, kernel}, attributes);
    if (!part)
      return nullptr;
    // Slice d of x goes to d * stride from `first` on: zeros behind each, then around all.
    Value spread =
        pad(node, node.reshape(part.getDx(), {n, depth, 1, channels * output[1] * output[2]}),
            {0, 0, 0, 0}, {0, 0, stride - 1, 0}, 0);
    if (!spread)
      return nullptr;
    int64_t first = tap * window.dilations[0] - window.before[0];
    Value placed =
        pad(node, node.reshape(spread, {n, depth * stride, channels, output[1], output[2]}),
            {0, first, 0, 0, 0}, {0, output[0] - first - depth * stride, 0, 0, 0}, 0);
    y = y ? build<train::AddOp>(node, {y, placed}) : placed;
  }
  if (Value bias = node.tensor(2)) {
    if (!y)
      return nullptr;
    SmallVector<int64_t> deep(shapeOf(y));
    auto sum = node.create<train::BiasAddOp>(
        {node.reshape(y, {n * output[0], channels, output[1], output[2]}), bias});
    y = sum ? node.reshape(sum.getY(), deep) : Value();
  }
  return exchangeDepth(node, y);
}
