//===- CostModel.cpp - cycles of a tiled nest, without compiling it ---------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "lib/Analysis/CostModel.h"

#include "dialects/Chip/ChipKept.h"
#include "dialects/Chip/ChipPlaces.h"
#include "lib/Analysis/NestTiming.h"
#include "runtime/exec/CountItems.h"
#include "runtime/exec/LaneWork.h"
#include "runtime/exec/Mac.h"
#include "runtime/isa/StructConvBp.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructConvWg.h.inc"
#include "runtime/isa/StructMatmul.h.inc"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <functional>

using namespace mlir;
using namespace slp;
using namespace slp::chip_ir;

using Coordinates = mach::AddressMap::Coordinates;

BufferPlaces slp::placesOf(const NestView &nest, const SymbolTable &symbols) {
  BufferPlaces places(nest.buffers.size());
  for (auto [buffer, place] : llvm::zip_equal(nest.buffers, places)) {
    auto tensor =
        buffer.op.getTensor() ? symbols.lookup<TensorOp>(*buffer.op.getTensor()) : TensorOp();
    if (!tensor || buffer.isOnChip())
      continue;
    SmallVector<int64_t> strides = rowMajor(buffer.op.getExtents()); // if it has none of its own
    if (buffer.op.getStrides())
      strides.assign(buffer.op.getStrides()->begin(), buffer.op.getStrides()->end());
    if (auto placed = placeView(chip_ir::placesOf(tensor), buffer.op.getExtents(), strides,
                                int64_t(buffer.op.getFirst())))
      place = *placed;
  }
  return places;
}

//===----------------------------------------------------------------------------------------===//
// Estimates
//===----------------------------------------------------------------------------------------===//

static std::pair<double, std::string> longestOf(const NestEstimate &estimate) {
  std::pair<double, std::string> most = {estimate.dram, "dram"};
  auto consider = [&](double cycles, const std::string &name) {
    if (cycles > most.first)
      most = {cycles, name};
  };
  consider(estimate.toCores, "transport to cores");
  consider(estimate.fromCores, "transport from cores");
  consider(estimate.issue, "issue");
  for (size_t e = 0; e < NestEstimate::engines; ++e)
    consider(estimate.busy[e], "engine " + stringifyEnum(static_cast<Engine>(e)).str());
  return most;
}

double NestEstimate::bound() const { return longestOf(*this).first; }
std::string NestEstimate::boundBy() const { return longestOf(*this).second; }

//===----------------------------------------------------------------------------------------===//
// What the nest says
//===----------------------------------------------------------------------------------------===//

/// The window of a run; empty if it has none.
static ArrayRef<int64_t> windowOf(EngineInstruction run) {
  for (const mach::FieldInfo &field : run.getInfo().layout.fields)
    if (field.prefix == "g")
      return run->getAttrOfType<DenseI64ArrayAttr>(StringRef(field.name));
  return {};
}

static uint8_t functionOf(EngineInstruction run) {
  SmallVector<uint64_t> values = run.getFieldValues();
  for (auto [field, value] : llvm::zip_equal(
           llvm::make_range(run.getInfo().layout.fields.begin(), run.getInfo().layout.fields.end()),
           values))
    if (field.name == "fn")
      return uint8_t(value);
  return 0;
}

/// Whether an operand is there that only some have.
static bool hasOptional(EngineInstruction run) {
  for (OpOperand &operand : run->getOpOperands())
    if (run.getField(operand).role.when >= 0)
      return true;
  return false;
}

/// Cycles a byte, from the rounded number of many.
static double cyclesPerByte(timing::Bus bus) {
  constexpr uint64_t many = 1 << 20;
  return double(bus.take(0, many).duration) / double(many);
}

CostModel::CostModel(const NestView &nest, const BufferPlaces &places, const ChipCosts &of)
    : nest(nest), places(places), chip(of.chip), oneCore(of.oneCore), costs(of.costs),
      loopsOfBuffer(nest.buffers.size()), dramCyclesPerByte(cyclesPerByte(costs.dramBus())),
      toCoresCyclesPerByte(cyclesPerByte(costs.toCores())),
      fromCoresCyclesPerByte(cyclesPerByte(costs.fromCores())) {
  auto numberOf = [&](Value buffer) {
    return unsigned(&nest.bufferOf(buffer) - nest.buffers.data());
  };
  for (auto [buffer, loops] : llvm::zip_equal(nest.buffers, loopsOfBuffer))
    for (const NestDim &dim : buffer.dims)
      if (dim.loop >= 0 && !llvm::is_contained(loops, unsigned(dim.loop)))
        loops.push_back(unsigned(dim.loop));
  for (EngineInstruction op : nest.runs) {
    Run &run = runs.emplace_back();
    run.op = op;
    run.engine = op.getEngine();
    run.opcode = op.getInfo().opcode;
    run.function = functionOf(op);
    run.hasMore = hasOptional(op);
    run.window = windowOf(op);
    for (OpOperand &operand : op->getOpOperands()) {
      mach::OperandRole role = op.getField(operand).role;
      run.operands.push_back({numberOf(operand.get()), role.isRead(), role.isWritten()});
    }
    for (Value source : op.getOnlyRead())
      run.sources.push_back(numberOf(source));
    if (SmallVector<Value> written = op.getWritten(); !written.empty())
      run.result = numberOf(written.front());
    if (std::optional<ArrayRef<int64_t>> iterates = op.getIterates())
      run.iterates = SmallVector<int64_t>(*iterates);
    if (run.engine != Engine::mac)
      continue;
    for (unsigned source : ArrayRef(run.sources).take_front(2))
      run.isWide |= elementBytes(nest.buffers[source].element) > 1;
    for (const Operand &operand : run.operands)
      for (unsigned loop : loopsOfBuffer[operand.buffer])
        if (!llvm::is_contained(run.loops, loop))
          run.loops.push_back(loop);
  }
}

//===----------------------------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------------------------===//

int64_t CostModel::tilesOf(unsigned loop, const Tiling &tiling) const {
  return int64_t(llvm::divideCeil(nest.loops[loop].getExtent(), tiling.sizes[loop]));
}

int64_t CostModel::tripsOf(unsigned loop, const Tiling &tiling) const {
  return int64_t(
      llvm::divideCeil(tilesOf(loop, tiling), int(loop) == tiling.split ? tiling.cores : 1));
}

namespace {
/// A tile in one dimension, inside the extents.
struct Range {
  int64_t lo, size;
};
/// Tiles along a dimension that are as large as this one.
struct RangeClass {
  Range range;
  double count;
};
} // namespace

/// Tile number `tile` of a dimension.
static Range rangeAt(const NestDim &dim, int64_t tile, ArrayRef<int64_t> sizes) {
  int64_t begin = dim.offset, size = dim.sizeIn(sizes);
  if (dim.loop >= 0)
    begin += dim.coef * tile * sizes[size_t(dim.loop)];
  int64_t lo = std::clamp<int64_t>(begin, 0, dim.extent);
  return {lo, std::clamp<int64_t>(begin + size, lo, dim.extent) - lo};
}

/// Calls f(tile, count) for a tile of each stretch of `tiles` that may be unlike the others: those
/// at both ends one by one, what is between them at once.
static void forTiles(int64_t tiles, function_ref<void(int64_t, int64_t)> f) {
  constexpr int64_t ends = 8;
  for (int64_t t = 0; t < std::min(tiles, ends); ++t)
    f(t, 1);
  int64_t last = std::max(ends, tiles - ends);
  if (last > ends)
    f((ends + last) / 2, last - ends);
  for (int64_t t = last; t < tiles; ++t)
    f(t, 1);
}

static SmallVector<RangeClass, 4> rangesOf(const NestDim &dim, int64_t tiles,
                                           ArrayRef<int64_t> sizes) {
  SmallVector<RangeClass, 4> all;
  forTiles(dim.loop < 0 ? 1 : tiles, [&](int64_t tile, int64_t count) {
    Range range = rangeAt(dim, tile, sizes);
    auto *same =
        llvm::find_if(all, [&](const RangeClass &c) { return c.range.size == range.size; });
    if (same == all.end())
      all.push_back({range, double(count)});
    else
      same->count += double(count);
  });
  return all;
}

/// FNV-1a over numbers.
static uint64_t keyOf(uint64_t key, int64_t number) {
  return (key ^ uint64_t(number)) * 0x100000001b3 ^ (key >> 29);
}

const CostModel::TileSum &CostModel::sumOfTiles(unsigned index, const Tiling &tiling) {
  uint64_t key = keyOf(0xcbf29ce484222325, index);
  for (unsigned loop : loopsOfBuffer[index])
    key = keyOf(key, tiling.sizes[loop]);
  auto [it, isNew] = sums.try_emplace(key);
  TileSum &sum = it->second;
  if (!isNew)
    return sum;
  const BufferView &buffer = nest.buffers[index];
  SmallVector<SmallVector<RangeClass, 4>, 5> ranges;
  Coordinates step{};
  SmallVector<int> seen;
  for (auto [d, dim] : llvm::enumerate(buffer.dims)) {
    int64_t tiles = dim.loop < 0 ? 1 : tilesOf(unsigned(dim.loop), tiling);
    ranges.push_back(rangesOf(dim, tiles, tiling.sizes));
    // Two dimensions along one loop go together: the second adds no tiles.
    if (dim.loop >= 0 && llvm::is_contained(seen, dim.loop))
      for (RangeClass &c : ranges.back())
        c.count /= double(tiles);
    seen.push_back(dim.loop);
    if (tiles > 1)
      step[d] = dim.coef * tiling.sizes[size_t(dim.loop)];
  }
  const std::optional<mach::PlacedView> &place = places[index];
  Coordinates lo{}, size{};
  std::function<void(size_t, double, double)> add = [&](size_t d, double count, double elements) {
    if (d < ranges.size()) {
      for (const RangeClass &c : ranges[d]) {
        lo[d] = c.range.lo;
        size[d] = c.range.size;
        add(d + 1, count * c.count, elements * double(c.range.size));
      }
      return;
    }
    sum.tiles += count;
    sum.elements += count * elements;
    if (place && elements > 0)
      sum.dramBytes += count * mach::meanBurstBytes(place->map, uint64_t(place->offset), lo, size,
                                                    step, chip.rates.dramBurstBytes);
  };
  add(0, 1, 1);
  return sum;
}

double CostModel::stepsOf(unsigned buffer, const Tiling &tiling) const {
  double steps = 1;
  for (unsigned loop : loopsOfBuffer[buffer])
    steps *= double(tripsOf(loop, tiling));
  return steps;
}

bool CostModel::isSplit(unsigned buffer, const Tiling &tiling) const {
  return tiling.split >= 0 && llvm::is_contained(loopsOfBuffer[buffer], unsigned(tiling.split));
}

/// Cores that have a tile, on the average.
double CostModel::activeCores(const Tiling &tiling) const {
  if (tiling.split < 0)
    return 1;
  auto loop = unsigned(tiling.split);
  return double(tilesOf(loop, tiling)) / double(tripsOf(loop, tiling));
}

/// Elements of a buffer in one step, on all cores.
double CostModel::elementsIn(unsigned buffer, const Tiling &tiling) {
  double elements = sumOfTiles(buffer, tiling).elements / stepsOf(buffer, tiling);
  bool isOfCores = nest.buffers[buffer].space != Space::shared;
  return isOfCores && !isSplit(buffer, tiling) ? elements * activeCores(tiling) : elements;
}

//===----------------------------------------------------------------------------------------===//
// Loops (ExpandNests.cpp)
//===----------------------------------------------------------------------------------------===//

unsigned CostModel::depthOf(const NestPlan &plan, const Run &run) const {
  if (!run.iterates)
    return unsigned(plan.loops.size());
  unsigned depth = 0;
  for (unsigned i = 0; i < plan.loops.size(); ++i)
    if (llvm::is_contained(*run.iterates, int64_t(plan.loops[i])))
      depth = i + 1;
  return depth;
}

unsigned CostModel::depthOf(const NestPlan &plan, unsigned index) const {
  const BufferView &buffer = nest.buffers[index];
  if (buffer.op.getTotal() || buffer.isResident())
    return 0;
  unsigned depth = 0;
  if (buffer.op.getStore() || !buffer.op.getTensor())
    depth = plan.parallelDepth;
  if (!buffer.op.getTensor())
    for (const Run &run : runs)
      if (llvm::any_of(run.operands, [&](const Operand &o) { return o.buffer == index; }))
        depth = std::min(depth, depthOf(plan, run));
  for (unsigned i = 0; i < plan.loops.size(); ++i)
    if (llvm::is_contained(loopsOfBuffer[index], plan.loops[i]))
      depth = std::max(depth, i + 1);
  return depth;
}

PlannedWork CostModel::transfer(unsigned index, bool isLoad, const NestPlan &plan,
                                const Tiling &tiling) {
  const BufferView &buffer = nest.buffers[index];
  const TileSum &sum = sumOfTiles(index, tiling);
  bool isOfCores = buffer.space == Space::spm;
  PlannedWork work;
  work.kind = isLoad ? PlannedWork::Kind::load : PlannedWork::Kind::store;
  work.index = index;
  work.engine = isOfCores ? (isLoad ? Engine::load : Engine::store)
                          : (isLoad ? Engine::shared_load : Engine::shared_store);
  work.depth = plan.depthOfBuffer[index];
  work.times = plan.iterations(work.depth);
  double steps = stepsOf(index, tiling), element = double(elementBytes(buffer.element));
  work.dramBytes = sum.dramBytes / steps;
  // Cores behind the last tile get one of padding.
  double inside = sum.elements * element, whole = element * sum.tiles;
  if (isSplit(index, tiling))
    whole *= double(tiling.cores) / activeCores(tiling);
  for (const NestDim &dim : buffer.dims)
    whole *= double(dim.sizeIn(tiling.sizes));
  if (isOfCores) // padding is made on the way
    work.coreBytes = (isLoad ? whole : inside) / steps;
  return work;
}

/// Pairs of a result and a position of its window inside the extents, of the whole nest.
double CostModel::pairsOf(const Run &run) const {
  const BufferView &result = nest.buffers[run.result];
  if (run.window.size() < 8 || result.dims.size() != 4 || run.sources.empty())
    return 0;
  const BufferView &source = nest.buffers[run.sources.back()];
  ArrayRef<int64_t> w = run.window;
  bool isBackward = StringRef(run.op.getInfo().layout.name).ends_with(".grad");
  exec::WindowAxis rows{
      w[0], w[2], w[4], w[6], 0, result.dims[2].extent, source.dims[2].extent, isBackward};
  exec::WindowAxis columns{
      w[1], w[3], w[5], w[7], 0, result.dims[3].extent, source.dims[3].extent, isBackward};
  rows.scan();
  columns.scan();
  return double(result.dims[0].extent * result.dims[1].extent) * double(rows.present) *
         double(columns.present);
}

PlannedWork CostModel::work(unsigned index, const NestPlan &plan, const Tiling &tiling) {
  const Run &run = runs[index];
  PlannedWork work;
  work.kind = PlannedWork::Kind::run;
  work.index = index;
  work.engine = run.engine;
  work.opcode = run.opcode;
  work.isWide = run.isWide;
  work.depth = depthOf(plan, run);
  work.times = plan.iterations(work.depth);
  if (run.engine == Engine::mac) {
    work.macCycles = macCycles(run, tiling);
    return work;
  }
  exec::LaneCounts counts;
  counts.hasMore = run.hasMore;
  if (run.operands.empty()) // it counts nothing
    return work;
  double results = elementsIn(run.result, tiling), operands = 0;
  for (unsigned source : run.sources)
    operands = std::max(operands, elementsIn(source, tiling));
  counts.results = uint64_t(std::llround(results));
  counts.operands = uint64_t(std::llround(operands));
  counts.pairs = uint64_t(std::llround(pairsOf(run) / work.times));
  // Rows of a matrix whose losses or likelihoods are results; else results are rows themselves.
  const BufferView &result = nest.buffers[run.result];
  bool hasRows = result.dims.size() == 2 && run.op.getInfo().timingClass == "vector_row";
  double row = hasRows ? double(std::max<int64_t>(1, result.dims[1].sizeIn(tiling.sizes))) : 1;
  counts.rows = uint64_t(std::llround(results / row));
  work.operations =
      double(exec::laneOperations(run.opcode, run.function, counts, chip.laneOperations));
  for (const Operand &operand : run.operands) {
    const BufferView &buffer = nest.buffers[operand.buffer];
    if (buffer.space == Space::shared)
      continue;
    double bytes = elementsIn(operand.buffer, tiling) * double(elementBytes(buffer.element));
    work.bytesFromCores += operand.isRead ? bytes : 0;
    work.bytesToCores += operand.isWritten ? bytes : 0;
  }
  return work;
}

NestPlan CostModel::plan(const Tiling &tiling) {
  NestPlan plan;
  for (unsigned loop : tiling.order) {
    int64_t trips = tripsOf(loop, tiling);
    if (trips == 1 && !isOverKept(nest.op, loop))
      continue;
    plan.loops.push_back(loop);
    plan.trips.push_back(trips);
    plan.parallelDepth += !nest.loops[loop].getReduction();
  }
  plan.loads.resize(nest.buffers.size());
  plan.stores.resize(nest.buffers.size());
  for (unsigned i = 0; i < nest.buffers.size(); ++i)
    plan.depthOfBuffer.push_back(depthOf(plan, i));
  for (auto [i, buffer] : llvm::enumerate(nest.buffers)) {
    if (buffer.isResident())
      continue;
    if (buffer.op.getLoad())
      plan.loads[i] = transfer(unsigned(i), /*isLoad=*/true, plan, tiling);
    if (buffer.op.getStore())
      plan.stores[i] = transfer(unsigned(i), /*isLoad=*/false, plan, tiling);
  }
  for (unsigned i = 0; i < runs.size(); ++i)
    plan.runs.push_back(work(i, plan, tiling));
  return plan;
}

std::vector<double> CostModel::wastedBytes(const Tiling &tiling) {
  NestPlan planned = plan(tiling);
  std::vector<double> wasted;
  for (auto [i, buffer] : llvm::enumerate(nest.buffers)) {
    double bytes = 0;
    for (const PlannedWork &work : {planned.loads[i], planned.stores[i]})
      if (work.kind != PlannedWork::Kind::none && work.dramBytes > 0) {
        const TileSum &sum = sumOfTiles(unsigned(i), tiling);
        double useful =
            sum.elements * double(elementBytes(buffer.element)) / stepsOf(unsigned(i), tiling);
        bytes += work.times * std::max(0.0, work.dramBytes - useful);
      }
    wasted.push_back(bytes);
  }
  return wasted;
}

//===----------------------------------------------------------------------------------------===//
// Multiplications
//===----------------------------------------------------------------------------------------===//

/// Steps of a loop by which tiles its cores have then. Tiles are alike that have the same sizes in
/// all operands.
SmallVector<CostModel::StepClass> CostModel::stepClasses(const Run &run, unsigned loop,
                                                         const Tiling &tiling) const {
  int64_t tiles = tilesOf(loop, tiling), cores = int(loop) == tiling.split ? tiling.cores : 1;
  SmallVector<std::pair<SmallVector<int64_t, 8>, int64_t>> kinds; // sizes, and a tile that has them
  auto kindOf = [&](int64_t tile) {
    SmallVector<int64_t, 8> sizes;
    for (const Operand &operand : run.operands)
      for (const NestDim &dim : nest.buffers[operand.buffer].dims)
        if (dim.loop == int(loop))
          sizes.push_back(rangeAt(dim, tile, tiling.sizes).size);
    auto *same = llvm::find_if(kinds, [&](const auto &kind) { return kind.first == sizes; });
    if (same != kinds.end())
      return same->second;
    kinds.emplace_back(std::move(sizes), tile);
    return tile;
  };
  SmallVector<StepClass> classes;
  forTiles(int64_t(llvm::divideCeil(tiles, cores)), [&](int64_t step, int64_t count) {
    SmallVector<int64_t, 4> present;
    for (int64_t tile = step * cores; tile < std::min(tiles, (step + 1) * cores); ++tile)
      if (int64_t kind = kindOf(tile); !llvm::is_contained(present, kind))
        present.push_back(kind);
    auto *same = llvm::find_if(classes, [&](const StepClass &c) { return c.tiles == present; });
    if (same == classes.end())
      classes.push_back({present, count});
    else
      same->count += count;
  });
  return classes;
}

double CostModel::macCycles(const Run &run, const Tiling &tiling) {
  uint64_t key = keyOf(0x84222325cbf29ce4, &run - runs.data());
  for (unsigned loop : run.loops) {
    key = keyOf(key, tiling.sizes[loop]);
    if (int(loop) == tiling.split)
      key = keyOf(key, -int64_t(loop) - 1 - 64 * tiling.cores);
  }
  auto [it, isNew] = macs.try_emplace(key, 0);
  if (!isNew)
    return it->second;
  SmallVector<SmallVector<StepClass>> classes;
  double steps = 1;
  for (unsigned loop : run.loops) {
    classes.push_back(stepClasses(run, loop, tiling));
    steps *= double(tripsOf(loop, tiling));
  }
  SmallVector<int64_t> tileOfLoop(nest.loops.size(), 0);
  // Of the tiles that cores have at the same time, the longest.
  std::function<double(size_t)> cyclesFrom = [&](size_t i) -> double {
    if (i == run.loops.size())
      return cyclesAt(run, tiling, tileOfLoop);
    double sum = 0;
    for (const StepClass &step : classes[i]) {
      double longest = 0;
      for (int64_t tile : step.tiles) {
        tileOfLoop[run.loops[i]] = tile;
        longest = std::max(longest, cyclesFrom(i + 1));
      }
      sum += double(step.count) * longest;
    }
    return sum;
  };
  double mean = cyclesFrom(0) / steps;
  macs[key] = mean; // the map may have grown
  return mean;
}

double CostModel::cyclesAt(const Run &run, const Tiling &tiling, ArrayRef<int64_t> tileOfLoop) {
  uint64_t key = keyOf(0x9ce484222325cbf2, &run - runs.data());
  SmallVector<Coordinates, 4> lo, size;
  for (const Operand &operand : run.operands) {
    Coordinates from{}, count{};
    for (auto [d, dim] : llvm::enumerate(nest.buffers[operand.buffer].dims)) {
      Range range = rangeAt(dim, dim.loop < 0 ? 0 : tileOfLoop[size_t(dim.loop)], tiling.sizes);
      from[d] = range.lo;
      count[d] = range.size;
      key = keyOf(keyOf(key, range.lo), range.size);
    }
    lo.push_back(from);
    size.push_back(count);
  }
  auto [it, isNew] = atTiles.try_emplace(key, 0);
  if (isNew) {
    exec::CoreWork work;
    work.items = itemsAt(run, lo, size);
    it->second = double(costs.mac(work, run.isWide).cycles);
  }
  return it->second;
}

/// The work items of a tile. The operands of a MAC instruction are its accumulators, the two
/// factors and others.
exec::MacItems CostModel::itemsAt(const Run &run, ArrayRef<Coordinates> lo,
                                  ArrayRef<Coordinates> size) const {
  if (run.operands.size() < 3)
    return {}; // zero
  int64_t pes = chip.structure.pes;
  int dot = chip.numerics.dot;
  ArrayRef<int64_t> w = run.window;
  auto extentOf = [&](size_t operand, size_t d) {
    return nest.buffers[run.operands[operand].buffer].dims[d].extent;
  };
  const Coordinates &acc = size[0];
  if (run.opcode == mach::Matmul::opcode) {
    size_t row = nest.buffers[run.operands[0].buffer].dims.size() - 2;
    return exec::countProductItems(row ? uint64_t(acc[0]) : 1, uint64_t(acc[row]),
                                   llvm::divideCeil(acc[row + 1], pes), uint64_t(size[1][row + 1]),
                                   dot);
  }
  bool isBackward = run.opcode == mach::ConvBp::opcode;
  if (run.opcode == mach::ConvFp::opcode || isBackward) {
    exec::WindowAxis rows{w[0], w[2], w[4], w[6], lo[0][3], acc[3], extentOf(1, 3), isBackward};
    exec::WindowAxis columns{w[1], w[3], w[5], w[7], lo[0][4], acc[4], extentOf(1, 4), isBackward};
    exec::MacItems items =
        exec::countConvItems(rows, columns, size[1][2], exec::isPacked(extentOf(1, 2)), dot,
                             int64_t(llvm::divideCeil(acc[2], pes)));
    items.repeats = uint64_t(acc[0] * acc[1]);
    return items;
  }
  if (run.opcode != mach::ConvWg::opcode)
    return {};
  exec::WindowAxis rows{w[0], w[2], w[4], w[6], lo[2][3], size[2][3], extentOf(1, 3), false};
  exec::WindowAxis columns{w[1], w[3], w[5], w[7], lo[2][4], size[2][4], extentOf(1, 4), false};
  std::vector<exec::ItemSize> taps =
      exec::sizesOfTaps(rows, columns, lo[0][3], acc[3], lo[0][4], acc[4], dot);
  for (exec::ItemSize &tap : taps) {
    tap.elements *= uint64_t(size[2][0]);
    tap.groups *= uint64_t(size[2][0]);
  }
  return exec::countWeightItems(taps, uint64_t(acc[0] * acc[2]), llvm::divideCeil(acc[1], pes));
}

//===----------------------------------------------------------------------------------------===//
// Cycles
//===----------------------------------------------------------------------------------------===//

/// Of one execution, with nobody in the way.
double CostModel::cyclesOf(const PlannedWork &work) const {
  switch (work.engine) {
  case Engine::mac:
    return work.macCycles;
  case Engine::vector:
    return std::max({double(costs.vector(work.opcode, uint64_t(std::llround(work.operations)))),
                     work.bytesFromCores * fromCoresCyclesPerByte,
                     work.bytesToCores * toCoresCyclesPerByte});
  case Engine::load:
  case Engine::shared_load:
    return std::max(work.dramBytes * dramCyclesPerByte, work.coreBytes * toCoresCyclesPerByte);
  default:
    return std::max(work.dramBytes * dramCyclesPerByte, work.coreBytes * fromCoresCyclesPerByte);
  }
}

NestEstimate CostModel::guess(const NestPlan &plan, const Tiling &tiling) const {
  NestEstimate result;
  size_t levels = plan.loops.size() + 1;
  // Of each level, what one iteration takes of each engine, and one piece of work after the other.
  struct Level {
    std::array<double, NestEstimate::engines> busy{};
    double dram = 0, toCores = 0, fromCores = 0, serial = 0, words = 0;
    bool hasDrain = false;
  };
  SmallVector<Level> level(levels);
  double handOver = double(costs.semaphore), latency = double(costs.dramLatency), first = 0;
  auto add = [&](const PlannedWork &work) {
    if (work.kind == PlannedWork::Kind::none)
      return;
    Level &at = level[work.depth];
    double cycles = cyclesOf(work);
    at.busy[size_t(work.engine)] += cycles;
    at.dram += work.dramBytes * dramCyclesPerByte;
    bool isTransfer = work.kind != PlannedWork::Kind::run;
    bool isFromDram = isTransfer && work.dramBytes > 0;
    bool isLoad = work.kind == PlannedWork::Kind::load;
    (isLoad ? at.toCores : at.fromCores) +=
        work.coreBytes * (isLoad ? toCoresCyclesPerByte : fromCoresCyclesPerByte);
    at.toCores += work.bytesToCores * toCoresCyclesPerByte;
    at.fromCores += work.bytesFromCores * fromCoresCyclesPerByte;
    at.serial += cycles + handOver + (isFromDram ? latency : 0);
    at.words += isTransfer ? 6 : 3;
    at.hasDrain |= work.engine == Engine::vector && nest.op.getOnCores();
    first += cycles + handOver;
  };
  for (const std::vector<PlannedWork> *all : {&plan.loads, &plan.runs, &plan.stores})
    for (const PlannedWork &work : *all)
      add(work);
  // From the inside out: what one iteration takes with everything inside.
  double inside = 0; // cycles
  Level total;
  for (size_t depth = levels; depth-- > 0;) {
    double trips = depth < plan.trips.size() ? double(plan.trips[depth]) : 0;
    const Level &own = level[depth];
    double bound = 0;
    for (size_t e = 0; e < NestEstimate::engines; ++e) {
      total.busy[e] = own.busy[e] + trips * total.busy[e];
      bound = std::max(bound, total.busy[e]);
    }
    total.dram = own.dram + trips * total.dram;
    total.toCores = own.toCores + trips * total.toCores;
    total.fromCores = own.fromCores + trips * total.fromCores;
    total.words = own.words + trips * total.words + 1;
    bound = std::max({bound, total.dram, total.toCores, total.fromCores,
                      total.words / double(costs.issuePerCycle)});
    int64_t copies = tiling.slots;
    if (own.hasDrain)
      copies = std::min(copies, tiling.accumulatorSlots);
    double inner = trips * inside;
    inside = std::max({bound, inner, (inner + own.serial) / double(copies)});
  }
  result.busy = total.busy;
  result.dram = total.dram;
  result.toCores = total.toCores;
  result.fromCores = total.fromCores;
  result.issue = total.words / double(costs.issuePerCycle);
  // One tile of each goes through before the pipeline is full, and when it empties.
  double descriptors = 7.0 * double(nest.buffers.size()) * 1.5;
  result.cycles =
      std::max(inside, std::min(inside + first, inside + 0.5 * first)) + 2 * latency + descriptors;
  return result;
}

NestEstimate CostModel::guess(const Tiling &tiling) { return guess(plan(tiling), tiling); }

NestEstimate CostModel::estimate(const Tiling &tiling) {
  NestPlan planned = plan(tiling);
  NestEstimate result = guess(planned, tiling);
  if (std::optional<double> cycles = cyclesByModel(nest, planned, tiling, oneCore, result.bound()))
    result.cycles = *cycles;
  return result;
}
