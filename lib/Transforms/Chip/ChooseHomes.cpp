//===- ChooseHomes.cpp - the pass chip-choose-homes -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Temporaries stay in the shared buffer from the nest that stores them to the last that loads them,
// if there is room beside what those nests need themselves. They are taken one by one, those first
// that save most transfers for the time that they take memory, and get their place at once.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipKept.h"
#include "dialects/Chip/ChipNest.h"
#include "dialects/Chip/TensorOp.h"
#include "dialects/Mach/ElementFormat.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

#include <random>
#include <vector>

namespace slp {
#define GEN_PASS_DEF_CHOOSEHOMES
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

/// As chip-place-buffers aligns buffers.
static constexpr int64_t alignment = 16;

namespace {

/// Bytes [begin, end) of the shared buffer.
struct Room {
  int64_t begin, end;
  int64_t bytes() const { return end - begin; }
};

/// The nests of one function between which a tensor is alive, by their number in it.
struct Life {
  size_t first, last;
  bool overlaps(const Life &other) const { return first <= other.last && other.first <= last; }
};

/// A tensor that may stay on the chip.
struct Candidate {
  TensorOp tensor;
  int64_t bytes = 0;
  SmallVector<BufferOp> buffers;         // of it
  SmallVector<std::optional<Life>> life; // by function
  std::optional<Room> place;             // once it is chosen
  /// A state or its compute copy, which stays over steps.
  bool isState() const {
    return llvm::is_contained({Role::state, Role::copy}, TensorOp(tensor).getRole());
  }
  bool isAliveAt(size_t function, size_t nest) const {
    return life[function] && life[function]->first <= nest && nest <= life[function]->last;
  }
  bool livesWith(const Candidate &other) const {
    return llvm::any_of(llvm::zip_equal(life, other.life), [](const auto &lives) {
      const auto &[one, two] = lives;
      return one && two && one->overlaps(*two);
    });
  }
  /// Loads and stores for each nest that it stays for.
  double worth() const {
    double transfers = 0, nests = 0;
    for (BufferOp buffer : buffers)
      transfers += int(BufferOp(buffer).getLoad()) + int(BufferOp(buffer).getStore());
    for (const std::optional<Life> &at : life)
      if (at)
        nests += double(at->last - at->first + 1);
    return transfers / nests;
  }
};

class HomeChooser {
public:
  HomeChooser(ModuleOp module, const chip::Chip &chip, uint64_t seed)
      : module(module), capacity(chip.structure.sharedBytes), seed(seed) {}
  void choose();

private:
  void collect();
  void excludeWatched(llvm::StringSet<> &excluded) const;
  bool isFit(Candidate &candidate) const;
  bool tryPlace(Candidate &candidate);
  Room roomAt(size_t function, size_t nest) const;
  bool leavesRoom(size_t function, size_t nest) const;
  /// Whether a buffer is, in the shared buffer itself, a tensor that stays there.
  bool isResident(BufferOp buffer) const {
    return isShared(buffer) && buffer.getTensor() && chosen.count(*buffer.getTensor());
  }
  static bool isShared(BufferOp buffer) {
    return spaceOf(cast<MemRefType>(buffer.getType())) == Space::shared;
  }
  void settle(const Candidate &candidate);
  void settle(NestOp nest, size_t function, size_t number);

  ModuleOp module;
  int64_t capacity;
  uint64_t seed;
  std::vector<SmallVector<NestOp>> nests; // by function
  std::vector<Candidate> candidates;
  SmallVector<const Candidate *> residents;
  llvm::StringSet<> chosen; // their names
};

} // namespace

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

/// Whether every nest can have the tensor on the chip.
bool HomeChooser::isFit(Candidate &candidate) const {
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
    if (KeptLoop::of(nest) || !seesAllOf(buffer, tensor) ||
        (isShared(buffer) && !isOneTile(buffer)))
      return false;
    // A move and one back would have to wait for each other.
    if (!isShared(buffer) && buffer.getLoad() && buffer.getStore())
      return false;
    // Two buffers of a nest are one in the shared buffer, under one shape.
    auto [it, isFirst] = seen.try_emplace(nest, buffer);
    BufferOp other = it->second;
    if (!isFirst && (!isShared(buffer) || !isShared(other) ||
                     other.getExtents() != buffer.getExtents() || other.getRounding()))
      return false;
  }
  return true;
}

/// Tensors that the host looks at when a step has ended: gradients of weights, of which
/// runtime/api/Divergence.h asks whether they vanish; masks, whose saturations it does not count;
/// which images are kept (runtime/api/Training.cpp); and gates, of which statistics tell how many
/// are closed.
void HomeChooser::excludeWatched(llvm::StringSet<> &excluded) const {
  if (auto masks = module->getAttrOfType<DictionaryAttr>("slp.masks"))
    for (NamedAttribute kind : masks)
      for (auto name : cast<ArrayAttr>(kind.getValue()).getAsRange<StringAttr>())
        excluded.insert(name.getValue());
  auto isGate = [](OpOperand &use) {
    auto run = dyn_cast<EngineInstruction>(use.getOwner());
    return run && run.getField(use).name == "gate";
  };
  for (const SmallVector<NestOp> &ofFunction : nests)
    for (NestOp nest : ofFunction)
      for (auto buffer : nest.getBody().getOps<BufferOp>()) {
        bool isWatched = buffer.getStore() &&
                         (nest.getPhase() == "wg" || buffer.getTensor()->ends_with("keep/mask"));
        isWatched |= llvm::any_of(buffer.getResult().getUses(), isGate);
        if (isWatched && buffer.getTensor())
          excluded.insert(*buffer.getTensor());
      }
}

void HomeChooser::collect() {
  llvm::MapVector<StringRef, Candidate> byName;
  llvm::StringSet<> excluded;
  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  for (TensorOp tensor : module.getOps<TensorOp>()) {
    auto type = cast<MemRefType>(tensor.getType());
    Candidate &candidate = byName[tensor.getSymName()];
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
        Candidate &candidate = found->second;
        candidate.buffers.push_back(buffer);
        std::optional<Life> &life = candidate.life[function];
        bool isFirst = !life && !candidate.isState();
        if (isFirst && (!buffer.getStore() || buffer.getLoad())) // nothing has brought it here
          excluded.insert(candidate.tensor.getSymName());
        life = Life{life ? life->first : number, number};
      }
    }
  }
  excludeWatched(excluded);
  for (auto &[name, candidate] : byName) {
    for (auto [life, ofFunction] : llvm::zip_equal(candidate.life, nests))
      if (candidate.isState() && !ofFunction.empty())
        life = Life{0, ofFunction.size() - 1};
    if (!excluded.contains(name) && isFit(candidate))
      candidates.push_back(std::move(candidate));
  }
  llvm::sort(candidates, [](const Candidate &a, const Candidate &b) {
    auto keyOf = [](const Candidate &c) {
      return std::tuple(-c.worth(), -c.bytes, TensorOp(c.tensor).getSymName());
    };
    return keyOf(a) < keyOf(b);
  });
}

/// The largest stretch that no resident has at a nest.
Room HomeChooser::roomAt(size_t function, size_t nest) const {
  SmallVector<Room> taken;
  for (const Candidate *resident : residents)
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

/// Whether a nest can do its work beside the residents that are alive at it: its other buffers fit
/// whole, twice unless it works on a resident, which is there already. Tiles of large nests need
/// all the memory that there is.
bool HomeChooser::leavesRoom(size_t function, size_t number) const {
  NestOp op = nests[function][number];
  NestView nest(op);
  int64_t room = roomAt(function, number).bytes();
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
bool HomeChooser::tryPlace(Candidate &candidate) {
  int64_t end = capacity / alignment * alignment;
  for (bool isMoved = true; isMoved;) {
    isMoved = false;
    for (const Candidate *resident : residents)
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
  chosen.insert(candidate.tensor.getSymName());
  for (auto [function, life] : llvm::enumerate(candidate.life))
    for (size_t nest = life ? life->first : 1; life && nest <= life->last; ++nest)
      if (!leavesRoom(function, nest)) {
        residents.pop_back();
        chosen.erase(candidate.tensor.getSymName());
        candidate.place.reset();
        return false;
      }
  return true;
}

/// A tensor on the chip in the place of a state, which stays in DRAM for the host.
static TensorOp copyOnChip(const Candidate &candidate) {
  TensorOp state = candidate.tensor;
  OpBuilder b(state);
  b.setInsertionPointAfter(state);
  std::string name = (state.getSymName() + ".chip").str();
  while (SymbolTable::lookupSymbolIn(state->getParentOp(), name)) // the graph has such a tensor
    name += '_';
  auto copy = cast<TensorOp>(b.clone(*state));
  copy.setSymName(name);
  copy.setRole(Role::copy);
  copy.setCopyOf(state.getSymName());
  copy.removeInitAttr();
  copy.removeInitRoundingAttr();
  for (BufferOp buffer : candidate.buffers)
    buffer.setTensorAttr(FlatSymbolRefAttr::get(copy.getSymNameAttr()));
  return copy;
}

void HomeChooser::settle(const Candidate &candidate) {
  TensorOp tensor = candidate.isState() ? copyOnChip(candidate) : candidate.tensor;
  chosen.insert(tensor.getSymName());
  for (BufferOp buffer : candidate.buffers)
    buffer.setOnChip(true);
  auto type = cast<MemRefType>(tensor.getType());
  auto space = SpaceAttr::get(module.getContext(), Space::shared);
  tensor.setType(MemRefType::get(type.getShape(), type.getElementType(), type.getLayout(), space));
  tensor.setHome(Space::shared);
  tensor.setAddress(candidate.place->begin);
  if (auto r =
          remark::passed(tensor.getLoc(), remark::RemarkOpts::name("home").category("homes"))) {
    size_t nestsOf = candidate.buffers.size();
    r << "\"" + tensor.getSymName().str() + "\" stays in the shared buffer, " +
             std::to_string(candidate.bytes) + " bytes, for " + std::to_string(nestsOf) +
             (nestsOf == 1 ? " nest" : " nests") + (candidate.isState() ? ", over steps" : "");
  }
}

/// Loops along a resident are not cut, and tiles lie in what room is left.
void HomeChooser::settle(NestOp nest, size_t function, size_t number) {
  Room room = roomAt(function, number);
  if (room.bytes() == capacity)
    return;
  nest.setRoom(ArrayRef<int64_t>{room.begin, room.end});
  SmallVector<Attribute> loops(nest.getLoops().getAsRange<Attribute>());
  for (auto buffer : nest.getBody().getOps<BufferOp>()) {
    if (!isResident(buffer))
      continue;
    for (const NestDim &dim : dimsOf(buffer)) {
      if (dim.loop < 0)
        continue;
      auto loop = cast<LoopAttr>(loops[size_t(dim.loop)]);
      loops[size_t(dim.loop)] =
          LoopAttr::get(module.getContext(), loop.getName(), loop.getExtent(), loop.getReduction(),
                        /*granule=*/loop.getExtent(), loop.getWholeUnless(), loop.getCutLast(),
                        loop.getExact(), loop.getOnPes(), loop.getColumns());
    }
  }
  nest.setLoopsAttr(ArrayAttr::get(module.getContext(), loops));
}

void HomeChooser::choose() {
  collect();
  std::mt19937_64 random(seed); // standardised sequence: the same on any host
  for (Candidate &candidate : candidates)
    if (!seed || random() % 2)
      (void)tryPlace(candidate);
  for (const Candidate *resident : residents)
    settle(*resident);
  for (auto [function, ofFunction] : llvm::enumerate(nests))
    for (auto [number, nest] : llvm::enumerate(ofFunction))
      settle(nest, function, number);
}

namespace {
struct ChooseHomes : slp::impl::ChooseHomesBase<ChooseHomes> {
  using Base::Base;
  void runOnOperation() override {
    FailureOr<chip::Chip> chip = chipOf(getOperation());
    if (failed(chip))
      return signalPassFailure();
    HomeChooser(getOperation(), *chip, seed).choose();
  }
};
} // namespace
