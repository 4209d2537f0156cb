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

#include "dialects/Train/BiasAddOp.h"
#include "dialects/Train/BiasGradOp.h"
#include "dialects/Train/ConvBpOp.h"
#include "dialects/Train/ConvOp.h"
#include "dialects/Train/ConvWgOp.h"

#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace slp;
using namespace slp::import_onnx;
using train::Phase;
using train::phaseOf;

/// Each is an op of its own, with three more for its gradients.
static constexpr int64_t maxTaps = 1024;

static SmallVector<NamedAttribute> planeOf(Node &node, const SpatialWindow &window,
                                           Phase phase = Phase::fp) {
  OpBuilder &b = node.builder;
  SmallVector<NamedAttribute> all = planeAttributes(b, partOf(window, 1, 2), /*withKernel=*/false);
  all.append(
      {b.getNamedAttr("group", b.getI64IntegerAttr(node.integer("group", 1))), phaseOf(b, phase)});
  return all;
}

/// (N, C, D, H, W) as (N, D, C, H, W), and back.
static Value exchangeDepth(Node &node, Value x) { return transpose(node, x, {0, 2, 1, 3, 4}); }

/// (N, D, C, H, W) as images (N * D, C, H, W).
static Value imagesOf(Node &node, Value slices) {
  if (!slices)
    return slices;
  ArrayRef<int64_t> shape = shapeOf(slices);
  return node.reshape(slices, {shape[0] * shape[1], shape[2], shape[3], shape[4]});
}

/// `y`, which one op makes of `x`, or what an equal op before it makes: a gradient reads the slices
/// of the forward convolution.
static Value reuse(Value x, Value y) {
  if (!x || !y || x == y)
    return y;
  Operation *op = y.getDefiningOp();
  for (Operation *other : x.getUsers())
    if (other != op &&
        OperationEquivalence::isEquivalentTo(other, op, OperationEquivalence::IgnoreLocations)) {
      op->erase();
      return other->getResult(0);
    }
  return y;
}

/// x (N, C, D, H, W) with its padding in depth as (N, D, C, H, W).
static Value paddedSlices(Node &node, Value x, const SpatialWindow &window) {
  Value padded = pad(node, x, {0, 0, window.before[0], 0, 0}, {0, 0, window.after[0], 0, 0}, 0);
  padded = reuse(x, padded);
  return reuse(padded, exchangeDepth(node, padded));
}

/// The images that tap `tap` meets, for a result of `depth` slices.
static Value imagesAt(Node &node, Value slices, const SpatialWindow &window, int64_t tap,
                      int64_t depth) {
  Value met = sliceAlong(node, slices, 1, {tap * window.dilations[0], window.strides[0], depth});
  Value same = reuse(slices, met);
  Value images = imagesOf(node, same);
  return reuse(same, images);
}

/// Slice `tap` in depth of the weights, a kernel of rows and columns.
static Value kernelAt(Node &node, Value w, int64_t tap) {
  Value plane = reuse(w, sliceAlong(node, w, 2, {tap, 1, 1}));
  if (!plane)
    return plane;
  ArrayRef<int64_t> shape = shapeOf(w);
  return reuse(plane, node.reshape(plane, {shape[0], shape[1], shape[3], shape[4]}));
}

static LogicalResult checkTaps(Node &node, const SpatialWindow &window) {
  if (window.kernel[0] <= maxTaps)
    return success();
  return node.fail("kernels of a depth of more than " + Twine(maxTaps) +
                   " are not supported, found " + printShape(window.kernel));
}

/// The spatial sizes of a convolution's result of those of x, at least 1 in depth.
static FailureOr<SmallVector<int64_t>> resultSizes(Node &node, const SpatialWindow &window,
                                                   Value x) {
  SmallVector<int64_t> sizes;
  for (auto [d, extent] : llvm::enumerate(shapeOf(x).drop_front(2))) {
    int64_t padded = extent + window.before[d] + window.after[d];
    if (d == 0 && padded < window.span(0))
      return node.fail("expected a depth of at least " + Twine(window.span(0)) +
                       " with its padding, found " + Twine(padded));
    sizes.push_back((padded - window.span(d)) / window.strides[d] + 1);
  }
  return sizes;
}

Value slp::import_onnx::convolveVolume(Node &node, const SpatialWindow &window) {
  Value x = operand(node, 0), w = operand(node, 1), bias = node.tensor(2), y;
  if (!x || !w || failed(checkTaps(node, window)))
    return nullptr;
  FailureOr<SmallVector<int64_t>> sizes = resultSizes(node, window, x);
  if (failed(sizes))
    return nullptr;
  int64_t depth = sizes->front();
  Value slices = paddedSlices(node, x, window);
  for (int64_t tap = 0; tap < window.kernel[0]; ++tap) {
    Value images = imagesAt(node, slices, window, tap, depth);
    Value kernel = kernelAt(node, w, tap);
    if (!images || !kernel)
      return nullptr;
    SmallVector<Value> operands = {images, kernel};
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
  return exchangeDepth(node, node.reshape(y, {shapeOf(x)[0], depth, flat[1], flat[2], flat[3]}));
}

/// What a transposed convolution with w makes of `images` (N * D, C, H, W), as
/// (N, D, `channels`, H, W) of spatial sizes `output`. Null after an error.
static Value spreadImages(Node &node, const SpatialWindow &window, Value images, Value w, int64_t n,
                          int64_t channels, ArrayRef<int64_t> output, Phase phase) {
  int64_t depth = shapeOf(images)[0] / n, stride = window.strides[0];
  SmallVector<NamedAttribute> attributes = planeOf(node, window, phase);
  attributes.push_back(
      train::i64s(node.builder, "input_shape", {n * depth, channels, output[1], output[2]}));
  Value y;
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
  return y;
}

Value slp::import_onnx::spreadVolume(Node &node, const SpatialWindow &window, int64_t channels,
                                     ArrayRef<int64_t> output) {
  Value x = operand(node, 0), w = operand(node, 1);
  if (!x || !w || failed(checkTaps(node, window)))
    return nullptr;
  int64_t n = shapeOf(x)[0];
  Value images = imagesOf(node, exchangeDepth(node, x));
  if (!images)
    return nullptr;
  Value y = spreadImages(node, window, images, w, n, channels, output, Phase::fp);
  if (Value bias = node.tensor(2)) {
    if (!y)
      return nullptr;
    SmallVector<int64_t> deep(shapeOf(y));
    auto sum = node.create<train::BiasAddOp>({imagesOf(node, y), bias});
    y = sum ? node.reshape(sum.getY(), deep) : Value();
  }
  return exchangeDepth(node, y);
}

/// The gradient of the weights w: that of each tap is a slice of it.
static Value weightGradient(Node &node, const SpatialWindow &window, Value x, Value w, Value errors,
                            int64_t depth) {
  Value slices = paddedSlices(node, x, window);
  SmallVector<NamedAttribute> attributes = planeOf(node, window, Phase::wg);
  ArrayRef<int64_t> kernel = ArrayRef<int64_t>(window.kernel).drop_front();
  attributes.push_back(train::i64s(node.builder, "kernel", kernel));
  SmallVector<int64_t> shape(shapeOf(w));
  shape[2] = 1;
  SmallVector<Value> taps;
  for (int64_t tap = 0; tap < window.kernel[0]; ++tap) {
    Value images = imagesAt(node, slices, window, tap, depth);
    auto dw =
        images ? node.create<train::ConvWgOp>({images, errors}, attributes) : train::ConvWgOp();
    if (!dw)
      return nullptr;
    taps.push_back(node.reshape(dw.getDw(), shape));
  }
  return concat(node, taps, 2);
}

LogicalResult slp::import_onnx::convolveVolumeGradients(Node &node, const SpatialWindow &window,
                                                        SmallVectorImpl<Value> &grads) {
  Value dy = operand(node, 0), x = operand(node, 1), w = operand(node, 2);
  if (!dy || !x || !w || failed(checkTaps(node, window)))
    return failure();
  SmallVector<int64_t> shape(shapeOf(x));
  FailureOr<SmallVector<int64_t>> sizes = resultSizes(node, window, x);
  if (failed(sizes))
    return failure();
  SmallVector<int64_t> expected = {shape[0], shapeOf(w)[0]};
  llvm::append_range(expected, *sizes);
  if (shapeOf(dy) != ArrayRef<int64_t>(expected))
    return node.fail("expected a gradient of shape " + printShape(expected) + ", found " +
                     printShape(shapeOf(dy)));
  Value errors = imagesOf(node, exchangeDepth(node, dy));
  if (!errors)
    return failure();
  grads.assign(3, Value());
  if (node.hasOutput(0)) {
    Value dx = spreadImages(node, window, errors, w, shape[0], shape[1],
                            ArrayRef<int64_t>(shape).drop_front(2), Phase::bp);
    grads[0] = exchangeDepth(node, dx);
    if (!grads[0])
      return failure();
  }
  if (node.hasOutput(1)) {
    grads[1] = weightGradient(node, window, x, w, errors, sizes->front());
    if (!grads[1])
      return failure();
  }
  if (node.hasOutput(2)) {
    auto db = node.create<train::BiasGradOp>(errors, phaseOf(node.builder, Phase::wg));
    if (!db)
      return failure();
    grads[2] = db.getDb();
  }
  return success();
}
