//===- EnergyTest.cpp - counts and picojoules -------------------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/energy/Energy.h"

#include "gtest/gtest.h"

using namespace slp;

static chip::Chip powersOfTen() {
  chip::Chip chip;
  chip.energies.fp8Mac = {1, chip::Provenance::assumed};
  chip.energies.fp16Mac = {2, chip::Provenance::assumed};
  chip.energies.spmByte = {10, chip::Provenance::assumed};
  chip.energies.accByte = {100, chip::Provenance::assumed};
  chip.energies.sharedByte = {1000, chip::Provenance::assumed};
  chip.energies.dramByte = {1e4, chip::Provenance::assumed};
  chip.energies.vectorOp = {1e5, chip::Provenance::assumed};
  chip.energies.instruction = {1e6, chip::Provenance::assumed};
  chip.energies.staticPerCycle = {1e7, chip::Provenance::assumed};
  return chip;
}

TEST(Energy, EachComponentHasItsOwnRate) {
  energy::Activity activity;
  activity.fp8Macs = 3;
  activity.fp16Macs = 4;
  activity.bytesRead = {1, 2, 3, 4}; // dram, shared, spm, acc
  activity.bytesWritten = {5, 6, 7, 8};
  activity.vectorOperations = 9;
  activity.instructions = 2;
  energy::Breakdown e = energy::energyOf(powersOfTen(), activity, 5);
  EXPECT_EQ(e.mac, 3 + 4 * 2);
  EXPECT_EQ(e.spm, 10 * 10);
  EXPECT_EQ(e.acc, 12 * 100);
  EXPECT_EQ(e.shared, 8 * 1000);
  EXPECT_EQ(e.dram, 6e4);
  EXPECT_EQ(e.vector, 9e5);
  EXPECT_EQ(e.control, 2e6);
  EXPECT_EQ(e.fixed, 5e7);
  EXPECT_EQ(e.chip(), 11 + 100 + 1200 + 8000 + 9e5 + 2e6 + 5e7);
  EXPECT_EQ(e.total(), e.chip() + 6e4);
}

TEST(Energy, ActivityIsCountedByGroupAndFormat) {
  image::Image image;
  image.debug.nodes = {"conv1", "relu1"};
  image.debug.records.resize(3);
  image.debug.records[1].node = 0;
  image.debug.records[1].phase = 0;
  image.debug.records[2].node = 1;
  image.debug.records[2].phase = 0;
  timing::Groups groups(image);
  ASSERT_EQ(groups.size(), 3u);

  energy::ActivityCounter counter(groups);
  exec::Event event;
  event.pc = 1;
  event.mask = 3;
  event.work.resize(2);
  event.work[0].macs = 100;
  event.work[0].zeroMacs = 30;
  event.work[1].macs = 50;
  counter.issued(event);
  event.fp16 = true;
  counter.issued(event);
  event.fp16 = false;
  event.work[0].wideMacs = 40; // of mixed operands: pairs with an FP16 element
  counter.issued(event);
  event.pc = 2;
  event.work.resize(1);
  event.work[0] = {};
  event.work[0].elements = 7;
  event.work[0].operations = 28;
  event.work[0].bytesWritten[1] = 14;
  counter.issued(event);

  std::vector<energy::Activity> counts = counter.take();
  EXPECT_EQ(counts[0].instructions, 0u);
  EXPECT_EQ(counts[1].instructions, 3u);
  EXPECT_EQ(counts[1].fp8Macs, 150u + 110u);
  EXPECT_EQ(counts[1].fp16Macs, 150u + 40u);
  EXPECT_EQ(counts[1].zeroMacs, 90u);
  EXPECT_EQ(counts[2].vectorElements, 7u);
  EXPECT_EQ(counts[2].vectorOperations, 28u);
  EXPECT_EQ(counts[2].bytesWritten[1], 14u);
  EXPECT_EQ(counter.take()[1].instructions, 0u) << "taking resets";
}
