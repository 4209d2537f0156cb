//===- CheckOrder.cpp - is every access of a run ordered? -------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Every byte has a history (ShadowMemory.h): the number of its last writer, and the list of its
// readers since. 0 stands for no writer, 1 for one before all that have numbers.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/CheckOrder.h"

#include "runtime/exec/State.h"
#include "runtime/isa/CompressedLayout.h"
#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceShared.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"

#include <algorithm>
#include <utility>

namespace slp::exec {

/// The writer of what was written before the first run.
static constexpr uint32_t before = 1;

CheckOrder::CheckOrder(const State &s)
    : state(s), clocks(unsigned(s.chip.structure.cores.value)), dram(s.memories.dram.size()),
      shared(s.memories.shared.size()), accesses(s.memories.spm.size()) {
  for (const Memory &memory : s.memories.spm)
    spm.emplace_back(memory.size());
  for (const Memory &memory : s.memories.acc)
    acc.emplace_back(memory.size());
  for (const image::Tensor &tensor : s.image.tensors)
    if (tensor.role == image::Role::state || tensor.role == image::Role::constant ||
        tensor.role == image::Role::copy)
      noteWritten(tensor);
}

ShadowMemory &CheckOrder::shadowOf(mach::Space space, unsigned core) {
  if (space == mach::space::dram)
    return dram;
  if (space == mach::space::shared)
    return shared;
  return space == mach::space::spm ? spm[core] : acc[core];
}

/// Calls f(begin, end) for the bytes of a view, neighbours together, ascending but where rows
/// interleave, while it returns true.
template <typename F> static bool forRuns(const TileView &view, F f) {
  if (!view.isRowMajor()) {
    bool goesOn = true;
    forParts(view, [&](const TileView &part) { goesOn = goesOn && forRuns(part, f); });
    return goesOn;
  }
  uint64_t begin = view.address;
  std::array<std::pair<int64_t, int64_t>, maxRank> dims; // distance, size
  int n = 0;
  for (int d = 0; d < view.rank; ++d) {
    if (view.box.size[d] == 1 || view.stride[d] == 0)
      continue;
    if (view.stride[d] < 0)
      begin -= uint64_t((view.box.size[d] - 1) * -view.stride[d]);
    dims[size_t(n++)] = {std::abs(view.stride[d]), view.box.size[d]};
  }
  std::sort(dims.begin(), dims.begin() + n);
  int64_t run = view.elementBytes;
  int first = 0;
  while (first < n && dims[size_t(first)].first == run)
    run *= dims[size_t(first++)].second;
  std::array<int64_t, maxRank> at{};
  while (true) {
    if (!f(begin, begin + uint64_t(run)))
      return false;
    int d = first;
    for (; d < n; ++d) {
      auto [distance, size] = dims[size_t(d)];
      begin += uint64_t(distance);
      if (++at[size_t(d)] < size)
        break;
      begin -= uint64_t(distance * size);
      at[size_t(d)] = 0;
    }
    if (d == n)
      return true;
  }
}

/// Calls f(block, first, n) for elements [first, first + n) of blocks of a compressed tensor while
/// it returns true.
template <typename F>
static bool forBlocks(const TileView &view, uint64_t tensor, const mach::CompressedLayout &layout,
                      F f) {
  return forRuns(view, [&](uint64_t begin, uint64_t end) {
    int64_t bytes = view.elementBytes;
    auto at = int64_t(begin - tensor), last = int64_t(end - tensor);
    while (at < last) {
      int64_t block = at / layout.denseBytes, next = (block + 1) * layout.denseBytes;
      int64_t n = (std::min(next, last) - at) / bytes;
      if (!f(block, at % layout.denseBytes / bytes, n))
        return false;
      at += n * bytes;
    }
    return true;
  });
}

/// Whether an element of a block has been written is known of byte i of its slot, which has at
/// least one for each; in what order, of the bitmap, which whatever touches the block touches.
static std::pair<uint64_t, uint64_t> bitmapOf(uint64_t tensor, int64_t block) {
  uint64_t begin = tensor - uint64_t((block + 1) * mach::bitmapBytes);
  return {begin, begin + mach::bitmapBytes};
}

/// Of a compressed tensor.
static int64_t lastBlock(const image::Tensor &tensor) {
  return int64_t(tensor.bytes) / mach::CompressedLayout(tensor.format).slotBytes - 1;
}

void CheckOrder::noteWritten(const image::Tensor &tensor) {
  auto set = [](uint64_t, uint64_t, History &history) {
    history = {before, 0};
    return true;
  };
  if (!mach::isCompressed(tensor.format)) {
    dram.forStretches(tensor.address, tensor.address + tensor.bytes, set);
    return;
  }
  dram.forStretches(bitmapOf(tensor.address, lastBlock(tensor)).first,
                    tensor.address + tensor.bytes, set);
}

void CheckOrder::forgetDram() {
  dram.forStretches(0, state.memories.dram.size(), [](uint64_t, uint64_t, History &history) {
    history = {before, 0};
    return true;
  });
}

void CheckOrder::beginRun() {
  found.reset();
  for (Accesses &ofCore : accesses)
    ofCore.clear();
  firstReader += uint32_t(readers.size());
  readers.clear();
  runBegan = clocks.beginRun();
  for (auto [begin, end] : kept)
    shared.forStretches(begin, end, [this](uint64_t, uint64_t, History &history) {
      history = {runBegan, 0};
      return true;
    });
}

void CheckOrder::keepShared() {
  kept.clear();
  shared.forStretches(0, state.memories.shared.size(),
                      [this](uint64_t begin, uint64_t end, const History &history) {
                        if (history.writer >= runBegan)
                          kept.emplace_back(begin, end);
                        return true;
                      });
}

/// Numbers begin anew. What has been written stays so.
void CheckOrder::restart() {
  auto settle = [&](uint32_t least, uint32_t written) {
    return [=](History &history) { history = {history.writer < least ? 0 : written, 0}; };
  };
  uint32_t sinceRun = runBegan;
  clocks.restart();
  runBegan = clocks.fence();
  dram.forAll(settle(before, before));
  shared.forAll(settle(sinceRun, runBegan));
  for (std::vector<ShadowMemory> *memories : {&spm, &acc})
    for (ShadowMemory &memory : *memories)
      memory.forAll(settle(sinceRun, runBegan));
  firstReader = 1;
  readers.clear();
  lastAdded = {};
}

bool CheckOrder::isOrdered(uint32_t earlier, const Visit &visit) const {
  if (clocks.isBeforeFence(earlier) || earlier == visit.number)
    return true;
  return visit.issue && clocks.isOrdered(earlier, visit.queue);
}

bool CheckOrder::isUnwritten(uint32_t writer, const Visit &visit) const {
  return visit.isOnChip ? writer < runBegan : writer < before;
}

static bool isTransfer(mach::Engine engine) {
  return mach::isPerCore(engine) ? engine != mach::Engine::mac : engine != mach::Engine::vector;
}

/// Always false.
bool CheckOrder::blame(Visit &visit, OrderFault fault, uint64_t begin, uint64_t end, uint32_t other,
                       bool isOtherWrite) const {
  visit.fault = fault;
  visit.begin = begin;
  visit.end = end;
  visit.other = other;
  visit.isOtherWrite = isOtherWrite;
  if (fault == OrderFault::unwritten || !visit.issue)
    return false;
  mach::Engine engine = clocks.engineOf(clocks.entry(other).queue);
  if (isTransfer(engine) != isTransfer(visit.issue->engine))
    visit.fault = OrderFault::transfer;
  return false;
}

/// The list with one more, without those that it comes behind: what comes behind it comes behind
/// them.
uint32_t CheckOrder::addReader(uint32_t list, const Visit &visit) {
  if (lastAdded.readers == list && lastAdded.number == visit.number && lastAdded.result)
    return lastAdded.result;
  lastAdded = {list, visit.number, 0};
  std::vector<uint32_t> kept;
  for (uint32_t at = list; at >= firstReader; at = readers[at - firstReader].next)
    if (uint32_t number = readers[at - firstReader].number; !isOrdered(number, visit))
      kept.push_back(number);
  kept.push_back(visit.number);
  uint32_t result = 0;
  for (uint32_t number : kept) {
    readers.push_back({number, result});
    result = firstReader + uint32_t(readers.size()) - 1;
  }
  return lastAdded.result = result;
}

bool CheckOrder::read(Visit &visit, uint64_t begin, uint64_t end, History &history) {
  if (isUnwritten(history.writer, visit))
    return blame(visit, OrderFault::unwritten, begin, end, 0, true);
  if (!isOrdered(history.writer, visit))
    return blame(visit, OrderFault::stale, begin, end, history.writer, true);
  if (clocks.isBeforeFence(history.writer)) // it may be one with its neighbours
    history.writer = visit.isOnChip ? runBegan : before;
  if (visit.issue)
    history.readers = addReader(history.readers, visit);
  return true;
}

bool CheckOrder::write(Visit &visit, uint64_t begin, uint64_t end, History &history) {
  if (!isOrdered(history.writer, visit))
    return blame(visit, OrderFault::overtaking, begin, end, history.writer, true);
  for (uint32_t at = history.readers; at >= firstReader; at = readers[at - firstReader].next)
    if (uint32_t number = readers[at - firstReader].number; !isOrdered(number, visit))
      return blame(visit, OrderFault::overtaking, begin, end, number, false);
  history = {visit.number, 0};
  return true;
}

bool CheckOrder::visitBytes(Visit &visit) {
  const TileView &view = visit.access->view;
  ShadowMemory &shadow = shadowOf(view.space, visit.access->core);
  return forRuns(view, [&](uint64_t begin, uint64_t end) {
    History last;
    bool isGood = shadow.forStretches(begin, end, [&](uint64_t b, uint64_t e, History &history) {
      last = history;
      return visit.access->isWrite ? write(visit, b, e, history) : read(visit, b, e, history);
    });
    if (!isGood) // pages cut stretches, and messages should not
      shadow.forStretches(visit.end, end, [&](uint64_t, uint64_t e, History &history) {
        visit.end = history == last ? e : visit.end;
        return history == last;
      });
    return isGood;
  });
}

bool CheckOrder::visitBlocks(Visit &visit) {
  const Access &access = *visit.access;
  mach::CompressedLayout layout(access.view.format);
  int64_t last = -1;
  return forBlocks(
      access.view, access.tensor, layout, [&](int64_t block, int64_t first, int64_t n) {
        uint64_t slot = access.tensor + uint64_t(block * layout.slotBytes + first);
        auto element = [&](uint64_t b, uint64_t e, History &history) {
          if (access.isWrite)
            history = {before, 0};
          else if (isUnwritten(history.writer, visit))
            return blame(visit, OrderFault::unwritten, b, e, 0, true);
          return true;
        };
        auto whole = [&](uint64_t b, uint64_t e, History &history) {
          return access.isWrite ? write(visit, b, e, history) : read(visit, b, e, history);
        };
        if (!dram.forStretches(slot, slot + uint64_t(n), element))
          return false;
        if (block == std::exchange(last, block))
          return true;
        auto [begin, end] = bitmapOf(access.tensor, block);
        return dram.forStretches(begin, end, whole);
      });
}

Status CheckOrder::accept(Visit &visit) {
  visit.isOnChip = visit.access->view.space != mach::space::dram;
  if (visit.access->isBlocks ? visitBlocks(visit) : visitBytes(visit))
    return Status::success();
  return refuse(visit);
}

Status CheckOrder::execute(const Issue &issue) {
  if (clocks.isFull())
    return Error{
        "more than 2^32 instructions of cores between two fences, which the check cannot count"};
  Visit visit;
  visit.issue = &issue;
  // One entry where it is one piece of work, else one of each core.
  for (uint64_t left = issue.mask; left; left &= left - 1) {
    auto core = unsigned(__builtin_ctzll(left));
    if (!issue.joint || left == issue.mask) {
      visit.number = clocks.enter(issue, issue.joint ? issue.mask : left & (~left + 1));
      visit.queue = clocks.queueOf(issue.engine, core);
    }
    for (const Access &access : accesses[core]) {
      visit.access = &access;
      if (Status s = accept(visit); !s)
        return s;
    }
    accesses[core].clear();
  }
  return Status::success();
}

Status CheckOrder::read(const TileView &view) {
  Access access{view};
  Visit visit;
  visit.access = &access;
  return accept(visit);
}

Status CheckOrder::fence() {
  if (std::optional<OrderClocks::Trouble> trouble = clocks.findSurplus())
    return refuse(*trouble);
  clocks.fence();
  firstReader += uint32_t(readers.size());
  readers.clear();
  if (clocks.isNearlyFull() || firstReader > UINT32_MAX / 2)
    restart();
  return Status::success();
}

Status CheckOrder::synchronise(const Issue &issue) {
  std::optional<OrderClocks::Trouble> trouble = clocks.synchronise(issue);
  return trouble ? refuse(*trouble) : Status::success();
}

//===----------------------------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------------------------===//

std::string CheckOrder::placeOf(uint64_t pc, size_t queue) const {
  int core = clocks.coreOf(queue);
  return state.placeOf(pc) + (core < 0 ? "" : " of core " + std::to_string(core));
}

/// "(buffer spm.1)" or "(tensor y)".
std::string CheckOrder::nameOf(const Visit &visit) const {
  const TileView &view = visit.access->view;
  if (!visit.isOnChip) {
    for (const image::Tensor &tensor : state.image.tensors) {
      uint64_t begin = tensor.address;
      if (mach::isCompressed(tensor.format)) // the bitmaps
        begin = bitmapOf(begin, lastBlock(tensor)).first;
      if (begin <= visit.begin && visit.begin < tensor.address + tensor.bytes)
        return " (tensor " + tensor.name + ")";
    }
    return "";
  }
  // The operand that begins nearest.
  const Descriptor *nearest = nullptr;
  uint64_t begins = 0;
  for (int i = 0; visit.issue && i < visit.issue->operands; ++i) {
    const Descriptor &d = visit.issue->operand[i];
    uint64_t begin = d.tile.base + d.slot * d.tile.slotBytes;
    if (d.tile.space != view.space || d.entry < 0 || begin > visit.begin || begin < begins)
      continue;
    nearest = &d;
    begins = begin;
  }
  if (!nearest)
    return "";
  return " (buffer " + state.image.descriptors[size_t(nearest->entry)].name + ")";
}

Status CheckOrder::refuse(OrderFault fault, const std::string &message) {
  found = fault;
  return Error{message};
}

Status CheckOrder::refuse(const Visit &visit) {
  const Access &access = *visit.access;
  const TileView &view = access.view;
  std::string bytes = "bytes " + std::to_string(visit.begin) + " to " + std::to_string(visit.end) +
                      " of " + std::string(mach::toString(view.space));
  bool isOfCore = view.space != mach::space::dram && view.space != mach::space::shared;
  if (isOfCore)
    bytes += " of core " + std::to_string(access.core);
  bytes += nameOf(visit);
  if (visit.fault == OrderFault::unwritten)
    return refuse(visit.fault, "reads " + bytes + ", which nothing has written" +
                                   (visit.isOnChip ? " in this run" : ""));
  const OrderClocks::Entry &entry = clocks.entry(visit.other);
  std::string other = placeOf(entry.pc, entry.queue) + " has " +
                      (visit.isOtherWrite ? "written" : "read") + " them";
  int core = visit.issue && !isOfCore ? clocks.coreOf(visit.queue) : -1;
  std::string may = (core < 0 ? "" : "core " + std::to_string(core) + " ") + std::string("may ");
  if (visit.fault != OrderFault::transfer)
    return refuse(visit.fault,
                  may + (access.isWrite ? "write " : "read ") + bytes + " before " + other);
  if (isTransfer(visit.issue->engine))
    return refuse(visit.fault, may + (access.isWrite ? "transfer over " : "transfer ") + bytes +
                                   " before " + other);
  return refuse(visit.fault, may + (access.isWrite ? "write " : "read ") + bytes +
                                 " before the transfer of " + other);
}

Status CheckOrder::refuse(const OrderClocks::Trouble &trouble) {
  auto [owner, number] = trouble.semaphore;
  std::string semaphore = "semaphore s" + std::to_string(number) + " of ";
  semaphore += owner < accesses.size() ? "core " + std::to_string(owner) : "the shared buffer";
  std::string other = trouble.other < 0 ? "" : placeOf(uint64_t(trouble.other), trouble.queue);
  std::string credits =
      std::to_string(trouble.count) + (trouble.count == 1 ? " credit" : " credits");
  switch (trouble.kind) {
  case OrderClocks::Trouble::missing:
    return refuse(OrderFault::missingCredit,
                  "waits for " + semaphore + ", which has " + credits + " in program order; " +
                      (other.empty() ? "nothing signals it before" : "the last are from " + other));
  case OrderClocks::Trouble::surplus:
    return refuse(OrderFault::surplusCredit,
                  "leaves " + credits + " in " + semaphore + ", from " + other);
  case OrderClocks::Trouble::crossed:
    return refuse(OrderFault::crossedSemaphore,
                  "uses " + semaphore + " like " + other +
                      ", which nothing orders with it: credits may go to either");
  }
  return Status::success();
}

} // namespace slp::exec
