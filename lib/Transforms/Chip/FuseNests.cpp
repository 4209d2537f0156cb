//===- FuseNests.cpp - the pass chip-fuse-nests -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "FuseNests.h"

#include "dialects/Chip/ChipKept.h"
#include "dialects/Chip/ChipRegisters.h"
#include "dialects/Chip/TensorOp.h"
#include "lib/Analysis/NestCosts.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>
#include <random>
#include <set>

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

bool slp::coversInOrder(BufferOp buffer) {
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

bool slp::isWrittenOnce(HandOver pair) {
  llvm::SmallDenseSet<int64_t> followed, iterated;
  for (const NestDim &dim : dimsOf(pair.stored))
    if (dim.loop >= 0)
      followed.insert(dim.loop);
  std::optional<ArrayRef<int64_t>> iterates = pair.writer.getIterates();
  for (auto [i, loop] : llvm::enumerate(pair.from.getLoops().getAsRange<LoopAttr>()))
    if (loop.getExtent() > 1 && (!iterates || llvm::is_contained(*iterates, int64_t(i))))
      iterated.insert(int64_t(i));
  return llvm::all_of(iterated, [&](int64_t loop) { return followed.contains(loop); });
}

void slp::noteOrigin(Operation *op, NestOp nest) {
  if (op->hasAttr(ofAttrName))
    return;
  Builder b(op->getContext());
  op->setAttr(ofAttrName, b.getStrArrayAttr({nest.getName(), nest.getOp(), nest.getPhase()}));
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
  noteOrigin(buffer, cast<NestOp>(like->getParentOp()));
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
  if (!pair.isOnly)
    return;
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
  noteOrigin(made, pair.to);
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
/// What was fused of the nest behind.
enum class Fused : uint8_t { nothing, all, part };

struct FuseNests : slp::impl::FuseNestsBase<FuseNests> {
  using Base::Base;
  void runOnOperation() override;
};

/// Fuses the nests of a function.
class Fuser {
public:
  /// `costs`: null: only drains are fused. `takesAll`: whatever it costs, if tiles fit. `random`:
  /// null: nothing is left to chance.
  Fuser(func::FuncOp fn, SymbolTable &symbols, NestCosts *costs, bool takesAll,
        std::mt19937_64 *random)
      : symbols(symbols), costs(costs), takesAll(takesAll), random(random) {
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
  void forget(NestOp nest) {
    for (auto buffer : nest.getBody().getOps<BufferOp>())
      if (buffer.getTensor())
        llvm::erase(users[*buffer.getTensor()], buffer);
  }
  SmallVector<HandOver> handOversOf(BufferOp stored);
  bool isSameInFront(HandOver pair);
  bool fuseOne(NestOp nest, llvm::StringSet<> &gone);
  /// Whether chance leaves a pair as it is, for good.
  bool isLeftOut(const HandOver &pair);
  Fused fuse(HandOver pair);
  bool isWorthIt(HandOver pair);
  void remark(HandOver pair, bool isFused, const std::string &why);

  SymbolTable &symbols;
  NestCosts *costs;
  bool takesAll;
  std::mt19937_64 *random;
  /// A tensor, and the position of a nest that loads it.
  using Pair = std::pair<std::string, size_t>;
  Pair pairOf(const HandOver &pair) const {
    return {BufferOp(pair.stored).getTensor()->str(), positions.lookup(pair.to)};
  }
  std::map<Pair, bool> leftOut;
  std::set<Pair> remarked;
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

bool Fuser::isLeftOut(const HandOver &pair) {
  if (!random)
    return false;
  auto [it, isNew] = leftOut.try_emplace(pairOf(pair), false);
  if (isNew)
    it->second = (*random)() % 2 != 0;
  return it->second;
}

/// Whether accumulators are rounded or classified on their way out, and rectified next.
static bool isOfDrain(HandOver pair) {
  SmallVector<EngineInstruction> runs = runsOf(pair.to);
  return pair.isOnly && runs.size() == 1 && isNamed(runs[0], "v.relu") && !drained(pair) &&
         spaceOf(cast<MemRefType>(pair.writer.getOnlyRead().front().getType())) == Space::acc;
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

/// What `stored` is handed over to, in the order of those who load it: a state to the next of them.
SmallVector<HandOver> Fuser::handOversOf(BufferOp stored) {
  SmallVector<HandOver> found;
  if (!stored.getTensor() || !stored.getStore() || stored.getTotal() || !isInOrder(stored))
    return found;
  auto tensor = symbols.lookup<TensorOp>(*stored.getTensor());
  if (!tensor ||
      (tensor.getRole() != Role::state && (tensor.getRole() != Role::temp || stored.getLoad())))
    return found;
  HandOver pair;
  pair.stored = stored;
  pair.isState = tensor.getRole() == Role::state;
  pair.from = nestOf(stored);
  int64_t all = cast<MemRefType>(tensor.getType()).getNumElements();
  if (elementsOf(stored) != all)
    return found;
  for (EngineInstruction run : runsOf(pair.from))
    if (llvm::is_contained(run.getWritten(), stored.getResult())) {
      if (pair.writer)
        return found;
      pair.writer = run;
    }
  if (!pair.writer)
    return found;
  SmallVector<BufferOp> others;
  for (BufferOp other : users[*stored.getTensor()])
    if (other != stored)
      others.push_back(other);
  // A temporary that others store too is complete behind the last of them.
  if (!pair.isState && llvm::any_of(others, [](BufferOp other) { return other.getStore(); }))
    return found;
  pair.isOnly = !pair.isState && others.size() == 1;
  llvm::stable_sort(
      others, [&](BufferOp a, BufferOp b) { return positions[nestOf(a)] < positions[nestOf(b)]; });
  for (BufferOp other : others) {
    pair.loaded = other;
    pair.to = nestOf(other);
    if (positions[pair.to] <= positions[pair.from])
      continue;
    bool isAllLoaded =
        !other.getStore() && !other.getTotal() && isInOrder(other) && elementsOf(other) == all;
    if (isAllLoaded && areAlikeOverKept(pair) && isSameInFront(pair))
      found.push_back(pair);
    if (pair.isState)
      break;
  }
  return found;
}

/// Whether both nests find registers in one task, which has no others to reload from.
static bool fitRegisters(HandOver pair) {
  unsigned descriptors = 0, numbers = 0, windows = 0;
  for (NestOp nest : {pair.from, pair.to}) {
    for (auto buffer : nest.getBody().getOps<BufferOp>())
      descriptors += 1 + unsigned(buffer.getLoad()) + unsigned(buffer.getStore());
    for (EngineInstruction run : runsOf(nest))
      for (const mach::FieldInfo &field : run.getInfo().layout.fields) {
        Attribute value = run->getAttr(StringRef(field.name));
        numbers += isa_and_nonnull<FloatAttr>(value);
        windows += isa_and_nonnull<DenseI64ArrayAttr>(value);
      }
  }
  // The host may have one more of these.
  return descriptors <= descriptorRegisters && numbers < hyperRegisters - firstFreeHyper &&
         windows <= geometryRegisters;
}

/// The kinds that more than drains have.
static Fused fuseBeyondDrains(HandOver pair) {
  if (coversInOrder(pair.loaded) && fuseElementwise(pair))
    return Fused::all;
  return fuseChannels(pair) ? Fused::part : Fused::nothing;
}

/// The same operation in a clone.
template <typename OpTy> static OpTy counterpart(OpTy op, NestOp nest, NestOp clone) {
  for (auto [one, other] : llvm::zip_equal(nest.getBody().front(), clone.getBody().front()))
    if (&one == op.getOperation())
      return cast<OpTy>(&other);
  return OpTy();
}

/// Says, once, what becomes of a pair and why.
void Fuser::remark(HandOver pair, bool isFused, const std::string &why) {
  if (!remarked.insert(pairOf(pair)).second)
    return;
  auto opts = remark::RemarkOpts::name("fusion").category("fusion");
  Location loc = pair.to.getLoc();
  auto r = isFused ? remark::passed(loc, opts) : remark::missed(loc, opts);
  if (r)
    r << pair.to.getOp().str() + (isFused ? ": on the tiles of " : ": not on the tiles of ") +
             pair.from.getOp().str() + " of node \"" + pair.from.getName().str() + "\": " + why;
}

/// Whether the pair fits as one nest and takes less time so, by a trial on clones.
bool Fuser::isWorthIt(HandOver pair) {
  HandOver trial = pair;
  OpBuilder b(pair.from);
  trial.from = cast<NestOp>(b.clone(*pair.from));
  trial.to = cast<NestOp>(b.clone(*pair.to));
  trial.stored = counterpart(pair.stored, pair.from, trial.from);
  trial.writer = counterpart(pair.writer, pair.from, trial.from);
  trial.loaded = counterpart(pair.loaded, pair.to, trial.to);
  Fused fused = fuseBeyondDrains(trial);
  bool isWorth = false;
  if (fused != Fused::nothing && !takesAll && costs->expels(trial.from, pair.from)) {
    remark(pair, false, "a tensor would lose its place on the chip");
  } else if (fused != Fused::nothing) {
    std::optional<double> one = costs->cyclesOf(pair.from, pair.from),
                          two = costs->cyclesOf(pair.to, pair.to),
                          together = costs->cyclesOf(trial.from, pair.from), rest = 0;
    if (fused == Fused::part)
      rest = costs->cyclesOf(trial.to, pair.to);
    bool fits = together && rest;
    isWorth = fits && (takesAll || !one || !two || *together + *rest < *one + *two);
    if (fits && one && two)
      remark(
          pair, isWorth,
          llvm::formatv("{0:f0} cycles by estimate, apart {1:f0}", *together + *rest, *one + *two)
              .str());
    else if (!fits)
      remark(pair, false, "no tiles would fit");
  }
  // Temporaries that the trial has made.
  llvm::StringSet<> known;
  for (NestOp nest : {pair.from, pair.to})
    for (auto buffer : nest.getBody().getOps<BufferOp>())
      if (buffer.getTensor())
        known.insert(*buffer.getTensor());
  ModuleOp module = pair.from->getParentOfType<ModuleOp>();
  for (auto buffer : trial.from.getBody().getOps<BufferOp>())
    if (buffer.getTensor() && known.insert(*buffer.getTensor()).second)
      SymbolTable::lookupSymbolIn(module, buffer.getTensorAttr().getAttr())->erase();
  trial.from.erase();
  trial.to.erase();
  return isWorth;
}

/// The first kind that takes the pair.
Fused Fuser::fuse(HandOver pair) {
  bool isAlong = coversInOrder(pair.loaded);
  if (pair.isState)
    return isAlong && fuseCopy(pair) ? Fused::all : Fused::nothing;
  if (isAlong && pair.isOnly && (fuseRound(pair) || (fitRegisters(pair) && fuseClassify(pair))))
    return Fused::all;
  if (isAlong && isOfDrain(pair) && fuseElementwise(pair))
    return Fused::all;
  if (!costs || !fitRegisters(pair) || !isWorthIt(pair))
    return Fused::nothing;
  return fuseBeyondDrains(pair);
}

bool Fuser::fuseOne(NestOp nest, llvm::StringSet<> &gone) {
  for (auto stored : nest.getBody().getOps<BufferOp>())
    for (const HandOver &pair : handOversOf(stored)) {
      if (isLeftOut(pair))
        continue;
      std::string tensor = stored.getTensor()->str();
      forget(pair.from);
      forget(pair.to);
      Fused fused = fuse(pair);
      note(pair.from);
      if (fused != Fused::all)
        note(pair.to);
      if (fused == Fused::nothing)
        continue;
      noteFused(pair);
      if (pair.isOnly)
        gone.insert(tensor);
      if (fused == Fused::all) {
        nests[positions[pair.to]] = NestOp();
        NestOp(pair.to).erase();
      }
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
  FailureOr<chip::Chip> chip = chip::Chip();
  std::optional<NestCosts> costs;
  if (!drainsOnly) {
    chip = chipOf(module);
    if (failed(chip))
      return signalPassFailure();
    costs.emplace(module, *chip, cores, homes);
  }
  std::mt19937_64 random(seed); // standardised sequence: the same on any host
  for (auto fn : module.getOps<func::FuncOp>())
    Fuser(fn, symbols, costs ? &*costs : nullptr, all, seed ? &random : nullptr).run(gone);
  // Another function may still have it.
  module.walk([&](BufferOp buffer) {
    if (buffer.getTensor())
      gone.erase(*buffer.getTensor());
  });
  for (const auto &name : gone)
    symbols.erase(symbols.lookup(name.getKey()));
}
