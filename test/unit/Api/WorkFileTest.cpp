//===- WorkFileTest.cpp - what a step did, written and read
//------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// What a recording has of work that depends on values; files of whole runs are tested with
// test/tools/slp-sim/timing-only.test, damaged ones by test/fuzz.
//
//===----------------------------------------------------------------------------------------===//

#include "runtime/api/WorkFile.h"

#include "runtime/isa/EngineMac.h.inc"
#include "runtime/isa/StructConvFp.h.inc"

#include "gtest/gtest.h"

using namespace slp;

namespace {

struct Events : exec::Observer {
  void issued(const exec::Event &event) override { events.push_back(event); }
  std::vector<exec::Event> events;
};

image::Image oneConvolution() {
  image::Image image;
  image.text.push_back(*mach::encode(mach::ConvFp()));
  return image;
}

std::vector<uint8_t> recordingOf(const image::Image &image, const exec::CoreWork &work) {
  exec::Event event;
  event.opcode = mach::ConvFp::opcode;
  event.engine = mach::engine::mac;
  event.mask = 3;
  event.work = {work, work};
  api::WorkRecorder recorder(image);
  recorder.issued(event);
  return recorder.take();
}

std::string messageOf(const exec::CoreWork &work) {
  image::Image image = oneConvolution();
  Events events;
  Status s = api::replayWork(recordingOf(image, work), image, "my.work", events);
  return s ? std::string("accepted") : s.message();
}

} // namespace

TEST(WorkFile, HasWhatIsClosed) {
  exec::CoreWork work;
  work.macs = 1000;
  work.zeroMacs = 17;
  work.skippedMacs = 300;
  work.gatedMacs = 250;
  work.groupedMacs = 150;
  work.macSlots = 88;
  work.items.repeats = 2;
  work.items.add({3, 64, 8, 0, 24, 3});
  work.items.add({1, 64, 8, 0, 0, 0});
  image::Image image = oneConvolution();
  Events events;
  ASSERT_TRUE(api::replayWork(recordingOf(image, work), image, "my.work", events));
  ASSERT_EQ(events.events.size(), 1u);
  ASSERT_EQ(events.events[0].work.size(), 2u);
  for (const exec::CoreWork &read : events.events[0].work) {
    EXPECT_EQ(read.macs, work.macs);
    EXPECT_EQ(read.skippedMacs, work.skippedMacs);
    EXPECT_EQ(read.gatedMacs, work.gatedMacs);
    EXPECT_EQ(read.groupedMacs, work.groupedMacs);
    EXPECT_EQ(read.macSlots, work.macSlots);
    EXPECT_EQ(read.items.repeats, work.items.repeats);
    EXPECT_EQ(read.items.runs, work.items.runs);
  }
}

TEST(WorkFile, NothingIsClosedTwice) {
  exec::CoreWork work;
  work.macs = 1000;
  work.items.add({1, 64, 8, 40, 24, 3});
  EXPECT_EQ(messageOf(work), "accepted");
  work.items.runs[0].closed = 25;
  EXPECT_EQ(messageOf(work), "my.work: corrupt: an item skips more than it has");
  work.items.runs[0] = {1, 64, 8, 0, 24, 9};
  EXPECT_EQ(messageOf(work), "my.work: corrupt: an item skips more than it has");
  work.items.runs.clear();
  work.gatedMacs = 600;
  work.groupedMacs = 401;
  EXPECT_EQ(messageOf(work),
            "my.work: corrupt: an instruction has more multiplications of a kind than in all");
}
