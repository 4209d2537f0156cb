//===- Program.h - event streams for the tests of timing --------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TEST_UNIT_TIMING_PROGRAM_H
#define TEST_UNIT_TIMING_PROGRAM_H

#include "runtime/timing/Model.h"

#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/EnumEngine.h.inc"
#include "runtime/isa/StructConvFp.h.inc"
#include "runtime/isa/StructFence.h.inc"
#include "runtime/isa/StructHalt.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructMadd.h.inc"
#include "runtime/isa/StructMvLoad.h.inc"
#include "runtime/isa/StructMvStore.h.inc"
#include "runtime/isa/StructSignal.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructStShared.h.inc"
#include "runtime/isa/StructVRelu.h.inc"
#include "runtime/isa/StructWait.h.inc"

#include <random>
#include <vector>

namespace slp::timing::test {

template <typename T> chip::Sourced<T> assumed(T value) {
  return {value, chip::Provenance::assumed};
}

inline chip::Chip smallChip(int cores = 2, int queueDepth = 8) {
  chip::Chip chip;
  chip.numerics.dot = 8;
  chip.structure.cores = assumed(cores);
  chip.structure.queueDepth = assumed(queueDepth);
  chip.structure.lines = chip.structure.pes = assumed(1);
  chip::Rates &rates = chip.rates;
  rates.clockHz = assumed(1e9);
  rates.fp8MacsPerCycle = assumed(64);
  rates.fp16MacsPerCycle = assumed(32);
  rates.vectorLanes = assumed(32);
  rates.dramBytesPerSecond = assumed(16e9);
  rates.dramEfficiency = assumed(0.5);
  rates.dramLatencySeconds = assumed(20e-9);
  rates.dramBurstBytes = assumed(64);
  rates.sharedToCoreBytesPerCycle = assumed(64);
  rates.coreToSharedBytesPerCycle = assumed(32);
  rates.issuePerCycle = assumed(1);
  rates.semaphoreCycles = assumed(4);
  rates.macStartCycles = assumed(8);
  rates.vectorStartCycles = assumed(8);
  rates.vectorCyclesPerElement["vector"] = assumed(1.0);
  rates.vectorCyclesPerElement["vector_row"] = assumed(2.5);
  return chip;
}

/// Feeds a model with one event a call, at consecutive instruction indices.
struct Program {
  explicit Program(const chip::Chip &chip, const Groups &groups) : model(chip, groups) {}

  exec::Event event(mach::Opcode opcode, mach::Engine engine, uint64_t mask) {
    exec::Event e;
    e.pc = pc++;
    e.opcode = opcode;
    e.engine = engine;
    e.mask = mask;
    return e;
  }
  void send(const exec::Event &e) {
    events.push_back(e);
    model.issued(e);
  }
  void load(uint64_t mask, uint64_t bytes) {
    exec::Event e = event(mach::Ld::opcode, mach::Engine::load, mask);
    for (uint64_t m = mask; m; m &= m - 1) {
      exec::CoreWork work;
      work.bytesRead[0] = work.bytesWritten[2] = bytes;
      e.work.push_back(work);
    }
    send(e);
  }
  void multicast(uint64_t mask, uint64_t bytes) {
    exec::Event e = event(mach::Ld::opcode, mach::Engine::load, mask);
    e.multicast = e.joint = true;
    e.work.resize(1);
    e.work[0].bytesRead[0] = bytes;
    for (uint64_t m = mask; m; m &= m - 1)
      e.work[0].bytesWritten[2] += bytes;
    send(e);
  }
  /// To a compressed tensor: the cores take turns in one transfer, which also reads.
  void jointStore(uint64_t mask, uint64_t bytes, uint64_t readFirst) {
    exec::Event e = event(mach::St::opcode, mach::Engine::store, mask);
    e.joint = true;
    e.work.resize(1);
    e.work[0].bytesRead[0] = readFirst;
    e.work[0].bytesRead[2] = e.work[0].bytesWritten[0] = bytes;
    send(e);
  }
  void store(uint64_t mask, uint64_t bytes) {
    exec::Event e = event(mach::St::opcode, mach::Engine::store, mask);
    for (uint64_t m = mask; m; m &= m - 1) {
      exec::CoreWork work;
      work.bytesRead[2] = work.bytesWritten[0] = bytes;
      e.work.push_back(work);
    }
    send(e);
  }
  void loadShared(uint64_t bytes) {
    exec::Event e = event(mach::LdShared::opcode, mach::Engine::shared_load, 1);
    e.joint = true;
    e.work.resize(1);
    e.work[0].bytesRead[0] = e.work[0].bytesWritten[1] = bytes;
    send(e);
  }
  /// To a compressed tensor if something is read first.
  void storeShared(uint64_t bytes, uint64_t readFirst = 0) {
    exec::Event e = event(mach::StShared::opcode, mach::Engine::shared_store, 1);
    e.joint = true;
    e.work.resize(1);
    e.work[0].bytesRead[0] = readFirst;
    e.work[0].bytesRead[1] = e.work[0].bytesWritten[0] = bytes;
    send(e);
  }
  void moveToCores(uint64_t mask, uint64_t bytes, bool isMulticast = false) {
    exec::Event e = event(mach::MvLoad::opcode, mach::Engine::load, mask);
    e.multicast = e.joint = isMulticast && (mask & (mask - 1));
    for (uint64_t m = mask; m; m &= m - 1) {
      if (e.work.empty() || !e.joint)
        e.work.emplace_back();
      e.work.back().bytesRead[1] = bytes;
      e.work.back().bytesWritten[2] += bytes;
    }
    send(e);
  }
  void moveFromCores(uint64_t mask, uint64_t bytes) {
    exec::Event e = event(mach::MvStore::opcode, mach::Engine::store, mask);
    for (uint64_t m = mask; m; m &= m - 1) {
      exec::CoreWork work;
      work.bytesRead[2] = work.bytesWritten[1] = bytes;
      e.work.push_back(work);
    }
    send(e);
  }
  /// One core's work for each core of the mask.
  void macItems(uint64_t mask, const std::vector<exec::CoreWork> &works, bool fp16) {
    exec::Event e = event(mach::ConvFp::opcode, mach::Engine::mac, mask);
    e.fp16 = fp16;
    e.work = works;
    e.work.resize(size_t(__builtin_popcountll(mask)));
    send(e);
  }
  /// One item of a number of dot groups per core of the mask.
  void mac(uint64_t mask, std::vector<uint64_t> slots, bool fp16 = false) {
    exec::Event e = event(mach::ConvFp::opcode, mach::Engine::mac, mask);
    e.fp16 = fp16;
    for (uint64_t s : slots) {
      exec::CoreWork work;
      work.items.add(1, 8 * s, s);
      e.work.push_back(work);
    }
    send(e);
  }
  /// Bytes from accumulators and to scratchpads, and some of the shared buffer, which count for
  /// nothing.
  void vector(uint64_t operations, mach::Opcode opcode = mach::VRelu::opcode,
              uint64_t bytesRead = 0, uint64_t bytesWritten = 0) {
    exec::Event e = event(opcode, mach::Engine::vector, 1);
    e.work.resize(1);
    e.work[0].operations = operations;
    e.work[0].bytesRead[3] = bytesRead;
    e.work[0].bytesWritten[2] = bytesWritten;
    e.work[0].bytesRead[1] = e.work[0].bytesWritten[1] = 1 << 20;
    send(e);
  }
  void semaphore(mach::Opcode opcode, mach::Engine engine, uint8_t sem, uint64_t mask,
                 mach::Bank bank) {
    exec::Event e = event(opcode, engine, mask);
    e.bank = bank;
    e.semaphore = sem;
    e.count = 1;
    send(e);
  }
  void wait(mach::Engine engine, uint8_t sem, uint64_t mask = 1,
            mach::Bank bank = mach::Bank::cores) {
    semaphore(mach::Wait::opcode, engine, sem, mask, bank);
  }
  void signal(mach::Engine engine, uint8_t sem, uint64_t mask = 1,
              mach::Bank bank = mach::Bank::cores) {
    semaphore(mach::Signal::opcode, engine, sem, mask, bank);
  }
  void scalar(mach::Opcode opcode) { send(event(opcode, mach::Engine::seq, 1)); }
  Result<Report> halt() {
    scalar(mach::Halt::opcode);
    return model.finish();
  }

  Model model;
  std::vector<exec::Event> events;
  uint64_t pc = 0;
};

/// Random work with random semaphores, each with one producer and one consumer, signals first.
inline void addRandomWork(Program &p, uint32_t seed, int cores) {
  using mach::Engine;
  std::mt19937 random(seed);
  auto pick = [&](uint32_t n) { return random() % n; };
  constexpr uint32_t engineCount = 6;
  const Engine engines[engineCount] = {Engine::load,   Engine::store,       Engine::mac,
                                       Engine::vector, Engine::shared_load, Engine::shared_store};
  uint64_t all = (uint64_t(1) << cores) - 1;
  // By semaphore, then by core; in the shared buffer's bank there is one of each number.
  std::vector<std::vector<int>> credit(engineCount * engineCount, std::vector<int>(cores));
  for (int i = 0; i < 400; ++i) {
    uint64_t mask = 1 + pick(uint32_t(all));
    uint32_t producer = pick(engineCount), consumer = pick(engineCount);
    auto sem = uint8_t(engineCount * producer + consumer);
    bool isShared = producer > 2 && consumer > 2 && producer != consumer;
    mach::Bank bank = isShared ? mach::Bank::shared : mach::Bank::cores;
    if (isShared)
      mask = 1;
    switch (pick(12)) {
    case 0:
      p.load(mask, 64 * pick(9));
      break;
    case 1:
      if (pick(2))
        p.store(mask, 64 * pick(9));
      else
        p.jointStore(mask, 64 * pick(9), 64 * pick(3));
      break;
    case 2:
      p.multicast(mask, 64 * pick(9));
      break;
    case 3: {
      std::vector<exec::CoreWork> works(static_cast<size_t>(cores));
      for (exec::CoreWork &work : works) {
        for (uint32_t run = pick(4); run > 0; --run)
          work.items.add(1 + pick(7), 1 + pick(200), 1 + pick(40));
        work.macs = 1 + pick(5000);
        work.items.isSkipping = pick(2);
        if (!work.items.isSkipping)
          work.items.repeats = 1 + pick(3);
        bool isMasked = !work.items.isSkipping && pick(2);
        for (exec::MacItemRun &run : work.items.runs) {
          run.skipped = work.items.isSkipping ? pick(uint32_t(run.elements) + 1) : 0;
          if (!isMasked)
            continue;
          run.closedGroups = pick(uint32_t(run.groups) + 1);
          run.closed = run.closedGroups == run.groups ? run.elements : pick(uint32_t(run.elements));
        }
        work.skippedMacs = work.items.isSkipping || isMasked ? pick(uint32_t(work.macs)) : 0;
        if (pick(3) == 0) {
          work.wideMacs = pick(uint32_t(work.macs - work.skippedMacs) + 1);
          work.bothWideMacs = pick(uint32_t(work.wideMacs) + 1);
        }
      }
      p.macItems(mask, works, pick(2));
      break;
    }
    case 4:
      p.vector(pick(5000), mach::VRelu::opcode, 64 * pick(200), 64 * pick(200));
      break;
    case 5:
    case 6:
      p.signal(engines[producer], sem, mask, bank);
      for (int core = 0; core < cores; ++core)
        credit[sem][core] += mask >> core & 1;
      break;
    case 7: {
      uint64_t able = 0;
      for (int core = 0; core < cores; ++core)
        if (credit[sem][core] > 0)
          able |= uint64_t(1) << core;
      if (!(able &= mask))
        break;
      p.wait(engines[consumer], sem, able, bank);
      for (int core = 0; core < cores; ++core)
        credit[sem][core] -= able >> core & 1;
      break;
    }
    case 8:
      p.scalar(pick(20) ? mach::Madd::opcode : mach::Fence::opcode);
      break;
    case 9:
      p.loadShared(64 * pick(9));
      break;
    case 10:
      p.storeShared(64 * pick(9), 64 * pick(3));
      break;
    case 11:
      if (pick(2))
        p.moveToCores(mask, 64 * pick(9), pick(2));
      else
        p.moveFromCores(mask, 64 * pick(9));
      break;
    }
  }
}

} // namespace slp::timing::test

#endif // TEST_UNIT_TIMING_PROGRAM_H
