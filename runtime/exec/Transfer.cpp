//===- Transfer.cpp - load and store DMA ------------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The instructions of dialects/Mach/MachInstrTransfer.td. Bits are copied, never converted.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Compressed.h"
#include "runtime/exec/Prepare.h"
#include "runtime/isa/EnumSpace.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructSt.h.inc"

namespace slp::exec {

static bool hasCoreStride(const mach::TensorTile &tile) {
  for (size_t d = 0; d < tile.rank && d < size_t(maxRank); ++d)
    if (tile.coreStride[d])
      return true;
  return false;
}

/// Gives `to` the logical coordinates of `from` and checks that the copy makes sense.
static Status stampForCopy(mach::TensorTile &to, const mach::TensorTile &from) {
  if (to.format != from.format)
    return Error{"formats differ: dst is " + std::string(mach::toString(to.format)) + ", src is " +
                 std::string(mach::toString(from.format))};
  if (to.bias != from.bias)
    return Error{"exponent biases differ: dst has " + std::to_string(to.bias) + ", src " +
                 std::to_string(from.bias)};
  to.origin = from.origin;
  to.coreStride = from.coreStride;
  to.extent = from.extent;
  return Status::success();
}

static void countDram(CorePart &part, const TileView &view, uint64_t *bytes) {
  bytes[int(mach::Space::dram)] += burstBytes(view, part.chip.rates.dramBurstBytes);
  part.work.dramUsefulBytes += uint64_t(view.bytes());
}

/// The tensor that a compressed tile in dram belongs to.
static CompressedTensor compressedTensor(const CorePart &part, const mach::TensorTile &tile) {
  uint64_t before = tile.stream * uint64_t(mach::elementBytes(tile.format));
  return CompressedTensor(part.memories.dram, tile.base - before, tile.format, part.codec);
}

namespace {
/// A tile in dram, on its way to the buffers of one core or of several.
class LoadSource {
public:
  LoadSource(CorePart &part, const Issue &issue) : part(part), issue(issue) {}

  Status open() {
    Result<TileView> source = part.view(issue.operand[1], "src");
    if (!source)
      return source.takeError();
    view = *source;
    if (mach::isCompressed(view.format)) {
      tensor.emplace(compressedTensor(part, issue.operand[1].tile));
      return tensor->check(view, "src");
    }
    if (part.countsWork)
      countDram(part, view, part.work.bytesRead);
    return Status::success();
  }

  /// Fills the buffer of one core: elements from the source, +0 around them.
  Status fill(unsigned core) {
    Result<TileView> whole = resolveUnclipped(part.memories, issue.operand[0], core, "dst");
    if (!whole)
      return whole.takeError();
    if (whole->empty())
      return Status::success();
    if (part.hasValues && whole->box.size != view.box.size)
      clearElements(*whole);
    if (!view.empty()) {
      Result<TileView> target = subview(*whole, view.box, "dst");
      if (!target)
        return target.takeError();
      if (part.hasValues)
        copyTo(*target);
    }
    if (part.countsWork)
      part.countWrite(*whole);
    return Status::success();
  }

private:
  void copyTo(const TileView &target) {
    if (!tensor)
      return copyElements(view, target);
    if (unpacked) // a multicast: it has been read once
      return copyElements(*unpacked, target);
    tensor->load(view, target, part.chip.rates.dramBurstBytes,
                 part.work.bytesRead[int(mach::Space::dram)]);
    if (part.countsWork)
      part.work.dramUsefulBytes += part.codec.storedBytes(target);
    unpacked = target;
  }

  CorePart &part;
  const Issue &issue;
  TileView view;
  std::optional<CompressedTensor> tensor;
  std::optional<TileView> unpacked;
};
} // namespace

/// One core, or all of them from one reading.
static Status loadPart(CorePart &part, const Issue &issue) {
  LoadSource source(part, issue);
  if (Status s = source.open(); !s)
    return s;
  if (!issue.multicast)
    return source.fill(part.core);
  for (unsigned core = 0; core < 64; ++core)
    if (issue.mask >> core & 1)
      if (Status s = source.fill(core); !s)
        return s;
  return Status::success();
}

Status ld(State &state, const mach::Ld &instr) {
  mach::TensorTile &dst = state.descriptor[instr.dst].tile;
  const mach::TensorTile &src = state.descriptor[instr.src].tile;
  Result<Issue> prepared = prepareOperands(state);
  if (!prepared)
    return prepared.takeError();
  if (Status s = stampForCopy(dst, src); !s)
    return s;
  for (size_t d = 0; d < dst.rank; ++d)
    if (dst.tile[d] != src.tile[d])
      return Error{"tile sizes differ in dimension " + std::to_string(d) + ": dst " +
                   std::to_string(dst.tile[d]) + ", src " + std::to_string(src.tile[d])};
  Issue &issue = *prepared;
  bool isSingle = (issue.mask & (issue.mask - 1)) == 0;
  if (dst.space == mach::Space::shared && !isSingle)
    return Error{"a load into shared must name one core"};
  issue.operand[0] = state.descriptor[instr.dst];
  issue.multicast = issue.joint = !isSingle && !hasCoreStride(src);
  issue.execute = loadPart;
  return state.submit(issue);
}

static Status storePart(CorePart &part, const Issue &issue) {
  Result<TileView> source = part.view(issue.operand[1], "src");
  if (!source)
    return source.takeError();
  if (source->empty())
    return Status::success();
  Result<TileView> target = part.view(issue.operand[0], "dst");
  if (!target)
    return target.takeError();
  if (part.countsWork)
    part.countRead(*source);
  if (mach::isCompressed(target->format)) {
    CompressedTensor tensor = compressedTensor(part, issue.operand[0].tile);
    if (Status s = tensor.check(*target, "dst"); !s)
      return s;
    tensor.store(*source, *target, part.chip.rates.dramBurstBytes,
                 part.work.bytesRead[int(mach::Space::dram)],
                 part.work.bytesWritten[int(mach::Space::dram)]);
    if (part.countsWork)
      part.work.dramUsefulBytes += part.codec.storedBytes(*source);
    return Status::success();
  }
  if (part.hasValues)
    copyElements(*source, *target);
  if (part.countsWork)
    countDram(part, *target, part.work.bytesWritten);
  return Status::success();
}

namespace {
/// A store to a compressed tensor as it is on the machine: it reads what it will not replace, then
/// writes bitmaps, then payloads.
class CompressedStore : public PartSteps {
public:
  CompressedStore(CorePart &part, const Issue &issue) : part(part), issue(issue) {}

  Status open() {
    Result<TileView> from = part.view(issue.operand[1], "src");
    if (!from)
      return from.takeError();
    source = *from;
    if (source.empty())
      return Status::success();
    Result<TileView> to = part.view(issue.operand[0], "dst");
    if (!to)
      return to.takeError();
    target = *to;
    tensor.emplace(compressedTensor(part, issue.operand[0].tile));
    return tensor->check(target, "dst");
  }

  bool step() override {
    if (!tensor)
      return true; // nothing to send
    int64_t burst = part.chip.rates.dramBurstBytes;
    switch (done++) {
    case 0:
      pending = tensor->beginStore(source, target, burst);
      return false;
    case 1:
      tensor->storeBitmaps(pending);
      return false;
    default:
      part.work.bytesWritten[int(mach::Space::dram)] += tensor->storePayloads(pending, burst);
      part.work.bytesRead[int(mach::Space::dram)] += pending.read;
      if (part.countsWork) {
        part.countRead(source);
        part.work.dramUsefulBytes += part.codec.storedBytes(source);
      }
      return true;
    }
  }

private:
  CorePart &part;
  const Issue &issue;
  TileView source, target;
  std::optional<CompressedTensor> tensor;
  CompressedTensor::Pending pending;
  int done = 0;
};
} // namespace

static Result<std::unique_ptr<PartSteps>> storeSteps(CorePart &part, const Issue &issue) {
  auto store = std::make_unique<CompressedStore>(part, issue);
  if (Status s = store->open(); !s)
    return s.takeError();
  return std::unique_ptr<PartSteps>(std::move(store));
}

Status st(State &state, const mach::St &instr) {
  mach::TensorTile &dst = state.descriptor[instr.dst].tile;
  const mach::TensorTile &src = state.descriptor[instr.src].tile;
  Result<Issue> prepared = prepareOperands(state);
  if (!prepared)
    return prepared.takeError();
  if (Status s = stampForCopy(dst, src); !s)
    return s;
  Issue &issue = *prepared;
  issue.operand[0] = state.descriptor[instr.dst];
  // The descriptor of the tensor may have another tile size: what is sent decides.
  issue.operand[0].tile.tile = src.tile;
  issue.execute = storePart;
  if (mach::isCompressed(src.format)) {
    // Tiles of two cores may lie in one block, which each of them would rewrite.
    issue.joint = __builtin_popcountll(issue.mask) > 1;
    issue.steps = storeSteps;
  }
  return state.submit(issue);
}

} // namespace slp::exec
