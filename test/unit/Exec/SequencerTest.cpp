//===- SequencerTest.cpp - scalars, loops, transfers and queues -------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/exec/Tile.h"
#include "runtime/isa/EngineLoad.h.inc"
#include "runtime/isa/EngineStore.h.inc"
#include "runtime/isa/EngineVector.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructVRelu.h.inc"

namespace slp::exec {
namespace {

struct Recorder : Observer {
  void issued(const Event &event) override { events.push_back(event); }
  std::vector<Event> events;
};

class SequencerTest : public testing::Test {
protected:
  chip::Chip chip = chipNamed("lnpu");
};

/// Elements move to places that loops, madd and org compute.
TEST_F(SequencerTest, LoopsCountAndRegistersStep) {
  ProgramBuilder b(chip);
  b.tensor("x", format::f32, {12});
  b.tensor("y", format::f32, {12});
  b.desc(1, b.dramTile("x", {{0}, {1}, {}}));
  b.desc(2, b.dramTile("y", {{0}, {1}, {}}));
  b.desc(0, b.chipTile(space::spm, format::f32, {12}, {{0}, {1}, {}}));
  b.emit(mach::Loop{1, 1, 3, 7}); // i
  b.emit(mach::Loop{2, 2, 2, 6}); // j = 0, 2; ends where the outer loop ends
  b.emit(mach::Madd{3, 1, 4, 2, 1});
  b.emit(mach::Org{1, 0, 3, 0});
  b.emit(mach::Ld{0, 1, 0});
  b.emit(mach::Bz{2, 1}); // stores only where j is not 0
  b.emit(mach::St{2, 0, 0});
  b.emit(mach::Li{0, 99}); // r0 stays 0
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x(12), y(12, 0.0f);
  for (size_t i = 0; i < 12; ++i)
    x[i] = float(i + 1);
  for (size_t i : {3, 7, 11})
    y[i] = x[i];
  writeTensor(*machine, "x", x);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "y"), y);
}

/// A trip count and a branch from data; a loop of zero trips.
TEST_F(SequencerTest, DataDecides) {
  for (int trips : {-3, 0, 1, 4}) {
    ProgramBuilder b(chip);
    b.tensor("count", format::i32, {2});
    b.tensor("x", format::f32, {8});
    b.tensor("y", format::f32, {8});
    b.desc(4, b.dramTile("count", {{1}, {1}, {}}));
    b.desc(1, b.dramTile("x", {{0}, {1}, {}}));
    b.desc(2, b.dramTile("y", {{0}, {1}, {}}));
    b.desc(0, b.chipTile(space::spm, format::f32, {8}, {{0}, {1}, {}}));
    b.emit(mach::Lds{5, 4});
    b.emit(mach::Loopr{1, 2, 5, 3});
    b.emit(mach::Org{1, 0, 1, 0});
    b.emit(mach::Ld{0, 1, 0});
    b.emit(mach::St{2, 0, 0});
    b.emit(mach::Loop{1, 1, 0, 1});
    b.emit(mach::Li{1, 0}); // skipped
    std::unique_ptr<Machine> machine = b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "count", {77.0f, float(trips)});
    std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8}, y(8, 0.0f);
    for (int i = 0; i < trips; ++i)
      y[size_t(2 * i)] = x[size_t(2 * i)];
    writeTensor(*machine, "x", x);
    runStep(*machine);
    expectSameBits(readTensor(*machine, "y"), y);
  }
}

/// A register that counts tiles names the copy, modulo their number.
TEST_F(SequencerTest, DescTakesTheCopyFromARegister) {
  ProgramBuilder b(chip);
  b.tensor("x", format::f32, {3, 4});
  b.tensor("y", format::f32, {6, 4});
  mach::TensorTile copies = b.chipTile(space::spm, format::f32, {3, 4}, {{0, 0}, {1, 4}, {}});
  copies.slots = 3;
  copies.slotBytes = 16;
  b.desc(0, copies); // entry 0
  copies.extent[0] = 6;
  b.desc(0, copies); // entry 1
  b.desc(1, b.dramTile("x", {{0, 0}, {1, 4}, {}}));
  b.desc(2, b.dramTile("y", {{0, 0}, {1, 4}, {}}));
  b.emit(mach::Loop{1, 1, 3, 3});
  b.emit(mach::Desc{0, 0, 1});
  b.emit(mach::Org{1, 0, 1, 0});
  b.emit(mach::Ld{0, 1, 0});
  b.emit(mach::Loop{1, 1, 6, 4});
  b.emit(mach::Madd{2, 1, 2, 0, 1});
  b.emit(mach::Desc{0, 1, 2});
  b.emit(mach::Org{0, 0, 1, 0});
  b.emit(mach::St{2, 0, 0});
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x(12), y(24);
  for (size_t i = 0; i < 12; ++i)
    x[i] = float(i + 1);
  for (size_t row = 0; row < 6; ++row)
    for (size_t i = 0; i < 4; ++i)
      y[row * 4 + i] = x[(2 * row + 1) % 3 * 4 + i];
  writeTensor(*machine, "x", x);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "y"), y);
}

/// Loads clip to the extents and fill with zeros; each core its slice; bursts are counted per run.
TEST_F(SequencerTest, LoadsClipPadAndCountBursts) {
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 3});
  b.tensor("x", format::f32, {5, 40});
  b.tensor("y", format::f32, {10, 50});
  b.load(0, "x", {{-1, -2}, {4, 50}, {3, 0}}, space::spm, 1);
  // The buffer as it is, padding included: the same bytes under a descriptor with other
  // coordinates.
  b.desc(1, b.chipTile(space::spm, format::f32, {10, 50}, {{0, 0}, {4, 50}, {4, 0}}));
  mach::TensorTile &raw = b.image.descriptors.back().tile;
  raw.base = b.image.descriptors[1].tile.base;
  b.store("y", 1, 1);
  b.load(2, "x", {{0, 0}, {5, 40}, {}}, space::spm, 1); // multicast
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x(200), y(500, 0.0f);
  for (size_t i = 0; i < 200; ++i)
    x[i] = float(i + 1);
  for (size_t row = 0; row < 8; ++row)
    for (size_t column = 0; column < 50; ++column) {
      int64_t r = int64_t(row / 4 * 3 + row % 4) - 1, c = int64_t(column) - 2;
      if (r >= 0 && r < 5 && c >= 0 && c < 40)
        y[row * 50 + column] = x[size_t(r * 40 + c)];
    }
  writeTensor(*machine, "x", x);
  Recorder recorder;
  Options options;
  options.observer = &recorder;
  runStep(*machine, options);
  expectSameBits(readTensor(*machine, "y"), y);
  std::vector<const Event *> loads;
  for (const Event &event : recorder.events)
    if (event.opcode == mach::Ld::opcode)
      loads.push_back(&event);
  ASSERT_EQ(loads.size(), 2u);
  ASSERT_EQ(loads[0]->work.size(), 2u);
  EXPECT_FALSE(loads[0]->multicast);
  // Core 0: rows 0 to 2, whole rows of 160 bytes, one run of 480 from 0: 8 bursts. Core 1: rows 2
  // to 4 from 320: 8.
  EXPECT_EQ(loads[0]->work[0].bytesRead[0], 512u);
  EXPECT_EQ(loads[0]->work[1].bytesRead[0], 512u);
  EXPECT_EQ(loads[0]->work[0].dramUsefulBytes, 480u);
  EXPECT_EQ(loads[0]->work[0].bytesWritten[int(space::spm)], 800u);
  EXPECT_TRUE(loads[1]->multicast);
  ASSERT_EQ(loads[1]->work.size(), 1u);
  EXPECT_EQ(loads[1]->work[0].bytesRead[0], 832u);
  EXPECT_EQ(loads[1]->work[0].bytesWritten[int(space::spm)], 1600u);
}

/// Cores that write to the same place of the shared buffer do so in order, whatever the number of
/// threads.
TEST_F(SequencerTest, SharedResultsComeFromTheLastCore) {
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 3});
  b.tensor("x", format::f32, {2, 20000});
  b.tensor("y", format::f32, {2, 20000});
  b.load(0, "x", {{0, 0}, {1, 20000}, {1, 0}}, space::spm, 1);
  mach::TensorTile both =
      b.chipTile(space::shared, format::f32, {2, 20000}, {{0, 0}, {1, 20000}, {1, 0}});
  b.desc(1, both);
  b.emit(mach::VRelu{1, 0, 1});
  both.origin[0] = 1;
  both.coreStride[0] = 0;
  b.desc(2, both);
  b.store("y", 2);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x(40000, 1.0f), y(40000, 0.0f);
  std::fill(x.begin() + 20000, x.end(), 2.0f);
  std::fill(y.begin() + 20000, y.end(), 2.0f);
  writeTensor(*machine, "x", x);
  Options options;
  options.threads = 2;
  runStep(*machine, options);
  expectSameBits(readTensor(*machine, "y"), y);
}

/// Bursts of a tile with runs against a count byte by byte.
TEST_F(SequencerTest, BurstsEqualBytewiseCount) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    TileView view;
    view.rank = 3;
    view.elementBytes = 1 << random() % 3;
    int64_t stride = view.elementBytes;
    std::array<int, 3> order{0, 1, 2};
    std::shuffle(order.begin(), order.end(), random);
    for (int d : order) {
      view.box.size[size_t(d)] = 1 + random() % 6;
      view.stride[size_t(d)] = stride;
      stride = stride * view.box.size[size_t(d)] + (random() % 2 ? random() % 100 : 0);
    }
    view.address = random() % 1000;
    std::vector<uint64_t> bytes;
    for (int64_t i = 0; i < view.box.size[0]; ++i)
      for (int64_t j = 0; j < view.box.size[1]; ++j)
        for (int64_t k = 0; k < view.box.size[2]; ++k)
          for (int e = 0; e < view.elementBytes; ++e)
            bytes.push_back(view.address + uint64_t(i * view.stride[0] + j * view.stride[1] +
                                                    k * view.stride[2] + e));
    std::sort(bytes.begin(), bytes.end());
    uint64_t expected = 0;
    for (size_t i = 0; i < bytes.size(); ++i)
      if (i == 0 || bytes[i] != bytes[i - 1] + 1 || bytes[i] / 64 != bytes[i - 1] / 64)
        expected += 64;
    EXPECT_EQ(burstBytes(view, 64), expected) << round;
  }
}

/// A double-buffered stream: load, rectify, store, ordered by semaphores alone.
struct Stream {
  explicit Stream(const chip::Chip &chip) : b(chip) {
    b.emit(mach::Mask{1, 3});
    b.tensor("x", format::f32, {4, 64});
    b.tensor("y", format::f32, {4, 64});
    mach::TensorTile in = b.chipTile(space::spm, format::f32, {4, 64}, {{0, 0}, {1, 16}, {2, 0}});
    in.slots = 2;
    in.slotBytes = 64;
    mach::TensorTile out = in;
    out.base += 1024;
    b.desc(0, in);
    b.desc(1, out);
    b.desc(2, b.dramTile("x", {{0, 0}, {1, 16}, {2, 0}}));
    b.desc(3, b.dramTile("y", {{0, 0}, {1, 16}, {2, 0}}));
    // s0: input full, s1: input free, s2: output full, s3: output free.
    b.emit(mach::Signal{mach::engine::vector, 1, 2, 1});
    b.emit(mach::Signal{mach::engine::store, 3, 2, 1});
    b.emit(mach::Loop{1, 1, 2, 17});
    b.emit(mach::Org{2, 0, 1, 0});
    b.emit(mach::Loop{2, 16, 4, 15});
    b.emit(mach::Org{2, 1, 2, 0});
    b.emit(mach::Wait{mach::engine::load, 1, 1, 1});
    b.emit(mach::Ld{0, 2, 1});
    b.emit(mach::Signal{mach::engine::load, 0, 1, 1});
    b.emit(mach::Wait{mach::engine::vector, 0, 1, 1});
    b.emit(mach::Wait{mach::engine::vector, 3, 1, 1});
    b.emit(mach::Stamp{1, 0});
    b.emit(mach::VRelu{1, 0, 1});
    b.emit(mach::Signal{mach::engine::vector, 1, 1, 1});
    b.emit(mach::Signal{mach::engine::vector, 2, 1, 1});
    b.emit(mach::Wait{mach::engine::store, 2, 1, 1});
    b.emit(mach::St{3, 1, 1});
    b.emit(mach::Signal{mach::engine::store, 3, 1, 1});
    b.emit(mach::Rot{0});
    b.emit(mach::Rot{1});
    b.emit(mach::Wait{mach::engine::load, 1, 2, 1});
    b.emit(mach::Wait{mach::engine::vector, 3, 2, 1});
  }
  ProgramBuilder b;
};

std::vector<float> streamInput() { return randomF32(256, 9); }

std::vector<float> streamOutput() {
  std::vector<float> y = streamInput();
  for (float &v : y)
    v = v > 0 ? v : 0.0f;
  return y;
}

TEST_F(SequencerTest, InterleavingsGiveTheSameBitsAndEvents) {
  std::vector<Event> inOrder;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Stream stream(chip);
    std::unique_ptr<Machine> machine = stream.b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "x", streamInput());
    Recorder recorder;
    Options options;
    options.observer = &recorder;
    options.interleaveSeed = seed;
    runStep(*machine, options);
    expectSameBits(readTensor(*machine, "y"), streamOutput());
    if (seed == 0)
      inOrder = recorder.events;
    ASSERT_EQ(recorder.events.size(), inOrder.size());
    for (size_t i = 0; i < inOrder.size(); ++i)
      EXPECT_EQ(recorder.events[i].pc, inOrder[i].pc);
  }
}

/// Without the wait for a full input, some interleaving computes something else: the machine does
/// run ahead.
TEST_F(SequencerTest, MissingSemaphoresShow) {
  int wrong = 0;
  for (uint64_t seed = 1; seed < 60; ++seed) {
    Stream stream(chip);
    for (mach::Word &word : stream.b.image.text) {
      mach::Instruction instr = *mach::decode(word);
      if (auto wait = instr.as<mach::Wait>())
        if (wait->sem == 0)
          word = *mach::Li{9, 0}.encode();
      if (auto signal = instr.as<mach::Signal>())
        if (signal->sem == 0)
          word = *mach::Li{9, 0}.encode();
    }
    std::unique_ptr<Machine> machine = stream.b.build();
    ASSERT_TRUE(machine);
    writeTensor(*machine, "x", streamInput());
    Options options;
    options.interleaveSeed = seed;
    runStep(*machine, options);
    wrong += readTensor(*machine, "y") != streamOutput();
  }
  EXPECT_GT(wrong, 0);
}

} // namespace
} // namespace slp::exec
