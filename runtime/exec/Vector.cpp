//===- Vector.cpp - operands of the vector unit -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"

#include "runtime/exec/Prepare.h"
#include "runtime/isa/AccModeContinue.h.inc"
#include "runtime/isa/SpaceShared.h.inc"

namespace slp::exec {

/// The host's register with the number of the run (runtime/api/Hyper.h).
constexpr int runNumber = 8;

Result<Issue> prepareVector(const State &state, CoreFunction execute) {
  Result<Issue> prepared = prepareOperands(state);
  if (!prepared)
    return prepared;
  Issue &issue = *prepared;
  bool perCore = false, writesShared = false, isStochastic = false;
  for (int i = 0; i < issue.operands; ++i)
    perCore |= issue.operand[i].tile.space != mach::space::shared;
  for (int i : issue.destination)
    if (i >= 0) {
      writesShared |= issue.operand[i].tile.space == mach::space::shared;
      isStochastic |= state.codec.isStochastic(issue.operand[i].tile);
    }
  if (!perCore && (issue.mask & (issue.mask - 1)))
    return Error{"all operands lie in shared: the mask must name one core"};
  if (isStochastic) {
    float run = state.hyper[runNumber];
    if (!(run >= 0 && run < 0x1p24f))
      return Error{"h8, the number of the run, is " + std::to_string(run) +
                   ", expected 0 to 2^24 for stochastic rounding"};
    issue.run = uint32_t(run);
  }
  issue.execute = execute;
  const mach::TensorTile &dst = issue.operand[0].tile;
  // Cores that write to the shared buffer do so in order: no threads.
  issue.estimate = writesShared ? 0 : 20;
  for (size_t d = 0; d < dst.rank && d < size_t(maxRank); ++d)
    issue.estimate *= double(dst.tile[d]);
  return prepared;
}

Status expectWhole(const TileView &view, int d, const char *name) {
  if (view.whole(d) || view.empty())
    return Status::success();
  return Error{std::string("the tile of `") + name + "` holds " + std::to_string(view.box.size[d]) +
               " of " + std::to_string(view.extent[d]) + " elements of dimension " +
               std::to_string(d) + ", expected whole rows"};
}

float *VectorPart::buffer(int index, int64_t n) {
  thread_local std::vector<float> buffers[maxOperands];
  std::vector<float> &b = buffers[index];
  if (int64_t(b.size()) < n)
    b.resize(size_t(n));
  return b.data();
}

bool VectorPart::goesOn(int operand, bool holdsFirst) const {
  if (issue.mode == mach::accMode::continue_)
    return true;
  if (!issue.startIsGiven)
    return !holdsFirst;
  // One destination of several cores starts once.
  uint64_t before = (uint64_t(1) << part.core) - 1;
  return issue.operand[operand].tile.space == mach::space::shared && (issue.mask & before);
}

Result<float *> VectorPart::fetch(int operand, const char *name, const Box &box) {
  Result<TileView> whole = view(operand, name);
  if (!whole)
    return whole.takeError();
  return fetch(operand, name, *whole, box);
}

Result<float *> VectorPart::fetch(int operand, const char *name, const TileView &whole,
                                  const Box &box) {
  Result<TileView> need = subview(whole, box, name);
  if (!need)
    return need.takeError();
  float *to = buffer(operand, need->count());
  part.codec.gather(*need, to);
  part.noteRead(*need);
  if (part.countsWork)
    part.countRead(*need);
  return to;
}

Result<TileView> VectorPart::wholeVector(int operand, const char *name, int64_t size) const {
  Result<TileView> whole = view(operand, name);
  if (!whole)
    return whole.takeError();
  if (whole->extent[0] != size || !whole->whole(0))
    return Error{std::string("the tile of `") + name + "` holds " + std::to_string(whole->count()) +
                 " of " + std::to_string(whole->extent[0]) + " elements, expected all of " +
                 std::to_string(size)};
  return whole;
}

void VectorPart::store(float *values, const TileView &dst, int output, const LaneCounts &counts) {
  storeMore(values, dst, output);
  count(0, counts);
}

void VectorPart::storeMore(float *values, const TileView &dst, int output) {
  part.codec.scatter(values, dst, issue.run, part.events[output]);
  countStored(dst);
}

void VectorPart::move(float *values, const TileView &dst, int output, const LaneCounts &counts) {
  part.codec.move(values, dst, issue.run, part.events[output]);
  countStored(dst);
  count(0, counts);
}

void VectorPart::storeIntegers(const int32_t *values, const TileView &dst,
                               const LaneCounts &counts) {
  scatterIntegers(values, dst);
  countStored(dst);
  count(0, counts);
}

void VectorPart::count(uint64_t elements, const LaneCounts &counts) {
  part.work.elements += elements;
  part.work.operations +=
      laneOperations(issue.opcode, issue.function, counts, part.chip.laneOperations);
}

void VectorPart::countStored(const TileView &dst) {
  part.noteWrite(dst);
  part.work.elements += uint64_t(dst.count());
  if (part.countsWork)
    part.countWrite(dst);
}

} // namespace slp::exec
