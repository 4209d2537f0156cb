//===- ChooseTiles.cpp - the pass chip-choose-tiles -------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Begins with the whole op on all cores and halves tiles until everything fits twice (double
// buffering), once for each loop that may be split over the cores; of these choices the one with
// the least cycles by estimate is taken, or one as good that leaves half of the scratchpads and of
// the shared buffer to the nest that comes next. Legality comes from the loops: reduction loops run
// inside all parallel ones, in the order of the op's definition; any order of the parallel loops,
// any tile size and any split of a parallel loop over cores gives the same bits.
//
//===----------------------------------------------------------------------------------------===//

#include "dialects/Chip/ChipKept.h"
#include "dialects/Chip/ChipNest.h"
#include "dialects/Chip/ChipPlaces.h"
#include "slp/Transforms/Chip/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace slp {
#define GEN_PASS_DEF_CHOOSETILES
#include "slp/Transforms/Chip/Passes.h.inc"
} // namespace slp

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

namespace {
/// What the user or a test asks for.
struct TileWish {
  int64_t cores = 0; // 0: all of the chip
  uint64_t seed = 0; // non-zero: draw legal tiles, orders and splits at random
  /// From `slp.tile`: loop names outermost first, and sizes by name.
  SmallVector<std::string> order;
  SmallVector<std::pair<std::string, int64_t>> sizes;
};
} // namespace

namespace {
/// Where the tensor of a buffer is.
struct BufferPlace {
  bool isOnChip = false;                  // between nests
  std::optional<mach::AddressMap> inDram; // of one with blocks
};
} // namespace

/// By buffer.
using BufferPlaces = SmallVector<BufferPlace>;

static BufferPlaces placesOfBuffers(const NestView &nest, const SymbolTable &symbols) {
  BufferPlaces places(nest.buffers.size());
  for (auto [buffer, place] : llvm::zip_equal(nest.buffers, places)) {
    auto tensor =
        buffer.op.getTensor() ? symbols.lookup<TensorOp>(*buffer.op.getTensor()) : TensorOp();
    place.isOnChip = tensor && tensor.getHome().value_or(Space::dram) != Space::dram;
    if (!tensor || tensor.getLayout().value_or(Layout::row_major) == Layout::row_major)
      continue;
    if (auto placed = placeView(placesOf(tensor), buffer.op.getExtents(), *buffer.op.getStrides(),
                                int64_t(buffer.op.getFirst())))
      place.inDram = placed->map;
  }
  return places;
}

/// DRAM bytes of a tile of a row-major view: runs of neighbours rounded up to bursts.
static int64_t tileBytes(const BufferView &buffer, const Tiling &choice, int64_t burst) {
  ArrayRef<int64_t> strides = *buffer.op.getStrides();
  auto byStride = llvm::to_vector(llvm::seq<unsigned>(0, buffer.dims.size()));
  llvm::sort(byStride,
             [&](unsigned a, unsigned b) { return std::abs(strides[a]) < std::abs(strides[b]); });
  int64_t elements = 1, run = 1;
  bool whole = true;
  for (unsigned d : byStride) {
    int64_t size = std::min(buffer.dims[d].sizeIn(choice.sizes), buffer.dims[d].extent);
    elements *= size;
    if (whole)
      run *= size;
    whole &= size == buffer.dims[d].extent;
  }
  return elements / run * int64_t(llvm::alignTo(run * elementBytes(buffer.element), burst));
}

/// The same in blocks: of the tile at coordinate 0.
static int64_t tileBytes(const mach::AddressMap &map, const BufferView &buffer,
                         const Tiling &choice, int64_t burst) {
  mach::AddressMap::Coordinates size{};
  for (auto [d, dim] : llvm::enumerate(buffer.dims))
    size[d] = std::min(dim.sizeIn(choice.sizes), dim.extent);
  return int64_t(mach::burstBytes(map, /*base=*/0, /*lo=*/{}, size, burst));
}

/// DRAM bytes of the whole nest, an estimate, a multicast tile counted once.
static int64_t dramTraffic(const NestView &nest, const BufferPlaces &places, const chip::Chip &chip,
                           const Tiling &choice) {
  int64_t burst = chip.rates.dramBurstBytes, sum = 0;
  for (const auto &[buffer, place] : llvm::zip_equal(nest.buffers, places)) {
    if (!buffer.op.getTensor() || place.isOnChip)
      continue;
    int64_t bytes = place.inDram ? tileBytes(*place.inDram, buffer, choice, burst)
                                 : tileBytes(buffer, choice, burst);
    // The transfer stands inside every loop down to the last one that moves it.
    int64_t times = 1, pending = 1;
    for (unsigned loop : choice.order) {
      bool split = int(loop) == choice.split;
      pending *= llvm::divideCeil(nest.loops[loop].getExtent(),
                                  choice.sizes[loop] * (split ? choice.cores : 1));
      bool moves = llvm::any_of(buffer.dims, [&](const NestDim &d) { return d.loop == int(loop); });
      if (moves)
        times = pending;
      if (moves && split)
        bytes *= choice.cores;
    }
    sum += bytes * times * (int(buffer.op.getLoad()) + int(buffer.op.getStore()));
  }
  return sum;
}

namespace {

class TileChooser {
public:
  TileChooser(const NestView &nest, const BufferPlaces &places, const chip::Chip &chip,
              const TileWish &wish)
      : nest(nest), places(places), chip(chip), wish(wish), random(wish.seed) {
    if (std::optional<ArrayRef<int64_t>> room = nest.op.getRoom())
      sharedBytes = (*room)[1] - (*room)[0];
    else
      sharedBytes = chip.structure.sharedBytes;
  }

  FailureOr<Tiling> choose();

private:
  /// The best choice within the share of the memories that nests have, and its cycles.
  std::optional<std::pair<Tiling, double>> bestOf(const Tiling &start);
  int64_t draw(int64_t from, int64_t to) {
    return from + int64_t(random() % uint64_t(to - from + 1));
  }
  InFlightDiagnostic error() { return emitError(nest.op.getLoc()) << nest.op.getOp() << ": "; }

  LogicalResult chooseOrder(Tiling &choice);
  int64_t coresToUse();
  SmallVector<int> splits(int64_t cores);
  double macCycles(const Tiling &choice) const;
  double cyclesOf(const Tiling &choice) const;
  /// Gives an order and a split their tiles. `keepsPes`: cuts leave no PE without an output if
  /// others do.
  LogicalResult complete(Tiling &choice, bool keepsPes);
  int64_t roundTile(int64_t loop, int64_t tile) const;
  /// Bytes beyond capacity, summed over memories; 0 means that the choice fits. `full` gets the
  /// memories that it does not fit.
  int64_t excess(const Tiling &choice, SmallVectorImpl<std::string> *full = nullptr) const;
  /// Halves one tile; false if no loop of the kind can be cut. `keepsPes`: none that leaves PEs
  /// without an output.
  bool cut(Tiling &choice, bool cutLast, bool keepsPes) const;
  FailureOr<Tiling> tryChoice(Tiling choice, bool keepsPes, bool isSilent);
  LogicalResult shrink(Tiling &choice, bool keepsPes);
  LogicalResult applySizes(Tiling &choice);

  const NestView &nest;
  const BufferPlaces &places;
  const chip::Chip &chip;
  const TileWish &wish;
  std::mt19937_64 random; // standardised sequence: the same on any host
  int64_t sharedBytes;    // that its tiles may take
  int64_t share = 1;      // of scratchpads and shared buffer the nest may have one part of so many
};

} // namespace

LogicalResult TileChooser::chooseOrder(Tiling &choice) {
  SmallVector<unsigned> reductions;
  for (unsigned i = 0; i < nest.loops.size(); ++i)
    (nest.loops[i].getReduction() ? reductions : choice.order).push_back(i);
  if (wish.seed)
    for (size_t i = choice.order.size(); i > 1; --i)
      std::swap(choice.order[i - 1], choice.order[draw(0, i - 1)]);
  choice.order.append(reductions.begin(), reductions.end());
  if (wish.order.empty())
    return success();

  SmallVector<unsigned> wanted;
  for (const std::string &name : wish.order) {
    auto it = llvm::find_if(nest.loops, [&](LoopAttr l) { return l.getName() == name; });
    if (it == nest.loops.end() || llvm::is_contained(wanted, it - nest.loops.begin()))
      return error() << "loop order names " << (it == nest.loops.end() ? "unknown" : "twice the")
                     << " loop \"" << name << "\"";
    wanted.push_back(it - nest.loops.begin());
  }
  if (wanted.size() != nest.loops.size())
    return error() << "loop order names " << wanted.size() << " of " << nest.loops.size()
                   << " loops";
  if (std::optional<std::string> refusal = nest.refusalOfOrder(wanted))
    return error() << *refusal;
  choice.order = wanted;
  return success();
}

int64_t TileChooser::coresToUse() {
  if (!nest.op.getOnCores())
    return 1;
  int64_t cores = chip.structure.cores;
  if (wish.cores)
    cores = std::min(cores, wish.cores);
  return wish.seed ? draw(1, cores) : cores;
}

/// The window of a convolution; empty if it is none.
static ArrayRef<int64_t> windowOf(EngineInstruction run) {
  for (const mach::FieldInfo &field : run.getInfo().layout.fields)
    if (field.prefix == "g")
      return run->getAttrOfType<DenseI64ArrayAttr>(StringRef(field.name));
  return {};
}

/// Multiplications of one item and column in one point of the reductions.
static double termsOfItem(const NestView &nest, EngineInstruction run) {
  double terms = 1;
  ArrayRef<int64_t> window = windowOf(run);
  if (window.size() >= 2)
    terms = double(window[0] * window[1]);
  if (run.getInfo().layout.name == "conv.wg") // whose tiles hold whole rows
    terms *= double(nest.bufferOf(run.getOnlyRead()[1]).dims.back().extent);
  return terms / double(nest.op.getItemsOfPoint());
}

/// Cycles of the busiest core's MAC instructions: the rounds of its lines of PEs (docs/timing.md,
/// T7), tiles at the edge taken for whole.
double TileChooser::macCycles(const Tiling &choice) const {
  EngineInstruction run = nest.runs.front();
  bool isWide = llvm::any_of(ArrayRef(run.getOnlyRead()).take_front(2),
                             [&](Value in) { return elementBytes(nest.bufferOf(in).element) > 1; });
  double macs = isWide ? chip.rates.fp16MacsPerCycle : chip.rates.fp8MacsPerCycle;
  double rate = macs / double(chip.structure.lines * chip.structure.pes);
  double steps = 1, items = double(nest.op.getItemsOfPoint()), columns = 1,
         terms = termsOfItem(nest, run);
  for (auto [i, loop] : llvm::enumerate(nest.loops)) {
    int64_t tile = choice.sizes[i];
    steps *= double(
        llvm::divideCeil(loop.getExtent(), tile * (int(i) == choice.split ? choice.cores : 1)));
    if (loop.getReduction()) {
      terms *= double(tile);
      continue;
    }
    int64_t unit = loop.getOnPes() ? int64_t(chip.structure.pes) : loop.getColumns();
    int64_t pieces = llvm::divideCeil(tile, unit);
    items *= double(pieces);
    if (loop.getColumns() > 1)
      columns *= double(tile) / double(pieces);
  }
  double rounds = std::ceil(items / double(chip.structure.lines));
  return steps * (double(chip.rates.macStartCycles) + rounds * columns * terms / rate);
}

/// Cycles of a choice: the longer of multiplications and transfers where buffers have two copies,
/// which hide one behind the other, else both. An estimate: it knows no waiting.
double TileChooser::cyclesOf(const Tiling &choice) const {
  double dram = double(dramTraffic(nest, places, chip, choice)) * chip.rates.clockHz /
                (chip.rates.dramBytesPerSecond * chip.rates.dramEfficiency);
  if (!nest.op.getOnCores())
    return dram;
  double mac = macCycles(choice);
  return choice.slots > 1 ? std::max(mac, dram) : mac + dram;
}

/// The loops that may be split over the cores; -1 where none can.
SmallVector<int> TileChooser::splits(int64_t cores) {
  SmallVector<int> all;
  for (auto [i, loop] : llvm::enumerate(nest.loops))
    if (!loop.getReduction() && loop.getExtent() >= 2 && cores > 1 && !isOverKept(nest.op, i))
      all.push_back(i);
  if (all.empty())
    return {-1};
  if (wish.seed)
    return {all[draw(0, all.size() - 1)]};
  return all;
}

int64_t TileChooser::roundTile(int64_t loop, int64_t tile) const {
  LoopAttr l = nest.loops[loop];
  tile =
      std::min(l.getExtent(), int64_t(llvm::alignTo(std::max<int64_t>(tile, 1), l.getGranule())));
  while (l.getExact() && l.getExtent() % tile)
    --tile;
  return tile;
}

namespace {
/// What a memory has to hold.
struct Demand {
  int64_t bytes = 0, largest = 0;
  const BufferView *largestBuffer = nullptr;

  void add(const BufferView &buffer, int64_t size) {
    bytes += size;
    if (!largestBuffer || size > largest) {
      largest = size;
      largestBuffer = &buffer;
    }
  }
  /// Bytes that `capacity` does not hold; `full` gets a line if there are some.
  int64_t over(StringRef memory, int64_t capacity, SmallVectorImpl<std::string> *full) const {
    if (bytes <= capacity)
      return 0;
    if (full) {
      std::string tensor = largestBuffer->op.getTensor()
                               ? "\"" + largestBuffer->op.getTensor()->str() + "\""
                               : "an intermediate";
      full->push_back(std::to_string(bytes) + " bytes for the " + std::to_string(capacity) +
                      " of " + memory.str() + ", most of them, " + std::to_string(largest) +
                      ", for " + tensor);
    }
    return bytes - capacity;
  }
};
} // namespace

int64_t TileChooser::excess(const Tiling &choice, SmallVectorImpl<std::string> *full) const {
  Demand scratchpad, shared;
  int64_t over = 0;
  for (const auto &[buffer, place] : llvm::zip_equal(nest.buffers, places)) {
    if (place.isOnChip && buffer.space == Space::shared)
      continue; // is there already
    int64_t size = buffer.bytesIn(choice.sizes);
    Demand copy;
    copy.add(buffer, size);
    over += copy.over("a descriptor's copy", copyBytesLimit - 1, full);
    if (buffer.space == Space::acc) {
      // The chain of conv.wg, in the other bank, may be wider than the total.
      int64_t element = elementBytes(buffer.element);
      if (nest.op.getOneAccSlot())
        size = size / element * std::max<int64_t>(element, chip.numerics.accumulateFp16 ? 2 : 4);
      Demand accumulator;
      accumulator.add(buffer, size);
      bool isInBoth = !nest.op.getOneAccSlot() && nest.slotsOf(buffer, choice) == 1;
      over += isInBoth ? accumulator.over("both accumulator banks",
                                          2 * int64_t(chip.structure.accBankBytes), full)
                       : accumulator.over("an accumulator bank", chip.structure.accBankBytes, full);
    } else if (buffer.space == Space::spm || buffer.space == Space::shared) {
      (buffer.space == Space::spm ? scratchpad : shared)
          .add(buffer, size * nest.slotsOf(buffer, choice));
    }
  }
  return over +
         scratchpad.over("a core's scratchpad", chip.structure.scratchpadBytes / share, full) +
         shared.over("the shared buffer", sharedBytes / share, full);
}

bool TileChooser::cut(Tiling &choice, bool cutLast, bool keepsPes) const {
  // The cut that helps most; among equals the outer loop, whose tiles need no accumulator kept.
  int64_t best = 0, bestLoop = -1, bestTile = 0;
  for (unsigned loop : choice.order) {
    int64_t tile = choice.sizes[loop];
    int64_t half = llvm::divideCeil(tile, 2);
    if (keepsPes && nest.loops[loop].getOnPes())
      half = llvm::alignTo(half, chip.structure.pes);
    half = roundTile(loop, half);
    if (half >= tile || nest.loops[loop].getCutLast() != cutLast ||
        !nest.mayCut(loop, choice.sizes))
      continue;
    Tiling next = choice;
    next.sizes[loop] = half;
    int64_t left = excess(next);
    if (bestLoop >= 0 && left >= best)
      continue;
    best = left;
    bestLoop = loop;
    bestTile = half;
  }
  if (bestLoop >= 0)
    choice.sizes[bestLoop] = bestTile;
  return bestLoop >= 0;
}

LogicalResult TileChooser::shrink(Tiling &choice, bool keepsPes) {
  while (excess(choice)) {
    if ((keepsPes && (cut(choice, /*cutLast=*/false, /*keepsPes=*/true) ||
                      cut(choice, /*cutLast=*/true, /*keepsPes=*/true))) ||
        cut(choice, /*cutLast=*/false, /*keepsPes=*/false) ||
        cut(choice, /*cutLast=*/true, /*keepsPes=*/false))
      continue;
    if (choice.slots == 1) {
      SmallVector<std::string> full;
      (void)excess(choice, &full);
      return error() << "does not fit the memories of " << chip.name
                     << " even in the smallest tiles: " << llvm::join(full, "; ");
    }
    choice.slots = 1;
  }
  return success();
}

LogicalResult TileChooser::applySizes(Tiling &choice) {
  for (auto &[name, size] : wish.sizes) {
    auto it = llvm::find_if(nest.loops, [&, n = name](LoopAttr l) { return l.getName() == n; });
    if (it == nest.loops.end())
      return error() << "tile size for unknown loop \"" << name << "\"";
    auto loop = unsigned(it - nest.loops.begin());
    if (std::optional<std::string> refusal = nest.refusalOfSize(loop, size))
      return error() << *refusal;
    choice.sizes[loop] = std::min(size, it->getExtent());
  }
  if (std::optional<std::string> refusal = nest.refusalOfSizes(choice.sizes))
    return error() << *refusal;
  return success();
}

LogicalResult TileChooser::complete(Tiling &choice, bool keepsPes) {
  for (unsigned i = 0; i < nest.loops.size(); ++i) {
    int64_t parts = int(i) == choice.split ? choice.cores : 1;
    choice.sizes.push_back(isOverKept(nest.op, i)
                               ? 1
                               : roundTile(i, llvm::divideCeil(nest.loops[i].getExtent(), parts)));
  }
  if (wish.seed) {
    for (unsigned i = 0; i < nest.loops.size(); ++i)
      if (nest.mayCut(i, choice.sizes) && draw(0, 1))
        choice.sizes[i] = roundTile(i, draw(1, choice.sizes[i]));
    choice.slots = draw(1, 2);
    choice.accumulatorSlots = draw(1, 2);
  }
  if (failed(applySizes(choice)))
    return failure();
  return shrink(choice, keepsPes);
}

/// The choice of a split, if it fits. The reasons of one that does not are kept to the user only
/// where none does.
FailureOr<Tiling> TileChooser::tryChoice(Tiling choice, bool keepsPes, bool isSilent) {
  std::optional<ScopedDiagnosticHandler> silence;
  if (isSilent)
    silence.emplace(nest.op.getContext(), [](Diagnostic &) { return success(); });
  if (failed(complete(choice, keepsPes)))
    return failure();
  return choice;
}

std::optional<std::pair<Tiling, double>> TileChooser::bestOf(const Tiling &start) {
  std::optional<std::pair<Tiling, double>> best;
  auto consider = [&](const Tiling &choice, bool keepsPes) {
    FailureOr<Tiling> complete = tryChoice(choice, keepsPes, /*isSilent=*/true);
    if (failed(complete))
      return;
    for (bool isSplitOutermost : {false, true}) {
      if (isSplitOutermost && (choice.split < 0 || !wish.order.empty()))
        continue;
      // What does not follow the loop that is split is loaded again in each of the loops around it.
      if (isSplitOutermost) {
        auto *at = llvm::find(complete->order, unsigned(choice.split));
        std::rotate(complete->order.begin(), at, at + 1);
      }
      double cycles = cyclesOf(*complete);
      if (!best || cycles < best->second)
        best = {*complete, cycles};
    }
  };
  auto considerSplit = [&](Tiling choice) {
    consider(choice, /*keepsPes=*/true);
    if (!nest.op.getOnCores())
      return;
    consider(choice, /*keepsPes=*/false);
    if (!nest.op.getMayJoinBanks())
      return;
    choice.accumulatorSlots = 1;
    consider(choice, /*keepsPes=*/true);
    consider(choice, /*keepsPes=*/false);
  };
  Tiling choice = start;
  for (int split : splits(start.cores)) {
    choice.split = split;
    choice.cores = split < 0 ? 1 : start.cores;
    choice.accumulatorSlots = start.accumulatorSlots;
    considerSplit(choice);
  }
  return best;
}

FailureOr<Tiling> TileChooser::choose() {
  Tiling start;
  if (failed(chooseOrder(start)))
    return failure();
  start.cores = coresToUse();
  auto tryAloud = [&](int split, bool keepsPes) {
    start.split = split;
    start.cores = split < 0 ? 1 : start.cores;
    return tryChoice(start, keepsPes, /*isSilent=*/false);
  };
  if (wish.seed)
    return tryAloud(splits(start.cores).front(), /*keepsPes=*/true);
  auto best = bestOf(start);
  if (!best) // says why
    return tryAloud(splits(start.cores).back(), /*keepsPes=*/false);
  share = 2;
  auto inHalf = bestOf(start);
  return inHalf && inHalf->second <= best->second ? inHalf->first : best->first;
}

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

namespace {
struct ChooseTiles : slp::impl::ChooseTilesBase<ChooseTiles> {
  using Base::Base;
  void runOnOperation() override;

private:
  FailureOr<TileWish> wishOf(NestOp nest, uint64_t number);
};
} // namespace

FailureOr<TileWish> ChooseTiles::wishOf(NestOp nest, uint64_t number) {
  TileWish result;
  result.cores = cores;
  result.seed = tileSeed ? uint64_t(tileSeed) * 1000003 + number : 0;
  Attribute wish = nest->getAttr(tileWishAttrName);
  if (!wish)
    return result;
  auto error = [&] {
    return emitError(nest.getLoc()) << nest.getOp() << ": " << tileWishAttrName << ": expected ";
  };
  auto dict = dyn_cast<DictionaryAttr>(wish);
  if (!dict)
    return error() << "a dictionary, found " << wish;
  for (NamedAttribute entry : dict) {
    if (auto order = dyn_cast<ArrayAttr>(entry.getValue()); order && entry.getName() == "order") {
      for (Attribute loop : order) {
        auto name = dyn_cast<StringAttr>(loop);
        if (!name)
          return error() << "loop names in order, found " << loop;
        result.order.push_back(name.str());
      }
    } else if (auto sizes = dyn_cast<DictionaryAttr>(entry.getValue());
               sizes && entry.getName() == "sizes") {
      for (NamedAttribute size : sizes) {
        auto value = dyn_cast<IntegerAttr>(size.getValue());
        if (!value)
          return error() << "a whole number of loop " << size.getName() << ", found "
                         << size.getValue();
        result.sizes.emplace_back(size.getName().str(), value.getInt());
      }
    } else {
      return error() << "order = [...] or sizes = {...}, found " << entry.getName();
    }
  }
  return result;
}

static void remarkTiles(const NestView &nest, const Tiling &tiling) {
  auto r = remark::passed(nest.op.getLoc(), remark::RemarkOpts::name("tile").category("tile"));
  if (!r)
    return;
  std::string text = nest.op.getOp().str() + ":";
  for (unsigned loop : tiling.order)
    text += " " + nest.loops[loop].getName().str() + " " + std::to_string(tiling.sizes[loop]) +
            "/" + std::to_string(nest.loops[loop].getExtent()) +
            (int(loop) == tiling.split ? " split" : "");
  r << text + " on " + std::to_string(tiling.cores) + (tiling.cores == 1 ? " core, " : " cores, ") +
           std::to_string(tiling.slots) + " slots";
}

/// Says where a layer has idle cores.
static void remarkIdleCores(const NestView &nest, const Tiling &tiling, const TileWish &wish) {
  // Tiles that were asked for, or drawn, say nothing of the chip.
  bool isAsked = wish.seed || !wish.order.empty() || !wish.sizes.empty();
  if (!nest.op.getOnCores() || isAsked)
    return;
  int64_t tiles = 1;
  if (tiling.split >= 0)
    tiles = llvm::divideCeil(nest.loops[size_t(tiling.split)].getExtent(),
                             tiling.sizes[size_t(tiling.split)]);
  if (tiles >= tiling.cores)
    return;
  auto opts = remark::RemarkOpts::name("idle-cores").category("tile");
  if (auto r = remark::missed(nest.op.getLoc(), opts))
    r << nest.op.getOp().str() + ": " + std::to_string(tiling.cores - tiles) + " of " +
             std::to_string(tiling.cores) + " cores idle: " +
             (tiling.split < 0 ? std::string("no loop can be spread over them")
                               : "loop " + nest.loops[size_t(tiling.split)].getName().str() +
                                     " has " + std::to_string(tiles) + " tiles");
}

/// What a transfer costs depends on where elements are.
static LogicalResult checkLaidOut(NestOp nest) {
  for (auto buffer : nest.getBody().getOps<BufferOp>())
    if (buffer.getTensor() && !buffer.getStrides())
      return buffer.emitOpError("has no strides; run chip-choose-layouts first");
  return success();
}

void ChooseTiles::runOnOperation() {
  ModuleOp module = getOperation();
  FailureOr<chip::Chip> chip = chipOf(module);
  if (failed(chip))
    return signalPassFailure();
  uint64_t number = 0;
  SymbolTable symbols(module);
  for (auto fn : module.getOps<func::FuncOp>())
    for (auto op : fn.getOps<NestOp>()) {
      if (failed(checkLaidOut(op)))
        return signalPassFailure();
      NestView nest(op);
      BufferPlaces places = placesOfBuffers(nest, symbols);
      FailureOr<TileWish> wish = wishOf(op, ++number);
      if (failed(wish))
        return signalPassFailure();
      FailureOr<Tiling> tiling = TileChooser(nest, places, *chip, *wish).choose();
      if (failed(tiling))
        return signalPassFailure();
      remarkTiles(nest, *tiling);
      remarkIdleCores(nest, *tiling, *wish);
      op->removeAttr(tileWishAttrName);
      op.setTilingAttr(tiling->toAttr(&getContext()));
    }
  module->setAttr("slp.stage", StringAttr::get(&getContext(), "tile"));
}
