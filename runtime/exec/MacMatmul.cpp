//===- MacMatmul.cpp - matrix product ---------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `matmul`: rows of a are the kernel's pixels, columns of b its lanes, k its terms. Tiles of rank 3
// hold one product per batch.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Mac.h"
#include "runtime/exec/State.h"
#include "runtime/isa/EnumEngine.h.inc"

#include <algorithm>

namespace slp::exec {
namespace {

/// One core's part.
class Product {
public:
  Product(CorePart &p, const Issue &i)
      : part(p), issue(i), scratch(MacScratch::ofThread()),
        block(MacEngine::rowBlock(p.chip.numerics)) {}
  Status run();

private:
  Status resolveTiles();
  Status resolveBias();
  /// Rows and columns of a matrix, in all batches of the accumulators.
  Box boxOf(int64_t rowLo, int64_t rows, int64_t columnLo, int64_t columns) const;
  /// The matrix of one batch.
  TileView ofBatch(const TileView &view, int64_t batch) const;
  /// Strides of a packed matrix whose rows lie `row` apart.
  Dims strides(int64_t row) const;
  void multiply(int64_t batch, const MacEngine &engine);
  void loadAccumulators(const TileView &matrix, int64_t lane, int64_t lanes);
  void storeAccumulators(const TileView &matrix, int64_t lane, int64_t lanes);
  void countBatch();
  void countWork();

  CorePart &part;
  const Issue &issue;
  MacScratch &scratch;
  int block; // terms of a block
  TileView acc, a, b, bias;
  int row = 0, column = 1; // dimensions of the tiles: 1 and 2 where there are batches
  int64_t m = 0, n = 0, k = 0, blocks = 0;
  uint64_t nonZero = 0;
  WideTerms wide;
  bool isMixed = false;
  mach::AccMode mode{}; // in effect for this tile
};

Box Product::boxOf(int64_t rowLo, int64_t rows, int64_t columnLo, int64_t columns) const {
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

Status Product::resolveTiles() {
  Result<TileView> accView = part.view(issue.operand[0], "acc");
  if (!accView)
    return accView.takeError();
  Result<TileView> aView = part.view(issue.operand[1], "a");
  if (!aView)
    return aView.takeError();
  Result<TileView> bView = part.view(issue.operand[2], "b");
  if (!bView)
    return bView.takeError();
  acc = *accView;
  if (acc.empty())
    return Status::success();
  row = acc.rank - 2;
  column = acc.rank - 1;
  int64_t first = aView->box.lo[column];
  m = acc.box.size[row];
  n = acc.box.size[column];
  k = aView->box.size[column];
  blocks = ceilDiv(k, block);
  if (first != bView->box.lo[row] || k != bView->box.size[row])
    return Error{"the tiles differ in k: a covers " + std::to_string(first) + " to " +
                 std::to_string(aView->end(column) - 1) + ", b " +
                 std::to_string(bView->box.lo[row]) + " to " + std::to_string(bView->end(row) - 1)};
  if (Status s = checkBlockStart(part.chip, *aView, column, "a"); !s)
    return s;
  mode = startMode(issue.mode, first == 0);
  Result<TileView> left = subview(*aView, boxOf(acc.box.lo[row], m, first, k), "a");
  if (!left)
    return left.takeError();
  Result<TileView> right = subview(*bView, boxOf(first, k, acc.box.lo[column], n), "b");
  if (!right)
    return right.takeError();
  a = *left;
  b = *right;
  return mode == mach::AccMode::bias ? resolveBias() : Status::success();
}

Status Product::resolveBias() {
  Result<TileView> biasView = part.view(issue.operand[3], "bias");
  if (!biasView)
    return biasView.takeError();
  Result<TileView> columns =
      subview(*biasView, {{acc.box.lo[column], 0, 0, 0, 0}, {n, 1, 1, 1, 1}}, "bias");
  if (!columns)
    return columns.takeError();
  bias = *columns;
  return Status::success();
}

void Product::loadAccumulators(const TileView &matrix, int64_t lane, int64_t lanes) {
  clearFloats(scratch.acc, m * macLanes);
  if (mode == mach::AccMode::continue_)
    part.codec.gather(slice(matrix, column, lane, lanes), scratch.acc.data(), strides(macLanes));
  if (mode != mach::AccMode::bias)
    return;
  float first[macLanes] = {0};
  part.codec.gather(slice(bias, 0, lane, lanes), first);
  for (int64_t i = 0; i < m; ++i)
    std::copy(first, first + macLanes, scratch.acc.data() + i * macLanes);
}

void Product::storeAccumulators(const TileView &matrix, int64_t lane, int64_t lanes) {
  scratch.dense.resize(size_t(m * lanes));
  for (int64_t i = 0; i < m; ++i)
    std::copy_n(scratch.acc.data() + i * macLanes, lanes, scratch.dense.data() + i * lanes);
  part.codec.put(scratch.dense.data(), slice(matrix, column, lane, lanes));
}

/// A term is not zero if both operands are: for each k, rows of a times columns of b.
void Product::countBatch() {
  scratch.counts.assign(size_t(blocks * block), 0);
  part.kernels.countColumns(scratch.x.data(), m, blocks * block, scratch.counts.data());
  for (int64_t i = 0; i < k; ++i)
    nonZero += uint64_t(scratch.counts[size_t(i)]) * scratch.otherCounts[size_t(i)];
  if (!isMixed)
    return;
  scratch.wideCounts.assign(size_t(blocks * macBlock), 0);
  if (a.format == mach::Format::mixed)
    countWideColumns(part.codec, scratch.x.data(), m, blocks * macBlock, scratch.wideCounts.data());
  for (int64_t i = 0; i < k; ++i)
    wide.add(uint64_t(m), scratch.wideCounts[size_t(i)], uint64_t(n),
             scratch.otherWideCounts[size_t(i)]);
}

void Product::countWork() {
  uint64_t outputs = uint64_t(acc.count());
  part.work.macs = outputs * uint64_t(k);
  part.work.zeroMacs = part.work.macs - nonZero;
  part.work.macSlots = outputs * uint64_t(ceilDiv(k, part.chip.numerics.dot));
  part.work.wideMacs = wide.either;
  part.work.bothWideMacs = wide.both;
  part.countRead(a);
  part.countRead(b);
  if (mode == mach::AccMode::bias)
    part.countRead(bias);
  if (mode == mach::AccMode::continue_)
    part.countRead(acc);
  part.countWrite(acc);
}

void Product::multiply(int64_t batch, const MacEngine &engine) {
  TileView left = ofBatch(a, batch), right = ofBatch(b, batch), matrix = ofBatch(acc, batch);
  int64_t width = blocks * block;
  clearFloats(scratch.x, m * width);
  part.codec.gather(left, scratch.x.data(), strides(width));
  scratch.otherCounts.assign(size_t(width), 0); // of b, per k
  scratch.otherWideCounts.assign(size_t(width), 0);
  const MacTap tap = {0, 0};
  for (int64_t lane = matrix.box.lo[column]; lane < matrix.end(column); lane += macLanes) {
    int64_t lanes = std::min<int64_t>(macLanes, matrix.end(column) - lane);
    clearFloats(scratch.w, width * macLanes);
    part.codec.gather(slice(right, column, lane, lanes), scratch.w.data(), strides(macLanes));
    if (part.countsWork)
      part.kernels.countLanes(scratch.w.data(), width, scratch.otherCounts.data());
    if (part.countsWork && b.format == mach::Format::mixed && isMixed)
      countWideLanes(part.codec, scratch.w.data(), width, scratch.otherWideCounts.data());
    loadAccumulators(matrix, lane, lanes);
    MacLoop loop;
    loop.acc = scratch.acc.data();
    loop.x = scratch.x.data();
    loop.w = scratch.w.data();
    loop.accOffset = scratch.accOffset.data();
    loop.xOffset = scratch.xOffset.data();
    loop.pixels = int(m);
    loop.taps = &tap;
    loop.numTaps = 1;
    loop.blocks = int(blocks);
    loop.xBlock = block;
    loop.wBlock = block * macLanes;
    loop.blockTerms = block;
    loop.lastTerms = int(k - (blocks - 1) * block);
    if (blocks)
      engine.run(loop, part.events[0]);
    storeAccumulators(matrix, lane, lanes);
  }
  if (part.countsWork)
    countBatch();
}

Status Product::run() {
  if (Status s = resolveTiles(); !s || acc.empty())
    return s;
  MacEngine engine(part, a, b);
  isMixed = !issue.fp16 && (a.format == mach::Format::mixed || b.format == mach::Format::mixed);
  scratch.xOffset.resize(size_t(m));
  scratch.accOffset.resize(size_t(m));
  for (int64_t i = 0; i < m; ++i) {
    scratch.xOffset[size_t(i)] = int32_t(i * blocks * block);
    scratch.accOffset[size_t(i)] = int32_t(i * macLanes);
  }
  int64_t firstBatch = row == 1 ? acc.box.lo[0] : 0, batches = row == 1 ? acc.box.size[0] : 1;
  for (int64_t batch = firstBatch; batch < firstBatch + batches; ++batch)
    multiply(batch, engine);
  if (part.countsWork)
    countWork();
  return Status::success();
}

Status matmulPart(CorePart &part, const Issue &issue) { return Product(part, issue).run(); }

} // namespace

Status matmul(State &state, const mach::Matmul &instr) {
  const Descriptor *d = state.descriptor;
  int rank = d[instr.acc].tile.rank == 3 ? 3 : 2;
  if (Status s = checkAccumulator(d[instr.acc], rank, accumulatorFormat(state.chip)); !s)
    return s;
  if (Status s = checkMacOperand(state.chip, d[instr.a], "a", rank); !s)
    return s;
  if (Status s = checkMacOperand(state.chip, d[instr.b], "b", rank); !s)
    return s;
  Issue issue = state.prepare(instr.opcode, mach::Engine::mac, state.mask[instr.mask]);
  issue.operand[0] = d[instr.acc];
  issue.operand[1] = d[instr.a];
  issue.operand[2] = d[instr.b];
  if (instr.mode == mach::AccMode::bias) {
    if (Status s = checkBias(state.chip, d[instr.bias], 1); !s)
      return s;
    issue.operand[3] = d[instr.bias];
  }
  issue.destination[0] = 0;
  issue.mode = instr.mode;
  issue.fp16 = isWide(d[instr.a].tile.format) || isWide(d[instr.b].tile.format);
  issue.estimate = double(d[instr.a].tile.tile[rank - 1]);
  for (int i = 0; i < rank; ++i)
    issue.estimate *= double(d[instr.acc].tile.tile[i]);
  issue.execute = matmulPart;
  return state.submit(issue);
}

} // namespace slp::exec
