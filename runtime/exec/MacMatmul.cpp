//===- MacMatmul.cpp - matrix product ---------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// `matmul`: rows of a are the kernel's pixels, columns of b its lanes, k its terms.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Mac.h"
#include "runtime/exec/State.h"

#include <algorithm>

namespace slp::exec {
namespace {

/// One core's part.
class Product {
public:
  Product(CorePart &p, const Issue &i) : part(p), issue(i), scratch(MacScratch::ofThread()) {}
  Status run();

private:
  Status resolveTiles();
  void loadAccumulators(int64_t lane, int64_t lanes);
  void storeAccumulators(int64_t lane, int64_t lanes);
  void countWork();

  CorePart &part;
  const Issue &issue;
  MacScratch &scratch;
  TileView acc, a, b, bias;
  int64_t m = 0, k = 0, blocks = 0;
  mach::AccMode mode{}; // in effect for this tile
};

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
  int64_t first = aView->box.lo[1];
  m = acc.box.size[0];
  k = aView->box.size[1];
  blocks = ceilDiv(k, macBlock);
  if (first != bView->box.lo[0] || k != bView->box.size[0])
    return Error{"the tiles differ in k: a covers " + std::to_string(first) + " to " +
                 std::to_string(aView->end(1) - 1) + ", b " + std::to_string(bView->box.lo[0]) +
                 " to " + std::to_string(bView->end(0) - 1)};
  if (Status s = checkBlockStart(*aView, 1, "a"); !s)
    return s;
  mode = startMode(issue.mode, first == 0);
  Result<TileView> left = subview(*aView, {{acc.box.lo[0], first, 0, 0, 0}, {m, k, 1, 1, 1}}, "a");
  if (!left)
    return left.takeError();
  Result<TileView> right =
      subview(*bView, {{first, acc.box.lo[1], 0, 0, 0}, {k, acc.box.size[1], 1, 1, 1}}, "b");
  if (!right)
    return right.takeError();
  a = *left;
  b = *right;
  if (mode != mach::AccMode::bias)
    return Status::success();
  Result<TileView> biasView = part.view(issue.operand[3], "bias");
  if (!biasView)
    return biasView.takeError();
  Result<TileView> columns =
      subview(*biasView, {{acc.box.lo[1], 0, 0, 0, 0}, {acc.box.size[1], 1, 1, 1, 1}}, "bias");
  if (!columns)
    return columns.takeError();
  bias = *columns;
  return Status::success();
}

void Product::loadAccumulators(int64_t lane, int64_t lanes) {
  clearFloats(scratch.acc, m * macLanes);
  if (mode == mach::AccMode::continue_)
    part.codec.gather(slice(acc, 1, lane, lanes), scratch.acc.data(), {macLanes, 1, 0, 0, 0});
  if (mode != mach::AccMode::bias)
    return;
  float first[macLanes] = {0};
  part.codec.gather(slice(bias, 0, lane, lanes), first);
  for (int64_t row = 0; row < m; ++row)
    std::copy(first, first + macLanes, scratch.acc.data() + row * macLanes);
}

void Product::storeAccumulators(int64_t lane, int64_t lanes) {
  scratch.dense.resize(size_t(m * lanes));
  for (int64_t row = 0; row < m; ++row)
    std::copy_n(scratch.acc.data() + row * macLanes, lanes, scratch.dense.data() + row * lanes);
  num::Events none; // the values are of the format already
  part.codec.scatter(scratch.dense.data(), slice(acc, 1, lane, lanes), none);
}

/// A term is not zero if both operands are: for each k, rows of a times columns of b.
void Product::countWork() {
  int64_t n = acc.box.size[1];
  scratch.counts.assign(size_t(blocks * macBlock), 0);
  part.kernels.countColumns(scratch.x.data(), m, blocks * macBlock, scratch.counts.data());
  uint64_t nonZero = 0;
  for (int64_t i = 0; i < k; ++i)
    nonZero += uint64_t(scratch.counts[size_t(i)]) * scratch.otherCounts[size_t(i)];
  part.work.macs = uint64_t(m * n * k);
  part.work.zeroMacs = part.work.macs - nonZero;
  part.work.macSlots = uint64_t(m * n * blocks);
  part.countRead(a);
  part.countRead(b);
  if (mode == mach::AccMode::bias)
    part.countRead(bias);
  if (mode == mach::AccMode::continue_)
    part.countRead(acc);
  part.countWrite(acc);
}

Status Product::run() {
  if (Status s = resolveTiles(); !s || acc.empty())
    return s;
  MacEngine engine(part, a, b);
  int64_t width = blocks * macBlock;
  clearFloats(scratch.x, m * width);
  part.codec.gather(a, scratch.x.data(), {width, 1, 0, 0, 0});
  scratch.xOffset.resize(size_t(m));
  scratch.accOffset.resize(size_t(m));
  for (int64_t row = 0; row < m; ++row) {
    scratch.xOffset[size_t(row)] = int32_t(row * width);
    scratch.accOffset[size_t(row)] = int32_t(row * macLanes);
  }
  scratch.otherCounts.assign(size_t(width), 0); // of b, per k
  const MacTap tap = {0, 0};
  for (int64_t lane = acc.box.lo[1]; lane < acc.end(1); lane += macLanes) {
    int64_t lanes = std::min<int64_t>(macLanes, acc.end(1) - lane);
    clearFloats(scratch.w, width * macLanes);
    part.codec.gather(slice(b, 1, lane, lanes), scratch.w.data(), {macLanes, 1, 0, 0, 0});
    if (part.countsWork)
      part.kernels.countLanes(scratch.w.data(), width, scratch.otherCounts.data());
    loadAccumulators(lane, lanes);
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
    loop.xBlock = macBlock;
    loop.wBlock = macBlock * macLanes;
    loop.lastTerms = int(k - (blocks - 1) * macBlock);
    if (blocks)
      engine.run(loop, part.events[0]);
    storeAccumulators(lane, lanes);
  }
  if (part.countsWork)
    countWork();
  return Status::success();
}

Status matmulPart(CorePart &part, const Issue &issue) { return Product(part, issue).run(); }

} // namespace

Status matmul(State &state, const mach::Matmul &instr) {
  const Descriptor *d = state.descriptor;
  if (Status s = checkAccumulator(d[instr.acc], 2, accumulatorFormat(state.chip)); !s)
    return s;
  if (Status s = checkMacOperand(state.chip, d[instr.a], "a", 2); !s)
    return s;
  if (Status s = checkMacOperand(state.chip, d[instr.b], "b", 2); !s)
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
  issue.fp16 =
      d[instr.a].tile.format == mach::Format::fp16 || d[instr.b].tile.format == mach::Format::fp16;
  issue.estimate = double(d[instr.acc].tile.tile[0]) * double(d[instr.acc].tile.tile[1]) *
                   double(d[instr.a].tile.tile[1]);
  issue.execute = matmulPart;
  return state.submit(issue);
}

} // namespace slp::exec
