//===- HomePlan.cpp - which tensors may stay on the chip between nests ------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/HomePlan.h"

#include "dialects/Chip/ChipKept.h"
#include "dialects/Mach/ElementFormat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

#include <random>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

/// As chip-place-buffers aligns buffers.
static constexpr int64_t alignment = 16;

bool HomeCandidate::livesWith(const HomeCandidate &other) const {
  return llvm::any_of(llvm::zip_equal(life, other.life), [](const auto &lives) {
    const auto &[one, two] = lives;
    return one && two && one->overlaps(*two);
  });
}

double HomeCandidate::worth() const {
  double transfers = 0, nests = 0;
  for (BufferOp buffer : buffers)
    transfers += int(BufferOp(buffer).getLoad()) + int(BufferOp(buffer).getStore());
  for (const std::optional<NestLife> &at : life)
    if (at)
      nests += double(at->last - at->first + 1);
  return transfers / nests;
}

bool HomePlan::isResident(BufferOp buffer) const {
  return isInShared(buffer) && buffer.getTensor() && names.count(*buffer.getTensor());
}

/// Whether a nest whose loops are not cut has all of the logical tensor in one tile, and no padding
/// around it.
static bool isOneTile(BufferOp buffer) {
  SmallVector<int64_t> whole;
  for (Attribute loop : cast<NestOp>(buffer->getParentOp()).getLoops())
    whole.push_back(cast<LoopAttr>(loop).getExtent());
  return llvm::all_of(dimsOf(buffer), [&](const NestDim &dim) {
    return dim.offset == 0 && dim.sizeIn(whole) == dim.extent;
  });
}

/// Whether a nest can have the tensor on the chip, as far as this buffer says.
static bool canHaveOnChip(BufferOp buffer) {
  // Between scratchpads, a move and one back would have to wait for each other.
  return isInShared(buffer) ? isOneTile(buffer) : !buffer.getLoad() || !buffer.getStore();
}

bool HomePlan::expels(NestOp nest) const {
  return llvm::any_of(nest.getBody().getOps<BufferOp>(), [&](BufferOp buffer) {
    return buffer.getTensor() && stays(*buffer.getTensor()) && !canHaveOnChip(buffer);
  });
}

/// Whether every nest can have the tensor on the chip.
bool HomePlan::isFit(HomeCandidate &candidate) const {
  TensorOp tensor = candidate.tensor;
  if ((tensor.getRole() != Role::temp && !candidate.isState()) ||
      tensor.getHome().value_or(Space::dram) != Space::dram ||
      tensor.getLayout().value_or(Layout::row_major) != Layout::row_major ||
      mach::compressedFormat(cast<MemRefType>(tensor.getType()).getElementType()) ||
      candidate.bytes > capacity || candidate.bytes >= copyBytesLimit || candidate.buffers.empty())
    return false;
  llvm::SmallDenseMap<Operation *, BufferOp> seen; // by nest
  for (BufferOp buffer : candidate.buffers) {
    auto nest = cast<NestOp>(buffer->getParentOp());
    // What a list leaves out is stored by nobody.
    if (KeptLoop::of(nest) || !seesAllOf(buffer, tensor) || !canHaveOnChip(buffer))
      return false;
    // Two buffers of a nest are one in the shared buffer, under one shape.
    auto [it, isFirst] = seen.try_emplace(nest, buffer);
    BufferOp other = it->second;
    if (!isFirst && (!isInShared(buffer) || !isInShared(other) ||
                     other.getExtents() != buffer.getExtents() || other.getRounding()))
      return false;
  }
  return true;
}

/// Tensors that the host looks at when a step has ended: gradients of weights, of which
/// runtime/api/Divergence.h asks whether they vanish; masks, whose saturations it does not count;
/// which images are kept (runtime/api/Training.cpp); and gates, of which statistics tell how many
/// are closed.
void HomePlan::excludeWatched(llvm::StringSet<> &excluded) const {
  if (auto masks = module->getAttrOfType<DictionaryAttr>("slp.masks"))
    for (NamedAttribute kind : masks)
      for (auto name : cast<ArrayAttr>(kind.getValue()).getAsRange<StringAttr>())
        excluded.insert(name.getValue());
  SymbolTable symbols(module);
  auto isTemporary = [&](BufferOp buffer) {
    auto tensor = symbols.lookup<TensorOp>(*buffer.getTensor());
    return tensor && tensor.getRole() == Role::temp;
  };
  auto isGate = [](OpOperand &use) {
    auto run = dyn_cast<EngineInstruction>(use.getOwner());
    return run && run.getField(use).name == "gate";
  };
  for (const SmallVector<NestOp> &ofFunction : nests)
    for (NestOp nest : ofFunction)
      for (auto buffer : nest.getBody().getOps<BufferOp>()) {
        bool isGradient = nest.getPhase() == "wg" && buffer.getStore() && isTemporary(buffer);
        bool isWatched =
            isGradient || (buffer.getStore() && buffer.getTensor()->ends_with("keep/mask"));
        isWatched |= llvm::any_of(buffer.getResult().getUses(), isGate);
        if (isWatched && buffer.getTensor())
          excluded.insert(*buffer.getTensor());
      }
}

void HomePlan::collect() {
  llvm::MapVector<StringRef, HomeCandidate> byName;
  llvm::StringSet<> excluded;
  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  for (TensorOp tensor : module.getOps<TensorOp>()) {
    auto type = cast<MemRefType>(tensor.getType());
    HomeCandidate &candidate = byName[tensor.getSymName()];
    candidate.tensor = tensor;
    candidate.bytes = int64_t(
        llvm::alignTo(type.getNumElements() * elementBytes(type.getElementType()), alignment));
    candidate.life.resize(functions.size());
  }
  for (auto [function, fn] : llvm::enumerate(functions)) {
    SmallVector<NestOp> &ofFunction = nests.emplace_back(fn.getOps<NestOp>());
    for (auto [number, nest] : llvm::enumerate(ofFunction)) {
      if (std::optional<KeptLoop> kept = KeptLoop::of(nest)) // the sequencer reads DRAM
        for (FlatSymbolRefAttr list : {kept->count, kept->images})
          excluded.insert(list.getValue());
      for (auto buffer : nest.getBody().getOps<BufferOp>()) {
        auto *found = buffer.getTensor() ? byName.find(*buffer.getTensor()) : byName.end();
        if (found == byName.end())
          continue;
        HomeCandidate &candidate = found->second;
        candidate.buffers.push_back(buffer);
        std::optional<NestLife> &life = candidate.life[function];
        bool isFirst = !life && !candidate.isState();
        if (isFirst && (!buffer.getStore() || buffer.getLoad())) // nothing has brought it here
          excluded.insert(candidate.tensor.getSymName());
        life = NestLife{life ? life->first : number, number};
      }
    }
  }
  excludeWatched(excluded);
  for (auto &[name, candidate] : byName) {
    for (auto [life, ofFunction] : llvm::zip_equal(candidate.life, nests))
      if (candidate.isState() && !ofFunction.empty())
        life = NestLife{0, ofFunction.size() - 1};
    if (!excluded.contains(name) && isFit(candidate))
      candidates.push_back(std::move(candidate));
  }
  llvm::sort(candidates, [](const HomeCandidate &a, const HomeCandidate &b) {
    auto keyOf = [](const HomeCandidate &c) {
      return std::tuple(-c.worth(), -c.bytes, TensorOp(c.tensor).getSymName());
    };
    return keyOf(a) < keyOf(b);
  });
}

/// The largest stretch that no resident has at a nest.
Room HomePlan::roomAt(size_t function, size_t nest) const {
  SmallVector<Room> taken;
  for (const HomeCandidate *resident : residents)
    if (resident->isAliveAt(function, nest))
      taken.push_back(*resident->place);
  llvm::sort(taken, [](const Room &a, const Room &b) { return a.begin < b.begin; });
  taken.push_back({capacity, capacity});
  Room best{0, 0};
  int64_t from = 0;
  for (const Room &next : taken) {
    if (next.begin - from > best.bytes())
      best = {from, next.begin};
    from = std::max(from, next.end);
  }
  return best;
}

bool HomePlan::leavesRoom(NestOp op, int64_t room) const {
  NestView nest(op);
  SmallVector<int64_t> least(nest.loops.size()), whole;
  for (auto [i, loop] : llvm::enumerate(nest.loops)) {
    whole.push_back(loop.getExtent());
    least[i] = loop.getExact() ? 1 : std::min(loop.getGranule(), loop.getExtent());
  }
  bool hasResident = false;
  for (const BufferView &buffer : nest.buffers)
    if (isResident(buffer.op)) {
      hasResident = true;
      for (const NestDim &dim : buffer.dims)
        if (dim.loop >= 0)
          least[size_t(dim.loop)] = whole[size_t(dim.loop)];
    }
  int64_t smallest = 0, largest = 0;
  for (const BufferView &buffer : nest.buffers)
    if (buffer.space == Space::shared && !isResident(buffer.op)) {
      if (buffer.bytesIn(least) >= copyBytesLimit)
        return false;
      smallest += buffer.bytesIn(least);
      largest += buffer.bytesIn(whole);
    }
  if (seed)
    return smallest <= room;
  return (hasResident ? largest : 2 * largest) <= room;
}

/// As high as those allow that are alive with it.
bool HomePlan::tryPlace(HomeCandidate &candidate) {
  int64_t end = capacity / alignment * alignment;
  for (bool isMoved = true; isMoved;) {
    isMoved = false;
    for (const HomeCandidate *resident : residents)
      if (resident->livesWith(candidate) && resident->place->begin < end &&
          end - candidate.bytes < resident->place->end) {
        end = resident->place->begin;
        isMoved = true;
      }
  }
  if (end < candidate.bytes)
    return false;
  candidate.place = Room{end - candidate.bytes, end};
  residents.push_back(&candidate);
  names.insert(candidate.tensor.getSymName());
  for (auto [function, life] : llvm::enumerate(candidate.life))
    for (size_t nest = life ? life->first : 1; life && nest <= life->last; ++nest)
      if (!leavesRoom(nests[function][nest], roomAt(function, nest).bytes())) {
        residents.pop_back();
        names.erase(candidate.tensor.getSymName());
        candidate.place.reset();
        return false;
      }
  return true;
}

HomePlan::HomePlan(ModuleOp module, const chip::Chip &chip, uint64_t seed, bool isEmpty)
    : module(module), capacity(chip.structure.sharedBytes), seed(seed) {
  collect();
  std::mt19937_64 random(seed); // standardised sequence: the same on any host
  for (HomeCandidate &candidate : candidates)
    if (isEmpty)
      break;
    else if (!seed || random() % 2)
      (void)tryPlace(candidate);
}

void slp::fitBetweenHomes(NestOp nest, Room room, int64_t capacity) {
  if (room.bytes() == capacity)
    return;
  nest.setRoom(ArrayRef<int64_t>{room.begin, room.end});
  SmallVector<Attribute> loops(nest.getLoops().getAsRange<Attribute>());
  for (auto buffer : nest.getBody().getOps<BufferOp>()) {
    if (!buffer.getOnChip() || !isInShared(buffer))
      continue;
    for (const NestDim &dim : dimsOf(buffer)) {
      if (dim.loop < 0)
        continue;
      auto loop = cast<LoopAttr>(loops[size_t(dim.loop)]);
      loops[size_t(dim.loop)] =
          LoopAttr::get(nest.getContext(), loop.getName(), loop.getExtent(), loop.getReduction(),
                        /*granule=*/loop.getExtent(), loop.getWholeUnless(), loop.getCutLast(),
                        loop.getExact(), loop.getOnPes(), loop.getColumns());
    }
  }
  nest.setLoopsAttr(ArrayAttr::get(nest.getContext(), loops));
}
