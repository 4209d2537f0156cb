//===- LowerOp.cpp - the table of lowerings and the pieces they share -------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerSkip.h"

#include "dialects/Train/TrainNodeName.h"
#include "dialects/Train/TrainStreams.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

static const LoweringTable &loweringTable() {
  static const LoweringTable table = [] {
    LoweringTable t;
    addChannelLowerings(t);
    addElementwiseLowerings(t);
    addGroupLowerings(t);
    addLossLowerings(t);
    addMacLowerings(t);
    addNormLowerings(t);
    addMixedLowerings(t);
    addMoveLowerings(t);
    addReduceLowerings(t);
    addRowLowerings(t);
    addScaleLowerings(t);
    addSkipLowerings(t);
    addUpdateLowerings(t);
    addWindowLowerings(t);
    return t;
  }();
  return table;
}

bool slp::hasLowering(StringRef op) { return loweringTable().find(op) != nullptr; }

LogicalResult slp::lowerOp(Operation *op, const TensorMap &tensors, std::vector<Nest> &nests) {
  const Lowering *lowering = loweringTable().find(op->getName().getStringRef());
  if (!lowering)
    return op->emitError("has no lowering to the chip");
  return (*lowering)(op, tensors, nests);
}

/// The rounding of a result if it is not the chip's own, which buffers have by default.
static num_ir::RoundingAttr ownRounding(Operation *op, const chip::Chip &chip) {
  auto rounding = op->getAttrOfType<num_ir::RoundingAttr>("rounding");
  // Both enums list the modes in the order of docs/numerics.md.
  bool isChips = rounding && int(rounding.getValue()) == int(chip.numerics.rounding);
  bool isPlain = isChips && rounding.getValue() != num_ir::Rounding::stochastic;
  return isPlain ? num_ir::RoundingAttr() : rounding;
}

/// Gives a buffer the rounding and the random stream of the result that it holds.
static LogicalResult setRounding(NestBuffer &buffer, OpResult result, const chip::Chip &chip) {
  Operation *op = result.getOwner();
  num_ir::RoundingAttr rounding = ownRounding(op, chip);
  if (!rounding || !num_ir::storageFormat(elementOf(result)))
    return success();
  buffer.rounding = rounding;
  if (rounding.getValue() != num_ir::Rounding::stochastic)
    return success();
  auto streams = op->getAttrOfType<DenseI64ArrayAttr>(getStreamsAttrName());
  if (!streams)
    return op->emitError("rounds at random, but has no ")
           << getStreamsAttrName() << "; run train-name-tensors first";
  buffer.stream = Builder(op->getContext()).getI64IntegerAttr(streams[result.getResultNumber()]);
  return success();
}

LogicalResult slp::setRoundings(const chip::Chip &chip, std::vector<Nest> &nests) {
  for (Nest &nest : nests)
    for (NestRun &run : nest.runs)
      for (auto [buffer, result] : llvm::zip(run.outs, run.results))
        if (result && failed(setRounding(nest.buffers[buffer], cast<OpResult>(result), chip)))
          return failure();
  return success();
}

std::string slp::trainNameOf(Value result) {
  Operation *op = result.getDefiningOp();
  auto names = op ? op->getAttrOfType<ArrayAttr>(getNamesAttrName()) : ArrayAttr();
  unsigned index = op ? cast<OpResult>(result).getResultNumber() : 0;
  if (!names || index >= names.size())
    return "";
  return cast<StringAttr>(names[index]).str();
}

Nest slp::startNest(Operation *op, bool onCores) {
  Nest nest(op->getLoc());
  nest.name = nodeNameOf(op->getLoc());
  nest.op = op->getName().getStringRef().str();
  if (auto phase = op->getAttrOfType<PhaseAttr>("phase"))
    nest.phase = stringifyEnum(phase.getValue()).str();
  else
    nest.phase = "fp";
  nest.onCores = onCores;
  return nest;
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

NestRun &slp::addRun(Nest &nest, Operation *op, StringRef instruction, ArrayRef<unsigned> outs,
                     ArrayRef<unsigned> ins) {
  NestRun run;
  run.instruction = instruction.str();
  run.outs.assign(outs.begin(), outs.end());
  run.ins.assign(ins.begin(), ins.end());
  for (unsigned i = 0; i < outs.size(); ++i)
    run.results.push_back(op->getResult(i));
  nest.runs.push_back(std::move(run));
  return nest.runs.back();
}

SmallVector<NestDim> slp::loopOverAll(Nest &nest, ArrayRef<int64_t> shape) {
  SmallVector<NestDim> dims;
  for (auto [i, size] : llvm::enumerate(shape))
    dims.push_back(NestDim::along(nest.addLoop("d" + std::to_string(i), size), size));
  if (!nest.loops.empty())
    nest.loops.back().cutLast = true;
  return dims;
}

SmallVector<NestDim> slp::loopOverElements(Nest &nest, ArrayRef<int64_t> shape) {
  constexpr size_t mostDims = 5; // of a tile
  SmallVector<int64_t> sizes(shape);
  while (sizes.size() > mostDims) {
    sizes[1] *= sizes[0];
    sizes.erase(sizes.begin());
  }
  return loopOverAll(nest, sizes);
}

SmallVector<NestDim> slp::loopOverReduction(Nest &nest, ArrayRef<int64_t> shape,
                                            ArrayRef<int64_t> axes, SmallVector<NestDim> &out) {
  constexpr int64_t rowPiece = 4096;
  SmallVector<NestDim> dims;
  int outer = -1;
  for (auto [d, size] : llvm::enumerate(shape)) {
    bool isReduced = llvm::is_contained(axes, int64_t(d)), isLast = d + 1 == shape.size();
    int loop =
        nest.addLoop("d" + std::to_string(d), size, isReduced, isReduced && isLast ? rowPiece : 1);
    dims.push_back(NestDim::along(loop, size));
    out.push_back(isReduced ? NestDim::whole(1) : dims.back());
    nest.loops[loop].cutLast = isLast;
    if (!isReduced)
      continue;
    // Row-major order across tiles: cut only where what lies outside goes one by one.
    nest.loops[loop].wholeUnless = outer;
    if (size > 1)
      outer = loop;
  }
  return dims;
}

unsigned slp::addServingBuffer(Nest &nest, const TensorMap &tensors, Value value,
                               ArrayRef<NestDim> dims) {
  SmallVector<NestDim> serving(dims);
  for (auto [dim, extent] : llvm::zip_equal(serving, shapeOf(value)))
    if (extent == 1)
      dim = NestDim::whole(1);
  return addBuffer(nest, tensors, value, Space::shared, serving, true, false);
}

void slp::setField(NestRun &run, Operation *op, StringRef field, int64_t value) {
  Builder b(op->getContext());
  run.fields.push_back(b.getNamedAttr(field, b.getI64IntegerAttr(value)));
}

void slp::setField(NestRun &run, Operation *op, StringRef field, StringRef value) {
  Builder b(op->getContext());
  run.fields.push_back(b.getNamedAttr(field, b.getStringAttr(value)));
}

int64_t slp::axesMask(ArrayRef<int64_t> axes) {
  int64_t mask = 0;
  for (int64_t axis : axes)
    mask |= int64_t(1) << axis;
  return mask;
}

SmallVector<NestDim> slp::rowDims(Nest &nest, ArrayRef<int64_t> shape) {
  return {NestDim::along(nest.addLoop("n", shape[0]), shape[0]), NestDim::whole(shape[1])};
}

Nest slp::lowerElementwise(Operation *op, StringRef instruction, const TensorMap &tensors) {
  Nest nest = startNest(op, false);
  SmallVector<NestDim> dims = loopOverElements(nest, shapeOf(op->getResult(0)));
  SmallVector<unsigned> ins;
  for (Value operand : op->getOperands())
    ins.push_back(addBuffer(nest, tensors, operand, Space::shared, dims, true, false));
  unsigned out = addBuffer(nest, tensors, op->getResult(0), Space::shared, dims, false, true);
  addRun(nest, op, instruction, {out}, ins);
  return nest;
}

SmallVector<int64_t> slp::geometryOf(const Window &w, bool countPad) {
  SmallVector<int64_t> geometry = {w.kernelH, w.kernelW,   w.strideH,   w.strideW, w.padTop,
                                   w.padLeft, w.dilationH, w.dilationW, countPad};
  if (countPad)
    geometry.append({w.padBottom, w.padRight});
  return geometry;
}
