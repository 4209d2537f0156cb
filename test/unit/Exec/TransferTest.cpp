//===- TransferTest.cpp - the shared buffer between DRAM and scratchpads ----------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/EngineLoad.h.inc"
#include "runtime/isa/EngineSharedLoad.h.inc"
#include "runtime/isa/EngineSharedStore.h.inc"
#include "runtime/isa/EngineStore.h.inc"
#include "runtime/isa/EngineVector.h.inc"
#include "runtime/isa/EnumBank.h.inc"
#include "runtime/isa/FormatF32.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"
#include "runtime/isa/SpaceShared.h.inc"
#include "runtime/isa/SpaceSpm.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructMvLoad.h.inc"
#include "runtime/isa/StructMvStore.h.inc"
#include "runtime/isa/StructStShared.h.inc"
#include "runtime/isa/StructVRelu.h.inc"
#include "runtime/isa/StructVRound.h.inc"

namespace slp::exec {
namespace {

constexpr mach::Format f32 = mach::format::f32;
constexpr mach::Space spm = mach::space::spm, shared = mach::space::shared;

struct Recorder : Observer {
  void issued(const Event &event) override { events.push_back(event); }
  const Event *find(mach::Opcode opcode, size_t which = 0) const {
    for (const Event &event : events)
      if (event.opcode == opcode && which-- == 0)
        return &event;
    return nullptr;
  }
  std::vector<Event> events;
};

class TransferTest : public testing::Test {
protected:
  std::unique_ptr<Machine> run(ProgramBuilder &b, const std::string &input,
                               const std::vector<float> &values) {
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return nullptr;
    writeTensor(*machine, input, values);
    Options options;
    options.observer = &recorder;
    runStep(*machine, options);
    return machine;
  }
  chip::Chip chip = chipNamed("lnpu");
  Recorder recorder;
};

std::vector<float> counted(size_t n) {
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i)
    values[i] = float(i + 1);
  return values;
}

/// Scratchpads get their part of a larger tile, +0 around the tensor; all of them the same part
/// from one reading.
TEST_F(TransferTest, MovesTakeWhatHasTheSameCoordinates) {
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 3});
  b.tensor("x", f32, {5, 8});
  b.tensor("parts", f32, {8, 6});
  b.tensor("same", f32, {4, 3});
  b.load(0, "x", {{0, 1}, {5, 7}, {}}, shared);
  // Core 0 gets rows -1 to 2, core 1 rows 2 to 5; columns 3 to 8.
  mach::TensorTile part = b.chipTile(spm, f32, {5, 8}, {{-1, 3}, {4, 6}, {3, 0}});
  b.desc(1, part);
  b.emit(mach::MvLoad{1, 0, 1});
  mach::TensorTile same = b.chipTile(spm, f32, {5, 8}, {{1, 4}, {2, 3}, {}});
  b.desc(2, same);
  b.emit(mach::MvLoad{2, 0, 1});
  // The buffers as they are, under coordinates of a tensor of their own.
  auto storeRaw = [&](const char *name, uint8_t reg, mach::TensorTile raw, int64_t rows) {
    raw.extent = {uint64_t(2 * rows), raw.tile[1], 1, 1, 1};
    raw.origin = {0, 0, 0, 0, 0};
    raw.coreStride = {rows, 0, 0, 0, 0};
    b.desc(reg, raw);
    b.store(name, reg, 1);
  };
  storeRaw("parts", 3, part, 4);
  storeRaw("same", 4, same, 2);
  std::vector<float> x = counted(40), parts(48, 0.0f), sames(12);
  std::unique_ptr<Machine> machine = run(b, "x", x);
  ASSERT_TRUE(machine);
  for (int core = 0; core < 2; ++core) {
    for (int row = 0; row < 4; ++row)
      for (int column = 0; column < 6; ++column) {
        int r = core * 3 - 1 + row, c = 3 + column;
        if (r >= 0 && r < 5 && c < 8)
          parts[size_t((core * 4 + row) * 6 + column)] = x[size_t(r * 8 + c)];
      }
    for (int row = 0; row < 2; ++row)
      for (int column = 0; column < 3; ++column)
        sames[size_t((core * 2 + row) * 3 + column)] = x[size_t((1 + row) * 8 + 4 + column)];
  }
  expectSameBits(readTensor(*machine, "parts"), parts);
  expectSameBits(readTensor(*machine, "same"), sames);

  const Event *load = recorder.find(mach::LdShared::opcode);
  ASSERT_TRUE(load);
  EXPECT_EQ(load->engine, mach::engine::shared_load);
  ASSERT_EQ(load->work.size(), 1u);
  EXPECT_EQ(load->work[0].bytesWritten[int(shared)], 5u * 7 * 4);
  EXPECT_EQ(load->work[0].bytesRead[0], 5u * 64); // runs of 28 bytes, a burst each
  const Event *move = recorder.find(mach::MvLoad::opcode);
  ASSERT_TRUE(move);
  EXPECT_EQ(move->engine, mach::engine::load);
  ASSERT_EQ(move->work.size(), 2u);
  EXPECT_FALSE(move->multicast);
  EXPECT_EQ(move->work[0].bytesRead[int(shared)], 3u * 5 * 4); // rows 0 to 2
  EXPECT_EQ(move->work[1].bytesRead[int(shared)], 3u * 5 * 4); // rows 2 to 4
  EXPECT_EQ(move->work[0].bytesWritten[int(spm)], 4u * 6 * 4);
  EXPECT_EQ(move->work[0].bytesRead[0], 0u);
  const Event *multicast = recorder.find(mach::MvLoad::opcode, 1);
  ASSERT_TRUE(multicast);
  EXPECT_TRUE(multicast->multicast);
  ASSERT_EQ(multicast->work.size(), 1u);
  EXPECT_EQ(multicast->work[0].bytesRead[int(shared)], 2u * 3 * 4);
  EXPECT_EQ(multicast->work[0].bytesWritten[int(spm)], 2u * 2 * 3 * 4);
}

/// Cores write their parts of one tile; what lies outside the tensor stays where it is, and so does
/// what no core has.
TEST_F(TransferTest, CoresFillOneTile) {
  ProgramBuilder b(chip);
  b.emit(mach::Mask{1, 3});
  b.tensor("x", f32, {4, 6});
  b.tensor("y", f32, {4, 6});
  b.load(0, "x", {{0, 1}, {2, 4}, {2, 2}}, spm, 1); // core 1: columns 3 to 6, of which 6 is outside
  mach::TensorTile whole = b.chipTile(shared, f32, {4, 6}, {{0, 0}, {4, 6}, {}});
  b.desc(1, whole);
  b.desc(31, b.dramTile("y", b.wholeOf("y")));
  b.emit(mach::LdShared{1, 31});
  b.emit(mach::MvStore{1, 0, 1});
  b.store("y", 1);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = counted(24), y(24, -1.0f);
  writeTensor(*machine, "x", x);
  writeTensor(*machine, "y", y);
  Options options;
  options.observer = &recorder;
  runStep(*machine, options);
  for (size_t row = 0; row < 4; ++row)
    for (size_t column = row < 2 ? 1 : 3; column < (row < 2 ? 5 : 6); ++column)
      y[row * 6 + column] = x[row * 6 + column];
  expectSameBits(readTensor(*machine, "y"), y);
  const Event *move = recorder.find(mach::MvStore::opcode);
  ASSERT_TRUE(move);
  EXPECT_EQ(move->engine, mach::engine::store);
  ASSERT_EQ(move->work.size(), 2u);
  EXPECT_EQ(move->work[0].bytesRead[int(spm)], 2u * 4 * 4);
  EXPECT_EQ(move->work[1].bytesRead[int(spm)], 2u * 3 * 4);
  EXPECT_EQ(move->work[1].bytesWritten[int(shared)], 2u * 3 * 4);
  const Event *store = recorder.find(mach::StShared::opcode);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->engine, mach::engine::shared_store);
  EXPECT_EQ(store->work[0].bytesRead[int(shared)], 4u * 6 * 4);
}

/// Tiles go through the shared buffer to two cores and back, two copies of everything: rectified in
/// the shared buffer, copied in the scratchpads.
struct Pipeline {
  explicit Pipeline(const chip::Chip &chip) : b(chip) {
    using mach::Engine;
    b.emit(mach::Mask{1, 3});
    b.tensor("x", f32, {4, 64});
    b.tensor("y", f32, {4, 64});
    auto copies = [](mach::TensorTile tile) {
      tile.slots = 2;
      tile.slotBytes = 1024;
      return tile;
    };
    mach::TensorTile in = copies(b.chipTile(shared, f32, {4, 64}, {{0, 0}, {4, 16}, {}}));
    mach::TensorTile out = in;
    out.base += 4096;
    mach::TensorTile part = copies(b.chipTile(spm, f32, {4, 64}, {{0, 0}, {2, 16}, {2, 0}}));
    mach::TensorTile result = part;
    result.base += 4096;
    enum : uint8_t { x = 4, y = 5, s = 0, p = 1, r = 2, t = 3 };
    b.desc(s, in);
    b.desc(p, part);
    b.desc(r, result);
    b.desc(t, out);
    b.desc(x, b.dramTile("x", {{0, 0}, {4, 16}, {}}));
    b.desc(y, b.dramTile("y", {{0, 0}, {4, 16}, {}}));
    constexpr mach::Bank bank = mach::Bank::shared;
    // Free copies: s1 of s, s3 of p, s5 of r, s7 of t. s0 of the shared bank: s is loaded.
    b.emit(mach::Signal{mach::engine::load, 1, 2, 1});
    b.emit(mach::Signal{mach::engine::vector, 3, 2, 1});
    b.emit(mach::Signal{mach::engine::store, 5, 2, 1});
    b.emit(mach::Signal{mach::engine::shared_store, 7, 2, 1});
    std::vector<mach::Instruction> body = {mach::Org{x, 1, 2, 0},
                                           mach::Org{p, 1, 2, 0},
                                           mach::Org{r, 1, 2, 0},
                                           mach::Org{t, 1, 2, 0},
                                           mach::Wait{mach::engine::shared_load, 1, 1, 1},
                                           mach::LdShared{s, x},
                                           mach::Signal{mach::engine::shared_load, 0, 1, 0, bank},
                                           mach::Wait{mach::engine::vector, 0, 1, 0, bank},
                                           mach::VRelu{s, s, 0},
                                           mach::Signal{mach::engine::vector, 0, 1, 1},
                                           mach::Wait{mach::engine::load, 0, 1, 1},
                                           mach::Wait{mach::engine::load, 3, 1, 1},
                                           mach::MvLoad{p, s, 1},
                                           mach::Signal{mach::engine::load, 1, 1, 1},
                                           mach::Signal{mach::engine::load, 2, 1, 1},
                                           mach::Wait{mach::engine::vector, 2, 1, 1},
                                           mach::Wait{mach::engine::vector, 5, 1, 1},
                                           mach::VRound{r, p, 1},
                                           mach::Signal{mach::engine::vector, 3, 1, 1},
                                           mach::Signal{mach::engine::vector, 4, 1, 1},
                                           mach::Wait{mach::engine::store, 4, 1, 1},
                                           mach::Wait{mach::engine::store, 7, 1, 1},
                                           mach::MvStore{t, r, 1},
                                           mach::Signal{mach::engine::store, 5, 1, 1},
                                           mach::Signal{mach::engine::store, 6, 1, 1},
                                           mach::Wait{mach::engine::shared_store, 6, 1, 1},
                                           mach::StShared{y, t},
                                           mach::Signal{mach::engine::shared_store, 7, 1, 1},
                                           mach::Rot{s},
                                           mach::Rot{p},
                                           mach::Rot{r},
                                           mach::Rot{t}};
    b.emit(mach::Loop{2, 16, 4, int64_t(body.size())});
    for (const mach::Instruction &instr : body)
      b.emit(instr);
    b.emit(mach::Wait{mach::engine::shared_load, 1, 2, 1});
    b.emit(mach::Wait{mach::engine::load, 3, 2, 1});
    b.emit(mach::Wait{mach::engine::vector, 5, 2, 1});
    b.emit(mach::Wait{mach::engine::store, 7, 2, 1});
  }

  /// Runs in an interleaving; 0: in program order.
  std::vector<float> run(uint64_t seed, Observer *observer = nullptr) {
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return {};
    writeTensor(*machine, "x", randomF32(256, 9));
    Options options;
    options.interleaveSeed = seed;
    options.observer = observer;
    runStep(*machine, options);
    return readTensor(*machine, "y");
  }
  static std::vector<float> expected() {
    std::vector<float> y = randomF32(256, 9);
    for (float &v : y)
      v = v > 0 ? v : 0.0f;
    return y;
  }
  ProgramBuilder b;
};

TEST_F(TransferTest, InterleavingsGiveTheSameBitsAndEvents) {
  std::vector<Event> inOrder;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Recorder recorder;
    expectSameBits(Pipeline(chip).run(seed, &recorder), Pipeline::expected());
    if (seed == 0)
      inOrder = recorder.events;
    ASSERT_EQ(recorder.events.size(), inOrder.size());
    for (size_t i = 0; i < inOrder.size(); ++i) {
      EXPECT_EQ(recorder.events[i].pc, inOrder[i].pc);
      ASSERT_EQ(recorder.events[i].work.size(), inOrder[i].work.size());
    }
  }
}

/// Without one of the semaphores that say a copy is full, of either bank, some interleaving
/// computes something else.
TEST_F(TransferTest, MissingSemaphoresShow) {
  auto withoutSemaphore = [&](uint64_t seed, uint8_t sem, mach::Bank bank) {
    Pipeline pipeline(chip);
    for (mach::Word &word : pipeline.b.image.text) {
      mach::Instruction instr = *mach::decode(word);
      auto wait = instr.as<mach::Wait>();
      auto signal = instr.as<mach::Signal>();
      if ((wait && wait->sem == sem && wait->bank == bank) ||
          (signal && signal->sem == sem && signal->bank == bank))
        word = *mach::Li{9, 0}.encode();
    }
    return pipeline.run(seed);
  };
  const std::pair<uint8_t, mach::Bank> full[] = {{0, mach::Bank::cores},
                                                 {2, mach::Bank::cores},
                                                 {4, mach::Bank::cores},
                                                 {6, mach::Bank::cores},
                                                 {0, mach::Bank::shared}};
  for (auto [sem, bank] : full) {
    int wrong = 0;
    for (uint64_t seed = 1; seed < 60 && wrong == 0; ++seed)
      wrong += withoutSemaphore(seed, sem, bank) != Pipeline::expected();
    EXPECT_GT(wrong, 0) << "semaphore " << int(sem) << " of bank " << mach::toString(bank);
  }
}

} // namespace
} // namespace slp::exec
