//===- MacMatmul.cpp - matrix product ---------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `matmul`: rows of a are the kernel's pixels, columns of b its lanes, k its terms. Tiles of rank 3
// hold one product per batch.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/CountItems.h"
#include "runtime/exec/Mac.h"
#include "runtime/exec/Prepare.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/EnumSkip.h.inc"
#include "runtime/isa/FormatMixed.h.inc"
#include "runtime/isa/StructMatmul.h.inc"

#include <algorithm>
#include <numeric>

namespace slp::exec {
namespace {

/// matmul of cores that read one tile of a, each with columns of its own, or one tile of b, each
/// with rows of its own. The columns of all cores lie side by side in the lanes, their rows below
/// each other.
class Product {
public:
  Product(CoreGroup &g, const Issue &i)
      : group(g), issue(i), scratch(MacScratch::ofThread()), chip(g.parts[0]->chip),
        codec(g.parts[0]->codec), kernels(g.parts[0]->kernels), countsWork(g.parts[0]->countsWork),
        sharesRows(g.shared == 1), block(MacEngine::rowBlock(chip.numerics)) {}

  /// Adds a core. False: it reads other elements of the shared tile than those before it.
  Result<bool> add(CorePart &part);
  void run();

private:
  struct Core {
    CorePart *part = nullptr;
    TileView acc, a, b, bias;
    int64_t row = 0; // its first joint row
    uint64_t nonZeroTerms = 0;
    WideTerms wide;
    std::vector<uint32_t>
        streamed; // where zeros are skipped: by batch and row, those that are none
  };

  Status resolveBias(Core &core) const;
  bool fits(const Core &core, int64_t first, int64_t length) const;
  /// Rows and columns of a matrix, in all batches of the accumulators.
  Box boxOf(const TileView &acc, int64_t rowLo, int64_t rows, int64_t columnLo,
            int64_t columns) const;
  /// The matrix of one batch.
  TileView ofBatch(const TileView &view, int64_t batch) const;
  /// Strides of a packed matrix whose rows lie `row` apart.
  Dims strides(int64_t row) const;
  void packRows(const Core &core, int64_t batch);
  void packLanes(MacScratch &task, int64_t batch, int64_t laneBlock) const;
  template <typename F> void forTiles(int64_t laneBlock, F f) const;
  void loadAccumulators(MacScratch &task, int64_t batch, int64_t laneBlock) const;
  void storeAccumulators(MacScratch &task, int64_t batch, int64_t laneBlock) const;
  void runLanes(int64_t batch, int64_t laneBlock, const MacEngine &engine, num::Events &events);
  void countRows(size_t index);
  void countLanes(const MacScratch &task, int64_t laneBlock);
  void addCounts();
  void compute();
  void reportItems(const Core &core) const;
  void noteAccesses(const Core &core) const;
  void reportWork(Core &core) const;

  int64_t rowsOf(const Core &core) const { return core.acc.box.size[size_t(row)]; }
  int64_t columnsOf(const Core &core) const { return core.acc.box.size[size_t(column)]; }
  size_t rowOwners() const { return sharesRows ? 1 : cores.size(); }
  int64_t width() const { return blocks * block; }

  CoreGroup &group;
  const Issue &issue;
  MacScratch &scratch;
  const chip::Chip &chip;
  const Codec &codec;
  const MacKernels &kernels;
  bool countsWork, sharesRows;
  int block; // terms of a block
  std::vector<Core> cores;
  JointLanes lanes; // with a shared b those of the first core, which are everyone's
  int64_t rowsTotal = 0;
  int row = 0, column = 1; // dimensions of the tiles: 1 and 2 where there are batches
  int64_t firstTerm = 0, k = 0, blocks = 0;
  bool isMixed = false;
  mach::AccMode mode{}; // in effect for this tile
  bool skips() const { return issue.skip != mach::Skip::none; }
  // Of one batch: terms of which neither operand is zero, both are FP16, b is FP16 and a is not
  // zero, and elements of b that are FP16, by owner of rows and lane.
  std::vector<uint64_t> nonZero, bothWide, metByWide, wideOfLane;
};

Box Product::boxOf(const TileView &acc, int64_t rowLo, int64_t rows, int64_t columnLo,
                   int64_t columns) const {
  Box box;
  if (row == 1) {
    box.lo[0] = acc.box.lo[0];
    box.size[0] = acc.box.size[0];
  }
  box.lo[size_t(row)] = rowLo;
  box.size[size_t(row)] = rows;
  box.lo[size_t(column)] = columnLo;
  box.size[size_t(column)] = columns;
  return box;
}

TileView Product::ofBatch(const TileView &view, int64_t batch) const {
  return row == 1 ? slice(view, 0, batch, 1) : view;
}

Dims Product::strides(int64_t rowStride) const {
  Dims result{};
  result[size_t(row)] = rowStride;
  result[size_t(column)] = 1;
  return result;
}

Status Product::resolveBias(Core &core) const {
  Result<TileView> biasView = core.part->view(issue.operand[3], "bias");
  if (!biasView)
    return biasView.takeError();
  Result<TileView> columns = subview(
      *biasView, {{core.acc.box.lo[column], 0, 0, 0, 0}, {columnsOf(core), 1, 1, 1, 1}}, "bias");
  if (!columns)
    return columns.takeError();
  core.bias = *columns;
  return Status::success();
}

/// Whether the core differs from the first one in its columns or its rows alone.
bool Product::fits(const Core &core, int64_t first, int64_t length) const {
  const Core &head = cores.front();
  int same = sharesRows ? row : column; // the dimension of acc that is everyone's
  for (int d : {0, same})
    if ((d == same || row == 1) &&
        (core.acc.box.lo[d] != head.acc.box.lo[d] || core.acc.box.size[d] != head.acc.box.size[d]))
      return false;
  return first == firstTerm && length == k &&
         (sharesRows ? sameElements(core.a, head.a) : sameElements(core.b, head.b));
}

Result<bool> Product::add(CorePart &part) {
  Core core;
  core.part = &part;
  Result<TileView> acc = part.view(issue.operand[0], "acc");
  if (!acc)
    return acc.takeError();
  Result<TileView> a = part.view(issue.operand[1], "a");
  if (!a)
    return a.takeError();
  Result<TileView> b = part.view(issue.operand[2], "b");
  if (!b)
    return b.takeError();
  core.acc = *acc;
  if (core.acc.empty())
    return true;
  row = acc->rank - 2;
  column = acc->rank - 1;
  int64_t first = a->box.lo[column], length = a->box.size[column];
  if (first != b->box.lo[row] || length != b->box.size[row])
    return Error{"the tiles differ in k: a covers " + std::to_string(first) + " to " +
                 std::to_string(a->end(column) - 1) + ", b " + std::to_string(b->box.lo[row]) +
                 " to " + std::to_string(b->end(row) - 1)};
  if (Status s = checkBlockStart(chip, *a, column, "a"); !s)
    return s.takeError();
  Result<TileView> left =
      subview(*a, boxOf(*acc, acc->box.lo[row], rowsOf(core), first, length), "a");
  if (!left)
    return left.takeError();
  Result<TileView> right =
      subview(*b, boxOf(*acc, first, length, acc->box.lo[column], columnsOf(core)), "b");
  if (!right)
    return right.takeError();
  core.a = *left;
  core.b = *right;
  int64_t packed = (rowsTotal + rowsOf(core)) * std::max<int64_t>(roundUp(length, block), macLanes);
  if (!cores.empty() && (!fits(core, first, length) || packed > packedMost))
    return false;
  firstTerm = first;
  k = length;
  mode = startMode(issue, first == 0);
  if (mode == mach::accMode::bias)
    if (Status s = resolveBias(core); !s)
      return s.takeError();
  if (cores.empty() || sharesRows)
    lanes.add(columnsOf(core));
  if (cores.empty() || !sharesRows) {
    core.row = rowsTotal;
    rowsTotal += rowsOf(core);
  }
  cores.push_back(core);
  return true;
}

/// Calls f(core, first, lane, n) for the columns [first, first + n) of each core, counted in its
/// tile, that lie in the block from `lane` on.
template <typename F> void Product::forTiles(int64_t laneBlock, F f) const {
  lanes.forBlock(laneBlock, [&](size_t owner, int64_t first, int64_t lane, int64_t n) {
    size_t begin = sharesRows ? owner : 0, end = sharesRows ? owner + 1 : cores.size();
    for (size_t c = begin; c < end; ++c)
      f(cores[c], cores[c].acc.box.lo[column] + first, lane, n);
  });
}

/// scratch.x [row][k] of the core's rows.
void Product::packRows(const Core &core, int64_t batch) {
  float *to = scratch.x.data() + core.row * width();
  std::fill_n(to, rowsOf(core) * width(), 0.0f);
  codec.gather(ofBatch(core.a, batch), to, strides(width()));
}

/// task.w [k][16].
void Product::packLanes(MacScratch &task, int64_t batch, int64_t laneBlock) const {
  clearFloats(task.w, width() * macLanes);
  lanes.forBlock(laneBlock, [&](size_t owner, int64_t first, int64_t lane, int64_t n) {
    const Core &core = cores[owner];
    TileView columns = slice(ofBatch(core.b, batch), column, core.acc.box.lo[column] + first, n);
    codec.gather(columns, task.w.data() + lane, strides(macLanes));
  });
}

void Product::loadAccumulators(MacScratch &task, int64_t batch, int64_t laneBlock) const {
  clearFloats(task.acc, rowsTotal * macLanes);
  if (mode == mach::accMode::zero)
    return;
  forTiles(laneBlock, [&](const Core &core, int64_t first, int64_t lane, int64_t n) {
    float *to = task.acc.data() + core.row * macLanes + lane;
    if (mode == mach::accMode::continue_)
      return codec.gather(slice(ofBatch(core.acc, batch), column, first, n), to, strides(macLanes));
    float start[macLanes];
    codec.gather(slice(core.bias, 0, first, n), start);
    for (int64_t i = 0; i < rowsOf(core); ++i)
      std::copy_n(start, n, to + i * macLanes);
  });
}

void Product::storeAccumulators(MacScratch &task, int64_t batch, int64_t laneBlock) const {
  forTiles(laneBlock, [&](const Core &core, int64_t first, int64_t lane, int64_t n) {
    task.dense.resize(size_t(rowsOf(core) * n));
    const float *from = task.acc.data() + core.row * macLanes + lane;
    for (int64_t i = 0; i < rowsOf(core); ++i)
      std::copy_n(from + i * macLanes, n, task.dense.data() + i * n);
    codec.put(task.dense.data(), slice(ofBatch(core.acc, batch), column, first, n));
  });
}

/// For each k, the core's rows whose element is not zero, and those whose element is FP16.
void Product::countRows(size_t index) {
  const Core &core = cores[index];
  const float *rows = scratch.x.data() + core.row * width();
  uint32_t *counts = scratch.counts.data() + int64_t(index) * width();
  std::fill_n(counts, width(), 0);
  kernels.countColumns(rows, rowsOf(core), width(), counts);
  if (skips())
    for (int64_t r = 0; r < rowsOf(core); ++r)
      cores[index].streamed.push_back(uint32_t(std::count_if(
          rows + r * width(), rows + r * width() + k, [](float value) { return value != 0; })));
  uint32_t *wide = scratch.wideCounts.data() + int64_t(index) * width();
  std::fill_n(wide, width(), 0);
  if (isMixed && core.a.format == mach::format::mixed)
    countWideColumns(codec, rows, rowsOf(core), width(), wide);
}

/// Terms of each owner of rows with each lane of the block.
void Product::countLanes(const MacScratch &task, int64_t laneBlock) {
  bool isWide = isMixed && cores.front().b.format == mach::format::mixed;
  std::vector<uint16_t> marks(isWide ? size_t(width()) : 0);
  if (isWide) {
    markWideLanes(codec, task.w.data(), width(), marks.data());
    std::vector<uint32_t> ones(size_t(width()), 1);
    countMarkedLanes(marks.data(), k, ones.data(), wideOfLane.data() + laneBlock * macLanes);
  }
  for (size_t r = 0; r < rowOwners(); ++r) {
    int64_t at = (int64_t(r) * lanes.blocks() + laneBlock) * macLanes;
    kernels.countTerms(task.w.data(), k, scratch.counts.data() + int64_t(r) * width(),
                       nonZero.data() + at);
    if (!isWide)
      continue;
    countMarkedLanes(marks.data(), k, scratch.wideCounts.data() + int64_t(r) * width(),
                     bothWide.data() + at);
    if (skips())
      countMarkedLanes(marks.data(), k, scratch.counts.data() + int64_t(r) * width(),
                       metByWide.data() + at);
  }
}

/// Adds a batch's counts to the cores they belong to.
void Product::addCounts() {
  for (size_t c = 0; c < cores.size(); ++c) {
    Core &core = cores[c];
    size_t owner = sharesRows ? 0 : c;
    int64_t lane = sharesRows ? lanes.start(c) : 0;
    int64_t at = int64_t(owner) * lanes.blocks() * macLanes + lane;
    auto sum = [&](const std::vector<uint64_t> &counts, int64_t from) {
      return std::accumulate(counts.begin() + from, counts.begin() + from + columnsOf(core),
                             uint64_t(0));
    };
    core.nonZeroTerms += sum(nonZero, at);
    if (!isMixed)
      continue;
    const uint32_t *wide = scratch.wideCounts.data() + int64_t(owner) * width();
    uint64_t wideRows = std::accumulate(wide, wide + k, uint64_t(0));
    uint64_t both = sum(bothWide, at);
    core.wide.both += both;
    uint64_t met = skips() ? sum(metByWide, at) : uint64_t(rowsOf(core)) * sum(wideOfLane, lane);
    core.wide.either += wideRows * uint64_t(columnsOf(core)) + met - both;
  }
}

void Product::runLanes(int64_t batch, int64_t laneBlock, const MacEngine &engine,
                       num::Events &events) {
  MacScratch &task = MacScratch::ofThread();
  packLanes(task, batch, laneBlock);
  if (countsWork)
    countLanes(task, laneBlock);
  loadAccumulators(task, batch, laneBlock);
  const MacTap tap = {0, 0};
  MacLoop loop;
  loop.acc = task.acc.data();
  loop.x = scratch.x.data();
  loop.w = task.w.data();
  loop.accOffset = scratch.accOffset.data();
  loop.xOffset = scratch.xOffset.data();
  loop.pixels = int(rowsTotal);
  loop.taps = &tap;
  loop.numTaps = 1;
  loop.blocks = int(blocks);
  loop.xBlock = block;
  loop.wBlock = block * macLanes;
  loop.blockTerms = block;
  loop.lastTerms = int(k - (blocks - 1) * block);
  if (blocks)
    engine.run(loop, events);
  storeAccumulators(task, batch, laneBlock);
}

/// A row's k with each group of columns is an item.
void Product::reportItems(const Core &core) const {
  CoreWork &work = core.part->work;
  uint64_t outputGroups = uint64_t(ceilDiv(columnsOf(core), chip.structure.pes));
  uint64_t terms = uint64_t(k), groups = uint64_t(ceilDiv(k, chip.numerics.dot));
  work.items.isSkipping = skips();
  const std::vector<uint32_t> &streamed = (sharesRows ? cores.front() : core).streamed;
  if (streamed.empty()) {
    uint64_t batches = row == 1 ? uint64_t(core.acc.box.size[0]) : 1;
    work.items =
        countProductItems(batches, uint64_t(rowsOf(core)), outputGroups, terms, chip.numerics.dot);
    work.items.isSkipping = skips();
    return;
  }
  for (uint32_t nonZeros : streamed) {
    work.items.add(outputGroups, terms, groups, terms - nonZeros);
    work.skippedMacs += (terms - nonZeros) * uint64_t(columnsOf(core));
  }
}

void Product::noteAccesses(const Core &core) const {
  core.part->noteRead(core.a);
  core.part->noteRead(core.b);
  if (mode == mach::accMode::bias)
    core.part->noteRead(core.bias);
  if (mode == mach::accMode::continue_)
    core.part->noteRead(core.acc);
  core.part->noteWrite(core.acc);
}

void Product::reportWork(Core &core) const {
  CorePart &part = *core.part;
  uint64_t outputs = uint64_t(core.acc.count());
  part.work.macs = outputs * uint64_t(k);
  if (part.hasValues())
    part.work.zeroMacs = part.work.macs - core.nonZeroTerms;
  reportItems(core);
  part.work.macSlots = outputs * uint64_t(ceilDiv(k, chip.numerics.dot));
  part.work.wideMacs = core.wide.either;
  part.work.bothWideMacs = core.wide.both;
  const std::vector<uint32_t> &streamed = (sharesRows ? cores.front() : core).streamed;
  if (streamed.empty())
    part.countRead(core.a);
  else
    part.countStreamed(core.a, std::accumulate(streamed.begin(), streamed.end(), uint64_t(0)));
  part.countRead(core.b);
  if (mode == mach::accMode::bias)
    part.countRead(core.bias);
  if (mode == mach::accMode::continue_)
    part.countRead(core.acc);
  part.countWrite(core.acc);
}

void Product::compute() {
  const Core &head = cores.front();
  blocks = ceilDiv(k, block);
  isMixed = countsWork && !issue.fp16 &&
            (head.a.format == mach::format::mixed || head.b.format == mach::format::mixed);
  scratch.x.resize(size_t(rowsTotal * width()));
  scratch.counts.resize(rowOwners() * size_t(width()));
  scratch.wideCounts.resize(scratch.counts.size());
  scratch.xOffset.resize(size_t(rowsTotal));
  scratch.accOffset.resize(size_t(rowsTotal));
  for (int64_t i = 0; i < rowsTotal; ++i) {
    scratch.xOffset[size_t(i)] = int32_t(i * width());
    scratch.accOffset[size_t(i)] = int32_t(i * macLanes);
  }
  MacEngine engine(*head.part, head.a, head.b);
  std::vector<num::Events> events(size_t(lanes.blocks()));
  int64_t first = row == 1 ? head.acc.box.lo[0] : 0, batches = row == 1 ? head.acc.box.size[0] : 1;
  for (int64_t batch = first; batch < first + batches; ++batch) {
    nonZero.assign(rowOwners() * size_t(lanes.blocks() * macLanes), 0);
    bothWide.assign(nonZero.size(), 0);
    metByWide.assign(nonZero.size(), 0);
    wideOfLane.assign(size_t(lanes.blocks() * macLanes), 0);
    forTasks(group.pool, int64_t(rowOwners()), [&](int r) {
      packRows(cores[size_t(r)], batch);
      if (countsWork)
        countRows(size_t(r));
    });
    forTasks(group.pool, lanes.blocks(),
             [&](int l) { runLanes(batch, l, engine, events[size_t(l)]); });
    if (countsWork)
      addCounts();
  }
  for (const num::Events &e : events)
    cores[0].part->events[0] += e;
}

void Product::run() {
  if (cores.empty())
    return;
  if (cores[0].part->hasValues())
    compute();
  for (const Core &core : cores)
    noteAccesses(core);
  for (size_t c = 0; c < cores.size() && countsWork; ++c)
    reportWork(cores[c]);
}

Status matmulGroup(CoreGroup &group, const Issue &issue) { return runGroup<Product>(group, issue); }

} // namespace

Status matmul(State &state, const mach::Matmul &) {
  Result<Issue> issue = prepareOperands(state);
  if (!issue)
    return issue.takeError();
  if (issue->skip == mach::Skip::b)
    return streamsFirst();
  const mach::TensorTile &acc = issue->operand[0].tile, &a = issue->operand[1].tile;
  issue->fp16 = isWide(a.format) || isWide(issue->operand[2].tile.format);
  issue->estimate = double(a.tile[acc.rank - 1]);
  for (size_t i = 0; i < acc.rank; ++i)
    issue->estimate *= double(acc.tile[i]);
  issue->executeGroup = matmulGroup;
  issue->sharable[0] = 1;
  issue->sharable[1] = 2;
  return state.submit(*issue);
}

} // namespace slp::exec
