//===- ChooseTiles.cpp - tile sizes, loop order and core split --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Begins with the whole op on all cores and halves tiles until everything fits twice (double
// buffering), once for each loop that may be split over the cores; of these choices the one with
// the least cycles by estimate is taken. Legality comes from the loops: reduction loops run inside
// all parallel ones, in the order of the op's definition; any order of the parallel loops, any tile
// size and any split of a parallel loop over cores gives the same bits.
//
//===----------------------------------------------------------------------------------------===//

#include "Nest.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <random>

using namespace mlir;
using namespace slp;
using slp::chip_ir::Space;

int64_t slp::dimSize(const NestDim &dim, const TileChoice &choice) {
  int64_t tile = dim.loop < 0 ? 0 : choice.tile[dim.loop];
  int64_t size = std::max<int64_t>(1, dim.perTile * tile + dim.extra);
  return dim.isClipped ? std::min(size, dim.extent) : size;
}

int64_t slp::bufferBytes(const NestBuffer &buffer, const TileChoice &choice) {
  int64_t bytes = chip_ir::elementBytes(buffer.element);
  for (const NestDim &dim : buffer.dims)
    bytes *= dimSize(dim, choice);
  return llvm::alignTo(bytes, 16);
}

int64_t slp::bufferSlots(const Nest &nest, const NestBuffer &buffer, const TileChoice &choice) {
  if (buffer.space == Space::acc)
    return nest.oneAccumulatorSlot ? 1 : std::min(choice.slots, choice.accumulatorSlots);
  if (buffer.tensor.empty())
    return 1; // one engine's own, from one instruction to the next
  return choice.slots;
}

int64_t slp::dramTraffic(const Nest &nest, const chip::Chip &chip, const TileChoice &choice) {
  int64_t burst = chip.rates.dramBurstBytes, sum = 0;
  for (const NestBuffer &buffer : nest.buffers) {
    if (buffer.tensor.empty())
      continue;
    auto byStride = llvm::to_vector(llvm::seq<unsigned>(0, buffer.dims.size()));
    llvm::sort(byStride, [&](unsigned a, unsigned b) {
      return std::abs(buffer.strides[a]) < std::abs(buffer.strides[b]);
    });
    int64_t elements = 1, run = 1;
    bool whole = true;
    for (unsigned d : byStride) {
      int64_t size = std::min(dimSize(buffer.dims[d], choice), buffer.dims[d].extent);
      elements *= size;
      if (whole)
        run *= size;
      whole &= size == buffer.dims[d].extent;
    }
    int64_t bytes =
        elements / run * int64_t(llvm::alignTo(run * chip_ir::elementBytes(buffer.element), burst));
    // The transfer stands inside every loop down to the last one that moves it.
    int64_t times = 1, pending = 1;
    for (unsigned loop : choice.order) {
      bool split = int(loop) == choice.split;
      pending *=
          llvm::divideCeil(nest.loops[loop].extent, choice.tile[loop] * (split ? choice.cores : 1));
      bool moves = llvm::any_of(buffer.dims, [&](const NestDim &d) { return d.loop == int(loop); });
      if (moves)
        times = pending;
      if (moves && split)
        bytes *= choice.cores;
    }
    sum += bytes * times * (int(buffer.load) + int(buffer.store));
  }
  return sum;
}

namespace {

class TileChooser {
public:
  TileChooser(const Nest &nest, const chip::Chip &chip, const TileOptions &options)
      : nest(nest), chip(chip), options(options), random(options.seed) {}

  FailureOr<TileChoice> choose();

private:
  int64_t draw(int64_t from, int64_t to) {
    return from + int64_t(random() % uint64_t(to - from + 1));
  }
  InFlightDiagnostic error() { return emitError(nest.loc) << nest.op << ": "; }

  LogicalResult chooseOrder(TileChoice &choice);
  int64_t coresToUse();
  SmallVector<int> splits(int64_t cores);
  double macCycles(const TileChoice &choice) const;
  double cyclesOf(const TileChoice &choice) const;
  /// Gives an order and a split their tiles. `keepsPes`: cuts leave no PE without an output if
  /// others do.
  LogicalResult complete(TileChoice &choice, bool keepsPes);
  int64_t roundTile(int64_t loop, int64_t tile) const;
  bool mayCut(int64_t loop, const TileChoice &choice) const;
  /// Bytes beyond capacity, summed over memories; 0 means that the choice fits. `full` gets the
  /// memories that it does not fit.
  int64_t excess(const TileChoice &choice, SmallVectorImpl<std::string> *full = nullptr) const;
  /// Halves one tile; false if no loop of the kind can be cut. `keepsPes`: none that leaves PEs
  /// without an output.
  bool cut(TileChoice &choice, bool cutLast, bool keepsPes) const;
  FailureOr<TileChoice> tryChoice(TileChoice choice, bool keepsPes, bool isSilent);
  LogicalResult shrink(TileChoice &choice, bool keepsPes);
  LogicalResult applySizes(TileChoice &choice);

  const Nest &nest;
  const chip::Chip &chip;
  const TileOptions &options;
  std::mt19937_64 random; // standardised sequence: the same on any host
};

} // namespace

LogicalResult TileChooser::chooseOrder(TileChoice &choice) {
  SmallVector<unsigned> reductions;
  for (unsigned i = 0; i < nest.loops.size(); ++i)
    (nest.loops[i].reduction ? reductions : choice.order).push_back(i);
  if (options.seed)
    for (size_t i = choice.order.size(); i > 1; --i)
      std::swap(choice.order[i - 1], choice.order[draw(0, i - 1)]);
  choice.order.append(reductions.begin(), reductions.end());
  if (options.order.empty())
    return success();

  SmallVector<unsigned> wanted;
  for (const std::string &name : options.order) {
    auto it = llvm::find_if(nest.loops, [&](const NestLoop &l) { return l.name == name; });
    if (it == nest.loops.end() || llvm::is_contained(wanted, it - nest.loops.begin()))
      return error() << "loop order names " << (it == nest.loops.end() ? "unknown" : "twice the")
                     << " loop \"" << name << "\"";
    wanted.push_back(it - nest.loops.begin());
  }
  if (wanted.size() != nest.loops.size())
    return error() << "loop order names " << wanted.size() << " of " << nest.loops.size()
                   << " loops";
  // The parallel loops may come in any order; the reductions come last, in the order of the
  // definition.
  size_t firstReduction = nest.loops.size() - reductions.size();
  for (size_t i = 0; i < wanted.size(); ++i) {
    bool reduction = nest.loops[wanted[i]].reduction;
    if (i < firstReduction && reduction)
      return error() << "illegal loop order: reduction loop \"" << nest.loops[wanted[i]].name
                     << "\" outside a parallel loop would interleave sums";
    if (i >= firstReduction && wanted[i] != reductions[i - firstReduction])
      return error() << "illegal loop order: reduction loop \"" << nest.loops[wanted[i]].name
                     << "\" out of the order of accumulation";
  }
  choice.order = wanted;
  return success();
}

int64_t TileChooser::coresToUse() {
  if (!nest.onCores)
    return 1;
  int64_t cores = chip.structure.cores;
  if (options.cores)
    cores = std::min(cores, options.cores);
  return options.seed ? draw(1, cores) : cores;
}

/// Multiplications of one item and column in one point of the reductions.
static double termsOfItem(const Nest &nest, const NestRun &run) {
  double terms = 1;
  if (run.geometry.size() >= 2)
    terms = double(run.geometry[0] * run.geometry[1]);
  if (run.instruction == "conv.wg") // whose tiles hold whole rows
    terms *= double(nest.buffers[run.ins[1]].dims.back().extent);
  return terms / double(nest.itemsOfPoint);
}

/// Cycles of the busiest core's MAC instructions: the rounds of its lines of PEs (docs/timing.md,
/// T7), tiles at the edge taken for whole.
double TileChooser::macCycles(const TileChoice &choice) const {
  const NestRun &run = nest.runs.front();
  bool isWide = llvm::any_of(ArrayRef(run.ins).take_front(2), [&](unsigned in) {
    return chip_ir::elementBytes(nest.buffers[in].element) > 1;
  });
  double macs = isWide ? chip.rates.fp16MacsPerCycle : chip.rates.fp8MacsPerCycle;
  double rate = macs / double(chip.structure.lines * chip.structure.pes);
  double steps = 1, items = double(nest.itemsOfPoint), columns = 1, terms = termsOfItem(nest, run);
  for (auto [i, loop] : llvm::enumerate(nest.loops)) {
    int64_t tile = choice.tile[i];
    steps *=
        double(llvm::divideCeil(loop.extent, tile * (int(i) == choice.split ? choice.cores : 1)));
    if (loop.reduction) {
      terms *= double(tile);
      continue;
    }
    int64_t unit = loop.onPes ? int64_t(chip.structure.pes) : loop.columns;
    int64_t pieces = llvm::divideCeil(tile, unit);
    items *= double(pieces);
    if (loop.columns > 1)
      columns *= double(tile) / double(pieces);
  }
  double rounds = std::ceil(items / double(chip.structure.lines));
  return steps * (double(chip.rates.macStartCycles) + rounds * columns * terms / rate);
}

/// Cycles of a choice: the longer of multiplications and transfers where buffers have two copies,
/// which hide one behind the other, else both. An estimate: it knows no waiting.
double TileChooser::cyclesOf(const TileChoice &choice) const {
  double dram = double(dramTraffic(nest, chip, choice)) * chip.rates.clockHz /
                (chip.rates.dramBytesPerSecond * chip.rates.dramEfficiency);
  if (!nest.onCores)
    return dram;
  double mac = macCycles(choice);
  return choice.slots > 1 ? std::max(mac, dram) : mac + dram;
}

/// The loops that may be split over the cores; -1 where none can.
SmallVector<int> TileChooser::splits(int64_t cores) {
  SmallVector<int> all;
  for (auto [i, loop] : llvm::enumerate(nest.loops))
    if (!loop.reduction && loop.extent >= 2 && cores > 1)
      all.push_back(i);
  if (all.empty())
    return {-1};
  if (options.seed)
    return {all[draw(0, all.size() - 1)]};
  return all;
}

int64_t TileChooser::roundTile(int64_t loop, int64_t tile) const {
  const NestLoop &l = nest.loops[loop];
  tile = std::min(l.extent, int64_t(llvm::alignTo(std::max<int64_t>(tile, 1), l.granule)));
  while (l.exact && l.extent % tile)
    --tile;
  return tile;
}

bool TileChooser::mayCut(int64_t loop, const TileChoice &choice) const {
  int other = nest.loops[loop].wholeUnless;
  return other < 0 || choice.tile[other] == 1;
}

namespace {
/// What a memory has to hold.
struct Demand {
  int64_t bytes = 0, largest = 0;
  const NestBuffer *largestBuffer = nullptr;

  void add(const NestBuffer &buffer, int64_t size) {
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
      std::string tensor =
          largestBuffer->tensor.empty() ? "an intermediate" : "\"" + largestBuffer->tensor + "\"";
      full->push_back(std::to_string(bytes) + " bytes for the " + std::to_string(capacity) +
                      " of " + memory.str() + ", most of them, " + std::to_string(largest) +
                      ", for " + tensor);
    }
    return bytes - capacity;
  }
};
} // namespace

int64_t TileChooser::excess(const TileChoice &choice, SmallVectorImpl<std::string> *full) const {
  Demand scratchpad, shared;
  int64_t over = 0;
  for (const NestBuffer &buffer : nest.buffers) {
    int64_t size = bufferBytes(buffer, choice);
    Demand copy;
    copy.add(buffer, size);
    over += copy.over("a descriptor's copy", chip_ir::copyBytesLimit - 1, full);
    if (buffer.space == Space::acc) {
      // The chain of conv.wg, in the other bank, may be wider than the total.
      int64_t element = chip_ir::elementBytes(buffer.element);
      if (nest.oneAccumulatorSlot)
        size = size / element * std::max<int64_t>(element, chip.numerics.accumulateFp16 ? 2 : 4);
      Demand accumulator;
      accumulator.add(buffer, size);
      bool isInBoth = !nest.oneAccumulatorSlot && bufferSlots(nest, buffer, choice) == 1;
      over += isInBoth ? accumulator.over("both accumulator banks",
                                          2 * int64_t(chip.structure.accBankBytes), full)
                       : accumulator.over("an accumulator bank", chip.structure.accBankBytes, full);
    } else if (buffer.space == Space::spm || buffer.space == Space::shared) {
      (buffer.space == Space::spm ? scratchpad : shared)
          .add(buffer, size * bufferSlots(nest, buffer, choice));
    }
  }
  return over + scratchpad.over("a core's scratchpad", chip.structure.scratchpadBytes, full) +
         shared.over("the shared buffer", chip.structure.sharedBytes, full);
}

bool TileChooser::cut(TileChoice &choice, bool cutLast, bool keepsPes) const {
  // The cut that helps most; among equals the outer loop, whose tiles need no accumulator kept.
  int64_t best = 0, bestLoop = -1, bestTile = 0;
  for (unsigned loop : choice.order) {
    int64_t tile = choice.tile[loop];
    int64_t half = llvm::divideCeil(tile, 2);
    if (keepsPes && nest.loops[loop].onPes)
      half = llvm::alignTo(half, chip.structure.pes);
    half = roundTile(loop, half);
    if (half >= tile || nest.loops[loop].cutLast != cutLast || !mayCut(loop, choice))
      continue;
    TileChoice next = choice;
    next.tile[loop] = half;
    int64_t left = excess(next);
    if (bestLoop >= 0 && left >= best)
      continue;
    best = left;
    bestLoop = loop;
    bestTile = half;
  }
  if (bestLoop >= 0)
    choice.tile[bestLoop] = bestTile;
  return bestLoop >= 0;
}

LogicalResult TileChooser::shrink(TileChoice &choice, bool keepsPes) {
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

LogicalResult TileChooser::applySizes(TileChoice &choice) {
  for (auto &[name, size] : options.sizes) {
    auto it = llvm::find_if(nest.loops, [&, n = name](const NestLoop &l) { return l.name == n; });
    if (it == nest.loops.end())
      return error() << "tile size for unknown loop \"" << name << "\"";
    int64_t loop = it - nest.loops.begin();
    if (size < 1 || (size < it->extent && size % it->granule))
      return error() << "expected a tile of loop \"" << name << "\" that is a multiple of "
                     << it->granule << ", found " << size;
    if (it->exact && it->extent % size)
      return error() << "expected a tile of loop \"" << name << "\" that divides " << it->extent
                     << ", found " << size;
    choice.tile[loop] = std::min(size, it->extent);
  }
  for (unsigned i = 0; i < nest.loops.size(); ++i)
    if (choice.tile[i] < nest.loops[i].extent && !mayCut(i, choice))
      return error() << "loop \"" << nest.loops[i].name
                     << "\" may be cut only with tiles of 1 of loop \""
                     << nest.loops[nest.loops[i].wholeUnless].name << "\"";
  return success();
}

LogicalResult TileChooser::complete(TileChoice &choice, bool keepsPes) {
  for (unsigned i = 0; i < nest.loops.size(); ++i) {
    int64_t parts = int(i) == choice.split ? choice.cores : 1;
    choice.tile.push_back(roundTile(i, llvm::divideCeil(nest.loops[i].extent, parts)));
  }
  if (options.seed) {
    for (unsigned i = 0; i < nest.loops.size(); ++i)
      if (mayCut(i, choice) && draw(0, 1))
        choice.tile[i] = roundTile(i, draw(1, choice.tile[i]));
    choice.slots = draw(1, 2);
    choice.accumulatorSlots = draw(1, 2);
  }
  if (failed(applySizes(choice)))
    return failure();
  return shrink(choice, keepsPes);
}

/// The choice of a split, if it fits. The reasons of one that does not are kept to the user only
/// where none does.
FailureOr<TileChoice> TileChooser::tryChoice(TileChoice choice, bool keepsPes, bool isSilent) {
  std::optional<ScopedDiagnosticHandler> silence;
  if (isSilent)
    silence.emplace(nest.loc->getContext(), [](Diagnostic &) { return success(); });
  if (failed(complete(choice, keepsPes)))
    return failure();
  return choice;
}

FailureOr<TileChoice> TileChooser::choose() {
  TileChoice start;
  if (failed(chooseOrder(start)))
    return failure();
  start.cores = coresToUse();
  std::optional<TileChoice> best;
  double bestCycles = 0;
  auto consider = [&](const TileChoice &choice, bool keepsPes) {
    FailureOr<TileChoice> complete = tryChoice(choice, keepsPes, /*isSilent=*/true);
    if (failed(complete))
      return;
    for (bool isSplitOutermost : {false, true}) {
      if (isSplitOutermost && (choice.split < 0 || !options.order.empty()))
        continue;
      // What does not follow the loop that is split is loaded again in each of the loops around it.
      if (isSplitOutermost) {
        auto *at = llvm::find(complete->order, unsigned(choice.split));
        std::rotate(complete->order.begin(), at, at + 1);
      }
      double cycles = cyclesOf(*complete);
      if (best && cycles >= bestCycles)
        continue;
      best = *complete;
      bestCycles = cycles;
    }
  };
  auto considerSplit = [&](TileChoice choice) {
    consider(choice, /*keepsPes=*/true);
    if (!nest.onCores)
      return;
    consider(choice, /*keepsPes=*/false);
    if (!nest.mayJoinBanks)
      return;
    choice.accumulatorSlots = 1;
    consider(choice, /*keepsPes=*/true);
    consider(choice, /*keepsPes=*/false);
  };
  TileChoice choice = start;
  for (int split : splits(start.cores)) {
    choice.split = split;
    choice.cores = split < 0 ? 1 : start.cores;
    choice.accumulatorSlots = start.accumulatorSlots;
    if (options.seed)
      return tryChoice(choice, /*keepsPes=*/true, /*isSilent=*/false);
    considerSplit(choice);
  }
  if (!best) // says why
    return tryChoice(choice, /*keepsPes=*/false, /*isSilent=*/false);
  return *best;
}

FailureOr<TileChoice> slp::chooseTiles(const Nest &nest, const chip::Chip &chip,
                                       const TileOptions &options) {
  return TileChooser(nest, chip, options).choose();
}
