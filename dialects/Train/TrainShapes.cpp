//===- TrainShapes.cpp - what all train ops are checked for -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Shapes are computed in inferShapes of each op, nowhere else: the importer asks an op under
// construction, the verifier every op.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Train/TrainShapes.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

static int64_t outputSize(int64_t in, int64_t before, int64_t after, int64_t kernel, int64_t stride,
                          int64_t dilation) {
  int64_t span = in + before + after - ((kernel - 1) * dilation + 1);
  return span < 0 ? 0 : span / stride + 1;
}

int64_t Window::outputRows(int64_t h) const {
  return outputSize(h, padTop, padBottom, kernelH, strideH, dilationH);
}

int64_t Window::outputColumns(int64_t w) const {
  return outputSize(w, padLeft, padRight, kernelW, strideW, dilationW);
}

Window slp::train::makeWindow(ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                              ArrayRef<int64_t> pads, ArrayRef<int64_t> dilations) {
  return {kernel[0], kernel[1], strides[0], strides[1],   pads[0],
          pads[1],   pads[2],   pads[3],    dilations[0], dilations[1]};
}

bool slp::train::areAll(ArrayRef<int64_t> values, size_t n, int64_t least) {
  return values.size() == n &&
         llvm::all_of(values, [&](int64_t v) { return v >= least && v <= int64_t(1) << 31; });
}

LogicalResult slp::train::expectRank(Operation *op, Value v, unsigned rank, StringRef what) {
  if (shapeOf(v).size() == rank)
    return success();
  return op->emitOpError("expected ") << what << " of rank " << rank << ", found " << v.getType();
}

LogicalResult slp::train::expectSameShape(Operation *op, Value a, Value b) {
  if (shapeOf(a) == shapeOf(b))
    return success();
  return op->emitOpError("expected operands of one shape, found ")
         << a.getType() << " and " << b.getType();
}

bool slp::train::serves(ArrayRef<int64_t> extents, ArrayRef<int64_t> shape) {
  return extents.size() == shape.size() && llvm::all_of(llvm::zip(extents, shape), [](auto pair) {
           return std::get<0>(pair) == 1 || std::get<0>(pair) == std::get<1>(pair);
         });
}

LogicalResult slp::train::inferElementwise(Operation *op, Shapes &shapes) {
  SmallVector<int64_t> result(shapeOf(op->getOperand(0)));
  for (Value operand : llvm::drop_begin(op->getOperands())) {
    ArrayRef<int64_t> shape = shapeOf(operand);
    bool fits = shape.size() == result.size();
    for (size_t d = 0; fits && d < shape.size(); ++d) {
      fits = shape[d] == result[d] || shape[d] == 1 || result[d] == 1;
      if (shape[d] != 1)
        result[d] = shape[d];
    }
    if (!fits)
      return op->emitOpError("expected operands of one rank and equal sizes or 1, found ")
             << op->getOperandTypes();
  }
  shapes.push_back(result);
  return success();
}

LogicalResult slp::train::reduceShape(Operation *op, ArrayRef<int64_t> shape,
                                      ArrayRef<int64_t> axes, SmallVector<int64_t> &reduced) {
  reduced.assign(shape.begin(), shape.end());
  int64_t last = -1;
  for (int64_t axis : axes) {
    if (axis <= last || axis >= int64_t(shape.size()))
      return op->emitOpError("expected ascending axes of ")
             << shape.size() << " dimensions, found " << axis;
    reduced[last = axis] = 1;
  }
  if (axes.empty())
    return op->emitOpError("expected an axis to reduce, found none");
  return success();
}

LogicalResult slp::train::verifyInferredShapes(Operation *op) {
  SmallVector<SmallVector<int64_t>> shapes;
  if (failed(cast<InferShapeInterface>(op).inferShapes(shapes)))
    return failure();
  for (auto [index, shape] : llvm::enumerate(shapes)) {
    auto type = cast<RankedTensorType>(op->getResult(index).getType());
    if (type.getShape() == ArrayRef<int64_t>(shape))
      continue;
    return op->emitOpError("expected result #")
           << index << " of type " << RankedTensorType::get(shape, type.getElementType())
           << ", found " << type;
  }
  return success();
}

bool slp::train::isNarrow(Type type) {
  return num_ir::storageFormat(getElementTypeOrSelf(type)) != nullptr;
}

LogicalResult slp::train::verifyRounding(Operation *op) {
  auto storage = dyn_cast<StorageInterface>(op);
  bool isMac = storage && storage.getStorageClass() == StorageClass::accumulator;
  bool isNeeded = !isMac && llvm::any_of(op->getResultTypes(), isNarrow);
  bool isThere = op->hasAttr("rounding");
  if (isNeeded && !isThere)
    return op->emitOpError("expected a rounding for a result of ")
           << *llvm::find_if(op->getResultTypes(), isNarrow);
  if (!isNeeded && isThere)
    return op->emitOpError(isMac ? "expected no rounding: the accumulator has its own"
                                 : "expected no rounding: every result is f32");
  return success();
}

/// docs/numerics.md section 8: multiplying by the scale and dividing it out are exact.
LogicalResult slp::train::verifyLossScale(Operation *op, const APFloat &scale) {
  if (scale.isNormal() && !scale.isNegative() && scale.getExactLog2() != INT_MIN)
    return success();
  return op->emitOpError("expected a power of two as loss_scale, found ") << scale.convertToFloat();
}
