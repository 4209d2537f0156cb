//===- LowerMove.cpp - data movement as nests -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// A view of DRAM loads a tile into the shared buffer, v.copy gives it the result's coordinates, a
// second view stores it. Transposes and slices are views with other strides; pads and concats are
// tiles with other coordinates. Dimensions that stay neighbours are merged first, since descriptors
// have five.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerOp.h"

#include "dialects/Train/TrainKept.h"
#include "dialects/Train/TrainMoveOps.h"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

static constexpr size_t maxRank = 5;

namespace {
/// One dimension of a move: `extent` elements of the result, of which [low, low + source) come from
/// the operand, where they lie `stride` elements apart. A repeated dimension has one source
/// element.
struct MoveDim {
  int64_t extent, stride, source, low = 0;
  bool isRepeated = false;
  bool isPadded() const { return low != 0 || source != extent; }
};
} // namespace

/// Joins neighbouring dimensions that are one in the result and in the operand, and not too long.
/// `isFirstApart`: the first stays one by itself.
static SmallVector<MoveDim> merge(ArrayRef<MoveDim> dims, bool isFirstApart) {
  SmallVector<MoveDim> result;
  for (const MoveDim &dim : dims) {
    if (dim.extent == 1 && dim.source == 1 && dim.low == 0)
      continue;
    MoveDim *outer = result.empty() ? nullptr : &result.back();
    bool isOfFirst = isFirstApart && result.size() == 1;
    bool joins = outer && !isOfFirst && !dim.isPadded() && outer->isRepeated == dim.isRepeated &&
                 std::max(outer->extent, outer->source) * dim.extent <= longestDim &&
                 (dim.isRepeated || outer->stride == dim.stride * dim.extent);
    if (!joins) {
      result.push_back(dim);
      continue;
    }
    outer->extent *= dim.extent;
    outer->source *= dim.extent;
    outer->low *= dim.extent;
    outer->stride = dim.stride;
  }
  return result;
}

/// y[i] = x[offset + sum of (i - low) * stride] where that is an element, else `fill`.
static LogicalResult lowerMove(Operation *op, const TensorMap &tensors, std::vector<Nest> &nests,
                               ArrayRef<MoveDim> all, int64_t offset = 0, float fill = 0.0f) {
  SmallVector<MoveDim> dims = merge(all, op->hasAttr(getOverKeptAttrName()));
  if (dims.size() > maxRank)
    return op->emitOpError("needs ")
           << dims.size() << " dimensions on the chip, which has " << maxRank << " ("
           << op->getOperand(0).getType() << " to " << op->getResult(0).getType() << ")";
  Nest nest = startNest(op, /*onCores=*/false);
  SmallVector<NestDim> to, from;
  SmallVector<int64_t> strides;
  for (const MoveDim &dim : dims) {
    int loop = nest.addLoop("d" + std::to_string(to.size()), dim.extent);
    to.push_back(NestDim::along(loop, dim.extent));
    from.push_back(dim.isRepeated ? NestDim::whole(1)
                                  : NestDim{loop, 1, -dim.low, 1, 0, dim.source});
    strides.push_back(dim.isRepeated ? 1 : dim.stride);
    nest.loops[loop].cutLast = std::abs(strides.back()) == 1 && !dim.isRepeated;
  }
  if (!dims.empty())
    nest.loops.back().cutLast = true;
  unsigned x = addBuffer(nest, tensors, op->getOperand(0), Space::shared, from, true, false);
  nest.buffers[x].strides = strides;
  nest.buffers[x].offset = offset;
  unsigned y = addBuffer(nest, tensors, op->getResult(0), Space::shared, to, false, true);
  addRun(nest, op, "v.copy", {y}, {x}).scalars = {fill};
  nests.push_back(std::move(nest));
  return success();
}

static LogicalResult lowerTranspose(TransposeOp op, const TensorMap &tensors,
                                    std::vector<Nest> &nests) {
  SmallVector<int64_t> strides = rowMajor(shapeOf(op.getX()));
  SmallVector<MoveDim> dims;
  for (int64_t from : op.getPerm())
    dims.push_back({shapeOf(op.getX())[from], strides[from], shapeOf(op.getX())[from]});
  return lowerMove(op, tensors, nests, dims);
}

static LogicalResult lowerSlice(SliceOp op, const TensorMap &tensors, std::vector<Nest> &nests) {
  SmallVector<int64_t> strides = rowMajor(shapeOf(op.getX()));
  SmallVector<MoveDim> dims;
  int64_t offset = 0;
  for (auto [start, size, step, stride] :
       llvm::zip_equal(op.getStarts(), op.getSizes(), op.getSteps(), strides)) {
    dims.push_back({size, step * stride, size});
    offset += start * stride;
  }
  return lowerMove(op, tensors, nests, dims, offset);
}

static LogicalResult lowerPad(PadOp op, const TensorMap &tensors, std::vector<Nest> &nests) {
  ArrayRef<int64_t> x = shapeOf(op.getX()), y = shapeOf(op.getY());
  SmallVector<int64_t> strides = rowMajor(x);
  SmallVector<MoveDim> dims;
  for (size_t d = 0; d < x.size(); ++d)
    dims.push_back({y[d], strides[d], x[d], op.getLow()[d]});
  return lowerMove(op, tensors, nests, dims, 0, op.getValue().convertToFloat());
}

static LogicalResult lowerExpand(ExpandOp op, const TensorMap &tensors, std::vector<Nest> &nests) {
  ArrayRef<int64_t> x = shapeOf(op.getX()), y = shapeOf(op.getY());
  SmallVector<int64_t> strides = rowMajor(x);
  SmallVector<MoveDim> dims;
  for (size_t d = 0; d < x.size(); ++d)
    dims.push_back({y[d], strides[d], y[d], 0, /*isRepeated=*/x[d] == 1 && y[d] != 1});
  return lowerMove(op, tensors, nests, dims);
}

/// One nest an operand, each of which writes its own part of the result and nothing beyond.
static LogicalResult lowerConcat(ConcatOp op, const TensorMap &tensors, std::vector<Nest> &nests) {
  ArrayRef<int64_t> y = shapeOf(op.getY());
  int64_t axis = op.getAxis(), outer = 1, inner = 1, begin = 0;
  for (int64_t d = 0; d < axis; ++d)
    outer *= y[d];
  for (size_t d = axis + 1; d < y.size(); ++d)
    inner *= y[d];
  for (Value part : op.getX()) {
    int64_t run = shapeOf(part)[axis] * inner;
    Nest nest = startNest(op, /*onCores=*/false);
    int o = nest.addLoop("outer", outer), r = nest.addLoop("run", run);
    nest.loops[r].exact = nest.loops[r].cutLast = true;
    unsigned x = addBuffer(nest, tensors, part, Space::shared,
                           {NestDim::along(o, outer), NestDim::along(r, run)}, true, false);
    unsigned out = addBuffer(
        nest, tensors, op.getY(), Space::shared,
        {NestDim::along(o, outer), NestDim{r, 1, begin, 1, 0, y[axis] * inner}}, false, true);
    addRun(nest, op, "v.copy", {out}, {x}).scalars = {0.0f};
    nests.push_back(std::move(nest));
    begin += run;
  }
  return success();
}

static Nest lowerGather(GatherOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/false);
  ArrayRef<int64_t> table = shapeOf(op.getTable()), y = shapeOf(op.getY());
  int o = nest.addLoop("o", y[0]), i = nest.addLoop("i", y[1]), r = nest.addLoop("r", y[2]);
  int v = nest.addLoop("v", table[1], /*reduction=*/true);
  nest.loops[r].cutLast = true;
  NestDim along = NestDim::along(i, y[1]);
  unsigned rows = addBuffer(
      nest, tensors, op.getTable(), Space::shared,
      {NestDim::along(o, y[0]), NestDim::along(v, table[1]), NestDim::along(r, y[2])}, true, false);
  unsigned indices = addBuffer(nest, tensors, op.getIndices(), Space::shared, {along}, true, false);
  unsigned out = addBuffer(nest, tensors, op.getY(), Space::shared,
                           {NestDim::along(o, y[0]), along, NestDim::along(r, y[2])}, false, true);
  addRun(nest, op, "v.gather", {out}, {rows, indices}).mode = "zero";
  return nest;
}

static Nest lowerScatterAdd(ScatterAddOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/false);
  ArrayRef<int64_t> dy = shapeOf(op.getDy()), y = shapeOf(op.getDtable());
  int o = nest.addLoop("o", y[0]), v = nest.addLoop("v", y[1]), r = nest.addLoop("r", y[2]);
  nest.loops[r].cutLast = true;
  unsigned errors = addBuffer(
      nest, tensors, op.getDy(), Space::shared,
      {NestDim::along(o, y[0]), NestDim::whole(dy[1]), NestDim::along(r, y[2])}, true, false);
  unsigned indices = addBuffer(nest, tensors, op.getIndices(), Space::shared,
                               {NestDim::whole(dy[1])}, true, false);
  unsigned out = addBuffer(
      nest, tensors, op.getDtable(), Space::shared,
      {NestDim::along(o, y[0]), NestDim::along(v, y[1]), NestDim::along(r, y[2])}, false, true);
  addRun(nest, op, "v.scatter.add", {out}, {errors, indices});
  return nest;
}

void slp::addMoveLowerings(LoweringTable &table) {
  table.addMany<TransposeOp>(lowerTranspose);
  table.addMany<SliceOp>(lowerSlice);
  table.addMany<PadOp>(lowerPad);
  table.addMany<ExpandOp>(lowerExpand);
  table.addMany<ConcatOp>(lowerConcat);
  table.add<GatherOp>(lowerGather);
  table.add<ScatterAddOp>(lowerScatterAdd);
  table.add<ToFloatOp>(
      +[](ToFloatOp op, const TensorMap &t) { return lowerElementwise(op, "v.round", t); });
  table.add<ToIntegerOp>(
      +[](ToIntegerOp op, const TensorMap &t) { return lowerElementwise(op, "v.round", t); });
}
