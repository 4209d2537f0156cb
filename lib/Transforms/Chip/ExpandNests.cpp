//===- ExpandNests.cpp - the pass chip-expand-nests -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/AllocOp.h"
#include "dialects/Chip/ChipKept.h"
#include "dialects/Chip/ChipNest.h"
#include "dialects/Chip/CountOp.h"
#include "dialects/Chip/ElementOp.h"
#include "dialects/Chip/LoadOp.h"
#include "dialects/Chip/MoveOp.h"
#include "dialects/Chip/StoreOp.h"
#include "dialects/Chip/TaskOp.h"
#include "dialects/Chip/TensorOp.h"
#include "dialects/Chip/ViewOp.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"

namespace slp {
#define GEN_PASS_DEF_EXPANDNESTS
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {

class NestExpander {
public:
  /// `stored`: tensors that nests before this one store.
  NestExpander(NestOp op, const llvm::StringSet<> &stored)
      : b(op), nest(op), stored(stored), tiling(Tiling::of(*op.getTiling())), loc(op.getLoc()),
        induction(nest.loops.size()), buffers(nest.buffers.size()), places(nest.buffers.size()) {}

  /// Creates the task in front of the nest.
  void expand();

private:
  int64_t step(unsigned loop) const {
    return tiling.sizes[loop] * (int(loop) == tiling.split ? tiling.cores : 1);
  }
  bool isReal(unsigned loop) const {
    return isOverKept(nest.op, loop) || step(loop) < nest.loops[loop].getExtent();
  }
  /// Loops opened before the run: behind it, or in front of it, come those that it does not
  /// iterate.
  unsigned depthOf(EngineInstruction run) const;
  /// Loops opened before the buffer's tile is known.
  unsigned depthOf(unsigned buffer) const;
  void emitAllocs(unsigned depth);
  void emitLevel(unsigned depth);
  /// Opens a loop, and gives `induction` what its coordinates are; the builder stands in it.
  void openLoop(unsigned loop);
  Value viewOf(const BufferView &buffer);
  Value residentOf(const BufferView &buffer);
  void noteOrigin(Operation *made, unsigned index);
  void emitFill(unsigned index);
  void emitDrain(unsigned index);
  /// A view of a list of `size` numbers, at the head of the task.
  Value viewOfList(FlatSymbolRefAttr tensor, int64_t size);
  void emitAlloc(unsigned index);
  void emitRun(EngineInstruction run);
  /// The runs of that depth that are of a kind.
  void emitRuns(unsigned depth, llvm::function_ref<bool(EngineInstruction)> isWanted);
  /// Stores the totals of the whole nest, or the others whose tiles are known at this depth.
  void emitStores(unsigned depth, bool totals);
  /// Constants stand at the head of the task, one of each value.
  Value constant(int64_t value);

  OpBuilder b;
  NestView nest;
  const llvm::StringSet<> &stored;
  Tiling tiling;
  Location loc;
  SmallVector<unsigned> open;   // loops that take more than one step, outermost first
  unsigned parallelDepth = 0;   // how many of them are parallel
  SmallVector<Value> induction; // by loop; null if one step
  SmallVector<Value> buffers;
  SmallVector<Value>
      places; // by buffer: where its tensor is, a view of DRAM or a buffer that holds it
  llvm::DenseMap<Attribute, Value> residents; // by tensor
  Value count, images; // of the list that a loop runs over: how many, and their numbers
  Block *body = nullptr;
  llvm::DenseMap<int64_t, Value> constants;
};

} // namespace

Value NestExpander::constant(int64_t value) {
  Value &known = constants[value];
  if (!known) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(body);
    known = arith::ConstantIndexOp::create(b, loc, value);
  }
  return known;
}

unsigned NestExpander::depthOf(EngineInstruction run) const {
  if (!run.getIterates())
    return open.size();
  unsigned depth = 0;
  for (unsigned i = 0; i < open.size(); ++i)
    if (llvm::is_contained(*run.getIterates(), int64_t(open[i])))
      depth = i + 1;
  return depth;
}

unsigned NestExpander::depthOf(unsigned index) const {
  const BufferView &buffer = nest.buffers[index];
  if (buffer.op.getTotal() || buffer.isResident())
    return 0;
  // What leaves the chip or gathers sums is born where the reduction loops begin, or where a run
  // that uses it stands in front of them.
  unsigned depth = 0;
  if (buffer.op.getStore() || !buffer.op.getTensor())
    depth = parallelDepth;
  if (!buffer.op.getTensor())
    for (EngineInstruction run : nest.runs)
      if (llvm::is_contained(run->getOperands(), buffer.op.getResult()))
        depth = std::min(depth, depthOf(run));
  for (const NestDim &dim : buffer.dims)
    for (unsigned i = 0; i < open.size(); ++i)
      if (int(open[i]) == dim.loop)
        depth = std::max(depth, i + 1);
  return depth;
}

/// What is done for a buffer is of its train op.
void NestExpander::noteOrigin(Operation *made, unsigned index) {
  if (Attribute of = nest.buffers[index].op->getAttr(ofAttrName))
    made->setAttr(ofAttrName, of);
}

/// Brings a tile from where the tensor is.
void NestExpander::emitFill(unsigned index) {
  Operation *made;
  if (nest.buffers[index].isOnChip())
    made = MoveOp::create(b, loc, places[index], buffers[index]);
  else
    made = LoadOp::create(b, loc, places[index], buffers[index]);
  noteOrigin(made, index);
}

void NestExpander::emitDrain(unsigned index) {
  Operation *made;
  if (nest.buffers[index].isOnChip())
    made = MoveOp::create(b, loc, buffers[index], places[index]);
  else
    made = StoreOp::create(b, loc, buffers[index], places[index]);
  noteOrigin(made, index);
}

void NestExpander::emitAlloc(unsigned index) {
  const BufferView &buffer = nest.buffers[index];
  if (buffer.isResident()) {
    buffers[index] = places[index];
    return;
  }
  SmallVector<Value> origin;
  SmallVector<int64_t> extents, coreStride, sizes;
  for (const NestDim &dim : buffer.dims) {
    Value iv = dim.loop < 0 ? Value() : induction[dim.loop];
    if (!iv) {
      origin.push_back(constant(dim.offset));
    } else if (dim.coef == 1 && dim.offset == 0) {
      origin.push_back(iv);
    } else {
      AffineExpr e = b.getAffineDimExpr(0) * dim.coef + dim.offset;
      origin.push_back(
          affine::AffineApplyOp::create(b, loc, AffineMap::get(1, 0, e), ValueRange{iv}));
    }
    extents.push_back(dim.extent);
    bool split = dim.loop >= 0 && dim.loop == tiling.split && tiling.cores > 1;
    coreStride.push_back(split ? dim.coef * tiling.sizes[dim.loop] : 0);
    sizes.push_back(dim.sizeIn(tiling.sizes));
  }
  auto type = MemRefType::get(sizes, buffer.element, MemRefLayoutAttrInterface(),
                              SpaceAttr::get(b.getContext(), buffer.space));
  buffers[index] = AllocOp::create(b, loc, type, origin, Value(), extents, coreStride,
                                   nest.slotsOf(buffer, tiling), IntegerAttr(), IntegerAttr(),
                                   buffer.op.getRoundingAttr(), buffer.op.getStreamAttr(),
                                   DenseI64ArrayAttr(), FlatSymbolRefAttr());
  noteOrigin(buffers[index].getDefiningOp(), index);
  if (buffer.op.getLoad())
    emitFill(index);
}

void NestExpander::emitRun(EngineInstruction run) {
  IRMapping tiles;
  for (auto [buffer, tile] : llvm::zip_equal(nest.buffers, buffers))
    tiles.map(buffer.op.getResult(), tile);
  Operation *made = b.clone(*run, tiles);
  made->removeAttr("iterates");
  made->removeAttr("in_front");
}

void NestExpander::emitRuns(unsigned depth, llvm::function_ref<bool(EngineInstruction)> isWanted) {
  for (EngineInstruction run : nest.runs)
    if (depthOf(run) == depth && isWanted(run))
      emitRun(run);
}

void NestExpander::emitStores(unsigned depth, bool totals) {
  for (auto [index, buffer] : llvm::enumerate(nest.buffers))
    if (buffer.op.getStore() && buffer.op.getTotal() == totals && !buffer.isResident() &&
        depthOf(unsigned(index)) == depth)
      emitDrain(unsigned(index));
}

Value NestExpander::viewOfList(FlatSymbolRefAttr tensor, int64_t size) {
  auto space = SpaceAttr::get(b.getContext(), Space::dram);
  auto type = MemRefType::get({size}, b.getI32Type(), MemRefLayoutAttrInterface(), space);
  return ViewOp::create(b, loc, type, tensor);
}

void NestExpander::openLoop(unsigned loop) {
  bool isListed = isOverKept(nest.op, loop);
  Value end = isListed ? count : constant(nest.loops[loop].getExtent());
  auto forOp = scf::ForOp::create(b, loc, constant(0), end, constant(step(loop)));
  induction[loop] = forOp.getInductionVar();
  b.setInsertionPoint(forOp.getBody()->getTerminator());
  if (isListed)
    induction[loop] = ElementOp::create(b, loc, b.getIndexType(), images, induction[loop],
                                        nest.loops[loop].getExtent());
}

/// Buffers that wait for no other nest come first, so that they are loaded while others are waited
/// for.
void NestExpander::emitAllocs(unsigned depth) {
  auto waits = [&](unsigned index) {
    BufferOp op = nest.buffers[index].op;
    return !op.getLoad() || stored.contains(op.getTensorAttr().getValue());
  };
  for (bool waiting : {false, true})
    for (unsigned index = 0; index < nest.buffers.size(); ++index)
      if (depthOf(index) == depth && waits(index) == waiting)
        emitAlloc(index);
}

void NestExpander::emitLevel(unsigned depth) {
  emitAllocs(depth);
  emitRuns(depth, [](EngineInstruction run) { return run.getInFront(); });
  if (depth < open.size()) {
    OpBuilder::InsertionGuard guard(b);
    openLoop(open[depth]);
    emitLevel(depth + 1);
  } else {
    emitRuns(depth, [](EngineInstruction run) { return !run.getIterates(); });
  }
  emitRuns(depth, [](EngineInstruction run) { return run.getIterates() && !run.getInFront(); });
  emitStores(depth, /*totals=*/false);
  emitStores(depth, /*totals=*/true);
}

Value NestExpander::viewOf(const BufferView &buffer) {
  SmallVector<int64_t> extents(buffer.op.getExtents());
  auto space = SpaceAttr::get(b.getContext(), Space::dram);
  auto identity = MemRefType::get(extents, buffer.element, MemRefLayoutAttrInterface(), space);
  SmallVector<int64_t> strides;
  int64_t offset;
  auto layout = MemRefLayoutAttrInterface();
  if (succeeded(identity.getStridesAndOffset(strides, offset)) &&
      (ArrayRef(strides) != *buffer.op.getStrides() || buffer.op.getFirst() != 0))
    layout = StridedLayoutAttr::get(b.getContext(), int64_t(buffer.op.getFirst()),
                                    *buffer.op.getStrides());
  return ViewOp::create(b, loc, MemRefType::get(extents, buffer.element, layout, space),
                        buffer.op.getTensorAttr());
}

/// All of a tensor whose home is the shared buffer; once for all buffers of it.
Value NestExpander::residentOf(const BufferView &buffer) {
  Value &known = residents[buffer.op.getTensorAttr()];
  if (known) {
    auto alloc = known.getDefiningOp<AllocOp>();
    if (buffer.op.getRounding()) {
      alloc.setRoundingAttr(buffer.op.getRoundingAttr());
      alloc.setStreamAttr(buffer.op.getStreamAttr());
    }
    return known;
  }
  SmallVector<int64_t> extents(buffer.op.getExtents());
  auto type = MemRefType::get(extents, buffer.element, MemRefLayoutAttrInterface(),
                              SpaceAttr::get(b.getContext(), Space::shared));
  SmallVector<Value> origin(extents.size(), constant(0));
  known =
      AllocOp::create(b, loc, type, origin, Value(), extents, SmallVector<int64_t>(extents.size()),
                      /*slots=*/1, IntegerAttr(), IntegerAttr(), buffer.op.getRoundingAttr(),
                      buffer.op.getStreamAttr(), DenseI64ArrayAttr(), buffer.op.getTensorAttr());
  return known;
}

void NestExpander::expand() {
  for (unsigned loop : tiling.order)
    if (isReal(loop)) {
      open.push_back(loop);
      parallelDepth += !nest.loops[loop].getReduction();
    }
  auto task =
      TaskOp::create(b, loc, nest.op.getName(), nest.op.getOp(), nest.op.getPhase(), tiling.cores,
                     /*groups=*/1, nest.op.getRoomAttr());
  OpBuilder::InsertionGuard guard(b);
  body = b.createBlock(&task.getBody());
  for (auto [place, buffer] : llvm::zip_equal(places, nest.buffers))
    if (buffer.op.getTensor())
      place = buffer.isOnChip() ? residentOf(buffer) : viewOf(buffer);
  if (std::optional<KeptLoop> kept = KeptLoop::of(nest.op)) {
    int64_t extent = nest.loops[size_t(kept->loop)].getExtent();
    images = viewOfList(kept->images, extent);
    count =
        CountOp::create(b, loc, b.getIndexType(), viewOfList(kept->count, 1), constant(0), extent);
  }
  emitLevel(0);
}

/// Programs that the host runs for states that stay on the chip: @init brings them there, and @sync
/// back to DRAM. The elements are moved as they lie, so that the shape does not matter.
static void addExchange(ModuleOp module) {
  SmallVector<TensorOp> states;
  for (auto tensor : module.getOps<TensorOp>())
    if (tensor.getRole() == Role::copy && tensor.getHome().value_or(Space::dram) != Space::dram)
      states.push_back(tensor);
  if (states.empty())
    return;
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  for (bool isInit : {true, false}) {
    b.setInsertionPointToEnd(module.getBody());
    auto fn = func::FuncOp::create(b, module.getLoc(), isInit ? "init" : "sync",
                                   b.getFunctionType({}, {}));
    b.setInsertionPointToEnd(fn.addEntryBlock());
    auto end = func::ReturnOp::create(b, module.getLoc());
    for (TensorOp state : states) {
      b.setInsertionPoint(end);
      auto type = cast<MemRefType>(state.getType());
      int64_t elements = type.getNumElements();
      auto typeIn = [&](Space space) {
        return MemRefType::get({elements}, type.getElementType(), MemRefLayoutAttrInterface(),
                               SpaceAttr::get(b.getContext(), space));
      };
      Location loc = state.getLoc();
      auto task =
          TaskOp::create(b, loc, "", isInit ? "train.read" : "train.write", isInit ? "fp" : "up",
                         /*cores=*/1, /*groups=*/1, DenseI64ArrayAttr());
      b.createBlock(&task.getBody());
      Value view = ViewOp::create(b, loc, typeIn(Space::dram), state.getCopyOfAttr());
      Value zero = arith::ConstantIndexOp::create(b, loc, 0);
      Value buffer = AllocOp::create(
          b, loc, typeIn(Space::shared), zero, Value(), ArrayRef<int64_t>(elements),
          ArrayRef<int64_t>{0}, /*slots=*/1, IntegerAttr(), IntegerAttr(), num_ir::RoundingAttr(),
          IntegerAttr(), DenseI64ArrayAttr(), FlatSymbolRefAttr::get(state.getSymNameAttr()));
      if (isInit)
        LoadOp::create(b, loc, view, buffer);
      else
        StoreOp::create(b, loc, buffer, view);
    }
  }
}

namespace {
struct ExpandNests : slp::impl::ExpandNestsBase<ExpandNests> {
  using Base::Base;
  void runOnOperation() override {
    for (auto fn : getOperation().getOps<func::FuncOp>()) {
      llvm::StringSet<> stored;
      for (auto nest : llvm::make_early_inc_range(fn.getOps<NestOp>())) {
        if (!nest.getTiling()) {
          nest.emitOpError("has no tiling; run chip-choose-tiles first");
          return signalPassFailure();
        }
        NestExpander(nest, stored).expand();
        for (auto buffer : nest.getBody().getOps<BufferOp>())
          if (buffer.getStore())
            stored.insert(buffer.getTensorAttr().getValue());
        nest.erase();
      }
    }
    addExchange(getOperation());
  }
};
} // namespace
