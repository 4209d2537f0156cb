//===- AlignNests.cpp - the coordinates of one nest in another --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

static bool isSame(const NestDim &a, const NestDim &b) {
  return a.loop == b.loop && a.coef == b.coef && a.offset == b.offset && a.perTile == b.perTile &&
         a.extra == b.extra && a.extent == b.extent && a.isClipped == b.isClipped;
}

/// A dimension of one coordinate, which serves all.
static bool isOne(const NestDim &dim) { return dim.loop < 0 && dim.extent == 1; }

Alignment::Alignment(HandOver pair)
    : pair(pair), ofLoaded(dimsOf(pair.loaded)), ofStored(dimsOf(pair.stored)) {
  size_t i = 0, j = 0;
  while (i < ofLoaded.size() || j < ofStored.size()) {
    Group group;
    int64_t inLoaded = 1, inStored = 1;
    auto takeLoaded = [&] {
      inLoaded *= ofLoaded[i].extent;
      group.loaded.push_back(unsigned(i++));
    };
    auto takeStored = [&] {
      inStored *= ofStored[j].extent;
      group.stored.push_back(unsigned(j++));
    };
    if (i < ofLoaded.size())
      takeLoaded();
    else
      takeStored();
    while (inLoaded != inStored || group.stored.empty()) {
      bool needsStored = inStored < inLoaded || inLoaded == inStored;
      if (needsStored && j < ofStored.size())
        takeStored();
      else if (!needsStored && i < ofLoaded.size())
        takeLoaded();
      else
        break;
    }
    all.push_back(std::move(group));
  }
  // What is left has one coordinate.
  while (all.size() > 1 && (all.back().loaded.empty() || all.back().stored.empty())) {
    Group last = all.pop_back_val();
    all.back().loaded.append(last.loaded);
    all.back().stored.append(last.stored);
  }
}

std::optional<SmallVector<NestDim>> Alignment::dimsInFrom(BufferOp buffer) const {
  SmallVector<NestDim> dims = dimsOf(buffer), result;
  if (dims.empty() && !ofLoaded.empty()) // one number
    return result;
  if (dims.size() != ofLoaded.size())
    return std::nullopt;
  for (const Group &group : all) {
    bool serves = true, follows = true;
    for (unsigned d : group.loaded) {
      serves &= isOne(dims[d]);
      follows &= isSame(dims[d], ofLoaded[d]);
    }
    if (!serves && !follows)
      return std::nullopt;
    for (unsigned d : group.stored)
      result.push_back(follows ? ofStored[d] : NestDim::whole(1));
  }
  return result;
}

bool Adoption::canAdopt(EngineInstruction run, ValueRange others) const {
  for (Value operand : run->getOperands()) {
    auto buffer = operand.getDefiningOp<BufferOp>();
    if (buffer == pair.loaded || llvm::is_contained(others, operand))
      continue;
    if (buffer.getTotal() || buffer.getFirst() != 0 || buffer.getStrides() ||
        !alignment.dimsInFrom(buffer))
      return false;
  }
  return true;
}

/// A tile of the same tensor that is loaded already, or null.
static BufferOp sameIn(NestOp nest, BufferOp wanted, ArrayRef<NestDim> dims, Space space) {
  if (!wanted.getTensor() || !wanted.getLoad() || wanted.getStore())
    return nullptr;
  for (auto buffer : nest.getBody().getOps<BufferOp>()) {
    SmallVector<NestDim> has = dimsOf(buffer);
    if (buffer.getTensor() == wanted.getTensor() && buffer.getLoad() && !buffer.getStore() &&
        !buffer.getStrides() && spaceOf(cast<MemRefType>(buffer.getType())) == space &&
        has.size() == dims.size() && llvm::equal(has, dims, isSame))
      return buffer;
  }
  return nullptr;
}

Value Adoption::bufferFor(Value of) {
  if (of == pair.loaded.getResult())
    return pair.stored.getResult();
  Value &made = known[of];
  if (made)
    return made;
  auto buffer = of.getDefiningOp<BufferOp>();
  SmallVector<NestDim> dims = *alignment.dimsInFrom(buffer);
  Space space = spaceOf(cast<MemRefType>(pair.stored.getType()));
  if (BufferOp same = sameIn(pair.from, buffer, dims, space))
    return made = same.getResult();
  Operation *last = nullptr;
  for (auto other : pair.from.getBody().getOps<BufferOp>())
    last = other;
  OpBuilder b(pair.from.getContext());
  b.setInsertionPointAfter(last);
  auto copy = cast<BufferOp>(b.clone(*buffer));
  copy->setLoc(pair.from.getLoc());
  noteOrigin(copy, pair.to);
  SmallVector<int64_t> sizes(dims.size(), ShapedType::kDynamic);
  copy.getResult().setType(
      MemRefType::get(sizes, cast<MemRefType>(buffer.getType()).getElementType(),
                      MemRefLayoutAttrInterface(), SpaceAttr::get(pair.from.getContext(), space)));
  setDims(copy, dims, pair.from.getLoops().size());
  return made = copy.getResult();
}

EngineInstruction Adoption::adopt(EngineInstruction run) {
  SmallVector<Value> buffers;
  for (Value operand : run->getOperands())
    buffers.push_back(bufferFor(operand));
  EngineInstruction made = addRun(pair, run, buffers);
  if (!run.getInFront())
    return made;
  // In front of all loops that its result does not follow.
  SmallVector<int64_t> loops;
  for (Value result : made.getWritten())
    for (const NestDim &dim : dimsOf(result.getDefiningOp<BufferOp>()))
      if (dim.loop >= 0 && !llvm::is_contained(loops, dim.loop))
        loops.push_back(dim.loop);
  made->setAttr("iterates", DenseI64ArrayAttr::get(made.getContext(), loops));
  return made;
}
