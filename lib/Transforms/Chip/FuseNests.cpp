//===- FuseNests.cpp - the pass chip-fuse-nests -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

#include "dialects/Chip/ChipKept.h"
#include "dialects/Chip/TensorOp.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace slp {
#define GEN_PASS_DEF_FUSENESTS
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

//===----------------------------------------------------------------------------------------===//
// Pieces that the kinds share
//===----------------------------------------------------------------------------------------===//

SmallVector<EngineInstruction> slp::runsOf(NestOp nest) {
  return llvm::to_vector(nest.getBody().getOps<EngineInstruction>());
}

bool slp::isNamed(EngineInstruction run, StringRef mnemonic) {
  return StringRef(run.getInfo().layout.name) == mnemonic;
}

BufferOp slp::drained(HandOver pair) {
  std::optional<ArrayAttr> captures = pair.writer.getCaptures();
  bool isOfTrain = captures && !cast<StringAttr>((*captures)[0]).empty();
  if (isOfTrain || !isNamed(pair.writer, "v.round"))
    return nullptr;
  auto source = pair.writer.getOnlyRead().front().getDefiningOp<BufferOp>();
  auto from = cast<MemRefType>(source.getType()), to = cast<MemRefType>(pair.stored.getType());
  return from.getElementType() == to.getElementType() && spaceOf(from) == Space::acc ? source
                                                                                     : BufferOp();
}

/// Elements that the extents hold.
static int64_t elementsOf(BufferOp buffer) {
  int64_t elements = 1;
  for (int64_t extent : buffer.getExtents())
    elements *= extent;
  return elements;
}

/// Whether element i of the logical tensor, row by row, is element i of the tensor in DRAM.
static bool isInOrder(BufferOp buffer) { return buffer.getFirst() == 0 && !buffer.getStrides(); }

/// Whether the buffer has all elements of its tensor, along loops one to one, in the tensor's
/// order.
static bool coversInOrder(BufferOp buffer) {
  auto nest = cast<NestOp>(buffer->getParentOp());
  llvm::DenseSet<int> loops;
  for (const NestDim &dim : dimsOf(buffer)) {
    bool isAlong = dim.loop >= 0 && dim.coef == 1 && dim.offset == 0 && dim.perTile == 1 &&
                   dim.extra == 0 && loops.insert(dim.loop).second;
    if (!isAlong || cast<LoopAttr>(nest.getLoops()[size_t(dim.loop)]).getExtent() != dim.extent)
      return false;
  }
  return loops.size() == nest.getLoops().size() && isInOrder(buffer);
}

/// The shape of a buffer's tensor in DRAM.
static ArrayRef<int64_t> shapeOf(BufferOp buffer) {
  auto tensor = SymbolTable::lookupNearestSymbolFrom<TensorOp>(buffer, buffer.getTensorAttr());
  return cast<MemRefType>(tensor.getType()).getShape();
}

bool slp::isAlike(HandOver pair, BufferOp result) {
  return coversInOrder(result) && shapeOf(result) == shapeOf(pair.stored);
}

/// A copy of `like` behind the buffers of `nest`.
static BufferOp appendBuffer(NestOp nest, BufferOp like, Space space) {
  Operation *last = nullptr;
  for (auto buffer : nest.getBody().getOps<BufferOp>())
    last = buffer;
  OpBuilder b(nest.getContext());
  b.setInsertionPointAfter(last);
  auto buffer = cast<BufferOp>(b.clone(*like));
  buffer->setLoc(nest.getLoc());
  auto type = cast<MemRefType>(buffer.getType());
  buffer.getResult().setType(MemRefType::get(type.getShape(), type.getElementType(),
                                             MemRefLayoutAttrInterface(),
                                             SpaceAttr::get(nest.getContext(), space)));
  return buffer;
}

BufferOp slp::addBufferAlong(HandOver pair, BufferOp like) {
  auto type = cast<MemRefType>(pair.stored.getType());
  BufferOp buffer = appendBuffer(pair.from, like, spaceOf(type));
  setDims(buffer, dimsOf(pair.stored), pair.from.getLoops().size());
  buffer.getResult().setType(MemRefType::get(type.getShape(),
                                             cast<MemRefType>(like.getType()).getElementType(),
                                             MemRefLayoutAttrInterface(), type.getMemorySpace()));
  return buffer;
}

BufferOp slp::addWholeBuffer(HandOver pair, BufferOp like, Space space) {
  BufferOp buffer = appendBuffer(pair.from, like, space);
  setDims(buffer, dimsOf(like), pair.from.getLoops().size());
  return buffer;
}

void slp::keepOnChip(HandOver pair) {
  BufferOp stored = pair.stored;
  stored.removeTensorAttr();
  stored.setStore(false);
}

EngineInstruction slp::addRun(HandOver pair, EngineInstruction run, ValueRange buffers) {
  NestOp nest = pair.from;
  OpBuilder b = OpBuilder::atBlockEnd(&nest.getBody().front());
  Operation *made = b.clone(*run);
  made->setLoc(nest.getLoc());
  made->setOperands(buffers);
  made->removeAttr("iterates");
  if (std::optional<ArrayRef<int64_t>> loops = pair.writer.getIterates())
    made->setAttr("iterates", b.getDenseI64ArrayAttr(*loops));
  return cast<EngineInstruction>(made);
}

void slp::noteFused(HandOver pair) {
  NestOp from = pair.from, to = pair.to;
  SmallVector<Attribute> fused;
  if (from.getFused())
    llvm::append_range(fused, *from.getFused());
  fused.push_back(to.getOpAttr());
  if (to.getFused())
    llvm::append_range(fused, *to.getFused());
  from.setFusedAttr(ArrayAttr::get(from.getContext(), fused));
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

namespace {
struct FuseNests : slp::impl::FuseNestsBase<FuseNests> {
  using Base::Base;
  void runOnOperation() override;
};

/// Fuses the nests of a function.
class Fuser {
public:
  Fuser(func::FuncOp fn, SymbolTable &symbols) : symbols(symbols) {
    for (auto nest : fn.getOps<NestOp>()) {
      positions[nest] = nests.size();
      nests.push_back(nest);
      note(nest);
    }
  }

  /// Adds the tensors that are needed no more to `gone`.
  void run(llvm::StringSet<> &gone);

private:
  void note(NestOp nest) {
    for (auto buffer : nest.getBody().getOps<BufferOp>())
      if (buffer.getTensor())
        users[*buffer.getTensor()].push_back(buffer);
  }
  BufferOp loadBehind(BufferOp stored, Role role);
  std::optional<HandOver> handOverOf(BufferOp stored);
  bool isSameInFront(HandOver pair);
  bool fuseOne(NestOp nest, llvm::StringSet<> &gone);

  SymbolTable &symbols;
  SmallVector<NestOp> nests; // null where it is gone
  llvm::DenseMap<Operation *, size_t> positions;
  llvm::StringMap<SmallVector<BufferOp>> users; // buffers of a tensor, in all nests
};
} // namespace

static NestOp nestOf(BufferOp buffer) { return cast<NestOp>(buffer->getParentOp()); }

/// Whether all that `to` touches besides what it is handed is the same where `from` stands.
bool Fuser::isSameInFront(HandOver pair) {
  size_t first = positions[pair.from], last = positions[pair.to];
  NestOp to = pair.to;
  for (auto buffer : to.getBody().getOps<BufferOp>()) {
    if (buffer == pair.loaded || !buffer.getTensor())
      continue;
    for (BufferOp other : users[*buffer.getTensor()]) {
      size_t position = positions[nestOf(other)];
      bool isBetween = position >= first && position < last;
      if (isBetween && (buffer.getStore() || other.getStore()))
        return false;
    }
  }
  return true;
}

/// The buffer that loads next what `stored` stores, if it is the only one or the tensor is a state;
/// null if there is none.
BufferOp Fuser::loadBehind(BufferOp stored, Role role) {
  BufferOp next;
  for (BufferOp other : users[*stored.getTensor()]) {
    if (other == stored)
      continue;
    if (role == Role::temp && next)
      return nullptr;
    bool isBehind = positions[nestOf(other)] > positions[nestOf(stored)];
    bool isNearer = !next || positions[nestOf(other)] < positions[nestOf(next)];
    if (role == Role::temp || (isBehind && isNearer))
      next = other;
  }
  return next;
}

/// Whether tiles of the buffer are those of images of a list.
static bool isOverKept(BufferOp buffer) {
  std::optional<KeptLoop> kept = KeptLoop::of(nestOf(buffer));
  return kept && llvm::any_of(dimsOf(buffer),
                              [&](const NestDim &dim) { return dim.loop == int(kept->loop); });
}

/// Whether both nests have the same tiles: those of one list of images, or those of all.
static bool areAlikeOverKept(HandOver pair) {
  bool isListed = isOverKept(pair.loaded);
  return isOverKept(pair.stored) == isListed && (isListed || !pair.to->hasAttr(keptAttrName));
}

/// What `stored` is handed over to, if it is of the form that the kinds ask for.
std::optional<HandOver> Fuser::handOverOf(BufferOp stored) {
  if (!stored.getTensor() || !stored.getStore() || stored.getTotal())
    return std::nullopt;
  auto tensor = symbols.lookup<TensorOp>(*stored.getTensor());
  if (!tensor ||
      (tensor.getRole() != Role::state && (tensor.getRole() != Role::temp || stored.getLoad())))
    return std::nullopt;
  HandOver pair;
  pair.stored = stored;
  pair.loaded = loadBehind(stored, tensor.getRole());
  if (!pair.loaded)
    return std::nullopt;
  pair.isKept = tensor.getRole() == Role::state;
  pair.from = nestOf(stored);
  pair.to = nestOf(pair.loaded);
  int64_t all = cast<MemRefType>(tensor.getType()).getNumElements();
  if (positions[pair.from] >= positions[pair.to] || pair.loaded.getStore() ||
      !areAlikeOverKept(pair) || elementsOf(stored) != all || !isInOrder(stored) ||
      elementsOf(pair.loaded) != all || !coversInOrder(pair.loaded))
    return std::nullopt;
  for (EngineInstruction run : runsOf(pair.from))
    if (llvm::is_contained(run.getWritten(), stored.getResult())) {
      if (pair.writer)
        return std::nullopt;
      pair.writer = run;
    }
  if (!pair.writer || !isSameInFront(pair))
    return std::nullopt;
  return pair;
}

bool Fuser::fuseOne(NestOp nest, llvm::StringSet<> &gone) {
  for (auto stored : nest.getBody().getOps<BufferOp>()) {
    std::optional<HandOver> pair = handOverOf(stored);
    if (!pair)
      continue;
    std::string tensor = stored.getTensor()->str();
    bool isFused = pair->isKept ? fuseCopy(*pair)
                                : fuseRound(*pair) || fuseClassify(*pair) || fuseRectify(*pair);
    if (!isFused)
      continue;
    noteFused(*pair);
    if (!pair->isKept) {
      gone.insert(tensor);
      users.erase(tensor);
    }
    for (auto buffer : pair->to.getBody().getOps<BufferOp>())
      if (buffer.getTensor())
        llvm::erase(users[*buffer.getTensor()], buffer);
    nests[positions[pair->to]] = NestOp();
    pair->to.erase();
    for (auto buffer : nest.getBody().getOps<BufferOp>())
      if (buffer.getTensor() && !llvm::is_contained(users[*buffer.getTensor()], buffer))
        users[*buffer.getTensor()].push_back(buffer);
    return true;
  }
  return false;
}

void Fuser::run(llvm::StringSet<> &gone) {
  for (size_t i = 0; i < nests.size(); ++i)
    while (nests[i] && fuseOne(nests[i], gone)) {
    }
}

void FuseNests::runOnOperation() {
  ModuleOp module = getOperation();
  SymbolTable symbols(module);
  llvm::StringSet<> gone;
  for (auto fn : module.getOps<func::FuncOp>())
    Fuser(fn, symbols).run(gone);
  // Another function may still have it.
  module.walk([&](BufferOp buffer) {
    if (buffer.getTensor())
      gone.erase(*buffer.getTensor());
  });
  for (const auto &name : gone)
    symbols.erase(symbols.lookup(name.getKey()));
}
