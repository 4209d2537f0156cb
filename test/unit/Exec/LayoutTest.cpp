//===- LayoutTest.cpp - transfers of tensors in blocks ----------------------------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Property: whatever the layouts of the tensors that it loads and stores, a program computes the
// same values. Where elements lie is tested in test/unit/Isa/AddressesTest.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/isa/EnumLayout.h.inc"
#include "runtime/isa/InstrSequencer.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructSt.h.inc"
#include "runtime/isa/StructStShared.h.inc"
#include "runtime/isa/StructVRound.h.inc"

namespace slp::exec {
namespace {

using mach::Layout;

constexpr Layout layouts[] = {Layout::row_major, Layout::channels16, Layout::blocks8x8};
constexpr uint8_t three = 1, first = 2; // masks

struct Recorder : Observer {
  void issued(const Event &event) override { events.push_back(event); }
  std::vector<CoreWork> workOf(mach::Opcode opcode) const {
    std::vector<CoreWork> work;
    for (const Event &event : events)
      if (event.opcode == opcode)
        work.insert(work.end(), event.work.begin(), event.work.end());
    return work;
  }
  std::vector<Event> events;
};

class LayoutTest : public testing::TestWithParam<uint32_t> {
protected:
  int64_t draw(int64_t from, int64_t to) {
    return from + int64_t(random() % uint64_t(to - from + 1));
  }
  Shape drawShape() {
    Shape shape = {draw(1, 4), draw(1, 40)};
    for (int64_t d = draw(0, 2); d > 0; --d)
      shape.push_back(draw(1, 20));
    return shape;
  }
  /// A tile of each of three cores, split along one dimension, and a margin around the tensor.
  Piece drawPiece(const Shape &shape) {
    size_t split = size_t(draw(0, int64_t(shape.size()) - 1));
    Piece piece{{}, {}, Shape(shape.size(), 0)};
    for (size_t d = 0; d < shape.size(); ++d) {
      int64_t margin = draw(0, 1), step = (shape[d] + 2) / 3;
      piece.origin.push_back(-margin);
      piece.tile.push_back(d == split ? step + margin : shape[d] + 2 * margin);
      if (d != split)
        continue;
      piece.origin.back() = 0; // tiles of cores that store have no element in common
      piece.tile.back() = step;
      piece.coreStride[d] = step;
    }
    return piece;
  }
  std::unique_ptr<Machine> run(ProgramBuilder &b, const std::vector<float> &x) {
    std::unique_ptr<Machine> machine = b.build();
    if (!machine)
      return nullptr;
    writeTensor(*machine, "x", x);
    Options options;
    options.observer = &recorder;
    options.interleaveSeed = random() % 2 ? 1 + random() % 1000 : 0;
    runStep(*machine, options);
    return machine;
  }

  chip::Chip chip = chipNamed("lnpu");
  std::mt19937 random{GetParam()};
  Recorder recorder;
};

std::string textOf(uint32_t seed, Layout from, Layout to, const Shape &shape) {
  std::string text = "seed " + std::to_string(seed) + ", " + std::string(mach::toString(from)) +
                     " to " + std::string(mach::toString(to)) + ", [";
  for (int64_t extent : shape)
    text += std::to_string(extent) + " ";
  return text + "]";
}

/// ld and st, core by core.
TEST_P(LayoutTest, CoresLoadAndStore) {
  for (Layout from : layouts)
    for (Layout to : layouts) {
      Shape shape = drawShape();
      SCOPED_TRACE(textOf(GetParam(), from, to, shape));
      mach::Format format = random() % 2 ? format::fp8 : format::f32;
      ProgramBuilder b(chip);
      b.emit(mach::Mask{three, 7});
      b.tensor("x", format, shape, from);
      b.tensor("y", format, shape, to);
      Piece piece = drawPiece(shape);
      b.load(0, "x", piece, space::spm, three);
      b.emit(mach::Fence{});
      b.store("y", 0, three);
      std::vector<float> x = randomValues(chip.numerics.fp8, elementsOf(shape), GetParam());
      std::unique_ptr<Machine> machine = run(b, x);
      ASSERT_TRUE(machine);
      expectSameBits(readTensor(*machine, "y"), x);
      uint64_t useful = 0;
      for (const CoreWork &work : recorder.workOf(mach::Ld::opcode))
        useful += work.dramUsefulBytes;
      EXPECT_EQ(useful, uint64_t(elementsOf(shape) * bytesOfFormat(format)));
      useful = 0;
      for (const CoreWork &work : recorder.workOf(mach::St::opcode))
        useful += work.dramUsefulBytes;
      EXPECT_EQ(useful, uint64_t(elementsOf(shape) * bytesOfFormat(format)));
      recorder.events.clear();
    }
}

/// ld.shared and st.shared; ld as a multicast, of which one core stores.
TEST_P(LayoutTest, OneTileForAll) {
  for (Layout from : layouts)
    for (Layout to : layouts) {
      Shape shape = drawShape();
      SCOPED_TRACE(textOf(GetParam(), from, to, shape));
      ProgramBuilder b(chip);
      b.emit(mach::Mask{three, 7});
      b.emit(mach::Mask{first, 2});
      b.tensor("x", format::fp16, shape, from);
      b.tensor("y", format::fp16, shape, to);
      b.tensor("z", format::fp16, shape, to);
      b.load(0, "x", space::shared);
      b.load(1, "x", b.wholeOf("x"), space::spm, three);
      b.emit(mach::Fence{});
      b.store("y", 0);
      b.store("z", 1, first);
      std::vector<float> x = randomValues(chip.numerics.fp16, elementsOf(shape), GetParam());
      std::unique_ptr<Machine> machine = run(b, x);
      ASSERT_TRUE(machine);
      expectSameBits(readTensor(*machine, "y"), x);
      expectSameBits(readTensor(*machine, "z"), x);
      // The whole tensor is one run but for a block of which there is a part; all count bursts.
      mach::AddressMap map = b.image.tensors[0].map();
      uint64_t bursts = mach::burstBytes(map, b.image.tensors[0].address, {}, map.extent,
                                         chip.rates.dramBurstBytes.value);
      std::vector<CoreWork> shared = recorder.workOf(mach::LdShared::opcode);
      std::vector<CoreWork> multicast = recorder.workOf(mach::Ld::opcode);
      ASSERT_EQ(shared.size(), 1u);
      ASSERT_EQ(multicast.size(), 1u);
      EXPECT_EQ(shared[0].bytesRead[int(space::dram)], bursts);
      EXPECT_EQ(multicast[0].bytesRead[int(space::dram)], bursts);
      recorder.events.clear();
    }
}

/// A convolution's view (n, g, c, y, x) of a tensor in blocks that groups cut.
TEST_P(LayoutTest, GroupsOfChannels) {
  int64_t groups = draw(1, 6), inGroup = draw(1, 20), y = draw(1, 5), x = draw(1, 9);
  Shape shape = {2, groups * inGroup, y, x}, grouped = {2, groups, inGroup, y, x};
  SCOPED_TRACE(textOf(GetParam(), Layout::channels16, Layout::row_major, shape));
  ProgramBuilder b(chip);
  b.tensor("x", format::fp16, shape, Layout::channels16);
  b.tensor("y", format::fp16, grouped);
  mach::TensorTile from = b.dramTile("x", b.wholeOf("x"));
  from.rank = 5;
  from.channel = 2;
  from.grouped = 1;
  for (size_t d = 0; d < 5; ++d)
    from.extent[d] = from.tile[d] = uint64_t(grouped[d]);
  from.stride = {from.stride[0], 0, from.stride[1], from.stride[2], from.stride[3]};
  b.desc(31, from);
  b.desc(0, b.chipTile(space::shared, format::fp16, grouped, {Shape(5, 0), grouped, {}}));
  b.emit(mach::LdShared{0, 31});
  b.emit(mach::Fence{});
  b.store("y", 0);
  std::vector<float> values = randomValues(chip.numerics.fp16, elementsOf(shape), GetParam());
  std::unique_ptr<Machine> machine = run(b, values);
  ASSERT_TRUE(machine);
  expectSameBits(readTensor(*machine, "y"), values);
}

/// Tiles of several cores meet in compressed blocks; what is stored comes back, through the host
/// and through a load, which moves as many bytes as all stored blocks have.
TEST_P(LayoutTest, CompressedBlocks) {
  for (mach::Format packed : {format::mixed, format::coded16, format::coded8}) {
    Shape shape = drawShape();
    SCOPED_TRACE(textOf(GetParam(), Layout::channels16, Layout::channels16, shape) + ", " +
                 std::string(mach::toString(packed)));
    mach::Format plain = packed == format::coded8 ? format::fp8 : format::fp16;
    ProgramBuilder b(chip);
    b.emit(mach::Mask{three, 7});
    b.tensor("x", plain, shape);
    b.tensor("y", packed, shape, Layout::channels16);
    b.tensor("z", plain, shape, Layout::channels16);
    Piece piece = drawPiece(shape);
    b.load(0, "x", piece, space::spm, three);
    b.emit(mach::Fence{});
    b.desc(1, b.chipTile(space::spm, packed, shape, piece));
    b.emit(mach::VRound{1, 0, three});
    b.emit(mach::Fence{});
    b.store("y", 1, three);
    b.emit(mach::Fence{});
    Piece whole = b.wholeOf("y");
    b.load(2, "y", whole, space::shared);
    b.emit(mach::Fence{});
    b.desc(3, b.chipTile(space::shared, plain, shape, whole));
    b.emit(mach::VRound{3, 2, 0});
    b.emit(mach::Fence{});
    b.store("z", 3);
    std::vector<float> x =
        randomValues(packed == format::coded8 ? chip.numerics.fp8 : chip.numerics.fp16,
                     elementsOf(shape), GetParam());
    std::unique_ptr<Machine> machine = run(b, x);
    ASSERT_TRUE(machine);
    expectSameBits(readTensor(*machine, "y"), x);
    expectSameBits(readTensor(*machine, "z"), x);
    Result<std::vector<ElementClass>> classes = machine->classesOf("y");
    ASSERT_TRUE(classes.ok());
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(x[i] == 0, (*classes)[i] == ElementClass::zero) << "element " << i;
    recorder.events.clear();
  }
}

class OneLayoutTest : public testing::Test {
protected:
  chip::Chip chip = chipNamed("lnpu");
  Recorder recorder;
};

/// A store of a tile with all elements of its blocks, padding apart, reads nothing first.
TEST_F(OneLayoutTest, WholeCompressedBlocksAreNotRead) {
  auto bytesRead = [&](const Shape &shape, int64_t rows) {
    ProgramBuilder b(chip);
    b.tensor("x", format::fp16, shape);
    b.tensor("y", format::coded16, shape, Layout::channels16);
    Piece piece = b.wholeOf("x");
    piece.tile[2] = rows;
    b.load(0, "x", piece, space::shared);
    b.emit(mach::Fence{});
    b.desc(1, b.chipTile(space::shared, format::coded16, shape, piece));
    b.emit(mach::VRound{1, 0, 0});
    b.emit(mach::Fence{});
    b.store("y", 1);
    std::vector<float> x(size_t(elementsOf(shape)), 1.0f);
    recorder.events.clear();
    std::unique_ptr<Machine> machine = b.build();
    EXPECT_TRUE(machine);
    writeTensor(*machine, "x", x);
    Options options;
    options.observer = &recorder;
    runStep(*machine, options);
    return recorder.workOf(mach::StShared::opcode)[0].bytesRead[int(space::dram)];
  };
  EXPECT_EQ(bytesRead({1, 20, 4, 18}, 4), 0u);
  EXPECT_EQ(bytesRead({1, 20, 4, 18}, 2), 0u) << "rows have blocks of their own";
  EXPECT_EQ(bytesRead({1, 20, 8, 8}, 4), 0u) << "two rows are a block";
  // Of the third row's block the fourth row stays: two bitmaps, of which nothing is set yet.
  EXPECT_GT(bytesRead({1, 20, 8, 8}, 3), 0u);
}

/// The host's way in and out.
TEST_P(LayoutTest, HostRoundTrip) {
  for (Layout layout : layouts) {
    Shape shape = drawShape();
    SCOPED_TRACE(textOf(GetParam(), layout, layout, shape));
    ProgramBuilder b(chip);
    b.tensor("x", format::fp16, shape, layout);
    b.tensor("neighbour", format::f32, {4});
    std::unique_ptr<Machine> machine = b.build();
    ASSERT_TRUE(machine);
    std::vector<float> x = randomValues(chip.numerics.fp16, elementsOf(shape), GetParam());
    writeTensor(*machine, "x", x);
    expectSameBits(readTensor(*machine, "x"), x);
    expectSameBits(readTensor(*machine, "neighbour"), {0, 0, 0, 0});
    std::vector<ElementClass> classes(x.size());
    for (ElementClass &c : classes)
      c = random() % 2 ? ElementClass::zero : ElementClass::narrow;
    ASSERT_TRUE(machine->writeClasses("x", classes).ok());
    Result<std::vector<ElementClass>> back = machine->classesOf("x");
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, classes);
    x[size_t(draw(0, int64_t(x.size()) - 1))] = 1e-30f; // no value of fp16
    Status refused = machine->write("x", x);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.message().find("is no value of its format fp16"), std::string::npos);
  }
}

/// lds finds its element: a row number in a blocked list.
TEST_F(OneLayoutTest, ScalarLoads) {
  ProgramBuilder b(chip);
  b.tensor("list", format::i32, {2, 20}, Layout::channels16);
  b.tensor("x", format::f32, {5, 4});
  b.tensor("y", format::f32, {1, 4});
  mach::TensorTile element = b.dramTile("list", {{1, 17}, {1, 1}, {}});
  b.desc(4, element);
  b.emit(mach::Lds{5, 4, 5});
  b.desc(31, b.dramTile("x", {{0, 0}, {1, 4}, {}}));
  b.emit(mach::Org{31, 0, 5, 0});
  b.desc(0, b.chipTile(space::shared, format::f32, {5, 4}, {{0, 0}, {1, 4}, {}}));
  b.emit(mach::LdShared{0, 31});
  b.emit(mach::Fence{});
  b.emit(mach::Org{0, 0, 0, 0});
  b.store("y", 0);
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> list(40, 4), x(20);
  list[37] = 3;
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(i);
  writeTensor(*machine, "list", list);
  writeTensor(*machine, "x", x);
  runStep(*machine);
  expectSameBits(readTensor(*machine, "y"), {12, 13, 14, 15});
}

/// Groups whose channels would have numbers beyond all addresses.
TEST_F(OneLayoutTest, RefusesMoreChannelsThanCoordinates) {
  ProgramBuilder b(chip);
  b.tensor("x", format::fp16, {1, 16, 2}, Layout::channels16);
  mach::TensorTile from = b.dramTile("x", {{0, 0, 0}, {1, 1, 2}, {}});
  from.grouped = 1;
  from.stride[0] = 0;
  from.extent[0] = from.extent[1] = 1 << 13;
  b.desc(31, from);
  b.desc(0, b.chipTile(space::shared, format::fp16, {1, 16, 2}, {{0, 0, 0}, {1, 1, 2}, {}}));
  b.emit(mach::LdShared{0, 31});
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  Status s = machine->run("step", {});
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.message().find("the groups of `src` make more than 2^24 channels"), std::string::npos)
      << s.message();
}

INSTANTIATE_TEST_SUITE_P(Seeds, LayoutTest, testing::Range(1u, 21u));

} // namespace
} // namespace slp::exec
