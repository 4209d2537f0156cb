//===- Transfer.cpp - transfers between memories ----------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The instructions of dialects/Mach/MachInstrTransfer.td. Bits are copied, never converted.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/Compressed.h"
#include "runtime/exec/Prepare.h"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceShared.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructMvLoad.h.inc"
#include "runtime/isa/StructMvStore.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructStShared.h.inc"

namespace slp::exec {

static bool hasCoreStride(const mach::TensorTile &tile) {
  for (size_t d = 0; d < tile.rank && d < size_t(maxRank); ++d)
    if (tile.coreStride[d])
      return true;
  return false;
}

/// Whether bits of one tile may be those of another.
static Status checkCopy(const mach::TensorTile &dst, const mach::TensorTile &src) {
  if (dst.format != src.format)
    return Error{"formats differ: dst is " + std::string(mach::toString(dst.format)) + ", src is " +
                 std::string(mach::toString(src.format))};
  if (dst.bias != src.bias)
    return Error{"exponent biases differ: dst has " + std::to_string(dst.bias) + ", src " +
                 std::to_string(src.bias)};
  return Status::success();
}

/// Gives `to` the logical coordinates of `from`.
static void stamp(mach::TensorTile &to, const mach::TensorTile &from) {
  to.origin = from.origin;
  to.coreStride = from.coreStride;
  to.extent = from.extent;
}

/// What lies in the shared buffer is read as on core 0.
static Status expectOneTile(const mach::TensorTile &tile, const char *name) {
  if (!hasCoreStride(tile))
    return Status::success();
  return Error{std::string("operand `") + name +
               "` has a core stride, the shared buffer has one tile for all cores"};
}

static void countDram(CorePart &part, const TileView &view, uint64_t *bytes) {
  bytes[int(mach::space::dram)] += burstBytes(view, part.chip.rates.dramBurstBytes);
  part.work.dramUsefulBytes += uint64_t(view.bytes());
}

/// Where the tensor begins that a compressed tile in dram belongs to.
static uint64_t baseOf(const mach::TensorTile &tile) {
  return tile.base - tile.stream * uint64_t(mach::elementBytes(tile.format));
}

/// The tensor itself.
static CompressedTensor compressedTensor(const CorePart &part, const mach::TensorTile &tile) {
  return CompressedTensor(part.memories.dram, baseOf(tile), tile.format, part.codec);
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
      part.noteBlocks(view, baseOf(issue.operand[1].tile), /*isWrite=*/false);
      tensor.emplace(compressedTensor(part, issue.operand[1].tile));
      return tensor->check(view, "src");
    }
    part.noteRead(view);
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
    if (part.hasValues() && whole->box.size != view.box.size)
      clearElements(*whole);
    if (!view.empty()) {
      Result<TileView> target = subview(*whole, view.box, "dst");
      if (!target)
        return target.takeError();
      if (part.hasValues())
        copyTo(*target);
    }
    part.note(*whole, core, /*isWrite=*/true);
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
                 part.work.bytesRead[int(mach::space::dram)]);
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

/// `ld`, or `ld.shared` on behalf of core 0.
template <typename Instr>
static Status submitLoad(State &state, const Instr &instr, mach::Space to, uint64_t cores) {
  mach::TensorTile &dst = state.descriptor[instr.dst].tile;
  const mach::TensorTile &src = state.descriptor[instr.src].tile;
  Result<Issue> prepared = prepareOperands(state);
  if (!prepared)
    return prepared.takeError();
  Issue &issue = *prepared;
  if (Status s = checkCopy(dst, src); !s)
    return s;
  if (to == mach::space::shared)
    if (Status s = expectOneTile(src, "src"); !s)
      return s;
  stamp(dst, src);
  for (size_t d = 0; d < dst.rank; ++d)
    if (dst.tile[d] != src.tile[d])
      return Error{"tile sizes differ in dimension " + std::to_string(d) + ": dst " +
                   std::to_string(dst.tile[d]) + ", src " + std::to_string(src.tile[d])};
  issue.mask = cores;
  issue.operand[0] = state.descriptor[instr.dst];
  bool isSingle = (cores & (cores - 1)) == 0;
  issue.multicast = !isSingle && !hasCoreStride(src);
  issue.joint |= issue.multicast;
  issue.execute = loadPart;
  return state.submit(issue);
}

Status ld(State &state, const mach::Ld &instr) {
  return submitLoad(state, instr, mach::space::spm, state.mask[instr.mask]);
}

Status ldShared(State &state, const mach::LdShared &instr) {
  return submitLoad(state, instr, mach::space::shared, 1);
}

/// In a run on classes: the tile gets those of the elements that it would replace.
static void takeClasses(CorePart &part, CompressedTensor &tensor, const TileView &source,
                        const TileView &target) {
  uint64_t read = 0; // by nobody
  if (part.values == Values::classes)
    tensor.load(target, source, part.chip.rates.dramBurstBytes, read);
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
  part.noteRead(*source);
  if (mach::isCompressed(target->format)) {
    part.noteBlocks(*target, baseOf(issue.operand[0].tile), /*isWrite=*/true);
    CompressedTensor tensor = compressedTensor(part, issue.operand[0].tile);
    if (Status s = tensor.check(*target, "dst"); !s)
      return s;
    takeClasses(part, tensor, *source, *target);
    tensor.store(*source, *target, part.chip.rates.dramBurstBytes,
                 part.work.bytesRead[int(mach::space::dram)],
                 part.work.bytesWritten[int(mach::space::dram)]);
    if (part.countsWork) {
      part.countRead(*source);
      part.work.dramUsefulBytes += part.codec.storedBytes(*source);
    }
    return Status::success();
  }
  part.noteWrite(*target);
  if (part.computes())
    copyElements(*source, *target);
  if (part.countsWork) {
    part.countRead(*source);
    countDram(part, *target, part.work.bytesWritten);
  }
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
    if (Status s = tensor->check(target, "dst"); !s)
      return s;
    takeClasses(part, *tensor, source, target);
    return Status::success();
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
      part.work.bytesWritten[int(mach::space::dram)] += tensor->storePayloads(pending, burst);
      part.work.bytesRead[int(mach::space::dram)] += pending.read;
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

/// `st`, or `st.shared` on behalf of core 0.
template <typename Instr>
static Status submitStore(State &state, const Instr &instr, mach::Space from, uint64_t cores) {
  mach::TensorTile &dst = state.descriptor[instr.dst].tile;
  const mach::TensorTile &src = state.descriptor[instr.src].tile;
  Result<Issue> prepared = prepareOperands(state);
  if (!prepared)
    return prepared.takeError();
  Issue &issue = *prepared;
  if (Status s = checkCopy(dst, src); !s)
    return s;
  if (from == mach::space::shared)
    if (Status s = expectOneTile(src, "src"); !s)
      return s;
  stamp(dst, src);
  issue.mask = cores;
  issue.operand[0] = state.descriptor[instr.dst];
  // The descriptor of the tensor may have another tile size: what is sent decides.
  issue.operand[0].tile.tile = src.tile;
  issue.execute = storePart;
  if (mach::isCompressed(src.format)) {
    // Tiles of two cores may lie in one block, which each of them would rewrite.
    issue.joint |= __builtin_popcountll(issue.mask) > 1;
    issue.steps = storeSteps;
  }
  return state.submit(issue);
}

Status st(State &state, const mach::St &instr) {
  return submitStore(state, instr, mach::space::spm, state.mask[instr.mask]);
}

Status stShared(State &state, const mach::StShared &instr) {
  return submitStore(state, instr, mach::space::shared, 1);
}

//===----------------------------------------------------------------------------------------===//
// Moves between the shared buffer and the scratchpads
//===----------------------------------------------------------------------------------------===//

/// What a move asks of its operands beyond their spaces; `shared` is the one in the shared buffer.
static Status checkMove(const mach::TensorTile &dst, const mach::TensorTile &src,
                        const mach::TensorTile &shared, const char *name) {
  if (Status s = checkCopy(dst, src); !s)
    return s;
  for (size_t d = 0; d < dst.rank; ++d)
    if (dst.extent[d] != src.extent[d])
      return Error{"extents differ in dimension " + std::to_string(d) + ": dst " +
                   std::to_string(dst.extent[d]) + ", src " + std::to_string(src.extent[d])};
  return expectOneTile(shared, name);
}

/// One core, or all of them from one reading.
static Status moveToCores(CorePart &part, const Issue &issue) {
  Result<TileView> shared = resolve(part.memories, issue.operand[1], /*core=*/0, "src");
  if (!shared)
    return shared.takeError();
  std::optional<TileView> source;
  uint64_t cores = issue.multicast ? issue.mask : uint64_t(1) << part.core;
  for (unsigned core = 0; core < 64; ++core) {
    if (!(cores >> core & 1))
      continue;
    Result<TileView> whole = resolveUnclipped(part.memories, issue.operand[0], core, "dst");
    if (!whole)
      return whole.takeError();
    Result<TileView> inside = resolve(part.memories, issue.operand[0], core, "dst");
    if (!inside)
      return inside.takeError();
    if (whole->empty())
      continue;
    if (part.hasValues() && inside->box.size != whole->box.size)
      clearElements(*whole);
    if (!inside->empty()) {
      Result<TileView> same = subview(*shared, inside->box, "src");
      if (!same)
        return same.takeError();
      source = *same;
      if (part.hasValues())
        copyElements(*source, *inside);
    }
    part.note(*whole, core, /*isWrite=*/true);
    if (part.countsWork)
      part.countWrite(*whole);
  }
  if (source)
    part.noteRead(*source);
  if (part.countsWork && source)
    part.countRead(*source);
  return Status::success();
}

Status mvLoad(State &state, const mach::MvLoad &instr) {
  const mach::TensorTile &dst = state.descriptor[instr.dst].tile;
  const mach::TensorTile &src = state.descriptor[instr.src].tile;
  Result<Issue> prepared = prepareOperands(state);
  if (!prepared)
    return prepared.takeError();
  Issue &issue = *prepared;
  if (Status s = checkMove(dst, src, src, "src"); !s)
    return s;
  if (state.options.values == Values::classes)
    return Error{
        "moves from the shared buffer elements of which the masks know no classes; expected a "
        "program whose tensors are in DRAM between nests (slpc --homes=dram)"};
  uint64_t cores = issue.mask;
  bool isSingle = (cores & (cores - 1)) == 0;
  issue.multicast = issue.joint = !isSingle && !hasCoreStride(dst);
  issue.execute = moveToCores;
  return state.submit(issue);
}

static Status moveFromCore(CorePart &part, const Issue &issue) {
  Result<TileView> source = part.view(issue.operand[1], "src");
  if (!source)
    return source.takeError();
  if (source->empty())
    return Status::success();
  Result<TileView> shared = resolve(part.memories, issue.operand[0], /*core=*/0, "dst");
  if (!shared)
    return shared.takeError();
  Result<TileView> target = subview(*shared, source->box, "dst");
  if (!target)
    return target.takeError();
  part.noteRead(*source);
  part.noteWrite(*target);
  if (part.hasValues())
    copyElements(*source, *target);
  if (part.countsWork) {
    part.countRead(*source);
    part.countWrite(*target);
  }
  return Status::success();
}

Status mvStore(State &state, const mach::MvStore &instr) {
  const mach::TensorTile &dst = state.descriptor[instr.dst].tile;
  const mach::TensorTile &src = state.descriptor[instr.src].tile;
  Result<Issue> prepared = prepareOperands(state);
  if (!prepared)
    return prepared.takeError();
  Issue &issue = *prepared;
  if (Status s = checkMove(dst, src, dst, "dst"); !s)
    return s;
  issue.execute = moveFromCore;
  return state.submit(issue);
}

} // namespace slp::exec
