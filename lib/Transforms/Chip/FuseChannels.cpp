//===- FuseChannels.cpp - sums by channel of tiles that have just been made -------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Statistics, gradients of biases and the sums of a normalisation's gradient are parts, one for
// each image, channel and strip of 8 columns, that are joined in order (docs/numerics.md section
// 5). Parts of a tile are made where the tile is, and stored; what joins them stays where it was.
// Rows of a strip come in order, so the loops over rows become reductions, and a tile has whole
// strips.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

#include "dialects/Chip/TensorOp.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

static constexpr int64_t strip = 8;

static LoopAttr loopOf(NestOp nest, int loop) {
  return cast<LoopAttr>(nest.getLoops()[size_t(loop)]);
}

static void setLoop(NestOp nest, int loop, LoopAttr to) {
  SmallVector<Attribute> loops(nest.getLoops().getAsRange<Attribute>());
  loops[size_t(loop)] = to;
  nest.setLoopsAttr(ArrayAttr::get(nest.getContext(), loops));
}

namespace {
/// What `loaded` is, dimension by dimension.
struct ChannelDims {
  int columns;             // its dimension
  SmallVector<int> images; // none, or one
  int channels;
  SmallVector<int> rows;
};
} // namespace

static ChannelDims channelDimsOf(size_t rank) {
  if (rank == 2)
    return {0, {}, 1, {}};
  ChannelDims dims{int(rank) - 1, {0}, 1, {}};
  for (size_t d = 2; d + 1 < rank; ++d)
    dims.rows.push_back(int(d));
  return dims;
}

namespace {
/// The fusion of one pair.
class ChannelFusion {
public:
  explicit ChannelFusion(HandOver pair) : pair(pair), alignment(pair) {}
  bool run();

private:
  bool findRuns();
  bool findDims();
  int64_t stripFactor() const;
  bool canCoarsen() const;
  void coarsen();
  void orderRows();
  SmallVector<NestDim> partDims(BufferOp part) const;
  void moveParts();

  HandOver pair;
  Alignment alignment;
  SmallVector<EngineInstruction> inFront;
  EngineInstruction parts;
  SmallVector<Value> partBuffers;
  SmallVector<NestDim> ofStored;
  // Dimensions of `stored`.
  SmallVector<unsigned> images, channels, rows;
  unsigned columns = 0;
};
} // namespace

/// What makes parts, and what it reads of statistics; everything else joins parts.
bool ChannelFusion::findRuns() {
  for (EngineInstruction run : runsOf(pair.to)) {
    if (isNamed(run, "v.statistics") || isNamed(run, "v.channel.sums") ||
        isNamed(run, "v.normalize.channel.sums"))
      parts = run;
    else if (isNamed(run, "v.inverse.deviation"))
      inFront.push_back(run);
    else if (!isNamed(run, "v.statistics.join") && !isNamed(run, "v.channel.join") &&
             !isNamed(run, "v.fill"))
      return false;
  }
  if (!parts || parts->getOperand(unsigned(parts.getWritten().size())) != pair.loaded.getResult())
    return false;
  llvm::append_range(partBuffers, parts.getWritten());
  Adoption adoption(pair, alignment);
  for (EngineInstruction run : inFront)
    if (!adoption.canAdopt(run))
      return false;
  return adoption.canAdopt(parts, partBuffers);
}

/// Each dimension by itself, so that strips are strips.
bool ChannelFusion::findDims() {
  ofStored = dimsOf(pair.stored);
  ChannelDims dims = channelDimsOf(dimsOf(pair.loaded).size());
  for (const Alignment::Group &group : alignment.groups()) {
    if (group.loaded.size() != 1)
      return false;
    auto d = int(group.loaded.front());
    SmallVector<unsigned> found;
    for (unsigned s : group.stored) // beside others one coordinate is none
      if (ofStored[s].extent != 1 || d == dims.channels || group.stored.size() == 1)
        found.push_back(s);
    if (d == dims.channels)
      channels = found;
    else if (found.size() != 1)
      return false;
    else if (d == dims.columns)
      columns = found.front();
    else if (llvm::is_contained(dims.images, d))
      images = found;
    else
      rows.push_back(found.front());
  }
  // (n, group, c, row, column), or the dimensions that `loaded` has.
  bool isGrouped = channels.size() == 2 && images.size() == 1 && rows.size() == 1;
  if (channels.size() != 1 && !isGrouped)
    return false;
  size_t used = images.size() + channels.size() + rows.size() + 1;
  if (used != ofStored.size())
    return false;
  SmallVector<unsigned> rank2 = {columns, channels.front()}, all(images);
  all.append(channels);
  all.append(rows);
  all.push_back(columns);
  if (images.empty())
    all = rank2;
  if (!llvm::is_sorted(all))
    return false;
  // Parts follow a loop as images and channels do; rows come in order if a loop alone moves them.
  auto isPlain = [&](unsigned d) {
    const NestDim &dim = ofStored[d];
    return dim.offset == 0 && dim.coef == dim.perTile && dim.extra == 0;
  };
  return llvm::all_of(all, isPlain);
}

/// By so much the loop over columns has to be coarser, so that its steps are whole strips.
int64_t ChannelFusion::stripFactor() const {
  return strip / std::gcd(strip, ofStored[columns].coef);
}

/// Whether the loop over columns may have coarser steps, and the rows an order.
bool ChannelFusion::canCoarsen() const {
  NestOp from = pair.from;
  int loop = ofStored[columns].loop;
  if (loop >= 0) {
    LoopAttr attr = loopOf(from, loop);
    bool isElsewhere = llvm::any_of(from.getLoops().getAsRange<LoopAttr>(),
                                    [&](LoopAttr l) { return l.getWholeUnless() == loop; });
    if (attr.getOnPes() || attr.getExact() || attr.getReduction() || isElsewhere ||
        attr.getWholeUnless() >= 0)
      return false;
    // A tile that is moved against another has to have its size, which padding around one and the
    // end of the other would part.
    for (auto buffer : from.getBody().getOps<BufferOp>())
      for (const NestDim &dim : dimsOf(buffer))
        if (dim.loop == loop && dim.extra == 0 && dim.offset != 0)
          return false;
    if (llvm::any_of(runsOf(from), [](EngineInstruction run) { return isNamed(run, "v.copy"); }))
      return false;
  }
  for (unsigned row : rows) {
    int of = ofStored[row].loop;
    if (of >= 0 && (loopOf(from, of).getOnPes() || loopOf(from, of).getReduction() ||
                    loopOf(from, of).getWholeUnless() >= 0))
      return false;
  }
  return true;
}

void ChannelFusion::coarsen() {
  int loop = ofStored[columns].loop;
  int64_t factor = loop < 0 ? 1 : stripFactor();
  if (factor == 1)
    return;
  LoopAttr attr = loopOf(pair.from, loop);
  int64_t granule = std::lcm(attr.getGranule(), factor) / factor;
  setLoop(pair.from, loop,
          LoopAttr::get(pair.from.getContext(), attr.getName(),
                        llvm::divideCeil(attr.getExtent(), factor), attr.getReduction(), granule,
                        attr.getWholeUnless(), attr.getCutLast(), attr.getExact(), attr.getOnPes(),
                        std::max<int64_t>(1, attr.getColumns() / factor)));
  for (auto buffer : pair.from.getBody().getOps<BufferOp>()) {
    SmallVector<NestDim> dims = dimsOf(buffer);
    for (NestDim &dim : dims)
      if (dim.loop == loop) {
        // A last strip may be short, and a tile has no need to be longer than that; where windows
        // reach beyond it, padding is part of the tile.
        dim.isClipped |= dim.extra == 0 && dim.offset == 0;
        dim.coef *= factor;
        dim.perTile *= factor;
      }
    setDims(buffer, dims, pair.from.getLoops().size());
  }
  ofStored = dimsOf(pair.stored);
}

/// Rows of a strip in order: of several dimensions of rows the inner ones are cut only where the
/// outer ones go one by one.
void ChannelFusion::orderRows() {
  int outer = -1;
  for (unsigned row : rows) {
    int loop = ofStored[row].loop;
    if (loop < 0)
      continue;
    LoopAttr attr = loopOf(pair.from, loop);
    setLoop(pair.from, loop,
            LoopAttr::get(pair.from.getContext(), attr.getName(), attr.getExtent(),
                          /*reduction=*/true, attr.getGranule(), outer, attr.getCutLast(),
                          attr.getExact(), attr.getOnPes(), attr.getColumns()));
    if (attr.getExtent() > 1)
      outer = loop;
  }
}

/// (image, channels, strip) in `from`, and what else a part has.
SmallVector<NestDim> ChannelFusion::partDims(BufferOp part) const {
  SmallVector<NestDim> inTo = dimsOf(part), dims;
  dims.push_back(images.empty() ? NestDim::whole(1) : ofStored[images.front()]);
  for (unsigned d : channels)
    dims.push_back(ofStored[d]);
  NestDim strips = ofStored[columns];
  strips.extent = int64_t(llvm::divideCeil(strips.extent, strip));
  if (strips.loop >= 0) {
    strips.coef /= strip;
    strips.perTile /= strip;
  } else {
    strips = NestDim::whole(strips.extent);
  }
  strips.isClipped = true;
  dims.push_back(strips);
  for (const NestDim &dim : ArrayRef(inTo).drop_front(3))
    dims.push_back(dim);
  return dims;
}

/// A temporary for parts, named after the first result that is made of them.
static TensorOp createParts(NestOp to, BufferOp part) {
  ModuleOp module = to->getParentOfType<ModuleOp>();
  std::string name;
  for (Operation *user : part.getResult().getUsers())
    if (auto join = dyn_cast<EngineInstruction>(user))
      if (llvm::is_contained(join.getOnlyRead(), part.getResult()))
        name = join.getWritten().front().getDefiningOp<BufferOp>().getTensor()->str() + ".parts";
  while (SymbolTable::lookupSymbolIn(module, name)) // the graph has such a tensor
    name += '_';
  OpBuilder b(module.getContext());
  b.setInsertionPoint(*module.getOps<func::FuncOp>().begin());
  SmallVector<int64_t> shape(part.getExtents());
  auto type =
      MemRefType::get(shape, cast<MemRefType>(part.getType()).getElementType(),
                      MemRefLayoutAttrInterface(), SpaceAttr::get(b.getContext(), Space::dram));
  return TensorOp::create(b, to.getLoc(), b.getStringAttr(name), TypeAttr::get(type),
                          RoleAttr::get(b.getContext(), Role::temp), Attribute(), Attribute(),
                          IntegerAttr(), FlatSymbolRefAttr(), SpaceAttr(), LayoutAttr());
}

void ChannelFusion::moveParts() {
  Alignment coarser(pair);
  Adoption adoption(pair, coarser);
  Space space = spaceOf(cast<MemRefType>(pair.stored.getType()));
  for (Value made : partBuffers) {
    auto part = made.getDefiningOp<BufferOp>();
    auto tensor = FlatSymbolRefAttr::get(createParts(pair.to, part).getSymNameAttr());
    BufferOp inFrom = addWholeBuffer(pair, part, space);
    SmallVector<NestDim> dims = partDims(part);
    SmallVector<int64_t> sizes(dims.size(), ShapedType::kDynamic);
    auto type = cast<MemRefType>(part.getType());
    inFrom.getResult().setType(MemRefType::get(sizes, type.getElementType(),
                                               MemRefLayoutAttrInterface(),
                                               SpaceAttr::get(inFrom.getContext(), space)));
    setDims(inFrom, dims, pair.from.getLoops().size());
    inFrom.setTensorAttr(tensor);
    inFrom.setStore(true);
    adoption.replace(made, inFrom.getResult());
    part.setTensorAttr(tensor);
    part.setLoad(true);
  }
  for (EngineInstruction run : inFront)
    adoption.adopt(run);
  adoption.adopt(parts);
  // What joins them needs nothing else.
  parts->erase();
  for (EngineInstruction run : inFront)
    run->erase();
  for (int row : channelDimsOf(dimsOf(pair.loaded).size()).rows) {
    int loop = dimsOf(pair.loaded)[size_t(row)].loop;
    if (loop < 0) // one row
      continue;
    LoopAttr attr = loopOf(pair.to, loop);
    setLoop(pair.to, loop,
            LoopAttr::get(pair.to.getContext(), attr.getName(), /*extent=*/1, attr.getReduction(),
                          /*granule=*/1, attr.getWholeUnless(), attr.getCutLast(), attr.getExact(),
                          attr.getOnPes(), attr.getColumns()));
  }
  for (auto buffer : llvm::make_early_inc_range(pair.to.getBody().getOps<BufferOp>()))
    if (buffer.getResult().use_empty())
      buffer.erase();
}

bool ChannelFusion::run() {
  if (!isWrittenOnce(pair) || !findRuns() || !findDims() || !canCoarsen())
    return false;
  coarsen();
  orderRows();
  keepOnChip(pair);
  moveParts();
  return true;
}

bool slp::fuseChannels(HandOver pair) { return ChannelFusion(pair).run(); }
