//===- TimingTest.cpp - schedules computed by hand --------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// The chip of these tests: 8 bytes a cycle from DRAM, latency 20; MAC: 8 cycles plus one per 8 dot
// groups of 8; vector: 8 cycles plus one per 32 operations; semaphores 4; one issue a cycle.
//
//===----------------------------------------------------------------------------------------===//

#include "Program.h"

#include "runtime/isa/StructDesc.h.inc"
#include "runtime/isa/StructFence.h.inc"
#include "runtime/isa/StructLi.h.inc"
#include "runtime/isa/StructVSoftmax.h.inc"
#include "runtime/isa/StructZero.h.inc"
#include "runtime/timing/Costs.h"
#include "runtime/timing/Lines.h"

#include "gtest/gtest.h"

#include <numeric>
#include <set>
#include <tuple>

using namespace slp;
using namespace slp::timing;
using mach::Engine;
using namespace slp::timing::test;

static Cycle sum(const CauseCycles &cycles) {
  return std::accumulate(cycles.begin(), cycles.end(), Cycle(0));
}

static const CauseCycles &cyclesOf(const Report &report, Engine engine, int core = 0) {
  for (const EngineCycles &e : report.engines)
    if (e.engine == engine && e.core == core)
      return e.cycles;
  static const CauseCycles none{};
  ADD_FAILURE() << "no such engine";
  return none;
}

static Cycle at(const CauseCycles &cycles, Cause cause) {
  return cycles[static_cast<size_t>(cause)];
}
static Cycle at(const WallCycles &cycles, WallPart part) {
  return cycles[static_cast<size_t>(part)];
}

/// Every cycle of every engine, and of the wall clock, has exactly one cause.
static void expectPartition(const Report &report, int cores) {
  for (const EngineCycles &e : report.engines) {
    EXPECT_EQ(sum(e.cycles), report.cycles) << mach::toString(e.engine) << " of core " << e.core;
    for (Cycle c : e.cycles)
      EXPECT_GE(c, 0);
  }
  Cycle wall = 0, mac = 0;
  for (const GroupCycles &group : report.groups) {
    wall += group.wallTotal();
    mac += sum(group.engine[static_cast<size_t>(Engine::mac)]);
    for (Cycle c : group.wall)
      EXPECT_GE(c, 0);
  }
  EXPECT_EQ(wall, report.cycles);
  EXPECT_EQ(mac, report.cycles * cores);
}

TEST(Timing, MacWaitsForItsData) {
  Groups groups;
  Program p(smallChip(), groups);
  p.load(1, 64);             // issued in cycle 0, bytes 1 to 9, there at 29
  p.signal(Engine::load, 0); // at 33
  p.wait(Engine::mac, 0);    // issued at 3
  p.mac(1, {64});            // 33 to 49
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 49);
  const CauseCycles &mac = cyclesOf(*report, Engine::mac);
  EXPECT_EQ(at(mac, Cause::issue), 3);
  EXPECT_EQ(at(mac, Cause::data), 6);
  EXPECT_EQ(at(mac, Cause::latency), 20);
  EXPECT_EQ(at(mac, Cause::semaphore), 4);
  EXPECT_EQ(at(mac, Cause::busy), 16);
  const WallCycles &wall = report->groups[0].wall;
  EXPECT_EQ(at(wall, WallPart::issue), 1);
  EXPECT_EQ(at(wall, WallPart::load), 8);
  EXPECT_EQ(at(wall, WallPart::latency), 20);
  EXPECT_EQ(at(wall, WallPart::semaphore), 4);
  EXPECT_EQ(at(wall, WallPart::mac), 16);
  expectPartition(*report, 2);
}

TEST(Timing, DoubleBufferingOverlapsLoadAndMac) {
  Groups groups;
  Program p(smallChip(), groups);
  for (int i = 0; i < 4; ++i) {
    if (i >= 2)
      p.wait(Engine::load, 1); // a buffer is free
    p.load(1, 128);            // 16 cycles
    p.signal(Engine::load, 0);
    if (i < 1)
      continue;
    // The multiplication of the buffer before.
    p.wait(Engine::mac, 0);
    p.mac(1, {64}); // 16 cycles
    if (i < 3)
      p.signal(Engine::mac, 1);
  }
  p.wait(Engine::mac, 0);
  p.mac(1, {64});
  // Loads: 1 to 17, 17 to 33; the third when the first MAC (41 to 57) has freed its buffer: 61 to
  // 77; the fourth behind the second MAC (57 to 73): 77 to 93. MACs: 101 to 117, 117 to 133.
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 133);
  EXPECT_EQ(at(cyclesOf(*report, Engine::mac), Cause::busy), 64);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load), Cause::busy), 64);
  expectPartition(*report, 2);
}

TEST(Timing, FullQueueHoldsTheSequencer) {
  Groups groups;
  Program p(smallChip(2, 2), groups);
  for (int i = 0; i < 4; ++i)
    p.mac(1, {64});
  // The fourth finds two waiting until the second starts at 17.
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 1 + 4 * 16);
  const CauseCycles &seq = cyclesOf(*report, Engine::seq);
  EXPECT_EQ(at(seq, Cause::busy), 5);
  EXPECT_EQ(at(seq, Cause::queue), 14);
  EXPECT_EQ(at(seq, Cause::fence), 65 - 19);
  EXPECT_EQ(report->queueFull[static_cast<size_t>(Engine::mac)], 14);
  expectPartition(*report, 2);
}

TEST(Timing, EngineStarvedByAFullQueueSaysSo) {
  Groups groups;
  Program p(smallChip(2, 2), groups);
  for (int i = 0; i < 4; ++i)
    p.mac(1, {64});
  p.load(1, 64); // issued in cycle 18, behind the stall from 3 to 17
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  const CauseCycles &load = cyclesOf(*report, Engine::load);
  EXPECT_EQ(at(load, Cause::queue), 14);
  EXPECT_EQ(at(load, Cause::issue), 5);
  EXPECT_EQ(at(load, Cause::busy), 8);
  expectPartition(*report, 2);
}

TEST(Timing, CoresShareDram) {
  Groups groups;
  Program p(smallChip(), groups);
  p.load(3, 64);
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 17 + 20);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load, 0), Cause::bus), 0);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load, 0), Cause::fence), 28);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load, 1), Cause::bus), 8);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load, 1), Cause::busy), 8);
  expectPartition(*report, 2);
}

TEST(Timing, LatencyDoesNotOccupyTheBus) {
  Groups groups;
  Program p(smallChip(), groups);
  for (int i = 0; i < 4; ++i)
    p.load(1, 64);
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 1 + 4 * 8 + 20);
  expectPartition(*report, 2);
}

TEST(Timing, MulticastReadsOnceAndWaitsForAllItsQueues) {
  Groups groups;
  Program p(smallChip(), groups);
  p.load(2, 128);     // core 1: 1 to 17
  p.multicast(3, 64); // 17 to 25
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 25 + 20);
  const CauseCycles &waiting = cyclesOf(*report, Engine::load, 0);
  EXPECT_EQ(at(waiting, Cause::issue), 2);
  EXPECT_EQ(at(waiting, Cause::imbalance), 15);
  EXPECT_EQ(at(waiting, Cause::busy), 8);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load, 1), Cause::busy), 24);
  expectPartition(*report, 2);
}

TEST(Timing, StoreToACompressedTensorIsOneTransferOfItsCores) {
  Groups groups;
  Program p(smallChip(), groups);
  p.store(2, 128);          // core 1: 1 to 17
  p.jointStore(3, 128, 64); // 17 to 41: what is rewritten in part is read first
  p.store(1, 64);           // 41 to 49
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 49 + 20);
  const CauseCycles &waiting = cyclesOf(*report, Engine::store, 0);
  EXPECT_EQ(at(waiting, Cause::issue), 2);
  EXPECT_EQ(at(waiting, Cause::imbalance), 15);
  EXPECT_EQ(at(waiting, Cause::busy), 24 + 8);
  EXPECT_EQ(at(cyclesOf(*report, Engine::store, 1), Cause::busy), 16 + 24);
  expectPartition(*report, 2);
}

TEST(Timing, TransportToTheCoresLimitsLoads) {
  Groups groups;
  chip::Chip chip = smallChip();
  chip.rates.sharedToCoreBytesPerCycle = assumed(2);
  Program p(chip, groups);
  p.load(1, 64); // 8 cycles of DRAM, 32 of transport
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 1 + 32 + 20);
}

TEST(Timing, SharedTransfersTakeDramAlone) {
  Groups groups;
  chip::Chip chip = smallChip();
  chip.rates.sharedToCoreBytesPerCycle = assumed(1);
  chip.rates.coreToSharedBytesPerCycle = assumed(1);
  Program p(chip, groups);
  p.loadShared(64);     // 1 to 9, there at 29
  p.load(1, 16);        // DRAM 9 to 11, transport to 25
  p.storeShared(64, 8); // 11 to 20
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 25 + 20);
  EXPECT_EQ(at(cyclesOf(*report, Engine::shared_load), Cause::busy), 8);
  EXPECT_EQ(at(cyclesOf(*report, Engine::shared_store), Cause::bus), 8);
  EXPECT_EQ(at(cyclesOf(*report, Engine::shared_store), Cause::busy), 9);
  EXPECT_EQ(at(report->groups[0].wall, WallPart::load), 24);
  expectPartition(*report, 2);
}

TEST(Timing, MovesTakeTheTransportAlone) {
  Groups groups;
  Program p(smallChip(), groups);
  p.moveToCores(3, 640);       // core 0: 1 to 11, core 1: 11 to 21
  p.moveToCores(3, 640, true); // both: 21 to 31
  p.moveFromCores(1, 640);     // 3 to 23
  p.load(1, 64);               // DRAM and transport: 31 to 39, there at 59
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 59);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load, 0), Cause::busy), 10 + 10 + 8);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load, 0), Cause::imbalance), 10);
  EXPECT_EQ(at(cyclesOf(*report, Engine::load, 1), Cause::bus), 10);
  EXPECT_EQ(at(cyclesOf(*report, Engine::store, 0), Cause::busy), 20);
  expectPartition(*report, 2);
}

TEST(Timing, TheSharedBufferHasSemaphoresOfItsOwn) {
  Groups groups;
  Program p(smallChip(), groups);
  p.loadShared(64);                                        // there at 29
  p.signal(Engine::shared_load, 0, 1, mach::Bank::shared); // at 33
  p.signal(Engine::mac, 0, 3);                             // another one, for nobody
  p.wait(Engine::vector, 0, 1, mach::Bank::shared);        // until 33
  p.vector(32);                                            // 33 to 42
  p.signal(Engine::vector, 1, 3);                          // at 46, on both cores
  p.wait(Engine::shared_store, 1, 3);                      // until 46
  p.storeShared(64);                                       // 46 to 54
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 54 + 20);
  const CauseCycles &vector = cyclesOf(*report, Engine::vector);
  EXPECT_EQ(at(vector, Cause::issue), 4);
  EXPECT_EQ(at(vector, Cause::data), 5);
  EXPECT_EQ(at(vector, Cause::latency), 20);
  EXPECT_EQ(at(vector, Cause::semaphore), 4);
  expectPartition(*report, 2);
}

TEST(Timing, StoreThatIsNotReadyDoesNotBlockLaterLoads) {
  Groups groups;
  Program p(smallChip(), groups);
  p.vector(3200); // 1 to 109
  p.signal(Engine::vector, 0);
  p.wait(Engine::store, 0);
  p.store(1, 64); // 113 to 121
  p.load(1, 64);  // 5 to 13
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 141);
  const CauseCycles &load = cyclesOf(*report, Engine::load);
  EXPECT_EQ(at(load, Cause::bus), 0);
  EXPECT_EQ(at(load, Cause::issue), 5);
  EXPECT_EQ(at(cyclesOf(*report, Engine::store), Cause::semaphore), 110);
  expectPartition(*report, 2);
}

TEST(Timing, FenceJoinsEverything) {
  Groups groups;
  Program p(smallChip(), groups);
  p.load(1, 64);                 // there at 29
  p.scalar(mach::Fence::opcode); // 2 to 29
  p.mac(1, {64});                // 30 to 46
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 46);
  const CauseCycles &mac = cyclesOf(*report, Engine::mac);
  EXPECT_EQ(at(mac, Cause::fence), 27);
  EXPECT_EQ(at(mac, Cause::issue), 3);
  expectPartition(*report, 2);
}

TEST(Timing, IdleCoreOfTheSameInstructionIsImbalance) {
  Groups groups;
  Program p(smallChip(), groups);
  p.mac(3, {64, 512}); // core 0: 1 to 17, core 1: 1 to 73
  p.mac(3, {64, 64});  // core 0: 17 to 33, core 1: 73 to 89
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 89);
  const CauseCycles &first = cyclesOf(*report, Engine::mac, 0);
  EXPECT_EQ(at(first, Cause::busy), 32);
  EXPECT_EQ(at(first, Cause::imbalance), 56);
  EXPECT_EQ(at(cyclesOf(*report, Engine::mac, 1), Cause::imbalance), 0);
  expectPartition(*report, 2);
}

TEST(Timing, ImbalanceIsKnownOnlyWhenTheOtherCoreHasStarted) {
  Groups groups;
  Program p(smallChip(), groups);
  p.mac(2, {512});    // core 1: 1 to 73
  p.mac(3, {64, 64}); // core 0: 2 to 18, core 1: 73 to 89
  p.vector(32);       // 3 to 12
  p.signal(Engine::vector, 0);
  p.wait(Engine::mac, 0); // core 0, at 18
  p.mac(1, {64}, true);   // fp16: 18 to 42
  p.wait(Engine::mac, 0); // core 0, until 194
  p.vector(32 * 170);     // 12 to 190
  p.signal(Engine::vector, 0);
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 194);
  const CauseCycles &first = cyclesOf(*report, Engine::mac, 0);
  EXPECT_EQ(at(first, Cause::busy), 16 + 24);
  EXPECT_EQ(at(first, Cause::imbalance), 0) << "the last MAC had one core";
  EXPECT_EQ(at(first, Cause::semaphore), 194 - 42);
  expectPartition(*report, 2);
}

TEST(Timing, ClearingTakesTheStartAlone) {
  Groups groups;
  Program p(smallChip(), groups);
  exec::Event zero = p.event(mach::Zero::opcode, Engine::mac, 1);
  zero.work.resize(1);
  zero.work[0].bytesWritten[3] = 4096;
  p.send(zero);   // 1 to 9
  p.mac(1, {64}); // 9 to 25
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 25);
  EXPECT_EQ(at(cyclesOf(*report, Engine::mac), Cause::busy), 8 + 16);
  expectPartition(*report, 2);
}

TEST(Timing, Fp16AndVectorClassesHaveTheirOwnRates) {
  Groups groups;
  Program p(smallChip(), groups);
  p.mac(1, {65}, true);                  // 8 + ceil(520 / 32) = 25
  p.vector(100, mach::VSoftmax::opcode); // 8 + ceil(100 * 2.5 / 32) = 16
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(at(cyclesOf(*report, Engine::mac), Cause::busy), 25);
  EXPECT_EQ(at(cyclesOf(*report, Engine::vector), Cause::busy), 16);
}

TEST(Timing, PairsWithFp16ElementsTakeWhatTheTableSays) {
  chip::Chip chip = smallChip();
  chip.mechanisms["mixed-precision.cost_fp8_fp16"] = assumed(1.5);
  chip.mechanisms["mixed-precision.cost_fp16_fp16"] = assumed(3.0);
  Costs costs(chip);
  exec::CoreWork work;
  work.macs = 500;
  work.items.add(1, 500, 65);
  EXPECT_EQ(costs.mac(work, false).cycles, 8 + 9); // ceil(520 / 64)
  work.wideMacs = 101;
  work.bothWideMacs = 30;
  // A share of ceil(71 * 0.5 + 30 * 2) / 500 more: ceil((520 + ceil(520 * 96 / 500)) / 64).
  EXPECT_EQ(costs.mac(work, false).cycles, 8 + 10);
  EXPECT_EQ(costs.mac(work, true).cycles, 8 + 17); // an operand that is FP16 throughout
}

TEST(Timing, VectorBytesTakeTheTransport) {
  Groups groups;
  Program p(smallChip(), groups);
  p.vector(320, mach::VRelu::opcode, 640, 128); // 1 to 21: 640 / 32 from accumulators; 8 + 10 lanes
  p.vector(320, mach::VRelu::opcode, 320, 3200);  // 21 to 71: 3200 / 64 to scratchpads
  p.load(1, 64);                                  // shared bytes take none, these wait: 71 to 72
  p.vector(3200, mach::VRelu::opcode, 320, 3200); // 71 to 179: lanes, behind the bus from 72
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(at(cyclesOf(*report, Engine::vector), Cause::busy), 20 + 50 + 108);
  EXPECT_EQ(at(cyclesOf(*report, Engine::vector), Cause::bus), 0);
}

TEST(Timing, LinesTakeItemsInRounds) {
  // Two lines: (5, 3), (3, 9), (9).
  EXPECT_EQ(cyclesOfLines({{1, 5}, {2, 3}, {2, 9}}, 1, 2, 1000), 5 + 9 + 9);
  // What is left of a round goes with the first items of the next copy: (5, 3) (3, 5) (3, 3).
  EXPECT_EQ(cyclesOfLines({{1, 5}, {2, 3}}, 2, 2, 1000), 5 + 5 + 3);
  EXPECT_EQ(cyclesOfLines({{7, 4}}, 3, 6, 1000), 4 * 4);
  EXPECT_EQ(cyclesOfLines({{7, 4}}, 1, 1, 1000), 28);
  EXPECT_EQ(cyclesOfLines({{7, 4}}, 1, 100, 1000), 4);
  EXPECT_EQ(cyclesOfLines({}, 5, 6, 1000), 0);
  // No sum is longer than the longest run.
  EXPECT_EQ(cyclesOfLines({{UINT64_MAX, 900}}, UINT64_MAX, 3, 1000), 1000);
  EXPECT_EQ(cyclesOfLines({{5, 900}, {5, 800}}, 2, 3, 1000), 1000);
}

TEST(Timing, PesTakeElementsOrDotGroups) {
  chip::Chip chip = smallChip();
  chip.structure.lines = assumed(4);
  chip.structure.pes = assumed(8);
  exec::CoreWork work;
  work.items.add(5, 3 * 9 * 8, 4 * 8);
  // Two elements a cycle, fewer than a dot group: 216 / 2 for each of two rounds.
  EXPECT_EQ(Costs(chip).mac(work, false).cycles, 8 + 2 * 108);
  EXPECT_EQ(Costs(chip).mac(work, true).cycles, 8 + 2 * 216); // one a cycle
  chip.structure.lines = assumed(1);
  // Eight products a cycle, which are a dot group: 32 for each of five items, twice that in FP16.
  EXPECT_EQ(Costs(chip).mac(work, false).cycles, 8 + 5 * 32);
  EXPECT_EQ(Costs(chip).mac(work, true).cycles, 8 + 5 * 54); // four elements
}

TEST(Timing, DescriptorsAreFetchedWordByWord) {
  Groups groups;
  Program p(smallChip(), groups);
  p.scalar(mach::Li::opcode);
  p.scalar(mach::Desc::opcode);
  Result<Report> report = p.halt();
  ASSERT_TRUE(report) << report.message();
  EXPECT_EQ(report->cycles, 1 + 6 + 1);
}

TEST(Timing, QueuesTooShortForTheProgramDeadlock) {
  Groups groups;
  Program p(smallChip(2, 2), groups);
  p.wait(Engine::mac, 5);
  p.mac(1, {64});
  p.mac(1, {64}); // finds two waiting
  p.vector(32);
  p.signal(Engine::vector, 5);
  Result<Report> report = p.halt();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.message(), "deadlock at instruction 2: the mac queue of core 0 is full; "
                              "waiting: mac of core 0 at instruction 0 for semaphore 5");
}

TEST(Timing, DeadlocksNameTheSharedBuffer) {
  Groups groups;
  Program p(smallChip(2, 2), groups);
  p.wait(Engine::shared_load, 5, 1, mach::Bank::shared);
  p.loadShared(64);
  p.loadShared(64);
  Result<Report> report = p.halt();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.message(),
            "deadlock at instruction 2: the shared_load queue is full; waiting: shared_load at "
            "instruction 0 for semaphore 5 of the shared buffer");
}

// A number of cycles is right or none at all, whatever the rates.
TEST(Timing, RunsBeyondWhatIsCountedAreErrors) {
  const std::string longRun = "the run takes more than 2199023255552 cycles, the most that is "
                              "simulated: the rates of the chip description are out of proportion";
  chip::Chip slow = smallChip(64, 64);
  slow.rates.clockHz = assumed(1e11); // the extremes that a description may have
  slow.rates.dramBytesPerSecond = assumed(1e3);
  slow.rates.dramEfficiency = assumed(0.01);
  slow.rates.dramLatencySeconds = assumed(1.0);
  slow.rates.vectorLanes = assumed(1);
  slow.rates.vectorCyclesPerElement["vector"] = assumed(1e6);
  auto run = [&](auto build) {
    Groups groups;
    Program p(slow, groups);
    build(p);
    return p.halt();
  };
  // 10^10 cycles a byte, and 10^11 of latency.
  Result<Report> few = run([](Program &p) { p.load(1, 64); });
  ASSERT_TRUE(few) << few.message();
  EXPECT_EQ(few->cycles, 1 + 64 * 10000000000 + 100000000000);
  auto expectLong = [&](auto build) {
    Result<Report> report = run(build);
    ASSERT_FALSE(report) << report->cycles;
    EXPECT_EQ(report.message(), longRun);
  };
  expectLong([](Program &p) { p.load(1, 256); });
  expectLong([](Program &p) { p.load(1, uint64_t(1) << 48); });
  expectLong([](Program &p) { p.store(~uint64_t(0), uint64_t(1) << 40); });
  expectLong([](Program &p) { p.multicast(3, uint64_t(1) << 48); });
  expectLong([](Program &p) { p.vector(UINT64_MAX); });
  expectLong([](Program &p) { p.mac(1, {uint64_t(1) << 56}); });
  expectLong([](Program &p) {
    for (int i = 0; i < 1000; ++i) {
      p.load(1, 64);
      p.vector(uint64_t(1) << 20);
    }
  });
  // The most that a vector instruction may take.
  Result<Report> vector = run([](Program &p) { p.vector(2000000); });
  ASSERT_TRUE(vector) << vector.message();
  EXPECT_EQ(vector->cycles, 1 + 8 + 2000000000000);
}

TEST(Timing, TotalsBeyondWhatIsCountedAreErrors) {
  Report total, run;
  run.cycles = maxRunCycles;
  for (Cycle i = 0; i < maxTotalCycles / maxRunCycles; ++i) {
    total += run;
    ASSERT_TRUE(total.checkTotal().ok());
  }
  run.cycles = 1;
  total += run;
  EXPECT_EQ(total.checkTotal().message().substr(0, 62),
            "all steps together take more than 9007199254740992 cycles, the");
}

TEST(Timing, RunsStartAtCycleZeroAndAddUp) {
  Groups groups;
  Program p(smallChip(), groups);
  p.mac(1, {64});
  Result<Report> first = p.halt();
  p.mac(1, {64});
  p.mac(1, {64});
  Result<Report> second = p.halt();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->cycles, 17);
  EXPECT_EQ(second->cycles, 33);
  Report total = *first;
  total += *second;
  EXPECT_EQ(total.cycles, 50);
  expectPartition(total, 2);
}

static Result<Report> runRandom(uint32_t seed, const chip::Chip &chip, const Groups &groups) {
  Program p(chip, groups);
  addRandomWork(p, seed, chip.structure.cores);
  return p.halt();
}

// Two ops of one node in one phase are two groups; what is listed twice is one.
TEST(Groups, NodeOpAndPhaseTellThemApart) {
  image::Image image;
  image.debug.nodes = {"a", "a", "a", "b"};
  image.debug.ops = {"train.conv", "train.relu", "train.conv", "train.conv"};
  auto add = [&](int32_t node, int8_t phase) {
    image.debug.records.emplace_back();
    image.debug.records.back().node = node;
    image.debug.records.back().phase = phase;
  };
  for (int32_t node : {-1, 0, 1, 2, 3})
    add(node, 0);
  add(0, 1);
  add(-1, -1);
  Groups groups(image);
  ASSERT_EQ(groups.size(), 6u);
  EXPECT_EQ(groups.of(3), groups.of(1));
  EXPECT_EQ(groups.of(6), 0u);
  std::set<std::tuple<std::string, std::string, int>> names;
  for (size_t g = 0; g < groups.size(); ++g)
    names.insert({groups[g].name, groups[g].op, groups[g].phase});
  EXPECT_EQ(names.size(), groups.size());
  EXPECT_EQ(groups[groups.of(2)].op, "train.relu");
  EXPECT_EQ(groups[groups.of(0)].op, "-");
}

// Property: whatever the program, every cycle of every engine has exactly one cause.
TEST(Timing, ComponentsOfRandomProgramsAddUp) {
  image::Image image;
  image.debug.nodes = {"a", "b", "c"};
  for (int i = 0; i < 500; ++i) {
    image.debug.records.emplace_back();
    image.debug.records.back().node = i / 100 - 1;
    image.debug.records.back().phase = int8_t(i / 50 % 4);
  }
  Groups groups(image);
  for (uint32_t seed = 0; seed < 200; ++seed) {
    int cores = 1 + int(seed % 5);
    chip::Chip chip = smallChip(cores, 1 + int(seed % 7));
    chip.rates.issuePerCycle = assumed(1 + int(seed % 3));
    Result<Report> report = runRandom(seed, chip, groups);
    ASSERT_TRUE(report) << "seed " << seed << ": " << report.message();
    expectPartition(*report, cores);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    Result<Report> again = runRandom(seed, chip, groups);
    ASSERT_EQ(report->cycles, again->cycles);
  }
}

// Zeros: an item takes the elements that are left, or the scan of all of its positions.
TEST(Costs, SkippedZerosTakeTheirScan) {
  chip::Chip chip = smallChip(1);
  chip.structure.lines = assumed(2);
  chip.structure.pes = assumed(16);                           // r = 2
  chip.mechanisms["zero-skip.scan_positions"] = assumed(8.0); // 16 a line
  exec::CoreWork work;
  work.macs = 800;
  work.skippedMacs = 700;
  work.items.isSkipping = true;
  work.items.add(1, 160, 20, 100); // 30 cycles
  work.items.add(1, 160, 20, 160); // 10, of the scan
  work.items.add(1, 160, 20, 0);   // 80
  work.items.add(1, 32, 4, 4);     // 14
  auto timeOf = [&](double policy) {
    chip.mechanisms["load-balance.policy"] = assumed(policy);
    chip.mechanisms["load-balance.window"] = assumed(2.0);
    return Costs(chip).mac(work, false);
  };
  EXPECT_EQ(timeOf(0).cycles, 8 + 30 + 80);
  // One line takes 30, the longer of (30, 10), the other 80 of (10, 80); then 14 of (10, 14),
  // and 10.
  EXPECT_EQ(timeOf(1).cycles, 8 + 80);
  EXPECT_EQ(timeOf(2).cycles, 8 + 67);
  EXPECT_EQ(timeOf(2).busy, 30 + 10 + 80 + 14);
  EXPECT_EQ(timeOf(2).scanning, 10);
  EXPECT_EQ(timeOf(0).lines, 2 * 110);
}

// Closed dot groups take no time, whatever else the item has; an item without others is none.
TEST(Costs, ClosedDotGroupsTakeNoTime) {
  chip::Chip chip = smallChip(1);
  chip.structure.lines = assumed(1);
  chip.structure.pes = assumed(8); // r = 8
  exec::CoreWork work;
  work.macs = 8000;
  work.items.add({2, 64, 8, 0, 0, 0});
  work.items.add({3, 64, 8, 0, 40, 5}); // three of the eight are left
  work.items.add({4, 64, 8, 0, 64, 8}); // none
  work.items.repeats = 2;
  MacTime time = Costs(chip).mac(work, false);
  EXPECT_EQ(time.cycles, 8 + 2 * (2 * 8 + 3 * 3));
  EXPECT_EQ(time.saved, 2 * (3 * 5 + 4 * 8));
  EXPECT_EQ(time.lines, 0);
  // Element by element, where a PE takes less than a dot group a cycle; what is none takes no line.
  chip.structure.lines = assumed(2);
  chip.structure.pes = assumed(16); // r = 2
  work.items.repeats = 1;
  EXPECT_EQ(Costs(chip).mac(work, false).cycles, 8 + 32 + 12 + 12);
  EXPECT_EQ(Costs(chip).mac(work, false).saved, 5 * 32 - 56);
}
