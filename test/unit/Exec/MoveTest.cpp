//===- MoveTest.cpp - v.copy, v.gather and v.scatter.add against naive loops ------------------===//
//
// Part of SLPC, under the Apache License v2.0 with LLVM Exceptions.
//
// Tiles of random places and sizes, and views of DRAM with permuted, repeated and negative strides.
//
//===----------------------------------------------------------------------------------------===//

#include "ProgramBuilder.h"

#include "runtime/exec/Tile.h"
#include "runtime/isa/AccModeBias.h.inc"
#include "runtime/isa/AccModeZero.h.inc"
#include "runtime/isa/StructHyper.h.inc"
#include "runtime/isa/StructLd.h.inc"
#include "runtime/isa/StructLdShared.h.inc"
#include "runtime/isa/StructVCopy.h.inc"
#include "runtime/isa/StructVGather.h.inc"
#include "runtime/isa/StructVScatterAdd.h.inc"

namespace slp::exec {
namespace {

using format::f32, format::fp16, format::fp8, format::i32;

class MoveTest : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override { chip = chipNamed(GetParam()); }
  float rounded(mach::Format f, float x) const {
    if (f == f32)
      return x + 0.0f;
    return num::round(f == fp8 ? chip.numerics.fp8 : chip.numerics.fp16, chip.numerics.rounding, x,
                      0, nullptr);
  }
  std::vector<float> valuesOf(mach::Format f, int64_t n, uint32_t seed) const {
    if (f == f32)
      return randomF32(n, seed);
    return randomValues(f == fp8 ? chip.numerics.fp8 : chip.numerics.fp16, n, seed);
  }
  chip::Chip chip;
};

/// A tile of y (7, 9) filled from a tile of x (5, 6) that lies elsewhere, in part outside.
TEST_P(MoveTest, CopyBetweenCoordinates) {
  std::mt19937 random(7);
  auto draw = [&](int64_t from, int64_t to) {
    return from + int64_t(random() % uint64_t(to - from + 1));
  };
  constexpr int64_t xRows = 5, xColumns = 6, yRows = 7, yColumns = 9;
  for (int round = 0; round < 60; ++round) {
    mach::Format from = std::array{f32, fp16, fp8}[size_t(draw(0, 2))];
    mach::Format to = std::array{f32, fp16, fp8}[size_t(draw(0, 2))];
    Shape size{draw(1, 8), draw(1, 10)}, fromSize = size;
    bool repeats = round % 3 == 0;
    if (repeats)
      fromSize[size_t(draw(0, 1))] = 1;
    Shape at{draw(-3, yRows), draw(-3, yColumns)}, fromAt{draw(-4, xRows), draw(-4, xColumns)};
    float fill = round % 2 ? -1.5f : 0.0f;
    ProgramBuilder b(chip);
    b.emit(mach::Hyper{7, num::bitsOf(fill)});
    b.tensor("x", from, {xRows, xColumns});
    b.tensor("y", to, {yRows, yColumns});
    b.load(0, "x", {fromAt, fromSize, {}}, space::shared);
    b.desc(1, b.chipTile(space::shared, to, {yRows, yColumns}, {at, size, {}}));
    b.emit(mach::VCopy{1, 0, 7, 0});
    b.store("y", 1);
    std::unique_ptr<Machine> machine = b.build();
    ASSERT_TRUE(machine);
    std::vector<float> x = valuesOf(from, xRows * xColumns, 1),
                       y = valuesOf(to, yRows * yColumns, 2);
    writeTensor(*machine, "x", x);
    writeTensor(*machine, "y", y);
    runStep(*machine);
    for (int64_t p = 0; p < size[0]; ++p)
      for (int64_t q = 0; q < size[1]; ++q) {
        int64_t row = at[0] + p, column = at[1] + q;
        if (row < 0 || row >= yRows || column < 0 || column >= yColumns)
          continue;
        int64_t r = fromAt[0] + (fromSize[0] == 1 ? 0 : p);
        int64_t c = fromAt[1] + (fromSize[1] == 1 ? 0 : q);
        bool isThere = r >= 0 && r < xRows && c >= 0 && c < xColumns;
        y[size_t(row * yColumns + column)] =
            rounded(to, isThere ? x[size_t(r * xColumns + c)] : fill);
      }
    expectSameBits(readTensor(*machine, "y"), y);
  }
}

/// What transposes, slices and reversals load: strides in any order and direction.
TEST_P(MoveTest, ViewsOfDram) {
  constexpr int64_t rows = 6, columns = 10;
  ProgramBuilder b(chip);
  b.tensor("x", fp16, {rows, columns});
  b.tensor("transposed", fp16, {columns, rows});
  b.tensor("reversed", fp16, {rows, columns / 2});
  auto move = [&](const char *name, uint64_t offset, std::array<int64_t, 2> strides, Shape shape) {
    mach::TensorTile view = b.dramTile("x", {{0, 0}, shape, {}});
    view.base += offset * 2;
    for (size_t d : {size_t(0), size_t(1)}) {
      view.extent[d] = uint64_t(shape[d]);
      view.stride[d] = strides[d] * 2;
    }
    b.desc(31, view);
    b.desc(0, b.chipTile(space::shared, fp16, shape, {{0, 0}, shape, {}}));
    b.emit(mach::LdShared{0, 31});
    b.desc(1, b.chipTile(space::shared, fp16, shape, {{0, 0}, shape, {}}));
    b.emit(mach::VCopy{1, 0, 7, 0});
    b.store(name, 1);
  };
  move("transposed", 0, {1, columns}, {columns, rows});
  // Rows from the last, every second column from the last.
  move("reversed", rows * columns - 1, {-columns, -2}, {rows, columns / 2});
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> x = valuesOf(fp16, rows * columns, 3), transposed, reversed;
  writeTensor(*machine, "x", x);
  runStep(*machine);
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = 0; r < rows; ++r)
      transposed.push_back(x[size_t(r * columns + c)]);
  for (int64_t r = rows; r-- > 0;)
    for (int64_t c = columns - 1; c >= 0; c -= 2)
      reversed.push_back(x[size_t(r * columns + c)]);
  expectSameBits(readTensor(*machine, "transposed"), transposed);
  expectSameBits(readTensor(*machine, "reversed"), reversed);
}

/// A run of neighbours is one run in whatever direction it is read.
TEST_P(MoveTest, NegativeStridesCostTheSameBursts) {
  TileView view;
  view.rank = 2;
  view.elementBytes = 2;
  view.box.size = {3, 40, 1, 1, 1};
  for (int64_t burst : {32, 64})
    for (uint64_t address : {uint64_t(1000), uint64_t(1024)}) {
      view.address = address;
      view.stride = {100, 2, 0, 0, 0};
      uint64_t forwards = burstBytes(view, burst);
      view.address = address + 2 * 100 + 39 * 2;
      view.stride = {-100, -2, 0, 0, 0};
      EXPECT_EQ(burstBytes(view, burst), forwards);
    }
}

TEST_P(MoveTest, NegativeStrideBelowTheMemory) {
  ProgramBuilder b(chip);
  b.tensor("x", fp16, {8});
  mach::TensorTile view = b.dramTile("x", {{0}, {8}, {}});
  view.stride[0] = -2;
  b.desc(31, view);
  b.desc(0, b.chipTile(space::shared, fp16, {8}, {{0}, {8}, {}}));
  b.emit(mach::LdShared{0, 31});
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  Status s = machine->run("step", {});
  ASSERT_FALSE(s.ok());
  EXPECT_NE(s.message().find("operand `src` reaches byte -14 of dram, expected 0 or more"),
            std::string::npos)
      << s.message();
}

/// Rows by index, from the whole table and from pieces of it; and their gradient.
TEST_P(MoveTest, GatherAndScatterAdd) {
  constexpr int64_t outer = 2, rows = 7, inner = 5, count = 9;
  std::vector<float> indices{3, 0, -1, 6, 3, 7, -8, -7, 3}; // two of them outside
  ProgramBuilder b(chip);
  auto captured = [&](int32_t capture) { b.image.debug.records.back().capture[0] = capture; };
  for (const char *name : {"y", "pieces", "dtable", "dpieces"})
    b.image.debug.captures.push_back({name, {}, fp16, false});
  b.tensor("table", fp16, {outer, rows, inner});
  b.tensor("indices", i32, {count});
  b.tensor("y", fp8, {outer, count, inner});
  b.tensor("pieces", fp8, {outer, count, inner});
  b.tensor("dtable", fp16, {outer, rows, inner});
  b.tensor("dpieces", fp16, {outer, rows, inner});
  b.load(1, "indices", space::shared);
  b.load(0, "table", space::shared);
  Piece all{{0, 0, 0}, {outer, count, inner}, {}};
  b.desc(2, b.chipTile(space::shared, fp8, all.tile, all));
  b.emit(mach::VGather{2, 0, 1, mach::accMode::zero, 0});
  captured(0);
  b.store("y", 2);
  b.desc(3, b.chipTile(space::shared, fp8, all.tile, all));
  for (int64_t row = 0; row < rows; row += 3) { // the last piece hangs over
    b.load(0, "table", {{0, row, 0}, {outer, 3, inner}, {}}, space::shared);
    b.emit(mach::VGather{3, 0, 1, mach::accMode::zero, 0});
    captured(1);
  }
  b.store("pieces", 3);
  b.load(4, "y", space::shared);
  Shape tableShape{outer, rows, inner};
  b.desc(5, b.chipTile(space::shared, fp16, tableShape, {{0, 0, 0}, tableShape, {}}));
  b.emit(mach::VScatterAdd{5, 4, 1, 0});
  captured(2);
  b.store("dtable", 5);
  for (int64_t row = 0; row < rows; row += 4) {
    b.desc(6, b.chipTile(space::shared, fp16, tableShape, {{0, row, 0}, {outer, 4, inner}, {}}));
    b.emit(mach::VScatterAdd{6, 4, 1, 0});
    captured(3);
    b.store("dpieces", 6);
  }
  std::unique_ptr<Machine> machine = b.build();
  ASSERT_TRUE(machine);
  std::vector<float> table = valuesOf(fp16, outer * rows * inner, 5);
  writeTensor(*machine, "table", table);
  writeTensor(*machine, "indices", indices);
  runStep(*machine);
  std::vector<float> y(size_t(outer * count * inner), 0.0f), dtable(table.size(), 0.0f);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < count; ++i) {
      int64_t row = int64_t(indices[size_t(i)]);
      row += row < 0 ? rows : 0;
      if (row < 0 || row >= rows)
        continue;
      for (int64_t r = 0; r < inner; ++r) {
        float value = rounded(fp8, table[size_t((o * rows + row) * inner + r)]);
        y[size_t((o * count + i) * inner + r)] = value;
        dtable[size_t((o * rows + row) * inner + r)] += value;
      }
    }
  for (float &v : dtable)
    v = rounded(fp16, v);
  expectSameBits(readTensor(*machine, "y"), y);
  expectSameBits(readTensor(*machine, "pieces"), y);
  expectSameBits(readTensor(*machine, "dtable"), dtable);
  expectSameBits(readTensor(*machine, "dpieces"), dtable);
  // What has no place is counted once, whatever the pieces; only gathers make elements of it.
  for (const TensorEvents &of : machine->events()) {
    bool isGather = of.tensor == "y" || of.tensor == "pieces";
    EXPECT_EQ(of.events.outside, uint64_t(outer * inner * 2)) << of.tensor;
    EXPECT_EQ(of.events.invalid, isGather ? of.events.outside : 0) << of.tensor;
  }
}

/// Each misuse stops with a message that says what was expected.
TEST_P(MoveTest, Faults) {
  auto messageOf = [&](auto build) {
    ProgramBuilder b(chip);
    b.tensor("rows", fp16, {2, 3, 4});
    b.tensor("indices", i32, {3});
    b.load(0, "rows", space::shared);
    b.load(1, "indices", space::shared);
    auto buffer = [&](uint8_t reg, mach::Format format, Shape shape) {
      b.desc(reg, b.chipTile(space::shared, format, shape, {Shape(shape.size(), 0), shape, {}}));
    };
    build(b, buffer);
    std::unique_ptr<Machine> machine = b.build();
    Status s = machine->run("step", {});
    return s.ok() ? std::string("no fault") : s.message();
  };
  auto expect = [&](const std::string &message, auto build) {
    std::string found = messageOf(build);
    EXPECT_NE(found.find(message), std::string::npos) << found;
  };
  expect("operand `src` has rank 3, expected 2, that of `dst`", [](ProgramBuilder &b, auto buffer) {
    buffer(2, fp16, Shape{2, 3});
    b.emit(mach::VCopy{2, 0, 7, 0});
  });
  expect("tile sizes differ in dimension 1: dst 4, src 3", [](ProgramBuilder &b, auto buffer) {
    buffer(2, fp16, Shape{2, 4, 4});
    b.emit(mach::VCopy{2, 0, 7, 0});
  });
  expect("operand `src` has format i32", [](ProgramBuilder &b, auto buffer) {
    buffer(2, fp16, Shape{3});
    b.emit(mach::VCopy{2, 1, 7, 0});
  });
  expect("operand `indices` has rank 3, expected 1", [](ProgramBuilder &b, auto buffer) {
    buffer(2, fp16, Shape{2, 3, 4});
    b.emit(mach::VGather{2, 0, 0, mach::accMode::zero, 0});
  });
  expect("v.gather has no bias", [](ProgramBuilder &b, auto buffer) {
    buffer(2, fp16, Shape{2, 3, 4});
    b.emit(mach::VGather{2, 0, 1, mach::accMode::bias, 0});
  });
  expect("operand `indices` lacks coordinates", [](ProgramBuilder &b, auto buffer) {
    buffer(2, fp16, Shape{2, 5, 4});
    b.emit(mach::VGather{2, 0, 1, mach::accMode::zero, 0});
  });
  expect("the tile of `dy` holds 2 of 3", [](ProgramBuilder &b, auto buffer) {
    b.load(0, "rows", {{0, 0, 0}, {2, 2, 4}, {}}, space::shared);
    buffer(2, fp16, Shape{2, 3, 4});
    b.emit(mach::VScatterAdd{2, 0, 1, 0});
  });
}

INSTANTIATE_TEST_SUITE_P(Chips, MoveTest, testing::Values("lnpu", "asu-fp8"));

} // namespace
} // namespace slp::exec
