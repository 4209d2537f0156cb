//===- BestTiling.cpp - the tiling of a nest with the least cycles ----------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/BestTiling.h"

#include "dialects/Chip/ChipKept.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <map>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

//===----------------------------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------------------------===//

namespace {
/// Tilings that improve by one step go on from there; of all that were met the best few by guess
/// are estimated.
class Search {
public:
  Search(const TileSpace &space, CostModel &model, const Capacities &capacities, bool isQuick)
      : space(space), model(model), capacities(capacities), mostStarts(isQuick ? 4 : 6),
        mostFinalists(isQuick ? 4 : 12) {}

  std::optional<TilingChoice> run();

private:
  static constexpr int mostRounds = 3;

  using Key = SmallVector<int64_t, 16>;
  static Key keyOf(const Tiling &tiling);
  double guess(const Tiling &tiling);
  void improve(Tiling tiling);
  bool improveSizes(Tiling &tiling, double &cycles);
  bool improveOrder(Tiling &tiling, double &cycles);
  bool improveCopies(Tiling &tiling, double &cycles);
  bool tryOne(const Tiling &next, Tiling &tiling, double &cycles);

  const TileSpace &space;
  CostModel &model;
  const Capacities &capacities;
  /// How many starts are improved, and how many tilings are estimated.
  size_t mostStarts, mostFinalists;
  std::map<Key, double> met;
  std::vector<std::pair<double, Tiling>> all; // in the order in which they were met
};
} // namespace

Search::Key Search::keyOf(const Tiling &tiling) {
  Key key(tiling.sizes.begin(), tiling.sizes.end());
  key.append(tiling.order.begin(), tiling.order.end());
  key.append({tiling.split, tiling.slots, tiling.accumulatorSlots});
  return key;
}

/// One copy of buffers has to be worth it: with two, transfers go on while others work, whatever
/// the estimate does not know.
static double weighted(double cycles, const Tiling &tiling) {
  return tiling.slots == 1 ? 1.02 * cycles : cycles;
}

double Search::guess(const Tiling &tiling) {
  auto [it, isNew] = met.try_emplace(keyOf(tiling), 0);
  if (isNew) {
    it->second = weighted(model.guess(tiling).cycles, tiling);
    all.emplace_back(it->second, tiling);
  }
  return it->second;
}

bool Search::tryOne(const Tiling &next, Tiling &tiling, double &cycles) {
  if (!space.isLegal(next, capacities))
    return false;
  double now = guess(next);
  if (now >= cycles)
    return false;
  tiling = next;
  cycles = now;
  return true;
}

bool Search::improveSizes(Tiling &tiling, double &cycles) {
  bool isBetter = false;
  for (unsigned loop = 0; loop < tiling.sizes.size(); ++loop)
    for (int64_t size : space.sizesOf(loop, int(loop) == tiling.split)) {
      Tiling next = tiling;
      next.sizes[loop] = size;
      space.setCores(next);
      isBetter |= tryOne(next, tiling, cycles);
    }
  return isBetter;
}

bool Search::improveOrder(Tiling &tiling, double &cycles) {
  bool isBetter = false;
  for (const SmallVector<unsigned> &order : space.neighbours(tiling.order)) {
    Tiling next = tiling;
    next.order = order;
    isBetter |= tryOne(next, tiling, cycles);
  }
  return isBetter;
}

bool Search::improveCopies(Tiling &tiling, double &cycles) {
  bool isBetter = false;
  Tiling next = tiling;
  next.slots = 3 - next.slots;
  isBetter |= tryOne(next, tiling, cycles);
  if (space.getNest().op.getMayJoinBanks()) {
    next = tiling;
    next.accumulatorSlots = 3 - next.accumulatorSlots;
    isBetter |= tryOne(next, tiling, cycles);
  }
  return isBetter;
}

void Search::improve(Tiling tiling) {
  double cycles = guess(tiling);
  for (int round = 0; round < mostRounds; ++round) {
    bool isBetter = improveSizes(tiling, cycles);
    isBetter |= improveOrder(tiling, cycles);
    isBetter |= improveCopies(tiling, cycles);
    if (!isBetter)
      return;
  }
}

std::optional<TilingChoice> Search::run() {
  for (const TileSpace::Start &start : space.starts()) {
    std::optional<Tiling> tiling = space.largest(start, capacities);
    if (!tiling)
      continue;
    guess(*tiling);
    // What does not follow the loop that is split is loaded again in each of the loops around it.
    if (start.split >= 0)
      for (const SmallVector<unsigned> &order : space.neighbours(tiling->order))
        if (order.front() == unsigned(start.split)) {
          tiling->order = order;
          guess(*tiling);
        }
  }
  auto isLess = [](const auto &a, const auto &b) { return a.first < b.first; };
  std::vector<std::pair<double, Tiling>> best = all;
  std::stable_sort(best.begin(), best.end(), isLess);
  // Each of them of another split, as long as there are some.
  std::vector<Tiling> starts;
  SmallVector<int> splits;
  for (bool isAgain : {false, true})
    for (const auto &[cycles, tiling] : best)
      if (starts.size() < mostStarts && isAgain == llvm::is_contained(splits, tiling.split)) {
        starts.push_back(tiling);
        splits.push_back(tiling.split);
      }
  for (const Tiling &tiling : starts)
    improve(tiling);
  std::stable_sort(all.begin(), all.end(), isLess);
  std::optional<TilingChoice> choice;
  for (const auto &[cycles, tiling] : ArrayRef(all).take_front(mostFinalists)) {
    NestEstimate estimate = model.estimate(tiling);
    if (!choice ||
        weighted(estimate.cycles, tiling) < weighted(choice->estimate.cycles, choice->tiling)) {
      std::optional<double> second;
      if (choice)
        second = choice->estimate.cycles;
      choice = {tiling, estimate, second, {}};
    } else if (!choice->runnerUp || estimate.cycles < *choice->runnerUp) {
      choice->runnerUp = estimate.cycles;
    }
  }
  return choice;
}

std::optional<TilingChoice> slp::bestOfAll(const TileSpace &space, CostModel &model,
                                           const Capacities &capacities) {
  std::optional<TilingChoice> best;
  space.forEach(capacities, [&](const Tiling &tiling) {
    NestEstimate estimate = model.estimate(tiling);
    if (!best || estimate.cycles < best->estimate.cycles)
      best = {tiling, estimate, std::nullopt, {}};
  });
  return best;
}

//===----------------------------------------------------------------------------------------===//
// Answers
//===----------------------------------------------------------------------------------------===//

/// All that an answer depends on, as text.
static std::string questionOf(const NestView &nest, const BufferPlaces &places,
                              const TileWish &wish, const Capacities &capacities) {
  std::string text;
  llvm::raw_string_ostream os(text);
  NestOp op = nest.op;
  for (LoopAttr loop : nest.loops)
    os << loop << " ";
  os << op.getOnCores() << op.getOneAccSlot() << op.getMayJoinBanks() << " "
     << op.getItemsOfPoint();
  if (std::optional<KeptLoop> kept = KeptLoop::of(op))
    os << " kept " << kept->loop;
  for (auto [buffer, place] : llvm::zip_equal(nest.buffers, places)) {
    os << "\n"
       << buffer.element << " " << int(buffer.space) << buffer.op.getLoad() << buffer.op.getStore()
       << buffer.op.getTotal() << bool(buffer.op.getTensor()) << buffer.isOnChip();
    for (const NestDim &d : buffer.dims)
      os << " (" << d.loop << "," << d.coef << "," << d.offset << "," << d.perTile << "," << d.extra
         << "," << d.extent << "," << d.isClipped << ")";
    if (!place)
      continue;
    const mach::AddressMap &map = place->map;
    os << " at " << place->offset << " " << int(map.layout) << "," << map.channel << ","
       << map.grouped;
    for (int d = 0; d < map.rank; ++d)
      os << " " << map.stride[size_t(d)];
  }
  for (EngineInstruction run : nest.runs) {
    os << "\n" << StringRef(run.getInfo().layout.name) << " " << run.getInFront();
    for (Value operand : run->getOperands())
      os << " " << &nest.bufferOf(operand) - nest.buffers.data();
    for (uint64_t value : run.getFieldValues())
      os << " " << value;
    for (NamedAttribute attr : run->getAttrs())
      if (isa<DenseI64ArrayAttr>(attr.getValue()))
        os << " " << attr.getName() << "=" << attr.getValue();
  }
  os << "\nwish " << wish.cores;
  for (const std::string &name : wish.order)
    os << " " << name;
  for (const auto &[name, size] : wish.sizes)
    os << " " << name << "=" << size;
  os << "\n"
     << capacities.scratchpad << " " << capacities.accumulatorBank << " " << capacities.shared;
  return text;
}

std::optional<TilingChoice> BestTilings::search(const NestView &nest, const BufferPlaces &places,
                                                const TileSpace &space,
                                                const Capacities &capacities, bool isQuick) {
  CostModel model(nest, places, costs);
  std::optional<TilingChoice> best = Search(space, model, capacities, isQuick).run();
  if (!best)
    return best;
  if (!isQuick) {
    Capacities half = capacities.half();
    if (std::optional<TilingChoice> inHalf = Search(space, model, half, isQuick).run();
        inHalf && inHalf->estimate.cycles <= best->estimate.cycles)
      best = inHalf;
  }
  if (best->tiling.cores == 1)
    best->tiling.split = -1;
  if (best->runnerUp)
    best->runnerUp = std::max(*best->runnerUp, best->estimate.cycles);
  best->wasted = model.wastedBytes(best->tiling);
  return best;
}

std::optional<TilingChoice> BestTilings::find(const NestView &nest, const BufferPlaces &places,
                                              int64_t cores, const Capacities &capacities) {
  TileWish wish;
  wish.cores = cores;
  std::string question = questionOf(nest, places, wish, capacities);
  auto [it, isNew] = quickAnswers.try_emplace(question);
  if (isNew)
    if (FailureOr<TileSpace> space = TileSpace::create(nest, chip, wish); succeeded(space))
      it->second = search(nest, places, *space, capacities, /*isQuick=*/true);
  return it->second;
}

FailureOr<TilingChoice> BestTilings::bestTiling(const NestView &nest, const BufferPlaces &places,
                                                const TileWish &wish,
                                                const Capacities &capacities) {
  FailureOr<TileSpace> space = TileSpace::create(nest, chip, wish);
  if (failed(space))
    return failure();
  auto [it, isNew] = answers.try_emplace(questionOf(nest, places, wish, capacities));
  if (isNew)
    it->second = search(nest, places, *space, capacities, /*isQuick=*/false);
  if (it->second)
    return *it->second;
  space->reportMisfit(capacities);
  return failure();
}
