//===- Vector.cpp - operands of the vector unit -----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Vector.h"

#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/EnumFormat.h.inc"
#include "runtime/isa/EnumSpace.h.inc"

namespace slp::exec {

/// The host's register with the number of the run (runtime/api/Hyper.h).
constexpr int runNumber = 8;

static bool allows(ElementKind kind, mach::Format format) {
  switch (kind) {
  case ElementKind::real:
    return format == mach::Format::f32 || mach::hasCodes(format);
  case ElementKind::f32:
    return format == mach::Format::f32;
  case ElementKind::labels:
    return format == mach::Format::i32;
  case ElementKind::indices:
    return format == mach::Format::u8 || format == mach::Format::i32;
  case ElementKind::number:
    return format == mach::Format::i32 || allows(ElementKind::real, format);
  }
  return false;
}

static const char *expectedFormat(ElementKind kind) {
  switch (kind) {
  case ElementKind::real:
    return "f32 or a format of the chip";
  case ElementKind::f32:
    return "f32";
  case ElementKind::labels:
    return "i32";
  case ElementKind::indices:
    return "u8 or i32";
  case ElementKind::number:
    return "i32, f32 or a format of the chip";
  }
  return "";
}

Result<Issue> prepareVector(State &state, mach::Opcode opcode, uint8_t mask, CoreFunction execute,
                            const VectorOperand *operands, size_t count) {
  uint64_t cores = state.mask[mask];
  Issue issue = state.prepare(opcode, mach::Engine::vector, cores);
  bool perCore = false, writesShared = false, isStochastic = false;
  int index = 0, outputs = 0;
  for (size_t i = 0; i < count; ++i) {
    const VectorOperand &o = operands[i];
    const mach::TensorTile &tile = state.descriptor[o.reg].tile;
    if (!allows(o.kind, tile.format))
      return Error{std::string("operand `") + o.name + "` has format " +
                   std::string(mach::toString(tile.format)) + ", expected " +
                   expectedFormat(o.kind)};
    if (tile.space == mach::Space::dram)
      return Error{std::string("operand `") + o.name +
                   "` lies in dram, expected spm, acc or shared"};
    perCore |= tile.space != mach::Space::shared;
    writesShared |= o.written && tile.space == mach::Space::shared;
    if (o.written) {
      issue.destination[outputs++] = index;
      isStochastic |= state.codec.isStochastic(tile);
    }
    issue.operand[index++] = state.descriptor[o.reg];
  }
  if (!perCore && (cores & (cores - 1)))
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
  return issue;
}

Status expectRank(const Descriptor &d, const char *name, uint64_t rank, uint64_t other) {
  if (d.tile.rank == rank || d.tile.rank == other)
    return Status::success();
  return Error{std::string("operand `") + name + "` has rank " + std::to_string(d.tile.rank) +
               ", expected " + std::to_string(rank) +
               (rank == other ? std::string() : " or " + std::to_string(other))};
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
  if (part.countsWork)
    part.countRead(*need);
  return to;
}

void VectorPart::store(float *values, const TileView &dst, int output, uint64_t steps,
                       uint64_t more) {
  part.codec.scatter(values, dst, issue.run, part.events[output]);
  countStored(dst, steps, more);
}

void VectorPart::move(float *values, const TileView &dst, int output, uint64_t steps) {
  part.codec.move(values, dst, issue.run, part.events[output]);
  countStored(dst, steps);
}

void VectorPart::storeIntegers(const int32_t *values, const TileView &dst, uint64_t steps) {
  scatterIntegers(values, dst);
  countStored(dst, steps);
}

void VectorPart::countStored(const TileView &dst, uint64_t steps, uint64_t more) {
  part.work.elements += uint64_t(dst.count());
  part.work.operations += operations(steps, lane().step) + more;
  if (part.countsWork)
    part.countWrite(dst);
}

} // namespace slp::exec
