//===- LowerSkip.cpp - images whose gradient is skipped ---------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Of an op with train.over_kept the loop over images becomes one over the list that train.keep has
// written, behind the fence of that task.
//
//===----------------------------------------------------------------------------------------===//

#include "LowerSkip.h"

#include "dialects/Chip/ChipKept.h"
#include "dialects/Train/DropOp.h"
#include "dialects/Train/KeepOp.h"
#include "dialects/Train/TrainKept.h"
#include "runtime/isa/AccModeContinue.h.inc"

using namespace mlir;
using namespace slp;
using namespace slp::train;
using chip_ir::Space;

static Nest lowerKeep(KeepOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/false);
  SmallVector<unsigned> outs;
  for (Value result : op->getResults())
    outs.push_back(addBuffer(nest, tensors, result, Space::shared,
                             {NestDim::whole(shapeOf(result)[0])}, false, true));
  unsigned losses = addBuffer(nest, tensors, op.getLosses(), Space::shared,
                              {NestDim::whole(shapeOf(op.getLosses())[0])}, true, false);
  addRun(nest, op, "v.keep", outs, {losses});
  return nest;
}

/// Of more than five dimensions those of an image are one.
static SmallVector<NestDim> loopOverImages(Nest &nest, ArrayRef<int64_t> shape) {
  constexpr size_t mostDims = 5;
  SmallVector<int64_t> sizes(shape);
  while (sizes.size() > mostDims) {
    sizes[sizes.size() - 2] *= sizes.back();
    sizes.pop_back();
  }
  return loopOverAll(nest, sizes);
}

/// A choice between the error and +0; over the list there is none to make.
static Nest lowerDrop(DropOp op, const TensorMap &tensors) {
  Nest nest = startNest(op, /*onCores=*/false);
  SmallVector<NestDim> dims = loopOverImages(nest, shapeOf(op.getDx()));
  unsigned dx = addBuffer(nest, tensors, op.getDx(), Space::shared, dims, true, false);
  unsigned y = addBuffer(nest, tensors, op.getY(), Space::shared, dims, false, true);
  if (op->hasAttr(getOverKeptAttrName())) {
    addRun(nest, op, "v.round", {y}, {dx});
    return nest;
  }
  SmallVector<NestDim> ofImages(dims.size(), NestDim::whole(1)), one = ofImages;
  ofImages.front() = dims.front();
  unsigned mask = addBuffer(nest, tensors, op.getMask(), Space::shared, ofImages, true, false);
  NestBuffer zero;
  zero.space = Space::shared;
  zero.element = Float32Type::get(op.getContext());
  zero.dims = one;
  nest.buffers.push_back(std::move(zero));
  unsigned zeroIndex = nest.buffers.size() - 1;
  NestRun fill;
  fill.instruction = "v.fill";
  fill.outs = {zeroIndex};
  fill.scalars = {0.0f};
  fill.loops.emplace();
  fill.inFront = true;
  nest.runs.push_back(std::move(fill));
  addRun(nest, op, "v.select", {y}, {mask, dx, zeroIndex});
  return nest;
}

void slp::addSkipLowerings(LoweringTable &table) {
  table.add<KeepOp>(lowerKeep);
  table.add<DropOp>(lowerDrop);
}

//===----------------------------------------------------------------------------------------===//
// The loop over the list
//===----------------------------------------------------------------------------------------===//

/// The loop that the first dimension of all tensors with `images` images follows; -1 if there is
/// none, or it is no loop over images alone.
static int loopOfImages(chip_ir::NestOp nest, int64_t images) {
  auto loops = llvm::to_vector(nest.getLoops().getAsRange<chip_ir::LoopAttr>());
  for (auto buffer : nest.getBody().getOps<chip_ir::BufferOp>()) {
    SmallVector<NestDim> dims = chip_ir::dimsOf(buffer);
    if (!buffer.getTensor() || dims.empty() || dims.front().loop < 0)
      continue;
    chip_ir::LoopAttr loop = loops[size_t(dims.front().loop)];
    bool isOfImages = loop.getName() == "n" || loop.getName() == "d0" || loop.getName() == "outer";
    if (isOfImages && loop.getExtent() == images)
      return dims.front().loop;
  }
  return -1;
}

static bool follows(Value buffer, int loop) {
  return llvm::any_of(chip_ir::dimsOf(buffer.getDefiningOp<chip_ir::BufferOp>()),
                      [&](const NestDim &dim) { return dim.loop == loop; });
}

/// Sets a sum, the tensor `name`, to +0 in front of the loops that it goes through.
static void startSum(OpBuilder &b, chip_ir::NestOp nest, Value sum, StringRef name) {
  bool isAccumulator = chip_ir::spaceOf(cast<MemRefType>(sum.getType())) == Space::acc;
  SmallVector<int64_t> parallel;
  for (auto [i, loop] : llvm::enumerate(nest.getLoops().getAsRange<chip_ir::LoopAttr>()))
    if (!loop.getReduction())
      parallel.push_back(int64_t(i));
  SmallVector<NamedAttribute> fields = {
      b.getNamedAttr("captures", b.getStrArrayAttr({name})),
      b.getNamedAttr("iterates", b.getDenseI64ArrayAttr(parallel)),
      b.getNamedAttr("in_front", b.getUnitAttr())};
  if (!isAccumulator)
    fields.push_back(b.getNamedAttr("value", b.getF32FloatAttr(0)));
  const mach::InstructionInfo &info =
      *mach::findInstruction(std::string_view(isAccumulator ? "zero" : "v.fill"));
  chip_ir::createInstruction(b, nest.getLoc(), info, sum, fields);
}

/// Sums over images have no first one: they are +0 before the list begins, whatever is on it.
static void startSums(chip_ir::NestOp nest, int loop) {
  OpBuilder b = OpBuilder::atBlockEnd(&nest.getBody().front());
  auto goesOn = b.getI64IntegerAttr(int64_t(mach::accMode::continue_));
  auto runs = llvm::to_vector(nest.getBody().getOps<chip_ir::EngineInstruction>());
  for (chip_ir::EngineInstruction run : runs) {
    std::optional<ArrayRef<int64_t>> iterated = run.getIterates();
    if (iterated && !llvm::is_contained(*iterated, int64_t(loop)))
      continue;
    std::optional<ArrayAttr> captures = run.getCaptures();
    for (auto [i, sum] : llvm::enumerate(run.getWritten())) {
      if (follows(sum, loop))
        continue;
      run->setAttr("mode", goesOn);
      startSum(b, nest, sum, captures ? cast<StringAttr>((*captures)[i]).getValue() : "");
    }
  }
}

LogicalResult slp::runOverKept(Operation *op, const TensorMap &tensors, chip_ir::NestOp nest) {
  KeepOp keep;
  for (KeepOp other : op->getBlock()->getOps<KeepOp>())
    keep = other;
  if (!keep || !keep->isBeforeInBlock(op))
    return op->emitOpError("runs over the images that are kept, but no train.keep lists them");
  int64_t images = shapeOf(keep.getMask())[0];
  int loop = loopOfImages(nest, images);
  if (loop < 0)
    return op->emitOpError("has train.over_kept, but no loop over ") << images << " images";
  auto symbol = [&](Value value) {
    return FlatSymbolRefAttr::get(op->getContext(), tensors.symbolOf(value));
  };
  chip_ir::KeptLoop kept{loop, symbol(keep.getCount()), symbol(keep.getKept())};
  nest->setAttr(chip_ir::keptAttrName, kept.toAttr(op->getContext()));
  if (cast<chip_ir::LoopAttr>(nest.getLoops()[size_t(loop)]).getReduction())
    startSums(nest, loop);
  return success();
}
