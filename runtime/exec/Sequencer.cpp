//===- Sequencer.cpp - scalars, loops, descriptors, semaphores --------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The instructions of dialects/Mach/MachInstrSequencer.td and the loop that fetches.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/exec/CheckOrder.h"
#include "runtime/exec/Queues.h"
#include "runtime/isa/Dispatch.h"
#include "runtime/isa/EngineSeq.h.inc"
#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/FormatI32.h.inc"
#include "runtime/isa/SpaceDram.h.inc"
#include "runtime/isa/SpaceShared.h.inc"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace slp::exec {

#define SLP_INSTR_STATE State
#include "runtime/isa/InstrFunctions.h.inc"
#undef SLP_INSTR_STATE

Status State::run(uint64_t entry, const Options &o) {
  reset();
  options = o;
  int threads = o.threads > 0 ? o.threads : int(std::thread::hardware_concurrency());
  threads = std::max(1, std::min(threads, chip.structure.cores.value));
  if (!pool || pool->threads() != threads)
    pool = std::make_unique<Pool>(threads);
  queues.reset();
  if (o.interleaveSeed)
    queues =
        std::make_unique<Queues>(*this, o.interleaveSeed, size_t(chip.structure.queueDepth.value));
  if (Status s = beginCheck(); !s)
    return s;
  next = entry;
  Status result = loop();
  queues.reset();
  checkOrder = nullptr;
  options = {}; // the observers' lives end with the run
  return result;
}

Status State::loop() {
  uint64_t left = options.maxInstructions;
  while (!halted) {
    closeLoops();
    pc = next++;
    if (pc >= text.size())
      return fault(pc, "the program runs past its end without halt");
    if (left-- == 0)
      return fault(pc, "runaway loop: " + std::to_string(options.maxInstructions) +
                           " instructions issued without reaching halt, the limit of one run");
    if (Status s = step(); !s)
      return s;
  }
  return Status::success();
}

Status State::step() {
  sequencerWork = CoreWork();
  Status s = mach::dispatch(*this, text[pc]);
  if (!s) {
    // A fault of an instruction in a queue already says which one it is.
    bool isPlaced = s.message().compare(0, 12, "instruction ") == 0;
    return isPlaced ? std::move(s) : Status(fault(pc, s.message()));
  }
  if (mach::engineOf(text[pc]) == mach::engine::seq)
    observeSequencer(mach::opcodeOf(text[pc]));
  return Status::success();
}

void State::closeLoops() {
  while (!loops.empty() && next == loops.back().end) {
    Loop &open = loops.back();
    if (open.rd)
      scalar[open.rd] = int64_t(uint64_t(scalar[open.rd]) + uint64_t(open.step));
    if (--open.left) {
      next = open.begin;
      return;
    }
    loops.pop_back();
  }
}

static void writeScalar(State &state, uint8_t rd, uint64_t value) {
  if (rd)
    state.scalar[rd] = int64_t(value);
}

Status halt(State &state, const mach::Halt &) {
  if (Status s = state.drain(); !s)
    return s;
  if (!state.loops.empty())
    return Error{"halt inside a loop that is open"};
  auto isHeld = [](const State::SemaphoreBank &bank) { return bank != State::SemaphoreBank(); };
  if (isHeld(state.sharedSemaphores) ||
      std::any_of(state.semaphores.begin(), state.semaphores.end(), isHeld))
    return Error{"a semaphore is not zero at the end; " + state.describeQueues()};
  state.halted = true;
  return Status::success();
}

Status fence(State &state, const mach::Fence &) { return state.drain(); }

Status li(State &state, const mach::Li &instr) {
  writeScalar(state, instr.rd, uint64_t(instr.imm));
  return Status::success();
}

Status madd(State &state, const mach::Madd &instr) {
  uint64_t product = uint64_t(state.scalar[instr.ra]) * uint64_t(instr.mul);
  writeScalar(state, instr.rd, product + uint64_t(state.scalar[instr.rb]) + uint64_t(instr.imm));
  return Status::success();
}

Status lds(State &state, const mach::Lds &instr) {
  if (state.options.values != Values::computed)
    return Error{"a run without values meets a scalar load"};
  Result<TileView> view = resolve(state.memories, state.descriptor[instr.src], 0, "src");
  if (!view)
    return view.takeError();
  if (view->format != mach::format::i32 || view->count() != 1 ||
      (view->space != mach::space::dram && view->space != mach::space::shared))
    return Error{"operand `src` must be an i32 element inside its extents in dram or shared"};
  if (state.checkOrder)
    if (Status s = state.checkOrder->read(*view); !s)
      return s;
  int32_t value;
  std::memcpy(&value, view->base, sizeof value);
  if (instr.bound && (value < 0 || uint64_t(value) >= instr.bound))
    return Error{"reads " + std::to_string(value) + ", expected 0 to " +
                 std::to_string(instr.bound - 1)};
  writeScalar(state, instr.rd, uint64_t(int64_t(value)));
  bool isDram = view->space == mach::space::dram;
  state.sequencerWork.bytesRead[int(view->space)] =
      isDram ? burstBytes(*view, state.chip.rates.dramBurstBytes) : sizeof value;
  state.sequencerWork.dramUsefulBytes = isDram ? sizeof value : 0;
  return Status::success();
}

/// Opens a loop of `trip` iterations, or goes on behind it.
static Status openLoop(State &state, uint8_t rd, int64_t step, uint64_t trip, int64_t end) {
  if (end < 1)
    return Error{"the end of the loop does not lie ahead"};
  uint64_t after = state.next + uint64_t(end);
  uint64_t limit = state.loops.empty() ? state.text.size() : state.loops.back().end;
  if (after > limit)
    return Error{"the loop ends at " + std::to_string(after) + ", beyond " +
                 (state.loops.empty() ? "the program" : "the loop around it") + " at " +
                 std::to_string(limit)};
  if (int(state.loops.size()) >= state.chip.structure.loopDepth.value)
    return Error{"loops nest deeper than the chip's " +
                 std::to_string(state.chip.structure.loopDepth.value)};
  writeScalar(state, rd, 0);
  if (trip == 0)
    state.next = after;
  else
    state.loops.push_back({state.next, after, trip, step, rd});
  return Status::success();
}

Status loop(State &state, const mach::Loop &instr) {
  return openLoop(state, instr.rd, instr.step, instr.trip, instr.end);
}

Status loopr(State &state, const mach::Loopr &instr) {
  int64_t trip = state.scalar[instr.rt];
  return openLoop(state, instr.rd, instr.step, trip < 1 ? 0 : uint64_t(trip), instr.end);
}

Status bz(State &state, const mach::Bz &instr) {
  uint64_t target = state.next + uint64_t(instr.target);
  uint64_t limit = state.loops.empty() ? state.text.size() : state.loops.back().end;
  if (instr.target < 0 || target > limit)
    return Error{"the target of the branch must lie ahead in the same loop body"};
  if (state.scalar[instr.rs] == 0)
    state.next = target;
  return Status::success();
}

Status mask(State &state, const mach::Mask &instr) {
  int cores = state.chip.structure.cores.value;
  if (cores < 64 && instr.cores >> cores)
    return Error{"the mask names a core the chip lacks: it has " + std::to_string(cores)};
  state.mask[instr.md] = instr.cores;
  return Status::success();
}

Status hyper(State &state, const mach::Hyper &instr) {
  float value = num::floatOf(uint32_t(instr.bits));
  if (!std::isfinite(value))
    return Error{"an infinite number or NaN cannot be a run-time number"};
  state.hyper[instr.hd] = value;
  return Status::success();
}

Status geom(State &state, const mach::Geom &instr) {
  if (!instr.kh || !instr.kw || !instr.sh || !instr.sw || !instr.dh || !instr.dw)
    return Error{"kernel sizes, strides and dilations of a window are at least 1"};
  state.geometry[instr.gd] = {int64_t(instr.kh), int64_t(instr.kw), int64_t(instr.sh),
                              int64_t(instr.sw), int64_t(instr.pt), int64_t(instr.pl),
                              int64_t(instr.dh), int64_t(instr.dw), instr.countPad != 0,
                              int64_t(instr.pb), int64_t(instr.pr)};
  return Status::success();
}

Status desc(State &state, const mach::Desc &instr) {
  if (instr.src >= state.image.descriptors.size())
    return Error{"there is no entry " + std::to_string(instr.src) +
                 " in the descriptor table, which has " +
                 std::to_string(state.image.descriptors.size())};
  int64_t copy = state.scalar[instr.slot];
  if (copy < 0)
    return Error{"register r" + std::to_string(instr.slot) + " names copy " + std::to_string(copy) +
                 ", expected 0 or more"};
  const mach::TensorTile &tile = state.image.descriptors[instr.src].tile;
  state.descriptor[instr.dd] = {tile, tile.slots ? uint64_t(copy) % tile.slots : 0,
                                int64_t(instr.src)};
  return Status::success();
}

Status org(State &state, const mach::Org &instr) {
  int64_t value = int64_t(uint64_t(state.scalar[instr.rs]) + uint64_t(instr.imm));
  constexpr int64_t limit = int64_t(1) << 23;
  if (instr.dim >= uint64_t(maxRank))
    return Error{"there is no dimension " + std::to_string(instr.dim) + ", the last is 4"};
  if (value < -limit || value >= limit)
    return Error{"origin " + std::to_string(value) + " does not fit 24 bits"};
  state.descriptor[instr.dd].tile.origin[instr.dim] = value;
  return Status::success();
}

Status rot(State &state, const mach::Rot &instr) {
  Descriptor &d = state.descriptor[instr.dd];
  if (d.tile.slots == 0)
    return Error{"the descriptor has no slots to rotate"};
  d.slot = (d.slot + 1) % d.tile.slots;
  return Status::success();
}

Status stamp(State &state, const mach::Stamp &instr) {
  mach::TensorTile &to = state.descriptor[instr.dd].tile;
  const mach::TensorTile &from = state.descriptor[instr.src].tile;
  if (to.rank != from.rank)
    return Error{"ranks differ: " + std::to_string(to.rank) + " and " + std::to_string(from.rank)};
  to.origin = from.origin;
  to.coreStride = from.coreStride;
  to.extent = from.extent;
  return Status::success();
}

/// `wait` and `signal` enter the queue of the engine they name.
template <typename Instr> static Status submitSemaphore(State &state, const Instr &instr) {
  if (instr.engine == mach::engine::seq)
    return Error{"the sequencer has no queue to hold"};
  bool isShared = instr.bank == mach::Bank::shared;
  if (isShared && mach::isPerCore(instr.engine))
    return Error{"the cores' engines do not reach the semaphores of the shared buffer"};
  // One semaphore: on behalf of core 0.
  Issue issue = state.prepare(instr.opcode, instr.engine, isShared ? 1 : state.mask[instr.mask]);
  issue.bank = instr.bank;
  issue.semaphore = instr.sem;
  issue.count = uint8_t(instr.count);
  return state.submit(issue);
}

Status wait(State &state, const mach::Wait &instr) { return submitSemaphore(state, instr); }

Status signal(State &state, const mach::Signal &instr) { return submitSemaphore(state, instr); }

} // namespace slp::exec
