//===- SplitLoop.cpp - one loop of a nest becomes two -----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "SplitLoop.h"

#include "FuseNests.h"
#include "dialects/Chip/ChipKept.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {
class LoopSplitter {
public:
  LoopSplitter(NestOp nest, unsigned loop, int64_t inner)
      : nest(nest), loop(loop), inner(inner), loops(nest.getLoops().getAsRange<LoopAttr>()) {}
  bool split();

private:
  bool isFree();
  bool collectBuffers();
  bool addAlike(EngineInstruction run);
  std::optional<unsigned> placeIn(BufferOp buffer);
  void splitLoops();
  void splitBuffer(BufferOp buffer, unsigned at);
  /// The number of a loop once this one is two.
  int64_t renumbered(int64_t number) const { return number > int64_t(loop) ? number + 1 : number; }

  NestOp nest;
  unsigned loop;
  int64_t inner;
  SmallVector<LoopAttr> loops;
  unsigned at = 0;                      // the dimension that becomes two
  llvm::SetVector<Operation *> buffers; // that have it
};
} // namespace

/// Whether nothing but buffers speaks of the loop or of one behind it, and each element is by
/// itself.
bool LoopSplitter::isFree() {
  static constexpr llvm::StringLiteral elementwise[] = {"v.round",    "v.relu",     "v.unary",
                                                        "v.binary",   "v.select",   "v.copy",
                                                        "v.classify", "v.histogram"};
  std::optional<KeptLoop> kept = KeptLoop::of(nest);
  LoopAttr attr = loops[loop];
  if (nest.getOnCores() || nest.getTiling() || nest->hasAttr(tileWishAttrName) ||
      (kept && kept->loop >= int64_t(loop)) || attr.getReduction() || attr.getGranule() != 1 ||
      attr.getExtent() % inner || inner <= 1 || inner >= attr.getExtent())
    return false;
  if (llvm::any_of(loops, [](LoopAttr l) { return l.getWholeUnless() >= 0; }))
    return false;
  return llvm::all_of(runsOf(nest), [](EngineInstruction run) {
    bool isKnown = llvm::any_of(elementwise, [&](StringRef name) { return isNamed(run, name); });
    return isKnown && !run.getIterates();
  });
}

/// The dimension along the loop, if there is one.
std::optional<unsigned> LoopSplitter::placeIn(BufferOp buffer) {
  for (auto [d, dim] : llvm::enumerate(dimsOf(buffer)))
    if (dim.loop == int(loop))
      return unsigned(d);
  return std::nullopt;
}

/// Adds the operands that have as many dimensions as one that becomes larger. False if one of these
/// cannot.
bool LoopSplitter::addAlike(EngineInstruction run) {
  bool isChanged = false;
  for (OpOperand &operand : run->getOpOperands())
    if (buffers.contains(operand.get().getDefiningOp()))
      isChanged = true;
  if (!isChanged)
    return true;
  for (OpOperand &operand : run->getOpOperands()) {
    Operation *buffer = operand.get().getDefiningOp();
    const mach::OperandRole &role = run.getField(operand).role;
    if (role.ranks == 0)
      buffers.insert(buffer);
    else if (buffers.contains(buffer))
      return false;
  }
  return true;
}

bool LoopSplitter::collectBuffers() {
  std::optional<unsigned> found;
  for (auto buffer : nest.getBody().getOps<BufferOp>()) {
    std::optional<unsigned> place = placeIn(buffer);
    if (!place)
      continue;
    if (found && *found != *place)
      return false;
    found = place;
    buffers.insert(buffer);
  }
  if (!found)
    return false;
  at = *found;
  for (size_t before = 0; before != buffers.size();) {
    before = buffers.size();
    for (EngineInstruction run : runsOf(nest))
      if (!addAlike(run))
        return false;
  }
  constexpr size_t mostDims = 5; // of a tile
  return llvm::all_of(buffers, [&](Operation *op) {
    auto buffer = cast<BufferOp>(op);
    SmallVector<NestDim> dims = dimsOf(buffer);
    if (at >= dims.size() || dims.size() >= mostDims)
      return false;
    const NestDim &dim = dims[at];
    bool isOne = dim.loop < 0 && dim.extent == 1;
    bool isAlong = dim.loop == int(loop) && dim.coef == 1 && dim.perTile == 1 && dim.extra == 0 &&
                   !dim.isClipped && dim.offset % inner == 0 && dim.extent % inner == 0;
    return isOne || isAlong;
  });
}

void LoopSplitter::splitLoops() {
  SmallVector<Attribute> all(loops.begin(), loops.end());
  LoopAttr attr = loops[loop];
  MLIRContext *context = nest.getContext();
  auto made = [&](StringRef suffix, int64_t extent, bool cutLast) {
    std::string name = (attr.getName() + suffix).str();
    return LoopAttr::get(context, name, extent, attr.getReduction(), attr.getGranule(),
                         attr.getWholeUnless(), cutLast, attr.getExact(), attr.getOnPes(),
                         attr.getColumns());
  };
  all[loop] = made(".o", attr.getExtent() / inner, false);
  all.insert(all.begin() + loop + 1, made(".i", inner, attr.getCutLast()));
  nest.setLoopsAttr(ArrayAttr::get(context, all));
}

void LoopSplitter::splitBuffer(BufferOp buffer, unsigned at) {
  SmallVector<NestDim> dims = dimsOf(buffer);
  for (NestDim &dim : dims)
    dim.loop = int(renumbered(dim.loop));
  if (buffers.contains(buffer)) {
    NestDim outer = dims[at], within = dims[at];
    if (outer.loop >= 0) {
      outer.extent /= inner;
      outer.offset /= inner;
      within = NestDim::along(int(loop) + 1, inner);
    }
    dims[at] = outer;
    dims.insert(dims.begin() + at + 1, within);
    if (buffer.getStrides()) {
      SmallVector<int64_t> strides(*buffer.getStrides());
      strides.insert(strides.begin() + at, strides[at] * (outer.loop >= 0 ? inner : 1));
      buffer.setStrides(strides);
    }
    auto type = cast<MemRefType>(buffer.getType());
    SmallVector<int64_t> sizes(dims.size(), ShapedType::kDynamic);
    buffer.getResult().setType(MemRefType::get(sizes, type.getElementType(),
                                               MemRefLayoutAttrInterface(), type.getMemorySpace()));
  }
  setDims(buffer, dims, loops.size() + 1);
}

bool LoopSplitter::split() {
  if (!isFree() || !collectBuffers())
    return false;
  splitLoops();
  for (auto buffer : nest.getBody().getOps<BufferOp>())
    splitBuffer(buffer, at);
  return true;
}

bool slp::splitLoop(NestOp nest, unsigned loop, int64_t inner) {
  return LoopSplitter(nest, loop, inner).split();
}
