//===- TileSpace.cpp - the tilings that a nest may have on a chip -----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/TileSpace.h"

#include "dialects/Chip/ChipKept.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <functional>
#include <random>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

FailureOr<TileSpace> TileSpace::create(const NestView &nest, const chip::Chip &chip,
                                       const TileWish &wish) {
  TileSpace space(nest, chip, wish);
  if (failed(space.readOrder()))
    return failure();
  if (nest.op.getOnCores())
    space.cores = std::min<int64_t>(chip.structure.cores, wish.cores ? wish.cores : 64);
  space.listSplits();
  if (failed(space.readSizes()))
    return failure();
  space.listSizes();
  return space;
}

//===----------------------------------------------------------------------------------------===//
// Wishes
//===----------------------------------------------------------------------------------------===//

LogicalResult TileSpace::readOrder() {
  SmallVector<unsigned> reductions;
  for (unsigned i = 0; i < nest.loops.size(); ++i)
    (nest.loops[i].getReduction() ? reductions : order).push_back(i);
  order.append(reductions.begin(), reductions.end());
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
  order = wanted;
  return success();
}

LogicalResult TileSpace::readSizes() {
  wishedSizes.assign(nest.loops.size(), 0);
  for (auto &[name, size] : wish.sizes) {
    auto it = llvm::find_if(nest.loops, [&, n = name](LoopAttr l) { return l.getName() == n; });
    if (it == nest.loops.end())
      return error() << "tile size for unknown loop \"" << name << "\"";
    auto loop = unsigned(it - nest.loops.begin());
    if (std::optional<std::string> refusal = nest.refusalOfSize(loop, size))
      return error() << *refusal;
    wishedSizes[loop] = std::min(size, it->getExtent());
  }
  Tiling tiling;
  setWholeSizes(tiling);
  if (std::optional<std::string> refusal = nest.refusalOfSizes(tiling.sizes))
    return error() << *refusal;
  return success();
}

//===----------------------------------------------------------------------------------------===//
// The grid
//===----------------------------------------------------------------------------------------===//

void TileSpace::listSplits() {
  for (auto [i, loop] : llvm::enumerate(nest.loops))
    if (!loop.getReduction() && loop.getExtent() >= 2 && cores > 1 && !isOverKept(nest.op, i))
      splitLoops.push_back(int(i));
  if (splitLoops.empty())
    splitLoops.push_back(-1);
}

int64_t TileSpace::roundTile(unsigned loop, int64_t tile) const {
  LoopAttr l = nest.loops[loop];
  tile =
      std::min(l.getExtent(), int64_t(llvm::alignTo(std::max<int64_t>(tile, 1), l.getGranule())));
  while (l.getExact() && l.getExtent() % tile)
    --tile;
  return tile;
}

/// 1, 2, 3, 4, 6, 8, 12, ...
static SmallVector<int64_t> partsUpTo(int64_t most) {
  SmallVector<int64_t> parts = {1};
  for (int64_t power = 2; power <= most; power *= 2) {
    parts.push_back(power);
    if (power + power / 2 <= most)
      parts.push_back(power + power / 2);
  }
  return parts;
}

void TileSpace::listSizes() {
  sizes.resize(nest.loops.size());
  for (auto [i, loop] : llvm::enumerate(nest.loops))
    for (bool isSplit : {false, true}) {
      SmallVector<int64_t> &list = sizes[i][size_t(isSplit)];
      if (isOverKept(nest.op, i)) {
        list = {1};
        continue;
      }
      if (wishedSizes[i]) {
        list = {wishedSizes[i]};
        continue;
      }
      int64_t extent = loop.getExtent();
      int64_t unit = loop.getOnPes() ? int64_t(chip.structure.pes) : loop.getColumns();
      SmallVector<int64_t> parts = partsUpTo(isSplit ? std::min(extent, cores) : extent);
      if (isSplit)
        for (int64_t ofCore : partsUpTo(llvm::divideCeil(extent, cores)))
          parts.push_back(ofCore * cores);
      for (int64_t part : parts) {
        int64_t tile = llvm::divideCeil(extent, part);
        list.push_back(roundTile(unsigned(i), tile));
        if (unit > 1)
          list.push_back(roundTile(unsigned(i), int64_t(llvm::alignTo(tile, unit))));
      }
      list.push_back(roundTile(unsigned(i), 1));
      llvm::sort(list, std::greater<int64_t>());
      list.erase(std::unique(list.begin(), list.end()), list.end());
    }
}

void TileSpace::setCores(Tiling &tiling) const {
  tiling.cores = 1;
  if (tiling.split < 0)
    return;
  auto loop = size_t(tiling.split);
  int64_t tiles = llvm::divideCeil(nest.loops[loop].getExtent(), tiling.sizes[loop]);
  tiling.cores = std::min(cores, tiles);
}

SmallVector<SmallVector<unsigned>> TileSpace::neighbours(ArrayRef<unsigned> from) const {
  SmallVector<SmallVector<unsigned>> all;
  if (!wish.order.empty())
    return all;
  size_t parallel = llvm::count_if(from, [&](unsigned l) { return !nest.loops[l].getReduction(); });
  for (size_t i = 0; i < parallel; ++i)
    for (size_t to : {size_t(0), parallel - 1}) {
      if (to == i)
        continue;
      SmallVector<unsigned> moved(from);
      moved.erase(moved.begin() + i);
      moved.insert(moved.begin() + to, from[i]);
      all.push_back(std::move(moved));
    }
  return all;
}

/// All orders of the first `parallel` loops, ascending.
static SmallVector<SmallVector<unsigned>> permutationsOf(ArrayRef<unsigned> order,
                                                         size_t parallel) {
  SmallVector<unsigned> next(order);
  std::sort(next.begin(), next.begin() + parallel);
  SmallVector<SmallVector<unsigned>> all;
  do {
    all.push_back(next);
  } while (std::next_permutation(next.begin(), next.begin() + parallel));
  return all;
}

void TileSpace::forEach(const Capacities &capacities, function_ref<void(const Tiling &)> f) const {
  size_t parallel = llvm::count_if(nest.loops, [](LoopAttr l) { return !l.getReduction(); });
  SmallVector<SmallVector<unsigned>> orders = {order};
  if (wish.order.empty())
    orders = permutationsOf(order, parallel);
  int64_t accSlots = nest.op.getMayJoinBanks() ? 1 : 2;
  for (int split : splitLoops) {
    Tiling tiling;
    tiling.split = split;
    tiling.sizes.assign(nest.loops.size(), 0);
    std::function<void(unsigned)> choose = [&](unsigned loop) {
      if (loop < nest.loops.size()) {
        for (int64_t size : sizesOf(loop, int(loop) == split)) {
          tiling.sizes[loop] = size;
          choose(loop + 1);
        }
        return;
      }
      setCores(tiling);
      for (tiling.slots = 1; tiling.slots <= 2; ++tiling.slots)
        for (tiling.accumulatorSlots = accSlots; tiling.accumulatorSlots <= 2;
             ++tiling.accumulatorSlots)
          for (const SmallVector<unsigned> &each : orders) {
            tiling.order = each;
            if (isLegal(tiling, capacities))
              f(tiling);
          }
    };
    choose(0);
  }
}

double TileSpace::size() const {
  double orders = 1, all = 0;
  for (auto [i, loop] : llvm::enumerate(
           llvm::make_filter_range(nest.loops, [](LoopAttr l) { return !l.getReduction(); })))
    orders *= wish.order.empty() ? double(i + 1) : 1;
  for (int split : splitLoops) {
    double ofSplit = orders * 2 * (nest.op.getMayJoinBanks() ? 2 : 1);
    for (unsigned i = 0; i < nest.loops.size(); ++i)
      ofSplit *= double(sizesOf(i, int(i) == split).size());
    all += ofSplit;
  }
  return all;
}

//===----------------------------------------------------------------------------------------===//
// Legality
//===----------------------------------------------------------------------------------------===//

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

int64_t TileSpace::excess(const Tiling &tiling, const Capacities &capacities,
                          SmallVectorImpl<std::string> *full) const {
  Demand scratchpad, shared;
  int64_t over = 0;
  for (const BufferView &buffer : nest.buffers) {
    if (buffer.isResident())
      continue; // is there already
    int64_t size = buffer.bytesIn(tiling.sizes);
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
      bool isInBoth = !nest.op.getOneAccSlot() && nest.slotsOf(buffer, tiling) == 1;
      int64_t bank = capacities.accumulatorBank;
      over += isInBoth ? accumulator.over("both accumulator banks", 2 * bank, full)
                       : accumulator.over("an accumulator bank", bank, full);
    } else if (buffer.space == Space::spm || buffer.space == Space::shared) {
      (buffer.space == Space::spm ? scratchpad : shared)
          .add(buffer, size * nest.slotsOf(buffer, tiling));
    }
  }
  return over + scratchpad.over("a core's scratchpad", capacities.scratchpad, full) +
         shared.over("the shared buffer", capacities.shared, full);
}

bool TileSpace::isLegal(const Tiling &tiling, const Capacities &capacities) const {
  for (unsigned i = 0; i < nest.loops.size(); ++i)
    if (nest.refusalOfSize(i, tiling.sizes[i]))
      return false;
  return !nest.refusalOfSizes(tiling.sizes) && excess(tiling, capacities) == 0;
}

//===----------------------------------------------------------------------------------------===//
// Tilings to begin with
//===----------------------------------------------------------------------------------------===//

SmallVector<TileSpace::Start> TileSpace::starts() const {
  SmallVector<Start> all;
  for (int split : splitLoops) {
    all.push_back({split, 2, /*keepsPes=*/true});
    if (!nest.op.getOnCores())
      continue;
    all.push_back({split, 2, /*keepsPes=*/false});
    if (!nest.op.getMayJoinBanks())
      continue;
    all.push_back({split, 1, /*keepsPes=*/true});
    all.push_back({split, 1, /*keepsPes=*/false});
  }
  return all;
}

void TileSpace::setWholeSizes(Tiling &tiling) const {
  tiling.sizes.clear();
  for (unsigned i = 0; i < nest.loops.size(); ++i) {
    int64_t parts = int(i) == tiling.split ? tiling.cores : 1;
    int64_t whole = isOverKept(nest.op, i)
                        ? 1
                        : roundTile(i, llvm::divideCeil(nest.loops[i].getExtent(), parts));
    tiling.sizes.push_back(wishedSizes[i] ? wishedSizes[i] : whole);
  }
}

bool TileSpace::cut(Tiling &tiling, const Capacities &capacities, bool cutLast, bool keepsPes,
                    bool keepsWishes) const {
  // The cut that helps most; among equals the outer loop, whose tiles need no accumulator kept.
  int64_t best = 0, bestLoop = -1, bestTile = 0;
  for (unsigned loop : tiling.order) {
    int64_t tile = tiling.sizes[loop];
    int64_t half = llvm::divideCeil(tile, 2);
    if (keepsPes && nest.loops[loop].getOnPes())
      half = llvm::alignTo(half, chip.structure.pes);
    half = roundTile(loop, half);
    if (half >= tile || nest.loops[loop].getCutLast() != cutLast ||
        !nest.mayCut(loop, tiling.sizes) || (keepsWishes && isWished(loop)))
      continue;
    Tiling next = tiling;
    next.sizes[loop] = half;
    int64_t left = excess(next, capacities);
    if (bestLoop >= 0 && left >= best)
      continue;
    best = left;
    bestLoop = loop;
    bestTile = half;
  }
  if (bestLoop >= 0)
    tiling.sizes[bestLoop] = bestTile;
  return bestLoop >= 0;
}

bool TileSpace::shrink(Tiling &tiling, const Capacities &capacities, bool keepsPes) const {
  auto cutOne = [&](bool keeps, bool keepsWishes) {
    return cut(tiling, capacities, /*cutLast=*/false, keeps, keepsWishes) ||
           cut(tiling, capacities, /*cutLast=*/true, keeps, keepsWishes);
  };
  while (excess(tiling, capacities)) {
    if ((keepsPes && cutOne(/*keeps=*/true, /*keepsWishes=*/true)) ||
        cutOne(/*keeps=*/false, /*keepsWishes=*/true))
      continue;
    if (tiling.slots == 2)
      tiling.slots = 1;
    else if (!cutOne(/*keeps=*/false, /*keepsWishes=*/false))
      return false;
  }
  return true;
}

std::optional<Tiling> TileSpace::largest(const Start &start, const Capacities &capacities) const {
  Tiling tiling;
  tiling.order = order;
  tiling.split = start.split;
  tiling.cores = start.split < 0 ? 1 : cores;
  tiling.accumulatorSlots = start.accumulatorSlots;
  setWholeSizes(tiling);
  if (!shrink(tiling, capacities, start.keepsPes))
    return std::nullopt;
  setCores(tiling);
  return tiling;
}

std::optional<Tiling> TileSpace::draw(uint64_t seed, const Capacities &capacities) const {
  std::optional<Tiling> tiling = drawOnce(seed, capacities);
  for (const Start &start : starts())
    if (!tiling)
      tiling = largest(start, capacities);
  return tiling;
}

std::optional<Tiling> TileSpace::drawOnce(uint64_t seed, const Capacities &capacities) const {
  std::mt19937_64 random(seed); // standardised sequence: the same on any host
  auto drawn = [&](int64_t from, int64_t to) {
    return from + int64_t(random() % uint64_t(to - from + 1));
  };
  Tiling tiling;
  tiling.order = order;
  size_t parallel = llvm::count_if(nest.loops, [](LoopAttr l) { return !l.getReduction(); });
  SmallVector<unsigned> mixed(order);
  for (size_t i = parallel; i > 1; --i)
    std::swap(mixed[i - 1], mixed[size_t(drawn(0, int64_t(i) - 1))]);
  if (wish.order.empty())
    tiling.order = mixed;
  tiling.cores = nest.op.getOnCores() ? drawn(1, cores) : 1;
  if (tiling.cores > 1 && splitLoops.front() >= 0)
    tiling.split = splitLoops[size_t(drawn(0, int64_t(splitLoops.size()) - 1))];
  if (tiling.split < 0)
    tiling.cores = 1;
  setWholeSizes(tiling);
  for (unsigned i = 0; i < nest.loops.size(); ++i)
    if (nest.mayCut(i, tiling.sizes) && !isOverKept(nest.op, i) && drawn(0, 1))
      tiling.sizes[i] = roundTile(i, drawn(1, tiling.sizes[i]));
  tiling.slots = drawn(1, 2);
  tiling.accumulatorSlots = drawn(1, 2);
  for (unsigned i = 0; i < nest.loops.size(); ++i)
    if (wishedSizes[i])
      tiling.sizes[i] = wishedSizes[i];
  if (nest.refusalOfSizes(tiling.sizes) || !shrink(tiling, capacities, /*keepsPes=*/true))
    return std::nullopt;
  return tiling;
}

void TileSpace::reportMisfit(const Capacities &capacities) const {
  Tiling tiling;
  tiling.order = order;
  tiling.split = splitLoops.back();
  tiling.cores = tiling.split < 0 ? 1 : cores;
  setWholeSizes(tiling);
  if (shrink(tiling, capacities, /*keepsPes=*/false))
    return;
  SmallVector<std::string> full;
  (void)excess(tiling, capacities, &full);
  error() << "does not fit the memories of " << chip.name
          << " even in the smallest tiles: " << llvm::join(full, "; ");
}
