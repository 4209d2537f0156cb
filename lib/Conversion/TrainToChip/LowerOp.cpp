//===- LowerOp.cpp - the table of lowerings and the pieces they share -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;

LogicalResult slp::lowerOp(Operation *op, const TensorMap &t, std::vector<Nest> &nests) {
  auto add = [&](Nest nest) { nests.push_back(std::move(nest)); };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<ConvOp>([&](ConvOp o) { return add(lowerConv(o, t)), success(); })
      .Case<ConvBpOp>([&](ConvBpOp o) { return add(lowerConvBp(o, t)), success(); })
      .Case<ConvWgOp>([&](ConvWgOp o) { return add(lowerConvWg(o, t)), success(); })
      .Case<MatMulOp>([&](MatMulOp o) { return add(lowerMatMul(o, t)), success(); })
      .Case<RoundOp>(
          [&](Operation *o) { return add(lowerElementwise(o, "v.round", t)), success(); })
      .Case<ReluOp>([&](Operation *o) { return add(lowerElementwise(o, "v.relu", t)), success(); })
      .Case<ReluGradOp>(
          [&](Operation *o) { return add(lowerElementwise(o, "v.relu.grad", t)), success(); })
      .Case<AddOp>([&](Operation *o) { return add(lowerElementwise(o, "v.add", t)), success(); })
      .Case<BiasAddOp>([&](BiasAddOp o) { return add(lowerBiasAdd(o, t)), success(); })
      .Case<BiasGradOp>([&](BiasGradOp o) { return add(lowerBiasGrad(o, t)), success(); })
      .Case<MaxPoolOp>([&](MaxPoolOp o) { return add(lowerMaxPool(o, t)), success(); })
      .Case<MaxPoolGradOp>([&](MaxPoolGradOp o) { return add(lowerMaxPoolGrad(o, t)), success(); })
      .Case<AvgPoolOp>([&](AvgPoolOp o) { return add(lowerAvgPool(o, t)), success(); })
      .Case<AvgPoolGradOp>([&](AvgPoolGradOp o) { return add(lowerAvgPoolGrad(o, t)), success(); })
      .Case<SoftmaxOp>([&](Operation *o) { return add(lowerRows(o, "v.softmax", t)), success(); })
      .Case<SoftmaxGradOp>(
          [&](Operation *o) { return add(lowerRows(o, "v.softmax.grad", t)), success(); })
      .Case<CrossEntropyOp>(
          [&](CrossEntropyOp o) { return lowerCrossEntropy(o, t, nests), success(); })
      .Case<CrossEntropyGradOp>(
          [&](CrossEntropyGradOp o) { return add(lowerCrossEntropyGrad(o, t)), success(); })
      .Case<SgdOp>([&](SgdOp o) { return add(lowerSgd(o, t)), success(); })
      .Default([](Operation *o) { return o->emitError("has no lowering to the chip"); });
}

std::string slp::trainNameOf(Value result) {
  Operation *op = result.getDefiningOp();
  auto names = op ? op->getAttrOfType<ArrayAttr>(getNamesAttrName()) : ArrayAttr();
  unsigned index = op ? cast<OpResult>(result).getResultNumber() : 0;
  if (!names || index >= names.size())
    return "";
  return cast<StringAttr>(names[index]).str();
}

bool slp::isMacOp(Operation *op) { return isa<ConvOp, ConvBpOp, ConvWgOp, MatMulOp>(op); }

RoundOp slp::fusedRoundOf(Operation *macOp) {
  Value result = macOp->getResult(0);
  return result.hasOneUse() ? dyn_cast<RoundOp>(*result.user_begin()) : RoundOp();
}

ReluOp slp::fusedReluOf(Operation *macOp) {
  RoundOp round = fusedRoundOf(macOp);
  return round && round.getY().hasOneUse() ? dyn_cast<ReluOp>(*round.getY().user_begin())
                                           : ReluOp();
}

bool slp::isFused(Operation *op) {
  auto mac = [](Value value) -> Operation * {
    Operation *def = value.getDefiningOp();
    return def && isMacOp(def) ? def : nullptr;
  };
  if (auto round = dyn_cast<RoundOp>(op)) {
    Operation *producer = mac(round.getX());
    return producer && fusedRoundOf(producer) == round;
  }
  if (auto relu = dyn_cast<ReluOp>(op)) {
    auto round = relu.getX().getDefiningOp<RoundOp>();
    Operation *producer = round ? mac(round.getX()) : nullptr;
    return producer && fusedReluOf(producer) == relu;
  }
  return false;
}

/// The ONNX node's name: the innermost name of the location.
static std::string nodeName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().str();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string name = nodeName(part); !name.empty())
        return name;
  return "";
}

Nest slp::startNest(Operation *op, bool onCores) {
  Nest nest(op->getLoc());
  nest.name = nodeName(op->getLoc());
  nest.op = op->getName().getStringRef().str();
  if (auto phase = op->getAttrOfType<PhaseAttr>("phase"))
    nest.phase = stringifyEnum(phase.getValue()).str();
  else
    nest.phase = "fp";
  nest.onCores = onCores;
  return nest;
}

SmallVector<int64_t> slp::rowMajor(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

ArrayRef<int64_t> slp::shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

Type slp::elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

unsigned slp::addBuffer(Nest &nest, const TensorMap &tensors, Value value, chip_ir::Space space,
                        ArrayRef<NestDim> dims, bool load, bool store) {
  NestBuffer buffer;
  buffer.space = space;
  buffer.element = elementOf(value);
  buffer.dims.assign(dims.begin(), dims.end());
  buffer.tensor = tensors.symbolOf(value);
  SmallVector<int64_t> extents;
  for (const NestDim &dim : dims)
    extents.push_back(dim.extent);
  buffer.strides = rowMajor(extents);
  buffer.load = load;
  buffer.store = store;
  nest.buffers.push_back(std::move(buffer));
  return nest.buffers.size() - 1;
}

NestDim slp::windowInput(int loop, int64_t inputExtent, int64_t kernel, int64_t stride, int64_t pad,
                         int64_t dilation) {
  return {loop, stride, -pad, stride, (kernel - 1) * dilation + 1 - stride, inputExtent};
}

NestDim slp::strideUnits(int loop, int64_t inputExtent, int64_t stride) {
  return {loop, stride, 0, stride, 0, inputExtent};
}

NestDim slp::windowOutputs(int loop, int64_t outputExtent, int64_t kernel, int64_t stride,
                           int64_t pad, int64_t dilation) {
  // Inputs [u*s, (u+t)*s) are reached from outputs floor((u*s + pad - span) / s) to floor(((u+t)*s
  // - 1 + pad) / s).
  int64_t first = llvm::divideFloorSigned(pad - (kernel - 1) * dilation, stride);
  int64_t last = llvm::divideFloorSigned(pad - 1, stride);
  return {loop, 1, first, 1, last - first + 1, outputExtent};
}

SmallVector<int64_t> slp::geometryOf(const Window &w, bool countPad) {
  return {w.kernelH, w.kernelW,   w.strideH,   w.strideW, w.padTop,
          w.padLeft, w.dilationH, w.dilationW, countPad};
}
